"""When a job has succeeded or failed, and what is started again (pai-contract 1.3 and 1.4).

Pure data: the run machine follows it on every engine alike.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal, TypeAlias

from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.spec.model import JobOptions, RunPolicy

Restart: TypeAlias = Literal["Never", "OnFailure", "ExitCode", "Always"]

ROLES = ("chief", "master", "launcher", "evaluator", "ps", "worker", "aimaster")
"""The order in which replicas that ended at once are judged (Training Operator's)."""
_DECIDING = ("chief", "master", "launcher")
_POLICIES: Mapping[str, Mapping[str, Restart]] = {
    "TFJob": dict.fromkeys(ROLES, "ExitCode"),
    "PyTorchJob": {"master": "ExitCode", "worker": "OnFailure"},
    "ElasticBatchJob": {"worker": "ExitCode"},
}
RESTARTS, OF_WORKERS = 3, 10
"""Restarts of a job where nothing is said; a shard that kills its workers takes seven of them."""
_BY_REPLICA = ("ElasticBatchJob",)
_NEVER_END_ALONE = {"TFJob": ("ps",), "MPIJob": ("worker",), "ElasticBatchJob": ("worker",)}


@dataclass(frozen=True)
class Seat:
    """A replica's place in its job; `starts_after` as in the plan."""

    name: str
    role: str
    starts_after: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """What a job's replicas are judged by.

    `success` lists sets of replicas of which one must have ended with 0 as a whole. `unit` by role
    is what is started again, `after` by role says when. `codes` are the first and last of each
    range of exit codes that ExitCode takes for passing. `tolerates` are roles that may fail.
    `grace` is how many seconds a role may go on once the job has succeeded. With `any_exit_code`
    a replica has succeeded whatever it ended with, unless a signal killed it. `by_shards`: the job
    is over when its shards are, and replicas start as there is work for them, at most `at_once`.
    """

    success: tuple[tuple[str, ...], ...]
    unit: Mapping[str, Literal["gang", "replica"]]
    after: Mapping[str, Restart]
    codes: tuple[tuple[int, int], ...]
    restarts: int
    memory_restarts: int
    tolerates: tuple[str, ...] = ()
    grace: Mapping[str, float] = field(default_factory=dict)
    hang_timeout: float | None = None
    any_exit_code: bool = False
    by_shards: bool = False
    at_once: int | None = None


def rules_of(
    job_type: str, seats: tuple[Seat, ...], options: JobOptions, policy: RunPolicy
) -> Rules:
    """The rules of a job of this type with these replicas; `policy` wins over the type's own."""
    present = {seat.role for seat in seats}
    after = _POLICIES.get(job_type, {})
    return Rules(
        success=_success(job_type, seats, options, policy),
        unit={role: policy.restart or _unit(job_type, role, present) for role in present},
        after={role: policy.restart_policy or after.get(role, "Never") for role in present},
        codes=tuple(_codes(text) for text in policy.retry_codes),
        restarts=RESTARTS if policy.restarts is None else policy.restarts,
        memory_restarts=policy.memory_restarts,
        tolerates=("worker",) if job_type == "TFJob" and options.dynamic_workers else (),
        grace=_grace(job_type, present, policy),
        hang_timeout=policy.hang_timeout,
    )


def by_shards(rules: Rules, policy: RunPolicy, at_once: int | None) -> Rules:
    """The rules of workers that lease the shards of a batch.

    None of them is needed: one that ends is started again after whatever end, as often as the
    policy allows, and its shards are done by others meanwhile (seed 000, ElasticBatch).
    """
    return replace(
        rules,
        success=(),
        unit={"worker": "replica"},
        after={"worker": policy.restart_policy or "OnFailure"},
        tolerates=("worker",),
        grace={"worker": policy.finish_grace},
        restarts=OF_WORKERS if policy.restarts is None else policy.restarts,
        by_shards=True,
        at_once=at_once,
    )


def _success(
    job_type: str, seats: tuple[Seat, ...], options: JobOptions, policy: RunPolicy
) -> tuple[tuple[str, ...], ...]:
    roles = ("aimaster",) if job_type == "ElasticBatchJob" else _DECIDING
    deciding = tuple(seat.name for seat in seats if seat.role in roles)
    workers = tuple(seat.name for seat in seats if seat.role == "worker")
    if policy.success == "all_workers":
        return ((*deciding, *workers),)
    if job_type == "ElasticBatchJob":
        return tuple(filter(None, (deciding, workers)))
    if deciding:
        return (deciding,)
    if job_type == "TFJob":
        return (workers[:1], workers)
    if options.elastic:
        return tuple((name,) for name in workers)
    return (workers,)


def _unit(job_type: str, role: str, present: set[str]) -> Literal["gang", "replica"]:
    """The whole job, but for work that does not need the other workers (table 1.4)."""
    has_servers = job_type == "TFJob" and "ps" in present and role == "worker"
    return "replica" if job_type in _BY_REPLICA or has_servers else "gang"


def _codes(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    return int(first), int(last or first)


def _grace(job_type: str, present: set[str], policy: RunPolicy) -> dict[str, float]:
    endless = _NEVER_END_ALONE.get(job_type, ())
    grace = {role: policy.finish_grace for role in present if role not in endless}
    return grace | {"evaluator": policy.evaluator_grace}
