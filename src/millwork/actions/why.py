"""Why a step was, or was not, done again: field by field, and file by file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from millwork.actions.reuse import NEVER_REUSED
from millwork.actions.runs import find
from millwork.base.errors import BadRequest
from millwork.blobs import code
from millwork.blobs.artifacts import Manifest
from millwork.plan.identity import differences

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.actions.context import Context
    from millwork.ports import StepRow
    from millwork.views.runs import Why

_MOST_FILES = 50


def why(context: Context, given: str, step: str) -> Why:
    """The verdict on a step, and how its work differs from the last time that it succeeded.

    Raises BadRequest if there is no such step, or it has not come to its turn.
    """
    run = find(context, given)
    rows = {row.name: row for row in context.store.steps(run.id)}
    if not step and len(rows) == 1:
        step = next(iter(rows))
    if step not in rows:
        raise BadRequest(f"which step? {run.id} has: {', '.join(rows)}")
    row = rows[step]
    if not row.verdict and not row.attempt:
        raise BadRequest(f"'{step}' has not come to its turn: it is {row.status}")
    verdict = row.verdict or NEVER_REUSED
    answer: Why = {
        "run": run.id, "step": step, "verdict": verdict, "attempt": row.attempt,
        "compared_with": None, "differences": [],
    }  # fmt: skip
    earlier = context.store.earlier(run.definition, step, run.created, run.workspace, run.creator)
    if row.verdict == "reused" or earlier is None or not earlier[1].identity or not row.identity:
        return answer
    other_run, other = earlier
    found = differences(other.identity, row.identity)
    for difference in found:
        difference["files"] = _files(context, difference, (other_run, other), (run.id, row))
    return {**answer, "compared_with": other_run, "differences": found}


def _files(
    context: Context,
    difference: Mapping[str, Any],
    before: tuple[str, StepRow],
    now: tuple[str, StepRow],
) -> list[dict[str, str]]:
    """The files behind a difference in code or in an input, if they are known."""
    name = difference["field"]
    if name == "code":
        folders = (f"{context.code_store}/{difference[side]}" for side in ("before", "now"))
        return _changes(*(_code_files(folder) for folder in folders))
    if name.startswith("inputs."):
        port = name.removeprefix("inputs.")
        return _changes(
            _input_files(context, *before, port, difference["before"]),
            _input_files(context, *now, port, difference["now"]),
        )
    return []


def _code_files(folder: str) -> dict[str, str]:
    if not os.path.isdir(folder):
        return {}
    return {entry.path: entry.sha256 or entry.link for entry in code.scan(folder).files}


def _input_files(
    context: Context, run: str, row: StepRow, port: str, digest: str
) -> Mapping[str, str]:
    source = row.spec["inputs"].get(port, {})
    if "path" in source:
        return context.store.listing(digest) or {}
    if "step" not in source:
        return {}
    owner = next((step for step in context.store.steps(run) if step.name == source["step"]), None)
    if owner is None:
        return {}
    try:
        manifest = Manifest.from_json(context.store.manifest(owner.attempt, source["port"]))
    except KeyError:
        return {}
    return {item.path: item.sha256 or item.link for item in manifest.files}


def _changes(before: Mapping[str, str], now: Mapping[str, str]) -> list[dict[str, str]]:
    changes = []
    for path in sorted({*before, *now}):
        if before.get(path) != now.get(path):
            kind = "changed" if path in before and path in now else "added"
            changes.append({"path": path, "change": kind if path in now else "removed"})
    return changes[:_MOST_FILES]
