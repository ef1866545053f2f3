"""What becomes of a run whose orchestrator is killed in mid-step and then started again."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.peers.process import DidNotRun, running, wait

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bench.peers.engines import Engine

LOG = "steps.log"
STEPS = 3
KILLED_IN = 1
SECONDS = 120.0


@dataclass(frozen=True)
class Aftermath:
    """How often each step was started, whether one ran twice at once, how the second run ended."""

    starts: tuple[int, ...]
    at_once: bool
    code: int


def read(log: str) -> tuple[tuple[int, ...], bool]:
    """Starts by step, and whether a step was started while it ran, from lines such as `start 1`."""
    starts, open_now, at_once = Counter[int](), Counter[int](), False
    for line in log.splitlines():
        what, number = line.split()
        step = int(number)
        if what == "start":
            starts[step] += 1
            at_once = at_once or open_now[step] > 0
        open_now[step] += 1 if what == "start" else -1
    return tuple(starts[step] for step in range(STEPS)), at_once


def after_kill(engine: Engine) -> Aftermath:
    """Kills the process that drives a chain of three while the second runs, and starts it again.

    Only that process is killed, with signal 9. Raises DidNotRun.
    """
    out = engine.home.parent / "slow"
    out.mkdir()
    log = out.parent / LOG
    with running(engine.start("chain", STEPS, out, slow=True)) as first:
        _until(lambda: f"start {KILLED_IN}\n" in _text(log), "the second step did not start")
        time.sleep(0.5)  # into the middle of the step
        first.kill()
        first.wait()
        with running(engine.restart(out)) as second:
            if not wait(second, SECONDS):
                raise DidNotRun(f"started again, no end in {SECONDS:g} s")
        _settled(log)
    starts, at_once = read(_text(log))
    return Aftermath(starts, at_once, second.returncode)


def _settled(log: Path) -> None:
    """Waits for steps that outlived both runs; one that was killed never says its end."""
    deadline = time.monotonic() + 30
    while _text(log).count("start ") != _text(log).count("end ") and time.monotonic() < deadline:
        time.sleep(0.1)  # orphans give no event


def _text(log: Path) -> str:
    return log.read_text() if log.exists() else ""


def _until(condition: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise DidNotRun(otherwise)
        time.sleep(0.1)  # a log that another process writes gives no event
