"""Notes what the steps of a run use while they run, as somebody who watches the run."""

from __future__ import annotations

import json
import os
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from millwork.actions.context import Context
    from millwork.ports import Clock, Engine, RunRow, Sample
    from millwork.ports.changes import Change
    from millwork.run.loop import Observer

FILE = "usage.jsonl"
INTERVAL = 5.0
MOST = 1000
_FIRST = 2.0  # seconds: a short run pays nothing
_NOT_THROUGH = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a step may put something else there


def sampling(context: Context, run: RunRow, observer: Observer) -> Observer:
    """An observer for the run's loop which passes all on to `observer`."""
    return Sampler(context.engine_of(run), context.clock, observer)


class Sampler:
    """Implements `run.loop.Observer`: every 5 s a line for each process, beside its log."""

    def __init__(self, engine: Engine, clock: Clock, observer: Observer) -> None:
        self._engine, self._clock, self._observer = engine, clock, observer
        self._due = clock.monotonic() + _FIRST
        self._files: dict[str, SampleFile] = {}

    @property
    def interval(self) -> float:
        """Until the next sample, or as often as the other observer wants it."""
        left = max(0.0, self._due - self._clock.monotonic())
        wanted = self._observer.interval
        return left if wanted is None else min(left, wanted)

    def changed(self, changes: Sequence[Change]) -> None:
        """Passes them on."""
        self._observer.changed(changes)

    def pulse(self) -> None:
        """Passes it on, and takes samples when it is time."""
        self._observer.pulse()
        if self._clock.monotonic() >= self._due:
            self._sample()
            self._due = self._clock.monotonic() + INTERVAL

    def _sample(self) -> None:
        now, used = self._clock.wall(), self._engine.usage()
        for process in self._files.keys() - used.keys():
            del self._files[process]
        for process, sample in used.items():
            if process not in self._files:
                self._files[process] = SampleFile(path_of(self._engine, process))
            self._files[process].add(now, sample)


class SampleFile:
    """The samples of one process; at 1,000 lines every second one goes, and the rest come slower.

    No trouble with the file ends a run: a sample that cannot be written is not kept.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        times = [line["time"] for line in read(path)]
        steps = [later - earlier for earlier, later in pairwise(times)]
        self._count = len(times)
        self._interval = max(INTERVAL, min(steps, default=0.0))
        self._last = max(times, default=0.0)

    def add(self, now: float, sample: Sample) -> None:
        """Writes a line, if it is time for one."""
        if 0 <= now - self._last < self._interval - INTERVAL / 2:
            return
        try:
            if self._count >= MOST:
                self._thin()
            _write(self._path, os.O_APPEND, [_line(now, sample)])
        except OSError:
            return
        self._count += 1
        self._last = now

    def _thin(self) -> None:
        kept = [dict(line) for line in read(self._path)][::2]
        own = f"{self._path}.new"
        _write(own, os.O_TRUNC, kept)
        os.replace(own, self._path)
        self._count, self._interval = len(kept), self._interval * 2


def path_of(engine: Engine, process: str) -> str:
    """The file of a process's samples."""
    attempt, _, replica = process.partition("/")
    return os.path.join(engine.aside(attempt), replica, FILE)


def read(path: str) -> list[dict[str, Any]]:
    """The samples in a file, oldest first; what is none of ours is left out."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | _NOT_THROUGH), encoding="utf-8") as file:
            text = file.read(MOST * 400)
    except (OSError, UnicodeDecodeError):
        return []
    return [line for line in map(_parsed, text.splitlines()) if line][: 2 * MOST]


def _line(now: float, sample: Sample) -> dict[str, Any]:
    known = {name: value for name, value in vars(sample).items() if value is not None}
    return {"time": round(now, 3), **known, "cpu_seconds": round(sample.cpu_seconds, 3)}


def _parsed(text: str) -> dict[str, Any] | None:
    try:
        line = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(line, dict) or not _REQUIRED <= line.keys() <= _NAMES:
        return None
    numbers = all(type(value) in (int, float) and 0 <= value < _TOO_MUCH for value in line.values())
    return line if numbers else None


_TOO_MUCH = 2**63
_REQUIRED = {"time", "cpu_seconds", "memory", "processes"}
_NAMES = _REQUIRED | {"gpu_memory", "gpu_percent"}


def _write(path: str, flags: int, lines: Sequence[dict[str, Any]]) -> None:
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | flags | _NOT_THROUGH, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
