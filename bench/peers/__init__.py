"""`make peers`: the same chain and fan-out on other engines, next to Millwork and a bare loop.

Each engine has a virtual environment of its own below `.peers/` and a home that is thrown away.
"""
