"""Why it is enough that collection keeps a week, and two days before whatever waits."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from functools import partial
from itertools import product
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from millwork.actions.gc_instances import LOOKS_BACK, first_kept
from millwork.ports.schedules import InstanceRow, Link, ScheduleRow
from millwork.schedule.needs import Known, needs_of
from millwork.schedule.periods import due
from millwork.spec.recurrence import Recurrence
from millwork.spec.schedule import CHILDREN, SELF, Dependency, Schedule

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = 86_400.0
RECURRENCES = {
    "days": Recurrence("day", (time(2), time(23, 30))),
    "hours": Recurrence("hour", tuple(time(hour) for hour in range(0, 24, 5))),
    "mondays": Recurrence("week", (time(0),), on=frozenset({0})),
}  # fmt: skip
ZONES = ("UTC", "Pacific/Kiritimati", "Etc/GMT+12", "America/New_York")


@pytest.mark.quick
@pytest.mark.parametrize("own", RECURRENCES)
@pytest.mark.parametrize("other", RECURRENCES)
def test_nothing_waits_for_what_is_further_back(own: str, other: str) -> None:
    backs = set()
    waits = [Dependency(SELF), Dependency(CHILDREN), Dependency("up"),
             Dependency("up", cycle="last")]  # fmt: skip
    for mine, theirs, is_self in product(ZONES, ZONES, (False, True)):
        row = ScheduleRow("default", "up", "1.0.0", "on", "o", 0.0, 0.0)
        said = Schedule("up", "1.0.0", "p", recurrence=RECURRENCES[other], timezone=theirs,
                        depends_on=(Dependency(SELF),) if is_self else ())  # fmt: skip
        up = Known(row, said)
        schedule = Schedule("own", "1.0.0", "p", recurrence=RECURRENCES[own], timezone=mine,
                            depends_on=tuple(waits))  # fmt: skip
        for instance in cycles(schedule, ZoneInfo(mine)):
            for need in needs_of(instance, schedule, partial(known_by, up), links):
                backs |= {(instance.day - cycle.day).days for cycle in need.cycles}
    assert min(backs) == 0
    assert max(backs) <= LOOKS_BACK


def known_by(up: Known, _: str, __: str) -> Known:
    return up


def links(_: str, __: str) -> list[Link]:
    return [Link("default", "up", "default", "own", "same")]


def cycles(schedule: Schedule, zone: ZoneInfo) -> Iterator[InstanceRow]:
    assert schedule.recurrence
    for cycle in due(schedule.recurrence, zone, date(2026, 3, 6), date(2026, 3, 10)):
        made = InstanceRow("i", "default", "own", "1.0.0", cycle.day, cycle.number, cycle.fold, "",
                           "recurring", float(cycle.instant))  # fmt: skip
        yield made
        yield replace(made, kind="triggered", instant=made.instant + 5e6)  # of a day that is chosen


@pytest.mark.quick
def test_the_first_day_that_stays() -> None:
    now = datetime(2026, 3, 31, 12, tzinfo=UTC).timestamp()
    assert first_kept(now, 20, None) == date(2026, 3, 11)
    assert first_kept(now, 0, None) == date(2026, 3, 24)
    assert first_kept(now, 0, now + 5 * DAY) == date(2026, 3, 24)
    assert first_kept(now, 10, now - 30 * DAY) == date(2026, 2, 22)  # a server that was off
    assert first_kept(now, 36_500, None) == date(1926, 4, 25)
