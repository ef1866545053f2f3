"""Attempts at steps."""

from __future__ import annotations

from typing import TypedDict

from millwork.actions.call import Call
from millwork.actions.nouns.steps import show
from millwork.views.runs import AttemptView


class AttemptList(TypedDict):
    """All attempts at a step, oldest first."""

    items: list[AttemptView]


def list_(call: Call, run: str, step: str) -> AttemptList:
    """The attempts at a step, oldest first, with their replicas."""
    return {"items": show(call, run, step).get("tries", [])}
