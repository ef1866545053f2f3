"""A run goes on in this process: one whose master is gone, or one that failed or was cancelled."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from millwork.actions.drive import open_loop
from millwork.actions.secrets import require
from millwork.base.errors import BadRequest, Fenced
from millwork.base.faultpoints import reach
from millwork.plan.codec import decode, decode_component
from millwork.ports.changes import RunChanged, StepChanged
from millwork.run.state import ENDED, Try

if TYPE_CHECKING:
    from collections.abc import Sequence

    from millwork.actions.context import Context
    from millwork.plan.model import Step
    from millwork.ports import AttemptRow, ReplicaRow, RunRow, StepRow, Store
    from millwork.ports.changes import Change, RunStatus, StepStatus
    from millwork.run.gang import Verdict
    from millwork.run.loop import Loop, Observer
    from millwork.spec.model import Component

_VERDICT = ("verdict", "reason", "code", "kind", "for_memory")
_UNDONE = ("failed", "skipped", "cancelled")


class Unwatched:
    """An observer that looks away."""

    interval: float | None = None

    def changed(self, changes: Sequence[Change]) -> None:
        """Nobody looks."""

    def pulse(self) -> None:
        """Nobody looks."""


def interrupted(context: Context) -> list[RunRow]:
    """The runs that nobody drives any more, oldest first; a sweep resumes its trials itself."""
    runs = [run for run in context.store.unfinished() if not run.is_trial]
    return [run for run in runs if run.master and not context.masters.is_alive(run.master)]


def steps_of(store: Store, run: RunRow) -> dict[str, Step]:
    """The steps of a run that was kept."""
    components: dict[str, Component] = {}
    steps = {}
    for row in store.steps(run.id):
        digest = row.spec["component"]
        if digest not in components:
            document = store.definition(digest)
            assert document is not None
            components[digest] = decode_component(document)
        steps[row.name] = decode(row.spec, components[digest])
    return steps


def take_over(
    context: Context, run: RunRow, steps: dict[str, Step], observer: Observer | None = None
) -> Loop:
    """Makes this process the run's master; the loop that is returned drives it to its end.

    What succeeded stays, what runs is adopted, and of a run that is over what failed is tried
    again. Raises Fenced if its master lives or another process was faster, BadRequest if there
    is nothing left to do, Unavailable if a secret for it is gone.
    """
    if run.status == "succeeded":
        raise BadRequest(f"{run.id} has succeeded: there is nothing to resume")
    if run.status == "queued":
        raise BadRequest(f"{run.id} waits for its turn, and a server starts it then: millwork up")
    if run.status == "running" and run.master and context.masters.is_alive(run.master):
        raise Fenced(f"{run.id} is driven by process {run.master.pid}")
    if run.status != "running":
        rows = context.store.steps(run.id)
        own = context.in_workspace(run.workspace)
        require(own, [steps[row.name] for row in rows if row.status in _UNDONE])
    epoch = context.store.take_over(run.id, run.epoch, context.masters.me())
    reach("resume.taken")
    run = replace(run, epoch=epoch)
    if run.status != "running":
        run = _reopen(context, run)
    return _restored(context, run, steps, observer)


def receive(
    context: Context, run: RunRow, steps: dict[str, Step], observer: Observer | None = None
) -> Loop:
    """Makes this process the master of a running run that whoever admitted it hands over.

    The loop that is returned drives it to its end. Raises Fenced if another process was faster.
    """
    epoch = context.store.take_over(run.id, run.epoch, context.masters.me())
    reach("resume.taken")
    return _restored(context, replace(run, epoch=epoch), steps, observer)


def _restored(
    context: Context, run: RunRow, steps: dict[str, Step], observer: Observer | None
) -> Loop:
    loop = open_loop(context, run, steps, observer or Unwatched())
    kept = context.store
    replicas = kept.replicas(run.id)
    restore(loop, run, kept.steps(run.id), kept.attempts(run.id), replicas)
    return loop


def restore(
    loop: Loop,
    run: RunRow,
    rows: Sequence[StepRow],
    attempts: Sequence[AttemptRow],
    replicas: Sequence[ReplicaRow] = (),
) -> None:
    """Puts a machine back as its rows say, and watches the attempts that run.

    Retries count from when the run was begun, or last resumed after it had ended.
    """
    counted = [row for row in attempts if row.created >= run.began]
    ends = Counter((row.step, row.status) for row in counted if not row.usage.get("restarted"))
    items: dict[str, list[str]] = {}
    for row in rows:
        if row.spec.get("parent"):
            items.setdefault(row.spec["parent"], []).append(row.name)
    over = {row.name for row in rows if row.status in ENDED}
    for row in sorted(rows, key=lambda row: bool(row.spec.get("parent"))):
        loop.planner.restore(row.name, row.outputs, row.identity)
        if row.spec.get("parent") in over:
            continue
        # A running step whose attempt runs is put back with the attempt.
        status = cast("StepStatus", "pending" if row.status == "running" else row.status)
        failures, losses = ends[row.name, "failed"], ends[row.name, "lost"]
        loop.machine.restore_step(row.name, status, row.attempts, failures, losses)
        if row.name in items and row.name not in over:
            loop.machine.restore_items(row.name, items[row.name])
    _restore_restarts(loop, counted)
    for attempt in attempts:
        if attempt.status == "running":
            tried = Try(attempt.id, attempt.token, attempt.deadline, attempt.gpus)
            loop.machine.restore_attempt(attempt.step, tried)
            own = [row for row in replicas if row.attempt == attempt.id]
            loop.adopt(
                attempt.id, attempt.step, attempt.token, own, _verdict(attempt),
                is_furnished=attempt.launched is not None,
            )  # fmt: skip


def _restore_restarts(loop: Loop, attempts: Sequence[AttemptRow]) -> None:
    """Puts back how often jobs were started again: all their attempts share the limit and time."""
    by_step: dict[str, list[AttemptRow]] = {}
    for row in sorted(attempts, key=lambda row: row.number):
        if row.status != "running":
            by_step.setdefault(row.step, []).append(row)
    for step, rows in by_step.items():
        restarts, memory = (
            sum(row.usage.get(name, 0) for row in rows) for name in ("restarts", "memory_restarts")
        )
        if restarts and step in loop.machine.steps:
            time_left = rows[-1].usage.get("time_left")
            loop.machine.restore_restarts(step, restarts, memory, time_left)


def _verdict(attempt: AttemptRow) -> Verdict | None:
    if not attempt.verdict:
        return None
    from millwork.run.gang import Verdict

    name, *rest = (attempt.verdict[key] for key in _VERDICT)
    return Verdict(name, *rest)


def requeue(context: Context, run: RunRow) -> None:
    """A run that is over waits for its turn to begin again with what is undone.

    Raises BadRequest if there is nothing left to do, Unavailable if a secret for it is gone, Fenced
    if somebody else was faster.
    """
    if run.status == "succeeded":
        raise BadRequest(f"{run.id} has succeeded: there is nothing to resume")
    steps = steps_of(context.store, run)
    rows = context.store.steps(run.id)
    require(context, [steps[row.name] for row in rows if row.status in _UNDONE])
    epoch = context.store.take_over(run.id, run.epoch, context.masters.me())
    _reopen(context, replace(run, epoch=epoch), "queued")


def _reopen(context: Context, run: RunRow, status: RunStatus = "running") -> RunRow:
    """A run that is over begins again with what is undone."""
    undone = [row.name for row in context.store.steps(run.id) if row.status in _UNDONE]
    changes: list[Change] = [RunChanged(status, "resumed")]
    changes += [StepChanged(name, "pending", "resumed") for name in undone]
    now = context.clock.wall()
    context.store.commit(run.id, run.epoch, now, changes)
    return replace(run, status=status, began=now, allotment={})
