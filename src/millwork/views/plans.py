"""What a pipeline's text would run, as the canvas draws it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from millwork.views.assets import FaultView, faults_of
from millwork.views.faces import Face

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from millwork.base.faults import Fault

_AT_NODE = re.compile(r"nodes\.(?P<node>[^.\[]+)\.?(?P<rest>.*)", re.DOTALL)
_NAMED = ("inputs", "parameters", "outputs", "env", "replicas", "layout",
          "scheduling_parameters")  # fmt: skip
"""The fields that hold names."""


class Column(TypedDict):
    """A column with its type, as polars writes it; `?` if that is not known."""

    name: str
    type: str


class Table(TypedDict):
    """The columns of a table; there may be more if it is not `whole`."""

    columns: list[Column]
    whole: bool


class PlanNode(TypedDict):
    """A node of the text: its face, and what is known of the tables at its ports.

    `face` is None for a component that is not known, a port for what is no table or not known.
    `doubts` are what is likely to be wrong.
    """

    face: Face | None
    inputs: dict[str, Table | None]
    outputs: dict[str, Table | None]
    doubts: list[str]


class Belonging(TypedDict):
    """Where something belongs: the node, its field, and the port or parameter there."""

    node: str
    field: str
    name: str


class PlanFault(FaultView, Belonging):
    """A fault, and where it belongs."""


class PlanView(TypedDict):
    """What a text would run, as far as that can be known, and all that is wrong with it."""

    nodes: dict[str, PlanNode]
    faults: list[PlanFault]


class RunSource(TypedDict):
    """What was run, as the text of a pipeline.

    `bundle`, `draft` and its `revision` are where it came from, empty and 0 for nowhere; `inputs`
    and `parameters` are what the run was given for those of the text. `faces` are by step.
    """

    text: str
    kind: Literal["component", "pipeline"]
    bundle: str
    draft: str
    revision: int
    inputs: dict[str, str]
    parameters: dict[str, Any]
    faces: dict[str, Face]


def plan_faults(faults: Iterable[Fault], names: Collection[str]) -> list[PlanFault]:
    """Faults with where they belong; `names` are all of ports and parameters, which may hold dots.

    Each is told once.
    """
    listed = faults_of(list(dict.fromkeys(faults)))
    return [{**view, **_place(view["path"], names)} for view in listed]


def _place(path: str, names: Collection[str]) -> Belonging:
    at_node = _AT_NODE.fullmatch(path)
    node, rest = (at_node["node"], at_node["rest"]) if at_node else ("", path)
    field, _, below = rest.partition(".")
    field = field.partition("[")[0]
    name = _name(below, names) if field in _NAMED else ""
    return {"node": node, "field": field, "name": name}


def _name(rest: str, names: Collection[str]) -> str:
    """The longest known name that a path goes on with, or else its next part."""
    parts = rest.split(".")
    begun = (".".join(parts[:count]) for count in range(len(parts), 0, -1))
    return next((name for name in begun if name in names), parts[0])
