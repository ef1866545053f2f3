"""`millwork runs resume`."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

from millwork.actions import runs
from millwork.actions.resume import interrupted, steps_of, take_over
from millwork.actions.sampling import sampling
from millwork.base.errors import BadRequest
from millwork.cli.display import open_display
from millwork.cli.run import check_target, conclude

if TYPE_CHECKING:
    from argparse import Namespace

    from millwork.actions.context import Context

_LOOK = 1.0


def check(options: Namespace) -> None:
    """Raises BadRequest for options that do not go together."""
    if bool(options.run) == options.all:
        raise BadRequest("give a run's id, or --all for every interrupted run")
    if options.watch and not options.all:
        raise BadRequest("--watch goes with --all")
    if options.output and options.all:
        raise BadRequest("-o goes with one run")
    if options.output:
        check_target(options.output)


def run(context: Context, options: Namespace) -> int:
    """Finishes one run, or all that were interrupted."""
    if options.all:
        return _all(context, watch=options.watch)
    row = runs.find(context, options.run)
    steps = steps_of(context.store, row)
    out = sys.stderr if options.json else sys.stdout
    attempts = context.store.attempts(row.id)
    with open_display(context, row, steps, out, attempts) as display:
        loop = take_over(context, row, steps, sampling(context, row, display))
        rows = context.store.steps(row.id)
        is_one = len(rows) == 1 and rows[0].attempt
        display.resumed(rows, runs.logs_of(context, row, "").processes if is_one else ())
        status = loop.drive()
    return conclude(context, row.id, status, display, options)


def _all(context: Context, *, watch: bool) -> int:
    """Each run gets a process of its own: one that hangs or dies leaves the others alone."""
    children: dict[str, subprocess.Popen[bytes]] = {}
    worst = 0
    while True:
        for row in interrupted(context):
            if row.id not in children:
                sys.stdout.write(f"resuming {row.id} {row.name}\n")
                sys.stdout.flush()
                command = [
                    sys.executable,
                    "-P",
                    "-m",
                    "millwork.cli.main",
                    "runs",
                    "resume",
                    row.id,
                ]
                children[row.id] = subprocess.Popen(command)
        for run_id, child in list(children.items()):
            code = child.poll()
            if code is not None:
                worst = max(worst, abs(code))
                del children[run_id]
        if not watch and not children:
            return min(worst, 1)
        time.sleep(_LOOK)
