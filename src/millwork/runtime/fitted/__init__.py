"""What fitted preprocessings do to a table: a function a kind, of the table and what was learned.

They are lazy: expressions, or numpy batch by batch, so that data of any size pass through. Each
row's result is its own, whatever rows stand beside it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import derive, encode, prepare, text

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

APPLY: dict[str, Callable[[pl.LazyFrame, dict[str, Any]], pl.LazyFrame]] = {
    **prepare.APPLY,
    **encode.APPLY,
    **derive.APPLY,
    **text.APPLY,
}
"""By the kind's name, as transforms on disk have it: a name stays."""

CHECK: dict[str, Callable[[dict[str, Any]], None]] = {**prepare.CHECK}
"""What is looked at in a state that was read from a file, by the kind's name; ValueError."""
