"""The scheduler makes instances, starts them when all that they wait for is there, ends them."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import TYPE_CHECKING

import pytest

from millwork.base.errors import Forbidden, Unavailable
from millwork.ports.schedules import Change
from millwork.schedule.deciding import over
from millwork.spec.recurrence import Recurrence
from millwork.spec.schedule import CHILDREN, SELF, Alert, Dependency, Trigger
from tests.scheduler.world import DAY, World, at, daily, hourly, with_version

if TYPE_CHECKING:
    from millwork.ports.schedules import State


def test_instances_are_there_before_their_time_and_run_once(world: World) -> None:
    world.deploy(daily("load"))
    assert world.look() == []
    assert [row.day.isoformat() for row in world.instances("load")] == ["2026-03-02"]
    assert world.go_to("2026-03-02T01:59:59") == []
    assert world.go_to("2026-03-02T02:00") == ["load"]
    assert world.look() == []
    row = world.only("load", "2026-03-02")
    assert (row.status, row.tries, row.bizdate.isoformat()) == ("running", 1, "2026-03-01")
    world.end(row.run)
    world.look()
    assert world.only("load", "2026-03-02").status == "succeeded"


def test_instances_made_ahead_begin_on_the_next_day(world: World) -> None:
    world.deploy(hourly("now"))
    world.deploy(hourly("later", instances="ahead"))
    world.look()
    assert len(world.instances("now", "2026-03-01")) == 11
    assert world.instances("later", "2026-03-01") == []
    assert len(world.instances("later", "2026-03-02")) == 24


def test_each_day_is_there_once_whatever_happens(world: World) -> None:
    world.deploy(daily("load", timezone="Europe/Berlin"))
    begin = world.now
    for step in range(140):
        world.now = begin + step * 0.4 * DAY
        world.look()
        if step % 7 == 0:  # a scheduler that has been killed knows nothing
            world.scheduler = type(world.scheduler)(world.records, world)
    days = [row.day for row in world.instances("load")]
    assert len(days) == len(set(days)) >= 56
    assert (days[-1] - days[0]).days == len(days) - 1


def test_what_is_depended_on_comes_first(world: World) -> None:
    world.deploy(daily("load"))
    world.deploy(daily("train", "01:00", depends_on=(Dependency("load"),)))
    world.look()
    assert world.go_to("2026-03-02T01:30") == []
    assert world.go_to("2026-03-02T02:00") == ["load"]
    world.end_all("failed")
    assert world.look() == []
    assert world.statuses("train")[0] == "waiting"


def test_a_day_waits_for_all_hours_of_it(world: World) -> None:
    world.deploy(hourly("hours"))
    world.deploy(daily("day", "23:30", depends_on=(Dependency("hours"),)))
    world.look()
    for hour in range(24):
        assert world.go_to(f"2026-03-02T{hour:02}:00")[-1:] == ["hours"]
        if hour < 23:
            world.end_all()
    assert "day" not in world.go_to("2026-03-02T23:30")
    world.end_all()
    assert world.look() == ["day"]


def test_a_day_waits_for_the_nearest_hour_of_what_waits_for_itself(world: World) -> None:
    world.deploy(hourly("hours", depends_on=(Dependency(SELF),)))
    world.deploy(daily("day", "13:30", depends_on=(Dependency("hours"),)))
    world.look()
    assert world.go_to("2026-03-01T13:00") == ["hours"]
    world.end_all()
    assert world.go_to("2026-03-01T13:30") == ["day"]
    assert world.go_to("2026-03-01T14:00") == ["hours"]
    assert world.go_to("2026-03-01T15:00") == []
    world.end_all()
    assert world.look() == ["hours"]


def test_hours_wait_for_the_day_and_for_the_same_hour(world: World) -> None:
    world.deploy(daily("day", "12:30"))
    world.deploy(hourly("first", depends_on=(Dependency("day"),)))
    world.deploy(hourly("second", depends_on=(Dependency("first"),)))
    assert world.go_to("2026-03-01T13:00") == ["day"]
    world.end_all()
    assert world.look() == ["first"]
    world.end_all()
    assert world.look() == ["second"]


def test_a_cycle_waits_for_the_last_one_of_its_own_and_of_its_children(world: World) -> None:
    world.deploy(daily("load", depends_on=(Dependency(SELF), Dependency(CHILDREN))))
    world.deploy(daily("train", depends_on=(Dependency("load"),)))
    world.look()
    assert world.go_to("2026-03-02T02:00") == ["load"]
    world.end_all()
    assert world.look() == ["train"]
    assert world.go_to("2026-03-03T02:00") == []
    world.end_all("failed")
    assert world.look() == []
    row = world.only("train", "2026-03-02")
    world.records.change(world.now, [over(row, "succeeded", "set", world.now, "ada")])
    world.scheduler.stir()
    assert world.look() == ["load"]


def test_another_schedules_last_cycle_is_yesterdays(world: World) -> None:
    world.deploy(daily("load", "03:00"))
    world.deploy(daily("report", "02:00", depends_on=(Dependency("load", cycle="last"),)))
    assert world.go_to("2026-03-02T02:00") == ["report"]  # the day before had no cycle
    assert world.go_to("2026-03-02T03:00") == ["load"]
    assert world.go_to("2026-03-03T02:00") == []
    world.end_all()
    assert world.look() == ["report"]


def test_a_removed_dependency_is_waited_for_no_longer(world: World) -> None:
    world.deploy(daily("load", "03:00"))
    world.deploy(daily("train", "02:00", depends_on=(Dependency("load"),)))
    assert world.go_to("2026-03-02T02:00") == []
    row = world.only("train", "2026-03-02")
    world.records.change(world.now, [Change(row, replace(row, removed=("load",)), "unneeded")])
    world.scheduler.stir()
    assert world.look() == ["train"]


def test_a_file_is_waited_for(world: World) -> None:
    world.deploy(daily("load", depends_on=(Dependency(file="s3://logs/${yyyymmdd}"),)))
    assert world.go_to("2026-03-02T02:00") == []
    world.files.add("s3://logs/${yyyymmdd}")
    world.now += 31
    assert world.look() == ["load"]


def test_dry_runs_let_what_depends_on_them_go_on(world: World) -> None:
    weekly = Recurrence("week", (time(2),), frozenset({5}))
    world.deploy(daily("week", recurrence=weekly))
    world.deploy(daily("day", depends_on=(Dependency("week"),)))
    world.look()
    assert world.go_to("2026-03-02T02:00") == []  # a Monday; the day's is looked at next
    assert world.look() == ["day"]
    assert world.only("week", "2026-03-02").status == "succeeded"
    assert world.only("week", "2026-03-02").run == ""


@pytest.mark.parametrize(
    ("state", "status"), [("frozen", "failed"), ("skipping", "succeeded"), ("on", "running")]
)
def test_states_of_a_schedule(world: World, state: State, status: str) -> None:
    world.deploy(daily("load"), state=state)
    world.look()
    assert bool(world.go_to("2026-03-02T02:00")) == (state == "on")
    assert world.only("load", "2026-03-02").status == status


def test_a_failure_is_tried_again_after_a_pause_and_then_is_one(world: World) -> None:
    world.deploy(daily("load", retries=1, retry_after=60.0))
    assert world.go_to("2026-03-02T02:00") == ["load"]
    first = world.only("load", "2026-03-02").run
    world.end_all("failed")
    assert world.look() == []
    assert world.go_to("2026-03-02T02:01") == ["load"]
    row = world.only("load", "2026-03-02")
    assert (row.tries, row.failures, row.status) == (2, 1, "running")
    assert row.run != first
    world.end_all("failed")
    world.look()
    row = world.only("load", "2026-03-02")
    assert (row.status, row.failures) == ("failed", 2)
    assert row.reason == f"run {row.run} has failed"


def test_a_run_that_somebody_cancelled_is_not_tried_again(world: World) -> None:
    world.deploy(daily("load", retries=5))
    world.go_to("2026-03-02T02:00")
    world.end_all("cancelled")
    world.look()
    assert world.only("load", "2026-03-02").status == "failed"


def test_a_run_that_takes_too_long_is_ended_and_counts_as_failed(world: World) -> None:
    world.deploy(daily("load", timeout=600.0))
    world.go_to("2026-03-02T02:00")
    assert not world.stopped
    world.go_to("2026-03-02T02:10:01")
    row = world.only("load", "2026-03-02")
    assert world.stopped == [row.run]
    world.look()
    assert world.stopped == [row.run]
    world.end_all("cancelled")
    world.look()
    row = world.only("load", "2026-03-02")
    assert (row.status, row.reason) == ("failed", "timeout after 0:10:01")


def test_what_may_not_be_run_fails_with_the_reason(world: World) -> None:
    world.deploy(daily("load"))
    world.refused["load"] = Forbidden("it runs as 'ada', who is not active any more")
    world.go_to("2026-03-02T02:00")
    row = world.only("load", "2026-03-02")
    assert (row.status, row.reason) == ("failed", "it runs as 'ada', who is not active any more")


def test_what_cannot_be_asked_for_now_is_asked_for_again(world: World) -> None:
    world.deploy(daily("load"))
    world.refused["load"] = Unavailable("the database is away")
    world.go_to("2026-03-02T02:00")
    assert world.only("load", "2026-03-02").status == "starting"
    world.refused.clear()
    assert world.look() == ["load"]
    assert world.only("load", "2026-03-02").tries == 1


@pytest.mark.parametrize(
    ("catch_up", "max_age", "begun"),
    [("all", None, 5), ("latest", None, 1), ("none", None, 0), ("all", 2.5 * DAY, 3)],
)
def test_what_was_missed_while_no_server_was_up(
    world: World, catch_up: str, max_age: float | None, begun: int
) -> None:
    world.deploy(daily("load", catch_up=catch_up, max_age=max_age))
    world.look()
    assert len(world.go_to("2026-03-06T12:00")) == begun
    rows = [row for row in world.instances("load") if row.instant <= world.now]
    assert len(rows) == 5
    missed = [row for row in rows if not row.run]
    assert all(row.status == "succeeded" and "missed" in row.reason for row in missed)


def test_a_newer_version_takes_over_what_has_not_begun(world: World) -> None:
    load = daily("load")
    world.deploy(load)
    world.look()
    world.go_to("2026-03-02T02:00")
    world.deploy(with_version(load, "2.0.0"))
    world.look()
    rows = world.instances("load")
    assert [(row.day.isoformat(), row.version) for row in rows] == [
        ("2026-03-02", "1.0.0"), ("2026-03-03", "2.0.0"),
    ]  # fmt: skip


def test_two_schedulers_on_one_database_do_nothing_twice(world: World) -> None:
    for number in range(20):
        world.deploy(daily(f"load{number}"))
    other = World(world.place, world.now)
    other.schedules = world.schedules
    for step in range(40):
        now = at("2026-03-01T12:00") + step * DAY / 8
        for each in (world, other) if step % 2 else (other, world):
            each.now = now
            each.look()
        world.end_all()
    tries = [row.tries for number in range(20) for row in world.instances(f"load{number}")]
    begun = len(world.started) + len(other.started)
    assert sum(tries) == begun
    assert max(tries) == 1
    other.runs.database.close()


def test_a_trigger_makes_one_instance_for_each_thing_that_comes(world: World) -> None:
    world.states["dataset:taxi"] = "v1"
    world.deploy(daily("load", recurrence=None, triggers=(Trigger(dataset="taxi"),)))
    assert world.look() == []  # what was there before makes nothing
    world.now += 61
    world.states["dataset:taxi"] = "v2"
    assert world.look() == ["load"]
    world.now += 61
    assert world.look() == []
    world.now += 61
    world.states["dataset:taxi"] = ""  # it is away for a while
    world.look()
    world.now += 61
    world.states["dataset:taxi"] = "v2"
    assert world.look() == []


def test_what_is_due_and_waits_is_told_of_once(world: World) -> None:
    alerts = (Alert("unfinished", ("ops@example.org",), by=600),)
    world.deploy(daily("load", "03:00"))
    world.deploy(daily("train", "02:00", depends_on=(Dependency("load"),), alerts=alerts))
    world.go_to("2026-03-02T02:00")
    world.look()
    assert [(change.after.schedule, change.kind) for change in world.changes] == [
        ("train", "arrived"), ("train", "arrived"),  # before it is written, and behind
    ]  # fmt: skip
