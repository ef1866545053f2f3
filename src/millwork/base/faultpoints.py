"""Named points where tests make things go wrong; `docs/fault-points.md` lists them.

Nothing happens at a point unless somebody has armed it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

POINTS = {
    "submit.checked": "all is checked and the code is set aside; the run is not kept yet",
    "submit.kept": "the run is kept; nothing is started",
    "server.admitted": "a server has admitted a run; nothing drives it yet",
    "schedule.made": "a schedule's instances are kept; nothing of them has begun",
    "schedule.claimed": "instances have the ids of their runs; these are not asked for yet",
    "schedule.asked": "an instance's run is asked for; that is not noted yet",
    "loop.observed": "ends were observed; nothing is decided yet",
    "loop.decided": "the machine has decided; nothing is kept yet",
    "loop.kept": "the decision is kept; nothing is carried out yet",
    "loop.started": "an attempt was started; its handle is not kept yet",
    "engine.furnished": "the attempt's folder is ready; nothing runs in it yet",
    "store.writing": "a transaction has written and is not committed yet",
    "store.committed": "a transaction is committed; its caller does not know yet",
    "migrate.copied": "a database was copied before it is migrated; the copy has no name yet",
    "migrate.saved": "the copy is a backup; nothing is migrated yet",
    "migrate.statement": "a statement of a migration was carried out; it is not committed yet",
    "resume.taken": "a run was taken over; nothing is adopted yet",
}

_armed: list[Callable[[str], None]] = []


def arm(action: Callable[[str], None]) -> None:
    """Has `action` called at every point, with the point's name."""
    _armed.append(action)


def disarm() -> None:
    """Has nothing called any more."""
    _armed.clear()


def reach(point: str) -> None:
    """Says that `point` is reached."""
    for action in _armed:
        action(point)
