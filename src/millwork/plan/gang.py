"""A step's replicas: what all of them are started with, and what each is told of the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from millwork.plan import jobs, launchers
from millwork.spec.model import Resources

if TYPE_CHECKING:
    from millwork.plan.jobs import Member
    from millwork.plan.model import Replica, Step

MPI_FOLDER = "input/config/mpi"


def spread(step: Step, alone: Replica, root: str) -> tuple[Replica, ...]:
    """The replicas of `step`, each `alone` with the variables, files and order of its place.

    One alone is `worker-0`, whatever its job would call it. Several have addresses in 127.77,
    the same for the same place. What the component or the node sets itself wins (seed 000).
    """
    counts = {role: group.count for role, group in step.replicas.items()}
    wish = launchers.wish_of(step.component, counts)
    options = replace(wish.options, name=step.name, mpi_folder=f"{root}/{MPI_FOLDER}")
    address = jobs.loopback(jobs.places(wish.job_type, wish.roles, options))
    members = jobs.lay_out(wish.job_type, wish.roles, options, address)
    if len(members) == 1:
        members = (replace(members[0], role="worker", index=0),)
    return tuple(_replica(step, alone, member, root) for member in members)


def _replica(step: Step, alone: Replica, member: Member, root: str) -> Replica:
    group = step.replicas.get(member.role) or step.replicas.get("worker")
    told = {name: text for name, text in member.env.items() if name not in alone.secrets}
    return replace(
        alone,
        argv=member.argv or (*member.prefix, *alone.argv),
        env={**told, **alone.env},
        role=member.role,
        index=member.index,
        resources=_resources(step.resources, group.resources if group else None),
        starts_after=member.starts_after,
        files={path.removeprefix(f"{root}/"): text for path, text in member.files.items()},
    )


def _resources(common: Resources, own: Resources | None) -> Resources:
    """What a role says of its replicas' resources, and the node's for the rest."""
    if own is None:
        return common
    return Resources(
        cpu=own.cpu or common.cpu,
        memory=own.memory or common.memory,
        gpu=own.gpu or common.gpu,
        processes=own.processes or common.processes,
    )
