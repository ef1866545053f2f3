"""The verbs of the palette: what can be put on a canvas."""

from __future__ import annotations

from millwork.actions import palette
from millwork.actions.call import Call
from millwork.views.faces import Face, FacePage


def list_(call: Call, search: str = "", limit: int = 50, after: str = "") -> FacePage:
    """What can be put on a canvas: built-in components, the workspace's own, then its pipelines.

    All words of `search` occur in names, titles, summaries, other platforms' names or parameters.
    """
    return palette.page(call, search, limit, after)


def show(call: Call, reference: str) -> Face:
    """One of them: `builtin:NAME`, or NAME or NAME@VERSION of the workspace."""
    return palette.face(call, reference)
