"""Schedules on a real server: values handed on, rights that are lost, and the way to production."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.actions.shelf import component, pipeline
from tests.attacks.door import Door, good, opened
from tests.conftest import until

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = "/workspaces/default"


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened(tmp_path_factory.mktemp("schedules") / "home") as opened_door:
        yield opened_door


def register(door: Door, name: str, command: str, **more: Any) -> None:
    """Registers a pipeline of one step, and the step's component."""
    fields = {key: more.pop(key) for key in ("outputs", "parameters") if key in more}
    step = component(f"{name}-step", command=command, **fields)
    good(door.ask("POST", f"{HERE}/components", {"text": step}))
    nodes = {"step": {"component": f"{name}-step", **more.pop("node", {})}}
    good(door.ask("POST", f"{HERE}/pipelines", {"text": pipeline(nodes, name, **more)}))


def schedule(door: Door, name: str, **more: Any) -> None:
    """Registers a daily schedule of the pipeline of that name, and deploys it."""
    head = {"apiVersion": "millwork/v1", "kind": "Schedule", "name": name, "version": "1.0.0"}
    said = {**head, "pipeline": name, "every": "day", "at": "00:00", **more}
    good(door.ask("POST", f"{HERE}/schedules", {"text": json.dumps(said)}))
    good(door.ask("POST", f"{HERE}/schedules/{name}/deploy", {}))


def over(door: Door, instance: str, workspace: str = "default") -> Any:
    """An instance when it is over."""

    def found() -> Any:
        path = f"/workspaces/{workspace}/instances/{instance}"
        shown = good(door.ask("GET", path)).json
        row = shown.get("instance", shown)
        return row if row["status"] in ("succeeded", "failed", "cancelled") else None

    return until(found, 60)


def test_a_value_is_handed_on_to_who_waited_for_it(door: Door) -> None:
    register(
        door, "count", 'echo "\\"${day}\\"" > $PAI_OUTPUT_N',
        outputs={"n": {"type": "value"}}, scheduling_parameters={"day": "${yyyymmdd}"},
    )  # fmt: skip
    head = json.loads(good(door.ask("GET", f"{HERE}/pipelines/count")).json["document"]["text"])
    told = {**head, "version": "1.0.1", "outputs": {"n": {"from": "step.n"}}}
    good(door.ask("POST", f"{HERE}/pipelines", {"text": json.dumps(told)}))
    register(
        door, "report", "echo got $PAI_HPS_WORD", parameters={"word": {"type": "String"}},
        node={"parameters": {"word": "n=${n}"}}, scheduling_parameters={"n": "${node.count.n}"},
    )  # fmt: skip
    schedule(door, "count")
    schedule(door, "report", depends_on=["count"])
    wish = {"schedule": "count", "ranges": [{"first": "2026-01-05", "last": "2026-01-06"}],
            "downstream": "all", "parallel": 2}  # fmt: skip
    made = good(door.ask("POST", f"{HERE}/backfills", wish)).json
    page = good(door.ask("GET", f"{HERE}/instances?origin={made['id']}&limit=10")).json
    rows = [over(door, row["id"]) for row in page["items"]]
    assert [(row["status"], row["reason"]) for row in rows] == [("succeeded", "")] * 4
    for row in rows:
        if row["schedule"] == "report":
            log = good(door.ask("GET", f"{HERE}/runs/{row['run']}/steps/step/logs/last")).json
            assert log["text"] == f"got n={row['bizdate'].replace('-', '')}\n"


def test_an_instance_of_who_lost_the_right_fails_with_the_reason(door: Door) -> None:
    register(door, "guarded", "echo ${day}", scheduling_parameters={"day": "${yyyymmdd}"})
    ann = door.hire("ann", "developer")
    schedule(ann, "guarded")
    asked = good(ann.ask("POST", f"{HERE}/schedules/guarded/test", {"bizdate": "2026-01-05"})).json
    assert over(door, asked["instance"])["status"] == "succeeded"
    door.make_member("ann", "guest")
    asked = good(door.ask("POST", f"{HERE}/schedules/guarded/test", {})).json
    row = over(door, asked["instance"])
    assert (row["status"], row["run"]) != ("succeeded", "")
    assert "your role, guest, may not write a run" in row["reason"]
    good(door.ask("PATCH", "/people/ann", {"active": False}))
    asked = good(door.ask("POST", f"{HERE}/schedules/guarded/test", {})).json
    assert over(door, asked["instance"])["reason"] == (
        "it runs as 'ann', who is not active any more"
    )


def test_what_was_tried_in_development_runs_in_production(door: Door) -> None:
    register(
        door, "moved", "echo ${where} ${day}",
        scheduling_parameters={"day": "${yyyymmdd}", "where": "${workspace.bucket}"},
    )  # fmt: skip
    good(door.ask("POST", "/workspaces", {
        "name": "prod", "stage": "production", "variables": {"bucket": "live"}}))  # fmt: skip
    schedule(door, "moved")
    wish = {"to": "prod", "preview": True}
    preview = good(door.ask("POST", f"{HERE}/schedules/moved/deploy", wish)).json
    assert [f"{each['kind']}:{each['name']}" for each in preview["copied"]] == [
        "component:moved-step", "pipeline:moved", "schedule:moved",
    ]  # fmt: skip
    assert door.ask("GET", "/workspaces/prod/schedules/moved").status == 404
    good(door.ask("POST", f"{HERE}/schedules/moved/deploy", {"to": "prod"}))
    there = good(door.ask("GET", "/workspaces/prod/schedules/moved")).json
    assert there["in_force"]["version"] == "1.0.0"
    test = "/workspaces/prod/schedules/moved/test"
    asked = good(door.ask("POST", test, {"bizdate": "2026-01-05"})).json
    row = over(door, asked["instance"], "prod")
    assert row["status"] == "succeeded", row["reason"]
    log = good(door.ask("GET", f"/workspaces/prod/runs/{row['run']}/steps/step/logs/last")).json
    assert log["text"] == "live 20260105\n"
