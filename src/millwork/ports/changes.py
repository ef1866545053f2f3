"""What is kept of a run as it goes: each change is written once, and is an event of its history."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping

StepStatus: TypeAlias = Literal["pending", "running", "succeeded", "failed", "cancelled", "skipped"]
RunStatus: TypeAlias = Literal["queued", "running", "succeeded", "failed", "cancelled"]
AttemptStatus: TypeAlias = Literal["running", "succeeded", "failed", "lost", "cancelled"]


@dataclass(frozen=True)
class AttemptOpened:
    """A try of a step was decided; it is kept before anything is started.

    `deadline` is in seconds of the machine's monotonic clock, which a later master on the same
    boot shares; after a reboot the attempt is lost anyway.
    """

    attempt: str
    step: str
    number: int
    token: str
    deadline: float | None = None
    gpus: tuple[int, ...] = ()


@dataclass(frozen=True)
class AttemptStarted:
    """The engine has started it, `at` Unix seconds; `handle` is what finds it again."""

    attempt: str
    handle: str
    at: float


@dataclass(frozen=True)
class AttemptClosed:
    """A try is over; its outcome is kept once, and publishes `outputs`.

    `key` is what later runs find them by; empty if they may not be used again.
    """

    attempt: str
    step: str
    token: str
    status: AttemptStatus
    code: int | None
    reason: str
    usage: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    key: str = ""


@dataclass(frozen=True)
class ReplicaOpened:
    """The start of a replica was decided; `number` counts the times it was started again."""

    attempt: str
    replica: str
    number: int


@dataclass(frozen=True)
class ReplicaStarted:
    """The engine has started it, `at` Unix seconds; `handle` is what finds it again."""

    attempt: str
    replica: str
    number: int
    handle: str
    at: float


@dataclass(frozen=True)
class ReplicaClosed:
    """A replica is over; `cancelled` if it was stopped because its job was.

    `at` is when it ended, in Unix seconds; 0 if only now is known.
    """

    attempt: str
    replica: str
    number: int
    status: AttemptStatus
    code: int | None
    reason: str
    usage: Mapping[str, Any] = field(default_factory=dict)
    at: float = 0.0


@dataclass(frozen=True)
class JobJudged:
    """What an attempt at a job will end as, once its replicas are gone; it does not change."""

    attempt: str
    verdict: str
    reason: str
    code: int | None = None
    kind: str = "exited"
    for_memory: bool = False


@dataclass(frozen=True)
class ItemsAdded:
    """A step stands for one step an item, now that its list is known: their names and specs."""

    step: str
    items: tuple[tuple[str, Mapping[str, Any]], ...]


@dataclass(frozen=True)
class StepReused:
    """A step has the outputs of an earlier attempt at the same work; nothing was started."""

    step: str
    attempt: str
    outputs: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class StepConsulted:
    """What a step's work was found to be, and why it was or was not done again."""

    step: str
    verdict: str
    identity: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StepChanged:
    """A step has a new status."""

    step: str
    status: StepStatus
    reason: str = ""


@dataclass(frozen=True)
class RunChanged:
    """The run has a new status."""

    status: RunStatus
    reason: str = ""


@dataclass(frozen=True)
class LateResult:
    """A result was refused: its attempt is not, or no longer, the one that counts."""

    attempt: str
    reason: str


Change: TypeAlias = (
    AttemptOpened
    | AttemptStarted
    | AttemptClosed
    | ReplicaOpened
    | ReplicaStarted
    | ReplicaClosed
    | JobJudged
    | ItemsAdded
    | StepReused
    | StepConsulted
    | StepChanged
    | RunChanged
    | LateResult
)
