"""A recurrence in words: `every day at 02:30, Europe/Berlin`."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from millwork.spec.recurrence import LAST, seconds_of, step_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import time

    from millwork.spec.recurrence import DayRule, Recurrence

_WEEKDAYS = ("", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "", "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip
_NTH = {1: "first", 2: "second", 3: "third", 4: "fourth", 5: "fifth", LAST: "last"}
_HOUR, _DAY = 3600, 86_400
_MOST_SHOWN = 6


def in_words(recurrence: Recurrence | None, zone: str) -> str:
    """How often something recurs, in English, with the zone whose clock it goes by."""
    if recurrence is None:
        return "when it is asked for"
    said = f"{_times(recurrence)}{_days(recurrence)}, {zone}"
    if recurrence.first > date.min:
        said += f", from {recurrence.first}"
    if recurrence.last < date.max:
        said += f", until {recurrence.last}"
    if recurrence.off:
        said += f", without {_counted(recurrence.off, 'holiday')}"
    if recurrence.also:
        said += f", with {_counted(recurrence.also, 'more day')}"
    return said


def _counted(days: Collection[date], what: str) -> str:
    return f"{len(days)} {what}{'' if len(days) == 1 else 's'}"


def _times(recurrence: Recurrence) -> str:
    """The times of day, and how often if that is each day."""
    at = recurrence.at
    if recurrence.is_daily:
        is_each = recurrence.every == "day" and recurrence.rule is None
        return f"every day {_clocks(at)}" if is_each else _clocks(at)
    step = step_of(at)
    if step is None:
        return f"every day {_clocks(at)}"
    said = f"every {_length(step)}"
    is_whole_day = seconds_of(at[0]) == 0 and seconds_of(at[-1]) + step.seconds >= _DAY
    return said if is_whole_day else f"{said} from {_clock(at[0])} to {_clock(at[-1])}"


def _length(step: timedelta) -> str:
    seconds = int(step.total_seconds())
    count, unit = (seconds // _HOUR, "hour") if seconds % _HOUR == 0 else (seconds // 60, "minute")
    return unit if count == 1 else f"{count} {unit}s"


def _clocks(at: Sequence[time]) -> str:
    if len(at) > _MOST_SHOWN:
        return f"{len(at)} times from {_clock(at[0])} to {_clock(at[-1])}"
    return f"at {_listed([_clock(each) for each in at])}"


def _clock(at: time) -> str:
    return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"


def _days(recurrence: Recurrence) -> str:
    if recurrence.rule is not None:
        return _rule(recurrence.rule)
    if recurrence.every == "week":
        return f" every {_run(sorted(recurrence.on), _WEEKDAYS)}"
    if recurrence.every == "month":
        return f" on {_days_of_month(recurrence.on)} of every month"
    if recurrence.every == "year":
        days = [f"{day % 100} {_MONTHS[day // 100]}" for day in sorted(recurrence.on)]
        return f" on {_listed(days)} of every year"
    return ""


def _rule(rule: DayRule) -> str:
    month, week = _of_month(rule), _of_week(rule)
    if month and week:
        said = f" on {month}, {'and' if rule.is_either else 'if it is'} {week}"
    else:
        said = f" on {month or week}" if month or week else " every day"
    if rule.months:
        said += f" in {_run(sorted(rule.months), _MONTHS)}"
    elif month or any(nth for _, nth in rule.weekdays):
        said += ", in every month" if month and week else " of every month"
    if rule.years:
        said += f" of {_run(sorted(rule.years))}"
    return said


def _of_month(rule: DayRule) -> str:
    parts = [_days_of_month(rule.days)] if rule.days else []
    near = sorted(rule.near, key=lambda day: (day < 0, day))
    parts += [f"the day of Monday to Friday nearest to {_day_of_month(day)}" for day in near]
    return _listed(parts)


def _of_week(rule: DayRule) -> str:
    each = sorted(day for day, nth in rule.weekdays if nth == 0)
    parts = [_run(each, _WEEKDAYS)] if each else []
    for day, nth in sorted(rule.weekdays, key=lambda pair: (pair[1] == LAST, pair[1], pair[0])):
        if nth:
            parts.append(f"the {_NTH[nth]} {_WEEKDAYS[day]}")
    return _listed(parts)


def _days_of_month(days: Collection[int]) -> str:
    numbers = sorted(day for day in days if day > 0)
    parts = [f"day{'s' if len(numbers) > 1 else ''} {_run(numbers)}"] if numbers else []
    parts += [_day_of_month(day) for day in sorted(days) if day < 0]
    return _listed(parts)


def _day_of_month(day: int) -> str:
    if day > 0:
        return f"day {day}"
    before = LAST - day
    return "the last day" if before == 0 else f"the last day but {before}"


def _run(numbers: Sequence[int], words: Sequence[str] | None = None) -> str:
    """Numbers or their words; three or more in a row as `1 to 3`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    parts: list[str] = []
    for run in runs:
        shown = [words[each] if words else str(each) for each in run]
        parts += [f"{shown[0]} to {shown[-1]}"] if len(run) > 2 else shown
    if len(parts) > _MOST_SHOWN:
        return f"{', '.join(parts[:3])}, ... {parts[-1]}"
    return _listed(parts)


def _listed(parts: Sequence[str]) -> str:
    """`a, b and c`."""
    *most, last = parts or [""]
    return f"{', '.join(most)} and {last}" if most else last
