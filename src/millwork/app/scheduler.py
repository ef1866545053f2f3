"""The scheduler's process: started by a server that has schedules, started again if it ends.

    python -m millwork.app.scheduler

A byte on its standard input makes it look again; the end of it, or SIGTERM, ends it. A byte of its
standard output says that it has asked for runs. It can be
killed at any instant.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import time

from millwork.actions.scheduling import Scheduling
from millwork.app.compose import database_of, open_context
from millwork.app.telling import Teller
from millwork.base.errors import MillworkError
from millwork.schedule.loop import Scheduler

_SHORTEST, _LONGEST = 0.05, 5.0  # seconds between looks
_AGAIN = 1.0
_PATIENCE = 2.0  # seconds for what is being told when it ends
_INPUT, _OUTPUT = 0, 1


class _Ended(Exception):
    """It is to end."""


def main() -> int:
    """Looks until it is told to end, or its server is gone."""
    signal.signal(signal.SIGTERM, _end)
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # those are for the server
    try:
        context = open_context()
        context.nudge = _nudge
        teller = Teller(
            context.alerts(), database_of(context.home), context.home, context.secrets,
            context.clock,
        )  # fmt: skip
    except _Ended:
        return 0
    except MillworkError as error:
        sys.stderr.write(f"millwork: scheduler: {error}\n")
        return error.exit_code
    scheduler = Scheduler(context.schedules(), Scheduling(context))
    try:
        while True:
            pause = _looked(scheduler, teller, context.clock.wall())
            if _heard(min(max(pause, _SHORTEST), _LONGEST)):
                scheduler.stir()
    except _Ended:
        teller.end(_PATIENCE)
        return 0


def _nudge() -> None:
    """Tells the server that there are runs that wait."""
    with contextlib.suppress(BlockingIOError, BrokenPipeError):
        os.write(_OUTPUT, b"\n")


def _looked(scheduler: Scheduler, teller: Teller, now: float) -> float:
    """Looks once, and tells what is to be told; the seconds until it should again."""
    try:
        then = scheduler.look(now)
        teller.tell()
        return then - now
    except _Ended:
        raise
    except Exception as error:  # whatever went wrong, others' schedules go on
        sys.stderr.write(f"millwork: scheduler: {type(error).__name__}: {error}\n")
        return _AGAIN


def _heard(pause: float) -> bool:
    """Waits, and tells whether there was a word; raises _Ended if the server is gone."""
    began = time.monotonic()
    ready, _, _ = select.select([_INPUT], [], [], pause)
    if not ready:
        return False
    time.sleep(max(0.0, _SHORTEST - (time.monotonic() - began)))  # many runs may end at once
    if not os.read(_INPUT, 4096):
        raise _Ended
    return True


def _end(_number: int, _frame: object) -> None:
    raise _Ended


if __name__ == "__main__":
    sys.exit(main())
