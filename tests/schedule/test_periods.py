"""When schedules are due: the table of changed clocks, and a year of days in three zones."""

from __future__ import annotations

import time as clocks
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import pytest

from millwork.schedule.periods import Due, due
from millwork.schedule.words import in_words
from millwork.spec.cron import read_cron
from millwork.spec.recurrence import LAST, Recurrence, times_between

if TYPE_CHECKING:
    from millwork.spec.recurrence import Clock

pytestmark = pytest.mark.quick

BERLIN, NEW_YORK, LORD_HOWE = map(
    ZoneInfo, ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe")
)
HOURS = times_between(time(0), time(23), timedelta(hours=1))
SPRING = {BERLIN: date(2025, 3, 30), NEW_YORK: date(2025, 3, 9), LORD_HOWE: date(2025, 10, 5)}
AUTUMN = {BERLIN: date(2025, 10, 26), NEW_YORK: date(2025, 11, 2), LORD_HOWE: date(2025, 4, 6)}


def shown(cycles: list[Due], zone: ZoneInfo) -> list[str]:
    return [
        f"{datetime.fromtimestamp(each.instant, zone):%H:%M}{'*' * each.fold}"
        f"{' dry' if each.is_dry else ''}"
        for each in cycles
    ]


def of(recurrence: Recurrence, zone: ZoneInfo, day: date) -> list[str]:
    return shown(due(recurrence, zone, day, day), zone)


@pytest.mark.parametrize(
    ("zone", "at", "clock", "spring", "autumn"),
    [
        (BERLIN, time(2, 30), "once", ["03:30"], ["02:30"]),
        (BERLIN, time(2, 30), "dataworks", ["03:30 dry"], ["02:30*"]),
        (NEW_YORK, time(2, 30), "once", ["03:30"], ["02:30"]),
        (NEW_YORK, time(1, 30), "once", ["01:30"], ["01:30"]),
        (NEW_YORK, time(1, 30), "dataworks", ["01:30"], ["01:30*"]),
        (LORD_HOWE, time(2, 15), "once", ["02:45"], ["02:15"]),
        (LORD_HOWE, time(1, 45), "once", ["01:45"], ["01:45"]),
        (LORD_HOWE, time(1, 45), "dataworks", ["01:45"], ["01:45*"]),
    ],
)
def test_work_of_a_day_is_done_once(
    zone: ZoneInfo, at: time, clock: Clock, spring: list[str], autumn: list[str]
) -> None:
    daily = Recurrence("day", (at,), clock=clock)
    assert of(daily, zone, SPRING[zone]) == spring
    assert of(daily, zone, AUTUMN[zone]) == autumn


@pytest.mark.parametrize(
    ("zone", "clock", "spring", "autumn"),
    [
        (BERLIN, "once", 23, 25), (BERLIN, "dataworks", 23, 24),
        (NEW_YORK, "once", 23, 25), (NEW_YORK, "dataworks", 23, 24),
        (LORD_HOWE, "once", 23, 24), (LORD_HOWE, "dataworks", 23, 24),
    ],
)  # fmt: skip
def test_work_of_hours_follows_the_clock(
    zone: ZoneInfo, clock: Clock, spring: int, autumn: int
) -> None:
    hourly = Recurrence("hour", HOURS, clock=clock)
    assert len(of(hourly, zone, SPRING[zone])) == spring
    assert len(of(hourly, zone, AUTUMN[zone])) == autumn


def test_the_hours_of_the_days_of_berlin() -> None:
    hourly = Recurrence("hour", HOURS)
    assert of(hourly, BERLIN, SPRING[BERLIN])[:4] == ["00:00", "01:00", "03:00", "04:00"]
    assert of(hourly, BERLIN, AUTUMN[BERLIN])[:5] == ["00:00", "01:00", "02:00", "02:00*", "03:00"]
    second = Recurrence("hour", HOURS, clock="dataworks")
    assert of(second, BERLIN, AUTUMN[BERLIN])[:4] == ["00:00", "01:00", "02:00*", "03:00"]


@pytest.mark.parametrize("zone", [BERLIN, NEW_YORK, LORD_HOWE], ids=str)
@pytest.mark.parametrize("clock", ["once", "dataworks"])
def test_a_year_of_days_has_one_cycle_each(
    zone: ZoneInfo, clock: Literal["once", "dataworks"]
) -> None:
    daily = Recurrence("day", (time(2, 15),), clock=clock)
    cycles = due(daily, zone, date(2025, 1, 1), date(2025, 12, 31))
    assert [each.day for each in cycles] == [
        date(2025, 1, 1) + timedelta(days=count) for count in range(365)
    ]
    instants = [each.instant for each in cycles]
    assert instants == sorted(set(instants))
    assert sum(each.is_dry for each in cycles) == (clock == "dataworks" and zone != BERLIN) + (
        clock == "dataworks" and zone == BERLIN
    )


def test_days_without_work_are_dry_runs() -> None:
    weekly = Recurrence("week", (time(6),), frozenset({1, 5}), off=frozenset({date(2026, 1, 5)}))
    cycles = due(weekly, BERLIN, date(2026, 1, 1), date(2026, 1, 12))
    assert [each.day.day for each in cycles if not each.is_dry] == [2, 9, 12]
    assert len(cycles) == 12
    monthly = Recurrence("month", (time(0),), frozenset({1, LAST}))
    cycles = due(monthly, BERLIN, date(2024, 2, 1), date(2024, 3, 31))
    assert [str(each.day) for each in cycles if not each.is_dry] == [
        "2024-02-01", "2024-02-29", "2024-03-01", "2024-03-31",
    ]  # fmt: skip
    yearly = Recurrence("year", (time(0),), frozenset({229}))
    cycles = due(yearly, BERLIN, date(2024, 1, 1), date(2025, 12, 31))
    assert [str(each.day) for each in cycles if not each.is_dry] == ["2024-02-29"]


def test_workdays_are_put_in_and_holidays_left_out_of_any_recurrence() -> None:
    for plain in (
        Recurrence("week", (time(6),), frozenset(range(1, 6))),
        read_cron("0 0 6 ? * MON-FRI"),
        read_cron("0 */6 * * 1-5"),
    ):
        off, also = frozenset({date(2026, 5, 1)}), frozenset({date(2026, 5, 2)})
        recurrence = replace(plain, off=off, also=also)
        cycles = due(recurrence, BERLIN, date(2026, 4, 30), date(2026, 5, 4))
        assert sorted({each.day.day for each in cycles if not each.is_dry}) == [2, 4, 30]
        assert len(cycles) == 5 * len(recurrence.at)


def test_recurrences_in_words() -> None:
    weekly = Recurrence("week", (time(6),), frozenset({1, 2, 3, 7}), first=date(2026, 1, 1))
    assert in_words(weekly, "UTC") == (
        "at 06:00 every Monday to Wednesday and Sunday, UTC, from 2026-01-01"
    )
    yearly = Recurrence("year", (time(6),), frozenset({229, 1231}), off=frozenset({date.max}))
    assert in_words(yearly, "Europe/Berlin") == (
        "at 06:00 on 29 February and 31 December of every year, Europe/Berlin, without 1 holiday"
    )
    monthly = Recurrence("month", (time(6),), frozenset({1, 15, LAST}), last=date(2026, 12, 31))
    assert in_words(monthly, "UTC") == (
        "at 06:00 on days 1 and 15 and the last day of every month, UTC, until 2026-12-31"
    )
    assert in_words(Recurrence("hour", HOURS), "UTC") == "every hour, UTC"
    assert in_words(None, "UTC") == "when it is asked for"


def test_nothing_is_due_outside_its_dates() -> None:
    daily = Recurrence("day", (time(0),), first=date(2026, 1, 3), last=date(2026, 1, 4))
    cycles = due(daily, BERLIN, date(2026, 1, 1), date(2026, 1, 31))
    assert [(each.day, each.bizdate) for each in cycles] == [
        (date(2026, 1, 3), date(2026, 1, 2)), (date(2026, 1, 4), date(2026, 1, 3)),
    ]  # fmt: skip
    assert due(Recurrence("day", (time(0),)), BERLIN, date.max, date.max)[0].day == date.max


def test_cycles_of_10000_schedules_and_30_days_take_seconds_of_cpu() -> None:
    zones = [ZoneInfo(name) for name in ("Europe/Berlin", "Asia/Shanghai", "America/New_York")]
    kinds = [
        Recurrence("day", (time(2, 30),)), Recurrence("week", (time(6),), frozenset({1})),
        Recurrence("month", (time(7),), frozenset({1, LAST})), Recurrence("day", (time(0),)),
        *[Recurrence("day", (time(4),))] * 5, Recurrence("hour", HOURS),
    ]  # fmt: skip
    began = clocks.process_time()
    count = sum(
        len(due(kinds[each % 10], zones[each % 3], date(2026, 3, 15), date(2026, 4, 13)))
        for each in range(10_000)
    )
    assert count > 9_000 * 30 + 1_000 * 719
    assert clocks.process_time() - began < 5
