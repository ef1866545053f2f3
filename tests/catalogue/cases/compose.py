"""Reports and tables for the report that is put together of them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    import polars as pl


def _table(table: pl.DataFrame, _random: Random) -> dict[str, Any]:
    path = Path(tempfile.mkdtemp())
    table.write_parquet(path / "data.parquet")
    return {"first": path, "title": "Größe"}


CASES: dict[str, Callable[[pl.DataFrame, Random], dict[str, Any]]] = {"compose_report": _table}
