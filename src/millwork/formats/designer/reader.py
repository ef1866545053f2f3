"""A draft's JSON read: what `GetExperiment` of PaiStudio 2021-02-02 gives as its content.

The content by itself, or the answer that has it as a text (`Content`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.base.errors import InvalidFile
from millwork.base.faults import Fault
from millwork.formats.designer.model import Draft, DraftNode, Edge, Property, Variable
from millwork.spec.document import PIPELINE_LIMITS, Scalar, Sequence, parse
from millwork.spec.fields import INVALID, Field, ListOf, Number, Reading, Text
from millwork.spec.foreign import Anything, LaxRecord
from millwork.spec.twins import MILLWORK

if TYPE_CHECKING:
    from millwork.spec.document import Mapping
    from millwork.spec.model import Path

_CONTENT = "Content"
_NO_DRAFT = "there is no draft in it: a draft has a list of nodes"
_VERSION = "v1"
_SAID = Text(bool, "it is empty")


def _property(given: dict[str, Any], path: Path, _reading: Reading) -> Property:
    return Property(given["name"], given.get("value", ""), path)


def _position(given: dict[str, Any], _path: Path, _reading: Reading) -> tuple[float, float]:
    return given["x"], given["y"]


def _node(given: dict[str, Any], path: Path, reading: Reading) -> Any:
    kind = given["metadata"]
    if not given["id"] or not kind:
        return INVALID
    version = kind.get("version", _VERSION)
    provider = kind.get("provider", "pai")
    if version != _VERSION and provider != MILLWORK:
        message = f"a node names no version; '{version[:60]}' is not looked for"
        reading.fault((*path, "metadata", "version"), message, "warning")
    return DraftNode(
        given["id"], given.get("name", ""), kind["identifier"], provider,
        tuple(each for each in given.get("properties", ()) if each is not INVALID),
        given.get("position"), path,
    )  # fmt: skip


def _edge(given: dict[str, Any], path: Path, _reading: Reading) -> Edge:
    source, made = given["source"], given["sourceAnchor"]
    return Edge(source, made, given["target"], given["targetAnchor"], path)


def _variable(given: dict[str, Any], path: Path, _reading: Reading) -> Variable:
    value, description = given.get("value"), given.get("desc", "")
    return Variable(given["name"], given.get("type", ""), value, description, path)


_METADATA = LaxRecord(
    "metadata",
    (Field("name", Text(), "The draft's name"), Field("desc", Text(), "For people")),
)
_KIND = LaxRecord(
    "component",
    (
        Field("identifier", _SAID, "PAI's name of the component", True),
        Field("version", Text(), "Its version"),
        Field("provider", Text(), "Whose it is"),
    ),
)
_PROPERTY = LaxRecord(
    "property",
    (Field("name", _SAID, "Its name", True), Field("value", Anything(), "Its value")),
    _property,
)
_COORDINATE = Number(-1e9, 1e9, whole=False)
_POSITION = LaxRecord(
    "position",
    (Field("x", _COORDINATE, "From the left", True), Field("y", _COORDINATE, "Downwards", True)),
    _position,
)
_NODE = LaxRecord(
    "node",
    (
        Field("id", _SAID, "What edges call it", True),
        Field("name", Text(), "For people"),
        Field("metadata", _KIND, "Which component it is", True),
        Field("properties", ListOf(_PROPERTY), "Its parameters"),
        Field("position", _POSITION, "Where it stands"),
    ),
    _node,
)
_EDGE = LaxRecord(
    "edge",
    (
        Field("source", _SAID, "The node that writes", True),
        Field("sourceAnchor", _SAID, "Its output", True),
        Field("target", _SAID, "The node that reads", True),
        Field("targetAnchor", _SAID, "Its input", True),
    ),
    _edge,
)
_VARIABLE = LaxRecord(
    "global parameter",
    (
        Field("name", _SAID, "Its name", True),
        Field("type", Text(), "Its type"),
        Field("value", Anything(), "Its value"),
        Field("desc", Text(), "For people"),
    ),
    _variable,
)
_DRAFT = LaxRecord(
    "draft",
    (
        Field("metadata", _METADATA, "What it is called"),
        Field("nodes", ListOf(_NODE), "Its components", True),
        Field("edges", ListOf(_EDGE), "What they read from one another"),
        Field("globalParams", ListOf(_VARIABLE), "Global variables"),
    ),
)


def is_draft(root: Mapping) -> bool:
    """Whether a file's top-level names are a draft's, or of an answer that holds one."""
    return _is_content(root) or _CONTENT in root.entries


def _is_content(root: Mapping) -> bool:
    if root.entries.keys() & {"apiVersion", "kind", "jobs"} or "nodes" not in root.entries:
        return False
    return isinstance(root.entries["nodes"][1], Sequence)


def read_draft(root: Mapping, file: str) -> tuple[Draft, Reading]:
    """The draft in `root`, and the reading with a warning for each thing that is not used.

    Raises InvalidFile with every fault of it.
    """
    answer, root = root, root if _is_content(root) else _content(root, file)
    reading = Reading(file)
    given = _DRAFT.read(root, (), reading)
    if any(fault.severity == "error" for fault in reading.faults):
        raise InvalidFile(reading.faults)
    head = given.get("metadata", {})
    lists = (given["nodes"], given.get("edges", ()), given.get("globalParams", ()))
    name = head.get("name") or _said_of(answer, "Name")
    described = head.get("desc") or _said_of(answer, "Description")
    return Draft(name, described, *map(tuple, lists)), reading


def _said_of(answer: Mapping, name: str) -> str:
    """What the answer says that holds a draft, whose content need not say it again."""
    node = answer.entries[name][1] if name in answer.entries else None
    return node.text if isinstance(node, Scalar) and not node.is_null else ""


def _content(root: Mapping, file: str) -> Mapping:
    """The draft within an answer, whose places are those within that text."""
    if _CONTENT not in root.entries:
        raise InvalidFile([Fault(file, *root.place, "", "error", _NO_DRAFT)])
    key, node = root.entries[_CONTENT]
    if not isinstance(node, Scalar):
        message = "expected the draft as a text of JSON"
        raise InvalidFile([Fault(file, *key.place, _CONTENT, "error", message)])
    content = parse(node.text, f"{file}: {_CONTENT}", limits=PIPELINE_LIMITS)
    if not _is_content(content):
        raise InvalidFile([Fault(file, *key.place, _CONTENT, "error", _NO_DRAFT)])
    return content
