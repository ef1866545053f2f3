"""The processes of an attempt, found by a mark in their environment, and how they are ended."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress

MARK = "MILLWORK_ATTEMPT"


def marked(attempt: str) -> list[int]:
    """This user's processes that carry the attempt's mark, however far they have wandered.

    A daemon that left its session and its group still has its first environment.
    """
    wanted = f"{MARK}={attempt}".encode()
    found = []
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        with suppress(OSError), open(f"/proc/{name}/environ", "rb") as file:
            if wanted in file.read().split(b"\0"):
                found.append(int(name))
    return found


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


def kill_marked(attempt: str, spare: int | None = None, patience: float = 5.0) -> None:
    """Kills the attempt's processes until none is left, but for `spare`."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        pids = [pid for pid in marked(attempt) if pid != spare and not _is_zombie(pid)]
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
