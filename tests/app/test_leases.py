"""The lease service as a process: what its master does when it ends, at whatever moment."""

from __future__ import annotations

import os
import signal
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest

from millwork.app import leases
from millwork.app.leases import LeaseProcess
from millwork.ports.leases import Opening
from millwork.spec.model import Split
from tests.conftest import until

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from millwork.ports import RunRow
    from millwork.ports.leases import News

    Make = Callable[[str], LeaseProcess]

STAYS = "import sys; sys.stdin.read()"


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Make:
    """A process that runs this program in place of the service."""
    monkeypatch.setattr(leases, "_LONG_PAUSE", 0.02)

    def made(program: str) -> LeaseProcess:
        row = cast("RunRow", SimpleNamespace(id="run", epoch=1))
        path = str(tmp_path / "leases" / "run")
        process = LeaseProcess(str(tmp_path), path, row, lambda: None)
        process._words = (sys.executable, "-c", program)
        return process

    return made


def opening(attempt: str) -> Opening:
    return Opening("step", attempt, "token", "/in", "/in", "/", Split("files", 1), {}, 1)


def pid_of(process: LeaseProcess) -> int:
    """That of the process which runs at the moment; it is waited for."""

    def running() -> int | None:
        assert process._process is not None
        return process._process.pid if process._process.poll() is None else None

    found = until(running)
    assert isinstance(found, int)
    return found


def test_what_is_said_to_one_that_has_just_died_harms_nobody(make: Make, tmp_path: Path) -> None:
    process = make(STAYS)
    process.open(opening("a"))
    for number in range(3):
        os.kill(pid_of(process), signal.SIGKILL)
        process.gone("a", f"worker-{number}", is_lost=True)
        time.sleep(0.005)  # so that some words meet it dying, and some dead
        process.gone("a", f"worker-{number}~1", is_lost=True)
    os.kill(pid_of(process), signal.SIGKILL)
    time.sleep(0.005)  # the same
    process.close("a")
    process.stop()
    assert not (tmp_path / "leases").exists()


def test_one_that_only_crashes_fails_what_is_open_and_is_tried_anew(make: Make) -> None:
    process = make("import sys; sys.exit('out of luck')")

    def news() -> list[tuple[str, News]]:
        return list(process.news())

    for attempt in ("a", "b"):
        process.open(opening(attempt))
        ((found, told),) = until(news)
        assert (found, told.verdict) == (attempt, "failed")
        assert told.reason == "the lease service ended with exit code 1: out of luck"
        process.gone(attempt, "worker-0", is_lost=False)
        process.close(attempt)
    process.stop()


def test_one_that_does_not_end_is_killed(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_END", 0.2)
    process = make("import time; time.sleep(60)")
    process.open(opening("a"))
    pid = pid_of(process)
    process.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
