"""Python authoring: components and pipelines written, composed and run from Python.

Functions become the definitions that files hold; no rule of theirs is stated here again.
"""
