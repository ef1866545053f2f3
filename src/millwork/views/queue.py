"""A workspace's quota and queue as people and programs read them."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from millwork.ports import RunRow
    from millwork.queue.records import Quota, Usage


class Limits(TypedDict):
    """Cores, bytes of memory, GPUs and runs; None is no limit."""

    cpu: float | None
    memory: int | None
    gpu: int | None
    runs: int | None


class Used(TypedDict):
    """Cores, bytes of memory, GPUs and runs."""

    cpu: float
    memory: int
    gpu: int
    runs: int


class Asked(TypedDict):
    """What a run asks for: cores, bytes of memory, GPUs."""

    cpu: float
    memory: int
    gpu: int


class WaitingRun(TypedDict):
    """A run that waits, and why."""

    run: str
    name: str
    creator: str
    priority: int
    created: float
    demand: Asked
    reason: str


class WorkspaceUsage(TypedDict):
    """What a workspace may use, uses and has left; `waiting` are the first in its queue."""

    workspace: str
    quota: Limits
    used: Used
    free: Limits
    running: int
    queued: int
    waiting: list[WaitingRun]


def workspace_usage(
    workspace: str, quota: Quota, used: Usage, queued: int, waiting: list[WaitingRun]
) -> WorkspaceUsage:
    """A workspace's quota, and what is left of it."""
    return {
        "workspace": workspace,
        "quota": {
            "cpu": quota.cpu, "memory": quota.memory, "gpu": quota.gpu, "runs": quota.runs,
        },
        "used": {"cpu": used.cpu, "memory": used.memory, "gpu": used.gpu, "runs": used.runs},
        "free": {
            "cpu": None if quota.cpu is None else max(0.0, quota.cpu - used.cpu),
            "memory": None if quota.memory is None else max(0, quota.memory - used.memory),
            "gpu": None if quota.gpu is None else max(0, quota.gpu - used.gpu),
            "runs": None if quota.runs is None else max(0, quota.runs - used.runs),
        },
        "running": used.runs,
        "queued": queued,
        "waiting": waiting,
    }  # fmt: skip


def waiting_runs(rows: Sequence[RunRow], reasons: Mapping[str, str]) -> list[WaitingRun]:
    """Runs that wait, each with its reason."""
    return [
        {
            "run": row.id,
            "name": row.name,
            "creator": row.creator,
            "priority": row.priority,
            "created": row.created,
            "demand": {
                "cpu": row.demand.get("cpu", 0.0),
                "memory": row.demand.get("memory", 0),
                "gpu": row.demand.get("gpu", 0),
            },
            "reason": reasons.get(row.id, "waits for a server of the home that its code lies in"),
        }
        for row in rows
    ]
