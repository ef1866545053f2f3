"""How a run goes on: by a watcher, on a copy of its home, and not while its master lives."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

from millwork.engines.host import processes
from millwork.store.runs import RunStore
from tests.kill import runner

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def until(holds: Callable[[], object], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def started(tmp_path: Path, steps: int = 12, seconds: float = 0.2) -> subprocess.Popen[bytes]:
    """A run of which some steps have ended and some have not."""
    pipeline = runner.write_pipeline(tmp_path, steps, 2, seconds)
    env = runner.environment(tmp_path / "home", tmp_path / "effects")
    process = subprocess.Popen(
        [runner.MILLWORK, "run", str(pipeline)], env=env, stdout=subprocess.DEVNULL
    )
    effects = tmp_path / "effects"
    until(lambda: effects.exists() and effects.read_text().count("end") >= 3)
    return process


def command(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    env = runner.environment(tmp_path / "home", tmp_path / "effects")
    return subprocess.run(
        [runner.MILLWORK, *words], env=env, capture_output=True, text=True, check=False
    )


def test_a_run_with_a_living_master_is_left_alone(tmp_path: Path) -> None:
    process = started(tmp_path)
    refused = command(tmp_path, "runs", "resume", "last")
    assert refused.returncode != 0
    assert f"is driven by process {process.pid}" in refused.stderr
    assert process.wait(30) == 0
    report = runner.report(tmp_path, 0, 0)
    assert max(report.starts.values()) == 1


def test_a_watcher_finishes_what_is_interrupted_without_being_asked(tmp_path: Path) -> None:
    process = started(tmp_path)
    env = runner.environment(tmp_path / "home", tmp_path / "effects")
    watcher = subprocess.Popen(
        [runner.MILLWORK, "runs", "resume", "--all", "--watch"], env=env,
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        process.send_signal(signal.SIGKILL)
        process.wait()
        store = RunStore(str(tmp_path / "home" / "millwork.db"))
        until(lambda: store.runs(1)[0].status == "succeeded")
    finally:
        watcher.kill()
        watcher.wait()
    report = runner.report(tmp_path, 0, 0)
    assert report.statuses == {"succeeded": 12}
    assert max(report.starts.values()) == 1
    assert max(report.recorded.values()) == 1


def test_a_copy_of_the_home_goes_on_after_the_machine_went_down(tmp_path: Path) -> None:
    process = started(tmp_path)
    process.send_signal(signal.SIGSTOP)  # so that the files are of one instant
    store = RunStore(str(tmp_path / "home" / "millwork.db"))
    attempts = [row.id for row in store.attempts(store.runs(1)[0].id) if row.status == "running"]
    store.close()
    shutil.copytree(tmp_path / "home", tmp_path / "copy")
    process.kill()
    process.wait()
    for attempt in attempts:
        processes.kill_marked(attempt)
    finished = {line.split()[0] for line in (tmp_path / "effects").read_text().splitlines()
                if line.endswith("end")}  # fmt: skip
    os.rename(tmp_path / "home", tmp_path / "gone")
    os.rename(tmp_path / "copy", tmp_path / "home")
    assert command(tmp_path, "runs", "resume", "last").returncode == 0
    report = runner.report(tmp_path, 0, 0)
    assert report.integrity == "ok"
    assert report.statuses == {"succeeded": 12}
    assert max(report.recorded.values()) == 1
    again = {step for step, count in report.starts.items() if count > 1}
    assert len(again) <= len(attempts), "more was done again than was under way"
    assert max(report.starts.values()) <= 2
    assert finished
