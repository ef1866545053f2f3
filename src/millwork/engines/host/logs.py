"""Logs: the file that a step prints into, kept at a head and a tail of 16 MiB each.

Nothing stands between the step and its file; what is too much is punched out of the middle while
the step runs (measured: a flood of 1 GiB peaks at 47 MiB on disk; DESIGN decision 2).
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

HEAD = TAIL = 16 * 1024 * 1024
_BLOCK = 4096
_KEEP_SIZE_PUNCH_HOLE = 3
_SLOWEST, _FASTEST = 1.0, 0.02
_CALM = 1024 * 1024
_DROPPED = "dropped"


class LogKeeper:
    """Keeps the logs of running attempts within bounds; `interval` is when to look again."""

    def __init__(self) -> None:
        self._sizes: dict[str, int] = {}
        self.interval = _FASTEST

    def watch(self, folder: str) -> None:
        """Begins to look after the log in an attempt's folder."""
        self._sizes[folder] = 0
        self.interval = _FASTEST

    def forget(self, folder: str) -> None:
        """Looks for the last time."""
        if self._sizes.pop(folder, None) is not None:
            trim(folder)

    def look(self) -> None:
        """Trims what has grown too long, and looks again sooner the faster something grows."""
        is_calm = True
        for folder, before in self._sizes.items():
            size = trim(folder)
            is_calm = is_calm and size - before < _CALM
            self._sizes[folder] = size
        self.interval = min(self.interval * 2, _SLOWEST) if is_calm else _FASTEST


def trim(folder: str) -> int:
    """Punches out the middle of a log that is too long; returns the length it was written to."""
    path = f"{folder}/log"
    try:
        size = os.stat(path).st_size
    except FileNotFoundError:
        return 0
    end = (size - TAIL) // _BLOCK * _BLOCK
    if end <= HEAD or end <= _hole_end(folder):
        return size
    with suppress(OSError):
        _punch(path, HEAD, end - HEAD)
        with open(f"{folder}/{_DROPPED}", "w", encoding="ascii") as file:
            file.write(str(end))
    return size


def read(folder: str, offset: int, limit: int = 4 * 1024 * 1024) -> tuple[bytes, int]:
    """What was printed from `offset` on, and the offset to go on from.

    A line says how many bytes are missing where the middle was dropped.
    """
    hole = _hole_end(folder)
    note = b""
    if HEAD <= offset < hole:
        note = f"\n[{hole - HEAD:,} bytes of the log were dropped here]\n".encode()
        offset = hole
    limit = min(limit, HEAD - offset) if offset < HEAD < hole else limit
    try:
        with open(f"{folder}/log", "rb") as file:
            file.seek(offset)
            data = file.read(limit)
    except FileNotFoundError:
        return b"", offset
    return note + data, offset + len(data)


def extent(folder: str) -> tuple[int, tuple[int, int]]:
    """How many bytes were printed, and from where to where they are gone."""
    try:
        size = os.stat(f"{folder}/log").st_size
    except FileNotFoundError:
        return 0, (0, 0)
    lost = dropped(folder)
    return size, (HEAD, HEAD + lost) if lost else (0, 0)


def silence(folder: str) -> float:
    """Seconds since something was printed, or the log was begun."""
    try:
        return max(0.0, time.time() - os.stat(f"{folder}/log").st_mtime)
    except FileNotFoundError:
        return 0.0


def dropped(folder: str) -> int:
    """How many bytes of the log are gone."""
    return max(0, _hole_end(folder) - HEAD)


def _hole_end(folder: str) -> int:
    try:
        with open(f"{folder}/{_DROPPED}", encoding="ascii") as file:
            return int(file.read() or 0)
    except FileNotFoundError:
        return 0


def _punch(path: str, start: int, length: int) -> None:
    import ctypes

    libc = ctypes.CDLL(None, use_errno=True)
    offset = ctypes.c_int64
    descriptor = os.open(path, os.O_WRONLY)
    try:
        if libc.fallocate(descriptor, _KEEP_SIZE_PUNCH_HOLE, offset(start), offset(length)):
            raise OSError(ctypes.get_errno(), "fallocate")
    finally:
        os.close(descriptor)
