"""What one event leads to: changes to keep, and instructions to carry out once they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from millwork.ports.changes import Change


@dataclass(frozen=True)
class Launch:
    """Start this attempt."""

    attempt: str
    step: str
    gpus: tuple[int, ...] = ()


@dataclass(frozen=True)
class Consult:
    """Find out whether this step, which may start, must: its condition, and earlier results."""

    step: str


@dataclass(frozen=True)
class Stop:
    """End this process, or this attempt with all its processes, gently for `grace` seconds."""

    process: str
    grace: float


@dataclass(frozen=True)
class StartReplica:
    """Start the replica at `place` of an attempt's plan, as this process."""

    process: str
    attempt: str
    place: int


@dataclass(frozen=True)
class Listen:
    """Find out how long the replicas of this attempt have printed nothing."""

    attempt: str


Instruction: TypeAlias = Launch | Consult | Stop | StartReplica | Listen


@dataclass
class Decision:
    """What one event led to."""

    changes: list[Change] = field(default_factory=list)
    instructions: list[Instruction] = field(default_factory=list)

    def add(self, other: Decision) -> None:
        """Takes in what a further event led to."""
        self.changes += other.changes
        self.instructions += other.instructions
