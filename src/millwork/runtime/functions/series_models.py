"""The models of time series: exponential smoothing and ARIMA, by statsmodels."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..problems import StepError
from .learn import heeded

if TYPE_CHECKING:
    from .series_times import History

Array = NDArray[np.float64]

_STRONG = 0.64  # a season that explains so much is differenced (Wang, Smith and Hyndman 2006)


@dataclass(frozen=True)
class Fit:
    """A model of one series: what it says of the rows it learned, and what comes after them."""

    name: str
    fitted: Array
    mean: Array
    low: Array
    high: Array
    figures: dict[str, float]


@dataclass(frozen=True)
class Orders:
    """The orders (p, d, q) and (P, D, Q) of an ARIMA model, and the rows of a season."""

    plain: tuple[int, int, int]
    seasonal: tuple[int, int, int] = (0, 0, 0)
    period: int = 0

    @classmethod
    def read(cls, order: str, seasonal: str, period: int | None) -> Orders:
        """Orders as people write them, `1,1,1`; StepError for what is none."""
        found = cls(_three("order", order), _three("seasonal_order", seasonal), period or 0)
        if any(found.seasonal) and found.period < 2:
            raise StepError(
                "seasonal_order needs a period of 2 or more: how many rows a season has"
            )
        return found

    @property
    def name(self) -> str:
        """As textbooks write it."""
        told = f"ARIMA{self.plain}".replace(" ", "")
        if not any(self.seasonal):
            return told
        return f"{told}{self.seasonal}".replace(" ", "") + f"[{self.period}]"

    @property
    def lost(self) -> int:
        """How many rows differencing takes."""
        return self.plain[1] + self.seasonal[1] * self.period

    def model(self, values: Array) -> Any:
        """The library's model of some values."""
        from statsmodels.tsa.arima.model import ARIMA

        is_seasonal = any(self.seasonal)
        seasonal = (*self.seasonal, self.period) if is_seasonal else (0, 0, 0, 0)
        return ARIMA(values, order=self.plain, seasonal_order=seasonal)


def ets(
    history: History,
    parts: dict[str, str],
    damped: bool,
    period: int | None,
    horizon: int,
    confidence: float,
    seed: int,
) -> Fit:
    """Exponential smoothing; its intervals are exact where all parts are added, else simulated."""
    import pandas as pd
    from statsmodels.tsa.exponential_smoothing.ets import ETSModel

    values, is_seasonal = history.values, parts["seasonal"] != "none"
    season = (period or 0) if is_seasonal else 0
    least = max(10, 2 * season, 10 + 2 * (season // 2) if season else 0)
    if len(values) < least:
        raise StepError(
            f"{len(values)} rows{history.of} are too few: this model needs {least} or more"
        )
    if "mul" in parts.values() and (values <= 0).any():
        raise StepError(f"the values{history.of} are not all above 0: what is multiplied must be")
    chosen = {name: None if how == "none" else how for name, how in parts.items()}
    model = ETSModel(
        pd.Series(values), **chosen, damped_trend=damped, seasonal_periods=season or None
    )

    def learned() -> tuple[Any, Any]:
        found = model.fit(disp=False)
        chance, last = np.random.default_rng(seed), len(values) + horizon - 1
        ahead = found.get_prediction(len(values), last, rng=chance)
        return found, ahead.summary_frame(alpha=1 - confidence)

    found, told = heeded("ETS", learned)
    mean, low, high = (told[name].to_numpy() for name in ("mean", "pi_lower", "pi_upper"))
    fitted = found.fittedvalues.to_numpy()
    name = f"ETS({model.short_name})"
    return Fit(name, fitted, mean, low, high, _figures(found, values - fitted))


def arima(
    history: History,
    given: Orders,
    bounds: tuple[int, int, int, int] | None,
    horizon: int,
    confidence: float,
) -> Fit:
    """An ARIMA model of the given orders, or of the best within bounds; missing values are none."""
    values = history.values
    orders = _searched(history, given.period, *bounds) if bounds else given
    _enough(history, orders)
    found = heeded(orders.name, lambda: orders.model(values).fit())
    ahead = found.get_forecast(horizon)
    low, high = ahead.conf_int(alpha=1 - confidence).T
    fitted = found.fittedvalues.copy()
    fitted[: orders.lost] = np.nan  # nothing comes before them
    return Fit(
        orders.name, fitted, ahead.predicted_mean, low, high, _figures(found, values - fitted)
    )


def _figures(found: Any, residuals: Array) -> dict[str, float]:
    rest = residuals[~np.isnan(residuals)]
    error = float(np.sqrt(np.mean(rest**2))) if len(rest) else float("nan")
    return {"AIC": float(found.aic), "BIC": float(found.bic), "RMSE": error}


def _three(name: str, text: str) -> tuple[int, int, int]:
    words = [word.strip() for word in text.split(",")]
    if len(words) != 3 or not all(word.isdecimal() and int(word) <= 36 for word in words):
        raise StepError(f"{name} is three whole numbers from 0 to 36 with commas, such as 1,1,1")
    first, second, third = (int(word) for word in words)
    return first, second, third


def _enough(history: History, orders: Orders) -> None:
    """StepError if there are not more values than the model has unknowns."""
    known = int((~np.isnan(history.values)).sum())
    p, _, q = orders.plain
    unknown = p + q + orders.seasonal[0] + orders.seasonal[2] + 2
    season = orders.period * max(orders.seasonal[0], orders.seasonal[2])
    least = orders.lost + max(unknown, season) + 1
    if known < least:
        raise StepError(
            f"{known} values{history.of} are too few: {orders.name} needs {least} or more"
        )


def _searched(
    history: History, period: int, most: int, seasonal: int, difference: int, seasonally: int
) -> Orders:
    """The orders of the least AIC; differences by KPSS tests, and by the season's strength."""
    values = _filled(history.values)
    has_season = period >= 2 and len(values) >= 2 * period
    big_d = int(has_season and seasonally > 0 and _strength(values, period) > _STRONG)
    rest = values[period:] - values[:-period] if big_d else values
    d = _differences(rest, difference)
    seasons = range(seasonal + 1) if has_season else range(1)
    best, least = None, np.inf
    for p, q, big_p, big_q in product(range(most + 1), range(most + 1), seasons, seasons):
        orders = Orders((p, d, q), (big_p, big_d, big_q), period if has_season else 0)
        found = _aic(orders, history)
        if found < least:
            best, least = orders, found
    if best is None:
        raise StepError(f"no ARIMA model fits the {len(values)} rows{history.of}")
    return best


def _aic(orders: Orders, history: History) -> float:
    """Infinite for orders that do not fit."""
    try:
        _enough(history, orders)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the one that is chosen is fitted aloud
            found = float(orders.model(history.values).fit().aic)
    except (StepError, ValueError, np.linalg.LinAlgError):
        return float("inf")
    return found if np.isfinite(found) else float("inf")


def _filled(values: Array) -> Array:
    """Gaps filled on a straight line, for tests that take none."""
    places, known = np.arange(len(values)), ~np.isnan(values)
    return np.interp(places, places[known], values[known])


def _strength(values: Array, period: int) -> float:
    from statsmodels.tsa.seasonal import STL

    found = STL(values, period=period).fit()
    whole = np.var(found.resid + found.seasonal)
    return float(1 - np.var(found.resid) / whole) if whole > 0 else 0.0


def _differences(values: Array, most: int) -> int:
    """How often to difference until a KPSS test finds nothing against a steady level."""
    from statsmodels.tsa.stattools import kpss

    for count in range(most):
        if len(values) < 4 or np.ptp(values) == 0:
            return count
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # its table of p-values ends at 0.01 and 0.1
            if kpss(values, regression="c", nlags="auto")[1] >= 0.05:
                return count
        values = np.diff(values)
    return most
