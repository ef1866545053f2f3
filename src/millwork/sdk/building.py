"""The pipeline that is being composed: nodes are added as components are called."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from millwork.base.names import NODE_RULE, is_node
from millwork.base.records import dataclass, field
from millwork.sdk.arguments import bind
from millwork.sdk.definitions import read_fields, relative
from millwork.sdk.wires import Each, Node, Wire
from millwork.spec.fields import Reading
from millwork.spec.model import Component, Pipeline, PipelineNode
from millwork.spec.pipeline import NODE, ROOTS, references
from millwork.spec.tree import Tree
from millwork.spec.wiring import check_wiring

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from millwork.sdk.arguments import Bound
    from millwork.spec.model import Definition

OPEN: ContextVar[Builder | None] = ContextVar("millwork_pipeline", default=None)
"""The pipeline whose function is being called."""


class Part(Protocol):
    """What can be a node: the `Component` of this room."""

    @property
    def tree(self) -> Tree:
        """Its definition, and those it is made of."""

    @property
    def name(self) -> str:
        """As its definition says."""

    @property
    def node_name(self) -> str:
        """What its nodes are called."""

    @property
    def file(self) -> str:
        """The absolute path of the file that holds it; empty if it was written in Python."""

    @property
    def file_name(self) -> str:
        """What a file of its own is called."""

    def settled(self, folder: Path) -> Definition:
        """The definition as a file in `folder` says it; what it needs there is written."""


@dataclass(eq=False)
class Entry:
    """A node as it stands: its component, the arguments of its call, and its options."""

    node: Node
    part: Part
    bound: Bound
    after: tuple[Node, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)


class Builder:
    """One pipeline being composed; `frame` is the definition's name, inputs and parameters."""

    def __init__(self, frame: Pipeline, folder: str) -> None:
        self.frame, self.folder = frame, folder
        self.entries: dict[str, Entry] = {}

    def wires(self) -> dict[str, Wire]:
        """What the pipeline's own function is called with."""
        inputs = {n: Wire(self, "inputs", n, port.type) for n, port in self.frame.inputs.items()}
        given = {n: Wire(self, "parameters", n, p.type) for n, p in self.frame.parameters.items()}
        return inputs | given

    def add(self, part: Part, given: Mapping[str, Any]) -> Node:
        """Adds a node for one call of a component; raises TypeError or ValueError, see `bind`."""
        bound = bind(part.name, part.tree, given, self.frame)
        node = Node(self, self._free(part.node_name), output_types(part.tree))
        entry = Entry(node, part, bound)
        self._check(entry)
        self.entries[node.name] = entry
        return node

    def configure(
        self, node: Node, name: str, after: Sequence[Node], options: Mapping[str, Any]
    ) -> None:
        """See `Node.with_`."""
        entry = self.entries[node.name]
        if name and name != node.name:
            self._rename(entry, name)
        allowed = NODE.rows.keys() - {"component", "inputs", "parameters", "after", "foreach"}
        if unknown := options.keys() - allowed:
            words = ", ".join(row for row in NODE.rows if row in allowed)
            raise TypeError(f"a node has no option '{min(unknown)}'; it has: name, after, {words}")
        waits, every = (*entry.after, *after), {**entry.options, **options}
        changed = replace(entry, after=waits, options=every)
        self._check(changed)
        self.entries[node.name] = changed

    def documents(self) -> dict[str, Any]:
        """Every node as a pipeline file has it."""
        return {name: self._document(entry) for name, entry in self.entries.items()}

    def own(self, wire: Wire) -> Wire:
        """The wire; TypeError if it is another pipeline's."""
        if wire.pipeline is not self:
            raise TypeError(f"'{wire.reference}' belongs to another pipeline")
        return wire

    def _free(self, wanted: str) -> str:
        name, number = wanted, 1
        while name in self.entries or name in ROOTS:
            number += 1
            name = f"{wanted}-{number}"
        return name

    def _rename(self, entry: Entry, name: str) -> None:
        if not is_node(name) or name in ROOTS:
            raise ValueError(f"a node cannot be called '{name}': {NODE_RULE}")
        if name in self.entries:
            raise ValueError(f"there is a node '{name}' already")
        entries = [(name if n == entry.node.name else n, e) for n, e in self.entries.items()]
        self.entries = dict(entries)
        entry.node.name = name

    def _document(self, entry: Entry) -> dict[str, Any]:
        document: dict[str, Any] = {"component": self._place(entry)}
        inputs = {name: self._input(source) for name, source in entry.bound.inputs.items()}
        parameters = {}
        for name, value in entry.bound.parameters.items():
            if isinstance(value, Each):
                most = {} if value.max_parallel is None else {"max_parallel": value.max_parallel}
                items = self.own(value.items).reference
                document["foreach"] = {"from": items, "into": name, **most}
            else:
                is_wire = isinstance(value, Wire)
                parameters[name] = {"from": self.own(value).reference} if is_wire else value
        after = [node.name for node in entry.after]
        given = {"inputs": inputs, "parameters": parameters, "after": after}
        document |= {name: value for name, value in given.items() if value}
        return {**document, **entry.options}

    def _place(self, entry: Entry) -> str:
        file = entry.part.file
        if file:
            return relative(file, self.folder)
        return f"./components/{entry.part.node_name}/{entry.part.file_name}"

    def _input(self, source: Wire | str) -> dict[str, str]:
        if isinstance(source, Wire):
            return {"from": self.own(source).reference}
        return {"path": source if "://" in source else relative(source, self.folder)}

    def _check(self, entry: Entry) -> None:
        """Raises TypeError with every fault of one node: the rules are those of the files."""
        name, who = entry.node.name, entry.part.name
        if sum(isinstance(value, Each) for value in entry.bound.parameters.values()) > 1:
            raise TypeError(f"{who}: a node is repeated over one list, not several")
        for node in entry.after:
            if node.pipeline is not self:
                raise TypeError(f"{who}: after: '{node.name}' belongs to another pipeline")
        reading = Reading("")
        model = PipelineNode(**read_fields(NODE, self._document(entry), reading))
        if not reading.faults:
            owners = {reference.owner for _, reference in references(model)}
            children = {n: self.entries[n].part.tree for n in owners & self.entries.keys()}
            pipeline = replace(self.frame, nodes={name: model})
            check_wiring(Tree(pipeline, {**children, name: entry.part.tree}), reading)
        faults = [fault for fault in reading.faults if fault.severity == "error"]
        if faults:
            raise TypeError(
                "\n".join(
                    f"{who}: {fault.path.removeprefix(f'nodes.{name}.').removesuffix('.from')}: "
                    f"{fault.message}"
                    for fault in faults
                )
            )


def output_types(tree: Tree) -> dict[str, str]:
    """The type of each output."""
    if isinstance(tree.definition, Component):
        return {name: port.type for name, port in tree.definition.outputs.items()}
    return {name: tree.output_type(name) or "any" for name in tree.definition.outputs}
