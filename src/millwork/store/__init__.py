"""Runs, steps, attempts and events as rows; SQL by name in `sql/`.

A file of the home by SQLite, or a PostgreSQL that homes share: the stores do not know which.
"""
