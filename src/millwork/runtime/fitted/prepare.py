"""Missing values, scales and texts, as they were fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from .. import dtypes, tables
from ..problems import StepError
from .columns import State, col, need

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = ("number", "text", "time", "bool")
_CASES: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "keep": lambda text: text,
    "lower": lambda text: text.str.to_lowercase(),
    "upper": lambda text: text.str.to_uppercase(),
    "title": lambda text: text.str.to_titlecase(),
}


def scale(frame: pl.LazyFrame, state: State) -> pl.LazyFrame:
    """`(x - shift) / factor` of each column; a column without spread becomes 0."""
    columns, suffix = state["columns"], state["suffix"]
    need(frame, columns, "number", "bool")
    if suffix:
        tables.fresh(frame, (name + suffix for name in columns))
    # polars divides one row, and multiplies several by the inverse: the last digit would differ
    return frame.with_columns(
        ((col(name).cast(pl.Float64) - learned["shift"]) * (1 / learned["factor"])).alias(
            name + suffix
        )
        for name, learned in columns.items()
    )


def impute(frame: pl.LazyFrame, state: State) -> pl.LazyFrame:
    """Each column with its value where it has none; a column that had none at all stays so."""
    made: list[pl.Expr] = []
    marks: dict[str, pl.Expr] = {}
    for name, learned in state["columns"].items():
        dtype = need(frame, [name], learned["kind"])[name]
        values = col(name).fill_nan(None) if dtype.is_float() else col(name)
        marks[f"{name}_missing"] = values.is_null()
        made.append(_filled(values, dtype, learned).alias(name))
    if not state["indicator"]:
        return frame.with_columns(made)
    tables.fresh(frame, marks)
    return frame.with_columns(*made, *(mark.alias(name) for name, mark in marks.items()))


def check_impute(state: State) -> None:
    """ValueError if one of the types, which a file tells, is none."""
    for learned in state["columns"].values():
        dtypes.named(learned["type"])


def clean_strings(frame: pl.LazyFrame, state: State) -> pl.LazyFrame:
    """Texts trimmed, in one case, without accents, as the state says."""
    columns, suffix = state["columns"], state["suffix"]
    need(frame, columns, "text")
    if suffix:
        tables.fresh(frame, (name + suffix for name in columns))
    return frame.with_columns(_clean(col(name), state).alias(name + suffix) for name in columns)


def _filled(values: pl.Expr, dtype: pl.DataType, learned: State) -> pl.Expr:
    kind = dtypes.named(learned["type"])
    if dtype == pl.Null or (kind.is_float() and not dtype.is_float()):
        values, dtype = values.cast(kind), kind
    value = learned["value"]
    if value is None:
        return values
    if isinstance(dtype, pl.Enum):
        if value not in dtype.categories:
            raise StepError(f"'{value}' is none of the categories of the column that it is to fill")
        return values.fill_null(pl.lit(value).cast(dtype))
    if kind.is_temporal():
        return values.fill_null(pl.lit(value, dtype=pl.Int64).cast(kind))
    if kind.is_decimal():
        return values.fill_null(pl.lit(value).cast(kind))
    return values.fill_null(pl.lit(value, dtype=kind))


def _clean(text: pl.Expr, state: State) -> pl.Expr:
    text = _CASES[state["case"]](text.cast(pl.String))
    if state["accents"]:
        text = text.str.normalize("NFKD").str.replace_all(r"\p{M}", "").str.normalize("NFC")
    if state["punctuation"]:
        text = text.str.replace_all(r"[\p{P}\p{S}]", "")
    if state["blanks"]:
        text = text.str.replace_all(r"\s+", " ")
    if state["trim"]:
        text = text.str.strip_chars()
    if state["empty_is_missing"]:
        text = pl.when(text != "").then(text)
    return text


APPLY: dict[str, Callable[[pl.LazyFrame, State], pl.LazyFrame]] = {
    "scale": scale,
    "impute": impute,
    "clean_strings": clean_strings,
}
CHECK: dict[str, Callable[[State], None]] = {"impute": check_impute}
