"""The promise: a killed master loses nothing and repeats nothing."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from millwork.base.faultpoints import POINTS
from tests.kill import runner

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("parallel", [1, 4])
def test_kills_at_random_instants(tmp_path: Path, parallel: int) -> None:
    report = runner.run_with_kills(
        tmp_path, steps=24, parallel=parallel, kills=8, pause=(0.05, 0.5), seed=parallel
    )
    steps = {f"s{number}" for number in range(24)}
    assert report.run_status == "succeeded"
    assert report.statuses == {"succeeded": 24}
    assert set(report.starts) == steps
    assert max(report.starts.values()) == 1, "a step was started twice"
    assert max(report.recorded.values()) == 1, "an outcome was recorded twice"
    assert report.integrity == "ok"


# Those of migrations, of the server and of the scheduler have tests of their own.
OF_A_RUN = [each for each in POINTS if not each.startswith(("migrate.", "server.", "schedule."))]


@pytest.mark.parametrize("action", ["kill", "exception", "delay"])
@pytest.mark.parametrize("point", OF_A_RUN)
def test_every_fault_point_leads_to_the_right_end(tmp_path: Path, point: str, action: str) -> None:
    pipeline = runner.write_pipeline(tmp_path, 5, 2, 0.01)
    env = runner.environment(tmp_path / "home", tmp_path / "effects")
    run = [runner.MILLWORK, "run", str(pipeline)]
    if point.startswith("resume."):
        subprocess.run(run, env={**env, "MILLWORK_FAULT": "loop.kept:kill:2"}, check=False)
        run = [runner.MILLWORK, "runs", "resume", "last"]
    nth = 1 if point.startswith(("submit.", "resume.")) else 3
    fault = {"MILLWORK_FAULT": f"{point}:{action}:{nth}"}
    done = subprocess.run(run, env={**env, **fault}, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert (done.returncode == 0) == (action == "delay"), done.stderr
    if action != "delay":
        listed = subprocess.run(
            [runner.MILLWORK, "runs", "list", "--json"], env=env, capture_output=True, check=True
        )
        again = run if listed.stdout.strip() == b"[]" else [*run[:1], "runs", "resume", "last"]
        subprocess.run(again, env=env, check=True, capture_output=True)
    report = runner.report(tmp_path, 0.0, 0)
    assert report.run_status == "succeeded"
    assert report.statuses == {"succeeded": 5}
    assert max(report.starts.values()) == 1, "a step was started twice"
    assert max(report.recorded.values()) == 1, "an outcome was recorded twice"
