"""What is wanted of a garbage collection, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.records import dataclass, field
from millwork.ports.retention import Retention

if TYPE_CHECKING:
    from millwork.actions.context import Context
    from millwork.views.retention import Left, Removed

HOUR = 3600.0


@dataclass(frozen=True)
class Wish:
    """What is wanted: `is_dry` removes nothing; `is_local` frees what S3 has as well.

    `young` is the age in seconds below which nothing is touched.
    """

    rules: Retention = field(default_factory=Retention)
    is_dry: bool = False
    is_local: bool = False
    young: float = HOUR


class Tally:
    """A collection of a home as it goes on."""

    def __init__(self, context: Context, wish: Wish) -> None:
        self.context, self.wish = context, wish
        self.retention = context.retention()
        self.items: list[Removed] = []
        self.left: list[Left] = []

    def note(self, kind: str, name: str, size: int, count: int = 1) -> None:
        """Keeps what was removed, or would be."""
        self.items.append({"kind": kind, "name": name, "count": count, "bytes": size})

    def leave(self, kind: str, name: str, why: object) -> None:
        """Keeps what could not be removed."""
        self.left.append({"kind": kind, "name": name, "why": str(why)})

    @property
    def now(self) -> float:
        """Unix seconds."""
        return self.context.clock.wall()
