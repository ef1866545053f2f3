"""What a process has printed: its log in one piece, and the numbers that a pattern finds in it."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.ports import Engine


def printed(engine: Engine, process: str, start: int = 0, end: int = sys.maxsize) -> bytes:
    """The log of a process from byte `start` up to `end`, or as far as it goes."""
    parts: list[bytes] = []
    place = start
    while place < end:
        more, place = engine.log(process, place)
        if not more:
            break
        parts.append(more)
    return b"".join(parts)[: end - start]


def text_of(engine: Engine, process: str) -> str:
    """The whole of it as text."""
    return printed(engine, process).decode("utf-8", "replace")


def numbers_in(text: str, pattern: str) -> Iterator[float]:
    """The first group of each match of a user's pattern, where that is a number."""
    import re2  # what has no metrics of that kind need not have loaded it

    for match in re2.finditer(pattern, text):
        with suppress(ValueError):
            yield float(match.group(1) or "")  # a group that may be left out is None
