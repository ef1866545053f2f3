"""The live table of a run in a terminal."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from millwork.base.records import dataclass
from millwork.base.sizes import format_duration
from millwork.cli.conclusion import conclusion, printable
from millwork.ports.changes import AttemptOpened, StepChanged

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO

    from millwork.cli.progress import Progress
    from millwork.ports import RunRow, StepRow
    from millwork.ports.changes import Change

STYLES = {
    "pending": "dim",
    "running": "cyan",
    "succeeded": "green",
    "failed": "bold red",
    "cancelled": "yellow",
    "skipped": "dim yellow",
    "interrupted": "yellow",
}
_MARKS = {
    "pending": "·",
    "running": "▸",
    "succeeded": "✓",
    "failed": "✗",
    "cancelled": "◼",
    "skipped": "–",
}
_TALLEST = 30


@dataclass
class _Row:
    status: str = "pending"
    attempt: int = 0
    began: float = 0.0
    ended: float = 0.0
    reason: str = ""


class LiveDisplay:
    """A row a step, redrawn as the run goes; a long pipeline shows what is not yet done first."""

    interval: float | None = 0.25

    def __init__(
        self, run: RunRow, steps: Sequence[str], out: TextIO, progress: Progress | None = None
    ) -> None:
        self._run, self._progress = run, progress
        self._rows = {name: _Row() for name in steps}
        self._console = Console(file=out, markup=False, emoji=False, highlight=False)
        self._live = Live(console=self._console, auto_refresh=False, transient=False)

    def __enter__(self) -> Self:
        self._live.__enter__()
        self.pulse()
        return self

    def __exit__(self, *error: Any) -> None:
        if self._progress:
            self._progress.close()
        self.pulse()
        self._live.__exit__(*error)

    def resumed(self, steps: Sequence[StepRow], processes: Sequence[tuple[str, str]]) -> None:  # noqa: ARG002
        """Draws what the steps have come to so far."""
        for step in steps:
            row = self._row(step.name)
            row.status, row.reason, row.attempt = step.status, step.reason, step.attempts

    def changed(self, changes: Sequence[Change]) -> None:
        """Takes in the changes; they are drawn with the next pulse."""
        if self._progress:
            self._progress.changed(changes)
        now = time.monotonic()
        for change in changes:
            if isinstance(change, AttemptOpened):
                row = self._row(change.step)
                row.began, row.attempt = now, change.number
            elif isinstance(change, StepChanged):
                row = self._row(change.step)
                row.status, row.reason = change.status, change.reason
                row.ended = 0.0 if change.status in ("pending", "running") else now

    def pulse(self) -> None:
        """Draws the table again."""
        self._live.update(self._table(), refresh=True)

    def conclude(self, result: Mapping[str, Any], logs: Mapping[str, str]) -> None:
        """Prints metrics, outputs and the end below the table."""
        for line in conclusion(result, logs):
            style = STYLES.get(result["status"], "") if line.startswith("run ") else ""
            self._console.print(Text(line, style), soft_wrap=True)

    def _row(self, step: str) -> _Row:
        return self._rows.setdefault(step, _Row())  # items of a list come while the run goes

    def _table(self) -> Table:
        done = sum(1 for row in self._rows.values() if row.status not in ("pending", "running"))
        title = f"{printable(self._run.name)}  {self._run.id}  {done}/{len(self._rows)}"
        table = Table(
            title=title,
            title_justify="left",
            title_style="bold",
            show_header=False,
            box=None,
            padding=(0, 2, 0, 0),
        )
        table.add_column("")
        table.add_column("step", no_wrap=True)
        table.add_column("status")
        table.add_column("time", justify="right")
        table.add_column("", overflow="fold")
        for name, row in self._shown():
            style = STYLES[row.status]
            mark = Text(_MARKS[row.status], style)
            tried = f"attempt {row.attempt}; " if row.attempt > 1 else ""
            says = Text(tried + printable(row.reason or self._far(name, row)), "dim")
            table.add_row(mark, name, Text(row.status, style), _took(row), says)
        return table

    def _far(self, step: str, row: _Row) -> str:
        """How far a step's batch is."""
        return self._progress.text(step) if self._progress and row.status == "running" else ""

    def _shown(self) -> list[tuple[str, _Row]]:
        rows = list(self._rows.items())
        room = min(_TALLEST, max(3, self._console.height - 6))
        if len(rows) <= room:
            return rows
        order = {"running": 0, "failed": 1, "cancelled": 2, "pending": 3}
        return sorted(rows, key=lambda item: order.get(item[1].status, 4))[:room]


def _took(row: _Row) -> str:
    if not row.began:
        return ""
    return format_duration((row.ended or time.monotonic()) - row.began)
