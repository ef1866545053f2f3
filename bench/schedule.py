"""Schedules: how long it takes to know when they are due."""

from __future__ import annotations

import os
import time
from datetime import date
from datetime import time as time_of_day
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from tests.api.cycles import built

from bench.cycles import with_schedulers
from bench.rows import Row
from millwork.app.compose import open_context
from millwork.schedule.periods import due
from millwork.spec.cron import read_cron
from millwork.spec.recurrence import LAST, Recurrence

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SCHEDULES = 10_000
FIRST, LAST_DAY = date(2026, 3, 15), date(2026, 4, 13)  # with Berlin's change of the clock
ZONES = ("Europe/Berlin", "Asia/Shanghai", "America/New_York")


def schedule(folder: Path) -> Iterator[Row]:
    """What schedules cost."""
    yield enumeration()
    yield from backfills(folder)
    yield from with_schedulers(folder / "cycles")


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


def backfills(folder: Path) -> Iterator[Row]:
    """A backfill of 10,000 dates is begun, and its instances are listed beside those of 100."""
    os.environ["MILLWORK_HOME"] = str(folder / "home")
    plant = built(open_context())
    plant.deploy("nightly")
    found, seconds = {}, 0.0
    for count, first, last in (
        (100, "2025-06-01", "2025-09-08"),
        (10_000, "1998-01-01", "2025-05-18"),
    ):
        began = time.process_time()
        made = plant.ask(
            "backfills.create", schedule="nightly", ranges=[{"first": first, "last": last}]
        )
        seconds = time.process_time() - began
        assert made["total"] == count
        found[count] = made["id"]
    yield Row("backfill of 10,000 dates created, CPU", f"{seconds:.1f} s", "5 s", seconds <= 5)
    for _ in range(2):
        plant.look()  # the first of each has begun: there are those of several statuses
    few, many = (_p95(lambda each=each: plant.ask("instances.list", origin=found[each]))
                 for each in (100, 10_000))  # fmt: skip
    measured = f"{many / few:.1f}x: {many:.1f} ms, of 100 {few:.1f} ms"
    yield Row("its list page against that of 100 dates, p95", measured, "3x", many <= 3 * few)
    own = _p95(lambda: plant.ask("backfills.show", backfill=found[10_000]))
    yield Row("its own page, p95", f"{own:.1f} ms", "5 ms", own <= 5)


def _p95(ask: Callable[[], Any]) -> float:
    """How long an answer takes, of 200 that are asked for, in ms."""
    taken = []
    for _ in range(200):
        began = time.perf_counter()
        ask()
        taken.append(1000 * (time.perf_counter() - began))
    return sorted(taken)[189]
