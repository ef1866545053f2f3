"""What the API's process costs: its time on a processor, its memory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.e2e.server import Server

_PAGE = os.sysconf("SC_PAGE_SIZE")


def api_of(server: Server) -> int:
    """The process of the API: the child of `millwork up` that runs its module."""
    children = Path(f"/proc/{server.process.pid}/task/{server.process.pid}/children").read_text()
    for pid in map(int, children.split()):
        if b"millwork.api.main" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    raise AssertionError("the API does not run")


def cpu_seconds(pid: int) -> float:
    """Seconds that all threads of a process, which are not over, have had a processor for."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def resident(pid: int) -> int:
    """Bytes of memory that a process holds."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
