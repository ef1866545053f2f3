"""How a run is shown while it goes: plain lines, a live table, or the log of its only step."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING, Any, Protocol, Self

from millwork.actions.drive import count_of
from millwork.base.sizes import format_duration
from millwork.cli.conclusion import conclusion, printable
from millwork.cli.tails import Tails
from millwork.ports.changes import (
    AttemptOpened,
    JobJudged,
    ReplicaOpened,
    RunChanged,
    StepChanged,
    StepReused,
)
from millwork.ports.engine import process_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TextIO

    from millwork.actions.context import Context
    from millwork.cli.progress import Progress, StatusLine
    from millwork.cli.sources import Reading
    from millwork.plan.model import Step
    from millwork.ports import AttemptRow, RunRow, StepRow
    from millwork.ports.changes import Change


class Display(Protocol):
    """A loop's observer that is also a context, and says at the end what came of it."""

    @property
    def interval(self) -> float | None:
        """How often `pulse` is wanted."""

    def resumed(self, steps: Sequence[StepRow], processes: Sequence[tuple[str, str]]) -> None:
        """The run goes on from here; `processes`, by name and id, are those of its only step."""

    def changed(self, changes: Sequence[Change]) -> None:
        """These changes have been kept."""

    def pulse(self) -> None:
        """Called between turns."""

    def conclude(self, result: Mapping[str, Any], logs: Mapping[str, str]) -> None:
        """Says what came of the run; `logs` are the ends of failed steps' logs."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


def open_display(
    context: Context,
    run: RunRow,
    steps: Mapping[str, Step],
    out: TextIO,
    attempts: Sequence[AttemptRow] = (),
) -> Display:
    """The log for one step, a live table in a terminal, plain lines elsewhere.

    `attempts` are those of a run that goes on.
    """
    is_seen = out.isatty() or sys.stderr.isatty()
    progress = _progress(context, run, steps, attempts) if is_seen else None
    if len(steps) == 1:
        return LogDisplay(context.engine_of(run), count_of(*steps.values()), out, _below(progress))
    if out.isatty():
        from millwork.cli.live import LiveDisplay

        return LiveDisplay(run, list(steps), out, progress)
    return LineDisplay(run, list(steps), out, _below(progress))


def _progress(
    context: Context, run: RunRow, steps: Mapping[str, Step], attempts: Sequence[AttemptRow]
) -> Progress | None:
    """How far the batches are; a run without any pays nothing for it."""
    if not any(step.component.batch for step in steps.values()):
        return None
    from millwork.actions.batch_status import ask
    from millwork.cli.progress import Progress
    from millwork.views.batches import live

    address = context.leases_of(run.id)

    def asked(token: str) -> Mapping[str, Any] | None:
        status = ask(address, token)
        return live(status) if status else None

    progress = Progress(steps, asked)
    for attempt in attempts:
        if attempt.status == "running":
            progress.opened(attempt.step, attempt.id, attempt.token)
    return progress


class NoFooter:
    """Nothing below what is printed."""

    interval: float | None = None

    def changed(self, changes: Sequence[Change]) -> None:
        """Takes no notice."""

    def draw(self) -> None:
        """There is nothing to show."""

    def clear(self) -> None:
        """There is nothing to take away."""

    def close(self) -> None:
        """There is nothing to end."""


class Footer:
    """How far the batches are, in a line of the terminal below what is printed."""

    interval: float | None = 0.5

    def __init__(self, progress: Progress, line: StatusLine) -> None:
        self._progress, self._line = progress, line

    def changed(self, changes: Sequence[Change]) -> None:
        """Takes in which attempts begin and end."""
        self._progress.changed(changes)

    def draw(self) -> None:
        """Shows how far they are."""
        self._line.draw(self._progress.line())

    def clear(self) -> None:
        """Takes the line away, before something is printed."""
        self._line.clear()

    def close(self) -> None:
        """Takes it away for good."""
        self._line.clear()
        self._progress.close()


def _below(progress: Progress | None) -> Footer | NoFooter:
    if progress is None:
        return NoFooter()
    from millwork.cli.progress import StatusLine

    return Footer(progress, StatusLine(sys.stderr))


class LineDisplay:
    """A line for each change of a step."""

    def __init__(
        self, run: RunRow, steps: Sequence[str], out: TextIO, footer: Footer | NoFooter
    ) -> None:
        self._out, self._footer = out, footer
        self.interval = footer.interval
        self._width = max(map(len, steps))
        self._began: dict[str, float] = {}
        self._say(f"run {run.id}: {run.name}, {len(steps)} steps")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._footer.close()

    def resumed(self, steps: Sequence[StepRow], processes: Sequence[tuple[str, str]]) -> None:
        """What is over was told when it was."""

    def changed(self, changes: Sequence[Change]) -> None:
        """Prints a line for each step that changed."""
        self._footer.changed(changes)
        for change in changes:
            if isinstance(change, AttemptOpened):
                self._began[change.step] = time.monotonic()
            elif isinstance(change, StepChanged):
                self._step(change)

    def pulse(self) -> None:
        """Shows how far the batches are."""
        self._footer.draw()

    def conclude(self, result: Mapping[str, Any], logs: Mapping[str, str]) -> None:
        """Prints metrics, outputs and the end."""
        for line in conclusion(result, logs):
            self._say(line)

    def _step(self, change: StepChanged) -> None:
        began = self._began.get(change.step)
        took = ""
        if change.status in ("succeeded", "failed", "cancelled") and began is not None:
            took = format_duration(time.monotonic() - began)
        words = f"{change.step:<{self._width}}  {change.status:<9}  {took:>8}  {change.reason}"
        self._say(words.rstrip())

    def _say(self, line: str) -> None:
        self._footer.clear()
        _write(self._out, f"{printable(line)}\n".encode(errors="backslashreplace"))


class LogDisplay:
    """What the only step prints, as it prints it; of several replicas each line with its name."""

    interval: float | None = 0.1

    def __init__(
        self, reading: Reading, replicas: int, out: TextIO, footer: Footer | NoFooter
    ) -> None:
        self._tails = Tails(reading)
        self._has_names = replicas > 1
        self._out, self._footer = out, footer
        self._is_within_line = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._footer.close()

    def resumed(self, steps: Sequence[StepRow], processes: Sequence[tuple[str, str]]) -> None:
        """Prints the log of what runs from its beginning."""
        if any(step.status == "running" for step in steps):
            self._tails.follow(processes)

    def changed(self, changes: Sequence[Change]) -> None:
        """Goes on with the next attempt's log, or an earlier run's; prints its rest at the end."""
        self._footer.changed(changes)
        opened: list[tuple[str, str]] = []
        for change in changes:
            if isinstance(change, AttemptOpened | StepReused):
                self._finish()
                self._tails.follow([("", change.attempt)])
            elif isinstance(change, ReplicaOpened):
                name = change.replica if self._has_names else ""
                opened.append((name, process_of(change.attempt, change.replica, change.number)))
            elif isinstance(change, JobJudged) and change.verdict == "again":
                self._footer.clear()
                sys.stderr.write(f"millwork: {change.reason}\n")
            elif isinstance(change, RunChanged):
                self._finish()
        self._tails.follow(opened)

    def pulse(self) -> None:
        """Prints what is new."""
        self._print(self._tails.read())
        if not self._is_within_line:
            self._footer.draw()

    def conclude(self, result: Mapping[str, Any], logs: Mapping[str, str]) -> None:
        """Says on standard error what came of it, so that the log stands alone."""
        for line in conclusion(result, logs):
            sys.stderr.write(f"{line}\n")

    def _finish(self) -> None:
        self._print(self._tails.finish())

    def _print(self, parts: Iterable[bytes]) -> None:
        for data in parts:
            if data:
                self._footer.clear()
                _write(self._out, data)
                self._is_within_line = not data.endswith(b"\n")


def _write(out: TextIO, data: bytes) -> None:
    """Writes at once. If the reader has gone (`millwork run ... | head`), the run goes on."""
    try:
        out.flush()
        out.buffer.write(data)
        out.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), out.fileno())
