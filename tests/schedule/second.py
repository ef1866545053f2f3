"""A second evaluator of scheduling parameters, written apart: strings and seconds, no shared code.

It knows only forms that `test_property` makes, and works on UTC seconds and civil tuples.
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

ORDER = ("yyyy", "yy", "mm", "dd", "hh24", "mi", "ss")


def shown(tokens: list[str], time: datetime) -> str:
    texts = {
        "yyyy": str(time.year).rjust(4, "0"), "yy": str(time.year).rjust(4, "0")[2:],
        "mm": str(time.month).rjust(2, "0"), "dd": str(time.day).rjust(2, "0"),
        "hh24": str(time.hour).rjust(2, "0"), "mi": str(time.minute).rjust(2, "0"),
        "ss": str(time.second).rjust(2, "0"),
    }  # fmt: skip
    return "".join(texts.get(token, token) for token in tokens)


def month_later(day: date, months: int) -> date:
    for _ in range(abs(months)):
        first = day.replace(day=1)
        last_of_before = first - timedelta(days=1)
        first_of_next = first + timedelta(days=monthrange(day.year, day.month)[1])
        day_of = first_of_next if months > 0 else last_of_before.replace(day=1)
        day = day_of.replace(day=day_of.day)
    return day


def clamped(year: int, month: int, day: int) -> date:
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


def business(bizdate: date, tokens: list[str], amount: int) -> str:
    units = [token for token in tokens if token in ORDER]
    if "dd" in units:
        moved = date.fromordinal(bizdate.toordinal() + amount)
    else:
        months = amount if "mm" in units else amount * 12
        first = month_later(bizdate.replace(day=1), months)
        moved = clamped(first.year, first.month, bizdate.day)
    return shown(tokens, datetime(moved.year, moved.month, moved.day, tzinfo=UTC))


def elapsed(time: datetime, seconds: int) -> datetime:
    return datetime.fromtimestamp(time.timestamp() + seconds, time.tzinfo)


def civil(time: datetime, zone: ZoneInfo) -> datetime:
    """The time with that civil date and clock, pushed out of a gap by the gap's length."""
    return datetime.fromtimestamp(time.replace(tzinfo=zone).timestamp(), zone)


def days_later(time: datetime, days: int, zone: ZoneInfo) -> datetime:
    naive = time.replace(tzinfo=None) + timedelta(days=days)
    return civil(naive.replace(fold=time.fold), zone)


def months_later(time: datetime, months: int, zone: ZoneInfo) -> datetime:
    first = month_later(time.date().replace(day=1), months)
    day = clamped(first.year, first.month, time.day)
    naive = datetime.combine(day, time.time().replace(tzinfo=None))
    return civil(naive.replace(fold=time.fold), zone)
