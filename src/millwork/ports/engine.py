"""The engine port: whatever can run a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from millwork.plan.model import Plan
    from millwork.spec.model import Environment

OutcomeKind: TypeAlias = Literal["exited", "lost", "not started"]


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended.

    `code` is the exit code as a shell gives it (128 + n for signal n), None unless `exited`.
    `reason` says in a few words what went wrong, empty when nothing did. `usage` holds
    `cpu_seconds` and `peak_memory` (bytes) where they are known, and which means were used:
    `limits`, `mounts`, `environment`, `packages`.
    """

    kind: OutcomeKind
    code: int | None = None
    reason: str = ""
    usage: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """An engine's word that an attempt is over, with nothing of it left running."""

    attempt: str
    outcome: Outcome


class Engine(Protocol):
    """Runs plans. Handles are opaque text, kept by the store, and mean nothing to anybody else."""

    @property
    def name(self) -> str:
        """`local`, later `container` and others."""

    @property
    def shortcoming(self) -> str:
        """Why steps cannot have a real `/ml` here; empty if they can."""

    def root(self, attempt: str, mounts: str) -> str:
        """Where `usercode`, `input` and `output` will be for this attempt: `/ml`, or elsewhere."""

    def lacks(self, environment: Environment) -> str:
        """What of an environment it cannot give, for people; empty if it can give all."""

    def environment(self, code: str, wished: Environment | None) -> str | None:
        """The digest of what a component's environment resolves to.

        That is the environment it wishes for, or else the requirements of its code's snapshot.
        Empty if there are none, None if that is not known yet.
        """

    def start(self, attempt: str, plan: Plan) -> str:
        """Starts `plan` and returns its handle; raises MillworkError or OSError if it cannot."""

    def adopt(self, attempt: str) -> None:
        """Watches an attempt that an earlier master started, or was about to start."""

    def observe(self, timeout: float | None) -> Sequence[Ended]:
        """Waits at most `timeout` seconds for attempts to end; may return early with none."""

    def stop(self, attempt: str, grace: float) -> None:
        """Asks the attempt to end, and ends it after `grace` seconds; `observe` tells when."""

    def folder(self, attempt: str) -> str:
        """Where the attempt's outputs lie, as this process can read them."""

    def log(self, attempt: str, offset: int) -> tuple[bytes, int]:
        """What the attempt printed from `offset` on, and the offset to go on from."""
