"""Files for the components that read them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl

from millwork.catalogue.samples import SAMPLES

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

_FAST = sorted(set(SAMPLES) - {"flights", "weather", "scipy_docs"})


def _folder() -> Path:
    return Path(tempfile.mkdtemp())


def _plain(table: pl.DataFrame) -> pl.DataFrame:
    return table.select(pl.selectors.numeric(), pl.selectors.string())


def _csv(table: pl.DataFrame, _random: Random) -> dict[str, Any]:
    path = _folder() / "a.csv"
    _plain(table).write_csv(path)
    return {"file": path}


def _parquet(table: pl.DataFrame, _random: Random) -> dict[str, Any]:
    path = _folder() / "a.parquet"
    table.write_parquet(path)
    return {"file": path}


def _jsonl(table: pl.DataFrame, _random: Random) -> dict[str, Any]:
    path = _folder() / "a.jsonl"
    _plain(table).write_ndjson(path)
    return {"file": path}


def _excel(table: pl.DataFrame, _random: Random) -> dict[str, Any]:
    path = _folder() / "a.xlsx"
    _plain(table).write_excel(path)
    return {"file": path}


def _database(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    path = _folder() / "a.duckdb"
    rows = _parquet(table, random)["file"]
    with duckdb.connect(path) as connection:
        connection.execute(f"CREATE TABLE data AS FROM read_parquet('{rows}')")
    return {"database": path, "table_name": "data"}


def _files(_table: pl.DataFrame, random: Random) -> dict[str, Any]:
    folder = _folder()
    for name in range(random.randint(0, 3)):
        (folder / f"{name}.txt").write_text("Größe")
    return {"folder": folder}


def _named(table: pl.DataFrame, _random: Random) -> dict[str, Any]:
    named = table.with_columns(name=pl.format("a/{}.txt", pl.int_range(pl.len())))
    return {"table": named.with_columns(words=pl.lit("Größe")), "path": "name", "text": "words"}


CASES: dict[str, Callable[[pl.DataFrame, Random], dict[str, Any]]] = {
    "read_csv": _csv,
    "read_parquet": _parquet,
    "read_jsonl": _jsonl,
    "read_excel": _excel,
    "read_sql_table": _database,
    "read_files": _files,
    "enter_data": lambda _table, _random: {"csv": "a,b\n1,2024-01-31\n"},
    "sample_data": lambda _table, random: {"name": random.choice(_FAST)},
    "write_files": _named,
}
