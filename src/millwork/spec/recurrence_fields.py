"""The fields of a schedule file that say how often: read into a recurrence, and written again."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from millwork.spec.cron import read_cron, weekday_doubt
from millwork.spec.fields import Choice, Field, ListOf, Number, Parsed, Raw, printable
from millwork.spec.recurrence import (
    EVERY,
    LAST,
    Recurrence,
    step_of,
    times_between,
)

if TYPE_CHECKING:
    from millwork.spec.fields import Reading
    from millwork.spec.recurrence import Every

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST_STEPS: Final = {"minute": 59, "hour": 23}
_MOST_TIMES = 1440
_DAY_END = time(23, 59)
_EXAMPLES = {"week": "monday, friday", "month": "1, 15, last", "year": "02-29, 12-31"}
_HAS = {
    "minute": ("at", "step", "from", "to"), "hour": ("at", "step", "from", "to"),
    "day": ("at",), "week": ("at", "on"), "month": ("at", "on"), "year": ("at", "on"),
}  # fmt: skip
_HOW = ("at", "step", "from", "to", "on")


def parse_time(text: str) -> time:
    """The time of day that a text is, to the second; ValueError for anything else."""
    if not re.fullmatch(r"[0-9]{2}:[0-9]{2}(:[0-9]{2})?", text):
        raise ValueError(f"'{text[:60]}' is no time of day such as 02:30")
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise ValueError(f"'{text}' is no time of day such as 02:30") from None


def parse_date(text: str) -> date:
    """The date that a text is; ValueError for anything else."""
    try:
        if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise ValueError(f"'{text[:60]}' is no date such as 2026-02-28")


def parse_day(every: Every, text: str) -> int:
    """A day of a week, month or year as a recurrence has it; ValueError for anything else."""
    try:
        if every == "week":
            return WEEKDAYS.index(text.lower()) + 1
        if every == "month":
            return LAST if text.lower() == "last" else _day_of_month(text)
        day = parse_date(f"2024-{text}")  # a leap year, for 29 February
        return day.month * 100 + day.day
    except ValueError:
        shown = f"'{text[:60]}' is no day of a {every}"
        raise ValueError(f"{shown}; {_EXAMPLES[every]} are") from None


def _day_of_month(text: str) -> int:
    number = int(text) if re.fullmatch("[0-9]{1,2}", text) else 0
    if not 1 <= number <= 31:
        raise ValueError(text)
    return number


_DATE = Parsed(label="date", parse=parse_date)
_TIME = Parsed(label="time of day", parse=parse_time)
_DATES = ListOf(_DATE)

FIELDS = (
    Field("every", Choice(EVERY), "How often; without it and `cron` nothing recurs"),
    Field("at", Raw("time of day, or list of them"), "When: `02:30`, `[02:30, 14:30]`",
          default="00:00"),
    Field("step", Number(1, 59), "Of hours and minutes: each so many", default="1"),
    Field("from", _TIME, "Of hours and minutes: the first", default="00:00"),
    Field("to", _TIME, "Of hours and minutes: up to then, and with it", default="23:59"),
    Field("on", Raw("day, or list of them"),
          "Which days: `[monday]` of a week, `[1, last]` of a month, `[02-29]` of a year"),
    Field("cron", Parsed(label="cron", parse=read_cron), "Instead of all these: `00 30 02 * * ?`"),
    Field("first", _DATE, "Nothing is due before that day"),
    Field("last", _DATE, "Nothing is due after that day"),
    Field("holidays", _DATES, "Days without work: their cycles are dry runs"),
    Field("workdays", _DATES, "Days with work that `on` or `cron` leaves out"),
    Field("clock", Choice(("once", "dataworks")), "What a changed clock does", default="once"),
)  # fmt: skip
"""A calendar in all but name: [what they mean](../../../docs/schedule-file.md)."""


def take_recurrence(given: dict[str, Any], reading: Reading) -> Recurrence | None:
    """The recurrence of what was read, whose fields are taken out of `given`; faults are noted."""
    said = {row.name: given.pop(row.name) for row in FIELDS if row.name in given}
    every: Every | None = said.get("every")
    cron: Recurrence | None = said.get("cron")
    if any(reading.is_broken((name,)) for name in ("every", "cron")):
        return None
    if every and cron:
        reading.fault(("cron",), "either 'every' or 'cron', not both")
    if every is None and cron is None:
        for name in said:
            reading.fault((name,), "nothing recurs without 'every' or 'cron'")
        return None
    has = _HAS[every] if every else ()
    for name in _HOW:
        if name in said and name not in has:
            whose = f"'every: {every}'" if every else "'cron'"
            reading.fault((name,), f"{whose} has no '{name}'")
    first, last = said.get("first", date.min), said.get("last", date.max)
    if last < first:
        reading.fault(("last",), f"{last} is before the first day, {first}")
    days = {
        "off": _dates("holidays", said, reading), "also": _dates("workdays", said, reading),
        "first": first, "last": last, "clock": said.get("clock", "once"),
    }  # fmt: skip
    if every is None:
        return _of_cron(cron, days, reading) if cron else None
    at, on = _at(every, said, reading), _on(every, said.get("on"), reading)
    return Recurrence(every, at, on, **days)


def _of_cron(cron: Recurrence, days: dict[str, Any], reading: Reading) -> Recurrence:
    if doubt := weekday_doubt(cron.cron):
        reading.fault(("cron",), doubt, "warning")
    return replace(cron, **days)


def _at(every: Every, said: dict[str, Any], reading: Reading) -> tuple[time, ...]:
    if every not in MOST_STEPS or "at" in said:
        for name in ("step", "from", "to"):
            if every in MOST_STEPS and name in said:
                reading.fault((name,), "either 'at', or a step from one time to another")
        return _times(said.get("at", "00:00"), reading)
    step, most = said.get("step", 1), MOST_STEPS[every]
    if step > most:
        reading.fault(("step",), f"{step} {every}s are no step within a day: 1 to {most}")
    first, last = said.get("from", time.min), said.get("to", _DAY_END)
    if last < first:
        reading.fault(("to",), f"{clock(last)} is before the first time, {clock(first)}")
    return times_between(first, last, timedelta(**{f"{every}s": step}))


def _times(given: str | tuple[str, ...], reading: Reading) -> tuple[time, ...]:
    found: dict[time, str] = {}
    for path, text in _each("at", given, reading):
        try:
            at = parse_time(text)
        except ValueError as error:
            reading.fault(path, printable(error))
            continue
        if at in found:
            reading.fault(path, f"{clock(at)} stands twice")
        found[at] = text
    if len(found) > _MOST_TIMES:
        reading.fault(("at",), f"at most {_MOST_TIMES:,} times a day")
    return tuple(sorted(found))


def _on(every: Every, given: str | tuple[str, ...] | None, reading: Reading) -> frozenset[int]:
    if "on" not in _HAS[every]:
        return frozenset()
    if given is None:
        reading.fault(("every",), f"'on' is missing: which days, such as {_EXAMPLES[every]}")
        return frozenset()
    found: set[int] = set()
    for path, text in _each("on", given, reading):
        try:
            day = parse_day(every, text)
        except ValueError as error:
            reading.fault(path, printable(error))
            continue
        if day in found:
            reading.fault(path, f"'{text}' stands twice")
        found.add(day)
    return frozenset(found)


def _each(
    name: str, given: str | tuple[str, ...], reading: Reading
) -> list[tuple[tuple[str | int, ...], str]]:
    """Each text of one or a list, with its path; none is a fault."""
    if isinstance(given, str):
        return [((name,), given)]
    if not given and (name,) not in reading.faulty():
        reading.fault((name,), "the list is empty")
    return [((name, index), text) for index, text in enumerate(given)]


def _dates(name: str, said: dict[str, Any], reading: Reading) -> frozenset[date]:
    given = said.get(name, ())
    found: set[date] = set()
    for index, day in enumerate(given):
        if day in found:
            reading.fault((name, index), f"{day} stands twice")
        if name == "workdays" and day in said.get("holidays", ()):
            reading.fault((name, index), f"{day} is a holiday too")
        found.add(day)
    return frozenset(found)


def written(recurrence: Recurrence) -> dict[str, Any]:
    """A recurrence as the fields above have it, in their order."""
    document: dict[str, Any] = {}
    if recurrence.cron:
        document["cron"] = recurrence.cron
    else:
        document |= {"every": recurrence.every, **_how(recurrence)}
    if recurrence.on:
        days = sorted(recurrence.on, key=lambda day: day % 10_000)  # LAST is last
        document["on"] = [_day(recurrence.every, day) for day in days]
    if recurrence.first > date.min:
        document["first"] = recurrence.first.isoformat()
    if recurrence.last < date.max:
        document["last"] = recurrence.last.isoformat()
    for name, days_of in (("holidays", recurrence.off), ("workdays", recurrence.also)):
        if days_of:
            document[name] = [day.isoformat() for day in sorted(days_of)]
    if recurrence.clock != "once":
        document["clock"] = recurrence.clock
    return document


def _how(recurrence: Recurrence) -> dict[str, Any]:
    every, at = recurrence.every, recurrence.at
    unit = timedelta(**{f"{every}s": 1}) if every in MOST_STEPS else None
    step = step_of(at)
    if unit and step and step % unit == timedelta() and step // unit <= MOST_STEPS[every]:
        said: dict[str, Any] = {"step": step // unit} if step > unit else {}
        if at == times_between(time.min, _DAY_END, step):
            return said
        return said | {"from": clock(at[0]), "to": clock(at[-1])}
    if every not in MOST_STEPS and at == (time.min,):
        return {}
    return {"at": clock(at[0]) if len(at) == 1 else [clock(each) for each in at]}


def _day(every: Every, day: int) -> str | int:
    if every == "week":
        return WEEKDAYS[day - 1]
    if every == "month":
        return "last" if day == LAST else day
    return f"{day // 100:02}-{day % 100:02}"


def clock(at: time) -> str:
    """A time of day as files have it: `02:30`, or `02:30:15` if it has seconds."""
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"
