"""This process, and others: who drives which run, and the two clocks."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from functools import lru_cache

from millwork.ports import Master


class SystemClock:
    """Implements `ports.Clock`."""

    def wall(self) -> float:
        """Unix seconds."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return time.monotonic()


class LocalMasters:
    """Implements `ports.Masters` with the processes of this machine."""

    def me(self) -> Master:
        """This process: its id, when it started in the kernel's ticks, and the machine's boot."""
        pid = os.getpid()
        return Master(pid, _started(pid) or "", _boot())

    def is_alive(self, master: Master) -> bool:
        """Whether that very process still runs; its id alone may have been given away again."""
        return master.boot == _boot() and _started(master.pid) == master.started

    def wake(self, master: Master) -> None:
        """Makes it look at what was requested of its runs."""
        if self.is_alive(master):
            with suppress(ProcessLookupError):
                os.kill(master.pid, signal.SIGUSR1)


@lru_cache(maxsize=1)
def _boot() -> str:
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as file:
        return file.read().strip()


def _started(pid: int) -> str | None:
    """The process's start in clock ticks since boot; None if it is gone, or a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    return None if fields[0] in ("Z", "X") else fields[19]
