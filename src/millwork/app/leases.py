"""The lease service of a run as a process beside its master, started again whenever it ends."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from millwork.ports.leases import FENCED, News

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import IO

    from millwork.ports import Opening, RunRow

_PAUSE, _LONG_PAUSE = 0.02, 0.5
_MOST_CRASHES = 3
_TAIL = 2000


class LeaseProcess:
    """Implements `ports.Leasing`; nothing is started before the first batch is opened.

    The socket, at `path`, is this process's: calls that come while the service is being started
    wait in its queue. `wake` is called when there are news.
    """

    def __init__(self, home: str, path: str, run: RunRow, wake: Callable[[], None]) -> None:
        self._path = path
        self._words = (sys.executable, "-m", "millwork.api.server", run.id, str(run.epoch))
        self._home, self._wake = home, wake
        self._openings: dict[str, Opening] = {}
        self._news: deque[tuple[str, News]] = deque()
        self._lock = threading.Lock()
        self._listening: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closing = False

    def open(self, opening: Opening) -> None:
        """Begins to give out the shards of an attempt."""
        with self._lock:
            self._openings[opening.attempt] = opening
            if self._listening is None:
                self._listening = _listen(self._path)
                self._process = self._started()
                threading.Thread(target=self._attend, daemon=True).start()
            else:
                self._say({"say": "open", "opening": asdict(opening)})

    def gone(self, attempt: str, worker: str, *, is_lost: bool) -> None:
        """A worker has ended."""
        with self._lock:
            opening = self._openings.get(attempt)
            if opening:
                gone = {**opening.gone, worker: is_lost}
                self._openings[attempt] = replace(opening, gone=gone)
                said = {"say": "gone", "attempt": attempt, "worker": worker, "is_lost": is_lost}
                self._say(said)

    def close(self, attempt: str) -> None:
        """The attempt is over."""
        with self._lock:
            if self._openings.pop(attempt, None):
                self._say({"say": "close", "attempt": attempt})

    def news(self) -> Sequence[tuple[str, News]]:
        """What has changed since the last call, by attempt."""
        found = []
        while self._news:
            found.append(self._news.popleft())
        return found

    def stop(self) -> None:
        """The run is over."""
        with self._lock:
            self._is_closing = True
            process, listening = self._process, self._listening
        if process is None or listening is None:
            return
        _stdin(process).close()
        process.wait()
        listening.close()
        with suppress(OSError):
            os.unlink(self._path)
            os.rmdir(os.path.dirname(self._path))

    # --- inside ---------------------------------------------------------------------------

    def _started(self) -> subprocess.Popen[bytes]:
        """The service, told of all that is open."""
        assert self._listening is not None
        descriptor = self._listening.fileno()
        process = subprocess.Popen(
            [*self._words, str(descriptor)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=[descriptor],
            start_new_session=True,  # Ctrl-C is for the master
            env={**os.environ, "MILLWORK_HOME": self._home},
        )
        self._process = process
        for opening in self._openings.values():
            self._say({"say": "open", "opening": asdict(opening)})
        return process

    def _say(self, content: dict[str, Any]) -> None:
        """Tells the service; one that has just ended hears it when it is started again."""
        assert self._process is not None
        with suppress(BrokenPipeError):
            stdin = _stdin(self._process)
            stdin.write(json.dumps(content).encode() + b"\n")
            stdin.flush()

    def _attend(self) -> None:
        """Hears news, and starts the service again when it has ended."""
        crashes = 0
        while True:
            assert self._process is not None
            process, errors = self._process, _Errors(self._process)
            crashes = 0 if self._hear(process) else crashes
            code = process.wait()
            crashes += code > 0
            with self._lock:
                if self._is_closing or code == FENCED:
                    return
                if crashes >= _MOST_CRASHES:
                    self._give_up(f"the lease service ended with exit code {code}: {errors.tail()}")
                    return
            time.sleep(_PAUSE if code < 0 else _LONG_PAUSE)  # what it ended of may go away
            with self._lock:
                if not self._is_closing:
                    self._started()

    def _hear(self, process: subprocess.Popen[bytes]) -> bool:
        """Passes on what the service says until it ends; whether it said anything."""
        assert process.stdout is not None
        has_spoken = False
        for line in process.stdout:
            said = json.loads(line)
            attempt = said.pop("attempt")
            self._news.append((attempt, News(**{**said, "vain": tuple(said["vain"])})))
            self._wake()
            has_spoken = True
        return has_spoken

    def _give_up(self, reason: str) -> None:
        for attempt in self._openings:
            self._news.append((attempt, News(0, 0, "failed", reason)))
        self._wake()


class _Errors:
    """The end of what a process writes to standard error."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._file = process.stderr
        self._kept = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self._file is not None
        for line in self._file:
            self._kept = (self._kept + line)[-_TAIL:]

    def tail(self) -> str:
        self._thread.join(1.0)
        return self._kept.decode("utf-8", "replace").strip()


def _stdin(process: subprocess.Popen[bytes]) -> IO[bytes]:
    assert process.stdin is not None
    return process.stdin


def _listen(path: str) -> socket.socket:
    """A socket at that path, however long it is; one that an earlier master left is replaced."""
    folder, name = os.path.split(path)
    os.makedirs(folder, mode=0o700, exist_ok=True)
    with suppress(FileNotFoundError):
        os.unlink(path)
    listening = socket.socket(socket.AF_UNIX)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        listening.bind(f"/proc/self/fd/{descriptor}/{name}")
    finally:
        os.close(descriptor)
    listening.listen(1024)
    return listening
