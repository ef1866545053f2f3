"""A year of daily work in zones whose clocks change: once each civil day, at the time it shows."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

import pytest

from millwork.spec.recurrence import Recurrence
from tests.scheduler.world import World, at, daily

if TYPE_CHECKING:
    from pathlib import Path

FIRST, LAST = date(2026, 3, 2), date(2027, 3, 1)
HALF_DAY = 43_200.0
ZONES = {
    "Europe/Berlin": {date(2026, 3, 29): "skipped", date(2026, 10, 25): "twice"},
    "America/New_York": {date(2026, 3, 8): "skipped", date(2026, 11, 1): "twice"},
    "Australia/Lord_Howe": {date(2026, 10, 4): "skipped", date(2026, 4, 5): "twice"},
}
TIMES = {
    "Europe/Berlin": time(2, 30), "America/New_York": time(1, 30), "Australia/Lord_Howe": time(2)
}  # fmt: skip
"""When work is due: Berlin's is skipped and shown twice, New York's shown twice, and Lord Howe's
is the first instant of a gap of half an hour."""


def pass_a_year(world: World) -> None:
    """The scheduler looks when something is due and twice a day; each run ends at once."""
    end = at("2027-03-04T00:00")
    world.look()
    while world.now < end:
        then = world.records.next_due(world.now) or end
        world.now = min(then, world.now + HALF_DAY)
        world.look()
        world.end_all()
        world.look()


@pytest.mark.parametrize("clock", ["once", "dataworks"])
def test_each_civil_day_has_one_run(tmp_path: Path, clock: Literal["once", "dataworks"]) -> None:
    world = World(f"{tmp_path}/millwork.db", at("2026-03-01T12:00"))
    world.runs.database.execute("PRAGMA synchronous = OFF")  # a year here has no loss of power
    for zone in ZONES:
        for name, shown in (("night", TIMES[zone]), ("gap", _skipped(zone))):
            days = Recurrence("day", (shown,), first=FIRST, last=LAST, clock=clock)
            world.deploy(daily(f"{name}.{zone[:6]}", recurrence=days, timezone=zone))
    pass_a_year(world)
    for zone, changes in ZONES.items():
        for name, shown in (("night", TIMES[zone]), ("gap", _skipped(zone))):
            gaps = [day for day in changes if _is_skipped(zone, day, shown)]
            rows = world.instances(f"{name}.{zone[:6]}")
            assert [row.day for row in rows] == _days(), (zone, name)
            assert [row.day for row in rows if row.is_dry] == (gaps if clock == "dataworks" else [])
            _check_times(zone, shown, {row.day: row.instant for row in rows}, gaps)
            real = [row for row in rows if not row.is_dry]
            begun = [row for row in world.started if row.schedule == rows[0].schedule]
            assert [row.day for row in begun] == [row.day for row in real]
            assert all(row.began == row.instant for row in real)
            assert {(row.status, row.tries) for row in real} == {("succeeded", 1)}
    world.runs.close()


def _days() -> list[date]:
    return [FIRST + timedelta(days=each) for each in range((LAST - FIRST).days + 1)]


def _skipped(zone: str) -> time:
    """A time of day within the gap of the zone's clock."""
    return time(2, 15) if "Lord" in zone else time(2, 30)


def _is_skipped(zone: str, day: date, shown: time) -> bool:
    local = datetime.combine(day, shown, ZoneInfo(zone))
    return datetime.fromtimestamp(local.timestamp(), ZoneInfo(zone)).time() != shown


def _check_times(zone: str, shown: time, instants: dict[date, float], gaps: list[date]) -> None:
    """Each instant is shown as that time by the zone's clock, but for those in a gap."""
    for day, instant in instants.items():
        seen = datetime.fromtimestamp(instant, ZoneInfo(zone))
        assert seen.date() == day
        assert (seen.time() == shown) != (day in gaps)
