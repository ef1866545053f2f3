"""Workers of the stand-in for ssh as processes of a test, and who started what."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from millwork.worker import mpi
from tests.conftest import gone, until

if TYPE_CHECKING:
    from collections.abc import Mapping

SCRIPT = str(Path(mpi.__file__))
PYTHON = [sys.executable, "-I", "-S", SCRIPT]


@dataclass
class Gang:
    """Workers on this machine, and the folder of their sockets."""

    folder: Path
    workers: dict[str, subprocess.Popen[str]]

    def serve(self, host: str) -> subprocess.Popen[str]:
        """Starts a worker, and waits for its socket."""
        words = [*PYTHON, "serve", f"{self.folder}/{host}.sock"]
        self.workers[host] = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        until((self.folder / f"{host}.sock").exists)
        return self.workers[host]

    def words(self, *words: str) -> list[str]:
        """The words by which a program has a worker run something."""
        return [*PYTHON, "rsh", str(self.folder), *words]

    def rsh(
        self, *words: str, env: Mapping[str, str] | None = None, cwd: str | Path = "/"
    ) -> subprocess.CompletedProcess[str]:
        """Has a worker run something to its end."""
        return subprocess.run(
            self.words(*words), capture_output=True, text=True, check=False, timeout=30, cwd=cwd,
            env={"PATH": os.defpath, **(env or {})},
        )  # fmt: skip

    def below(self) -> list[int]:
        """The processes that the workers have started."""
        return [pid for worker in self.workers.values() for pid in below(worker.pid)]

    def end(self) -> None:
        """Kills what is left of the workers and their processes."""
        left = self.below()
        for worker in self.workers.values():
            worker.kill()
            worker.communicate()
        for pid in left:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def parent(pid: int) -> int:
    """The parent of a process; 0 if it has ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def chain(pid: int) -> list[int]:
    """The parents of a process, up to the first."""
    found = [parent(pid)]
    while found[-1] > 1:
        found.append(parent(found[-1]))
    return found


def below(pid: int) -> list[int]:
    """The processes that are alive below a process."""
    everything = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return [each for each in everything if pid in chain(each) and not gone(each)]
