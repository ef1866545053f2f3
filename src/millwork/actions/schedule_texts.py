"""What the registered versions of schedules say."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from millwork.base.errors import NotFound
from millwork.spec.schedule_file import read_schedule

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.actions.context import Context
    from millwork.spec.schedule import Schedule


def schedule_of(document: Mapping[str, Any], version: str) -> Schedule:
    """What a registered version says."""
    return _read(document["text"], version)


@lru_cache(maxsize=20_000)
def _read(text: str, version: str) -> Schedule:
    """A text read once: that takes longer than all else that a list, or the scheduler, does."""
    schedule, _ = read_schedule(text, "text")
    return replace(schedule, version=version)


def version_of(context: Context, workspace: str, name: str, version: str) -> Schedule:
    """What a version says; raises NotFound if it is gone."""
    kept = context.assets().get(workspace, "schedule", name, version)
    if kept is None:
        raise NotFound(f"there is no schedule '{name}@{version}' any more")
    return schedule_of(kept.document, version)
