"""The command `millwork`: thin; it reads words, calls a verb, and prints.

Modules that only one verb needs are imported by that verb.
"""
