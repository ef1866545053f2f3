"""Runs as people and programs read them: plain dictionaries, ready for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from millwork.ports import AttemptRow, ReplicaRow, RunRow, StepRow


_WHILE_IT_RUNS = ("errors", "workers", "stragglers")


def status_of(run: RunRow, master_alive: bool) -> str:
    """A run's status; `interrupted` if it should run and nobody drives it."""
    return "interrupted" if run.status == "running" and not master_alive else run.status


def summary(run: RunRow, master_alive: bool, now: float) -> dict[str, Any]:
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
    }


def result(
    run: RunRow,
    steps: Sequence[StepRow],
    master_alive: bool,
    batches: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """What `run --json` ends with: the run's steps, with their `batches`, and outputs."""
    return {
        "run": run.id,
        "status": status_of(run, master_alive),
        "reason": run.reason,
        "steps": [{**_step(step), **_batch(step, _ended(batches or {}))} for step in steps],
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
) -> dict[str, Any]:
    """All that is known of a run; `batches` are those of its steps (`views.batches`)."""
    tries: dict[str, list[dict[str, Any]]] = {}
    for attempt in attempts:
        own = [_replica(row) for row in replicas if row.attempt == attempt.id]
        tries.setdefault(attempt.step, []).append(_attempt(attempt, own))
    return {
        **summary(run, master_alive, now),
        "notes": run.notes,
        "facts": dict(run.facts),
        "steps": [
            {**_step(step), "tries": tries.get(step.name, []), **_batch(step, batches or {})}
            for step in steps
        ],
        "outputs": output_paths(run, steps),
    }


def _ended(batches: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What batches came to, without what is looked at while they run."""
    return {
        step: {name: value for name, value in batch.items() if name not in _WHILE_IT_RUNS}
        for step, batch in batches.items()
    }


def _step(step: StepRow) -> dict[str, Any]:
    seconds = step.ended - step.started if step.ended and step.started else None
    return {
        "node": step.name,
        "status": step.status,
        "reason": step.reason,
        "attempts": step.attempts,
        "seconds": None if seconds is None else round(seconds, 3),
        "outputs": {name: path_of(output) for name, output in step.outputs.items()},
        "metrics": dict(step.metrics),
    }


def _batch(step: StepRow, batches: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {"batch": dict(batches[step.name])} if step.name in batches else {}


def _replica(row: ReplicaRow) -> dict[str, Any]:
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


def _attempt(attempt: AttemptRow, replicas: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "attempt": attempt.id,
        "number": attempt.number,
        "status": attempt.status,
        "created": attempt.created,
        "launched": attempt.launched,
        "ended": attempt.ended,
        "code": attempt.code,
        "reason": attempt.reason,
        "usage": dict(attempt.usage),
        **({"replicas": list(replicas), "verdict": dict(attempt.verdict)} if replicas else {}),
    }
