"""What a step has used over time: the samples that were taken while it ran."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from millwork.actions import sampling
from millwork.base.errors import NotFound
from millwork.ports.engine import process_of

if TYPE_CHECKING:
    from millwork.actions.context import Context
    from millwork.ports import RunRow
    from millwork.views.samples import StepUsage, UsageSample


def usage_of(context: Context, run: RunRow, step: str, replica: str = "") -> StepUsage:
    """The samples of the last attempt at a step; of a job's replica, the first if none is named.

    A replica that was started again begins anew. There are none before it has run for 2 s. Raises
    NotFound if the run has no such step, or the step no such replica.
    """
    row = next((row for row in context.store.steps(run.id) if row.name == step), None)
    if row is None:
        raise NotFound(f"there is no step '{step}' in {run.id}")
    starts = {
        each.name: each.number  # the last start of each, as they come oldest first
        for each in context.store.replicas(row.attempt.rpartition("-")[0])
        if each.attempt == row.attempt
    }
    chosen = replica or next(iter(starts), "")
    if chosen and chosen not in (starts or {"worker-0": 0}):
        raise NotFound(f"'{step}' has no replica '{chosen}'; it has: {', '.join(starts)}")
    found: list[UsageSample] = []
    if row.attempt:
        process = process_of(row.attempt, chosen, starts[chosen]) if starts else row.attempt
        path = sampling.path_of(context.engine_of(run), process)
        found = cast("list[UsageSample]", sampling.read(path))
    return {
        "run": run.id,
        "step": step,
        "attempt": row.attempt,
        "replica": chosen,
        "replicas": list(starts),
        "samples": found,
    }
