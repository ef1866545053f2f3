"""Beside the data in a step: the functions of the built-in components, over well-kept libraries.

It is copied into a step as its code, and imports nothing of Millwork.
"""
