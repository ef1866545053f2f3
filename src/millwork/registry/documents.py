"""What a version holds: a JSON object, its digest, and how two of them differ."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Literal, TypedDict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Difference(TypedDict):
    """One place in which two documents differ; `path` is dotted: `parameters.rounds.default`."""

    path: str
    change: Literal["added", "removed", "changed"]
    before: Any
    after: Any


def canonical(document: Mapping[str, Any]) -> str:
    """A document as the one text that stands for it; raises ValueError for NaN and infinities."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), allow_nan=False)


def digest_of(document: Mapping[str, Any]) -> str:
    """The sha256 of a document's canonical text."""
    return hashlib.sha256(canonical(document).encode()).hexdigest()


def differences(before: Any, after: Any) -> list[Difference]:
    """Every place in which two documents differ, in the order of their paths."""
    return list(_differences("", before, after))


def _differences(path: str, before: Any, after: Any) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        parts, others = before, after
    elif isinstance(before, list) and isinstance(after, list):
        parts, others = _numbered(before), _numbered(after)
    else:
        if before != after or type(before) is not type(after):
            yield {"path": path, "change": "changed", "before": before, "after": after}
        return
    for name in [*parts, *(name for name in others if name not in parts)]:
        inner = f"{path}.{name}" if path else name
        if name not in others:
            yield {"path": inner, "change": "removed", "before": parts[name], "after": None}
        elif name not in parts:
            yield {"path": inner, "change": "added", "before": None, "after": others[name]}
        else:
            yield from _differences(inner, parts[name], others[name])


def _numbered(items: list[Any]) -> dict[str, Any]:
    return {str(index): item for index, item in enumerate(items)}
