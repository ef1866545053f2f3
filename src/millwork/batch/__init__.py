"""The shards of one step: (state, event) -> changes and an answer for the worker that asked.

Pure: no clock, process, file or randomness but what it is given.
"""
