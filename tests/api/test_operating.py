"""What is done to instances: by their verb, over a real home and the scheduler."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from millwork.access.identity import LOCAL_OWNER
from millwork.api.binding import binding_of
from millwork.app.process import LocalMasters
from millwork.base.errors import BadRequest, Unavailable
from tests.api.cycles import AFTER, ALIVE, DAILY, chain, of, operate, shown

if TYPE_CHECKING:
    from millwork.ports import Master
    from tests.api.cycles import Plant


def test_what_is_over_is_run_again(plant: Plant) -> None:
    chain(plant)
    row = of(plant, "extract")
    assert operate(plant, "rerun", row["id"], who="ops") == {
        "changed": 1, "not_changed": 0, "refused": []
    }  # fmt: skip
    again = of(plant, "extract")
    assert (again["status"], again["tries"], again["reason"]) == ("waiting", 1, "")
    event = plant.ask("instances.events", instance=row["id"])["items"][-1]
    assert (event["kind"], event["person"], event["data"]) == ("rerun", "ops", {"version": "1.0.0"})
    plant.pass_()
    again = of(plant, "extract")
    assert (again["status"], again["tries"]) == ("succeeded", 2)
    assert [run["status"] for run in shown(plant, row["id"])["runs"]] == ["succeeded"] * 2
    assert of(plant, "load")["tries"] == 1


def test_all_that_waits_for_it_is_run_again_too(plant: Plant) -> None:
    chain(plant)
    plant.deploy("aside", AFTER.format(name="extract") + "\nrerun: never")
    plant.look()
    plant.look("2026-03-12T04:00")
    plant.pass_()
    row = of(plant, "extract", "2026-03-12")
    answer = operate(plant, "rerun", row["id"], downstream=True)
    assert (answer["changed"], answer["not_changed"]) == (3, 1)
    assert answer["refused"] == [{
        "instance": of(plant, "aside", "2026-03-12")["id"],
        "reason": "its schedule is not run again (rerun: never)",
    }]  # fmt: skip
    waiting = plant.rows(status="waiting", last="2026-03-11")
    assert sorted(each["schedule"] for each in waiting) == ["extract", "load", "report"]
    plant.look()
    assert len(plant.rows(status="running")) == 1  # the others wait for it
    plant.pass_()
    tries = {
        each["schedule"]: each["tries"]
        for each in plant.rows(first="2026-03-11", last="2026-03-11")
    }
    assert tries == {"extract": 2, "load": 2, "report": 2, "aside": 1}


def test_a_rerun_takes_the_latest_definitions_or_its_own(plant: Plant) -> None:
    chain(plant)
    row = of(plant, "extract")
    plant.deploy("extract", DAILY + "\nparameters: {day: new}")
    operate(plant, "rerun", row["id"], version="latest")
    page = shown(plant, row["id"])
    assert (page["version"], page["uses"]) == ("1.0.0", "1.0.1")
    assert page["values"]["parameters"] == {"day": "new"}
    plant.pass_()
    assert shown(plant, row["id"])["runs"][0]["version"] == "1.0.1"
    operate(plant, "rerun", row["id"])
    assert shown(plant, row["id"])["uses"] == "1.0.0"


def test_reruns_are_refused_by_the_rules(plant: Plant) -> None:
    plant.deploy("after", DAILY + "\nrerun: after_failure")
    plant.deploy("never", DAILY + "\nrerun: never")
    plant.look()
    early = of(plant, "after")
    (refused,) = operate(plant, "rerun", early["id"])["refused"]
    assert refused["reason"] == "it is waiting: only what is over is run again"
    plant.look("2026-03-11T02:01")
    (refused,) = operate(plant, "rerun", early["id"])["refused"]
    assert refused["reason"] == "it is running: only what is over is run again"
    plant.end("failed", of(plant, "after")["run"])
    plant.pass_()
    assert operate(plant, "rerun", early["id"])["changed"] == 1
    plant.pass_()
    (refused,) = operate(plant, "rerun", early["id"])["refused"]
    assert "only after a failure" in refused["reason"]
    (refused,) = operate(plant, "rerun", of(plant, "never")["id"])["refused"]
    assert "rerun: never" in refused["reason"]
    plant.ask("schedules.withdraw", name="after")
    (refused,) = operate(plant, "rerun", early["id"])["refused"]
    assert refused["reason"] == "its schedule is not deployed any more"


def test_a_missed_cycle_is_made_up_for_when_somebody_asks(plant: Plant) -> None:
    plant.deploy("extract", DAILY + "\ncatch_up: none")
    plant.look()
    plant.look("2026-03-11T05:00")
    row = of(plant, "extract")
    assert (row["status"], row["tries"]) == ("succeeded", 0)
    assert row["reason"].startswith("missed by 3:00:00")
    operate(plant, "rerun", row["id"])
    plant.pass_()
    row = of(plant, "extract")
    assert (row["status"], row["tries"], row["reason"]) == ("succeeded", 1, "")


def test_what_a_frozen_or_skipping_schedule_would_not_run_is_refused(plant: Plant) -> None:
    plant.deploy("extract")
    plant.look()
    plant.ask("schedules.switch", name="extract", state="frozen")
    plant.look("2026-03-11T02:01")
    row = of(plant, "extract")
    assert (row["status"], row["reason"]) == ("failed", "the schedule is frozen")
    (refused,) = operate(plant, "rerun", row["id"])["refused"]
    assert "its schedule is frozen" in refused["reason"]
    plant.ask("schedules.switch", name="extract", state="skipping")
    (refused,) = operate(plant, "rerun", row["id"])["refused"]
    assert "its schedule is skipping" in refused["reason"]
    plant.ask("schedules.switch", name="extract", state="on")
    assert operate(plant, "rerun", row["id"])["changed"] == 1
    plant.pass_()
    assert of(plant, "extract")["status"] == "succeeded"


def test_a_stopped_one_fails_and_its_run_ends(plant: Plant) -> None:
    plant.deploy("extract", DAILY + "\nretries: 3")
    plant.deploy("load", AFTER.format(name="extract"))
    plant.look()
    plant.look("2026-03-11T03:01")
    runs, waits = of(plant, "extract"), of(plant, "load")
    answer = operate(plant, "stop", runs["id"], waits["id"], who="ops")
    assert answer["changed"] == 2
    stopped, cancelled = of(plant, "extract"), of(plant, "load")
    assert (stopped["status"], stopped["reason"]) == ("failed", "stopped by ops")
    assert (cancelled["status"], cancelled["reason"]) == ("cancelled", "stopped by ops")
    run = plant.context.store.run(runs["run"])
    assert run is not None
    assert run.cancel
    plant.end("cancelled")
    plant.look()
    assert of(plant, "extract")["tries"] == 1  # it is not tried again by itself
    (refused,) = operate(plant, "stop", runs["id"])["refused"]
    assert refused["reason"] == "it is over: it has failed"


def test_whoever_drives_a_stopped_run_is_woken(plant: Plant) -> None:
    woken: list[int] = []

    class Listening(LocalMasters):
        def is_alive(self, master: Master) -> bool:
            return master == ALIVE or super().is_alive(master)

        def wake(self, master: Master) -> None:
            woken.append(master.pid)

    plant.context.masters = Listening()
    plant.deploy("extract")
    plant.look()
    plant.look("2026-03-11T02:01")
    operate(plant, "stop", of(plant, "extract")["id"])
    assert woken == [ALIVE.pid]


def test_one_whose_run_is_just_asked_for_is_stopped_when_it_runs(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant.deploy("extract", DAILY + "\nretries: 3")
    plant.look()

    def nowhere(*_: Any) -> None:
        raise Unavailable("the disk is away")

    with monkeypatch.context() as patch:
        patch.setattr(plant.doors, "start", nowhere)
        plant.look("2026-03-11T02:01")
    row = of(plant, "extract")
    assert row["status"] == "starting"
    assert operate(plant, "stop", row["id"])["changed"] == 1
    (refused,) = operate(plant, "stop", row["id"])["refused"]
    assert refused["reason"] == "it is being stopped already"
    plant.look("2026-03-11T02:03")
    assert plant.doors.stopped == plant.doors.runs
    plant.end("cancelled")
    plant.look()
    row = of(plant, "extract")
    assert (row["status"], row["reason"], row["tries"]) == ("failed", "stopped by owner", 1)


def test_one_that_is_set_to_succeeded_lets_the_next_begin(plant: Plant) -> None:
    plant.deploy("extract")
    plant.deploy("load", AFTER.format(name="extract"))
    plant.look()
    plant.look("2026-03-11T03:01")
    row = of(plant, "extract")
    (refused,) = operate(plant, "succeed", row["id"])["refused"]
    assert refused["reason"] == "it is running: stop it first"
    plant.end("failed")
    plant.look()
    assert (
        "extract: the one of 2026-03-10 is failed" in shown(plant, of(plant, "load")["id"])["why"]
    )
    assert operate(plant, "succeed", row["id"], who="adi")["changed"] == 1
    row = of(plant, "extract")
    assert (row["status"], row["reason"]) == ("succeeded", "set to succeeded by adi")
    (refused,) = operate(plant, "succeed", row["id"])["refused"]
    assert refused["reason"] == "it has succeeded already"
    plant.look()
    assert of(plant, "load")["status"] == "running"


def test_frozen_ones_wait_until_they_are_thawed(plant: Plant) -> None:
    plant.deploy("extract")
    plant.look()
    row = of(plant, "extract")
    assert operate(plant, "freeze", row["id"])["changed"] == 1
    assert operate(plant, "freeze", row["id"])["refused"][0]["reason"] == "it is frozen already"
    plant.look("2026-03-11T02:01")
    assert of(plant, "extract")["status"] == "waiting"
    assert operate(plant, "thaw", row["id"])["changed"] == 1
    assert operate(plant, "thaw", row["id"])["refused"][0]["reason"] == "it is not frozen"
    plant.look()
    row = of(plant, "extract")
    assert row["status"] == "running"
    assert operate(plant, "freeze", row["id"])["refused"][0]["reason"] == (
        "it does not wait any more: it is running"
    )


def test_a_priority_is_changed_until_it_is_over(plant: Plant) -> None:
    plant.deploy("extract")
    plant.look()
    row = of(plant, "extract")
    assert operate(plant, "priority", row["id"], priority=9)["changed"] == 1
    assert of(plant, "extract")["priority"] == 9
    assert operate(plant, "priority", row["id"], priority=9)["not_changed"] == 1
    plant.look("2026-03-11T02:01")
    plant.pass_()
    assert "it is over" in operate(plant, "priority", row["id"], priority=1)["refused"][0]["reason"]


def test_a_dependency_is_named_as_it_is_called(plant: Plant) -> None:
    plant.deploy("extract")
    plant.deploy("load", AFTER.format(name="extract"))
    plant.look()
    row = of(plant, "load")
    (refused,) = operate(plant, "unneed", row["id"], dependency="exract")["refused"]
    assert refused["reason"] == "it does not wait for 'exract'; it does for: extract"
    assert operate(plant, "unneed", row["id"], dependency="extract")["changed"] == 1
    (refused,) = operate(plant, "unneed", row["id"], dependency="extract")["refused"]
    assert refused["reason"] == "all that it waited for is removed"
    (refused,) = operate(plant, "unneed", of(plant, "extract")["id"], dependency="x")["refused"]
    assert refused["reason"] == "it waits for nothing"


def test_five_thousand_are_changed_by_a_filter(plant: Plant) -> None:
    plant.deploy("minutes", "every: minute")
    plant.ask("backfills.create", schedule="minutes",
              ranges=[{"first": "2026-02-01", "last": "2026-02-04"}])  # fmt: skip
    origin = plant.ask("backfills.list")["items"][0]
    assert origin["total"] == 5760
    began = time.process_time()
    answer = plant.ask("instances.operate", action="freeze", filter={"origin": origin["id"]})
    assert (answer["changed"], answer["not_changed"]) == (5760, 0)
    again = plant.ask("instances.operate", action="freeze", filter={"origin": origin["id"]})
    assert (again["changed"], again["not_changed"], len(again["refused"])) == (0, 5760, 100)
    named = [row["id"] for row in plant.rows(origin=origin["id"])][:5000]
    answer = plant.ask("instances.operate", action="stop", instances=named)
    assert answer["changed"] == 5000
    assert time.process_time() - began < 20


def test_a_change_in_between_is_not_overwritten(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant.deploy("extract")
    plant.look()
    row = of(plant, "extract")
    store = plant.context.schedules()
    change, calls = store.change, list[int]()

    def slow(now: float, changes: Any, backfill: Any = None) -> Any:
        if not calls:
            calls.append(1)
            plant.look("2026-03-11T02:01")  # it begins before it can be frozen
        return change(now, changes, backfill)

    monkeypatch.setattr(store, "change", slow)
    (refused,) = operate(plant, "freeze", row["id"])["refused"]
    assert refused["reason"] == "it does not wait any more: it is running"
    assert not of(plant, "extract")["is_frozen"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "instances: name them, or give a filter"),
        ({"instances": ["x"], "filter": {}}, "instances: name them, or give a filter"),
        ({"instances": []}, "instances: 1 to 20,000 at once"),
        ({"filter": {}}, "filter: say which instances"),
        ({"filter": {"first": "x"}}, "first: 'x' is no date"),
        ({"filter": {"first": "2026-02-02", "last": "2026-02-01"}}, "last: 2026-02-01 is before"),
        (
            {"action": "stop", "instances": ["x"], "downstream": True},
            "downstream: of 'rerun' alone",
        ),
        ({"action": "stop", "instances": ["x"], "version": "latest"}, "version: of 'rerun' alone"),
        ({"action": "unneed", "instances": ["x"]}, "dependency: say which one"),
        ({"instances": ["x"], "dependency": "y"}, "dependency: of 'unneed' alone"),
        ({"action": "priority", "instances": ["x"], "priority": 10}, "priority: 1 to 9"),
        ({"action": "priority", "instances": ["x"]}, "priority: 1 to 9"),
        ({"instances": ["x"], "priority": 3}, "priority: of 'priority' alone"),
        ({"instances": ["x"]}, "there is no instance 'x'"),
        ({"instances": ["x", "y"]}, "there is no instance 'x', nor any"),
        ({"action": "fly", "instances": ["x"]}, "action: invalid enum value 'fly'; it is one of"),
        ({"instances": "x"}, "instances: expected a list or null"),
        ({"filter": {"colour": "x"}}, "filter: there is no field 'colour'"),
        ({"filter": {"status": "x"}}, "filter.status: invalid enum value 'x'"),
    ],
)
def test_bad_operations_are_refused_with_their_field(
    plant: Plant, said: dict[str, Any], words: str
) -> None:
    with pytest.raises(BadRequest) as refused:
        plant.ask("instances.operate", **binding_of("instances.operate").read({}, [], {
            "action": "rerun", **said}))  # fmt: skip
    assert str(refused.value).startswith(words)


def test_owners_by_the_home_are_named(plant: Plant) -> None:
    plant.deploy("extract")
    plant.look()
    row = of(plant, "extract")
    operate(plant, "stop", row["id"])
    assert of(plant, "extract")["reason"] == f"stopped by {LOCAL_OWNER.person}"


def test_a_stop_is_told_of_as_any_failure_is(plant: Plant) -> None:
    plant.deploy("load", "every: day\nat: '02:00'\nalerts: [{on: failed, to: [ops@example.org]}]")
    plant.look()
    plant.look("2026-03-11T02:01")
    alerts = plant.context.alerts()
    assert alerts.due(plant.context.clock.wall(), 9) == 0
    operate(plant, "stop", of(plant, "load")["id"], who="ops")
    assert alerts.due(plant.context.clock.wall(), 9) == 1
