"""Preprocessing that is fitted: its table, and the transform that does the same to new data."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import polars as pl

from .. import tables
from ..fitted.columns import col
from ..fitted.prepare import KINDS
from ..problems import StepError
from ..transforms import Fitted, Transform, outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

EPSILON = 2.0**-52

_MEASURES: Mapping[str, Callable[[pl.Expr], pl.Expr]] = {
    "count": lambda x: x.count().cast(pl.Float64),
    "mean": lambda x: x.mean(),
    "variance": lambda x: x.var(ddof=0),
    "min": lambda x: x.min(),
    "max": lambda x: x.max(),
    "median": lambda x: x.median(),
    "q1": lambda x: x.quantile(0.25, "linear"),
    "q3": lambda x: x.quantile(0.75, "linear"),
}


@dataclass(frozen=True)
class _Scaling:
    """A way to scale: what it measures of a column, and the shift and spread that follow."""

    measures: tuple[str, ...]
    of: Callable[[dict[str, float]], tuple[float, float]]
    least: float = 10 * EPSILON  # a smaller spread is none, as scikit-learn has it


def _standard(found: dict[str, float]) -> tuple[float, float]:
    """Mean and deviation; a deviation that rounding alone explains is none (as scikit-learn's)."""
    count, mean, variance = found["count"], found["mean"], found["variance"]
    rounding = count * EPSILON
    share = rounding * mean
    is_constant = variance < math.inf and variance <= rounding * variance + share * share
    return (found["min"], 0.0) if is_constant else (mean, math.sqrt(variance))


_SCALINGS: Mapping[str, _Scaling] = {
    "standard": _Scaling(("count", "mean", "variance", "min"), _standard, 1e-300),
    "min_max": _Scaling(("min", "max"), lambda x: (x["min"], x["max"] - x["min"])),
    "max_abs": _Scaling(("min", "max"), lambda x: (0.0, max(-x["min"], x["max"]))),
    "robust": _Scaling(("q1", "median", "q3"), lambda x: (x["median"], x["q3"] - x["q1"])),
}


def standardise(
    *,
    table: pl.LazyFrame,
    transform: Transform | None = None,
    columns: list[str] | None = None,
    suffix: str = "",
) -> dict[str, Any]:
    """Each column less its mean, by its standard deviation (of the population)."""
    learned = _scales(table, columns or [], _SCALINGS["standard"])
    return outcome(table, transform, Fitted("scale", {"columns": learned, "suffix": suffix}))


def normalise(
    *,
    table: pl.LazyFrame,
    transform: Transform | None = None,
    columns: list[str] | None = None,
    method: str = "min_max",
    low: float = 0.0,
    high: float = 1.0,
    suffix: str = "",
) -> dict[str, Any]:
    """Each column between `low` and `high`, or by its greatest size, or by its quartiles."""
    learned = _scales(table, columns or [], _SCALINGS[method])
    if method == "min_max":
        if low >= high:
            raise StepError(f"low must be below high, and {low} is not below {high}")
        for scale in learned.values():
            scale["factor"] /= high - low
            scale["shift"] -= low * scale["factor"]
    return outcome(table, transform, Fitted("scale", {"columns": learned, "suffix": suffix}))


def _scales(
    table: pl.LazyFrame, columns: list[str], scaling: _Scaling
) -> dict[str, dict[str, float]]:
    """Each column's shift and factor; StepError if one holds what is not finite."""
    names = tables.chosen(table, columns, ("number", "bool"))
    if not names:
        raise StepError("no column holds numbers: nothing to scale")
    found = table.select(
        _MEASURES[measure](col(name).cast(pl.Float64).fill_nan(None)).alias(f"{measure}:{name}")
        for name in names
        for measure in scaling.measures
    ).collect(engine="streaming")
    learned = {}
    for name in names:
        measured = {each: found.get_column(f"{each}:{name}")[0] for each in scaling.measures}
        if None in measured.values():
            learned[name] = {"shift": 0.0, "factor": 1.0}
            continue
        shift, spread = scaling.of(measured)
        if not (math.isfinite(shift) and math.isfinite(spread)):
            raise StepError(f"column '{name}' holds infinite or too large values: filter them")
        learned[name] = {"shift": shift, "factor": spread if spread > scaling.least else 1.0}
    return learned


@dataclass(frozen=True)
class _Filling:
    """A way to find a column's filling: the kinds of columns, and the value of the known ones."""

    kinds: tuple[str, ...]
    of: Callable[[pl.Expr], pl.Expr]
    is_float: bool = False


_FILLINGS: Mapping[str, _Filling] = {
    "mean": _Filling(("number",), lambda x: x.cast(pl.Float64).mean(), is_float=True),
    "median": _Filling(("number",), lambda x: x.cast(pl.Float64).median(), is_float=True),
    "min": _Filling(("number", "time"), lambda x: x.min()),
    "max": _Filling(("number", "time"), lambda x: x.max()),
    "most_frequent": _Filling(KINDS, lambda x: x.drop_nulls().mode().min()),
}


def impute(
    *,
    table: pl.LazyFrame,
    transform: Transform | None = None,
    columns: list[str] | None = None,
    strategy: str = "mean",
    value: str = "",
    indicator: bool = False,
) -> dict[str, Any]:
    """Missing values filled with what the column's others say, or with a constant."""
    if strategy == "constant":
        learned = _constants(table, columns or [], value)
    else:
        learned = _fillings(table, columns or [], _FILLINGS[strategy])
    if not learned:
        raise StepError(f"no column is of a kind that '{strategy}' can fill: name some")
    state = {"columns": learned, "indicator": indicator}
    return outcome(table, transform, Fitted("impute", state))


def _fillings(
    table: pl.LazyFrame, columns: list[str], filling: _Filling
) -> dict[str, dict[str, Any]]:
    names = tables.chosen(table, columns, filling.kinds)
    schema = table.collect_schema()
    types = {
        name: pl.Float64() if filling.is_float and not schema[name].is_float() else schema[name]
        for name in names
    }
    found = table.select(
        _told(filling.of(_plain(name, schema[name])), types[name]).alias(name) for name in names
    ).collect(engine="streaming")
    learned = {}
    for name in names:
        value = found.get_column(name)[0]
        if isinstance(value, float) and not math.isfinite(value):
            raise StepError(f"column '{name}' holds infinite values: replace or filter them")
        learned[name] = _filled(name, types[name], value)
    return learned


def _plain(name: str, dtype: pl.DataType) -> pl.Expr:
    """The column without NaN, its categories as text."""
    if dtype.is_float():
        return col(name).fill_nan(None)
    return col(name).cast(pl.String) if dtype in (pl.Categorical, pl.Enum) else col(name)


def _told(value: pl.Expr, dtype: pl.DataType) -> pl.Expr:
    """A value as JSON has it: a time by its number, a decimal by its text."""
    if dtype.is_temporal():
        return value.to_physical()
    return value.cast(pl.String) if dtype.is_decimal() else value


def _filled(name: str, dtype: pl.DataType, value: Any) -> dict[str, Any]:
    kind = next((kind for kind in KINDS if tables.KINDS[kind](dtype)), "")
    if not kind:
        raise StepError(f"column '{name}' is {dtype}, which cannot be filled: leave it out")
    # an Enum's categories are those of the data it is applied to
    told = pl.String() if kind == "text" else dtype
    return {"value": value, "type": str(told), "kind": kind}


def _constants(table: pl.LazyFrame, columns: list[str], value: str) -> dict[str, dict[str, Any]]:
    """The constant for each column, in its type; by default for columns of numbers if it is one."""
    kinds = KINDS if columns else ("number",) if _is_number(value) else ("text",)
    names = tables.chosen(table, columns, kinds)
    schema = table.collect_schema()
    return {
        name: _filled(name, schema[name], _constant(name, schema[name], value)) for name in names
    }


def _is_number(value: str) -> bool:
    try:
        return math.isfinite(float(value))
    except ValueError:
        return False


def _constant(name: str, dtype: pl.DataType, value: str) -> Any:
    made = _parsed(dtype, value)
    if made is None:
        raise StepError(f"'{value}' is no value for column '{name}', which is {dtype}")
    return made


def _parsed(dtype: pl.DataType, value: str) -> Any:
    """The text as a value of that type, as `_told` tells it; None if it is none."""
    if dtype == pl.Boolean:
        return {"true": True, "false": False}.get(value.lower())
    if isinstance(dtype, pl.Enum):
        return value if value in dtype.categories else None
    if tables.KINDS["text"](dtype):
        return value
    if dtype.is_numeric():
        return _number(dtype, value)
    return _moment(dtype, value)


def _number(dtype: pl.DataType, value: str) -> Any:
    if not _is_number(value):
        return None
    if dtype.is_integer() and Decimal(value) == Decimal(value).to_integral_value():
        value = str(int(Decimal(value)))
    made = pl.Series([value]).cast(dtype, strict=False)
    told: Any = made.cast(pl.String)[0] if dtype.is_decimal() else made[0]
    return told


def _moment(dtype: pl.DataType, value: str) -> int | None:
    """The number of a date or time; of an hour that a clock skips there is none."""
    readers: dict[Any, Any] = {pl.Date: date, pl.Time: time, pl.Datetime: datetime}
    reader = readers.get(dtype.base_type())
    if reader is None:
        return None
    try:
        made = pl.Series([reader.fromisoformat(value)])
    except ValueError:
        return None
    if isinstance(dtype, pl.Datetime):
        zone = dtype.time_zone
        if made.dtype.time_zone is None and zone:  # type: ignore[attr-defined]
            made = made.dt.replace_time_zone(zone, ambiguous="earliest", non_existent="null")
        made = made.dt.cast_time_unit(dtype.time_unit)
    number: int | None = made.to_physical()[0]
    return number


def clean_strings(
    *,
    table: pl.LazyFrame,
    transform: Transform | None = None,
    columns: list[str] | None = None,
    case: str = "keep",
    trim: bool = True,
    blanks: bool = True,
    accents: bool = False,
    punctuation: bool = False,
    empty_is_missing: bool = False,
    suffix: str = "",
) -> dict[str, Any]:
    """Texts trimmed, in one case, without accents or punctuation."""
    names = tables.chosen(table, columns or [], ("text",))
    if not names:
        raise StepError("no column holds text: nothing to clean")
    state = {
        "columns": names,
        "case": case,
        "trim": trim,
        "blanks": blanks,
        "accents": accents,
        "punctuation": punctuation,
        "empty_is_missing": empty_is_missing,
        "suffix": suffix,
    }
    return outcome(table, transform, Fitted("clean_strings", state))
