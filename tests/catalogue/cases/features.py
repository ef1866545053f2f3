"""Arguments of features: a label, and numbers that fit small tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars.selectors as cs

if TYPE_CHECKING:
    from random import Random

    import polars as pl


def _numbers(table: pl.DataFrame) -> list[str]:
    return table.select(cs.numeric() | cs.boolean()).columns


def _bins(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    return {
        "method": random.choice(("quantile", "width", "tree")),
        "label": random.choice(table.select(cs.string() | cs.boolean()).columns),
        "suffix": random.choice(("", "_bin")),
    }


def _components(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    known = [name for name in _numbers(table) if not table[name].null_count()]
    return {"columns": known[:3], "components": 1, "share": random.choice((None, 0.9))}


def _selected(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    known = [name for name in _numbers(table) if not table[name].null_count()]
    labels = [name for name in table.columns if not table[name].null_count()]
    return {
        "columns": known,
        "label": random.choice([name for name in labels if name not in known] or labels or ["no"]),
        "count": random.randint(1, 3),
    }


def _target(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    return {"label": random.choice(_numbers(table)), "smoothing": random.choice((None, 5.0))}


def _moments(_table: pl.DataFrame, random: Random) -> dict[str, Any]:
    return {"parts": random.choice(("year,month,hour", "minute,is_weekend", "week, day_of_year"))}


def _encoded(_table: pl.DataFrame, random: Random) -> dict[str, Any]:
    return {"min_count": random.choice((1, 2))}


CASES = {
    "bin_columns": _bins,
    "datetime_parts": _moments,
    "one_hot": _encoded,
    "pca": _components,
    "select_features": _selected,
    "target_encode": _target,
}
