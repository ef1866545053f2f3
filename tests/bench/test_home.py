"""The home that the figures break things in: what it counts, and what it leaves behind."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from bench.home import Home, left, until
from bench.jobs import _job, _permanent

from bench import containers

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.quick
def test_processes_are_those_of_plain_steps_and_of_replicas(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for process in ("a-1", "b-1/worker-0", "b-1/worker-0~1"):
        (home.path / "attempts" / process).mkdir(parents=True)
        (home.path / "attempts" / process / "lock").touch()
    (home.path / "attempts" / "b-1" / "ml" / "usercode").mkdir(parents=True)
    assert home.process_ids() == ["a-1", "b-1/worker-0", "b-1/worker-0~1"]
    assert home.process_ids("b-1") == ["b-1/worker-0", "b-1/worker-0~1"]


@pytest.mark.quick
def test_a_home_without_runs_has_no_history(tmp_path: Path) -> None:
    assert Home(tmp_path).events() == []


def test_closing_ends_the_replicas_of_a_job_too(tmp_path: Path) -> None:
    home = Home(tmp_path)
    pipeline = _job(home, "setsid sleep 60 & sleep 60", 3, resources={"processes": 20})
    home.start("run", pipeline)
    until(lambda: len(home.process_ids()) == 3, "the replicas")
    until(lambda: all(left(process) >= 3 for process in home.process_ids()), "their processes")
    home.close()
    assert [left(process) for process in home.process_ids()] == [0, 0, 0]


def test_a_job_that_fails_names_the_first_cause(tmp_path: Path) -> None:
    home = Home(tmp_path)
    try:
        measured, kept = _permanent(home)
    finally:
        home.close()
    assert kept, measured
    assert measured.startswith("failed: worker-1: exit code 3, peers gone in ")
    assert measured.endswith(", 0 left")


@pytest.mark.quick
def test_without_a_container_tool_the_row_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda _: None)
    (row,) = containers.containers(tmp_path)
    assert (row.measured, row.kept) == ("not measured here: no container tool (podman)", False)
