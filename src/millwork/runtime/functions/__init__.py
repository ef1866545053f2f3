"""The functions of the built-in components, a module a family; each is called by its step.

They take and return objects of the libraries, so a notebook or a test calls them as a step does.
"""
