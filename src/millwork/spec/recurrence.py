"""How often something recurs: its times of day, and its days."""

from __future__ import annotations

from calendar import SATURDAY, SUNDAY, monthrange
from datetime import date, time, timedelta
from itertools import pairwise
from typing import Literal, TypeAlias

from millwork.base.records import dataclass

Every: TypeAlias = Literal["minute", "hour", "day", "week", "month", "year"]
Clock: TypeAlias = Literal["once", "dataworks"]
EVERY: tuple[Every, ...] = ("minute", "hour", "day", "week", "month", "year")
LAST = -1
"""The last day of a month, however many it has; or the last such weekday of one."""


@dataclass(frozen=True)
class DayRule:
    """The days of a cron; what is empty leaves none out.

    `days` are 1 to 31, or from the month's end: LAST, LAST - 1, ... Of the days in `near` it is the
    nearest of Monday to Friday in the same month. `weekdays` are 1 to 7 (Monday first), each with
    which of the month's it is: 0 every one, 1 to 5, or LAST. Where days and weekdays are given both
    must hold, or `is_either` one of them.
    """

    years: frozenset[int] = frozenset()
    months: frozenset[int] = frozenset()
    days: frozenset[int] = frozenset()
    near: frozenset[int] = frozenset()
    weekdays: frozenset[tuple[int, int]] = frozenset()
    is_either: bool = False

    def holds(self, day: date) -> bool:
        """Whether that day is one of them."""
        if self.months and day.month not in self.months:
            return False
        if self.years and day.year not in self.years:
            return False
        if not self.weekdays:
            return not (self.days or self.near) or self._is_of_month(day)
        if not (self.days or self.near):
            return self._is_of_week(day)
        if self.is_either:
            return self._is_of_month(day) or self._is_of_week(day)
        return self._is_of_month(day) and self._is_of_week(day)

    def _is_of_month(self, day: date) -> bool:
        if day.day in self.days:
            return True
        length = _length(day)
        if day.day - length - 1 in self.days:
            return True
        wanted = (each if each > 0 else length + 1 + each for each in self.near)
        return any(_nearest(day, each, length) == day.day for each in wanted)

    def _is_of_week(self, day: date) -> bool:
        weekday = day.isoweekday()
        if (weekday, 0) in self.weekdays or (weekday, (day.day + 6) // 7) in self.weekdays:
            return True
        return (weekday, LAST) in self.weekdays and day.day + 7 > _length(day)


@dataclass(frozen=True)
class Recurrence:
    """How often, at which times of day, and on which days.

    `on` are weekdays 1 to 7 (Monday first) of `week`, days 1 to 31 or LAST of `month`, and months
    and days, 101 to 1231, of `year`; `rule` are the days of a `cron`, which is the text that it was
    read from. `off` are days without work: holidays, and the like; `also` are days with work that
    the others leave out.
    """

    every: Every
    at: tuple[time, ...]
    on: frozenset[int] = frozenset()
    off: frozenset[date] = frozenset()
    first: date = date.min
    last: date = date.max
    clock: Clock = "once"
    also: frozenset[date] = frozenset()
    rule: DayRule | None = None
    cron: str = ""

    @property
    def is_daily(self) -> bool:
        """Whether it is work of a day, or of more than one."""
        return self.every not in ("minute", "hour")

    def is_on(self, day: date) -> bool:
        """Whether there is work on that day; else its cycles are dry runs."""
        if day in self.also:
            return True
        if day in self.off:
            return False
        if self.rule is not None:
            return self.rule.holds(day)
        if self.every == "week":
            return day.isoweekday() in self.on
        if self.every == "month":
            return day.day in self.on or (LAST in self.on and day.day == _length(day))
        if self.every == "year":
            return day.month * 100 + day.day in self.on
        return True


def times_between(first: time, last: time, step: timedelta) -> tuple[time, ...]:
    """The times of day from `first` on, `step` apart, up to `last` and with it."""
    seconds = int(step.total_seconds())
    begin, end = seconds_of(first), seconds_of(last)
    return tuple(
        time(each // 3600, each // 60 % 60, each % 60) for each in range(begin, end + 1, seconds)
    )


def step_of(at: tuple[time, ...]) -> timedelta | None:
    """How far apart times of day are, if all are equally far; None for less than three."""
    seconds = [seconds_of(each) for each in at]
    steps = {after - before for before, after in pairwise(seconds)}
    return timedelta(seconds=steps.pop()) if len(at) > 2 and len(steps) == 1 else None


def seconds_of(at: time) -> int:
    """The seconds from midnight to a time of day, as a clock shows it."""
    return at.hour * 3600 + at.minute * 60 + at.second


def _length(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _nearest(month: date, wanted: int, length: int) -> int:
    """The day of Monday to Friday nearest to a day of the month, in that month; 0 for none."""
    if not 1 <= wanted <= length:
        return 0
    weekday = month.replace(day=wanted).weekday()
    if weekday == SATURDAY:
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == SUNDAY:
        return wanted + 1 if wanted < length else wanted - 2
    return wanted
