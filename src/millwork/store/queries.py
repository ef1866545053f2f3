"""SQL by name, as it is kept in `sql/`, and the scripts that make a database."""

from __future__ import annotations

import os

_FOLDER = os.path.join(os.path.dirname(__file__), "sql")
POSTGRES = "postgres"  # the folder of what PostgreSQL says otherwise


def load_queries(name: str) -> dict[str, str]:
    """The statements of one file of `sql/`, by name."""
    blocks = read(os.path.join(_FOLDER, name)).split("-- name: ")[1:]
    return {name: text for name, _, text in (block.partition("\n") for block in blocks)}


def migrations(dialect: str = "") -> list[str]:
    """The scripts that make a database what it is now, in their order."""
    folder = os.path.join(_FOLDER, dialect)
    return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name[0].isdigit()]


def read(script: str) -> str:
    """The text of a file."""
    with open(script, encoding="utf-8") as file:
        return file.read()
