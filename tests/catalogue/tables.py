"""Tables for tests: generated ones of every type of column, and odd ones made of a good one."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

_WORDS = ("red", "green", "blue", "Größe", "日本", "", "a b", "x,y")
_START = datetime.fromisoformat("2024-01-01")

_MAKERS: dict[str, tuple[Any, Callable[[Random], Any]]] = {
    "int": (pl.Int64, lambda random: random.randint(-50, 50)),
    "small": (pl.Int8, lambda random: random.randint(-9, 9)),
    "unsigned": (pl.UInt32, lambda random: random.randint(0, 99)),
    "float": (pl.Float64, lambda random: random.gauss(0, 3)),
    "single": (pl.Float32, lambda random: random.gauss(0, 3)),
    "text": (pl.String, lambda random: random.choice(_WORDS)),
    "category": (pl.Categorical, lambda random: random.choice(_WORDS[:4])),
    "flag": (pl.Boolean, lambda random: random.random() < 0.5),
    "day": (pl.Date, lambda random: date(2024, 1, 1) + timedelta(days=random.randint(0, 400))),
    "time": (pl.Datetime("us"), lambda random: _START + timedelta(minutes=random.randint(0, 9999))),
    "span": (pl.Duration("us"), lambda random: timedelta(seconds=random.randint(0, 9999))),
    "list": (pl.List(pl.Int64), lambda random: [random.randint(0, 9)]),
    "nothing": (pl.Null, lambda _random: None),
}


def generated(random: Random, rows: int | None = None) -> pl.DataFrame:
    """A table of 2 to 9 columns and 0 to 40 rows; a column of numbers and one of text first.

    One column in four has nulls.
    """
    count = random.choice((0, 1, 2, 5, 12, 25, 40)) if rows is None else rows
    kinds = ["float", "text", *random.choices(list(_MAKERS), k=random.randint(0, 7))]
    series = []
    for place, kind in enumerate(kinds):
        dtype, make = _MAKERS[kind]
        hole = random.choice((0.0, 0.0, 0.0, 0.3))
        values = [None if random.random() < hole else make(random) for _ in range(count)]
        series.append(pl.Series(f"{kind}_{place}", values, dtype=dtype, strict=False))
    return pl.DataFrame(series)


def good(rows: int = 60) -> pl.DataFrame:
    """A small table without faults: numbers that tell the label, a text, a day, a flag."""
    return pl.DataFrame(
        {
            "id": range(rows),
            "length": [40 + (i * 37 % 17) + (i % 3) * 4.5 for i in range(rows)],
            "depth": [15 + (i * 23 % 11) - (i % 3) * 1.5 for i in range(rows)],
            "mass": [3000 + (i * 53 % 29) * 40 + (i % 3) * 600 for i in range(rows)],
            "species": [("Adelie", "Gentoo", "Chinstrap")[i % 3] for i in range(rows)],
            "island": [("Biscoe", "Dream")[(i * 7 % 5) % 2] for i in range(rows)],
            "grown": [i % 4 > 0 for i in range(rows)],
            "seen": [date(2024, 1, 1) + timedelta(days=i) for i in range(rows)],
        }
    )


def renamed(name: str) -> str:
    """A column's name in letters that are not ASCII."""
    return f"größe 日本 {name}"


ODD: dict[str, Callable[[pl.DataFrame, list[str]], pl.DataFrame]] = {
    "no rows": lambda table, _used: table.head(0),
    "one row": lambda table, _used: table.head(1),
    "nothing but nulls": lambda table, used: table.with_columns(
        pl.lit(None, table.schema[name]).alias(name) for name in used
    ),
    "some nulls": lambda table, used: table.with_columns(
        pl.when(pl.int_range(pl.len()) % 5 > 0).then(pl.col(name)).alias(name) for name in used
    ),
    "wrong type": lambda table, used: table.with_columns(
        pl.lit("many").alias(name) if table.schema[name].is_numeric() else pl.lit(7.5).alias(name)
        for name in used
    ),
    "a missing column": lambda table, used: table.drop(used[:1]),
}
"""What is made of a good table and the columns that are used of it."""
