"""Runs from Python: driven in this process over the Millwork home, as `millwork run` does."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.actions import runs, submit
from millwork.actions.drive import open_loop
from millwork.app.compose import default_engine, open_context
from millwork.base.errors import BadRequest, RunFailed
from millwork.base.records import dataclass, field
from millwork.ports.changes import StepChanged

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from millwork.actions.context import Context
    from millwork.plan.graph import Arguments
    from millwork.ports.changes import Change
    from millwork.spec.tree import Tree

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
_LAST_LINES = 12


@dataclass(frozen=True)
class RunOptions:
    """How to run: as the options of `millwork run`.

    `force` names the steps that no earlier result may stand in for, or is True for all of them.
    With `incremental`, batches work only on files that are new or changed since the last run.
    Without `check`, a run that did not succeed is returned like any other; without `progress`,
    nothing is written to standard error. `replicas` of a component: a number, or one by role.
    """

    name: str = ""
    notes: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    parallel: int | None = None
    require_image: bool = False
    engine: str = ""
    replicas: int | Mapping[str, int] = field(default_factory=dict)
    force: bool | Collection[str] = False
    incremental: bool = False
    check: bool = True
    progress: bool = True


@dataclass(frozen=True)
class Step:
    """One node of a run: its status, why, how long it took, and what it left."""

    name: str
    status: str
    reason: str
    attempts: int
    seconds: float | None
    outputs: Mapping[str, Path]
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Run:
    """What came of a run. `metrics` are by step and name: `train.rmse`."""

    id: str
    status: str
    reason: str
    outputs: Mapping[str, Path]
    steps: Mapping[str, Step]

    @property
    def metrics(self) -> dict[str, float]:
        """The metrics of all steps."""
        return {
            f"{step.name}.{name}": number
            for step in self.steps.values()
            for name, number in step.metrics.items()
        }

    def value(self, output: str) -> Any:
        """What a `value` output holds."""
        return json.loads(self.outputs[output].read_text(encoding="utf-8"))

    def __str__(self) -> str:
        rows = [(name, f"{number:,.6g}") for name, number in self.metrics.items()]
        rows += [(name, str(path)) for name, path in self.outputs.items()]
        width = max((len(name) for name, _ in rows), default=0)
        lines = [f"{name:<{width}}  {text}" for name, text in rows]
        reason = f": {self.reason}" if self.reason else ""
        return "\n".join([*lines, f"run {self.id} {self.status}{reason}"])


def run(tree: Tree, arguments: Arguments, options: RunOptions) -> Run:
    """Runs a definition to its end; see `Component.run`."""
    counts = {"worker": options.replicas} if isinstance(options.replicas, int) else options.replicas
    if threading.current_thread() is not threading.main_thread():
        raise BadRequest(
            "a run is driven from the main thread, which gets the signals that end it; "
            "start others as processes: millwork run FILE"
        )
    every = ("",) if options.force else ()  # the empty name stands for all
    request = submit.Request(
        tree=tree,
        arguments=replace(arguments, replicas=counts),
        parallel=options.parallel,
        name=options.name,
        notes=options.notes,
        tags=options.tags,
        require_image=options.require_image,
        engine=options.engine or default_engine(),
        forced=every if isinstance(options.force, bool) else tuple(options.force),
        incremental=options.incremental,
    )
    context = _context(os.getpid(), frozenset(os.environ.items()))
    submitted = submit.submit(context, request)
    steps = submitted.graph.steps
    progress = Progress(options.progress)
    progress.say(f"run {submitted.run.id}: {submitted.run.name}, {len(steps)} steps")
    for notice in submitted.notices:
        progress.say(notice)
    with _signals_given_back():
        status = open_loop(context, submitted.run, steps, progress).drive()
    done = _read(runs.result(context, submitted.run.id))
    if status == "cancelled":
        _context.cache_clear()  # it has counted how often it was interrupted
    if options.check and status != "succeeded":
        raise RunFailed(_failure(context, done))
    return done


class Progress:
    """An observer that writes a line for each change of a step to standard error."""

    interval: float | None = None

    def __init__(self, wanted: bool) -> None:
        self._wanted = wanted

    def changed(self, changes: Sequence[Change]) -> None:
        """Says which steps changed."""
        for change in changes:
            if isinstance(change, StepChanged):
                self.say(f"{change.step}: {change.status} {change.reason}".rstrip())

    def pulse(self) -> None:
        """Nothing to do between turns."""

    def say(self, line: str) -> None:
        """Writes a line, if it is wanted."""
        if self._wanted:
            sys.stderr.write(f"millwork: {line}\n")


@lru_cache(maxsize=1)
def _context(_process: int, _environment: frozenset[tuple[str, str]]) -> Context:
    """One context for all runs of a process, as long as its environment stays as it is."""
    return open_context()


@contextmanager
def _signals_given_back() -> Iterator[None]:
    """The loop takes over signals; afterwards they are as they were."""
    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    wakeup = signal.set_wakeup_fd(-1)
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakeup)


def _read(result: Mapping[str, Any]) -> Run:
    steps = {
        row["node"]: Step(
            row["node"],
            row["status"],
            row["reason"],
            row["attempts"],
            row["seconds"],
            _paths(row["outputs"]),
            row["metrics"],
        )
        for row in result["steps"]
    }
    return Run(result["run"], result["status"], result["reason"], _paths(result["outputs"]), steps)


def _paths(outputs: Mapping[str, str]) -> dict[str, Path]:
    return {name: Path(path) for name, path in outputs.items()}


def _failure(context: Context, done: Run) -> str:
    """Why a run did not succeed, with the end of the log of the first step that failed."""
    head = f"run {done.id} {done.status}"
    failed = next((step for step in done.steps.values() if step.status == "failed"), None)
    if failed is None:
        return f"{head}: {done.reason}".removesuffix(": ")
    head += f": step '{failed.name}': {failed.reason}"
    if not failed.attempts:
        return head
    process = runs.first_failed(context, runs.find(context, done.id), failed.name)
    data, offset, end = b"", 0, b""
    while True:
        data, offset = context.engine().log(process, offset)
        if not data:
            break
        end = (end + data)[-8192:]
    lines = end.decode("utf-8", "replace").splitlines()[-_LAST_LINES:]
    return "\n".join([head, *lines])
