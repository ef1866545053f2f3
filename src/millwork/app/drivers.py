"""The processes that drive a server's runs, one run each at a time.

One whose run is over waits a while for another: a run that does almost nothing does not pay for the
start of a Python.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from selectors import EVENT_READ
from typing import TYPE_CHECKING

from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    import selectors
    from collections.abc import Iterable

_PAUSES = (0.0, 1.0, 5.0, 30.0)  # before a run is driven again whose drivers keep ending
_STEADY = 5.0  # seconds after which one is not of those: its database was away, say
_IDLE = 10.0  # seconds that a driver waits for another run
_MOST_RUNS = 200  # of one driver: whatever it may have gathered goes with it
DRIVER = "driver"
OVER = b"o"
"""What a driver says when its run is over, or not its own any more."""


@dataclass
class _Driver:
    """A process, the run that it drives, if any, and since when it does or does not."""

    process: subprocess.Popen[bytes]
    run: str
    since: float
    runs: int = 1


@dataclass
class _Trouble:
    """How often a run's drivers have ended before it did, and when it may have the next one."""

    ends: int = 0
    not_before: float = 0.0


@dataclass
class Drivers:
    """The drivers of the home `home`; `most` of them wait for runs at a time."""

    home: str
    selector: selectors.BaseSelector
    most: int
    _all: list[_Driver] = field(default_factory=list)
    _troubles: dict[str, _Trouble] = field(default_factory=dict)

    def has(self, run: str) -> bool:
        """Whether one of them drives the run."""
        return any(driver.run == run for driver in self._all)

    def drive(self, run: str, epoch: int) -> None:
        """Has a run driven, unless it is, or its drivers end too often."""
        trouble = self._troubles.get(run)
        if self.has(run) or (trouble and time.monotonic() < trouble.not_before):
            return
        words = f"{run} {epoch}\n".encode()
        for driver in [each for each in self._all if not each.run]:
            if _told(driver.process, words):
                driver.run, driver.since, driver.runs = run, time.monotonic(), driver.runs + 1
                return
        self._begin(run, words)

    def _begin(self, run: str, words: bytes) -> None:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "millwork.app.drive"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
            env={**os.environ, "MILLWORK_HOME": self.home},
        )  # fmt: skip
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        self.selector.register(process.stdout, EVENT_READ, DRIVER)
        _told(process, words)
        self._all.append(_Driver(process, run, time.monotonic()))

    def reap(self) -> list[str]:
        """The runs that are driven no more: over, or their driver has ended."""
        done = []
        for driver in list(self._all):
            if driver.process.poll() is not None:
                self._drop(driver)
                done += [driver.run] if driver.run else []
            elif driver.run and _has_said(driver.process):
                done.append(driver.run)
                self._note(driver.run, driver.since)
                driver.run, driver.since = "", time.monotonic()
        self._let_go()
        return done

    def forget(self, run: str) -> None:
        """A run is over: what its drivers did is of no use."""
        self._troubles.pop(run, None)

    def stop(self) -> Iterable[subprocess.Popen[bytes]]:
        """Tells all of them to end, which cancels nothing; answers their processes."""
        for driver in self._all:
            driver.process.terminate()
        return [driver.process for driver in self._all]

    def _drop(self, driver: _Driver) -> None:
        self._all.remove(driver)
        for pipe in (driver.process.stdin, driver.process.stdout):
            assert pipe is not None
            with contextlib.suppress(KeyError, ValueError):
                self.selector.unregister(pipe)
            with contextlib.suppress(OSError):
                pipe.close()
        if driver.run:
            self._note(driver.run, driver.since)

    def _note(self, run: str, since: float) -> None:
        now = time.monotonic()
        trouble = self._troubles.setdefault(run, _Trouble())
        ends = 0 if now - since > _STEADY else trouble.ends
        pause = _PAUSES[min(ends, len(_PAUSES) - 1)]
        trouble.ends, trouble.not_before = ends + 1, now + pause

    def _let_go(self) -> None:
        """Ends the drivers that have waited long, have driven many runs, or are too many."""
        now = time.monotonic()
        idle = [driver for driver in self._all if not driver.run]
        for place, driver in enumerate(sorted(idle, key=lambda each: -each.since)):
            is_old = driver.runs >= _MOST_RUNS or now - driver.since > _IDLE
            if is_old or place >= self.most:
                assert driver.process.stdin is not None
                with contextlib.suppress(OSError):
                    driver.process.stdin.close()


def _told(process: subprocess.Popen[bytes], words: bytes) -> bool:
    assert process.stdin is not None
    if process.stdin.closed:
        return False
    try:
        return os.write(process.stdin.fileno(), words) == len(words)
    except OSError:  # it has ended
        return False


def _has_said(process: subprocess.Popen[bytes]) -> bool:
    assert process.stdout is not None
    try:
        return OVER in os.read(process.stdout.fileno(), 4096)
    except BlockingIOError:
        return False
