"""Schedules by their verbs, over a real home and the scheduler, whose clock goes by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from millwork.access.identity import LOCAL_OWNER, Identity
from millwork.actions import scheduling
from millwork.actions.perform import Asked, perform
from millwork.actions.scheduling import Scheduling
from millwork.base.errors import BadRequest, Conflict, Forbidden, MillworkError, NotFound
from millwork.ports import RunRow
from millwork.store.people import MemberRow
from tests.actions.shelf import component, pipeline
from tests.api.cycles import DAILY, NOON, schedule_text

if TYPE_CHECKING:
    from tests.api.cycles import Plant


def create(plant: Plant, name: str, more: str = DAILY, who: str = "", **said: Any) -> Any:
    text = schedule_text(name, more)
    return plant.ask("schedules.create", who, text=text, version="next", **said)


def join(plant: Plant, workspace: str, person: str, role: Any) -> None:
    plant.context.people().set_member(MemberRow(workspace, person, role, 0.0))


def test_a_schedule_is_registered_put_in_force_and_taken_out_again(plant: Plant) -> None:
    made = create(plant, "load", who="ann")
    assert (made["version"], made["in_force"], made["pipeline"]) == ("1.0.0", None, "work@1.0.0")
    foretold = plant.ask("schedules.deploy", "ann", name="load", preview=True)
    assert (foretold["after"], foretold["is_done"]) == ("1.0.0", False)
    assert plant.ask("schedules.show", name="load")["in_force"] is None
    plant.ask("schedules.deploy", "ann", name="load")
    shown = plant.ask("schedules.show", name="load")["in_force"]
    assert (shown["version"], shown["state"], shown["owner"]) == ("1.0.0", "on", "ann")
    with pytest.raises(Conflict, match="withdraw it first"):
        plant.ask("schedules.delete", "ann", name="load")
    plant.look()
    assert plant.rows(schedule="load")
    plant.ask("schedules.withdraw", "ann", name="load")
    assert plant.rows(schedule="load") == []
    with pytest.raises(Conflict, match="not in force"):
        plant.ask("schedules.withdraw", "ann", name="load")
    plant.ask("schedules.delete", "ann", name="load")
    with pytest.raises(NotFound):
        plant.ask("schedules.show", name="load")


def test_an_older_version_is_a_way_back(plant: Plant) -> None:
    create(plant, "load", who="ann")
    create(plant, "load", f"{DAILY}\nretries: 3", who="ann")
    assert plant.ask("schedules.deploy", "ann", name="load")["after"] == "1.0.1"
    said = plant.ask("schedules.deploy", "ann", name="load", version="1.0.0")
    assert (said["before"], said["after"]) == ("1.0.1", "1.0.0")
    assert "retries" in {each["path"] for each in said["differences"]}


def test_a_row_says_which_version_is_the_latest_and_as_whom_it_runs(plant: Plant) -> None:
    create(plant, "load", who="ann")
    create(plant, "named", f"{DAILY}\nrun_as: bob")

    def rows() -> dict[str, tuple[str, str, str]]:
        items = plant.ask("schedules.list")["items"]
        return {row["name"]: (row["version"], row["latest"], row["run_as"]) for row in items}

    assert rows() == {"load": ("1.0.0", "1.0.0", ""), "named": ("1.0.0", "1.0.0", "bob")}
    plant.ask("schedules.deploy", "ann", name="load")
    create(plant, "load", f"{DAILY}\nretries: 3", who="ann")
    assert rows()["load"] == ("1.0.0", "1.0.1", "ann")
    plant.ask("schedules.deploy", name="named")
    create(plant, "named", f"{DAILY}\nrun_as: adi")
    assert rows()["named"] == ("1.0.0", "1.0.1", "bob")  # as what is in force says


def test_a_preview_tells_what_parameters_and_inputs_come_to(plant: Plant) -> None:
    step = component("reader", inputs={"rows": {"type": "any"}}, parameters={"n": {"type": "Int"},
                     "day": {"type": "String"}})  # fmt: skip
    plant.ask("components.create", text=step)
    node = {"component": "reader", "inputs": {"rows": {"from": "inputs.rows"}},
            "parameters": {"n": 3, "day": {"from": "parameters.day"}}}  # fmt: skip
    plant.ask("pipelines.create", text=pipeline(
        {"a": node}, "reads", inputs={"rows": {"type": "any"}},
        parameters={"day": {"type": "String"}, "n": {"type": "Int", "default": 3}},
    ))  # fmt: skip
    said = ("inputs: {rows: 's3://lake/day=${yyyymmdd}/part'}\n"
            "parameters: {day: 'of ${yyyy-mm-dd}', n: 4}")  # fmt: skip
    text = schedule_text("load", f"{DAILY}\n{said}").replace("pipeline: work", "pipeline: reads")
    (cycle, *_) = plant.ask("schedules.preview", text=text, bizdate="2026-03-10")["cycles"]
    assert cycle["values"] == {
        "parameters.day": "of 2026-03-10", "inputs.rows": "s3://lake/day=20260310/part",
    }  # fmt: skip


def test_what_is_next_has_work_and_a_preview_tells_of_dry_runs_too(plant: Plant) -> None:
    weekly = "every: week\non: [sunday]\nat: '02:00'\nholidays: [2026-03-22]"
    plant.deploy("load", weekly)
    (row,) = plant.ask("schedules.list")["items"]
    shown = plant.ask("schedules.show", name="load")
    for cycles in (row["next"], shown["next"]):
        days = [cycle["bizdate"] for cycle in cycles]
        assert days == ["2026-03-14", "2026-03-28", "2026-04-04", "2026-04-11", "2026-04-18"]
        assert not any(cycle["is_dry"] for cycle in cycles)
    foretold = plant.ask("schedules.preview", text=schedule_text("load", weekly))["cycles"]
    assert [cycle["is_dry"] for cycle in foretold] == [True, True, True, True, False]


@pytest.mark.parametrize(("more", "days"), [
    ("every: year\non: [02-29]", ["2028-02-28", "2032-02-28"]),
    ("every: day\nlast: 2026-03-11", ["2026-03-10"]),
    ("every: day\nlast: 2026-03-11\nholidays: [2026-03-11]", []),
    ("every: day\nfirst: 9998-12-29\nlast: 9998-12-30", ["9998-12-28", "9998-12-29"]),
    ("triggers: [{dataset: data}]", []),
])  # fmt: skip
def test_what_is_next_ends(plant: Plant, more: str, days: list[str]) -> None:
    plant.deploy("load", more)
    (row,) = plant.ask("schedules.list")["items"]
    assert [cycle["bizdate"] for cycle in row["next"]] == days


def test_what_runs_goes_on_when_its_schedule_is_taken_out_of_force(plant: Plant) -> None:
    plant.deploy("load")
    plant.look()
    plant.look("2026-03-11T02:00")
    plant.ask("schedules.withdraw", name="load")
    plant.look()
    assert plant.one(schedule="load")["status"] == "running"
    plant.end()
    plant.look()
    assert plant.one(schedule="load")["status"] == "succeeded"


def test_a_cycle_that_somebody_changed_survives_off_and_on(plant: Plant) -> None:
    plant.deploy("load")
    plant.look()
    row = plant.rows(schedule="load")[0]
    plant.ask("instances.operate", action="priority", instances=[row["id"]], priority=7)
    for state in ("off", "on"):
        plant.ask("schedules.switch", name="load", state=state)
    plant.look()
    plant.look("2026-03-11T02:00")
    assert [row["status"] for row in plant.rows(schedule="load")] == ["running", "waiting"]


@pytest.mark.parametrize(
    ("state", "statuses"), [("frozen", "failed"), ("skipping", "succeeded"), ("on", "running")]
)
def test_an_operator_switches_a_schedule(plant: Plant, state: str, statuses: str) -> None:
    plant.deploy("load")
    plant.look()
    plant.ask("schedules.switch", "ops", name="load", state=state)
    plant.look("2026-03-11T02:00")
    assert plant.rows(schedule="load")[0]["status"] == statuses


@pytest.mark.parametrize(("person", "verb"), [
    ("gus", "create"), ("ops", "create"), ("gus", "deploy"), ("ops", "deploy"), ("bob", "deploy"),
    ("ops", "withdraw"), ("bob", "withdraw"), ("gus", "switch"), ("bob", "switch"),
    ("gus", "test"), ("bob", "test"), ("gus", "trigger"), ("bob", "trigger"), ("bob", "delete"),
])  # fmt: skip
def test_who_may_not(plant: Plant, person: str, verb: str) -> None:
    plant.deploy("load", who="ann")
    said: dict[str, Any] = {"name": "load"}
    if verb == "create":
        said = {"text": schedule_text("mine", DAILY)}
    if verb == "switch":
        said["state"] = "off"
    with pytest.raises(Forbidden):
        plant.ask(f"schedules.{verb}", person, **said)


def test_what_is_private_is_seen_by_nobody_else(plant: Plant) -> None:
    plant.deploy("load", who="ann", visibility="private")
    for verb in ("show", "deploy", "test", "trigger", "withdraw", "versions"):
        with pytest.raises(NotFound):
            plant.ask(f"schedules.{verb}", "bob", name="load")
    with pytest.raises(NotFound):
        plant.deploy("spy", f"{DAILY}\ndepends_on: [load]", who="bob")


def test_only_an_owner_or_admin_has_it_run_as_another_member(plant: Plant) -> None:
    create(plant, "load", f"{DAILY}\nrun_as: bob", who="ann")
    with pytest.raises(Forbidden, match="run_as 'bob'"):
        plant.ask("schedules.deploy", "ann", name="load")
    plant.ask("schedules.deploy", "adi", name="load")
    create(plant, "strange", f"{DAILY}\nrun_as: eve", who="adi")
    with pytest.raises(BadRequest, match="'eve' is no member"):
        plant.ask("schedules.deploy", "adi", name="strange")
    plant.context.people().add_person("root", "", 0.0, is_admin=True)
    join(plant, "default", "root", "owner")
    create(plant, "high", f"{DAILY}\nrun_as: root", who="adi")
    with pytest.raises(Forbidden, match="administrator of the server"):
        plant.ask("schedules.deploy", "adi", name="high")


def test_a_version_that_is_not_in_force_is_tested_as_nobody_else(plant: Plant) -> None:
    create(plant, "load", who="ann")
    plant.ask("schedules.deploy", "adi", name="load")
    create(plant, "load", f"{DAILY}\nretries: 1", who="ann")
    with pytest.raises(Forbidden, match="would run as 'adi'"):
        plant.ask("schedules.test", "ann", name="load", version="1.0.1")
    create(plant, "load", f"{DAILY}\nrun_as: adi", who="ann")
    plant.ask("schedules.deploy", "ann", name="load", version="1.0.1")
    with pytest.raises(Forbidden, match="would run as 'adi'"):
        plant.ask("schedules.test", "ann", name="load", version="1.0.2")
    plant.ask("schedules.test", "ann", name="load", version="1.0.0")
    plant.ask("schedules.test", "ops", name="load")
    plant.ask("schedules.deploy", name="load", version="1.0.0")
    with pytest.raises(Forbidden, match="administrator of the server"):
        plant.ask("schedules.test", "adi", name="load", version="1.0.1")


@pytest.mark.parametrize(("verb", "said", "field"), [
    ("test", {"bizdate": "9999-12-31"}, "bizdate"), ("test", {"bizdate": "0001-01-01"}, "bizdate"),
    ("test", {"bizdate": "tomorrow"}, "bizdate"), ("test", {"at": "25:00"}, "at"),
    ("test", {"at": "02:00+01:00"}, "at"), ("test", {"bizdate": "2026-03-01\0"}, "bizdate"),
    ("trigger", {"bizdate": "9999-12-31"}, "bizdate"), ("trigger", {"key": "k" * 256}, "key"),
    ("trigger", {"key": "a\0b"}, "key"), ("test", {"version": "9.9.9"}, "load@9.9.9"),
])  # fmt: skip
def test_wrong_requests_name_their_field(
    plant: Plant, verb: str, said: dict[str, Any], field: str
) -> None:
    plant.deploy("load", f"{DAILY}\ntimezone: Asia/Tokyo")
    with pytest.raises(BadRequest, match=field):
        plant.ask(f"schedules.{verb}", name="load", **said)


@pytest.mark.parametrize("said", [{"count": 0}, {"count": 1001}, {"bizdate": "9999-12-31"}])
def test_a_preview_has_bounds(plant: Plant, said: dict[str, Any]) -> None:
    with pytest.raises(BadRequest, match=next(iter(said))):
        plant.ask("schedules.preview", text=schedule_text("load", DAILY), **said)


def test_a_preview_tells_what_is_wrong_and_keeps_nothing(plant: Plant) -> None:
    bad = plant.ask("schedules.preview", text=schedule_text("load", "every: never"))
    assert bad["cycles"] == []
    assert bad["faults"][0]["path"] == "every"
    last = plant.ask("schedules.preview", text=schedule_text("load", DAILY), bizdate="9998-12-30",
                     count=1000)  # fmt: skip
    assert len(last["cycles"]) > 300
    assert plant.ask("schedules.list")["items"] == []


def test_a_test_has_the_time_that_is_said_and_waits_for_nothing(plant: Plant) -> None:
    plant.deploy("up", "every: day\nat: '03:00'")
    plant.deploy("load", f"{DAILY}\ndepends_on: [up, {{file: 's3://there/is/none'}}]")
    asked = plant.ask("schedules.test", "ops", name="load", bizdate="2026-01-31", at="04:05:06")
    plant.look()
    row = plant.one(kind="test")
    assert (row["id"], row["status"]) == (asked["instance"], "running")
    assert (row["bizdate"], row["cyctime"]) == ("2026-01-31", "2026-02-01T04:05:06+00:00")


def test_a_key_makes_one_instance(plant: Plant) -> None:
    plant.deploy("load", "triggers: [{dataset: taxi}]")
    first = plant.ask("schedules.trigger", "ops", name="load", key="k")
    again = plant.ask("schedules.trigger", "ops", name="load", key="k")
    assert again["instance"] == first["instance"]
    plant.ask("schedules.trigger", "ops", name="load")
    assert len(plant.rows(kind="triggered")) == 2
    plant.ask("schedules.switch", name="load", state="off")
    with pytest.raises(Conflict, match="is off"):
        plant.ask("schedules.trigger", "ops", name="load")


# --- dependencies -------------------------------------------------------------------------


def test_what_it_waits_for_must_be_in_force_and_in_no_circle(plant: Plant) -> None:
    create(plant, "up")
    create(plant, "down", f"{DAILY}\ndepends_on: [up]")
    with pytest.raises(BadRequest, match="'up' is not deployed"):
        plant.ask("schedules.deploy", name="down")
    plant.ask("schedules.deploy", name="up")
    plant.ask("schedules.deploy", name="down")
    create(plant, "alone", f"{DAILY}\ndepends_on: [absent]")
    with pytest.raises(NotFound, match=r"^depends_on: there is no schedule 'absent'$"):
        plant.ask("schedules.deploy", name="alone")
    create(plant, "up", f"{DAILY}\ndepends_on: [down]")
    with pytest.raises(BadRequest, match="wait for one another"):
        plant.ask("schedules.deploy", name="up")
    create(plant, "up", f"{DAILY}\ndepends_on: [{{schedule: down, cycle: last}}]")
    plant.ask("schedules.deploy", name="up")
    plant.ask("schedules.deploy", name="down")  # last cycles alone make no circle


def test_another_workspace_is_looked_into_only_with_a_grant(plant: Plant) -> None:
    plant.deploy("up", workspace="other")
    create(plant, "load", f"{DAILY}\ndepends_on: [{{schedule: up, workspace: other}}]", who="ann")
    with pytest.raises(NotFound):
        plant.ask("schedules.deploy", "ann", name="load")
    join(plant, "other", "ann", "guest")
    plant.ask("schedules.deploy", "ann", name="load")


# --- to another workspace -----------------------------------------------------------------


def private(plant: Plant, who: str) -> None:
    """A schedule, its pipeline and its component, which only one person sees."""
    said = {"visibility": "private"}
    plant.ask("components.create", who, text=component("hid"), **said)
    plant.ask("pipelines.create", who, text=pipeline({"a": {"component": "hid"}}, "hidden"), **said)
    text = schedule_text("load", DAILY).replace("pipeline: work", "pipeline: hidden")
    plant.ask("schedules.create", who, text=text, **said)


def test_a_deployment_elsewhere_takes_all_along_as_visible_as_it_was(plant: Plant) -> None:
    private(plant, "ann")
    with pytest.raises(NotFound):
        plant.ask("schedules.deploy", "ann", name="load", to="other")
    join(plant, "other", "ann", "guest")
    with pytest.raises(Forbidden):
        plant.ask("schedules.deploy", "ann", name="load", to="other")
    assert plant.ask("components.list", "", "other", text="hid")["items"] == []
    join(plant, "other", "ann", "developer")
    join(plant, "other", "bob", "developer")
    said = plant.ask("schedules.deploy", "ann", name="load", to="other")
    assert [each["kind"] for each in said["copied"]] == ["component", "pipeline", "schedule"]
    for noun, name in (("schedules", "load"), ("pipelines", "hidden"), ("components", "hid")):
        assert plant.ask(f"{noun}.show", "ann", "other", name=name)["name"] == name
        with pytest.raises(NotFound):
            plant.ask(f"{noun}.show", "bob", "other", name=name)
    plant.ask("schedules.deploy", "ann", name="load", to="other")  # the same once more


def test_what_is_in_force_here_is_what_is_deployed_elsewhere(plant: Plant) -> None:
    create(plant, "load")
    create(plant, "load", f"{DAILY}\nretries: 3")

    def deploy(**said: Any) -> Any:
        return plant.ask("schedules.deploy", name="load", **said)["after"]

    assert deploy(to="other", preview=True) == "1.0.1"  # none is in force: the latest
    deploy(version="1.0.0")
    assert deploy(to="other", preview=True) == "1.0.0"
    assert deploy(to="other") == "1.0.0"
    assert deploy(to="other", version="1.0.1") == "1.0.1"
    assert deploy(to="default", preview=True) == "1.0.1"  # here it is the latest, as without `to`
    assert deploy(preview=True) == "1.0.1"
    shown = plant.ask("schedules.show", "", "other", name="load")
    assert shown["in_force"]["version"] == "1.0.1"


def test_nobody_puts_a_version_over_what_another_has_there(plant: Plant) -> None:
    join(plant, "other", "ann", "developer")
    join(plant, "other", "bob", "developer")
    plant.deploy("load", who="bob", workspace="other")
    create(plant, "load", who="ann")
    with pytest.raises(Forbidden):
        plant.ask("schedules.deploy", "ann", name="load", to="other", preview=True)
    with pytest.raises(Forbidden):
        plant.ask("schedules.deploy", "ann", name="load", to="other")


def test_what_another_has_taken_there_already_is_used(plant: Plant) -> None:
    for person in ("ann", "bob"):
        join(plant, "other", person, "developer")
    create(plant, "one", who="ann")
    create(plant, "two", who="bob")
    plant.ask("schedules.deploy", "ann", name="one", to="other")
    plant.ask("schedules.deploy", "bob", name="two", to="other")
    assert plant.ask("schedules.show", "", "other", name="two")["in_force"]["owner"] == "bob"


@pytest.mark.parametrize(("scope", "may"), [("read", False), ("run", True), ("write", True)])
def test_what_a_limited_token_may(plant: Plant, scope: Any, may: bool) -> None:
    plant.deploy("load", who="ann")
    who = Identity("ann", scope=scope)

    def ask(verb: str, **said: Any) -> bool:
        try:
            perform(plant.context, who, Asked(verb, {"name": "load", **said}, "default"))
        except Forbidden:
            return False
        return True

    assert [ask("schedules.test"), ask("schedules.trigger")] == [may, may]
    assert ask("schedules.deploy") == (scope == "write")
    elsewhere = Identity("ann", scope=scope, workspace="other")
    with pytest.raises(NotFound):
        perform(plant.context, elsewhere, Asked("schedules.test", {"name": "load"}, "default"))


# --- people and workspaces ----------------------------------------------------------------


def test_a_workspace_with_a_schedule_stays_and_leaves_no_cycles_behind(plant: Plant) -> None:
    plant.deploy("load", workspace="other")
    plant.look()
    with pytest.raises(Conflict, match="still holds"):
        plant.ask("workspaces.delete", "", "other")
    plant.look("2026-03-11T02:00")
    plant.ask("schedules.withdraw", "", "other", name="load")
    plant.end()
    plant.look()
    for name in ("schedules", "pipelines", "components"):
        thing = {"schedules": "load", "pipelines": "work", "components": "step"}[name]
        plant.ask(f"{name}.delete", "", "other", name=thing)
    for run in plant.doors.runs:
        plant.ask("runs.delete", "", "other", run=run)
    plant.ask("workspaces.delete", "", "other")
    plant.ask("workspaces.create", "", "", name="other")
    assert plant.rows("other") == []


def test_whoever_has_a_schedule_in_force_leaves_no_name_to_another(plant: Plant) -> None:
    create(plant, "load", who="ann")
    assert not plant.context.people().is_owner_of_things("adi")
    plant.ask("schedules.deploy", "adi", name="load")
    assert plant.context.people().is_owner_of_things("adi")


def test_a_run_that_another_server_asked_for_first_is_no_failure(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant.deploy("load", who="ann")
    asked = plant.ask("schedules.test", "ann", name="load")
    row = plant.context.schedules().instance(asked["instance"])
    owner = plant.context.schedules().in_force("default", "load")
    assert row
    assert owner
    row = replace(row, run="run1")
    doors = Scheduling(plant.context)

    def late(*_: object) -> None:
        made = RunRow("run1", "", "", "", "queued", NOON)
        plant.context.store.create_run(made, [], {})
        raise MillworkError("refused by a rule of the database")

    monkeypatch.setattr(scheduling, "ask", late)
    doors.start(owner, doors.schedule("default", "load", owner.version), row)

    def refused(*_: object) -> None:
        raise BadRequest("no")

    monkeypatch.setattr(scheduling, "ask", refused)
    with pytest.raises(BadRequest):
        doors.start(
            owner, doors.schedule("default", "load", owner.version), replace(row, run="run2")
        )


def test_deploying_elsewhere_is_noted_where_it_is_done(plant: Plant) -> None:
    create(plant, "load")
    plant.ask("schedules.deploy", name="load", to="other")
    listed = perform(plant.context, LOCAL_OWNER, Asked("audit.list", {}, "other"))["items"]
    assert any(each["verb"] == "schedules.deploy" and each["target"] == "load/1.0.0"
               for each in listed)  # fmt: skip
