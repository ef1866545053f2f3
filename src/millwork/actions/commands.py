"""What an attempt was started with: planned once more from what is kept of its run."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from millwork.actions.planner import StepPlanner
from millwork.actions.resume import steps_of
from millwork.actions.storage import Look, Storage
from millwork.base.errors import MillworkError, NotFound
from millwork.base.uris import parse_uri
from millwork.plan.model import GivenUri, Route

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.actions.context import Context
    from millwork.plan.model import Plan, Step
    from millwork.ports import AttemptRow, RunRow
    from millwork.views.commands import StepCommand

_TOLD = "input/config/training_job.json"
_LONGEST = 1 << 20


def command_of(
    context: Context, run: RunRow, step: str, attempt: str = "", replica: str = ""
) -> StepCommand:
    """What an attempt at a step was started with, the last if none is named.

    A plan is the same whenever it is made (a new master relies on that), so none is kept. Nothing
    is asked of other places, and no secret is looked up; the token that shards are leased with is
    left out. Raises NotFound if there is no such attempt or replica, or its data is gone.
    """
    tried = _attempt(context, run, step, attempt)
    plan = _plan(context, run, tried)
    names = [each.name for each in plan.replicas]
    if replica and replica not in names:
        raise NotFound(f"{tried.id} has no replica '{replica}'; it has: {', '.join(names)}")
    chosen = plan.replicas[names.index(replica) if replica else 0]
    return {
        "run": run.id,
        "step": step,
        "attempt": tried.id,
        "replica": chosen.name,
        "replicas": names,
        "folder": plan.root,
        "image": plan.image,
        "argv": list(chosen.argv),
        "variables": dict(sorted(chosen.env.items())),
        "secrets": dict(sorted(chosen.secrets.items())),
    }


def _attempt(context: Context, run: RunRow, step: str, attempt: str) -> AttemptRow:
    """The attempt of that id or number, or the last."""
    rows = [row for row in context.store.attempts(run.id) if row.step == step]
    if not rows:
        raise NotFound(f"'{step}' has not been started in {run.id}")
    if not attempt:
        return max(rows, key=lambda row: row.number)
    for row in rows:
        if attempt in (row.id, str(row.number)):
            return row
    raise NotFound(f"there is no attempt '{attempt}' at '{step}' in {run.id}")


def _plan(context: Context, run: RunRow, attempt: AttemptRow) -> Plan:
    engine, steps = context.engine_of(run), steps_of(context.store, run)
    folder = engine.folder(attempt.id)
    storage = _AsBrought(context, run.workspace, _named(steps[attempt.step], folder))
    planner = StepPlanner(run.id, steps, engine, context.store, storage=storage)
    for row in context.store.steps(run.id):
        planner.restore(row.name, row.outputs, row.identity)
    try:
        return planner.plan_again(attempt.step, attempt.id, attempt.gpus)
    except (MillworkError, OSError) as error:
        what = f"what {attempt.id} was started with is not known any more"
        raise NotFound(f"{what}: {error}") from None


class _AsBrought(Storage):
    """Data elsewhere as the attempt was told of it: nobody looks there again."""

    def __init__(self, context: Context, workspace: str, names: Mapping[str, str]) -> None:
        super().__init__(context, workspace)
        self._names = names

    def look(self, text: str) -> Look:
        """The name of the file that was brought from there, empty for a folder."""
        return Look("", self._names.get(text, ""))

    def route(self, text: str) -> Route:
        """The address alone: a connection may be another one by now, or gone."""
        return Route(text)


def _named(step: Step, folder: str) -> dict[str, str]:
    """The names of the files that were brought for a step, by their URIs."""
    given = {port: each.uri for port, each in step.inputs.items() if isinstance(each, GivenUri)}
    if not given:
        return {}
    told = {each.get("Name"): each.get("InputUri") for each in _channels(folder)}
    names = {}
    for port, uri in given.items():
        before, is_told, name = str(told.get(port, "")).rpartition("/")
        if is_told:
            names[uri] = name if before.endswith(f"/input/data/{port}") else ""
        else:  # as it is guessed where a place cannot be looked at
            name = parse_uri(uri).name
            names[uri] = name if "." in name else ""
    return names


def _channels(folder: str) -> list[dict[str, Any]]:
    """The inputs as the attempt was told of them; none if that is gone, or not as it was."""
    try:
        descriptor = os.open(f"{folder}/{_TOLD}", os.O_RDONLY | os.O_NOFOLLOW)
        with open(descriptor, encoding="utf-8") as file:
            found = json.loads(file.read(_LONGEST))["InputChannels"]
        return [each for each in found if isinstance(each, dict)]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
