"""A node of PAI in DataWorks read: its graph, what it is given, and its schedule.

The fields are those of aliyun/dataworks-spec (`PaiFlowCode`, and FlowSpec's field reference).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.base.errors import InvalidFile
from millwork.formats.dataworks.model import NodeFile, PaiNode, Said, Variable
from millwork.formats.dataworks.timing import TIMING, schedule_of
from millwork.formats.dataworks.tree import (
    GRAPH,
    child,
    command_of,
    opened,
    pai_nodes,
    text_of,
)
from millwork.spec.document import PIPELINE_LIMITS, Mapping, Scalar, parse
from millwork.spec.fields import Field, ListOf, MapOf, Reading, Text, dotted
from millwork.spec.foreign import Anything, LaxRecord

if TYPE_CHECKING:
    from millwork.spec.document import Node
    from millwork.spec.model import Path


class _Unread:
    """Something that is looked at elsewhere, or says nothing here."""

    label = "value"
    blank = None

    def read(self, _node: Node, _path: Path, _reading: Reading) -> Any:
        """Nothing."""
        return None

    def schema(self) -> dict[str, Any]:
        """Whatever there is in JSON."""
        return {}


def _said(given: dict[str, Any], path: Path, _reading: Reading) -> Said:
    return Said(given["name"], given.get("value", ""), dotted(path))


def _variable(given: dict[str, Any], path: Path, _reading: Reading) -> Variable:
    return Variable(given["name"], given.get("value", ""), given.get("type", ""), dotted(path))


def _unread(*names: str) -> tuple[Field, ...]:
    return tuple(Field(name, _Unread(), "Not used") for name in names)


_NAME = Field("name", Text(bool, "it is empty"), "Its name", True)
_VARIABLE = LaxRecord(
    "parameter",
    (_NAME, Field("value", Text(), "Its value"), Field("type", Text(), "Whose value it is"),
     *_unread("id", "scope", "artifactType")),
    _variable,
)  # fmt: skip
_SCRIPT = LaxRecord(
    "script",
    (Field("parameters", ListOf(_VARIABLE), "DataWorks' variables"),
     *_unread("content", "id", "path", "language", "runtime")),
)  # fmt: skip
_NODE = LaxRecord(
    "node",
    (Field("id", Text(), "What the flow calls it"), Field("name", Text(), "Its name"),
     Field("description", Text(), "For people"), Field("script", _SCRIPT, "What it runs", True),
     *TIMING, *_unread("inputs", "outputs", "dependencies")),
)  # fmt: skip
_TABLE = LaxRecord(
    "table",
    (Field("value", Text(), "Its name", True), *_unread("type")),
    lambda given, path, _reading: Said("", given["value"], dotted(path)),
)
_CODE = LaxRecord(
    "node of PAI",
    (
        Field("name", Text(), "The pipeline's name"), Field("description", Text(), "For people"),
        Field("inputs", ListOf(_TABLE), "Tables that it reads"),
        Field("outputs", ListOf(_TABLE), "Tables that it writes"),
        Field("paiflowParameters", MapOf(Anything()), "What `${name}` in it is"),
        Field("paiflowArguments", Text(), "Values of the graph's parameters"),
        Field(GRAPH, Text(bool, "it is empty"), "The graph, a manifest of PAIFlow", True),
        *_unread("appId", "workspaceId", "computeResource", "flowUniqueCode", "requestId",
                 "prgType", "paraValue", "taskRelations", "tasks", "connectionType"),
    ),
)  # fmt: skip
_ARGUMENT = LaxRecord("argument", (_NAME, Field("value", Anything(), "Its value")), _said)
_ARGUMENTS = LaxRecord(
    "arguments",
    (Field("arguments", LaxRecord("arguments", (
        Field("parameters", ListOf(_ARGUMENT), "Values"), *_unread("artifacts"),
    )), "What it is given"),),
)  # fmt: skip


def read_node(root: Mapping, file: str) -> NodeFile:
    """The node of PAI in a file of DataWorks.

    Raises InvalidFile with every fault of the document that has some: the file, or a text in it.
    """
    found = opened(root, file)
    if not found.is_flow:
        node, losses = _code(found.root, found.file, "")
        return NodeFile(node, losses=losses)
    reading = Reading(found.file)
    path, inner = _only_node(found.root, reading)
    given = _NODE.read(inner, path, reading)
    _raise(reading)
    schedule = schedule_of(given, found.root, path, reading)
    _raise(reading)
    content, name, place = _content(inner, found.file, path, reading)
    node, losses = _code(content, name, place)
    return NodeFile(
        node, given["script"].get("parameters", ()), schedule, (*_losses(reading), *losses)
    )


def _only_node(root: Mapping, reading: Reading) -> tuple[Path, Node]:
    """The one node of PAI in a FlowSpec; the others are noted as lost."""
    places = {path: node for path, node, is_pai in pai_nodes(root) if is_pai}
    for path, node, is_pai in pai_nodes(root):
        reading.places[path] = node.place
        if not is_pai and places:
            kind = command_of(node) or text_of(child(node, "name"))
            reading.fault(path, f"no node of PAI: {kind[:60]}", "warning")
    if len(places) != 1:
        only = "there is no node of PAI in it (script.runtime.command: PAI_STUDIO)"
        more = f"there are {len(places)} nodes of PAI: one is converted, of a file of its own"
        reading.fault(("spec", "nodes"), more if places else only)
        _raise(reading)
    return next(iter(places.items()))


def _content(node: Node, file: str, path: Path, reading: Reading) -> tuple[Mapping, str, str]:
    """PAI's JSON within a node, what its faults name, and its path."""
    at = (*path, "script", "content")
    content = child(node, "script", "content")
    for _ in range(2):
        if isinstance(content, Mapping) and GRAPH not in content.entries:
            content = child(content, "content")
        if isinstance(content, Scalar) and content.text.strip():
            content = parse(content.text, f"{file}: {dotted(at)}", limits=PIPELINE_LIMITS)
    if not isinstance(content, Mapping):
        reading.fault(at, f"missing: PAI's JSON of the node, with its '{GRAPH}'")
        _raise(reading)
        raise AssertionError("a fault was noted")
    return content, f"{file}: {dotted(at)}", f"{dotted(at)}."


def _code(root: Mapping, file: str, place: str) -> tuple[PaiNode, tuple[tuple[str, str], ...]]:
    """PAI's JSON; `place` stands before the paths of its losses."""
    reading = Reading(file)
    given = _CODE.read(root, (), reading)
    _raise(reading)
    parameters = [
        Said(name, value, f"{place}paiflowParameters.{name}")
        for name, value in given.get("paiflowParameters", {}).items()
    ]
    arguments, more = _arguments(given.get("paiflowArguments", ""), file, place)
    text, label = given[GRAPH], f"{file}: {GRAPH}"
    node = PaiNode(
        given.get("name", ""), given.get("description", ""),
        parse(text, label, limits=PIPELINE_LIMITS), label, text, f"{place}{GRAPH}",
        tuple(parameters), arguments,
        tuple(each._replace(path=f"{place}{each.path}")
              for each in (*given.get("inputs", ()), *given.get("outputs", ()))),
    )  # fmt: skip
    losses = tuple((f"{place}{path}" if path else "", why) for path, why in _losses(reading))
    return node, (*losses, *more)


def _arguments(
    text: str, file: str, place: str
) -> tuple[tuple[Said, ...], tuple[tuple[str, str], ...]]:
    if not text.strip():
        return (), ()
    name = "paiflowArguments"
    reading = Reading(f"{file}: {name}")
    given = _ARGUMENTS.read(parse(text, reading.file, limits=PIPELINE_LIMITS), (), reading)
    _raise(reading)
    found = given.get("arguments", {}).get("parameters", ())
    said = tuple(each._replace(path=f"{place}{name}.{each.path}") for each in found)
    return said, tuple((f"{place}{name}.{path}", why) for path, why in _losses(reading))


def _losses(reading: Reading) -> tuple[tuple[str, str], ...]:
    return tuple((fault.path, fault.message) for fault in reading.faults)


def _raise(reading: Reading) -> None:
    if any(fault.severity == "error" for fault in reading.faults):
        raise InvalidFile(reading.faults)
