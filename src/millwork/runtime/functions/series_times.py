"""Time series as they are read: one for each group, in the order of time, evenly spaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .. import tables
from ..fitted.columns import col
from ..problems import StepError

KEYS = ("text", "number", "bool", "time")

Ahead = Callable[[range], pl.Series]
"""The times at those places of a series, 0 the first."""


@dataclass(frozen=True)
class History:
    """One series: its key, the places of its rows in the table, times, and values (NaN: none)."""

    key: pl.DataFrame
    places: pl.Series
    times: pl.Series
    values: NDArray[np.float64]
    ahead: Ahead

    @property
    def name(self) -> str:
        """Its key in words; empty if the table is one series."""
        return _words(self.key)

    @property
    def of(self) -> str:
        """Its key for the end of a sentence's part."""
        return _of(self.key)

    def keyed(self, columns: dict[str, Any]) -> pl.DataFrame:
        """A table of these columns, with its key before them in every row."""
        frame = pl.DataFrame(columns)
        return self.key.join(frame, how="cross") if self.key.width else frame


def histories(
    table: pl.LazyFrame,
    time: str,
    value: str,
    by: list[str] | None,
    *,
    accepts_missing: bool = False,
) -> list[History]:
    """The table's series, in the order in which they come; StepError for what is no series."""
    tables.chosen(table, [value], ("number",))
    keys = tables.chosen(table, by, KEYS) if by else []
    for name in (time, value):
        if name in keys:
            raise StepError(f"'{name}' cannot make the groups too: leave it out of `by`")
    if time == value:
        raise StepError(f"'{time}' is the time: it cannot be the value too")
    dtype = _time_type(table, time)
    read = [col(time).cast(dtype).alias("time"), col(value).cast(pl.Float64).alias("value")]
    keyed = [col(name).alias(f"key {name}") for name in keys]
    rows = tables.collected(table.select(*keyed, *read)).with_row_index("place")
    if not rows.height:
        raise StepError("the table has no rows: there is no series")
    parted = [f"key {name}" for name in keys]
    parts = rows.partition_by(parted, maintain_order=True) if keys else [rows]
    return [_history(part, keys, time, value, accepts_missing) for part in parts]


def _history(
    part: pl.DataFrame, keys: list[str], time: str, value: str, accepts_missing: bool
) -> History:
    part = part.sort("time", maintain_order=True)
    key = part.head(1).select(pl.col(f"key {name}").alias(name) for name in keys)
    values = part["value"].fill_null(float("nan")).to_numpy()
    _check_values(values, value, _of(key), accepts_missing)
    times = part["time"]
    return History(key, part["place"], times, values, _ahead(times, time, _of(key)))


def _words(key: pl.DataFrame) -> str:
    return ", ".join(str(value) for value in key.row(0)) if key.width else ""


def _of(key: pl.DataFrame) -> str:
    return f" of {_words(key)}" if key.width else ""


def _time_type(table: pl.LazyFrame, time: str) -> pl.DataType:
    """What times are read as: of a decimal, a float."""
    tables.require(table, [time])
    dtype = table.collect_schema()[time]
    if dtype.is_decimal():
        return pl.Float64()
    if not (dtype.is_numeric() or dtype in (pl.Date, pl.Datetime)):
        raise StepError(
            f"column '{time}' is {dtype}, and a date, a time or a number is needed: convert it "
            "first (cast_types)"
        )
    return dtype


def _check_values(values: NDArray[Any], name: str, of: str, accepts_missing: bool) -> None:
    missing = np.isnan(values)
    if np.isinf(values).any():
        raise StepError(f"'{name}'{of} holds infinite values: filter or replace them first")
    if missing.all() or (missing.any() and not accepts_missing):
        raise StepError(
            f"values of '{name}'{of} are missing in {missing.sum()} rows: fill them first (impute)"
        )


def _ahead(times: pl.Series, name: str, of: str) -> Ahead:
    """How the times go on; StepError if they are not evenly spaced."""
    plain = times.fill_nan(None) if times.dtype.is_float() else times
    if plain.null_count():
        raise StepError(f"the time '{name}'{of} is missing in {plain.null_count()} rows")
    if times.dtype.is_float() and not times.is_finite().all():
        raise StepError(f"the time '{name}'{of} is infinite in some rows")
    twice = times.filter(times.is_duplicated())
    if len(twice):
        raise StepError(
            f"the time '{name}'{of} is {twice[0]} more than once: aggregate such rows first "
            "(group_aggregate), or say in `by` which columns make a series"
        )
    for step in _steps(times):
        try:
            expected = step(range(len(times)))
        except pl.exceptions.PolarsError:  # such as an hour that a clock skips
            continue
        if _is_same(expected, times):
            return step
    before, after = _odd_pair(times)
    raise StepError(
        f"the times in '{name}'{of} are not evenly spaced, as from {before} to {after}: "
        "fill or aggregate them first (sql, group_aggregate)"
    )


def _steps(times: pl.Series) -> Iterator[Ahead]:
    """The ways in which times may go on, from what the first two of them are."""
    if len(times) < 2:
        yield lambda places: times.gather([0] * len(places))
        return
    first, second = times[0], times[1]
    if times.dtype.is_numeric():
        yield lambda places: _numbers(times, places)
        return
    for unit, count in _units(first, second):
        yield partial(_offset, times, unit, count)
        if unit == "mo":
            yield partial(_month_ends, times, count)
    if times.dtype == pl.Date and (times.dt.weekday() < 6).all():
        yield lambda places: _placed(times, places, pl.col("t").dt.add_business_days(pl.col("n")))


def _units(first: Any, second: Any) -> Iterator[tuple[str, int]]:
    """The distance of two times in units of a calendar, where it is some."""
    days = (second - first).days
    if type(first) is not date:
        yield "us", round((second - first).total_seconds() * 1_000_000)
    yield "d", days
    yield "mo", (second.year - first.year) * 12 + second.month - first.month


def _offset(times: pl.Series, unit: str, count: int, places: range) -> pl.Series:
    by = pl.format(f"{{}}{unit}", pl.col("n") * count)
    return _placed(times, places, pl.col("t").dt.offset_by(by))


def _month_ends(times: pl.Series, count: int, places: range) -> pl.Series:
    return _offset(times, "mo", count, places).dt.month_end()


def _placed(times: pl.Series, places: range, at: pl.Expr) -> pl.Series:
    """What an expression makes of the first time `t` and the places `n`."""
    start = times.gather([0] * len(places)).alias("t")
    counts = pl.Series("n", places, pl.Int64)
    return pl.DataFrame([start, counts]).select(at.alias(times.name)).to_series()


def _numbers(times: pl.Series, places: range) -> pl.Series:
    if times.dtype.is_integer():
        found: Sequence[Any] = [times[0] + place * (times[1] - times[0]) for place in places]
    else:
        step = (times[-1] - times[0]) / (len(times) - 1)
        found = [times[0] + place * step for place in places]
    wide = pl.Int128 if times.dtype.is_integer() else pl.Float64
    with tables.told("the times ahead"):
        return pl.Series(times.name, found, dtype=wide).cast(times.dtype)


def _is_same(expected: pl.Series, times: pl.Series) -> bool:
    if not times.dtype.is_float():
        return bool((expected == times).all())
    step = abs(times[-1] - times[0]) / (len(times) - 1 or 1)
    return bool(((expected - times).abs() <= step * 1e-4).all())


def _odd_pair(times: pl.Series) -> tuple[Any, Any]:
    """Two times that follow one another, whose distance is the farthest from the usual."""
    apart = times.diff().slice(1).to_physical().cast(pl.Float64)
    at = (apart - apart.median()).abs().arg_max() or 0
    return times[at], times[at + 1]
