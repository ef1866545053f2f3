# ruff: noqa: A005 - it is a folder of tests, imported as tests.queue
