"""Schedules: how long it takes to know when they are due."""

from __future__ import annotations

import time
from datetime import date
from datetime import time as time_of_day
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from bench.rows import Row
from millwork.schedule.periods import due
from millwork.spec.cron import read_cron
from millwork.spec.recurrence import LAST, Recurrence

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEDULES = 10_000
FIRST, LAST_DAY = date(2026, 3, 15), date(2026, 4, 13)  # with Berlin's change of the clock
ZONES = ("Europe/Berlin", "Asia/Shanghai", "America/New_York")


def schedule(_folder: Path) -> Iterator[Row]:
    """What schedules cost."""
    yield enumeration()


def enumeration() -> Row:
    """Every cycle of 10,000 schedules in 30 days: half daily, the others of all kinds."""
    zones = [ZoneInfo(name) for name in ZONES]
    daily = [Recurrence("day", (time_of_day(hour, 30),)) for hour in range(5)]
    kinds = [
        *daily,
        Recurrence("week", (time_of_day(6),), frozenset({1, 5})),
        Recurrence("month", (time_of_day(7),), frozenset({1, LAST})),
        Recurrence("hour", tuple(map(time_of_day, range(24)))),
        read_cron("0 30 2 ? * MON-FRI"),
        read_cron("0 */30 8-17 LW * ?"),
    ]
    began = time.process_time()
    cycles = sum(
        len(due(kinds[each % len(kinds)], zones[each % len(zones)], FIRST, LAST_DAY))
        for each in range(SCHEDULES)
    )
    seconds = time.process_time() - began
    measured = f"{seconds:.1f} s for {cycles:,} cycles"
    return Row("10,000 schedules, the cycles of 30 days, CPU", measured, "5 s", seconds <= 5)
