"""Time series."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.catalogue.model import (
    REPORT_OUT,
    TABLE_OUT,
    TABLES,
    Declaration,
    Example,
    PaiName,
    choice,
    column,
    columns,
    flag,
    integer,
    number,
    seed,
    text,
)
from millwork.catalogue.rules import chosen, fresh
from millwork.catalogue.shapes import EVERY_KIND, FLOAT, UNKNOWN_TYPE, Columns

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.catalogue.rules import Given
    from millwork.catalogue.shapes import Shape

CATEGORY = "series"

_RESULTS = ("forecast", "low", "high", "fitted", "residual")
_PARTS = ("trend", "seasonal", "residual")
_FIELDS = {
    "time": column("When: a date, a time, or a number; evenly spaced"),
    "value": column("What is measured", dtype="number"),
    "by": columns("The columns that make a series each; the whole table is one if none is named"),
}
_AHEAD = {
    "horizon": integer("How many rows to look ahead", 12, 1, 100_000),
    "confidence": number("How likely the true value is between low and high", 0.95, 0.01, 0.999),
}
_PERIOD = "How many rows a season has, such as 12 of months"
_SPACED = (
    "Rows may be in any order. Times are evenly spaced by a fixed step, days, months, ends of "
    "months, or days from Monday to Friday; other steps and times that come twice are an error."
)
_OUTPUTS = {"forecast": TABLE_OUT, "fitted": TABLE_OUT, "report": REPORT_OUT}
_PASSENGERS = {"table": "air_passengers"}
_MONTHLY = {"time": "month", "value": "passengers"}
_PAI = {
    "seqColName": "time",
    "valueColName": "value",
    "groupColNames": "by",
    "predictStep": "horizon",
}


def _read(given: Given) -> dict[str, str]:
    """The columns of the keys and of the time; BadRequest for what is no series."""
    table, time, value = given.table(), given.get("time", ""), given.get("value", "")
    by = given.columns("by", EVERY_KIND)
    chosen(table, [value], ("number",))
    chosen(table, [time], ("number", "time"))
    if time == value or {time, value} & set(by):
        raise BadRequest("time, value and the columns of `by` are to be different columns")
    dtype = table.types.get(time, UNKNOWN_TYPE)
    if dtype == "Time" or dtype.startswith("Duration"):
        raise BadRequest(f"column '{time}' is {dtype}, and a date, a time or a number is needed")
    return {**table.of(by).types, time: FLOAT if dtype.startswith("Decimal") else dtype}


def _forecast(given: Given) -> Mapping[str, Shape]:
    known, value = _read(given), given.get("value", "")
    taken = {*known} & {*_RESULTS} | {value} & {"fitted", "residual"}
    if taken:
        raise BadRequest(f"column '{min(taken)}' is called as one of the results: rename it first")
    return {
        "forecast": Columns({**known, **dict.fromkeys(("forecast", "low", "high"), FLOAT)}),
        "fitted": Columns({**known, **dict.fromkeys((value, "fitted", "residual"), FLOAT)}),
        "report": None,
    }


def _decomposed(given: Given) -> Mapping[str, Shape]:
    _read(given)
    fresh(given.table(), _PARTS)
    return {"table": given.table().plus(dict.fromkeys(_PARTS, FLOAT)), "report": None}


def _lagged(given: Given) -> Mapping[str, Shape]:
    table, named = given.table(), given.names("columns")
    others = [*given.columns("by", EVERY_KIND), *given.columns("time", EVERY_KIND)]
    names = chosen(table, named, () if named else ("number",), others)
    if names is None:
        return {"table": table.open()}
    if not names:
        raise BadRequest("there are no columns of numbers to shift: name some")
    made = {
        f"{name}_{'lag' if lag > 0 else 'lead'}_{abs(lag)}": table.types.get(name, UNKNOWN_TYPE)
        for name in names
        for lag in _lags(given.get("lags", "1"))
    }
    fresh(table, made)
    return {"table": table.plus(made)}


def _lags(given: str) -> list[int]:
    try:
        found = [int(word) for word in given.split(",")]
    except ValueError:
        found = [0]
    if 0 in found:
        raise BadRequest("lags are whole numbers other than 0 with commas between, such as 1,7")
    return found


DECLARATIONS: tuple[Declaration, ...] = (
    Declaration(
        "forecast_ets",
        CATEGORY,
        "Exponential smoothing",
        "Continues time series by their level, trend and season (ETS, Holt-Winters).",
        "series.forecast_ets",
        _forecast,
        TABLES,
        _OUTPUTS,
        {
            **_FIELDS,
            **_AHEAD,
            "error": choice("Whether errors are added or multiplied", "add", "mul"),
            "trend": choice("How the trend goes in", "none", "add", "mul"),
            "damped": flag("Let the trend fade"),
            "seasonal": choice("How the season goes in", "none", "add", "mul"),
            "period": integer(_PERIOD, None, 2),
            "seed": seed(),
        },
        example=Example(
            _PASSENGERS, {**_MONTHLY, "trend": "add", "seasonal": "mul", "period": "12"}
        ),
        notes="A missing value is an error. It takes ten rows, and two seasons. What is multiplied "
        "must be above 0. The bounds are exact where all is added, and else of 1,000 simulations "
        f"from the seed. {_SPACED}",
    ),
    Declaration(
        "forecast_arima",
        CATEGORY,
        "ARIMA forecast",
        "Continues time series by an ARIMA model, with a season if they have one.",
        "series.forecast_arima",
        _forecast,
        TABLES,
        _OUTPUTS,
        {
            **_FIELDS,
            **_AHEAD,
            "order": text("p,d,q", "1,1,1"),
            "seasonal_order": text("P,D,Q of the season", "0,0,0"),
            "period": integer(_PERIOD, None, 2),
            "auto": flag("Search the orders instead: those of the least AIC"),
            "max_order": integer("Searching: the greatest p and q", 2, 0, 5),
            "max_seasonal_order": integer("Searching: the greatest P and Q", 1, 0, 2),
            "max_difference": integer("Searching: the greatest d", 2, 0, 2),
            "max_seasonal_difference": integer("Searching: the greatest D", 1, 0, 1),
        },
        pai=(
            PaiName(
                "x13_arima",
                {
                    **_PAI,
                    "order": "order",
                    "seasonal": "seasonal_order",
                    "period": "period",
                    "confidenceLevel": "confidence",
                },
                {"inputTableName": "table"},
                {"outputPredictTableName": "forecast"},
                fixed={"period": "12"},
            ),
            PaiName(
                "x13_auto_arima",
                {
                    **_PAI,
                    "frequency": "period",
                    "maxOrder": "max_order",
                    "maxSeasonalOrder": "max_seasonal_order",
                    "maxDiff": "max_difference",
                    "maxSeasonalDiff": "max_seasonal_difference",
                },
                {"inputTableName": "table"},
                {"outputPredictTableName": "forecast"},
                fixed={"auto": "true", "period": "12"},
            ),
        ),
        example=Example(
            _PASSENGERS,
            {**_MONTHLY, "order": "0,1,1", "seasonal_order": "0,1,1", "period": "12"},
        ),
        notes="Missing values are bridged. Rows that differencing takes have no fitted value. "
        "`auto` differences until a KPSS test is content, for the season if it is strong, and then "
        "fits every p, q, P and Q within the bounds: more of them take long. "
        f"{_SPACED}",
    ),
    Declaration(
        "decompose_series",
        CATEGORY,
        "Decompose series",
        "Parts time series into trend, season and the rest (STL).",
        "series.decompose_series",
        _decomposed,
        TABLES,
        {"table": TABLE_OUT, "report": REPORT_OUT},
        {
            **_FIELDS,
            "period": integer(_PERIOD, 12, 2),
            "seasonal": integer("How many seasons are smoothed together; odd", 7, 3),
            "robust": flag("Let outliers count less"),
        },
        example=Example(_PASSENGERS, {**_MONTHLY, "period": "12"}),
        notes="The three are added: together they are the value. A missing value is an error, as "
        f"are fewer rows than two periods. {_SPACED}",
    ),
    Declaration(
        "lag_columns",
        CATEGORY,
        "Lag columns",
        "Puts the values of rows before, or after, beside each row.",
        "series.lag_columns",
        _lagged,
        TABLES,
        {"table": TABLE_OUT},
        {
            "columns": columns("The columns to shift; all of numbers if none is named"),
            "lags": text("By how many rows, such as `1,7`; -1 is the row after", "1"),
            "time": column("The order of rows; as they come if it is not said", required=False),
            "by": columns("Only rows alike in these columns count"),
        },
        example=Example(_PASSENGERS, {"columns": "passengers", "lags": "1,12", "time": "month"}),
        notes="It counts rows, not time. Where there is no such row the value is missing. New "
        "columns are named COLUMN_lag_N or COLUMN_lead_N; rows keep their order.",
    ),
)
