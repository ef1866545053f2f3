"""What was found out about clients and images, kept in one file of the home."""

from __future__ import annotations

import contextlib
import json
import os
from typing import Any


class Memo:
    """A JSON file of tables, replaced as a whole.

    Of two processes that write at the same time, what one found may be lost; it finds it again.
    """

    def __init__(self, path: str) -> None:
        self._path = path

    def get(self, table: str, key: str) -> Any:
        """What is kept under a key; None for nothing."""
        return self._read().get(table, {}).get(key)

    def put(self, table: str, key: str, value: Any) -> None:
        """Keeps a value; where the file cannot be written, nothing is kept."""
        tables = self._read()
        rows = tables.setdefault(table, {})
        if rows.get(key) == value:
            return
        rows[key] = value
        own = f"{self._path}.{os.getpid()}"
        try:
            with open(own, "w", encoding="utf-8") as file:
                json.dump(tables, file)
            os.replace(own, self._path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(own)

    def _read(self) -> dict[str, dict[str, Any]]:
        try:
            with open(self._path, encoding="utf-8") as file:
                kept = json.load(file)
        except (OSError, ValueError):
            return {}
        if not isinstance(kept, dict):
            return {}
        return {name: rows for name, rows in kept.items() if isinstance(rows, dict)}
