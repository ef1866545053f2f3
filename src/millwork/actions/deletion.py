"""Runs that go: their rows in one transaction, and then the files that nothing names any more.

Killed between the two, it leaves files without a name, which `actions.gc` removes.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from millwork.actions.incremental import INPUTS
from millwork.base.errors import Conflict
from millwork.blobs.removal import entries, hide, remove, remove_but, size_of

if TYPE_CHECKING:
    from millwork.actions.context import Context
    from millwork.ports import RunRow
    from millwork.views.retention import RunDeleted


def delete_run(context: Context, row: RunRow) -> RunDeleted:
    """Deletes a run that is over, and the trials that it has begun.

    What its attempts have left stays where a later run, a result to be used again, a dataset or
    a model names it. Raises Conflict for a run that is not over, or that others still need.
    """
    trials = trials_of(context, row)
    fault = need_of(context, row, trials)
    if fault:
        raise Conflict(f"{row.id} cannot be deleted: {fault}")
    freed, kept = 0, list[str]()
    for run in (*trials, row.id):
        found = drop(context, run)
        if found is None:
            raise Conflict(
                f"{run} cannot be deleted: it is not over, is of another home, or is what a "
                "registered version came out of"
            )
        freed, kept = freed + found["bytes"], kept + found["kept"]
    return {"deleted": row.id, "kept": kept, "bytes": freed}


def need_of(context: Context, row: RunRow, trials: list[str]) -> str:
    """Why a run cannot be deleted now; empty if it can."""
    if row.ended is None:
        return f"it is {row.status}; cancel it first"
    if not context.retention().is_here(row.id):
        return "it is of another Millwork home, and its files lie there"
    if context.retention().is_awaited(row.id):
        return "the scheduler has not noted yet how it has ended; a server does so"
    for run in (row.id, *trials):
        if made := context.retention().came_of(run):
            them = "that" if len(made) == 1 else "those"
            it = "it" if run == row.id else f"its trial {run}"
            return f"{', '.join(made[:5])} came out of {it}: delete {them} first"
    if context.retention().is_built_on(row.id, row.definition):
        return f"an incremental run of '{row.definition}' goes on, which may build on it"
    for run in trials:
        trial = context.store.run(run)
        if trial and trial.ended is None:
            return f"its trial {run} is {trial.status}"
    sweep = context.store.run(str(row.facts["sweep"]["run"])) if row.is_trial else None
    if sweep and sweep.ended is None:
        return f"it is a trial of the sweep {sweep.id}, which is {sweep.status}"
    return ""


def trials_of(context: Context, row: RunRow) -> list[str]:
    """The runs that a sweep has begun: they go with it."""
    if row.is_trial:
        return []
    return [each.id for each in context.retention().trials(row.created) if each.sweep == row.id]


def drop(context: Context, run: str) -> RunDeleted | None:
    """Deletes one run; None if it is not over, or if a registered version came out of it."""
    dropped = context.retention().drop(run)
    if dropped is None:
        return None
    freed = sum(free(context, attempt) for attempt in dropped.attempts)
    with suppress(OSError):
        remove(os.path.dirname(context.leases_of(run)))
    return {"deleted": run, "kept": sorted(dropped.named), "bytes": freed}


def free(context: Context, attempt: str) -> int:
    """Removes what nothing names of an attempt's files; returns the bytes.

    Who names them is asked once more, now. What cannot be removed is left for a collection.
    """
    folder = f"{context.home}/attempts/{attempt}"
    retention = context.retention()
    named = retention.named(attempt, retention.paths())
    if named == "whole" or not os.path.isdir(folder):
        return 0
    with suppress(OSError):
        if named:
            return trim(folder)
        size = size_of(folder)
        remove(hide(folder))
        return size
    return 0


def trim(folder: str) -> int:
    """Leaves of an attempt what it was run for: its outputs, and what a batch notes of them."""
    freed = remove_but(folder, _is_left)
    if os.path.isdir(f"{folder}/ml") and not os.path.islink(f"{folder}/ml"):
        freed += remove_but(f"{folder}/ml", lambda name: name == "output")
    return freed


def is_trimmed(folder: str) -> bool:
    """Whether there is nothing to trim of an attempt."""
    return all(map(_is_left, entries(folder))) and set(entries(f"{folder}/ml")) <= {"output"}


def _is_left(name: str) -> bool:
    return name in ("ml", INPUTS) or name.startswith("published-")
