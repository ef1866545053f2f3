"""What the verbs are given: the home and the ports, made in `app`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from millwork.base.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from millwork.batch.records import Records
    from millwork.ports import Clock, Engine, Leasing, Masters, RunRow, Secrets, Store
    from millwork.run.loop import Command
    from millwork.run.state import Capacity


class Engines(Protocol):
    """The engines of this machine, by name; they are made when they are first asked for."""

    def __call__(self, name: str = "local") -> Engine:
        """The engine of that name."""


@dataclass
class Context:
    """A Millwork home, and the means to work in it.

    `commands` gives what people want of a run since it was last asked; `shards` are the records of
    batches, `leasing` the service that gives a run's shards out, at an address.
    """

    home: str
    store: Store
    secrets: Secrets
    clock: Clock
    masters: Masters
    machine: Capacity
    engine: Engines
    commands: Callable[[str], Callable[[], Sequence[Command]]]
    shards: Callable[[], Records]
    leasing: Callable[[RunRow, str], Leasing]

    def leases_of(self, run: str) -> str:
        """Where the lease service of a run listens."""
        return f"{self.home}/leases/{run}/socket"

    def engine_of(self, run: RunRow) -> Engine:
        """The engine that a run was begun with; it cannot go on with another."""
        return self.engine(run.facts.get("engine", "local"))

    @property
    def code_store(self) -> str:
        """Where snapshots of code lie, by digest."""
        return f"{self.home}/code"

    @property
    def git_cache(self) -> str:
        """Where checkouts of Git repositories lie, by commit."""
        return f"{self.home}/git"
