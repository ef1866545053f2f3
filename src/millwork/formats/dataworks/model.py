"""What stands in DataWorks' node of PAI: its graph, its parameters, and when it is scheduled."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping as Names

    from millwork.spec.document import Mapping
    from millwork.spec.schedule import Schedule

COMMANDS = ("PAI_STUDIO", "RECOMMEND_PLUS")
"""The kinds of DataWorks' nodes that hold a graph of PAI."""


class Said(NamedTuple):
    """A parameter as it is said; a value of a mapping is a text of JSON."""

    name: str
    value: str | tuple[str, ...]
    path: str


class Variable(NamedTuple):
    """What DataWorks puts in the place of `${name}`; `type` is its word: System, Constant, ..."""

    name: str
    value: str
    type: str
    path: str


@dataclass(frozen=True)
class PaiNode:
    """A graph of PAI with what it is given.

    `manifest` is its text parsed, `manifest_file` what faults of it name. `parameters` take the
    place of `${name}` in it, `arguments` are values of the graph's own. `tables` are what it reads
    and writes.
    """

    name: str
    description: str
    manifest: Mapping
    manifest_file: str
    manifest_text: str
    path: str
    parameters: tuple[Said, ...] = ()
    arguments: tuple[Said, ...] = ()
    tables: tuple[Said, ...] = ()


@dataclass(frozen=True)
class NodeFile:
    """A file of DataWorks: a node, its variables, and its schedule if the file says one.

    The schedule's `pipeline` is empty: whoever makes one of the node knows its name. `losses` are
    the path and the reason of each thing that neither carries.
    """

    node: PaiNode
    variables: tuple[Variable, ...] = ()
    schedule: Schedule | None = None
    losses: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Settled:
    """What parameters come to.

    `expressions` are scheduling parameters, `values` are plain texts, both by name; `given` is
    what the graph's own parameters are given. `losses` as everywhere.
    """

    expressions: Names[str, str] = field(default_factory=dict)
    values: Names[str, str] = field(default_factory=dict)
    given: Names[str, str | tuple[str, ...]] = field(default_factory=dict)
    losses: tuple[tuple[str, str], ...] = ()
