"""Categories as numbers, as they were fitted: a category is told by the text of its value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from .. import tables
from ..problems import StepError, listed
from .columns import State, col, computed, instead, need

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

KINDS = ("text", "bool", "number")


def category(name: str, dtype: pl.DataType) -> pl.Expr:
    """A value's text: `red`, `true`, `2007` and also for 2007.0; null for what is missing."""
    if dtype.is_float() or dtype.is_decimal():
        number = col(name).cast(pl.Float64) if dtype.is_decimal() else col(name).fill_nan(None)
        return number.cast(pl.String).str.strip_suffix(".0")
    return col(name).cast(pl.String)


def one_hot(frame: pl.LazyFrame, state: State) -> pl.LazyFrame:
    """A column a category, 1 where the value is of it."""
    columns = state["columns"]
    schema = need(frame, columns, *KINDS)
    if state["unseen"] == "error":
        _refuse_unseen(frame, columns, schema)
    made: dict[str, pl.Expr] = {}
    for name, learned in columns.items():
        value = category(name, schema[name])
        for output, values in learned["indicators"].items():
            if output in made:
                raise StepError(f"there would be two columns '{output}': rename column '{name}'")
            made[output] = value.is_in(values).fill_null(value=False).cast(pl.UInt8)
    return instead(frame, columns, made, keep=state["keep"])


def ordinal(frame: pl.LazyFrame, state: State) -> pl.LazyFrame:
    """A category's number, from 0 on."""
    places = {
        name: dict(zip(known, range(len(known)), strict=True))
        for name, known in state["columns"].items()
    }
    return _mapped(frame, places, state["suffix"], state["unseen"], dict.fromkeys(places), pl.Int64)


def target(frame: pl.LazyFrame, state: State) -> pl.LazyFrame:
    """A category's number is the mean of the label that it had; the mean of all for a new one."""
    columns, mean = state["columns"], state["mean"]
    numbers = {name: learned["values"] for name, learned in columns.items()}
    missing = {name: learned["missing"] for name, learned in columns.items()}
    return _mapped(frame, numbers, state["suffix"], mean, missing, pl.Float64)


def hashed(frame: pl.LazyFrame, state: State) -> pl.LazyFrame:
    """MurmurHash3 of `column=value` picks one of so many columns, and its sign."""
    columns, count = state["columns"], state["count"]
    schema = need(frame, columns, *KINDS)
    made = [f"{state['prefix']}_{place}" for place in range(count)]
    values = [name for name in columns if schema[name].is_numeric()]

    def compute(part: pl.DataFrame) -> NDArray[np.float64]:
        from sklearn.feature_extraction import FeatureHasher

        told = part.select(
            col(name).cast(pl.Float64).fill_nan(None)
            if name in values
            else category(name, schema[name])
            for name in columns
        )
        hasher = FeatureHasher(count, input_type="pair")
        rows = ([_token(*each) for each in zip(columns, row, strict=True)] for row in told.rows())
        found: NDArray[np.float64] = hasher.transform(rows).toarray()
        return found

    return computed(frame, columns, made, compute, keep=state["keep"])


def _token(name: str, value: Any) -> tuple[str, float]:
    if isinstance(value, str):
        return f"{name}={value}", 1.0
    return name, value or 0.0


def _mapped(
    frame: pl.LazyFrame,
    numbers: dict[str, dict[str, Any]],
    suffix: str,
    unseen: Any,
    missing: dict[str, Any],
    dtype: type[pl.DataType],
) -> pl.LazyFrame:
    schema = need(frame, numbers, *KINDS)
    if suffix:
        tables.fresh(frame, (name + suffix for name in numbers))

    def made(name: str) -> pl.Expr:
        value, known = category(name, schema[name]), numbers[name]
        found = value.replace_strict(
            list(known), list(known.values()), default=unseen, return_dtype=dtype
        )
        without = pl.lit(missing[name], dtype=dtype)
        return pl.when(value.is_null()).then(without).otherwise(found).alias(name + suffix)

    return frame.with_columns(made(name) for name in numbers)


def _refuse_unseen(frame: pl.LazyFrame, columns: dict[str, State], schema: pl.Schema) -> None:
    for name, learned in columns.items():
        known = [*learned["dropped"], *(v for vs in learned["indicators"].values() for v in vs)]
        value = category(name, schema[name])
        new = frame.select(value.alias("value")).filter(~pl.col("value").is_in(known)).unique()
        found = new.sort("value").head(5).collect(engine="streaming")
        if found.height:
            raise StepError(
                f"column '{name}' has categories that were not there when the transform was "
                f"fitted: {listed(found['value'])}"
            )


APPLY: dict[str, Callable[[pl.LazyFrame, State], pl.LazyFrame]] = {
    "one_hot": one_hot,
    "ordinal": ordinal,
    "target": target,
    "hash": hashed,
}
