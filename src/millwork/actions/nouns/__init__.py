"""The verbs, one module a noun: each function is the verb of its name in `access.verbs`.

Its arguments are what a request may say, by name; its answer is ready for JSON.
"""
