"""What one event leads to: changes to keep, and the answer to give once they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from millwork.batch.changes import Change


@dataclass
class Decision:
    """Changes to keep; `wakes` says that workers who wait for a lease should ask again."""

    changes: list[Change] = field(default_factory=list)
    wakes: bool = False


@dataclass(frozen=True)
class Grant:
    """A shard that a worker may work on; the lease lasts `seconds` unless it is renewed."""

    shard: int
    attempt: int
    token: str
    seconds: float


@dataclass
class LeaseAnswer(Decision):
    """Grants; or the worker may leave (`is_over`); or nothing now.

    Then it asks again when it is woken, or at `again_at` if there is such a time.
    """

    grants: tuple[Grant, ...] = ()
    is_over: bool = False
    again_at: float | None = None


@dataclass
class RenewAnswer(Decision):
    """Which of the tokens still count, and which do not: work on those is in vain."""

    ok: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass
class DoneAnswer(Decision):
    """Whether each result was accepted, now or when it was sent before."""

    accepted: tuple[bool, ...] = ()


@dataclass(frozen=True)
class Result:
    """A worker's word that a shard is done: items that went well and that failed.

    `seconds` is what it took, if the worker says so; else it is reckoned from the calls.
    """

    token: str
    ok: int = 0
    failed: int = 0
    seconds: float | None = None
