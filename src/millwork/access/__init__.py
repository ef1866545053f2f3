"""Who may do what: the table of verbs, the table of roles, and the check that reads them.

Pure: names in, yes or no out.
"""
