"""Looking at runs, and ending them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from millwork.actions.kept import ensure
from millwork.base.errors import BadRequest, NotFound
from millwork.base.names import is_text
from millwork.base.records import dataclass
from millwork.blobs import artifacts
from millwork.ports.engine import process_of
from millwork.views import runs as views

if TYPE_CHECKING:
    from collections.abc import Sequence

    from millwork.actions.call import Call
    from millwork.actions.context import Context
    from millwork.ports import ReplicaRow, RunRow, StepRow

_PAGE = 50


def found(call: Call, run: str, action: str = "read") -> RunRow:
    """The run of this workspace with that id, the only one that begins so, or the `last`.

    Raises NotFound, BadRequest if several begin so, Forbidden if this may not be done to it.
    """
    row = _of(call, run) if is_text(run) else None
    if row is None or row.workspace != call.workspace:
        raise NotFound(f"there is no run '{run}'")
    call.require("run", action, row.creator, row.visibility, f"run '{run}'")
    return row


def _of(call: Call, run: str) -> RunRow | None:
    store = call.context.store
    private_of = None if call.sees_all("run") else call.who.person
    if run == "last":
        newest = store.list_runs(call.workspace, limit=1, private_of=private_of)
        return newest[0] if newest else None
    row = store.run(run)
    if row is not None:
        return row
    begun = store.find_runs_in(call.workspace, run, private_of)
    if len(begun) > 1:
        raise BadRequest(f"'{run}' begins several runs: {', '.join(begun)}")
    return store.run(begun[0]) if begun else None


def find(context: Context, given: str) -> RunRow:
    """The run with this id, or the only one that begins so; `last` is the newest.

    Raises BadRequest if there is none or several.
    """
    if given == "last":
        newest = _newest(context, 1)
        if not newest:
            raise BadRequest("there are no runs yet")
        return newest[0]
    found = context.store.find_runs(given)
    if given in found:
        found = [given]
    if not found:
        raise BadRequest(f"there is no run '{given}'; `millwork runs list` shows them")
    if len(found) > 1:
        raise BadRequest(f"'{given}' begins several runs: {', '.join(found)}")
    run = context.store.run(found[0])
    assert run is not None
    return run


def is_driven(context: Context, run: RunRow) -> bool:
    """Whether a living process drives the run."""
    return run.master is not None and context.masters.is_alive(run.master)


def listed(
    context: Context, limit: int = _PAGE, *, with_trials: bool = False
) -> list[views.RunSummary]:
    """The newest runs first; those that a sweep has begun only if they are wanted."""
    return summaries(context, _newest(context, limit, with_trials=with_trials))


def summaries(context: Context, runs: Sequence[RunRow]) -> list[views.RunSummary]:
    """Rows of a list; the steps are counted of those that go on, which are few."""
    now = context.clock.wall()
    open_ = [run.id for run in runs if run.status == "running"]
    progress = context.store.progress(open_) if open_ else {}
    return [views.summary(run, is_tended(context, run), now, progress.get(run.id)) for run in runs]


def _newest(context: Context, limit: int, *, with_trials: bool = False) -> list[RunRow]:
    found: list[RunRow] = []
    before: tuple[float, str] | None = None
    while len(found) < limit and (rows := context.store.runs(max(limit, _PAGE), before)):
        found += (run for run in rows if with_trials or not run.is_trial)
        before = (rows[-1].created, rows[-1].id)
    return found[:limit]


def shown(context: Context, given: str) -> views.RunView:
    """All that is known of a run."""
    return page_of(context, find(context, given))


def page_of(context: Context, run: RunRow) -> views.RunView:
    """All that is known of a run."""
    steps, attempts = context.store.steps(run.id), context.store.attempts(run.id)
    replicas = context.store.replicas(run.id)
    alive, now = is_tended(context, run), context.clock.wall()
    batches = _batches(context, run, steps)
    sweeps = _sweeps(context, run, steps)
    return views.page(run, steps, attempts, replicas, alive, now, batches, sweeps)


def _sweeps(context: Context, run: RunRow, steps: Sequence[StepRow]) -> dict[str, views.SweepView]:
    digests = {step.spec.get("component", "") for step in steps}
    documents = {digest: context.store.definition(digest) or "" for digest in digests}
    # What is no sweep pays for no more than this look.
    if not any('"search_space"' in document for document in documents.values()):
        return {}
    from millwork.actions.sweep_status import sweep_of
    from millwork.plan.codec import decode_component

    components = {step.name: decode_component(documents[step.spec["component"]]) for step in steps}
    return {
        name: sweep_of(context, run, name, component)
        for name, component in components.items()
        if component.work == "sweep"
    }


def _batches(context: Context, run: RunRow, steps: Sequence[StepRow]) -> dict[str, dict[str, Any]]:
    digests = {step.spec.get("component", "") for step in steps}
    # What is no batch pays for no more than this look.
    if not any('"batch"' in (context.store.definition(digest) or "") for digest in digests):
        return {}
    from millwork.actions.batch_status import batches_of

    attempts = context.store.attempts(run.id)
    return batches_of(context, run, attempts, is_driven=is_driven(context, run))


def result(context: Context, run_id: str) -> views.RunResult:
    """What a run has come to."""
    return result_of(context, find(context, run_id))


def result_of(context: Context, run: RunRow) -> views.RunResult:
    """What a run has come to."""
    steps = context.store.steps(run.id)
    return views.result(run, steps, is_tended(context, run), _batches(context, run, steps))


@dataclass(frozen=True)
class Logs:
    """Whose logs are meant: an attempt, and its processes by the name that people know."""

    attempt: str
    processes: tuple[tuple[str, str], ...]


def attempt_of(context: Context, run: RunRow, step: str) -> str:
    """The last attempt at a step; a step may be left out where there is only one.

    Raises BadRequest if there is no such step, or it has not been tried yet.
    """
    steps = {row.name: row for row in context.store.steps(run.id)}
    if not step and len(steps) == 1:
        step = next(iter(steps))
    if step not in steps:
        listed_steps = ", ".join(steps)
        wanted = f"there is no step '{step}';" if step else "which step?"
        raise BadRequest(f"{wanted} {run.id} has: {listed_steps}")
    if not steps[step].attempt:
        raise BadRequest(f"'{step}' has not been started: it is {steps[step].status}")
    return steps[step].attempt


def logs_of(context: Context, run: RunRow, step: str, replica: str = "") -> Logs:
    """The logs of the last attempt at a step, of all its replicas or of one.

    Of several the names stand before their lines. Raises BadRequest as `attempt_of`, and if there
    is no such replica.
    """
    attempt = attempt_of(context, run, step)
    rows = _replicas(context, attempt)
    if not rows:
        if replica not in ("", "worker-0"):
            raise BadRequest(f"{attempt} has one replica, worker-0")
        return Logs(attempt, (("", attempt),))
    names = dict.fromkeys(row.name for row in rows)
    if replica and replica not in names:
        raise BadRequest(f"{attempt} has no replica '{replica}'; it has: {', '.join(names)}")
    chosen = [row for row in rows if replica in ("", row.name)]
    is_one = len(names) == 1 or bool(replica)
    return Logs(
        attempt,
        tuple(
            ("" if is_one else row.name, process_of(attempt, row.name, row.number))
            for row in chosen
        ),
    )


def first_failed(context: Context, run: RunRow, step: str) -> str:
    """The process of the last attempt at a step that failed first, or its only one."""
    attempt = attempt_of(context, run, step)
    failed = [row for row in _replicas(context, attempt) if row.status in ("failed", "lost")]
    if not failed:
        return attempt
    first = min(failed, key=lambda row: row.ended or 0.0)
    return process_of(attempt, first.name, first.number)


def _replicas(context: Context, attempt: str) -> list[ReplicaRow]:
    run = attempt.rpartition("-")[0]
    return [row for row in context.store.replicas(run) if row.attempt == attempt]


def is_running(context: Context, run: RunRow, attempt: str) -> bool:
    """Whether an attempt runs, and somebody would notice its end."""
    row = context.store.run(run.id)
    if row is None or row.status != "running" or not is_driven(context, row):
        return False
    attempts = context.store.attempts(run.id)
    return any(found.id == attempt and found.status == "running" for found in attempts)


def export(context: Context, run_id: str, target: str) -> dict[str, str]:
    """Copies a run's outputs into the folder `target`, one folder each; returns their paths.

    Raises BadRequest if something is there already; then nothing was copied.
    """
    run = find(context, run_id)
    copied = {}
    for name, step, port in views.published(run, context.store.steps(run.id)):
        found = step.outputs[port]
        manifest = artifacts.Manifest.from_json(context.store.manifest(step.attempt, port))
        ensure(context, port, found, manifest)
        destination = os.path.join(os.path.abspath(target), name)
        artifacts.export(found["path"], manifest, destination)
        copied[name] = views.path_of({**found, "path": destination})
    return copied


def is_tended(context: Context, run: RunRow) -> bool:
    """Whether a run that runs is driven by a living process; one that does not needs none."""
    return run.status != "running" or is_driven(context, run)
