"""`millwork up`: the API's process beside this one, which admits runs and starts their drivers.

This process is small and does what must go on whatever is asked of the API: it lets waiting runs
start in their turn, has each driven by a process of its own, takes over those whose master is
gone, and starts again whatever ends unasked.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import time
from dataclasses import asdict
from errno import EACCES, EADDRINUSE
from functools import partial
from typing import TYPE_CHECKING

from millwork.actions.usage import room_for_runs
from millwork.app.drivers import DRIVER, Drivers
from millwork.base.errors import MillworkError, Unavailable
from millwork.base.faultpoints import reach
from millwork.base.records import dataclass, field
from millwork.ports import Master
from millwork.queue.admission import admit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.actions.context import Context

_LOOK = 1.0  # seconds between looks for what nobody has told: other servers, masters that are gone
_PATIENCE = 10.0
_MANY = 100  # runs that are admitted at once: there may be more behind them
_SCHEDULER = "scheduler"
READY = b"r"


@dataclass(frozen=True)
class Options:
    """Where a server listens, and under which names it is known.

    It `is_behind_tls` if a proxy before it speaks https to browsers.
    """

    host: str = "127.0.0.1"
    port: int = 8899
    names: tuple[str, ...] = ()
    certificate: str = ""
    key: str = ""
    is_behind_tls: bool = False
    is_shared: bool = False
    log_format: str = "text"

    @property
    def is_secure(self) -> bool:
        """Whether browsers come by https, so that their cookies need go no other way."""
        return self.is_behind_tls or bool(self.certificate)

    @property
    def scheme(self) -> str:
        """How it is spoken to."""
        return "https" if self.certificate else "http"


@dataclass
class Server:
    """One server over a home."""

    context: Context
    options: Options
    listening: socket.socket
    url: str
    _drivers: Drivers = field(init=False)
    _api: subprocess.Popen[bytes] | None = None
    _scheduler: subprocess.Popen[bytes] | None = None
    _not_before: float = 0.0
    _schedules_not_before: float = 0.0
    _next_round: float = 0.0
    _has_heard: bool = False
    _is_ending: bool = False
    _is_ready: bool = False

    def run(self, tell_ready: partial[None]) -> None:
        """Serves until it is told to end (SIGTERM, SIGINT)."""
        wake, told = os.pipe()
        os.set_blocking(told, False)
        os.set_blocking(wake, False)
        signal.set_wakeup_fd(told, warn_on_full_buffer=False)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._end)
        for number in (signal.SIGUSR1, signal.SIGCHLD):
            signal.signal(number, _noted)
        with selectors.DefaultSelector() as selector:
            selector.register(wake, selectors.EVENT_READ)
            most = 2 * self.context.machine.parallel
            self._drivers = Drivers(self.context.home, selector, most)
            self._start_api(selector)
            try:
                while not self._is_ending:
                    self._look(selector)
                    if self._heard(selector) and not self._is_ready:
                        self._is_ready = True
                        tell_ready()
            finally:
                self._stop()

    def _end(self, _number: int, _frame: object) -> None:
        self._is_ending = True

    def _heard(self, selector: selectors.BaseSelector) -> bool:
        """Waits for whatever comes; whether the API said that it is ready."""
        is_ready = False
        events = selector.select(_LOOK)
        # What the scheduler has done itself is no news to it.
        self._has_heard = any(key.data != _SCHEDULER for key, _ in events)
        for key, _ in events:
            if key.data == DRIVER:
                continue  # what it says is read when drivers are reaped
            said = os.read(key.fd, 4096)
            is_ready |= READY in said
            if not said:  # the API has ended
                selector.unregister(key.fd)
        return is_ready

    def _look(self, selector: selectors.BaseSelector) -> None:
        try:
            if self._api and self._api.poll() is not None and time.monotonic() > self._not_before:
                self._start_api(selector)
            has_lost, now = self._reap(), time.monotonic()
            if has_lost or now >= self._next_round:
                self._next_round = now + _LOOK
                announce(self.context, self.url)
                self._take_over()
            self._schedule(selector)
            self._admit()
        except (Unavailable, OSError) as error:  # it may be better in a while
            sys.stderr.write(f"millwork: {error}\n")

    # --- runs -----------------------------------------------------------------------------

    def _admit(self) -> None:
        """Lets runs start whose turn has come."""
        decide = partial(admit, machine=room_for_runs(self.context.machine))
        me, now = self.context.masters.me(), self.context.clock.wall()
        is_more = True
        while is_more:
            admitted = self.context.admissions().admit(decide, me, now)
            is_more = len(admitted) >= _MANY
            if admitted:
                reach("server.admitted")
            for run, epoch in admitted:
                self._drivers.drive(run, epoch)

    def _take_over(self) -> None:
        """Has runs driven on whose master is gone; a sweep's own are resumed by the sweep."""
        me = self.context.masters.me()
        for run in self.context.store.unfinished():
            if run.is_trial or self._drivers.has(run.id):
                continue
            if run.master in (None, me) or not self._is_alive(run.master):
                self._drivers.drive(run.id, run.epoch)

    def _is_alive(self, master: Master | None) -> bool:
        return master is not None and self.context.masters.is_alive(master)

    def _reap(self) -> bool:
        """Notes which runs are driven no more; whether one of them is not over."""
        has_lost = False
        for run in self._drivers.reap():
            row = self.context.store.run(run)
            if row is None or row.status != "running":
                self._drivers.forget(run)
            else:
                has_lost = True
        return has_lost

    # --- schedules ------------------------------------------------------------------------

    def _schedule(self, selector: selectors.BaseSelector) -> None:
        """Has a scheduler where there is anything for one to do.

        It is told when a run has ended, and when the API was asked for something.
        """
        if self._scheduler and self._scheduler.poll() is None:
            if self._has_heard:
                _tell(self._scheduler)
            return
        now = time.monotonic()
        if now > self._schedules_not_before and self.context.schedules().is_needed():
            self._schedules_not_before = now + _LOOK
            self._scheduler = subprocess.Popen(
                [sys.executable, "-P", "-m", "millwork.app.scheduler"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
                env={**os.environ, "MILLWORK_HOME": self.context.home},
            )  # fmt: skip
            assert self._scheduler.stdin is not None
            assert self._scheduler.stdout is not None
            os.set_blocking(self._scheduler.stdin.fileno(), False)
            selector.register(self._scheduler.stdout, selectors.EVENT_READ, _SCHEDULER)

    # --- the API --------------------------------------------------------------------------

    def _start_api(self, selector: selectors.BaseSelector) -> None:
        options = {
            "names": self.options.names, "is_secure": self.options.is_secure,
            "certificate": self.options.certificate, "key": self.options.key,
            "log_format": self.options.log_format, "is_shared": self.options.is_shared,
        }  # fmt: skip
        descriptor, self._not_before = self.listening.fileno(), time.monotonic() + _LOOK
        self._api = subprocess.Popen(
            [sys.executable, "-P", "-m", "millwork.api.main", str(descriptor), json.dumps(options)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[descriptor],
            start_new_session=True, env={**os.environ, "MILLWORK_HOME": self.context.home},
        )  # fmt: skip
        assert self._api.stdout is not None
        selector.register(self._api.stdout, selectors.EVENT_READ)

    def _stop(self) -> None:
        """Ends the API first: nothing new comes; then the drivers, which cancel nothing."""
        self.listening.close()
        if self._api:
            assert self._api.stdin is not None
            with contextlib.suppress(BrokenPipeError):
                self._api.stdin.close()
            _wait(self._api)
        processes = list(self._drivers.stop())
        if self._scheduler:
            self._scheduler.terminate()
            processes.append(self._scheduler)
        for process in processes:
            _wait(process)


def _wait(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _tell(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(BlockingIOError, BrokenPipeError):  # it has enough to read, or ends
        os.write(process.stdin.fileno(), b"\n")


def _noted(_number: int, _frame: object) -> None:
    """The signal has made the selector look."""


def listen(options: Options) -> socket.socket:
    """The socket of a server; raises Unavailable if it cannot be had."""
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    listening = socket.socket(family)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((options.host, options.port))
    except OSError as error:
        listening.close()
        option = "--port N" if error.errno in (EADDRINUSE, EACCES) else "--host ADDRESS"
        raise Unavailable(
            f"cannot listen at {options.host}:{options.port}: {error.strerror}; "
            f"millwork up {option} takes another"
        ) from None
    listening.listen(1024)
    return listening


@contextlib.contextmanager
def opened(
    context: Context, options: Options, *, is_alone: bool
) -> Iterator[tuple[socket.socket, str]]:
    """The socket of a server and its URL, which others on this machine find while it is up.

    Raises Unavailable if there is one on this home already and `is_alone` (a file has one server, a
    PostgreSQL any number), or if the socket cannot be had.
    """
    lock = os.open(f"{context.home}/server.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    path = f"{context.home}/server.json"
    try:
        if is_alone:
            _lock(lock, path)
        listening = listen(options)
        host = f"[{options.host}]" if ":" in options.host else options.host
        url = f"{options.scheme}://{host}:{listening.getsockname()[1]}"
        announce(context, url)
        yield listening, url
    finally:
        with contextlib.suppress(OSError, ValueError, MillworkError):
            with open(path, encoding="utf-8") as file:
                is_ours = json.load(file)["pid"] == os.getpid()
            if is_ours:
                os.unlink(path)
        os.close(lock)


def announce(context: Context, url: str) -> None:
    """Says in the home where its server is, unless another one that lives has said so."""
    path = f"{context.home}/server.json"
    with contextlib.suppress(OSError, ValueError, KeyError), open(path, encoding="utf-8") as file:
        said = json.load(file)
        if context.masters.is_alive(Master(said["pid"], said["started"], said["boot"])):
            return
    _write(path, json.dumps({**asdict(context.masters.me()), "url": url}))


def _lock(lock: int, path: str) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = ""
        with contextlib.suppress(OSError, ValueError, KeyError):
            with open(path, encoding="utf-8") as file:
                said = json.load(file)
            holder = f": process {said['pid']}, at {said['url']}"
        raise Unavailable(f"a server is on this home already{holder}") from None


def _write(path: str, text: str) -> None:
    spare = f"{path}.{os.getpid()}"
    with open(os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    os.replace(spare, path)
