"""Arguments of fitted preprocessing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import polars.selectors as cs

if TYPE_CHECKING:
    from random import Random


def _constant(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    """A constant that is a number and one that is none; now and then its columns."""
    strategy = random.choice(("mean", "median", "most_frequent", "min", "max", "constant"))
    given: dict[str, Any] = {"strategy": strategy, "value": random.choice(("7", "unknown"))}
    if strategy == "constant" and random.random() < 0.5:
        fitting = cs.numeric() if given["value"] == "7" else cs.by_dtype(pl.String, pl.Categorical)
        given["columns"] = table.select(fitting).columns
    return given


def _range(_table: pl.DataFrame, random: Random) -> dict[str, Any]:
    return {"low": random.choice((0.0, -1.0)), "suffix": random.choice(("", "_scaled"))}


CASES = {"impute": _constant, "normalise": _range}
