"""Runs, steps, attempts and events as rows; SQL by name in `sql/`.

SQLite here; PostgreSQL behind the same port comes with the server.
"""
