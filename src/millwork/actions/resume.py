"""A run whose master is gone goes on here: its rows become a machine again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

from millwork.actions.drive import task_of
from millwork.actions.planner import StepPlanner
from millwork.base.errors import Fenced
from millwork.base.ids import new_token
from millwork.plan.codec import decode, decode_component
from millwork.run.loop import Loop
from millwork.run.machine import Machine, Try

if TYPE_CHECKING:
    from collections.abc import Sequence

    from millwork.actions.context import Context
    from millwork.plan.model import Step
    from millwork.ports import AttemptRow, RunRow, StepRow
    from millwork.run.changes import Change, StepStatus
    from millwork.spec.model import Component


class Unwatched:
    """An observer that looks away."""

    interval: float | None = None

    def changed(self, changes: Sequence[Change]) -> None:
        """Nobody looks."""

    def pulse(self) -> None:
        """Nobody looks."""


def take_over(context: Context, run: RunRow) -> Loop:
    """Makes this process the run's master; the loop that is returned drives it to its end.

    Raises Fenced if its master lives, or another process was faster.
    """
    if run.master is not None and context.masters.is_alive(run.master):
        raise Fenced(f"the run {run.id} is driven by process {run.master.pid}")
    epoch = context.store.take_over(run.id, run.epoch, context.masters.me())
    rows = context.store.steps(run.id)
    steps = _steps(context, rows)
    capacity = replace(context.machine, parallel=run.facts["parallel"])
    engine = context.engine()
    machine = Machine(
        run.id, [task_of(step, capacity) for step in steps.values()], capacity, new_token
    )
    planner = StepPlanner(run.id, steps, engine)
    loop = Loop(
        run=run.id,
        epoch=epoch,
        machine=machine,
        store=context.store,
        engine=engine,
        planner=planner,
        clock=context.clock,
        observer=Unwatched(),
        commands=context.commands(run.id),
    )
    attempts = context.store.attempts(run.id)
    for row in rows:
        machine.restore_step(row.name, _status(row), row.attempts)
        planner.restore(row.name, row.outputs)
    for attempt in attempts:
        if attempt.status == "running":
            _restore(context, loop, steps[attempt.step], attempt, attempts)
    return loop


def _status(row: StepRow) -> StepStatus:
    # A running step whose attempt runs is put back with the attempt.
    return "pending" if row.status == "running" else cast("StepStatus", row.status)


def _restore(
    context: Context, loop: Loop, step: Step, attempt: AttemptRow, attempts: Sequence[AttemptRow]
) -> None:
    earlier = [other.status for other in attempts if other.step == step.name]
    deadline = None
    if step.timeout:
        # Wall time: the one clock that both masters share, also across a reboot.
        spent = max(0.0, context.clock.wall() - attempt.created)
        deadline = context.clock.monotonic() + max(0.0, step.timeout - spent)
    tried = Try(attempt.id, attempt.token, deadline)
    loop.machine.restore_attempt(step.name, tried, earlier.count("failed"), earlier.count("lost"))
    loop.adopt(attempt.id, step.name, attempt.token)


def _steps(context: Context, rows: Sequence[StepRow]) -> dict[str, Step]:
    components: dict[str, Component] = {}
    steps = {}
    for row in rows:
        digest = row.spec["component"]
        if digest not in components:
            document = context.store.definition(digest)
            assert document is not None
            components[digest] = decode_component(document)
        steps[row.name] = decode(row.spec, components[digest])
    return steps
