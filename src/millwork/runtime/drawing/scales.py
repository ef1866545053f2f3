"""From values to places: round ticks, and numbers as people read them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_FARTHEST = 1e300  # beyond, and below its inverse, steps cannot be computed
_HOUR, _DAY = 3600.0, 86400.0
_TIMES = (
    1.0,
    60.0,
    300.0,
    900.0,
    _HOUR,
    3 * _HOUR,
    6 * _HOUR,
    12 * _HOUR,
    _DAY,
    2 * _DAY,
    7 * _DAY,
)
_MONTHS = (1, 3, 6, 12, 24, 60, 120, 240, 600, 1200)


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` to places from `start` to `end`, with marks on the way."""

    low: float
    high: float
    start: float
    end: float
    ticks: tuple[tuple[float, str], ...] = ()

    def __call__(self, value: float) -> float:
        """The place of a value."""
        share = (value - self.low) / (self.high - self.low)
        return round(self.start + share * (self.end - self.start), 2)


def spread(values: Iterable[float | None], *also: float) -> tuple[float, float]:
    """The least and the greatest of what is there; 0 and 1 if nothing is."""
    known = [*(value for value in values if value is not None), *also]
    return (float(min(known)), float(max(known))) if known else (0.0, 1.0)


def linear(
    low: float, high: float, start: float, end: float, *, count: int = 5, is_tight: bool = False
) -> Scale:
    """A scale with about `count` round ticks; unless tight, it begins and ends at one."""
    low, high = max(low, -_FARTHEST), min(high, _FARTHEST)
    largest = max(abs(low), abs(high))
    if high - low <= max(largest * 1e-12, 1 / _FARTHEST):
        margin = largest * 0.1 if largest > 1 / _FARTHEST else 0.5
        low, high = low - margin, high + margin
    step = _step(high - low, count)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    marks = [number * step for number in range(first, last + 1)]
    if is_tight:
        slack = (high - low) * 1e-9
        marks = [mark for mark in marks if low - slack <= mark <= high + slack]
    else:
        low, high = marks[0], marks[-1]
    return Scale(low, high, start, end, tuple((mark, _tick(mark, step)) for mark in marks))


def timely(low: float, high: float, start: float, end: float, count: int = 6) -> Scale:
    """A scale of seconds since 1970 with ticks at hours, days, months or years."""
    if not high > low:
        low, high = low - _DAY / 2, high + _DAY / 2
    step = next((each for each in _TIMES if (high - low) / each <= count), None)
    if step:
        first = math.ceil(low / step)
        marks = [number * step for number in range(first, math.floor(high / step) + 1)]
        form = "%Y-%m-%d" if step >= _DAY else "%m-%d %H:%M" if high - low > _DAY else "%H:%M:%S"
    else:
        marks = _months(low, high, count)
        form = "%Y-%m"
    ticks = tuple((mark, f"{_moment(mark):{form}}") for mark in marks)
    return Scale(low, high, start, end, ticks)


def seconds(moment: str) -> float:
    """Seconds since 1970 of an ISO date or time; ValueError for another text."""
    found = datetime.fromisoformat(moment)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def shown(value: Any, digits: int = 4) -> str:
    """A value as people read it: so many digits that matter, thousands apart from 10,000 on."""
    if value is None:
        return "–"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if isinstance(value, int) or (value == int(value) and abs(value) < 1e15):
        return _apart(value, 0) if abs(value) < 1e15 else _short(value)
    if 1e-4 <= abs(value) < 1e6:
        places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
        return _without_zeros(_apart(value, places))
    return _short(value)


def _short(value: float) -> str:
    digits, _, power = f"{value:.3e}".partition("e")
    return f"{_without_zeros(digits)}e{int(power)}"


def _without_zeros(digits: str) -> str:
    return digits.rstrip("0").rstrip(".") if "." in digits else digits


def _step(extent: float, count: int) -> float:
    rough = extent / count
    size = 10.0 ** math.floor(math.log10(rough))
    return next(step * size for step in _STEPS if step * size >= rough * (1 - 1e-9))


def _tick(mark: float, step: float) -> str:
    if abs(mark) < step * 1e-6:
        return "0"
    if abs(mark) >= 1e6 or step < 1e-4:
        return _short(mark)
    digits = next(digits for digits in range(8) if math.isclose(round(step, digits), step))
    return _apart(mark, digits).replace("-", "−")


def _apart(value: float, places: int) -> str:
    return f"{value:,.{places}f}" if abs(value) >= 10_000 else f"{value:.{places}f}"


def _moment(mark: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=mark)


def _months(low: float, high: float, count: int) -> list[float]:
    extent = (high - low) / (30 * _DAY)
    each = next((months for months in _MONTHS if extent / months <= count), _MONTHS[-1])
    first, last = _moment(low), _moment(high)
    numbers = range(first.year * 12 + first.month - 1, last.year * 12 + last.month)
    marks = (
        datetime(number // 12, number % 12 + 1, 1, tzinfo=UTC).timestamp()
        for number in numbers
        if number % each == 0
    )
    return [mark for mark in marks if low <= mark <= high]
