"""Rows put into groups: aggregates, and tables turned from long to wide and back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from .. import tables
from ..problems import StepError, listed
from .preprocess import unique
from .preprocess_combine import common_type

if TYPE_CHECKING:
    from collections.abc import Callable

COLUMNS = 1000  # that a pivot may make


def _number(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    whole = dtype.is_integer() or dtype == pl.Boolean
    return value.cast(pl.Int64 if whole else pl.Float64)


def _float(value: pl.Expr, _dtype: pl.DataType) -> pl.Expr:
    return value.cast(pl.Float64)


def _same(value: pl.Expr, _dtype: pl.DataType) -> pl.Expr:
    return value


_NUMBERS, _ORDERED = ("number", "bool"), ("number", "text", "time", "bool")
FUNCTIONS: dict[
    str,
    tuple[
        tuple[str, ...],
        Callable[[pl.Expr, pl.DataType], pl.Expr],
        Callable[[pl.Expr], pl.Expr],
    ],
] = {
    "sum": (_NUMBERS, _number, pl.Expr.sum),
    "mean": (_NUMBERS, _float, pl.Expr.mean),
    "median": (_NUMBERS, _float, pl.Expr.median),
    "min": (_ORDERED, _same, pl.Expr.min),
    "max": (_ORDERED, _same, pl.Expr.max),
    "std": (_NUMBERS, _float, pl.Expr.std),
    "variance": (_NUMBERS, _float, pl.Expr.var),
    "count": ((), _same, pl.Expr.count),
    "distinct": (_ORDERED, _same, lambda value: value.drop_nulls().n_unique()),
    "first": ((), _same, pl.Expr.first),
    "last": ((), _same, pl.Expr.last),
}
"""What columns a function takes, as what it takes them, and the function."""


def group_aggregate(
    *,
    table: pl.LazyFrame,
    by: list[str] | None = None,
    sums: list[str] | None = None,
    means: list[str] | None = None,
    medians: list[str] | None = None,
    minima: list[str] | None = None,
    maxima: list[str] | None = None,
    deviations: list[str] | None = None,
    variances: list[str] | None = None,
    counts: list[str] | None = None,
    distinct: list[str] | None = None,
    firsts: list[str] | None = None,
    lasts: list[str] | None = None,
    rows: bool = True,
) -> pl.LazyFrame:
    """One row a group, in the order of the groups' keys."""
    asked = (
        sums, means, medians, minima, maxima, deviations, variances, counts, distinct, firsts,
        lasts,
    )  # fmt: skip
    keys = tables.chosen(table, by) if by else []
    found = {
        f"{name}_{word}": _aggregate(table, name, word)
        for word, names in zip(FUNCTIONS, asked, strict=True)
        for name in dict.fromkeys(names or [])
    }
    unique([*keys, *(["rows"] if rows else []), *found])
    values = [pl.len().alias("rows")] if rows else []
    values += [expression.alias(name) for name, expression in found.items()]
    if not keys and not values:
        raise StepError("neither keys nor aggregates are named: nothing to do")
    if not keys:
        return table.select(values)
    return table.group_by(keys, maintain_order=bool(firsts or lasts)).agg(values).sort(keys)


def pivot(
    *,
    table: pl.LazyFrame,
    index: list[str],
    on: str,
    values: str,
    aggregate: str = "first",
) -> pl.DataFrame:
    """A row for each key, and a column for each value of `on`, both in their order."""
    keys = tables.chosen(table, index)
    tables.chosen(table, [on], _ORDERED)
    if on in keys:
        raise StepError(f"'{on}' is both index and on: choose two columns")
    tables.require(table, [values])
    heading, value = "__heading__", "__value__"
    tables.fresh(table, [heading, value])
    grouped = (
        table.with_columns(pl.col(on).cast(pl.String).fill_null("null").alias(heading))
        .group_by([*keys, heading], maintain_order=aggregate in ("first", "last"))
        .agg(_aggregate(table, values, aggregate).alias(value))
    )
    found = tables.collected(grouped)
    headings = found[heading].unique().sort().to_list()
    if len(headings) > COLUMNS:
        raise StepError(f"'{on}' has {len(headings)} values: at most {COLUMNS} become columns")
    unique([*keys, *headings])
    if not headings:
        return found.select(keys)
    wide = found.pivot(heading, on_columns=headings, index=keys, values=value)
    return wide.sort(keys)


def unpivot(
    *,
    table: pl.LazyFrame,
    columns: list[str] | None = None,
    keep: list[str] | None = None,
    name: str = "variable",
    value: str = "value",
) -> pl.LazyFrame:
    """A row for each value of some columns: the kept columns, the column's name, the value."""
    tables.require(table, keep or [])
    kept = list(dict.fromkeys(keep or []))
    names = tables.chosen(table, columns or [], without=kept)
    both = [each for each in names if each in kept]
    if both:
        raise StepError(f"to be turned into rows, and to be kept: {listed(both)}")
    unique([*kept, name, value])
    if not names:
        raise StepError("no column is left to be turned into rows")
    schema = table.collect_schema()
    dtype = common_type(value, [schema[each] for each in names])
    return pl.concat(  # polars' own unpivot of a lazy table promises no order
        table.select(*kept, pl.lit(each).alias(name), pl.col(each).cast(dtype).alias(value))
        for each in names
    )


def _aggregate(table: pl.LazyFrame, name: str, word: str) -> pl.Expr:
    kinds, taken, function = FUNCTIONS[word]
    tables.chosen(table, [name], kinds)
    return function(taken(pl.col(name), table.collect_schema()[name]))
