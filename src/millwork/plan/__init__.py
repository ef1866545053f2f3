"""A definition and its arguments to steps; a step and its inputs to what an engine is asked for.

Pure: no file is opened, nothing is started.
"""
