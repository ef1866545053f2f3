"""Arithmetic of dates and times: days and months of the calendar, and time that has elapsed.

A time that a clock skips in spring is as far behind the gap as it was in it: 02:30 is 03:30
(reference/platform.md 1.2; PEP 495).
"""

from __future__ import annotations

from calendar import monthrange
from datetime import UTC, date, datetime, timedelta

_WEEK = 7
_LEAST_DAYS = 4  # of a year's first week, as ISO 8601 and DolphinScheduler have it


def settled(time: datetime) -> datetime:
    """The time that a clock shows for a civil time: the same, or one behind the gap."""
    if time.tzinfo is None:
        return time
    return time.astimezone(UTC).astimezone(time.tzinfo)


def by_seconds(time: datetime, seconds: int) -> datetime:
    """The time when so many seconds have elapsed."""
    elapsed = settled(time).astimezone(UTC) + timedelta(seconds=seconds)
    return elapsed.astimezone(time.tzinfo)


def by_days(time: datetime, days: int) -> datetime:
    """The same time of another day."""
    return settled(time + timedelta(days=days))


def by_months(time: datetime, months: int) -> datetime:
    """The same day of another month, or its last if it is shorter."""
    day = moved(time.date(), months, "month")
    return settled(time.replace(year=day.year, month=day.month, day=day.day))


def moved(day: date, amount: int, unit: str) -> date:
    """A date so many years, months or days later; clamped to the end of its month."""
    if unit == "day":
        return day + timedelta(days=amount)
    months = day.year * 12 + day.month - 1 + amount * (12 if unit == "year" else 1)
    year, month = divmod(months, 12)
    if not date.min.year <= year <= date.max.year:
        raise OverflowError(year)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def business_month(bizdate: date, today: date) -> str:
    """`$bizmonth`: the business date's month, or the one before it if that is today's."""
    is_this = (bizdate.year, bizdate.month) == (today.year, today.month)
    month = moved(bizdate, -1, "month") if is_this else bizdate
    return f"{month.year:04}{month.month:02}"


def month_first_day(time: datetime, months: int) -> datetime:
    """The first day of a month, so many months later."""
    return settled(by_months(time.replace(day=1), months))


def month_last_day(time: datetime, months: int) -> datetime:
    """The last day of a month, so many months later."""
    first = by_months(time.replace(day=1), months)
    return settled(first.replace(day=monthrange(first.year, first.month)[1]))


def week_first_day(time: datetime, weeks: int) -> datetime:
    """The Monday of a week, so many weeks later."""
    return by_days(time, weeks * _WEEK - time.weekday())


def week_last_day(time: datetime, weeks: int) -> datetime:
    """The Sunday of a week, so many weeks later."""
    return by_days(time, weeks * _WEEK + _WEEK - 1 - time.weekday())


def year_and_week(day: date, first: int) -> tuple[int, int]:
    """The year and number of the week; weeks begin on `first`, 1 (Monday) to 7 (Sunday).

    A year's first week has at least four of its days.
    """
    begins = day - timedelta(days=(day.isoweekday() - first) % _WEEK)
    year = (begins + timedelta(days=_LEAST_DAYS - 1)).year
    return year, ((begins - _first_week(year, first)).days // _WEEK) + 1


def _first_week(year: int, first: int) -> date:
    in_it = date(year, 1, _LEAST_DAYS)
    return in_it - timedelta(days=(in_it.isoweekday() - first) % _WEEK)
