"""A workspace's usage: its quota, what is left, and why runs wait, for whom it concerns."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import pytest

from millwork.access.identity import Identity
from millwork.actions.call import Call
from millwork.actions.usage import room_for_runs, usage_of_workspace
from millwork.app.compose import open_context
from millwork.ports import Master, RunRow
from millwork.queue.admission import admit
from millwork.run.state import Capacity

if TYPE_CHECKING:
    from pathlib import Path

    from millwork.actions.context import Context

pytestmark = pytest.mark.quick

MACHINE = Capacity(parallel=4, cpu=4, memory=2**33)
RUN = RunRow("r", "night", "pipe", "1", "queued", 1.0, creator="ann", demand={"cpu": 2.0})


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    monkeypatch.setenv("MILLWORK_HOME", str(tmp_path))
    context = replace(open_context(), machine=MACHINE)
    people = context.people()
    default = people.workspace("default")
    assert default is not None
    people.change_workspace(replace(default, quota={"cpu": 3.0, "runs": 2}))
    runs = [replace(RUN, id=f"r{number}", created=float(number)) for number in range(3)]
    runs.append(replace(runs[0], id="r3", created=3.0, creator="bob", visibility="private"))
    for run in runs:
        context.store.create_run(run, [], {})
    decide = partial(admit, machine=room_for_runs(MACHINE))
    context.admissions().admit(decide, Master(1, "1", "boot"), 9.0)
    return context


def test_a_workspace_sees_its_quota_and_why_its_runs_wait(context: Context) -> None:
    usage = usage_of_workspace(Call(context))
    assert usage["quota"] == {"cpu": 3.0, "memory": None, "gpu": None, "runs": 2}
    assert usage["used"] == {"cpu": 2.0, "memory": 0, "gpu": 0, "runs": 1}
    assert usage["free"] == {"cpu": 1.0, "memory": None, "gpu": None, "runs": 1}
    assert (usage["running"], usage["queued"]) == (1, 3)
    first, *rest = usage["waiting"]
    assert first == {
        "run": "r1", "name": "night", "creator": "ann", "priority": 5, "created": 1.0,
        "demand": {"cpu": 2.0, "memory": 0, "gpu": 0},
        "reason": "asks for 2 cores; workspace 'default' uses 2 of its quota of 3",
    }  # fmt: skip
    assert [(each["run"], each["reason"]) for each in rest] == [
        ("r2", "behind r1"), ("r3", "behind r1"),
    ]  # fmt: skip


def test_private_runs_of_others_are_counted_but_not_named(context: Context) -> None:
    usage = usage_of_workspace(Call(context, Identity("ann"), role="developer"))
    assert usage["queued"] == 3
    assert [each["run"] for each in usage["waiting"]] == ["r1", "r2"]


def test_a_private_run_is_not_named_as_what_others_wait_for(context: Context) -> None:
    usage = usage_of_workspace(Call(context, Identity("cid"), role="developer"))
    assert [each["reason"] for each in usage["waiting"]][1] == "behind r1"
    context.store.describe("r1", "night", "", "private", {})
    usage = usage_of_workspace(Call(context, Identity("cid"), role="developer"))
    assert [(each["run"], each["reason"]) for each in usage["waiting"]] == [
        ("r2", "behind another run")
    ]
