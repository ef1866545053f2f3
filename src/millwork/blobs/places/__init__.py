"""Where data lies that is not Millwork's: one module for each kind of place.

Each lists, reads, writes and checks by URI; libraries are imported when a place is used.
"""
