"""What goes wrong around the scheduler: kills between commits, two of them, what is away."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from millwork.base.errors import Forbidden, MillworkError, Missing, Unavailable
from millwork.ports.schedules import BackfillRow, Change
from millwork.schedule.deciding import over
from millwork.schedule.instances import instance_of, run_id
from millwork.schedule.periods import Due
from millwork.spec.schedule import SELF, Alert, Dependency, Trigger
from tests.scheduler.world import DAY, World, at, daily, hourly, with_version

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.ports.schedules import InstanceRow, ScheduleRow, State, TriggerRow
    from millwork.spec.schedule import Schedule

FILE = Dependency(file="s3://logs/${yyyymmdd}")


def fails(error: BaseException) -> object:
    def door(*_: object) -> None:
        raise error

    return door


def backfill(world: World, schedule: Schedule, days: int, parallel: int) -> list[InstanceRow]:
    """A backfill `bf` of the last days, the newest first."""
    rows = [
        instance_of("default", schedule, Due(day, 0, 0, int(at(f"{day}T02:00")), is_dry=False),
                    world.now, kind="backfill", origin="bf", place=place)
        for place, day in enumerate(
            date.fromordinal(date(2026, 3, 1).toordinal() - back) for back in range(days)
        )
    ]  # fmt: skip
    row = BackfillRow("bf", "default", "", schedule.name, "ada", "running", parallel, days, 0.0)
    world.records.begin_backfill(row, rows)
    world.scheduler.stir()
    return rows


# --- kills, and two of them ---------------------------------------------------------------


def test_a_run_is_ended_by_the_next_one_if_a_kill_came_between(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deploy(daily("load", timeout=600.0))
    world.look()
    world.go_to("2026-03-02T02:00")
    with monkeypatch.context() as patch:
        patch.setattr(world, "stop", fails(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            world.go_to("2026-03-02T02:10:01")
    world.scheduler = type(world.scheduler)(world.records, world)
    world.go_to("2026-03-02T02:10:07")
    assert world.stopped == [world.only("load", "2026-03-02").run]


def test_two_schedulers_keep_a_backfill_within_its_bounds(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = daily("load")
    world.deploy(load)
    backfill(world, load, 8, 2)
    other = World(world.place, world.now, world.schedules)
    counts = world.records.backfill_counts
    seen = list[object]()

    def slow(place: str) -> Mapping[str, int]:
        found = counts(place)
        if not seen:
            seen.append(found)
            other.look()  # it is as fast as this one, and a little faster
        return found

    monkeypatch.setattr(world.records, "backfill_counts", slow)
    world.look()
    assert counts("bf") == {"running": 2, "waiting": 6}
    other.runs.database.close()


def test_nothing_of_a_backfill_begins_once_it_is_paused(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = daily("load")
    world.deploy(load)
    backfill(world, load, 3, 1)
    waiting = world.records.backfill_waiting

    def paused(place: str, after: int, limit: int) -> list[InstanceRow]:
        row = world.records.backfill("bf")
        assert row
        world.records.set_backfill(row, "paused", None)
        return waiting(place, after, limit)

    monkeypatch.setattr(world.records, "backfill_waiting", paused)
    assert world.look() == []
    assert world.records.backfill_counts("bf") == {"waiting": 3}


def test_what_two_schedulers_see_makes_one_instance(world: World) -> None:
    world.states["dataset:taxi"] = "v1"
    world.deploy(daily("load", recurrence=None, triggers=(Trigger(dataset="taxi"),)))
    world.look()
    world.now = at("2026-03-01T23:59:59")
    world.states["dataset:taxi"] = "v2"
    (trigger,) = world.records.triggers_due(world.now)
    other = World(world.place, at("2026-03-02T00:00:01"), world.schedules, states=world.states)
    other.look()
    made = instance_of("default", world.schedules["default", "load", "1.0.0"],
                       Due(date(2026, 3, 1), 0, 0, int(world.now), is_dry=False), world.now,
                       kind="triggered", origin="late")  # fmt: skip
    world.records.triggered(trigger, "v2", world.now, [made])
    assert world.records.instance(made.id) is None
    other.runs.database.close()


def test_what_comes_back_triggers_again(world: World) -> None:
    world.deploy(daily("load", recurrence=None, triggers=(Trigger(dataset="taxi"),)))
    begun = 0
    for state in ("a", "b", "a", "b"):
        world.states["dataset:taxi"] = state
        begun += len(world.look())
        world.now += 61
    assert begun == 3


def test_run_ids_of_ten_thousand_cycles_and_of_two_tries_differ(world: World) -> None:
    row = instance_of("default", daily("load"), Due(date(2026, 3, 1), 0, 0, 0, is_dry=False), 0.0)
    ids = {run_id(replace(row, id=str(number)), world.now) for number in range(10_000)}
    assert len(ids) == 10_000
    assert run_id(replace(row, tries=1), world.now) != run_id(row, world.now)
    assert len(ids.pop()) == 20  # as 70 bits: 32 of them met once in a hundred such nights


def test_a_clock_that_goes_back_keeps_nothing_waiting(world: World) -> None:
    world.deploy(daily("load", "12:30", retries=1, retry_after=60.0))
    world.look()
    world.go_to("2026-03-01T14:00")
    world.now = at("2026-03-01T13:00")
    world.end_all("failed")
    world.look()
    assert world.go_to("2026-03-01T13:02") == ["load"]


def test_a_run_that_is_asked_for_while_its_instance_is_stopped_ends(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deploy(daily("load"))
    world.look()
    start = world.start

    def late(owner: ScheduleRow, schedule: Schedule, instance: InstanceRow) -> None:
        stopped = over(instance, "failed", "stopped by ada", world.now, "ada")
        assert world.records.change(world.now, [stopped])
        start(owner, schedule, instance)

    monkeypatch.setattr(world, "start", late)
    world.go_to("2026-03-02T02:00")
    row = world.only("load", "2026-03-02")
    assert (row.status, world.stopped) == ("failed", [row.run])


# --- what is away holds up nobody else ----------------------------------------------------


@pytest.mark.parametrize(
    ("error", "status"),
    [(Forbidden("gone"), "failed"), (Unavailable("away"), "waiting")],
)
def test_a_file_that_cannot_be_looked_at_holds_up_no_other_schedule(
    world: World, monkeypatch: pytest.MonkeyPatch, error: MillworkError, status: str
) -> None:
    world.deploy(daily("a", depends_on=(FILE,)))
    world.deploy(daily("b"))
    world.look()
    monkeypatch.setattr(world, "is_there", fails(error))
    assert world.go_to("2026-03-02T02:00") == ["b"]
    assert world.only("a", "2026-03-02").status == status


def test_a_trigger_that_cannot_be_looked_at_holds_up_no_other_schedule(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.deploy(daily("a", recurrence=None, triggers=(Trigger(dataset="taxi"),)))
    world.deploy(daily("b"))
    with monkeypatch.context() as patch:
        patch.setattr(world, "seen", fails(Unavailable("away")))
        world.look()
        assert world.go_to("2026-03-02T02:00") == ["b"]
    world.states["dataset:taxi"] = "v1"  # it was there before
    assert world.go_to("2026-03-02T02:02") == []
    world.states["dataset:taxi"] = "v2"
    assert world.go_to("2026-03-02T02:04") == ["a"]


def test_a_file_that_is_still_looked_for_holds_up_no_other_schedule(world: World) -> None:
    world.deploy(daily("a", depends_on=(FILE,)))
    world.deploy(daily("b"))
    world.look()
    world.is_slow = True
    world.files.add(FILE.file)
    assert world.go_to("2026-03-02T02:00") == ["b"]
    world.is_slow = False
    assert world.look() == []  # nothing has come
    world.scheduler.stir()
    assert world.look() == ["a"]


def test_a_trigger_that_is_still_looked_at_is_told_when_it_is_known(world: World) -> None:
    world.states["dataset:taxi"] = "v1"
    world.deploy(daily("a", recurrence=None, triggers=(Trigger(dataset="taxi"),)))
    world.look()
    world.now += 61
    world.is_slow, world.states["dataset:taxi"] = True, "v2"
    for _ in range(3):
        assert world.look() == []
        world.now += 30
    (trigger,) = world.records.triggers_due(world.now)
    assert trigger.seen == "v1"
    world.is_slow = False
    assert world.look() == ["a"]
    assert world.look() == []


def test_triggers_that_are_still_looked_at_keep_no_others_waiting(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("millwork.schedule.loop._PAGE", 3)
    for name in ("a", "b", "c", "d", "good"):
        world.states[f"dataset:{name}"] = "v1"
        trigger = Trigger(dataset=name)
        world.deploy(daily(f"on-{name}", recurrence=None, triggers=(trigger,)))
    for _ in range(2):
        world.look()
    seen = world.seen

    def slow(owner: ScheduleRow, schedule: Schedule, trigger: TriggerRow, now: float) -> str | None:
        return seen(owner, schedule, trigger, now) if trigger.source == "dataset:good" else None

    monkeypatch.setattr(world, "seen", slow)
    world.states["dataset:good"] = "v2"
    world.now += 61
    assert world.look() == ["on-good"]


def test_what_is_missing_for_a_run_is_a_failure_and_not_asked_for_for_ever(world: World) -> None:
    world.deploy(daily("load"))
    world.refused["load"] = Missing("there is no secret 'key'")
    world.look()
    world.go_to("2026-03-02T02:00")
    row = world.only("load", "2026-03-02")
    assert (row.status, row.reason) == ("failed", "there is no secret 'key'")


@pytest.mark.parametrize(("state", "status"), [("frozen", "failed"), ("skipping", "succeeded")])
def test_what_is_triggered_heeds_the_switch(world: World, state: State, status: str) -> None:
    triggers, alerts = (Trigger(dataset="taxi"),), (Alert("finished", ("ops@example.org",)),)
    world.states["dataset:taxi"] = "v1"
    world.deploy(daily("load", recurrence=None, triggers=triggers, alerts=alerts), state=state)
    world.look()
    world.now += 61
    world.states["dataset:taxi"] = "v2"
    assert world.look() == []
    assert status in {change.kind for change in world.changes}
    assert not world.started


# --- versions, and what is switched -------------------------------------------------------


def test_a_cycle_that_is_made_again_begins_anew(world: World) -> None:
    world.deploy(daily("load"))
    world.look()
    row = world.only("load")
    assert world.records.change(world.now, [Change(row, replace(row, priority=7), "priority")])
    for state in ("off", "on"):
        force = world.records.in_force("default", "load")
        assert force
        world.records.set_state(force, state, world.now, world.now)
    world.look()
    assert world.go_to("2026-03-02T02:00") == ["load"]
    kinds = [event.kind for event in world.records.events(row.id, 0, 9)]
    assert kinds == ["arrived", "starting", "running"]


def test_what_runs_ends_as_it_does_when_its_schedule_is_withdrawn(world: World) -> None:
    world.deploy(daily("load", retries=3))
    world.deploy(daily("train", timeout=600.0))
    world.look()
    world.go_to("2026-03-02T02:00")
    for name in ("load", "train"):
        world.records.withdraw("default", name, world.now)
    world.end(world.only("load", "2026-03-02").run)
    world.go_to("2026-03-02T02:11")
    assert world.only("load", "2026-03-02").status == "succeeded"
    assert world.stopped == [world.only("train", "2026-03-02").run]
    assert world.records.is_needed()


@pytest.mark.parametrize(
    ("before", "after", "begun"),
    [("02:00", "18:00", ["1.0.0"]), ("18:00", "02:00", ["2.0.0"]), ("18:00", "18:00", ["2.0.0"])],
)
def test_a_day_is_done_once_though_its_time_changes(
    world: World, before: str, after: str, begun: list[str]
) -> None:
    load = daily("load", before)
    world.deploy(load)
    world.look()
    for hour in ("02", "12"):
        world.go_to(f"2026-03-02T{hour}:00")
        world.end_all()
        world.look()
    world.deploy(with_version(load, "2.0.0", recurrence=daily("load", after).recurrence))
    world.look()
    world.go_to("2026-03-02T18:00")
    world.end_all()
    world.look()
    rows = world.instances("load", "2026-03-02")
    assert [row.version for row in rows if row.status == "succeeded" and row.run] == begun


def test_what_is_made_ahead_stays_so_with_a_newer_version(world: World) -> None:
    hours = hourly("hours", instances="ahead")
    world.deploy(hours)
    world.look()
    world.deploy(with_version(hours, "2.0.0"))
    world.look()
    assert world.instances("hours", "2026-03-01") == []
    assert {row.version for row in world.instances("hours", "2026-03-02")} == {"2.0.0"}


def test_the_newest_is_made_up_for_though_an_older_one_is_tried_again_later(world: World) -> None:
    world.deploy(daily("load", retries=3, retry_after=3.4 * DAY))
    world.look()
    world.go_to("2026-03-02T02:00")
    world.end_all("failed")
    world.look()
    world.go_to("2026-03-03T02:00")
    world.end_all()
    world.look()
    world.go_to("2026-03-05T12:00")
    days = [row.day.day for row in world.records.running()]
    assert sorted(days) == [2, 5]


# --- dependencies -------------------------------------------------------------------------


def test_hours_that_wait_for_the_last_day_and_a_day_that_waits_for_them(world: World) -> None:
    world.deploy(daily("day", "12:30"))
    world.deploy(hourly("hours", depends_on=(Dependency("day", cycle="last"),)))
    newer = daily("day", "12:30", depends_on=(Dependency("hours"),))
    world.deploy(with_version(newer, "2.0.0"))
    world.look()
    begun = list[str]()
    for hour in range(13, 24):
        begun += world.go_to(f"2026-03-01T{hour}:00")
        world.end_all()
    assert begun.count("hours") == 11


def test_a_test_waits_for_no_file(world: World) -> None:
    load = daily("load", depends_on=(FILE,))
    world.deploy(load)
    cycle = Due(date(2026, 3, 1), 0, 0, int(world.now), is_dry=False)
    world.records.add([
        instance_of("default", load, cycle, world.now, kind="test", origin="test")
    ])  # fmt: skip
    assert world.look() == ["load"]


def test_a_backfill_backwards_of_what_waits_for_itself_goes_forwards(world: World) -> None:
    load = daily("load", depends_on=(Dependency(SELF),))
    world.deploy(load)
    backfill(world, load, 45, 3)
    done = list[str]()
    for _ in range(200):
        world.look()
        running = world.records.running()
        if not running:
            break
        assert len(running) == 1
        done += [row.day.isoformat() for row in running]
        world.end_all()
    assert len(done) == 45
    assert done == sorted(done)
    row = world.records.backfill("bf")
    assert row
    assert row.status == "succeeded"
