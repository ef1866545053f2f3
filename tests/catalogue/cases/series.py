"""Tables that are series: evenly spaced times, and values without gaps."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from random import Random


def _times(count: int, random: Random) -> pl.Series:
    """Evenly spaced ones of some type."""
    n = pl.col("n")
    made = pl.DataFrame({"n": pl.Series(range(count), dtype=pl.Int64)}).select(
        n,
        n.cast(pl.UInt8).alias("small"),
        (n * 0.5 - 3).alias("float"),
        n.cast(pl.Float32).alias("single"),
        pl.lit(date(2024, 1, 31)).dt.offset_by(pl.format("{}mo", n)).alias("month"),
        (pl.lit(datetime.fromisoformat("2024-01-01")) + pl.duration(hours=n)).alias("hour"),
    )
    return made[random.choice(made.columns)]


def _series(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    kind = random.choice((pl.Float64, pl.Float32, pl.Int16))
    places = pl.Series("n", range(table.height), pl.Int64)
    values = ((places * 7919) % 13 + places + 1).cast(kind)
    made = table.with_columns(_times(table.height, random).alias("when"), values.alias("many"))
    made = made.with_columns(pl.lit(random.choice(("a", 1, True))).alias("kind"))
    by = random.choice(([], ["kind"]))
    return {"table": made, "time": "when", "value": "many", "by": by, "period": 4}


def _forecast(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    return {**_series(table, random), "horizon": 3, "damped": False}


def _arima(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    return {**_forecast(table, random), "auto": False}


def _lags(_table: pl.DataFrame, random: Random) -> dict[str, Any]:
    return {"lags": random.choice(("1", "2,-1", "1,1"))}


CASES = {
    "forecast_ets": _forecast,
    "forecast_arima": _arima,
    "decompose_series": _series,
    "lag_columns": _lags,
}
