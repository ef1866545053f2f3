"""A step's replicas: what all of them are started with, and what each is told of the others."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from millwork.base.records import dataclass
from millwork.plan import jobs, launchers
from millwork.plan.rules import Rules, Seat, by_shards, rules_of
from millwork.spec.model import JobOptions, Resources, RunPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from millwork.plan.jobs import Hosts, Member, Place
    from millwork.plan.launchers import Wish
    from millwork.plan.model import Replica, Step

MPI_FOLDER = "input/config/mpi"


@dataclass(frozen=True)
class Roster:
    """The replicas of a job by rank, and the rules they are judged by."""

    seats: tuple[Seat, ...]
    rules: Rules


def roster(step: Step, cpu: float = 0.0, memory: int = 0) -> Roster:
    """Who belongs to the job of a step, and its rules.

    Of workers that lease shards there are as many at once as cores and memory are enough for.
    """
    wish, options = _wish(step, "")
    members = jobs.lay_out(wish.job_type, wish.roles, options, lambda role, _: role)
    seats = tuple(
        Seat(f"{role}-{member.index}", member.role, member.starts_after)
        for role, member in _called(members)
    )
    policy = step.run_policy or step.component.run_policy or RunPolicy()
    rules = rules_of(wish.job_type, seats, options, policy)
    if step.component.batch:
        rules = by_shards(rules, policy, _room(_resources_of(step, "worker"), cpu, memory))
    return Roster(seats, replace(rules, any_exit_code=step.component.any_exit_code))


def spread(
    step: Step,
    alone: Replica,
    root: str,
    gpus: tuple[int, ...],
    hosts: Callable[[tuple[Place, ...]], Hosts] | None = None,
) -> tuple[Replica, ...]:
    """The replicas of `step`, each `alone` with the variables, files and order of its place.

    What the component or the node sets itself wins (seed 000). `gpus` are dealt out by rank.
    """
    wish, options = _wish(step, root)
    places = jobs.places(wish.job_type, wish.roles, options)
    found = hosts(places) if hosts else jobs.Hosts(jobs.loopback(places))
    options = jobs.at_ports(options, found.port)
    members = jobs.lay_out(wish.job_type, wish.roles, options, found.address)
    dealt = iter(gpus)
    replicas = (_replica(step, alone, role, member, root) for role, member in _called(members))
    return tuple(_with_gpus(replica, dealt) if gpus else replica for replica in replicas)


def total(step: Step) -> Resources:
    """What all replicas of a step ask for together."""
    if not step.is_job:
        return step.resources
    asked = [_resources_of(step, seat.role) for seat in roster(step).seats]
    return Resources(
        cpu=sum(each.cpu or 0.0 for each in asked) or None,
        memory=sum(each.memory or 0 for each in asked) or None,
        gpu=sum(each.gpu for each in asked),
    )


def _room(each: Resources, cpu: float, memory: int) -> int | None:
    """How many that want so much have room in so many cores and bytes; None for any number."""
    rooms = []
    if each.cpu and cpu:
        rooms.append(int(cpu / each.cpu))
    if each.memory and memory:
        rooms.append(memory // each.memory)
    return max(1, min(rooms)) if rooms else None


def _wish(step: Step, root: str) -> tuple[Wish, JobOptions]:
    counts = {role: group.count for role, group in step.replicas.items()}
    given = step.job or step.component.job or JobOptions()
    wish = launchers.wish_of(step.component, counts, given)
    processes = wish.options.processes or step.resources.gpu or None
    return wish, replace(
        wish.options,
        name=step.name,
        processes=processes,
        mpi_folder=f"{root}/{MPI_FOLDER}",
        mpi_agent=f"{root}/mpi",
    )


def _called(members: tuple[Member, ...]) -> list[tuple[str, Member]]:
    """Each replica and the role it goes by: one alone is the `worker`, whatever it is told."""
    return [("worker" if len(members) == 1 else member.role, member) for member in members]


def _replica(step: Step, alone: Replica, role: str, member: Member, root: str) -> Replica:
    told = {name: text for name, text in member.env.items() if name not in alone.secrets}
    return replace(
        alone,
        argv=member.argv or (*member.prefix, *alone.argv),
        env={**told, **alone.env},
        role=role,
        index=member.index,
        resources=_resources_of(step, member.role),
        starts_after=member.starts_after,
        files={path.removeprefix(f"{root}/"): text for path, text in member.files.items()},
    )


def _with_gpus(replica: Replica, dealt: Iterator[int]) -> Replica:
    own = [next(dealt) for _ in range(replica.resources.gpu)]
    visible: dict[str, Any] = {"NVIDIA_VISIBLE_DEVICES": ",".join(map(str, own))}
    return replace(replica, env={**replica.env, **visible})


def _resources_of(step: Step, role: str) -> Resources:
    """What a role says of its replicas' resources, and the node's for the rest."""
    group = step.replicas.get(role) or step.replicas.get("worker")
    common, own = step.resources, group.resources if group else None
    if own is None:
        return common
    return Resources(
        cpu=own.cpu or common.cpu,
        memory=own.memory or common.memory,
        gpu=own.gpu or common.gpu,
        processes=own.processes or common.processes,
    )
