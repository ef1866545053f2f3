"""A process that drives runs of a server, one after the other.

    python -m millwork.app.drive

Each line of its standard input is a run that was admitted, and its epoch; when that is over it says
so, and waits for the next one until the input ends. It ends soon when it is told to (SIGTERM), and
cancels nothing by that: what runs goes on, and is adopted by the next master of the run.
"""

from __future__ import annotations

import os
import select
import signal
import sys
from typing import TYPE_CHECKING

from millwork.actions.resume import Unwatched, receive, steps_of
from millwork.actions.sampling import sampling
from millwork.app.compose import open_context
from millwork.app.control import Control
from millwork.app.drivers import OVER
from millwork.base.errors import Fenced, MillworkError
from millwork.run.loop import Left

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.actions.context import Context

_INPUT, _OUTPUT = 0, 1


def main() -> int:
    """Drives what it is given; 0 when there is no more, 3 if something cannot be driven."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # those are for the server
    control = Control((), (signal.SIGTERM,))
    control.install()
    run = ""
    try:
        context = open_context(control)
        for run, epoch in _given(control):
            _drive(context, run, epoch)
            os.write(_OUTPUT, OVER)
    except (Left, BrokenPipeError):
        return 0
    except MillworkError as error:
        sys.stderr.write(f"millwork: run {run}: {error}\n")
        return error.exit_code
    return 0


def _given(control: Control) -> Iterator[tuple[str, int]]:
    """The runs as they come; raises Left if it is told to end meanwhile."""
    text = b""
    while True:
        while b"\n" not in text:
            select.select([_INPUT, control.wake], [], [])
            if control.is_left:
                raise Left
            ready, _, _ = select.select([_INPUT], [], [], 0)
            if not ready:
                control.heed()
                continue
            read = os.read(_INPUT, 4096)
            if not read:
                return
            text += read
        line, _, text = text.partition(b"\n")
        run, epoch = line.decode().split()
        yield run, int(epoch)


def _drive(context: Context, run_id: str, epoch: int) -> None:
    """Drives a run to its end, if it is still for this process to drive."""
    run = context.store.run(run_id)
    if run is None or run.status != "running" or run.epoch != epoch:
        return
    try:
        observer = sampling(context, run, Unwatched())
        receive(context, run, steps_of(context.store, run), observer).drive()
    except Fenced as error:
        sys.stderr.write(f"millwork: run {run_id}: {error}\n")


if __name__ == "__main__":
    sys.exit(main())
