"""The trials of a sweep: runs of one step that its driver asks for, one after the other.

A trial is known by its sweep and its number. Asked for again, one that has ended well, or was
given up early, is not repeated, and one that nobody drives any more goes on.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from typing import TYPE_CHECKING, Any

from millwork.actions.drive import open_loop
from millwork.actions.resume import steps_of, take_over
from millwork.actions.runs import find
from millwork.base.errors import BadRequest
from millwork.base.ids import new_id
from millwork.base.records import dataclass, field
from millwork.blobs import tracking
from millwork.plan.codec import encode, encode_component
from millwork.plan.graph import Arguments
from millwork.plan.model import GivenPath, Step
from millwork.plan.sweep import STOPPED, trial_of
from millwork.ports import RunRow, StepRow
from millwork.ports.changes import RunChanged
from millwork.spec import values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from millwork.actions.context import Context
    from millwork.ports.changes import Change
    from millwork.run.loop import Loop
    from millwork.spec.model import Component, Value

_STEP = "trial"
_PAGE = 200
_WATCH = 0.5
_PATIENCE = 10.0


@dataclass(frozen=True)
class Wanted:
    """A trial that a driver asks for: `tried` are the values that the search decided on."""

    sweep: str
    number: int
    tried: Mapping[str, str]
    metric: str
    arguments: Arguments = field(default_factory=Arguments)


def known(context: Context, sweep: str, metric: str) -> dict[str, Any]:
    """How many trials may run at once, and those that the sweep has had so far, by number."""
    run, step, _ = _sweep(context, sweep)
    found = _trials(context, run, step)
    return {
        "parallel": run.facts["parallel"],
        "trials": {
            str(number): {
                "values": dict(row.facts["sweep"]["values"]),
                **told(context, row, metric),
            }
            for number, row in sorted(found.items())
        },
    }


def told(context: Context, run: RunRow, metric: str) -> dict[str, Any]:
    """What a driver needs to know of a trial, with every value that was logged of its metric."""
    row = context.store.run(run.id)
    assert row is not None
    (step,) = context.store.steps(run.id)
    return {
        "run": row.id,
        "status": "stopped" if row.reason.startswith(STOPPED) else row.status,
        "reason": step.reason if row.status == "failed" and step.reason else row.reason,
        "metrics": dict(step.metrics),
        "logged": _logged(context, step.attempt, metric),
        "outputs": {name: output["path"] for name, output in step.outputs.items()},
    }


def drive(context: Context, wanted: Wanted, tell: Callable[[dict[str, Any]], object]) -> None:
    """Carries out a trial, and tells first its run, then values as they are logged, then its end.

    It is cancelled when standard input ends; what was written there is the reason. Raises
    BadRequest if there is no such sweep, or a value is not allowed.
    """
    run, step, component = _sweep(context, wanted.sweep)
    earlier = _trials(context, run, step.name).get(wanted.number)
    if earlier and dict(earlier.facts["sweep"]["values"]) != dict(wanted.tried):
        earlier = None
    if earlier:
        earlier = _settled(context, earlier)
    if earlier and told(context, earlier, "")["status"] in ("succeeded", "stopped"):
        tell({"run": earlier.id, "again": True})
        tell({"end": told(context, earlier, wanted.metric)})
        return
    watcher = _Watcher(context, wanted.metric, tell)
    if earlier and earlier.status == "running":
        watcher.run, steps = earlier.id, steps_of(context.store, earlier)
        loop = take_over(context, earlier, steps, watcher)
    else:
        row, trial = _submit(context, wanted, run, step, component)
        watcher.run, earlier = row.id, row
        loop = open_loop(context, row, {_STEP: trial}, watcher)
    tell({"run": watcher.run})
    _finish(context, loop, _Leash())
    tell({"end": told(context, earlier, wanted.metric)})


def _finish(context: Context, loop: Loop, leash: _Leash) -> None:
    leash.start()
    if loop.drive() == "cancelled" and leash.reason:
        change = RunChanged("cancelled", leash.reason)
        context.store.commit(loop.run, loop.epoch, context.clock.wall(), [change])


def _sweep(context: Context, given: str) -> tuple[RunRow, Step, Component]:
    name, _, wanted = given.partition("/")
    run = find(context, name)
    step = steps_of(context.store, run).get(wanted)
    if step is None or step.component.work != "sweep":
        raise BadRequest(f"{run.id} has no sweep '{wanted}'")
    return run, step, step.component


def _trials(context: Context, run: RunRow, step: str | Step) -> dict[int, RunRow]:
    """The last run of each trial of a sweep, by number: all were begun after the sweep's own."""
    name = step if isinstance(step, str) else step.name
    found: dict[int, RunRow] = {}
    for row in _since(context, run):
        sweep = row.facts.get("sweep", {})
        if (sweep.get("run"), sweep.get("step")) == (run.id, name):
            found.setdefault(sweep["trial"], row)
    return found


def _since(context: Context, run: RunRow) -> Iterator[RunRow]:
    before: tuple[float, str] | None = None
    while rows := context.store.runs(_PAGE, before):
        for row in rows:
            if row.created < run.created:
                return
            yield row
        before = (rows[-1].created, rows[-1].id)


def _settled(context: Context, run: RunRow) -> RunRow:
    """The trial as it is once its master, which an earlier driver started, is gone or done."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        row = context.store.run(run.id)
        assert row is not None
        is_driven = row.master is not None and context.masters.is_alive(row.master)
        if row.status != "running" or not is_driven or time.monotonic() > deadline:
            return row
        time.sleep(0.05)  # that master is no child of this process, and tells nobody of its end


def _submit(
    context: Context, wanted: Wanted, sweep: RunRow, step: Step, component: Component
) -> tuple[RunRow, Step]:
    """Keeps the run of a trial: the sweep's code and data, with other values."""
    trial = trial_of(component)
    made = Step(
        _STEP,
        trial,
        {name: GivenPath(path) for name, path in wanted.arguments.inputs.items()},
        _values(trial, {**wanted.arguments.parameters, **wanted.tried}),
        env=step.env,
        resources=step.resources,
        timeout=trial.timeout,
        code=step.code,
        file_names=step.file_names,
    )
    now = context.clock.wall()
    run = RunRow(
        id=new_id(now),
        name=f"{sweep.name} trial {wanted.number}",
        definition=component.name,
        version=component.version,
        status="running",
        created=now,
        notes=", ".join(f"{name}={value}" for name, value in wanted.tried.items()),
        tags=sweep.tags,
        facts={
            **{name: sweep.facts[name] for name in ("engine", "git")},
            "parallel": 1,
            "outputs": {name: [_STEP, name] for name in trial.outputs},
            "forced": [_STEP] if step.name in sweep.facts["forced"] else [],
            "sweep": {
                "run": sweep.id,
                "step": step.name,
                "trial": wanted.number,
                "values": dict(wanted.tried),
            },
        },
        master=context.masters.me(),
        epoch=1,
        workspace=sweep.workspace,
        creator=sweep.creator,
        visibility=sweep.visibility,
        priority=sweep.priority,
    )
    digest, document = encode_component(trial)
    row = StepRow(_STEP, 0, "pending", spec=encode(made, digest))
    context.store.create_run(run, [row], {digest: document})
    return run, made


def _values(trial: Component, given: Mapping[str, object]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for name, value in given.items():
        if name not in trial.parameters:
            raise BadRequest(f"there is no parameter '{name}'")
        try:
            found[name] = values.read(trial.parameters[name], value)
        except ValueError as error:
            raise BadRequest(f"parameter '{name}': {error}") from None
    return found


def _logged(context: Context, attempt: str, metric: str) -> list[float]:
    if not (attempt and metric):
        return []
    return tracking.history(context.engine().folder(attempt), metric)


class _Watcher:
    """An observer that tells each value that a trial logs of its metric."""

    def __init__(
        self, context: Context, metric: str, tell: Callable[[dict[str, Any]], object]
    ) -> None:
        self.interval: float | None = _WATCH if metric else None
        self.run = ""
        self._context = context
        self._metric = metric
        self._tell = tell
        self._count = 0

    def changed(self, changes: Sequence[Change]) -> None:
        """What is kept of the run is told at its end."""

    def pulse(self) -> None:
        """Tells what was logged since the last time."""
        (step,) = self._context.store.steps(self.run)
        logged = _logged(self._context, step.attempt, self._metric)
        if len(logged) > self._count:
            self._tell({"logged": logged[self._count :]})
            self._count = len(logged)


class _Leash:
    """Standard input, whose other end the driver holds: it ends when the driver does."""

    def __init__(self) -> None:
        self.reason = ""

    def start(self) -> None:
        """Cancels the run of this process when the leash is let go."""
        threading.Thread(target=self._hold, daemon=True).start()

    def _hold(self) -> None:
        parts = []
        while part := os.read(0, 4096):
            parts.append(part)
        self.reason = b"".join(parts).decode("utf-8", "replace").strip()
        os.kill(os.getpid(), signal.SIGTERM)
