"""The types that AzureML's field tables are made of, beside those of `millwork.spec.fields`."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from millwork.base.records import dataclass
from millwork.spec.document import Mapping, Scalar, Sequence
from millwork.spec.fields import INVALID, Bool, ByShape, ListOf, Record, Text

if TYPE_CHECKING:
    from millwork.spec.document import Node
    from millwork.spec.fields import Reading
    from millwork.spec.model import Path

_TRUE = frozenset({"true", "t", "yes", "y", "on", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "off", "0"})
_NUMBER = re.compile(
    r"[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*(\.[0-9_]*)?([eE][-+][0-9]+)?|\.[0-9]+"
    r"|\.(inf|Inf|INF))|\.(nan|NaN|NAN)"
)
_BOOLEANS = frozenset({"true", "false", "yes", "no", "on", "off"})
UNKNOWN = "unknown fields"


def is_number(node: Node) -> bool:
    """Whether YAML 1.1 reads a number there."""
    return isinstance(node, Scalar) and node.plain and _NUMBER.fullmatch(node.text) is not None


def is_boolean(node: Node) -> bool:
    """Whether YAML 1.1 reads a boolean there."""
    return isinstance(node, Scalar) and node.plain and node.text.lower() in _BOOLEANS


def is_finite(text: str) -> bool:
    """Whether a text is a number that is not infinite."""
    try:
        return math.isfinite(float(text))
    except ValueError:
        return False


def plain(node: Node) -> Any:
    """A part of a file as dict, tuple and text; nothing is the empty text."""
    if isinstance(node, Mapping):
        return {name: plain(value) for name, (_, value) in node.entries.items()}
    if isinstance(node, Sequence):
        return tuple(plain(item) for item in node.items)
    return "" if node.is_null else node.text


def no_build(given: dict[str, Any], _path: Path, _reading: Reading) -> dict[str, Any]:
    """A `build` that leaves the fields for a closer look."""
    return given


@dataclass(frozen=True)
class Flag(Bool):
    """True or false, in all of YAML 1.1's words."""

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        """The flag, or INVALID with a fault noted."""
        if isinstance(node, Scalar):
            word = node.text.lower()
            if word in _TRUE or word in _FALSE:
                return word in _TRUE
        return super().read(node, path, reading)


@dataclass(frozen=True)
class AsIs:
    """Anything, as the node that it is, for those who read it by rules of their own."""

    label: str = "anything"
    blank: None = None

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        """The node."""
        reading.places.setdefault(path, node.place)
        return node

    def schema(self) -> dict[str, Any]:
        """All is accepted."""
        return {}


@dataclass(frozen=True)
class Anything:
    """Anything, as dict, tuple and text."""

    label: str = "anything"
    blank: str = ""

    def read(self, node: Node, path: Path, reading: Reading) -> Any:  # noqa: ARG002
        """All of it."""
        return plain(node)

    def schema(self) -> dict[str, Any]:
        """All is accepted."""
        return {}


@dataclass(frozen=True)
class Section:
    """A mapping of which all is kept, scalars as text; its fields' places are noted."""

    label: str = "fields"
    blank: None = None

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        """The mapping as a dict."""
        if not isinstance(node, Mapping):
            return reading.fault(path, "expected a mapping of fields")
        note_places(node, path, reading)
        return plain(node)

    def schema(self) -> dict[str, Any]:
        """Any mapping."""
        return {"type": "object"}


def note_places(node: Node, path: Path, reading: Reading) -> None:
    """Notes where everything within a node stands."""
    if isinstance(node, Mapping):
        for name, (key, value) in node.entries.items():
            reading.places[*path, name] = key.place
            note_places(value, (*path, name), reading)
    elif isinstance(node, Sequence):
        for index, item in enumerate(node.items):
            reading.places[*path, index] = item.place
            note_places(item, (*path, index), reading)


class Words(ByShape):
    """A list of texts, of which one may stand by itself."""

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        """The texts as a tuple."""
        given = super().read(node, path, reading)
        return (given,) if isinstance(given, str) else given


WORDS = Words(Text(), ListOf(Text()))


class Loose(Record):
    """A record that may have more fields; these are left under UNKNOWN, to be judged."""

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        """The known fields, and the nodes of the others by their names."""
        extra: dict[str, Node] = {}
        if isinstance(node, Mapping):
            for name, (key, value) in node.entries.items():
                if name not in self.rows:
                    extra[name] = value
                    reading.places[*path, name] = key.place
        if extra:
            assert isinstance(node, Mapping)
            known = {name: entry for name, entry in node.entries.items() if name in self.rows}
            node = Mapping(*node.place, known)
        given = super().read(node, path, reading)
        return given if given is INVALID else {**given, UNKNOWN: extra}


def whole(given: dict[str, Any]) -> dict[str, Any]:
    """What a Loose record read, all of it: the known fields, and the others as they stand."""
    known = {name: value for name, value in given.items() if name != UNKNOWN}
    return known | {name: plain(node) for name, node in given.get(UNKNOWN, {}).items()}
