"""Columns that are made of others: bins, components, products, parts of dates; and a choice."""

from __future__ import annotations

from functools import reduce
from operator import mul
from typing import TYPE_CHECKING

import polars as pl

from .. import tables
from ..problems import StepError
from .columns import State, col, computed, instead, matrix, need

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

DATE_PARTS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "year": lambda time: time.dt.year(),
    "quarter": lambda time: time.dt.quarter(),
    "month": lambda time: time.dt.month(),
    "week": lambda time: time.dt.week(),
    "day": lambda time: time.dt.day(),
    "weekday": lambda time: time.dt.weekday(),
    "day_of_year": lambda time: time.dt.ordinal_day(),
    "is_weekend": lambda time: time.dt.weekday() >= 6,
}
TIME_PARTS: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "hour": lambda time: time.dt.hour(),
    "minute": lambda time: time.dt.minute(),
    "second": lambda time: time.dt.second(),
}


def bins(frame: pl.LazyFrame, state: State) -> pl.LazyFrame:
    """The number of its bin, from 0 on: how many of the edges are not above the value."""
    columns, suffix = state["columns"], state["suffix"]
    need(frame, columns, "number")
    if suffix:
        tables.fresh(frame, (name + suffix for name in columns))

    def made(name: str, edges: list[float]) -> pl.Expr:
        value = col(name).cast(pl.Float64).fill_nan(None)
        place = pl.sum_horizontal(pl.lit(0), *((value >= edge).cast(pl.Int64) for edge in edges))
        return pl.when(value.is_not_null()).then(place.cast(pl.Int64)).alias(name + suffix)

    return frame.with_columns(made(name, edges) for name, edges in columns.items())


def pca(frame: pl.LazyFrame, state: State) -> pl.LazyFrame:
    """The columns less their means, by their scales, times the components; missing where any of
    the row's values is."""
    import numpy as np

    columns = state["columns"]
    need(frame, columns, "number", "bool")
    mean, scale = np.array(state["mean"]), np.array(state["scale"])
    weights = np.array(state["components"]).T

    def compute(part: pl.DataFrame) -> NDArray[np.float64]:
        # einsum adds in one order whatever the number of rows; BLAS does not
        centred = (matrix(part) - mean) / scale
        found: NDArray[np.float64] = np.einsum("ij,jk->ik", centred, weights)
        return found

    made = computed(frame, columns, state["names"], compute, keep=state["keep"])
    return made.with_columns(col(name).fill_nan(None) for name in state["names"])


def polynomial(frame: pl.LazyFrame, state: State) -> pl.LazyFrame:
    """Products of columns, beside them."""
    columns = state["columns"]
    need(frame, columns, "number", "bool")
    made = {
        name: reduce(mul, (col(each).cast(pl.Float64) for each in factors))
        for name, factors in state["terms"].items()
    }
    return instead(frame, columns, made, keep=True)


def datetime_parts(frame: pl.LazyFrame, state: State) -> pl.LazyFrame:
    """Year, month, hour, ... as numbers."""
    columns = state["columns"]
    schema = need(frame, columns, "time")
    made = {
        f"{name}_{part}": _part(col(name), schema[name], name, part)
        for name, parts in columns.items()
        for part in parts
    }
    return instead(frame, columns, made, keep=state["keep"])


def keep(frame: pl.LazyFrame, state: State) -> pl.LazyFrame:
    """Without the columns that were not chosen, whether or not new data have them."""
    tables.require(frame, state["keep"])
    left_out = set(state["drop"])
    return frame.select(col(name) for name in frame.collect_schema() if name not in left_out)


def _part(time: pl.Expr, dtype: pl.DataType, name: str, part: str) -> pl.Expr:
    is_date_part = part in DATE_PARTS
    if dtype == pl.Duration or (dtype == pl.Time and is_date_part):
        raise StepError(f"column '{name}' is {dtype}: it has no {part}")
    if dtype == pl.Null or (dtype == pl.Date and not is_date_part):
        time = time.cast(pl.Datetime("us"))
    found = (DATE_PARTS | TIME_PARTS)[part](time)
    return found if part == "is_weekend" else found.cast(pl.Int32)


APPLY: dict[str, Callable[[pl.LazyFrame, State], pl.LazyFrame]] = {
    "bins": bins,
    "pca": pca,
    "polynomial": polynomial,
    "datetime_parts": datetime_parts,
    "keep": keep,
}
