"""The process that drives one run of a server: started when the run is admitted, ends with it.

    python -m millwork.app.drive RUN EPOCH

It ends soon when it is told to (SIGTERM), and cancels nothing by that: what runs goes on, and is
adopted by the next master of the run.
"""

from __future__ import annotations

import signal
import sys

from millwork.actions.resume import Unwatched, receive, steps_of
from millwork.actions.sampling import sampling
from millwork.app.compose import open_context
from millwork.app.control import Control
from millwork.base.errors import Fenced, MillworkError
from millwork.run.loop import Left


def main(words: list[str]) -> int:
    """Drives the run; 0 when it is over or left, 1 if it is another's, 3 if it cannot be driven."""
    run_id, epoch = words[0], int(words[1])
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # those are for the server
    control = Control((), (signal.SIGTERM,))
    control.install()
    try:
        context = open_context(control)
        run = context.store.run(run_id)
        if run is None or run.status != "running" or run.epoch != epoch:
            return Fenced.exit_code
        observer = sampling(context, run, Unwatched())
        receive(context, run, steps_of(context.store, run), observer).drive()
    except Left:
        return 0
    except MillworkError as error:
        sys.stderr.write(f"millwork: run {run_id}: {error}\n")
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
