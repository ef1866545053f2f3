"""What the machine knows of a run's steps, of attempts, and of what there is room for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.ports.changes import Change, StepReused, StepStatus
    from millwork.ports.engine import Outcome

GRACE = 3.0
FIRST_BACKOFF = 1.0
LONGEST_BACKOFF = 60.0
MAX_LOST = 3
ENDED = frozenset({"succeeded", "failed", "cancelled", "skipped"})


@dataclass(frozen=True)
class Capacity:
    """What may run at once: steps, and the machine's cores, bytes of memory and GPUs."""

    parallel: int
    cpu: float
    memory: int
    gpus: tuple[int, ...] = ()


@dataclass(frozen=True)
class Task:
    """What the machine needs to know of a step."""

    name: str
    upstream: tuple[str, ...] = ()
    data: frozenset[str] = frozenset()
    retries: int = 0
    timeout: float | None = None
    on_lost: str = "retry"
    continue_on_failure: bool = False
    cpu: float = 0.0
    memory: int = 0
    gpu: int = 0
    consults: bool = False
    at_once: int | None = None
    pending_timeout: float | None = None


@dataclass
class StepState:
    """A step within the machine. `waiting` counts the upstream steps that have not ended.

    `by_condition` says of a skipped step that this was wanted, and is no failure. A step that
    runs for each item of a list is the `parent` of one step an item: `items` are those that have
    not had their turn, `busy` counts those that have, `unended` both. `restarts` of a job, and
    those of them for want of memory, are counted over all its attempts, which share its time: of
    that so many seconds are `time_left`. `waits_since` is when there was first no room for it.
    """

    task: Task
    position: int
    waiting: int
    status: StepStatus = "pending"
    attempts: int = 0
    failures: int = 0
    losses: int = 0
    current: Try | None = None
    by_condition: bool = False
    parent: str = ""
    items: list[str] = field(default_factory=list)
    busy: int = 0
    unended: int = 0
    bad_items: int = 0
    restarts: int = 0
    memory_restarts: int = 0
    time_left: float | None = None
    waits_since: float | None = None


@dataclass
class Try:
    """The attempt that counts for a step, while it runs."""

    id: str
    token: str
    deadline: float | None
    gpus: tuple[int, ...] = ()
    stopping: str = ""


@dataclass(frozen=True)
class Result:
    """How an attempt ended, and what it left if it succeeded."""

    outcome: Outcome
    outputs: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    key: str = ""


@dataclass(frozen=True)
class Answer:
    """What was found out about a step before its start.

    It is skipped for the reason `skip`, or has the outputs of the attempt `reused`, or is done
    for each of `items` (names of steps), or starts. `changes` are kept in any case.
    """

    skip: str = ""
    items: tuple[str, ...] | None = None
    reused: StepReused | None = None
    changes: tuple[Change, ...] = ()
    fault: str = ""
