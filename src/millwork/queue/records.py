"""What the queue decides upon: what runs ask for and have, quotas, and room on a machine."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

from millwork.base.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from millwork.spec.model import Resources


@dataclass(frozen=True)
class Demand:
    """What a run asks for: cores, bytes of memory, GPUs.

    It can do with less, one step after the other, but not with fewer GPUs than `least_gpu`: what
    the step asks for that wants most.
    """

    cpu: float = 0.0
    memory: int = 0
    gpu: int = 0
    least_gpu: int = 0


@dataclass(frozen=True)
class Allotment:
    """What a run may use while it runs: cores, bytes of memory, GPUs by index."""

    cpu: float = 0.0
    memory: int = 0
    gpus: tuple[int, ...] = ()


@dataclass(frozen=True)
class Quota:
    """The most that a workspace's runs may use together; None is no limit."""

    cpu: float | None = None
    memory: int | None = None
    gpu: int | None = None
    runs: int | None = None


@dataclass(frozen=True)
class Usage:
    """What runs use together."""

    cpu: float = 0.0
    memory: int = 0
    gpu: int = 0
    runs: int = 0


@dataclass(frozen=True)
class Room:
    """What a machine has for runs; `runs` is how many of them at once, None any number."""

    cpu: float
    memory: int
    gpus: tuple[int, ...] = ()
    runs: int | None = None


@dataclass(frozen=True)
class Waiting:
    """A run that waits. `priority` is 1 to 9, the highest first; `created` in Unix seconds."""

    run: str
    workspace: str
    priority: int
    created: float
    demand: Demand = Demand()


@dataclass(frozen=True)
class Running:
    """A run that runs; `is_here` on the machine that is decided about."""

    run: str
    workspace: str
    allotment: Allotment = Allotment()
    is_here: bool = True


@dataclass(frozen=True)
class Admission:
    """A run that may start, and what with."""

    run: str
    allotment: Allotment


@dataclass(frozen=True)
class Policy:
    """Who is first, and whether a run that must wait blocks those behind it in its workspace."""

    order: Callable[[Iterable[Waiting]], list[Waiting]]
    head_blocks: bool


def demand_of(wishes: Iterable[Resources], parallel: int) -> Demand:
    """The most that steps ask for of which `parallel` may run at once.

    A step that runs for each item of a list counts as often as it is named.
    """
    steps = list(wishes)
    return Demand(
        cpu=sum(heapq.nlargest(parallel, (step.cpu or 0.0 for step in steps))),
        memory=sum(heapq.nlargest(parallel, (step.memory or 0 for step in steps))),
        gpu=sum(heapq.nlargest(parallel, (step.gpu for step in steps))),
        least_gpu=max((step.gpu for step in steps), default=0),
    )


def usage_of(running: Iterable[Running]) -> Usage:
    """What these runs may use together."""
    given = [run.allotment for run in running]
    return Usage(
        cpu=sum(each.cpu for each in given),
        memory=sum(each.memory for each in given),
        gpu=sum(len(each.gpus) for each in given),
        runs=len(given),
    )
