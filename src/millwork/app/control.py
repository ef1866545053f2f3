"""Signals to commands: Ctrl-C and SIGTERM cancel, a second one kills, SIGUSR1 means look.

In a server's driver SIGTERM means that it leaves its run to the next one.
"""

from __future__ import annotations

import atexit
import os
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from millwork.ports import Store
    from millwork.run.loop import Command

_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Control:
    """Notes signals while a run is driven; `wake` is readable as soon as there is one."""

    def __init__(
        self,
        interrupts: Sequence[signal.Signals] = _INTERRUPTS,
        leaves: Sequence[signal.Signals] = (),
    ) -> None:
        self._ends, self._leaves = interrupts, leaves
        self.wake, self._write = os.pipe()
        os.set_blocking(self._write, False)
        os.set_blocking(self.wake, False)
        self._interrupts: list[Command] = []
        self._look = True
        self._count = 0

    def install(self) -> None:
        """Takes over the signals that cancel a run or leave it, and SIGUSR1, of this process."""
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        for number in self._ends:
            signal.signal(number, self._interrupt)
        for number in self._leaves:
            signal.signal(number, self._leave)
        signal.signal(signal.SIGUSR1, self._request)
        # Python gives signals back their defaults as it ends, and SIGUSR1's would be its death.
        atexit.register(signal.signal, signal.SIGUSR1, signal.SIG_IGN)

    @property
    def is_left(self) -> bool:
        """Whether it was told to leave what it drives."""
        return "leave" in self._interrupts

    def heed(self) -> None:
        """What has made `wake` readable is known: it is not, until there is more."""
        with suppress(BlockingIOError):
            os.read(self.wake, 4096)

    def notify(self) -> None:
        """Makes `wake` readable, from whichever thread."""
        with suppress(BlockingIOError):  # there is enough to be read already
            os.write(self._write, b"\0")

    def commands(self, store: Store, run: str) -> Callable[[], Sequence[Command]]:
        """What was asked for since the last call."""

        self._look = True  # it may have been asked for before this

        def poll() -> Sequence[Command]:
            asked, self._interrupts = self._interrupts, []
            if self._look:
                self._look = False
                row = store.run(run)
                if row and row.cancel:
                    asked.append("cancel")
            return asked

        return poll

    def _interrupt(self, _number: int, _frame: object) -> None:
        self._count += 1
        self._interrupts.append("cancel" if self._count == 1 else "kill")

    def _leave(self, _number: int, _frame: object) -> None:
        self._interrupts.append("leave")

    def _request(self, _number: int, _frame: object) -> None:
        self._look = True
