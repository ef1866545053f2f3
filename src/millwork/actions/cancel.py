"""Ending a run: by its master if that lives, else by this process in its place."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from millwork.actions.resume import steps_of, take_over

if TYPE_CHECKING:
    from millwork.actions.context import Context
    from millwork.ports import RunRow

_PATIENCE = 15.0


def cancel(
    context: Context, run: RunRow, patience: float = _PATIENCE, *, takes_over: bool = True
) -> str:
    """Cancels a run that is not over; its status, when nothing of it runs any more.

    A master that does not answer within `patience` seconds leaves the run `running`, its wish
    noted. A run whose master is gone is ended by this process if it `takes_over`, else by the
    server that has it driven on.
    """
    if run.status == "queued":
        context.admissions().withdraw(run.id, context.clock.wall())
        now = context.store.run(run.id)
        return now.status if now else "gone"
    context.store.request_cancel(run.id)
    assert run.master is not None
    deadline = time.monotonic() + patience
    while context.masters.is_alive(run.master):
        context.masters.wake(run.master)  # without patience, too
        now = context.store.run(run.id)
        if now is None or now.status != "running" or time.monotonic() > deadline:
            return now.status if now else "gone"
        time.sleep(0.05)  # that master may be no child of this process, and tells it nothing
    now = context.store.run(run.id)
    if now is None or now.status != "running":
        return now.status if now else "gone"
    if not takes_over:
        context.nudge()
        return now.status
    return take_over(context, now, steps_of(context.store, now)).drive()
