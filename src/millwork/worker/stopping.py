"""Which trials of a sweep are given up before their end, by AzureML's policies.

A trial reaches interval n when it has logged the primary metric n times.
"""

from __future__ import annotations

from statistics import mean, median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any, Mapping, Sequence


class Policy:
    """An early termination policy; `given` is its section, numbers as text, empty for none.

    Raises ValueError with what is wrong.
    """

    def __init__(self, given: Mapping[str, Any], goal: str) -> None:
        self.kind = str(given.get("type", ""))
        self._best = max if goal == "maximize" else min
        self._is_worse = _is_below if goal == "maximize" else _is_above
        self._sign = -1 if goal == "maximize" else 1
        self._factor = _number(given, "slack_factor", 0.0)
        self._amount = _number(given, "slack_amount", 0.0)
        self._every = max(1, int(_number(given, "evaluation_interval", 1)))
        self._delay = int(_number(given, "delay_evaluation", 0))
        if self.kind not in ("", "bandit", "median_stopping"):
            raise ValueError(f"there is no policy '{self.kind[:60]}'")
        if self.kind == "bandit" and self._factor <= 0 and self._amount <= 0:
            raise ValueError("a bandit needs slack_factor or slack_amount")

    def verdict(self, values: Sequence[float], others: Sequence[Sequence[float]]) -> str:
        """Why a trial that has logged `values` is given up now; empty if it goes on.

        `others` are the values of the other trials, whether they have ended or not.
        """
        interval = len(values)
        if not self.kind or interval % self._every or interval < max(1, self._delay):
            return ""
        reached = self._best(values)
        if self.kind == "median_stopping":
            means = [mean(other[:interval]) for other in others if len(other) >= interval]
            bound = median(means) if means else reached
            what = "the median of the others"
        else:
            compared = [self._best(other[:interval]) for other in others if other]
            best = self._best([*compared, reached])
            bound = best + self._sign * self._slack(best)
            what = f"what the best, {best:g}, allows"
        if not self._is_worse(reached, bound):
            return ""
        name = self.kind.replace("_", " ")
        return f"{name}: {reached:g} after {interval} intervals is worse than {what}, {bound:g}"

    def _slack(self, best: float) -> float:
        """How far behind the best a trial may be.

        A factor divides what is maximised and multiplies what is minimised; a best below zero
        turns that round, so that the bound is never better than the best.
        """
        if self._factor <= 0:
            return self._amount
        grows = (best > 0) == (self._sign > 0)
        share = self._factor if grows else self._factor / (1 + self._factor)
        return abs(best) * share


def _is_below(value: float, bound: float) -> bool:
    return value < bound


def _is_above(value: float, bound: float) -> bool:
    return value > bound


def _number(given: Mapping[str, Any], name: str, default: float) -> float:
    text = given.get(name)
    if text in (None, ""):
        return default
    try:
        return float(str(text))
    except ValueError:
        raise ValueError(f"{name} is not a number") from None
