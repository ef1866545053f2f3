"""`millwork schedule eval` and `preview`."""

from __future__ import annotations

import json
import sys
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from itertools import islice
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from millwork.base.errors import BadRequest
from millwork.cli import tables
from millwork.schedule.periods import ahead, times_between
from millwork.spec.dates.calendar import settled
from millwork.spec.dates.language import Clocks, read
from millwork.spec.recurrence import LAST, Recurrence

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from millwork.schedule.periods import Due
    from millwork.spec.dates.language import Expression


_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MOST_CYCLES = 10_000
_MOST_STEPS = {"minute": 59, "hour": 23}


def run(options: Namespace) -> int:
    """Carries out one of the actions on schedules."""
    return _eval(options) if options.action == "eval" else _preview(options)


def _eval(options: Namespace) -> int:
    """Prints the value of an expression, as an instance of that time would have it."""
    time = _time(options.cyctime, _zone(options.tz), options.fold)
    bizdate = _date(options.bizdate) if options.bizdate else _day_before(time)
    value = read(options.expression).at(Clocks(bizdate, time))
    if options.json:
        shown = {"value": value, "bizdate": bizdate.isoformat(), "cyctime": time.isoformat()}
        sys.stdout.write(f"{json.dumps(shown)}\n")
        return 0
    sys.stdout.write(f"{value}\n")
    return 0


def _day_before(time: datetime) -> date:
    if time.date() == date.min:
        raise BadRequest("--bizdate: there is no day before the year 1")
    return time.date() - timedelta(days=1)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise BadRequest(f"--tz: there is no zone '{name}'; one is Europe/Berlin") from None


def _date(text: str, option: str = "--bizdate") -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadRequest(f"{option}: '{text}' is no date such as 2024-02-29") from None


def _time(text: str, zone: ZoneInfo, fold: int) -> datetime:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        raise BadRequest(f"--cyctime: '{text}' is no time such as 2024-02-29T06:00") from None
    if time.tzinfo is not None:
        raise BadRequest("--cyctime: a time of the zone, without an offset; --tz names the zone")
    try:
        return settled(time.replace(tzinfo=zone, fold=fold))
    except OverflowError:
        raise BadRequest(f"--cyctime: '{text}' leaves the years 1 to 9999") from None


def _preview(options: Namespace) -> int:
    """Prints the next cycles of a recurrence, with the values of expressions in each."""
    if not 1 <= options.n <= _MOST_CYCLES:
        raise BadRequest(f"-n: 1 to {_MOST_CYCLES:,}")
    zone = _zone(options.tz)
    expressions = [read(text) for text in options.expressions]
    first = _date(options.first, "--first") if options.first else datetime.now(zone).date()
    cycles = islice(ahead(_recurrence(options), zone, first), options.n)
    rows = [_row(cycle, zone, expressions) for cycle in cycles]
    if options.json:
        sys.stdout.write(f"{json.dumps(rows)}\n")
        return 0
    table = tables.table("scheduled time", "business date", "", *options.expressions)
    for row in rows:
        time = datetime.fromisoformat(row["cyctime"])
        note = "dry run" if row["is_dry"] else "again" if row["fold"] else ""
        table.add_row(f"{time:%a %Y-%m-%d %H:%M:%S %z}", row["bizdate"], note, *row["values"])
    tables.console().print(table)
    return 0


def _row(cycle: Due, zone: ZoneInfo, expressions: Sequence[Expression]) -> dict[str, Any]:
    time = datetime.fromtimestamp(cycle.instant, zone)
    clocks = Clocks(cycle.bizdate, time)
    return {
        "cyctime": time.isoformat(), "bizdate": cycle.bizdate.isoformat(), "fold": cycle.fold,
        "is_dry": cycle.is_dry, "values": [expression.at(clocks) for expression in expressions],
    }  # fmt: skip


def _recurrence(options: Namespace) -> Recurrence:
    every = options.every
    wanted = every in ("week", "month", "year")
    if wanted != bool(options.on):
        raise BadRequest(f"--on: on which days, of a {every}" if wanted else "--on: every day is")
    on = frozenset(_day(every, text) for text in options.on.split(",")) if wanted else frozenset()
    return Recurrence(every, _times(options), on, clock=options.clock)


def _times(options: Namespace) -> tuple[time_of_day, ...]:
    if options.every not in _MOST_STEPS:
        return tuple(sorted({_clock(text) for text in (options.at or "00:00").split(",")}))
    if options.at:
        raise BadRequest("--at: hours and minutes have --step")
    most = _MOST_STEPS[options.every]
    if not 1 <= options.step <= most:
        raise BadRequest(f"--step: 1 to {most}")
    step = timedelta(**{f"{options.every}s": options.step})
    return times_between(time_of_day(0), time_of_day(23, 59), step)


def _clock(text: str) -> time_of_day:
    try:
        found = time_of_day.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is not None or found.microsecond:
        raise BadRequest(f"--at: '{text}' is no time of day such as 02:30")
    return found


def _day(every: str, text: str) -> int:
    try:
        if every == "week":
            return _WEEKDAYS.index(text.lower()) + 1
        if every == "month":
            return LAST if text == "last" else _within(int(text), 1, 31)
        day = date.fromisoformat(f"2024-{text}")  # a leap year, for 29 February
        return day.month * 100 + day.day
    except ValueError:
        example = {"week": "monday,friday", "month": "1,15,last", "year": "02-29,12-31"}[every]
        raise BadRequest(f"--on: '{text}' is no day of a {every}; {example} are") from None


def _within(number: int, least: int, most: int) -> int:
    if not least <= number <= most:
        raise ValueError(number)
    return number
