"""The words everyone uses: names, ids, sizes, errors.

No file, clock or process is touched here.
"""
