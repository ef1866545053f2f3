"""Events of a run's history as the changes that they tell of."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any

from millwork.ports import changes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.ports.changes import Change

# What an event leaves out because it is empty, by the annotation of its field.
_EMPTY: Mapping[str, Any] = {"str": "", "int": 0}


def change_of(event: Mapping[str, Any]) -> Change | None:
    """The change of an event; None for one of a newer server. Tokens are not told."""
    kind = getattr(changes, event["kind"], None)
    if kind is None:
        return None
    said = dict(event["data"])
    if kind is changes.ItemsAdded:
        said["items"] = ()  # how many there are is told, and not which
    known = {}
    for part in fields(kind):
        if part.name in said:
            known[part.name] = said[part.name]
        elif part.default is MISSING and part.default_factory is MISSING:
            known[part.name] = _EMPTY.get(str(part.type))
    change: Change = kind(**known)
    return change
