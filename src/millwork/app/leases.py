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
_MOST_CRASHES, _FORGIVEN_AFTER = 3, 10.0
_END = 5.0  # seconds
_TAIL = 2000


class LeaseProcess:
    """Implements `ports.Leasing`; nothing is started before the first batch is opened.

    The socket, at `path`, is this process's: calls that come while the service is being started
    wait in its queue. `wake` is called when there are news.
    """

    def __init__(self, home: str, path: str, run: RunRow, wake: Callable[[], None]) -> None:
        self._path = path
        words = (sys.executable, "-P", "-m", "millwork.api.server", run.id, str(run.epoch))
        self._words: Sequence[str] = words
        self._home, self._wake = home, wake
        self._openings: dict[str, Opening] = {}
        self._news: deque[tuple[str, News]] = deque()
        self._lock = threading.Lock()
        self._listening: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._is_closing = False
        self._inode = 0

    def open(self, opening: Opening) -> None:
        """Begins to give out the shards of an attempt."""
        with self._lock:
            self._openings[opening.attempt] = opening
            if self._process is None:
                process = self._begun(opening.attempt)
                threading.Thread(target=self._attend, args=[process], daemon=True).start()
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
        if process:
            _end(process)
        if listening is None:
            return
        listening.close()
        with suppress(OSError):
            if os.stat(self._path).st_ino == self._inode:  # else it is a later master's
                os.unlink(self._path)
                if not self._openings:  # else containers that live on have the folder
                    os.rmdir(os.path.dirname(self._path))

    # --- inside ---------------------------------------------------------------------------

    def _begun(self, attempt: str) -> subprocess.Popen[bytes]:
        try:
            self._listening = self._listening or _listen(self._path)
            self._inode = os.stat(self._path).st_ino
            return self._started()
        except OSError:
            del self._openings[attempt]
            raise

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
        if self._process is None:
            return
        with suppress(BrokenPipeError):
            stdin = _stdin(self._process)
            stdin.write(json.dumps(content).encode() + b"\n")
            stdin.flush()

    def _attend(self, process: subprocess.Popen[bytes]) -> None:
        """Keeps the service up; if that ends in some other way than it should, it is told."""
        try:
            self._keep_up(process)
        except Exception as error:
            with self._lock:
                self._give_up(f"the lease service is not heard: {type(error).__name__}: {error}")

    def _keep_up(self, process: subprocess.Popen[bytes]) -> None:
        """Hears news, and starts the service again when it has ended."""
        crashes = 0
        while True:
            began, errors = time.monotonic(), _Errors(process)
            self._hear(process)
            code = process.wait()
            if time.monotonic() - began > _FORGIVEN_AFTER:
                crashes = 0
            crashes += code > 0
            with self._lock:
                if self._is_closing or code == FENCED:
                    return
                if crashes >= _MOST_CRASHES:
                    self._give_up(f"the lease service ended with exit code {code}: {errors.tail()}")
                    return
            time.sleep(_PAUSE if code < 0 else _LONG_PAUSE)  # what it ended of may go away
            again = self._again()
            if again is None:
                return
            process = again

    def _again(self) -> subprocess.Popen[bytes] | None:
        """Starts the service once more; None if nobody wants it, or it cannot be."""
        with self._lock:
            if self._is_closing:
                return None
            try:
                return self._started()
            except OSError as error:
                self._give_up(f"the lease service cannot be started: {error}")
                return None

    def _hear(self, process: subprocess.Popen[bytes]) -> None:
        """Passes on what the service says until it ends."""
        assert process.stdout is not None
        for line in process.stdout:
            if not line.endswith(b"\n"):  # it was killed as it spoke
                return
            said = json.loads(line)
            attempt = said.pop("attempt")
            self._news.append((attempt, News(**{**said, "vain": tuple(said["vain"])})))
            self._wake()

    def _give_up(self, reason: str) -> None:
        """Fails all that is open; what is opened later gets a service of its own."""
        self._process = None
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


def _end(process: subprocess.Popen[bytes]) -> None:
    with suppress(BrokenPipeError):  # it has ended already, and something was not heard
        _stdin(process).close()
    try:
        process.wait(_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


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
