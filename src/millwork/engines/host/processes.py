"""The processes of an attempt, found by a mark in their environment, and how they are ended."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from millwork.base.names import WITHHELD

if TYPE_CHECKING:
    from collections.abc import Iterable

MARK = "MILLWORK_ATTEMPT"
_OURS = ("MILLWORK_DATABASE", "MILLWORK_HOME", "MILLWORK_URL")
# So few ids are looked at one by one: cheaper than the list of all processes (1 ms of 4 a step).
_FEW = 100


def inherited() -> dict[str, str]:
    """What steps get of this process's variables: none that is for Millwork, and no secret."""
    return {
        name: value
        for name, value in os.environ.items()
        if name not in _OURS and not name.startswith(WITHHELD)
    }


def marked(attempt: str, after: int | None = None) -> list[int]:
    """This user's processes that carry the attempt's mark, however far they have wandered.

    A daemon that left its session and its group still has its first environment. `after` is the
    recorder's process id: what it has started has a higher one, unless the kernel has begun
    again at the lowest since.
    """
    wanted = f"{MARK}={attempt}".encode()
    found = []
    for pid in _candidates(after):
        with suppress(OSError), open(f"/proc/{pid}/environ", "rb") as file:
            if wanted in file.read().split(b"\0") and _leads(pid):
                found.append(pid)
    return found


def _candidates(after: int | None) -> Iterable[int]:
    """Process ids that may be given; those of threads may be among them."""
    with open("/proc/loadavg", encoding="ascii") as file:
        latest = int(file.read().split()[-1])
    if after is not None and 0 <= latest - after < _FEW:
        return range(after, latest + 1)
    floor = after if after is not None and after <= latest else 0
    pids = [int(name) for name in os.listdir("/proc") if name.isdecimal()]
    return [pid for pid in pids if pid >= floor]


def _leads(pid: int) -> bool:
    """Whether it is a process's own id, not that of one of its threads."""
    with open(f"/proc/{pid}/status", "rb") as file:
        return f"\nTgid:\t{pid}\n".encode() in file.read()


def is_monitor(pid: int) -> bool:
    """Whether the process is bubblewrap's: the one that waits outside for the step inside."""
    with suppress(OSError), open(f"/proc/{pid}/comm", encoding="utf-8", errors="replace") as file:
        return file.read().strip() == "bwrap"
    return False


def runs_script(pid: int, script: str) -> bool:
    """Whether the process is a shell with this text as its script."""
    return script.encode() in _words(pid)[2:3]


def runs_module(pid: int, name: str) -> bool:
    """Whether the process is `python -E -P -m NAME`."""
    return _words(pid)[3:5] == [b"-m", name.encode()]


def parent_of(pid: int) -> int | None:
    """The parent's process id; None if the process is gone."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except (OSError, IndexError):
        return None


def addressed(pids: list[int], filter_program: str) -> list[int]:
    """Those to send a signal to: a filter passes it on to the process group of its child."""
    filters = {pid for pid in pids if _words(pid)[3:4] == [filter_program.encode()]}
    if not filters:
        return pids
    return [pid for pid in pids if parent_of(_group_of(pid)) not in filters]


def _words(pid: int) -> list[bytes]:
    with suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read().split(b"\0")
    return []


def _group_of(pid: int) -> int:
    with suppress(ProcessLookupError):
        return os.getpgid(pid)
    return 0


def signal_all(pids: list[int], number: int) -> None:
    """Sends a signal to each; those that are gone do not matter."""
    for pid in pids:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def kill_marked(
    attempt: str, *, after: int | None = None, spare: int | None = None, patience: float = 5.0
) -> None:
    """Kills the attempt's processes until none is left, but for `spare`; `after` as for marked."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        pids = [pid for pid in marked(attempt, after) if pid != spare and not _is_zombie(pid)]
        if not pids:
            return
        signal_all(pids, signal.SIGKILL)
        time.sleep(0.005)


def _is_zombie(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] == b"Z"
    except (OSError, IndexError):
        return True
