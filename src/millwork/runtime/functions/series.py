"""Time series: forecasts, their parts, and values of before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl

from .. import tables
from ..fitted.columns import col
from ..problems import StepError
from ..reports import Report
from .learn import heeded
from .series_models import Fit, Orders, arima, ets
from .series_times import KEYS, History, histories

_DRAWN = 6
_PARTS = ("trend", "seasonal", "residual")


def forecast_ets(
    *,
    table: pl.LazyFrame,
    time: str,
    value: str,
    by: list[str] | None = None,
    horizon: int = 12,
    confidence: float = 0.95,
    error: str = "add",
    trend: str = "none",
    damped: bool = False,
    seasonal: str = "none",
    period: int | None = None,
    seed: int = 0,
) -> dict[str, Any]:
    """Each series continued by exponential smoothing."""
    parts = {"error": error, "trend": trend, "seasonal": seasonal}
    if damped and trend == "none":
        raise StepError("damped needs a trend: choose add or mul")
    if seasonal != "none" and not period:
        raise StepError("seasonal needs a period: how many rows a season has, such as 12")

    def fit(history: History) -> Fit:
        return ets(history, parts, damped, period, horizon, confidence, seed)

    found = histories(table, time, value, by)
    return _forecasts(found, time, value, horizon, fit)


def forecast_arima(
    *,
    table: pl.LazyFrame,
    time: str,
    value: str,
    by: list[str] | None = None,
    horizon: int = 12,
    confidence: float = 0.95,
    order: str = "1,1,1",
    seasonal_order: str = "0,0,0",
    period: int | None = None,
    auto: bool = False,
    max_order: int = 2,
    max_seasonal_order: int = 1,
    max_difference: int = 2,
    max_seasonal_difference: int = 1,
) -> dict[str, Any]:
    """Each series continued by an ARIMA model, whose orders are given or searched."""
    given = Orders.read(order, seasonal_order, period)
    bounds = (max_order, max_seasonal_order, max_difference, max_seasonal_difference)

    def fit(history: History) -> Fit:
        return arima(history, given, bounds if auto else None, horizon, confidence)

    found = histories(table, time, value, by, accepts_missing=True)
    return _forecasts(found, time, value, horizon, fit)


def decompose_series(
    *,
    table: pl.LazyFrame,
    time: str,
    value: str,
    period: int,
    by: list[str] | None = None,
    seasonal: int = 7,
    robust: bool = False,
) -> dict[str, Any]:
    """The table with each value's trend, season and rest behind its columns."""
    from statsmodels.tsa.seasonal import STL

    tables.fresh(table, _PARTS)
    if seasonal % 2 == 0:
        raise StepError(f"seasonal is {seasonal}, and an odd number is needed")
    report, frames = Report(f"Parts of {value}"), []
    for history in histories(table, time, value, by):
        if len(history.values) < 2 * period:
            raise StepError(
                f"{len(history.values)} rows{history.of} are too few: two periods are needed, "
                f"{2 * period} rows"
            )
        made = STL(history.values, period=period, seasonal=seasonal, robust=robust)
        found = heeded("STL", made.fit)
        parts = dict(zip(_PARTS, (found.trend, found.seasonal, found.resid), strict=True))
        frames.append(pl.DataFrame({"place": history.places, **parts}))
        if len(report.sections) < _DRAWN:
            lines = [_line(name, history.times, each) for name, each in parts.items()]
            drawn = [_line(value, history.times, history.values), *lines]
            title = history.name or "The series and its parts"
            report.add("line", title, x_label=time, y_label=value, series=drawn)
    added = pl.concat(frames).sort("place").drop("place")
    return {"table": pl.concat([table, added.lazy()], how="horizontal"), "report": report}


def lag_columns(
    *,
    table: pl.LazyFrame,
    columns: list[str] | None = None,
    lags: str = "1",
    time: str | None = None,
    by: list[str] | None = None,
) -> pl.LazyFrame:
    """The table with the values of rows before, or after, behind its columns."""
    keys = tables.chosen(table, by, KEYS) if by else []
    order = tables.chosen(table, [time], KEYS) if time else []
    names = tables.chosen(table, columns or [], () if columns else ("number",), keys + order)
    if not names:
        raise StepError("there are no columns of numbers to shift: name some")
    made = {lag_name(name, lag): (name, lag) for name in names for lag in read_lags(lags)}
    tables.fresh(table, made)
    shifted = [
        _within(col(name).shift(lag), keys, order).alias(new) for new, (name, lag) in made.items()
    ]
    return table.with_columns(shifted)


def read_lags(text: str) -> list[int]:
    """The numbers in a text such as `1,2,-1`."""
    try:
        found = [int(word) for word in text.split(",")]
    except ValueError:
        found = [0]
    if 0 in found:
        raise StepError("lags are whole numbers other than 0 with commas between, such as 1,7")
    return list(dict.fromkeys(found))


def lag_name(name: str, lag: int) -> str:
    """What the column shifted by so many rows is called."""
    return f"{name}_lag_{lag}" if lag > 0 else f"{name}_lead_{-lag}"


def _within(shifted: pl.Expr, keys: list[str], order: list[str]) -> pl.Expr:
    """The shift in the order of a column and among rows of one group."""
    if not keys and not order:
        return shifted
    return shifted.over([col(k) for k in keys] or None, order_by=[col(o) for o in order] or None)


def _forecasts(
    found: list[History], time: str, value: str, horizon: int, fit: Callable[[History], Fit]
) -> dict[str, Any]:
    """The tables and the report of every series' forecast."""
    _distinct([*found[0].key.columns, time], value)
    forecasts, fits, rows = [], [], []
    report = Report(f"Forecast of {value}")
    for history in found:
        made, count = fit(history), len(history.times)
        if not all(np.isfinite(each).all() for each in (made.mean, made.low, made.high)):
            raise StepError(
                f"{made.name} does not fit '{value}'{history.of}: its forecast is no number; "
                "choose another model"
            )
        ahead = history.ahead(range(count, count + horizon))
        numbers = {"forecast": made.mean, "low": made.low, "high": made.high}
        forecasts.append(history.keyed({time: ahead, **numbers}))
        values = pl.Series(history.values).fill_nan(None)
        told = pl.Series(made.fitted).fill_nan(None)
        known = {time: history.times, value: values, "fitted": told, "residual": values - told}
        fits.append(history.keyed(known))
        rows.append({**_keyed(history), "model": made.name, "rows": count, **made.figures})
        if len(report.sections) < _DRAWN:
            title = history.name or "The series and its forecast"
            lines = [
                _line(value, history.times, history.values),
                _line("fitted", history.times, made.fitted),
                {**_line("forecast", ahead, made.mean), "low": made.low, "high": made.high},
            ]
            report.add("line", title, x_label=time, y_label=value, series=lines)
    report.table("Models", list(rows[0]), [list(row.values()) for row in rows])
    return {"forecast": pl.concat(forecasts), "fitted": pl.concat(fits), "report": report}


def _keyed(history: History) -> dict[str, str]:
    return {"series": history.name} if history.name else {}


def _distinct(names: list[str], value: str) -> None:
    """StepError for a column that is called as one of the new ones."""
    for name in names:
        if name in ("forecast", "low", "high", "fitted", "residual"):
            raise StepError(f"column '{name}' is called as one of the results: rename it first")
    if value in ("fitted", "residual"):
        raise StepError(f"column '{value}' is called as one of the results: rename it first")


def _line(name: str, times: pl.Series, values: Any) -> dict[str, Any]:
    """A line of a chart."""
    return {"name": name, "x": times.to_list(), "y": list(values)}
