"""Finding words in a log, as it is shown: without a terminal's codes, and whatever their case."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from millwork.actions.printed import printed
from millwork.base.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.ports import Engine

_CODES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
_MOST_READ = 64 << 20
"""Bytes of what is kept in one piece; a log is soon cut to less (`engines.host.logs`)."""


@dataclass(frozen=True)
class Hit:
    """A line in which words are found.

    `offset` is where it begins, in bytes of the log; `line` how many lines have ended between the
    last multiple of a block before that, or the beginning of what is kept, and it.
    """

    offset: int
    line: int


def hits(engine: Engine, process: str, words: str, after: int = 0, block: int = 0) -> Iterator[Hit]:
    """The lines of a process's log with these words, in order, that begin at `after` or later.

    A line that begins where a block does is counted to the block before: who reads that in one
    piece cannot know it without reading on. Blocks of 0 bytes are one.
    """
    size, (lost_from, lost_to) = engine.extent(process)
    kept = ((0, lost_from), (lost_to, size)) if lost_to else ((0, size),)
    for start, end in kept:
        data = printed(engine, process, start, min(end, start + _MOST_READ)) if end > after else b""
        yield from _in_one(data, start, words, after, block)


def _in_one(data: bytes, start: int, words: str, after: int, block: int) -> Iterator[Hit]:
    """The hits in what was kept in one piece, from byte `start` of the log on."""
    base, counted, count = 0, 0, 0
    for begin in _beginnings(data, words, max(0, after - start)):
        own = max(0, (start + begin - 1) // block * block - start) if block and begin else base
        if own != base:
            base, counted, count = own, own, 0
        count += data.count(b"\n", counted, begin)
        counted = begin
        yield Hit(start + begin, count)


def _beginnings(data: bytes, words: str, first: int) -> Iterator[int]:
    """Where the lines with the words begin, those at `first` and later."""
    if words.isascii() and b"\x1b" not in data and b"\r" not in data:
        yield from _plain(data, words.lower().encode(), first)
        return
    begin, wanted = 0, words.lower()
    for line in data.split(b"\n"):
        if begin >= first and wanted in _shown(line).decode("utf-8", "replace").lower():
            yield begin
        begin += len(line) + 1


def _plain(data: bytes, wanted: bytes, first: int) -> Iterator[int]:
    """The same in text without codes, for words of ASCII: no line is looked at by itself."""
    low = data.lower()
    at = low.find(wanted, first)
    while at >= 0:
        begin = low.rfind(b"\n", 0, at) + 1
        if begin >= first:
            yield begin
        end = low.find(b"\n", at)
        at = low.find(wanted, end) if end >= 0 else -1


def _shown(line: bytes) -> bytes:
    """A line as a terminal shows it at last."""
    if b"\r" in line:
        line = line.removesuffix(b"\r").rpartition(b"\r")[2]
    return _CODES.sub(b"", line) if b"\x1b" in line else line
