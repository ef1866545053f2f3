"""YAML or JSON text to a tree of nodes that know their place.

The parser's events are walked once, without recursion, and refuse what a component file has no
use for before anything is built: anchors, aliases, merge keys, tags, deep nesting, many nodes.
Scalars stay text: `version: 1.10` is `1.10` (DESIGN decision 7, reference reliability.md, YAML).

JSON is read as JSON, token by token: YAML 1.1 is not quite a superset of it, and libyaml refuses
surrogate pairs (`"\\ud83d\\ude00"`), keys beyond 1,024 characters and a raw DEL.
"""

from __future__ import annotations

import gc
import json
import re
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, cast

import yaml

from millwork.base.errors import InvalidFile
from millwork.base.faults import Fault
from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_DEPTH = 32
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
# Blanks are looked at once: with `\s*` each empty line would try all that follow it.
_IS_PIPELINE = re.compile(
    r"""(?:^|[{,])[ \t]*["']?"""
    r"""(?:kind["']?\s*:\s*["']?Pipeline\b|type["']?\s*:\s*["']?pipeline|jobs["']?\s*:)""",
    re.MULTILINE | re.IGNORECASE,
)
_JSON_TOKEN = re.compile(r"""[\[\]{}:,]|"[^"\\]*(?:\\.[^"\\]*)*"|[^\s\[\]{}:,"]+""")
_UNUSABLE = re.compile("[\0\ud800-\udfff]")
_NOT_YAML = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Place(NamedTuple):
    """Where a node starts; both count from 1."""

    line: int
    column: int


_placed = cast("Callable[[tuple[int, int]], Place]", partial(tuple.__new__, Place))
"""A Place without a call of Python's: every field of a file gets one."""


@dataclass(slots=True)
class _Placed:
    """What all nodes have."""

    line: int
    column: int

    @property
    def place(self) -> Place:
        """Where it starts."""
        return _placed((self.line, self.column))


@dataclass(slots=True)
class Scalar(_Placed):
    """A leaf, as text; `plain` when it was written without quotes."""

    text: str
    plain: bool = True

    @property
    def is_null(self) -> bool:
        """Whether nothing, `~` or `null` was written."""
        return self.plain and self.text in _NULLS


@dataclass(slots=True)
class Sequence(_Placed):
    """A list."""

    items: list[Node] = field(default_factory=list)


@dataclass(slots=True)
class Mapping(_Placed):
    """Keys and values in the file's order."""

    entries: dict[str, tuple[Scalar, Node]] = field(default_factory=dict)


Node: TypeAlias = Scalar | Sequence | Mapping


@dataclass(frozen=True)
class Limits:
    """How large a document may be: bytes of UTF-8, and nodes."""

    size: int
    nodes: int


COMPONENT_LIMITS = Limits(size=256 * 1024, nodes=20_000)
PIPELINE_LIMITS = Limits(size=8 * 1024 * 1024, nodes=500_000)


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pauses the search for garbage cycles.

    Trees and models have none, and for a large file the search takes as long as the reading.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


@collector_paused()
def parse(
    text: str, file: str, repeated: list[Fault] | None = None, limits: Limits | None = None
) -> Mapping:
    """The tree of a component or pipeline file; `limits` are those of its kind if none are given.

    Raises InvalidFile with the place of the first thing that cannot be accepted, or of every key
    that was written twice and every character that cannot be used. Where `repeated` is given, a
    key that was written twice is noted there as a warning and its last value counts: the caller
    knows by the tree whose file it is, and whether to let it pass.
    """
    text = text.removeprefix("\ufeff")
    if limits is None:
        limits = PIPELINE_LIMITS if _IS_PIPELINE.search(text) else COMPONENT_LIMITS
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > limits.size:
        message = f"the file has {size:,} bytes; at most {limits.size:,} are read"
        raise InvalidFile([Fault(file, 1, 1, "", "error", message)])
    builder = _Builder(file, limits.nodes, repeated)
    if _is_json(text):
        _walk_json(text, builder)
    else:
        _walk_yaml(text, builder)
    return builder.result()


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith("{"):
        return False
    try:
        json.loads(text, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True


def _walk_json(text: str, builder: _Builder) -> None:
    """Hands on what `text`, which is JSON for certain, is made of."""
    line, line_start, seen = 1, 0, 0
    for match in _JSON_TOKEN.finditer(text):
        start, word = match.start(), match.group()
        if breaks := text.count("\n", seen, start):
            line, line_start = line + breaks, text.rindex("\n", seen, start) + 1
        seen = start
        column = start - line_start + 1
        if word in "{[":
            builder.open(Mapping(line, column) if word == "{" else Sequence(line, column))
        elif word in "}]":
            builder.close()
        elif word not in ":,":
            is_text = word[0] == '"'
            said = json.loads(word) if is_text else word
            builder.add(Scalar(line, column, said, not is_text))


def _walk_yaml(text: str, builder: _Builder) -> None:
    if broken := _NOT_YAML.search(text):
        line_start = text.rfind("\n", 0, broken.start()) + 1
        place = Place(text.count("\n", 0, line_start) + 1, broken.start() - line_start + 1)
        message = f"the character U+{ord(broken[0]):04X} cannot stand in a file as it is"
        raise builder.refusal(place, message)
    try:
        builder.take(_Loader(text).get_event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)
        problem = error.problem or error.context
        if problem and "mapping values are not allowed" in problem:
            problem += "; text with ': ' in it stands in quotes, or as a block after `|`"
        raise builder.refusal(place, f"not YAML: {problem}") from None
    except yaml.YAMLError as error:
        raise builder.refusal(Place(1, 1), f"not YAML: {str(error).splitlines()[0]}") from None


class _Builder:
    """Puts nodes together from events, with a stack instead of recursion."""

    def __init__(self, file: str, max_nodes: int, repeated: list[Fault] | None) -> None:
        self._file = file
        self._repeated = repeated
        self._left = max_nodes
        self._around: list[Sequence | Mapping | None] = []
        self._inmost: Sequence | Mapping | None = None
        self._key: Scalar | None = None
        self._names: dict[str, str] = {}
        self._root: Node | None = None
        self._faults: list[Fault] = []

    def refusal(self, place: Place, message: str) -> InvalidFile:
        return InvalidFile([Fault(self._file, *place, "", "error", message)])

    def result(self) -> Mapping:
        if self._faults:
            raise InvalidFile(self._faults)
        if not isinstance(self._root, Mapping):
            place = self._root.place if self._root else Place(1, 1)
            if self._root is None or (isinstance(self._root, Scalar) and self._root.is_null):
                raise self.refusal(place, "the file is empty")
            raise self.refusal(place, "expected a mapping of fields at the top of the file")
        return self._root

    def take(self, next_event: Callable[[], Any]) -> None:
        """Takes YAML's events until there are no more."""
        while (event := next_event()) is not None:
            kind, mark = event.__class__, event.start_mark
            if kind is yaml.ScalarEvent:
                if event.anchor or event.tag:
                    raise self._refused_extra(event)
                self.add(Scalar(mark.line + 1, mark.column + 1, event.value, not event.style))
            elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
                self.close()
            elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
                if event.anchor or event.tag:
                    raise self._refused_extra(event)
                node = Mapping if kind is yaml.MappingStartEvent else Sequence
                self.open(node(mark.line + 1, mark.column + 1))
            elif kind is yaml.AliasEvent:
                raise self.refusal(
                    _place(event), f"aliases (*{event.anchor}) are not accepted here"
                )
            elif kind is yaml.DocumentStartEvent and self._root is not None:
                raise self.refusal(_place(event), "one document a file: a second one starts here")

    def open(self, node: Sequence | Mapping) -> None:
        """Starts a list or mapping, to which all belongs until it is closed."""
        if len(self._around) >= MAX_DEPTH:
            raise self.refusal(node.place, f"nested deeper than {MAX_DEPTH} levels")
        self.add(node)
        self._around.append(self._inmost)
        self._inmost = node

    def close(self) -> None:
        """Ends the innermost list or mapping."""
        self._inmost = self._around.pop()

    def add(self, node: Node) -> None:
        """Puts a node where the file has it: as the root, an item, a key or a value."""
        self._left -= 1
        if self._left < 0:
            raise self.refusal(node.place, "the file has too many nodes")
        # Only what stands in quotes can hold what an escape stands for.
        if isinstance(node, Scalar) and not node.plain:
            self._check_text(node)
        parent = self._inmost
        if parent is None:
            self._root = node
        elif isinstance(parent, Sequence):
            parent.items.append(node)
        elif self._key is None:
            self._key = self._checked_key(parent, node)
        else:
            parent.entries[self._key.text] = (self._key, node)
            self._key = None

    def _check_text(self, node: Scalar) -> None:
        if broken := _UNUSABLE.search(node.text):
            self._fault(node.place, "", _unusable(broken[0]))

    def _refused_extra(self, event: Any) -> InvalidFile:
        extra = f"anchors (&{event.anchor})" if event.anchor else f"tags ({event.tag})"
        return self.refusal(_place(event), f"{extra} are not accepted here")

    def _checked_key(self, parent: Mapping, node: Node) -> Scalar:
        if not isinstance(node, Scalar):
            raise self.refusal(node.place, "a key must be a plain name")
        if node.plain and node.text == "<<":
            raise self.refusal(node.place, "merge keys (<<) are not accepted here")
        if node.text in parent.entries:
            first = parent.entries[node.text][0].line
            self._note_repeated(node, f"the key '{node.text}' stands twice (first on line {first})")
        node.text = self._names.setdefault(node.text, node.text)  # most are the same few words
        return node

    def _note_repeated(self, key: Scalar, message: str) -> None:
        if self._repeated is None:
            self._fault(key.place, key.text, message)
        else:
            message += "; this one counts"
            fault = Fault(self._file, *key.place, key.text, "warning", message)
            self._repeated.append(fault)

    def _fault(self, place: Place, path: str, message: str) -> None:
        self._faults.append(Fault(self._file, *place, path, "error", message))


def _unusable(character: str) -> str:
    if character == "\0":
        return "a NUL character cannot be passed to a program"
    return f"half a surrogate pair (\\u{ord(character):04x}) is no character"


def _place(event: Any) -> Place:
    mark = event.start_mark
    return Place(mark.line + 1, mark.column + 1)
