"""The composition root: settings to store, engine and loop.

The only room that names concrete classes.
"""
