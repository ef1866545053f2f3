"""Drives a run to its end: the machine, the loop and the planner put together."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING

from millwork.actions.kept import bucket_of
from millwork.actions.planner import Leases, StepPlanner
from millwork.actions.storage import Storage
from millwork.base.ids import new_token
from millwork.ports.leases import NoLeasing
from millwork.run.loop import Loop
from millwork.run.machine import Machine
from millwork.run.state import Task

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from millwork.actions.context import Context
    from millwork.plan.model import Step
    from millwork.ports import Leasing, RunRow
    from millwork.run.loop import Observer
    from millwork.run.state import Capacity
    from millwork.spec.model import Resources


def open_loop(
    context: Context,
    run: RunRow,
    steps: Mapping[str, Step],
    observer: Observer,
) -> Loop:
    """The loop of a run that this process is the master of; `drive` it to its end."""
    engine = context.engine_of(run)
    context = replace(context.in_workspace(run.workspace), machine=room_of(context, run))
    capacity = replace(context.machine, parallel=run.facts["parallel"])
    # The steps of a list's items come to the machine with their parent.
    tasks = [task_of(step, capacity) for step in steps.values() if not step.parent]
    return Loop(
        run=run.id,
        epoch=run.epoch,
        machine=Machine(run.id, tasks, capacity, new_token),
        store=context.store,
        engine=engine,
        planner=StepPlanner(
            run.id,
            steps,
            engine,
            context.store,
            run.facts["forced"],
            _leases(context, run),
            Storage(context, run.workspace, run.creator),
            cache(partial(bucket_of, context)),
        ),
        clock=context.clock,
        observer=observer,
        commands=context.commands(run.id),
        leasing=_leasing(context, run, steps.values()),
    )


def room_of(context: Context, run: RunRow) -> Capacity:
    """What of the machine a run may use: what it was admitted with, or all of it."""
    if not run.allotment:
        return context.machine
    cpu, memory, gpus = (run.allotment[name] for name in ("cpu", "memory", "gpus"))
    machine = context.machine
    # What nobody has asked for is not limited: its steps count for nothing.
    return replace(
        machine, cpu=cpu or machine.cpu, memory=memory or machine.memory, gpus=tuple(gpus)
    )


def _leasing(context: Context, run: RunRow, steps: Iterable[Step]) -> Leasing:
    if any(step.component.batch for step in steps):
        return context.leasing(run, context.leases_of(run.id))
    return NoLeasing()


def _leases(context: Context, run: RunRow) -> Leases:
    room = (context.machine.cpu, context.machine.memory)
    return Leases(context.leases_of(run.id), context.shards, room)


def task_of(step: Step, capacity: Capacity) -> Task:
    """What the machine needs to know of a step; nobody asks for more than there is."""
    wishes = wishes_of(step)
    policy = step.run_policy or step.component.run_policy
    return Task(
        name=step.name,
        upstream=step.upstream,
        data=frozenset(step.reads),
        retries=step.retries,
        timeout=step.timeout,
        on_lost=step.on_lost,
        continue_on_failure=step.continue_on_failure,
        cpu=min(wishes.cpu or 0.0, capacity.cpu),
        memory=min(wishes.memory or 0, capacity.memory),
        gpu=wishes.gpu,
        consults=bool(step.guards or step.each) or step.component.is_deterministic,
        at_once=step.each.max_parallel if step.each else None,
        pending_timeout=policy.pending_timeout if policy else None,
    )


def count_of(step: Step) -> int:
    """How many replicas a step has."""
    if not step.is_job:
        return 1
    from millwork.plan.gang import roster

    return len(roster(step).seats)


def wishes_of(step: Step) -> Resources:
    """What a step asks for, all replicas of a job together."""
    if not step.is_job:
        return step.resources
    from millwork.plan.gang import total  # a run without a job does not pay for it

    return total(step)
