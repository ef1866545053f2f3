"""Columns to other types."""

from __future__ import annotations

import polars as pl

from .. import tables
from ..problems import StepError

WORDS = {
    **dict.fromkeys(("true", "t", "yes", "y", "1"), True),
    **dict.fromkeys(("false", "f", "no", "n", "0"), False),
}
_PLAIN = ("number", "text", "bool")
_DATETIME = pl.Datetime("us")


def cast_types(
    *,
    table: pl.LazyFrame,
    to_integer: list[str] | None = None,
    to_float: list[str] | None = None,
    to_text: list[str] | None = None,
    to_boolean: list[str] | None = None,
    to_date: list[str] | None = None,
    to_datetime: list[str] | None = None,
    to_category: list[str] | None = None,
    format: str | None = None,  # noqa: A002 - the parameter's name
    invalid: str = "fail",
) -> pl.LazyFrame:
    """Columns converted in their places; what does not fit is an error, or missing."""
    wanted: list[tuple[pl.DataType, tuple[str, ...], list[str] | None]] = [
        (pl.Int64(), _PLAIN, to_integer),
        (pl.Float64(), _PLAIN, to_float),
        (pl.String(), (*_PLAIN, "time"), to_text),
        (pl.Boolean(), _PLAIN, to_boolean),
        (pl.Date(), ("text", "time"), to_date),
        (_DATETIME, ("text", "time"), to_datetime),
        (pl.Categorical(), (*_PLAIN, "time"), to_category),
    ]
    schema = table.collect_schema()
    casts: dict[str, pl.Expr] = {}
    for target, kinds, names in wanted:
        tables.require(table, names or [])
        for name in names or []:
            if name in casts:
                raise StepError(f"column '{name}' is to become two types: name it once")
            if schema[name] != pl.Null:
                tables.chosen(table, [name], kinds)
            casts[name] = _cast(name, schema[name], target, format)
    if not casts:
        raise StepError("no column is named: nothing to convert")
    if invalid == "fail":
        _check(table, casts)
    return table.with_columns(**casts)


def _check(table: pl.LazyFrame, casts: dict[str, pl.Expr]) -> None:
    """StepError that names a value which does not fit."""
    lost = {
        name: pl.col(name).filter(pl.col(name).is_not_null() & cast.is_null()).first()
        for name, cast in casts.items()
    }
    for name, value in tables.collected(table.select(**lost)).row(0, named=True).items():
        if value is not None:
            raise StepError(
                f"column '{name}': {str(value)[:100]!r} does not fit: mend such values, or set "
                "invalid=missing"
            )


def _cast(
    name: str,
    dtype: pl.DataType,
    target: pl.DataType,
    format: str | None,  # noqa: A002
) -> pl.Expr:
    value = pl.col(name)
    if dtype in (target, pl.Null):
        return value.cast(target)
    if tables.KINDS["text"](dtype):
        return _of_text(value.cast(pl.String), target, format)
    if target in (pl.String, pl.Categorical):
        text = value.dt.to_string() if dtype == pl.Duration else value.cast(pl.String)
        return text.cast(target)
    if target in (pl.Date, pl.Datetime):
        if dtype in (pl.Time, pl.Duration):
            raise StepError(f"column '{name}' is {dtype}, which has no date")
        value = value.dt.replace_time_zone(None) if dtype == pl.Datetime else value
    return value.cast(target, strict=False)


def _of_text(
    value: pl.Expr,
    target: pl.DataType,
    format: str | None,  # noqa: A002
) -> pl.Expr:
    if target == pl.Date:
        return value.str.to_date(format, strict=False)
    if target == pl.Datetime:
        return value.str.to_datetime(format, time_unit="us", strict=False)
    if target == pl.Boolean:
        word = value.str.strip_chars().str.to_lowercase()
        return word.replace_strict(WORDS, default=None, return_dtype=pl.Boolean)
    if target.is_numeric():
        value = value.str.strip_chars()
    return value.cast(target, strict=False)
