"""How often something recurs: its times of day, and its days."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import TYPE_CHECKING, Literal, TypeAlias

from millwork.base.records import dataclass

if TYPE_CHECKING:
    from datetime import time

Every: TypeAlias = Literal["minute", "hour", "day", "week", "month", "year"]
Clock: TypeAlias = Literal["once", "dataworks"]
EVERY: tuple[Every, ...] = ("minute", "hour", "day", "week", "month", "year")
LAST = -1
"""The last day of a month, however many it has."""


@dataclass(frozen=True)
class Recurrence:
    """How often, at which times of day, and on which days.

    `on` are weekdays 1 to 7 (Monday first) of `week`, days 1 to 31 or LAST of `month`, and months
    and days, 101 to 1231, of `year`. `off` are days without work: holidays, and the like.
    """

    every: Every
    at: tuple[time, ...]
    on: frozenset[int] = frozenset()
    off: frozenset[date] = frozenset()
    first: date = date.min
    last: date = date.max
    clock: Clock = "once"

    @property
    def is_daily(self) -> bool:
        """Whether it is work of a day, or of more than one."""
        return self.every not in ("minute", "hour")

    def is_on(self, day: date) -> bool:
        """Whether there is work on that day; else its cycles are dry runs."""
        if day in self.off:
            return False
        if self.every == "week":
            return day.isoweekday() in self.on
        if self.every == "month":
            return day.day in self.on or (LAST in self.on and _is_last(day))
        if self.every == "year":
            return day.month * 100 + day.day in self.on
        return True


def _is_last(day: date) -> bool:
    return day.day == monthrange(day.year, day.month)[1]
