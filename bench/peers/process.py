"""A command with a bound on its time, of which nothing is left afterwards."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import select
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bench.measure import Cost

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SECONDS = 300.0
_PR_SET_CHILD_SUBREAPER = 36


class DidNotRun(Exception):
    """A command failed or took too long; the text says which, and names no path."""


@dataclass(frozen=True)
class Start:
    """What to start, with which variables, in which folder; it prints into `log` there."""

    words: list[str]
    env: Mapping[str, str]
    cwd: Path

    @property
    def log(self) -> Path:
        """What it printed."""
        return self.cwd / "log"


def bounded_cost(start: Start, seconds: float = SECONDS) -> Cost:
    """What a command and everything that it started cost. Raises DidNotRun."""
    before, began = _cpu(), time.perf_counter()
    with running(start) as process:
        ended = wait(process, seconds)
        wall = time.perf_counter() - began
    if not ended:
        raise DidNotRun(f"no end in {seconds:g} s")
    if process.returncode:
        raise DidNotRun(f"exit code {process.returncode}")
    return Cost((_cpu() - before) * 1000, wall * 1000)


@contextlib.contextmanager
def running(start: Start) -> Iterator[subprocess.Popen[bytes]]:
    """The command as a process; on leaving, its process group and its orphans are ended.

    What it started and left behind becomes a child of this process, wherever it moved, so that it
    is found, and its CPU time is counted.
    """
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    known = _children()
    with start.log.open("wb") as log:
        process = subprocess.Popen(
            start.words, env=start.env, cwd=start.cwd, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        while orphans := _children() - known:
            for pid in orphans:
                _end(pid)


def wait(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """Whether the process ended within so many seconds."""
    descriptor = os.pidfd_open(process.pid)
    try:
        ready, _, _ = select.select([descriptor], [], [], seconds)
    finally:
        os.close(descriptor)
    if ready:
        process.wait()
    return bool(ready)


def _end(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def _children() -> set[int]:
    """The processes whose parent is this one."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parent = stat.read_text().rpartition(")")[2].split()[1]
            if int(parent) == os.getpid():
                found.add(int(stat.parent.name))
    return found


def _cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
