"""What a step says when it cannot do its work."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class StepError(Exception):
    """A fault of the data or the parameters; the message says what to do, in one line."""


def listed(names: Iterable[str], most: int = 20) -> str:
    """Names with commas between them, the first `most` of them."""
    known = list(names)
    shown = ", ".join(known[:most]) or "none"
    return f"{shown}, ... ({len(known)} in all)" if len(known) > most else shown
