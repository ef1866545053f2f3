"""DataWorks' cron expressions as recurrences, and recurrences as them.

Its six fields are Spring's (help.aliyun.com, dataworks-cron-expression): weekdays are 1 to 7 from
Monday on, and 0 is Sunday too; `00 05 00 * * 2,5` is Tuesday and Friday (CreateFile of
dataworks-public-2020-05-18). Millwork's own six fields are Quartz', so weekdays go by name.
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.spec.cron import read_cron
from millwork.spec.recurrence import LAST, DayRule, Recurrence

if TYPE_CHECKING:
    from collections.abc import Iterable

WEEKDAYS = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
_FIELDS, _WEEKDAY = 6, 5
_SPAN = re.compile(r"(?P<all>\*)|(?P<first>[0-7])(?:-(?P<last>[0-7]))?")
_NTH = re.compile(r"([0-7])(#[1-5]|L)")
_LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def read(text: str, *, is_daily: bool = True) -> Recurrence:
    """The recurrence that DataWorks' cron is; with `is_daily` no, a list of times is work of hours.

    Raises BadRequest for what is no such cron.
    """
    words = text.split()
    if len(words) != _FIELDS:
        raise BadRequest(f"'{text[:60]}' is no cron of DataWorks, which has six fields: seconds, "
                         "minutes, hours, days, months, weekdays")  # fmt: skip
    ours = " ".join([*words[:_WEEKDAY], _by_name(words[_WEEKDAY].upper())])
    found = read_cron(ours)
    if not is_daily and found.every == "day":
        found = replace(found, every="hour")
    return _plain(found)


def _by_name(weekdays: str) -> str:
    return ",".join(name for term in weekdays.split(",") for name in _names(term))


def _names(term: str) -> Iterable[str]:
    """The names of the weekdays that a term of numbers stands for; any other term as it is."""
    if term in ("*", "?"):
        return [term]
    if term == "L":
        raise BadRequest("weekday: 'L' alone is not understood: 7 is Sunday")
    if nth := _NTH.fullmatch(term):
        return [WEEKDAYS[int(nth[1]) - 1] + nth[2]]
    span, slash, step = term.partition("/")
    found = _SPAN.fullmatch(span)
    if found is None or (slash and not re.fullmatch("[1-7]", step)):
        return [term]
    first = int(found["first"] or 1)
    last = int(found["last"] or (7 if slash or found["all"] else first))
    if last < first:
        raise BadRequest(f"weekday: {term} goes backwards")
    return [WEEKDAYS[number - 1] for number in range(first, last + 1, int(step or 1))]


def _plain(found: Recurrence) -> Recurrence:
    """The same without a cron's rule, where days of a week, month or year say it."""
    rule = found.rule
    if rule is None:
        return replace(found, cron="")
    if found.every != "day" or rule.near or rule.years or (rule.weekdays and rule.days):
        return found
    if rule.weekdays:
        if rule.months or any(nth for _, nth in rule.weekdays):
            return found
        on = frozenset(weekday for weekday, _ in rule.weekdays)
        return replace(found, every="week", on=on, rule=None, cron="")
    if not rule.months:
        said = rule.days <= {LAST, *range(1, 32)}
        return replace(found, every="month", on=rule.days, rule=None, cron="") if said else found
    if any(day < 0 for day in rule.days) or not rule.days:
        return found
    on = frozenset(month * 100 + day for month in rule.months for day in rule.days
                   if day <= _LONGEST_MONTH[month - 1])  # fmt: skip
    return replace(found, every="year", on=on, rule=None, cron="")


def write(recurrence: Recurrence) -> str | None:
    """The cron of a recurrence, without its first and last day; None where none says the same."""
    text = _written(recurrence)
    if text is None:
        return None
    try:
        again = read(text, is_daily=recurrence.is_daily)
    except BadRequest:
        return None
    same = (again.at, _days(again), again.is_daily)
    return text if same == (recurrence.at, _days(recurrence), recurrence.is_daily) else None


def _days(recurrence: Recurrence) -> object:
    """What decides on its days, alike for a cron's rule and for days of a week, month or year."""
    if recurrence.rule is not None:
        plain = _plain(recurrence)
        return plain.rule or (plain.every, plain.on)
    return (recurrence.every, recurrence.on) if recurrence.on else ()


def _written(recurrence: Recurrence) -> str | None:
    if {each.second for each in recurrence.at} != {0}:
        return None
    hours = sorted({each.hour for each in recurrence.at})
    minutes = sorted({each.minute for each in recurrence.at})
    if len(hours) * len(minutes) != len(recurrence.at):
        return None
    how_often = recurrence.every
    times = (
        _numbers(minutes, is_varied=how_often == "minute"),
        _numbers(hours, is_varied=not recurrence.is_daily),
    )
    days = _rule(recurrence.rule) if recurrence.rule else _on(recurrence)
    return None if days is None else " ".join(["00", *times, *days])


def _numbers(numbers: list[int], *, is_varied: bool) -> str:
    """Numbers as a list, or as a span with a step if they are one and it is work of such units."""
    steps = {after - before for before, after in pairwise(numbers)}
    if is_varied and len(numbers) == 1:
        return f"{numbers[0]:02}-{numbers[0]:02}/1"
    if len(steps) == 1 and is_varied:
        return f"{numbers[0]:02}-{numbers[-1]:02}/{steps.pop()}"
    return ",".join(f"{number:02}" for number in numbers)


def _on(recurrence: Recurrence) -> tuple[str, str, str] | None:
    every, on = recurrence.every, recurrence.on
    if every == "week":
        return "?", "*", ",".join(map(str, sorted(on)))
    if every == "month":
        return _days_of_month(on), "*", "?"
    if every == "year":
        months, days = sorted({each // 100 for each in on}), sorted({each % 100 for each in on})
        return ",".join(map(str, days)), ",".join(map(str, months)), "?"
    return "*", "*", "?"


def _rule(rule: DayRule) -> tuple[str, str, str] | None:
    if rule.near or rule.years or rule.is_either or any(day < LAST for day in rule.days):
        return None
    months = ",".join(map(str, sorted(rule.months))) or "*"
    if rule.weekdays:
        return _days_of_month(rule.days) or "?", months, ",".join(_nth(rule))
    return _days_of_month(rule.days) or "*", months, "?"


def _days_of_month(days: Iterable[int]) -> str:
    said = sorted(days, key=lambda day: (day < 0, day))
    return ",".join("L" if day == LAST else str(day) for day in said)


def _nth(rule: DayRule) -> Iterable[str]:
    for weekday, nth in sorted(rule.weekdays):
        yield f"{weekday}{'L' if nth == LAST else f'#{nth}' if nth else ''}"
