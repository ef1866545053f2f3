"""Metrics that a step logged by itself: through MLflow, or as lines of a file.

An MLflow store is a SQLite database that the step had for itself; the file has one JSON object a
line, `{"name": ..., "value": ...}`. Both are the work of a program that may have been killed.
"""

from __future__ import annotations

import json
import math
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_LATEST = """
    SELECT key, value FROM latest_metrics WHERE NOT is_nan ORDER BY timestamp, step
"""
_HISTORY = """
    SELECT value FROM metrics WHERE key = ? AND NOT is_nan ORDER BY timestamp, step, rowid
"""
_MOST = 10_000


def metrics(folder: str) -> dict[str, float]:
    """The last value of each metric that the attempt in `folder` has logged."""
    return {**dict(_of_mlflow(folder, _LATEST)), **dict(lines(folder))}


def history(folder: str, name: str) -> list[float]:
    """Every value of one metric that an attempt has logged so far, oldest first."""
    logged = [value for found, value in lines(folder) if found == name]
    return logged or [value for (value,) in _of_mlflow(folder, _HISTORY, name)]


def lines(folder: str) -> Iterator[tuple[str, float]]:
    """The metrics in the file of an attempt, in the order in which they were logged."""
    try:
        with open(f"{folder}/mlflow/metrics.jsonl", encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file):
                if number < _MOST and (found := _metric(line)):
                    yield found
    except FileNotFoundError:
        return


def _metric(line: str) -> tuple[str, float] | None:
    try:
        given = json.loads(line)
        name, value = str(given["name"]), float(given["value"])
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return (name, value) if math.isfinite(value) else None


def _of_mlflow(folder: str, query: str, *values: str) -> Iterator[Any]:
    path = f"file:{folder}/mlflow/tracking.db?mode=ro"
    try:
        with closing(sqlite3.connect(path, uri=True)) as database:
            yield from database.execute(query, values).fetchmany(_MOST)
    except sqlite3.Error:
        return  # no such file, or not MLflow's
