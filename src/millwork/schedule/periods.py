"""When a schedule is due: its days, its times of day, and what a changed clock makes of them.

The rules are those of reference/platform.md 1.2 and 1.3. Work of a day happens once a day: at a
time that the clock skips it is done behind the gap, at one that it shows twice the first time. Work
of hours and minutes follows the clock: what is skipped is not due, what is shown twice is due
twice. With the clock of `dataworks` daily work in the gap is a dry run, and of two equal times the
second alone is due.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import islice, takewhile
from typing import TYPE_CHECKING, NamedTuple

from millwork.spec.dates.calendar import settled
from millwork.spec.recurrence import seconds_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from zoneinfo import ZoneInfo

    from millwork.spec.recurrence import Recurrence

_DAY = 86_400
_FAR = 8 * 366
"""How many days are looked at for work: from one 29 February to the next are eight years."""


class Due(NamedTuple):
    """One cycle: the civil day and time, which of the day's it is, and the instant in UTC seconds.

    `number` counts the day's times from 0; `fold` is 1 for the second showing of a time. A dry run
    succeeds at once and does nothing, so that what depends on it goes on.
    """

    day: date
    number: int
    fold: int
    instant: int
    is_dry: bool

    @property
    def bizdate(self) -> date:
        """The business date: the day before."""
        return self.day - timedelta(days=1)


def ahead(recurrence: Recurrence, zone: ZoneInfo, first: date) -> Iterator[Due]:
    """Every cycle from a day on, as they come; they may have no end."""
    for day in _days(recurrence, first):
        yield from _of_day(recurrence, zone, day)


def with_work(recurrence: Recurrence, zone: ZoneInfo, first: date) -> Iterator[Due]:
    """The cycles of the years from a day on that are no dry runs, as they come."""
    for day in islice(_days(recurrence, first), _FAR):
        if recurrence.is_on(day):
            yield from (each for each in _of_day(recurrence, zone, day) if not each.is_dry)


def _days(recurrence: Recurrence, first: date) -> Iterator[date]:
    day = max(first, recurrence.first)
    while day <= recurrence.last:
        yield day
        if day == date.max:
            return
        day += timedelta(days=1)


def due(recurrence: Recurrence, zone: ZoneInfo, first: date, last: date) -> list[Due]:
    """Every cycle of the days from `first` up to `last` and with it, as they come."""
    return list(takewhile(lambda each: each.day <= last, ahead(recurrence, zone, first)))


def _of_day(recurrence: Recurrence, zone: ZoneInfo, day: date) -> list[Due]:
    is_dry = not recurrence.is_on(day)
    midnight = _midnight(zone, day)
    if midnight is not None:
        return [
            Due(day, number, 0, midnight + seconds, is_dry)
            for number, seconds in enumerate(_offsets(recurrence.at))
        ]
    found = [
        Due(day, number, fold, instant, is_dry or is_gap)
        for number, at in enumerate(recurrence.at)
        for fold, instant, is_gap in _shown(recurrence, datetime.combine(day, at, zone))
    ]
    return sorted(found, key=lambda each: each.instant)


def _shown(recurrence: Recurrence, at: datetime) -> Iterator[tuple[int, int, bool]]:
    """Fold and instant of each time that it is due, on a day on which the clock is changed."""
    is_dataworks = recurrence.clock == "dataworks"
    if settled(at).replace(tzinfo=None) != at.replace(tzinfo=None):
        if recurrence.is_daily:
            yield 0, _instant(settled(at)), is_dataworks
        return
    again = at.replace(fold=1)
    if at.utcoffset() == again.utcoffset():
        yield 0, _instant(at), False
        return
    if is_dataworks:
        yield 1, _instant(again), False
        return
    yield 0, _instant(at), False
    if not recurrence.is_daily:
        yield 1, _instant(again), False


@lru_cache(maxsize=100_000)
def _midnight(zone: ZoneInfo, day: date) -> int | None:
    """The instant at which a day begins; None if its clock is changed before it ends."""
    begin = datetime.combine(day, time.min, zone)
    if day == date.max:
        return None
    end = datetime.combine(day + timedelta(days=1), time.min, zone)
    offsets = {each.replace(fold=fold).utcoffset() for each in (begin, end) for fold in (0, 1)}
    if len(offsets) > 1 or _instant(end) - _instant(begin) != _DAY:
        return None
    return _instant(begin)


@lru_cache
def _offsets(times: tuple[time, ...]) -> tuple[int, ...]:
    return tuple(map(seconds_of, times))


def _instant(at: datetime) -> int:
    return int(at.astimezone(UTC).timestamp())
