"""What stands in a draft, and what of it an edge or a value refers to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from millwork.base.records import dataclass

if TYPE_CHECKING:
    from millwork.spec.model import Path


class Property(NamedTuple):
    """A property of a node, `path` its place in the draft."""

    name: str
    value: str | tuple[str, ...]
    path: Path


@dataclass(frozen=True)
class DraftNode:
    """A box of the canvas: `identifier` is PAI's name of its component."""

    id: str
    name: str
    identifier: str
    provider: str
    properties: tuple[Property, ...]
    position: tuple[float, float] | None
    path: Path


@dataclass(frozen=True)
class Edge:
    """A line of the canvas, from an output's anchor to an input's."""

    source: str
    source_anchor: str
    target: str
    target_anchor: str
    path: Path


@dataclass(frozen=True)
class Variable:
    """A global variable, which properties name as `${name}`; None is no value."""

    name: str
    type: str
    value: str | tuple[str, ...] | None
    description: str
    path: Path


@dataclass(frozen=True)
class Draft:
    """A draft as it was written."""

    name: str
    description: str
    nodes: tuple[DraftNode, ...]
    edges: tuple[Edge, ...]
    variables: tuple[Variable, ...]
