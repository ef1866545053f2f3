"""Pages of long lists: how long they may be, and where the next one begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from millwork.base.errors import BadRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LONGEST = 200
_Row = TypeVar("_Row")


def with_one_more(limit: int) -> int:
    """How many rows to ask for, so that it is known whether others follow.

    Raises BadRequest for a limit that no page may have.
    """
    if not 1 <= limit <= LONGEST:
        raise BadRequest(f"limit: expected 1 to {LONGEST}, not {limit}")
    return limit + 1


def cut(
    rows: Sequence[_Row], limit: int, cursor: Callable[[_Row], str]
) -> tuple[Sequence[_Row], str | None]:
    """The rows of a page, and the cursor of the next; None if this is the last."""
    is_last = len(rows) <= limit
    return rows[:limit], None if is_last else cursor(rows[limit - 1])
