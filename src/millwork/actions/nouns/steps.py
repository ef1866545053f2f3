"""Steps of a run."""

from __future__ import annotations

from typing import TypedDict

from millwork.actions import runs as looking
from millwork.actions import why as reasons
from millwork.actions.call import Call
from millwork.actions.commands import command_of
from millwork.actions.pages import with_one_more
from millwork.actions.runs import found
from millwork.actions.samples import usage_of
from millwork.actions.series import series_of
from millwork.base.cursor import read_number
from millwork.base.errors import NotFound
from millwork.ports import RunRow, StepRow
from millwork.views.commands import StepCommand
from millwork.views.runs import StepView, Why, step_view, tries_of
from millwork.views.samples import StepUsage
from millwork.views.series import StepMetrics


class StepPage(TypedDict):
    """A page of steps; `next` is the place to go on after."""

    items: list[StepView]
    next: str | None


def list_(call: Call, run: str, limit: int = 50, after: str = "") -> StepPage:
    """The steps of a run in the order of its file, without their attempts."""
    count = with_one_more(limit)
    row = found(call, run)
    begin = read_number(after)
    rows = call.context.store.some_steps(row.id, begin, count)
    items = [step_view(step, None) for step in rows[:limit]]
    return {"items": items, "next": str(begin + limit) if len(rows) > limit else None}


def show(call: Call, run: str, step: str) -> StepView:
    """A step with the attempts at it."""
    row, found_step = found_step_of(call, run, step)
    store = call.context.store
    attempts = [attempt for attempt in store.attempts(row.id) if attempt.step == step]
    own = {attempt.id for attempt in attempts}
    replicas = [replica for replica in store.replicas(row.id) if replica.attempt in own]
    return step_view(found_step, tries_of(attempts, replicas).get(step, []))


def why(call: Call, run: str, step: str) -> Why:
    """Why a step was, or was not, done again."""
    row, _ = found_step_of(call, run, step)
    return reasons.why(call.context, row.id, step)


def usage(call: Call, run: str, step: str, replica: str = "") -> StepUsage:
    """What a step's processes have used over time: cores, memory, GPU."""
    row, _ = found_step_of(call, run, step)
    return usage_of(call.context, row, step, replica)


def metrics(call: Call, run: str, step: str) -> StepMetrics:
    """What a step has measured, one value after the other."""
    row, named = found_step_of(call, run, step)
    return series_of(call.context, row, named)


def command(call: Call, run: str, step: str, attempt: str = "", replica: str = "") -> StepCommand:
    """What an attempt at a step was started with: its words, and its variables.

    `attempt` is an id, or which one it was from 1 on; without it the last is told of. A secret is
    told by its name.
    """
    row, _ = found_step_of(call, run, step)
    return command_of(call.context, row, step, attempt, replica)


def found_step_of(call: Call, run: str, step: str) -> tuple[RunRow, StepRow]:
    """A run of this workspace and its step; raises NotFound."""
    row = found(call, run)
    named = call.context.store.step(row.id, step)
    if named is None:
        raise NotFound(f"there is no step '{step}' in {row.id}")
    return row, named


def process_in(call: Call, row: RunRow, step: str, process: str) -> str:
    """The id of a process of the last attempt at a step; raises NotFound for any other text.

    `last` is that of the only replica, or of the one that failed first.
    """
    if process == "last":
        return looking.first_failed(call.context, row, step)
    for attempt in call.context.store.attempts(row.id):
        if attempt.step == step and process == attempt.id:
            return process
    known = looking.logs_of(call.context, row, step).processes
    for name, found_process in known:
        if process in (name, found_process.partition("/")[2]) and process:
            return found_process
    raise NotFound(f"there is no log '{process}' of step '{step}'")
