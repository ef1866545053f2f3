"""What the verbs are given: the home and the ports, made in `app`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from millwork.ports import Clock, Engine, Masters, Secrets, Store
    from millwork.run.loop import Command
    from millwork.run.state import Capacity


@dataclass
class Context:
    """A Millwork home, and the means to work in it.

    `commands` gives what people want of a run since it was last asked.
    """

    home: str
    store: Store
    secrets: Secrets
    clock: Clock
    masters: Masters
    machine: Capacity
    engine: Callable[[], Engine]
    commands: Callable[[str], Callable[[], Sequence[Command]]]

    @property
    def code_store(self) -> str:
        """Where snapshots of code lie, by digest."""
        return f"{self.home}/code"

    @property
    def git_cache(self) -> str:
        """Where checkouts of Git repositories lie, by commit."""
        return f"{self.home}/git"
