"""Ending a run: by its master if that lives, else by this process in its place."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from millwork.actions.resume import steps_of, take_over

if TYPE_CHECKING:
    from millwork.actions.context import Context
    from millwork.ports import RunRow

_PATIENCE = 15.0


def cancel(context: Context, run: RunRow) -> str:
    """Cancels a running run and returns its status; waits until nothing of it runs any more.

    A master that does not answer within 15 s leaves the run `running`, its wish noted.
    """
    context.store.request_cancel(run.id)
    assert run.master is not None
    deadline = time.monotonic() + _PATIENCE
    while context.masters.is_alive(run.master):
        now = context.store.run(run.id)
        if now is None or now.status != "running" or time.monotonic() > deadline:
            return now.status if now else "gone"
        context.masters.wake(run.master)
        time.sleep(0.05)
    now = context.store.run(run.id)
    if now is None or now.status != "running":
        return now.status if now else "gone"
    return take_over(context, now, steps_of(context.store, now)).drive()
