"""Read models: rows as lists and pages need them.

Nothing is written here.
"""
