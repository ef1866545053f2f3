"""Which waiting runs may start: what they ask for, what a workspace may use, and who is first.

Pure: rows in, decisions out.
"""
