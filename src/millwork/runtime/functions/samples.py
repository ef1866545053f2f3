"""Columns as statistics reads them: numbers without what is missing, categories as texts."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any

import polars as pl
from polars import selectors as cs

from .. import tables
from ..problems import StepError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NUMBERS = ("number",)
CATEGORIES = ("text", "number", "bool", "time")
MISSING = "(missing)"
MOST_GROUPS = 100
QUARTILES = {"q1": 0.25, "median": 0.5, "q3": 0.75}


def chosen_numbers(table: pl.LazyFrame, columns: Sequence[str] | None) -> list[str]:
    """The columns that are named, or all that hold numbers; StepError if there are none."""
    names = list(dict.fromkeys(tables.chosen(table, columns or [], NUMBERS)))
    if not names:
        raise StepError("no column holds numbers: convert texts first (cast_types)")
    return names


def numbers(*names: str) -> pl.Expr:
    """Columns as Float64, with null for what is missing or not a number."""
    return cs.by_name(*names).cast(pl.Float64).fill_nan(None)


def category(table: pl.LazyFrame, name: str) -> pl.Expr:
    """A column as texts."""
    tables.chosen(table, [name], CATEGORIES)
    return as_text(cs.by_name(name), table.collect_schema()[name])


def as_text(values: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """Values of a type as texts."""
    if dtype.is_float():
        values = values.fill_nan(None)
    if dtype == pl.Duration:
        return values.dt.to_string("iso")
    return values.cast(pl.String)


def shaped(frame: pl.DataFrame, schema: Mapping[str, Any]) -> pl.DataFrame:
    """Those columns of it, in that order and of those types."""
    return frame.select(pl.col(name).cast(dtype) for name, dtype in schema.items())


def sample(table: pl.LazyFrame, name: str, least: int = 1) -> Floats:
    """A column's numbers without what is missing; StepError if they are fewer than `least`."""
    tables.chosen(table, [name], NUMBERS)
    found = table.select(numbers(name)).drop_nulls().collect(engine="streaming").to_series()
    return enough(name, found, least)


def enough(name: str, values: pl.Series, least: int) -> Floats:
    """The values as an array; StepError if they are fewer than `least`, or not all finite."""
    if values.len() < least:
        raise StepError(f"'{name}' has {values.len():,} values, and at least {least} are needed")
    if not values.is_finite().all():
        raise StepError(f"'{name}' holds infinite values: filter those rows out first")
    return values.to_numpy()


def pairs(table: pl.LazyFrame, first: str, second: str, least: int = 2) -> tuple[Floats, Floats]:
    """Two columns' numbers, from the rows that have both."""
    tables.chosen(table, [first, second], NUMBERS)
    found = (
        table.select(numbers(first).alias("first"), numbers(second).alias("second"))
        .drop_nulls()
        .collect(engine="streaming")
    )
    return enough(first, found["first"], least), enough(second, found["second"], least)


def groups(
    table: pl.LazyFrame, column: str, group: str, least: int = 1, exactly: int = 0
) -> dict[str, Floats]:
    """A column's numbers for each value of `group`, in the order of those values.

    StepError for one group alone, for others than `exactly` so many, or for one that is too small.
    """
    tables.chosen(table, [column], NUMBERS)
    frame = (
        table.select(
            cs.by_name(group).alias("order"),
            category(table, group).alias("group"),
            numbers(column).alias("value"),
        )
        .drop_nulls()
        .sort("order")
        .collect(engine="streaming")
    )
    parts = frame.partition_by("group", maintain_order=True)
    if len(parts) < 2 or (exactly and len(parts) != exactly):
        wanted = str(exactly) if exactly else "at least 2"
        raise StepError(f"'{group}' makes {len(parts)} groups with values, and {wanted} are needed")
    if len(parts) > MOST_GROUPS:
        raise StepError(
            f"'{group}' makes {len(parts):,} groups, and {MOST_GROUPS} are the most: bin it first"
        )
    return {
        part["group"][0]: enough(f"{column} of {part['group'][0]}", part["value"], least)
        for part in parts
    }


def histograms(
    table: pl.LazyFrame, names: Sequence[str], bins: int
) -> dict[str, tuple[list[float], list[int]]]:
    """Of each column the edges of `bins` equal intervals, and how many values lie in each.

    As numpy.histogram does it, in two passes over the data; a column without a finite value has
    none. Infinite values are not counted.
    """
    import numpy as np

    values = {name: _finite(numbers(name)) for name in names}
    ends = table.select(
        expression.alias(f"{index}{end}")
        for index, each in enumerate(values.values())
        for end, expression in (("low", each.min()), ("high", each.max()))
    ).collect(engine="streaming")
    edges: dict[str, Any] = {}
    for index, name in enumerate(names):
        low, high = ends[f"{index}low"][0], ends[f"{index}high"][0]
        if low is not None:
            edges[name] = _edges(name, low, high, bins)
    below = table.select(
        expression.alias(f"{index},{edge}")
        for index, name in enumerate(edges)
        for edge, expression in enumerate(_below(values[name], edges[name]))
    ).collect(engine="streaming")
    return {
        name: (
            edges[name].tolist(),
            np.diff([0, *(below[f"{index},{edge}"][0] for edge in range(bins))]).tolist(),
        )
        for index, name in enumerate(edges)
    }


def _edges(name: str, low: float, high: float, bins: int) -> Floats:
    import numpy as np

    if low == high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, bins + 1) if isfinite(high - low) else np.zeros(2)
    if not np.all(np.diff(edges) > 0):
        raise StepError(f"'{name}': no {bins} intervals between {low:g} and {high:g}")
    return edges


def _finite(values: pl.Expr) -> pl.Expr:
    return pl.when(values.is_finite()).then(values)


def _below(values: pl.Expr, edges: Floats) -> list[pl.Expr]:
    """How many values lie below each edge but the first; below the last: all."""
    return [*((values < edge).sum() for edge in edges[1:-1]), values.count()]
