"""Runs as people and programs read them: plain dictionaries, ready for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NotRequired, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from millwork.ports import AttemptRow, ReplicaRow, RunRow, StepRow


class RunSummary(TypedDict):
    """A row of the list of runs; `created` in Unix seconds, `seconds` from then to its end.

    `progress` counts the steps of a run that is not over by their status; else it is empty.
    """

    run: str
    name: str
    definition: str
    status: str
    created: float
    seconds: float
    reason: str
    tags: dict[str, str]
    workspace: str
    creator: str
    visibility: str
    priority: int
    progress: dict[str, int]


class RunPage(TypedDict):
    """A page of runs; `next` asks for the one after it."""

    items: list[RunSummary]
    next: str | None


class ReplicaView(TypedDict):
    """One start of a replica."""

    replica: str
    start: int
    status: str
    launched: float | None
    ended: float | None
    seconds: float | None
    code: int | None
    reason: str
    usage: dict[str, Any]


class AttemptView(TypedDict):
    """One try of a step; `verdict` and `replicas` are a job's."""

    attempt: str
    number: int
    status: str
    created: float
    launched: float | None
    ended: float | None
    code: int | None
    reason: str
    usage: dict[str, Any]
    replicas: NotRequired[list[ReplicaView]]
    verdict: NotRequired[dict[str, Any]]


class TrialView(TypedDict):
    """A trial of a sweep: its run, what it tried and what it measured; `stopped` if given up."""

    run: str
    trial: int
    status: str
    reason: str
    seconds: float
    values: dict[str, str]
    metrics: dict[str, float]


class SweepView(TypedDict):
    """A sweep: the `metric` that it is about, to `minimize` or `maximize`, and its trials."""

    metric: str
    goal: str
    trials: list[TrialView]


class StepView(TypedDict):
    """A step; `outputs` are paths by port, `tries` the attempts at it."""

    node: str
    status: str
    reason: str
    attempts: int
    seconds: float | None
    outputs: dict[str, str]
    metrics: dict[str, float]
    tries: NotRequired[list[AttemptView]]
    batch: NotRequired[dict[str, Any]]
    sweep: NotRequired[SweepView]


class RunView(RunSummary):
    """All that is known of a run."""

    notes: str
    facts: dict[str, Any]
    steps: list[StepView]
    outputs: dict[str, str]


class RunResult(TypedDict):
    """What a run has come to."""

    run: str
    status: str
    reason: str
    steps: list[StepView]
    outputs: dict[str, str]


class Why(TypedDict):
    """Why a step was, or was not, done again."""

    run: str
    step: str
    verdict: str
    attempt: str
    compared_with: str | None
    differences: list[dict[str, Any]]


_WHILE_IT_RUNS = ("errors", "workers", "stragglers")


def status_of(run: RunRow, master_alive: bool) -> str:
    """A run's status; `interrupted` if it should run and nobody drives it."""
    return "interrupted" if run.status == "running" and not master_alive else run.status


def summary(
    run: RunRow, master_alive: bool, now: float, progress: Mapping[str, int] | None = None
) -> RunSummary:
    """A row of the list of runs."""
    return {
        "run": run.id,
        "name": run.name,
        "definition": f"{run.definition} {run.version}",
        "status": status_of(run, master_alive),
        "created": run.created,
        "seconds": round((run.ended or now) - run.created, 3),
        "reason": run.reason,
        "tags": dict(run.tags),
        "workspace": run.workspace,
        "creator": run.creator,
        "visibility": run.visibility,
        "priority": run.priority,
        "progress": dict(progress or {}),
    }


def result(
    run: RunRow,
    steps: Sequence[StepRow],
    master_alive: bool,
    batches: Mapping[str, Mapping[str, Any]] | None = None,
) -> RunResult:
    """What `run --json` ends with: the run's steps, with their `batches`, and outputs."""
    return {
        "run": run.id,
        "status": status_of(run, master_alive),
        "reason": run.reason,
        "steps": [_with_batch(step_view(step, None), _ended(batches or {})) for step in steps],
        "outputs": output_paths(run, steps),
    }


def output_paths(run: RunRow, steps: Sequence[StepRow]) -> dict[str, str]:
    """The run's outputs that are there: path by name."""
    return {name: path_of(step.outputs[port]) for name, step, port in published(run, steps)}


def published(run: RunRow, steps: Sequence[StepRow]) -> list[tuple[str, StepRow, str]]:
    """The run's outputs that are there: name, step and port; `name[0]`, ... for items of a list."""
    found = []
    for name, (owner, port) in run.facts.get("outputs", {}).items():
        for step in steps:
            if port in step.outputs and owner in (step.name, step.spec.get("parent")):
                index = step.name.removeprefix(owner)
                found.append((f"{name}{index}", step, port))
    return found


def path_of(output: Mapping[str, Any]) -> str:
    """Where an output lies; a value's is its file."""
    suffix = "/value.json" if output["type"] == "value" else ""
    return f"{output['path']}{suffix}"


def page(
    run: RunRow,
    steps: Sequence[StepRow],
    attempts: Sequence[AttemptRow],
    replicas: Sequence[ReplicaRow],
    master_alive: bool,
    now: float,
    batches: Mapping[str, Mapping[str, Any]] | None = None,
    sweeps: Mapping[str, SweepView] | None = None,
) -> RunView:
    """All that is known of a run, with the `batches` (`views.batches`) and `sweeps` of steps."""
    tries = tries_of(attempts, replicas)
    views = (step_view(step, tries.get(step.name, [])) for step in steps)
    shown = [_with_batch(view, batches or {}) for view in views]
    for step in shown:
        if step["node"] in (sweeps or {}):
            step["sweep"] = (sweeps or {})[step["node"]]
    return {
        **summary(run, master_alive, now, _progress(run, steps)),
        "notes": run.notes,
        "facts": dict(run.facts),
        "steps": shown,
        "outputs": output_paths(run, steps),
    }


def _progress(run: RunRow, steps: Sequence[StepRow]) -> dict[str, int]:
    counts: dict[str, int] = {}
    if run.status == "running":
        for step in steps:
            counts[step.status] = counts.get(step.status, 0) + 1
    return counts


def tries_of(
    attempts: Sequence[AttemptRow], replicas: Sequence[ReplicaRow]
) -> dict[str, list[AttemptView]]:
    """The attempts at each step, oldest first, with the replicas of those that have some."""
    own: dict[str, list[ReplicaView]] = {}
    for row in replicas:
        own.setdefault(row.attempt, []).append(_replica(row))
    tries: dict[str, list[AttemptView]] = {}
    for attempt in attempts:
        tries.setdefault(attempt.step, []).append(_attempt(attempt, own.get(attempt.id, [])))
    return tries


def _ended(batches: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What batches came to, without what is looked at while they run."""
    return {
        step: {name: value for name, value in batch.items() if name not in _WHILE_IT_RUNS}
        for step, batch in batches.items()
    }


def step_view(step: StepRow, tries: Sequence[AttemptView] | None) -> StepView:
    """A step, with the attempts at it if they are given."""
    seconds = step.ended - step.started if step.ended and step.started else None
    view: StepView = {
        "node": step.name,
        "status": step.status,
        "reason": step.reason,
        "attempts": step.attempts,
        "seconds": None if seconds is None else round(seconds, 3),
        "outputs": {name: path_of(output) for name, output in step.outputs.items()},
        "metrics": dict(step.metrics),
    }
    if tries is not None:
        view["tries"] = list(tries)
    return view


def _with_batch(view: StepView, batches: Mapping[str, Mapping[str, Any]]) -> StepView:
    if view["node"] in batches:
        view["batch"] = dict(batches[view["node"]])
    return view


def _replica(row: ReplicaRow) -> ReplicaView:
    seconds = row.ended - row.opened if row.ended else None
    return {
        "replica": row.name,
        "start": row.number + 1,
        "status": row.status,
        "launched": row.launched,
        "ended": row.ended,
        "seconds": None if seconds is None else round(seconds, 3),
        "code": row.code,
        "reason": row.reason,
        "usage": dict(row.usage),
    }


def _attempt(attempt: AttemptRow, replicas: Sequence[ReplicaView]) -> AttemptView:
    view: AttemptView = {
        "attempt": attempt.id,
        "number": attempt.number,
        "status": attempt.status,
        "created": attempt.created,
        "launched": attempt.launched,
        "ended": attempt.ended,
        "code": attempt.code,
        "reason": attempt.reason,
        "usage": dict(attempt.usage),
    }
    if replicas:
        view["replicas"], view["verdict"] = list(replicas), dict(attempt.verdict)
    return view
