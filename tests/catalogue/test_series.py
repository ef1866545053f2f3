"""Forecasts and parts are those of statsmodels, called directly on real series."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import polars as pl
import pytest
from statsmodels.datasets import co2, sunspots
from statsmodels.tsa.arima.model import ARIMA
from statsmodels.tsa.exponential_smoothing.ets import ETSModel
from statsmodels.tsa.seasonal import STL

from millwork.runtime.functions.series import (
    decompose_series,
    forecast_arima,
    forecast_ets,
    lag_columns,
)
from millwork.runtime.problems import StepError

SPOTS = sunspots.load_pandas().data["SUNACTIVITY"].to_numpy()[-121:]


def spots() -> pl.DataFrame:
    """Sunspots by year, the last year first."""
    years = [date(1888 + place, 1, 1) for place in range(len(SPOTS))]
    return pl.DataFrame({"year": years, "spots": SPOTS}).reverse()


def months() -> tuple[pl.DataFrame, Any]:
    """CO2 of 15 years by month, without gaps, and the values."""
    monthly = co2.load_pandas().data["co2"].resample("MS").mean().ffill()[-180:]
    table = pl.DataFrame({"month": list(monthly.index.date), "co2": monthly.to_numpy()})
    return table, monthly.to_numpy()


def ets_of(table: pl.DataFrame, **more: Any) -> dict[str, Any]:
    return forecast_ets(table=table.lazy(), **{"time": "year", "value": "spots", **more})


def model_of(found: dict[str, Any]) -> dict[str, Any]:
    """The line of the only series in the report."""
    models = found["report"].to_json()["sections"][-1]
    return dict(zip(models["columns"], models["rows"][0], strict=True))


def same(frame: pl.DataFrame, **columns: Any) -> None:
    for name, values in columns.items():
        assert np.array_equal(frame[name].to_numpy(), np.asarray(values), equal_nan=True), name


def test_ets_is_the_librarys() -> None:
    found = ets_of(spots(), trend="add", damped=True, horizon=6, confidence=0.9)
    series = pd.Series(SPOTS)
    direct = ETSModel(series, trend="add", damped_trend=True).fit(disp=False)
    told = direct.get_prediction(len(SPOTS), len(SPOTS) + 5).summary_frame(alpha=1 - 0.9)
    same(found["forecast"], forecast=told["mean"], low=told["pi_lower"], high=told["pi_upper"])
    assert found["forecast"]["year"].to_list() == [date(2009 + at, 1, 1) for at in range(6)]
    same(found["fitted"], spots=SPOTS, fitted=direct.fittedvalues)
    same(found["fitted"], residual=SPOTS - direct.fittedvalues.to_numpy())


def test_ets_with_a_season_that_is_multiplied() -> None:
    table, values = months()
    more: dict[str, Any] = {"time": "month", "value": "co2", "trend": "add", "seasonal": "mul"}
    found = ets_of(table, **more, period=12, seed=5)
    model = ETSModel(pd.Series(values), trend="add", seasonal="mul", seasonal_periods=12)
    ahead = model.fit(disp=False).get_prediction(180, 191, rng=np.random.default_rng(5))
    told = ahead.summary_frame(alpha=1 - 0.95)
    same(found["forecast"], forecast=told["mean"], low=told["pi_lower"], high=told["pi_upper"])
    assert found["forecast"]["month"][-1] == date(2002, 12, 1)


def test_arima_is_the_librarys() -> None:
    table, values = months()
    found = forecast_arima(
        table=table.lazy(), time="month", value="co2", order="0,1,1", seasonal_order="0,1,1",
        period=12, horizon=5,
    )  # fmt: skip
    direct = ARIMA(values, order=(0, 1, 1), seasonal_order=(0, 1, 1, 12)).fit()
    told = direct.get_forecast(5)
    low, high = told.conf_int(alpha=1 - 0.95).T
    same(found["forecast"], forecast=told.predicted_mean, low=low, high=high)
    assert found["fitted"]["fitted"][:13].null_count() == 13
    same(found["fitted"][13:], fitted=direct.fittedvalues[13:])


def test_arima_bridges_missing_values() -> None:
    gaps = [None if at in (3, 50) else float(value) for at, value in enumerate(SPOTS)]
    table = pl.LazyFrame({"year": range(len(gaps)), "spots": gaps})
    found = forecast_arima(table=table, time="year", value="spots", order="2,0,0", horizon=3)
    direct = ARIMA(np.array(gaps, dtype=float), order=(2, 0, 0)).fit()
    same(found["forecast"], forecast=direct.get_forecast(3).predicted_mean)
    assert found["fitted"]["residual"].null_count() == 2
    assert found["fitted"]["fitted"].null_count() == 0


def test_auto_takes_the_least_aic() -> None:
    table = spots().lazy()
    found = forecast_arima(
        table=table, time="year", value="spots", auto=True, max_difference=0, horizon=2
    )
    model = model_of(found)
    fits = {(p, q): ARIMA(SPOTS, order=(p, 0, q)).fit().aic for p in range(3) for q in range(3)}
    p, q = min(fits, key=lambda orders: fits[orders])
    assert model["model"] == f"ARIMA({p},0,{q})"
    assert model["AIC"] == fits[p, q]


def test_auto_differences_a_trend_and_a_season() -> None:
    table, _ = months()
    found = forecast_arima(
        table=table.lazy(), time="month", value="co2", period=12, auto=True, max_order=1,
        max_seasonal_order=0, horizon=12,
    )  # fmt: skip
    model = model_of(found)
    assert model["model"].endswith("(0,1,0)[12]")
    last = table["co2"][-12:].to_numpy()
    assert (abs(found["forecast"]["forecast"].to_numpy() - last) < 4).all()


def test_parts_are_those_of_stl() -> None:
    table, values = months()
    shuffled = table.with_columns(note=pl.lit("x")).sample(fraction=1, shuffle=True, seed=1)
    found = decompose_series(
        table=shuffled.lazy(), time="month", value="co2", period=12, robust=True
    )
    frame = found["table"].collect()
    assert frame.select(shuffled.columns).equals(shuffled)
    direct = STL(values, period=12, robust=True).fit()
    same(frame.sort("month"), trend=direct.trend, seasonal=direct.seasonal, residual=direct.resid)


def test_each_group_is_a_series_of_its_own() -> None:
    more = pl.concat(
        [
            spots().with_columns(kind=pl.lit("größe 日本").cast(pl.Categorical), n=1),
            spots().with_columns(pl.col("spots") * 2, kind=pl.lit("b").cast(pl.Categorical), n=2),
        ]
    )
    found = ets_of(more.sample(fraction=1, shuffle=True, seed=3), by=["kind", "n"], horizon=4)
    assert found["forecast"].columns == ["kind", "n", "year", "forecast", "low", "high"]
    alone = ets_of(spots(), horizon=4)["forecast"]
    first = found["forecast"].filter(pl.col("n") == 1)
    assert first.select(alone.columns).equals(alone)
    assert found["forecast"]["kind"].dtype == pl.Categorical
    titles = {each["title"] for each in found["report"].to_json()["sections"]}
    assert titles == {"größe 日本, 1", "b, 2", "Models"}


def every(step: str, start: date, count: int = 12) -> list[date]:
    return pl.date_range(start, interval=step, closed="left", end=start + timedelta(4000),
                         eager=True)[:count].to_list()  # fmt: skip


NEW_YEAR = datetime.fromisoformat("2024-01-01")
DAY, BERLIN = timedelta(days=1), ZoneInfo("Europe/Berlin")
SPRING = datetime(2024, 3, 25, tzinfo=BERLIN)  # the clocks change on the 31st


@pytest.mark.parametrize(
    ("times", "then"),
    [
        (list(range(1990, 2002)), 2002),
        ([at * 0.1 for at in range(12)], 1.2),
        (every("1w", date(2024, 1, 3)), date(2024, 3, 27)),
        (every("1q", date(2022, 1, 1)), date(2025, 1, 1)),
        (every("1y", date(2012, 2, 29), 1) + [date(at, 2, 28) for at in range(2013, 2024)], None),
        ([date(2023, 1, 31), date(2023, 2, 28), *every("1mo", date(2023, 4, 1), 10)], None),
        (pl.Series(every("1mo", date(2023, 2, 1))).dt.month_end().to_list(), date(2024, 2, 29)),
        (every("1d", date(2024, 3, 1)), date(2024, 3, 13)),
        ([d for d in every("1d", date(2024, 1, 1), 16) if d.weekday() < 5], date(2024, 1, 17)),
        ([NEW_YEAR + at * timedelta(minutes=7) for at in range(12)],
         NEW_YEAR + timedelta(minutes=84)),
        ([(SPRING.replace(tzinfo=None) + at * DAY).replace(tzinfo=BERLIN) for at in range(12)],
         datetime(2024, 4, 6, tzinfo=BERLIN)),
    ],
)  # fmt: skip
def test_times_go_on_as_they_came(times: list[Any], then: Any) -> None:
    table = pl.DataFrame({"t": times, "v": [float(at % 4) for at in range(12)]})
    ahead = {"time": "t", "value": "v", "horizon": 1}
    if then is None:
        with pytest.raises(StepError, match="not evenly spaced"):
            ets_of(table, **ahead)
        return
    (time,) = ets_of(table, **ahead)["forecast"]["t"]
    assert time == pytest.approx(then) if isinstance(then, float) else time == then


def test_every_second_of_a_nanosecond_clock() -> None:
    times = pl.Series(
        [NEW_YEAR + timedelta(seconds=at) for at in range(12)], dtype=pl.Datetime("ns")
    )
    table = pl.DataFrame({"t": times, "v": SPOTS[:12]})
    found = ets_of(table, time="t", value="v", horizon=2)["forecast"]
    assert found["t"].dtype == pl.Datetime("ns")
    assert found["t"][1] == NEW_YEAR + timedelta(seconds=13)


@pytest.mark.parametrize(
    ("change", "more", "told"),
    [
        ({"year": pl.lit(date(2000, 1, 1))}, {}, "is 2000-01-01 more than once"),
        ({"year": pl.lit(None, pl.Date)}, {}, "the time 'year' is missing in 121 rows"),
        ({"year": pl.lit("2000")}, {}, "column 'year' is String, and a date"),
        ({"year": pl.duration(days=pl.int_range(pl.len()))}, {}, "column 'year' is Duration"),
        ({"spots": pl.lit(None, pl.Float64)}, {}, "'spots' are missing in 121 rows"),
        ({"spots": pl.lit(float("inf"))}, {}, "'spots' holds infinite values"),
        ({"spots": pl.lit("many")}, {}, "column 'spots' is String"),
        ({}, {"value": "nowhere"}, "there is no column 'nowhere'"),
        ({}, {"value": "year"}, "column 'year' is Date"),
        ({}, {"by": ["year"]}, "'year' cannot make the groups too"),
        ({}, {"seasonal": "add"}, "seasonal needs a period"),
        ({}, {"seasonal": "add", "period": 100}, "121 rows are too few: this model needs 200"),
        ({"spots": pl.col("spots") - 50}, {"trend": "mul"}, "not all above 0"),
        ({}, {"damped": True}, "damped needs a trend"),
        ({"forecast": pl.col("year")}, {"time": "forecast"}, "'forecast' is called as one of"),
    ],
)
def test_what_is_no_series(change: dict[str, Any], more: dict[str, Any], told: str) -> None:
    with pytest.raises(StepError, match=told) as caught:
        ets_of(spots().with_columns(**change), **more)
    assert "\n" not in str(caught.value)


def test_a_year_that_is_missing_is_named() -> None:
    table = spots().filter(pl.col("year") != date(1950, 1, 1))
    with pytest.raises(StepError, match="from 1949-01-01 to 1951-01-01: fill or aggregate"):
        ets_of(table)


def test_too_few_values_and_orders_that_are_none() -> None:
    short: dict[str, Any] = {"table": spots().head(4).lazy(), "time": "year", "value": "spots"}
    with pytest.raises(StepError, match="4 values are too few: ARIMA\\(1,1,1\\) needs 6"):
        forecast_arima(**short)
    with pytest.raises(StepError, match="order is three whole numbers"):
        forecast_arima(**short, order="1,x")
    with pytest.raises(StepError, match="needs a period of 2 or more"):
        forecast_arima(**short, seasonal_order="1,0,0")
    with pytest.raises(StepError, match="two periods are needed, 24 rows"):
        decompose_series(**short, period=12)
    with pytest.raises(StepError, match="no ARIMA model fits"):
        forecast_arima(**{**short, "table": spots().head(1).lazy()}, auto=True)
    with pytest.raises(StepError, match="the table has no rows"):
        forecast_arima(**{**short, "table": spots().head(0).lazy()})


def test_lags_are_within_groups_in_the_order_of_time() -> None:
    table = pl.LazyFrame(
        {"k": ["a", "b", "a", "b", "a"], "t": [3, 1, 1, 2, 2], "v": [30, 1, 10, 2, 20]}
    )
    found = lag_columns(table=table, columns=["v"], lags="1,-1,1", time="t", by=["k"]).collect()
    assert found.columns == ["k", "t", "v", "v_lag_1", "v_lead_1"]
    assert found["v_lag_1"].to_list() == [20, None, None, 1, 10]
    assert found["v_lead_1"].to_list() == [None, 2, 20, None, 30]
    plain = lag_columns(table=table, lags="2").collect()
    assert plain["v_lag_2"].to_list() == [None, None, 30, 1, 10]
    assert plain.columns == ["k", "t", "v", "t_lag_2", "v_lag_2"]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"lags": "0"}, "other than 0"),
        ({"lags": "1;2"}, "whole numbers"),
        ({"columns": ["x"]}, "there is no column 'x'"),
        ({"columns": ["v"]}, "there is a column 'v_lag_1' already"),
        ({"by": ["v", "v_lag_1"]}, "no columns of numbers to shift"),
    ],
)
def test_lags_that_are_none(more: dict[str, Any], told: str) -> None:
    with pytest.raises(StepError, match=told):
        lag_columns(table=pl.LazyFrame({"v": [1], "v_lag_1": [2]}), **more)
