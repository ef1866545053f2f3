"""A schedule whose versions lie in zones that are a day apart: no day is lost, none done twice."""

from __future__ import annotations

from collections import Counter
from itertools import permutations
from typing import TYPE_CHECKING

import pytest

from tests.scheduler.world import DAY, at, daily, with_version

if TYPE_CHECKING:
    from tests.scheduler.world import World

pytestmark = pytest.mark.long

ZONES = ("UTC", "Pacific/Kiritimati", "Etc/GMT+12", "America/New_York")
HOUR = DAY / 24


@pytest.mark.parametrize(("before", "after"), list(permutations(ZONES, 2)))
@pytest.mark.parametrize("instances", ["at_once", "ahead"])
def test_each_day_is_done_once_when_the_zone_changes_at_any_hour(
    world: World, before: str, after: str, instances: str
) -> None:
    begin = at("2026-03-02T00:30")
    for hour in range(0, 24, 3):
        name = f"load{hour}"
        first = daily(name, timezone=before, instances=instances, catch_up="all")
        then = with_version(first, "1.0.1", timezone=after)
        world.now = begin - 3 * DAY
        world.deploy(first)
        for step in range(24 * 3 + hour):
            world.now = begin - 3 * DAY + step * HOUR
            world.look()
            world.end_all()
        world.deploy(then)
        for _ in range(24 * 4):
            world.now += HOUR
            world.look()
            world.end_all()
        done = Counter(row.day for row in world.started if row.schedule == name)
        assert set(done.values()) == {1}, (hour, done)
        assert (max(done) - min(done)).days == len(done) - 1, (hour, done)
