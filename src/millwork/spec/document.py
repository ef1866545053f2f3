"""YAML text to a tree of nodes that know their place.

The parser's events are walked once, without recursion, and refuse what a component file has no
use for before anything is built: anchors, aliases, merge keys, tags, deep nesting, many nodes.
Scalars stay text: `version: 1.10` is `1.10` (DESIGN decision 7, reference reliability.md, YAML).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import yaml

from millwork.base.errors import InvalidFile
from millwork.base.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 32
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_IS_PIPELINE = re.compile(r"^kind:\s*['\"]?Pipeline\b", re.MULTILINE)
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node starts; both count from 1."""

    line: int
    column: int


@dataclass(slots=True)
class Scalar:
    """A leaf, as text; `plain` when it was written without quotes."""

    place: Place
    text: str
    plain: bool = True

    @property
    def is_null(self) -> bool:
        """Whether nothing, `~` or `null` was written."""
        return self.plain and self.text in _NULLS


@dataclass(slots=True)
class Sequence:
    """A list."""

    place: Place
    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Mapping:
    """Keys and values in the file's order."""

    place: Place
    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)


Node: TypeAlias = Scalar | Sequence | Mapping


@dataclass(frozen=True)
class Limits:
    """How large a document may be: bytes of UTF-8, and nodes."""

    size: int
    nodes: int


COMPONENT_LIMITS = Limits(size=256 * 1024, nodes=20_000)
PIPELINE_LIMITS = Limits(size=8 * 1024 * 1024, nodes=500_000)


def parse(text: str, file: str) -> Mapping:
    """The tree of a component or pipeline file.

    Raises InvalidFile with the place of the first thing that cannot be accepted, or of every
    key that was written twice.
    """
    limits = PIPELINE_LIMITS if _IS_PIPELINE.search(text) else COMPONENT_LIMITS
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > limits.size:
        message = f"the file has {size:,} bytes; at most {limits.size:,} are read"
        raise InvalidFile([Fault(file, 1, 1, "", "error", message)])
    builder = _Builder(file, limits.nodes)
    try:
        for event in yaml.parse(text, Loader=_Loader):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        raise builder.refusal(place, f"not YAML: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        raise builder.refusal(Place(line, 1), f"not YAML: {str(error).splitlines()[0]}") from None
    return builder.result()


class _Builder:
    """Puts nodes together from events, with a stack instead of recursion."""

    def __init__(self, file: str, max_nodes: int) -> None:
        self._file = file
        self._left = max_nodes
        self._stack: list[Sequence | Mapping] = []
        self._keys: list[Scalar | None] = []
        self._root: Node | None = None
        self._duplicates: list[Fault] = []

    def refusal(self, place: Place, message: str) -> InvalidFile:
        return InvalidFile([Fault(self._file, place.line, place.column, "", "error", message)])

    def result(self) -> Mapping:
        if self._duplicates:
            raise InvalidFile(self._duplicates)
        if not isinstance(self._root, Mapping):
            place = self._root.place if self._root else Place(1, 1)
            raise self.refusal(place, "expected a mapping of fields at the top of the file")
        return self._root

    def take(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_extras(event)
            plain = event.style is None or event.style == ""
            self._add(Scalar(_place(event), event.value, plain))
        elif isinstance(event, yaml.MappingStartEvent | yaml.SequenceStartEvent):
            self._refuse_extras(event)
            self._open(event)
        elif isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._stack.pop()
            self._keys.pop()
        elif isinstance(event, yaml.AliasEvent):
            raise self.refusal(_place(event), f"aliases (*{event.anchor}) are not accepted here")
        elif isinstance(event, yaml.DocumentStartEvent) and self._root is not None:
            raise self.refusal(_place(event), "one document a file: a second one starts here")

    def _open(self, event: yaml.NodeEvent) -> None:
        place = _place(event)
        if len(self._stack) >= MAX_DEPTH:
            raise self.refusal(place, f"nested deeper than {MAX_DEPTH} levels")
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        node: Sequence | Mapping = Mapping(place) if is_mapping else Sequence(place)
        self._add(node)
        self._stack.append(node)
        self._keys.append(None)

    def _refuse_extras(self, event: yaml.NodeEvent) -> None:
        self._left -= 1
        if self._left < 0:
            raise self.refusal(_place(event), "the file has too many nodes")
        if event.anchor:
            raise self.refusal(_place(event), f"anchors (&{event.anchor}) are not accepted here")
        tag = getattr(event, "tag", None)
        if tag:
            raise self.refusal(_place(event), f"tags ({tag}) are not accepted here")

    def _add(self, node: Node) -> None:
        if not self._stack:
            self._root = node
            return
        parent = self._stack[-1]
        if isinstance(parent, Sequence):
            parent.items.append(node)
            return
        key = self._keys[-1]
        if key is not None:
            parent.entries[key.text] = (key, node)
            self._keys[-1] = None
            return
        self._keys[-1] = self._checked_key(parent, node)

    def _checked_key(self, parent: Mapping, node: Node) -> Scalar:
        if not isinstance(node, Scalar):
            raise self.refusal(node.place, "a key must be a plain name")
        if node.plain and node.text == "<<":
            raise self.refusal(node.place, "merge keys (<<) are not accepted here")
        if node.text in parent.entries:
            place = node.place
            message = f"the key '{node.text}' stands twice"
            first = parent.entries[node.text][0].place.line
            message += f" (first on line {first})"
            fault = Fault(self._file, place.line, place.column, node.text, "error", message)
            self._duplicates.append(fault)
        return node


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return Place(mark.line + 1, mark.column + 1)


def walk(node: Node) -> Iterator[Node]:
    """Every node below and including `node`, parents first."""
    pending = [node]
    while pending:
        node = pending.pop()
        yield node
        if isinstance(node, Sequence):
            pending.extend(reversed(node.items))
        elif isinstance(node, Mapping):
            pending.extend(value for _, value in reversed(node.entries.values()))
