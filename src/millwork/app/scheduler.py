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
from millwork.app.looking import Looks
from millwork.app.telling import Teller
from millwork.base.errors import MillworkError
from millwork.schedule.loop import Scheduler

_SHORTEST, _LONGEST = 0.05, 5.0  # seconds between looks
_AGAIN = 1.0
_PATIENCE = 2.0  # seconds for what is being told when it ends
_INPUT, _OUTPUT = 0, 1
_STIR, _LOOK = b"s", b"l"  # what waits may begin; a trigger is to be told


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
    news, wake = _pipe()
    looks = Looks(context.clock, lambda stirs: _write(wake, _STIR if stirs else _LOOK))
    scheduler = Scheduler(context.schedules(), Scheduling(context, looks.ask))
    try:
        while True:
            pause = _looked(scheduler, teller, context.clock.wall())
            if _heard(news, min(max(pause, _SHORTEST), _LONGEST)):
                scheduler.stir()
    except _Ended:
        teller.end(_PATIENCE)
        return 0


def _nudge() -> None:
    """Tells the server that there are runs that wait."""
    _write(_OUTPUT, b"\n")


def _pipe() -> tuple[int, int]:
    """Where other threads tell this one that they have found something."""
    news, wake = os.pipe()
    os.set_blocking(wake, False)
    return news, wake


def _write(descriptor: int, word: bytes) -> None:
    """Says a word to whoever has enough to read if it is not taken."""
    with contextlib.suppress(BlockingIOError, BrokenPipeError):
        os.write(descriptor, word)


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


def _heard(news: int, pause: float) -> bool:
    """Waits, and tells whether there was a word that stirs; raises _Ended if the server is gone."""
    began = time.monotonic()
    ready, _, _ = select.select([_INPUT, news], [], [], pause)
    if not ready:
        return False
    time.sleep(max(0.0, _SHORTEST - (time.monotonic() - began)))  # many runs may end at once
    words = {each: os.read(each, 4096) for each in ready}
    if not words.get(_INPUT, _STIR):
        raise _Ended
    return _INPUT in words or _STIR in words[news]


def _end(_number: int, _frame: object) -> None:
    raise _Ended


if __name__ == "__main__":
    sys.exit(main())
