"""The field table's language: types that read a node, describe themselves, and give a JSON Schema.

One table of `Field`s is the reader, the schema, the documentation and, later, the console's form
(DESIGN decision 7). A type never stops at the first fault: it notes it and goes on.
"""

from __future__ import annotations

import math
import re
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Protocol

from millwork.base.errors import BadRequest
from millwork.base.faults import Fault
from millwork.base.records import dataclass, field
from millwork.base.sizes import parse_duration, parse_size
from millwork.spec.document import Mapping, Place, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from millwork.spec.document import Node
    from millwork.spec.model import Path

_WHOLE = re.compile(r"[-+]?[0-9]{1,19}")
_MOST_SUGGESTIONS = 50
_MOST_OPTIONS = 1000
INVALID: Final = object()
"""What a type returns for a node it could not read; the fault is noted already."""


@dataclass
class Reading:
    """One reading of one file: the faults found so far, and where every field stands."""

    file: str
    faults: list[Fault] = field(default_factory=list)
    places: dict[Path, Place] = field(default_factory=dict)
    _broken: set[Path] = field(default_factory=set)

    def fault(self, path: Path, message: str, severity: str = "error") -> Any:
        """Notes a fault at `path`, unless something at or above it is already wrong."""
        if self.is_broken(path):
            return INVALID
        place = self._place(path)
        text = dotted(path)
        self.faults.append(Fault(self.file, place.line, place.column, text, severity, message))
        if severity == "error":
            self._broken.add(path)
        return INVALID

    def is_broken(self, path: Path) -> bool:
        """Whether something at or above `path` is wrong."""
        if not self._broken:
            return False
        return any(path[:length] in self._broken for length in range(1, len(path) + 1))

    def faulty(self) -> set[Path]:
        """Every place that is wrong, or that holds something wrong."""
        return {path[:length] for path in self._broken for length in range(1, len(path) + 1)}

    def nearest(self, text: str, options: Collection[str]) -> str:
        """`; did you mean ...?` with the closest of `options`, or nothing.

        Only for the first faults, and not for a crowd: comparing texts is slow.
        """
        if len(self.faults) >= _MOST_SUGGESTIONS or len(options) > _MOST_OPTIONS:
            return ""
        from difflib import get_close_matches

        near = get_close_matches(text, options, n=1)
        return f"; did you mean '{near[0]}'?" if near else ""

    def _place(self, path: Path) -> Place:
        for length in range(len(path), -1, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return Place(0, 0)


def dotted(path: Path) -> str:
    """A path for people: `nodes.train.after[0]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


class Type(Protocol):
    """How a field is read, described and offered to editors."""

    @property
    def label(self) -> str:
        """What may stand here, for people."""

    @property
    def blank(self) -> Any:
        """What stands in for a required field that is missing, so that reading can go on."""

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        """The value, or INVALID with a fault noted."""

    def schema(self) -> dict[str, Any]:
        """This type in JSON Schema, draft 2020-12."""


@dataclass(frozen=True)
class Field:
    """A row of the table: its name in files, its type, what it means, and its default in words."""

    name: str
    type: Type
    doc: str
    required: bool = False
    default: str = ""
    attribute: str = ""


def _scalar(node: Node, path: Path, reading: Reading, expected: str) -> Any:
    if isinstance(node, Scalar) and not node.is_null:
        return node.text
    return reading.fault(path, f"expected {expected}, found {_kind(node)}")


def _kind(node: Node) -> str:
    if isinstance(node, Scalar):
        return "nothing" if node.is_null else _shown(node.text)
    return "a list" if isinstance(node, Sequence) else "a mapping"


@dataclass(frozen=True)
class Text:
    """Text, kept as written; `rule` says in words what `check` accepts."""

    check: Callable[[str], bool] | None = None
    rule: str = ""
    label: str = "text"
    blank: str = ""

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        text = _scalar(node, path, reading, "text")
        if text is INVALID:
            return text
        if self.check and not self.check(text):
            return reading.fault(path, f"{_shown(text)} is not accepted: {self.rule}")
        return text

    def schema(self) -> dict[str, Any]:
        # Numbers and booleans without quotes are text here, and editors must not complain.
        return {"type": ["string", "number", "boolean"]}


@dataclass(frozen=True)
class Parsed(Text):
    """Text that `parse` makes a value of; it raises ValueError with what was expected."""

    parse: Callable[[str], Any] = str

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        text = super().read(node, path, reading)
        if text is INVALID:
            return text
        try:
            return self.parse(text)
        except (ValueError, BadRequest) as error:
            return reading.fault(path, printable(error))


@dataclass(frozen=True)
class Constant:
    """The one text that may stand here."""

    text: str
    label: str = ""
    blank: str = ""

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        text = _scalar(node, path, reading, f"'{self.text}'")
        if text is INVALID or text == self.text:
            return text
        return reading.fault(path, f"expected '{self.text}', found {_shown(text)}")

    def schema(self) -> dict[str, Any]:
        return {"const": self.text}


@dataclass(frozen=True)
class Choice:
    """One of a few words."""

    options: tuple[str, ...]
    blank: str = ""

    @property
    def label(self) -> str:
        return f"one of {', '.join(self.options)}"

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        text = _scalar(node, path, reading, f"one of {', '.join(self.options)}")
        if text is INVALID or text in self.options:
            return text
        near = reading.nearest(text, self.options)
        options = ", ".join(self.options)
        return reading.fault(path, f"{_shown(text)} is not one of {options}{near}")

    def schema(self) -> dict[str, Any]:
        return {"enum": list(self.options)}


@dataclass(frozen=True)
class Bool:
    """`true` or `false`."""

    label: str = "true or false"
    blank: bool = False

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        text = _scalar(node, path, reading, "true or false")
        if text is INVALID:
            return text
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
        return reading.fault(path, f"expected true or false, found {_shown(text)}")

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True)
class Number:
    """A number within bounds; whole when `whole`."""

    minimum: float
    maximum: float
    whole: bool = True
    above: bool = False
    blank: float = 0

    @property
    def label(self) -> str:
        kind = "whole number" if self.whole else "number"
        if not math.isfinite(self.minimum):
            return kind
        return f"{kind} {'>' if self.above else '>='} {self.minimum:g}"

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        text = _scalar(node, path, reading, self.label)
        if text is INVALID:
            return text
        number = self._number(text)
        if number is None or not math.isfinite(number):
            return reading.fault(path, f"expected a {self.label}, found {_shown(text)}")
        low = number > self.minimum if self.above else number >= self.minimum
        if low and number <= self.maximum:
            return number
        return reading.fault(path, f"{_shown(text)} is not a {self.label} and <= {self.maximum:g}")

    def _number(self, text: str) -> float | None:
        if self.whole:
            return int(text) if _WHOLE.fullmatch(text) else None
        try:
            return None if "_" in text else float(text)
        except ValueError:
            return None

    def schema(self) -> dict[str, Any]:
        low = "exclusiveMinimum" if self.above else "minimum"
        bounds = {low: self.minimum, "maximum": self.maximum}
        finite = {name: bound for name, bound in bounds.items() if math.isfinite(bound)}
        return {"type": "integer" if self.whole else "number", **finite}


@dataclass(frozen=True)
class Measured:
    """Text with a unit, read by `parse`, which raises ValueError with the rule."""

    parse: Callable[[str], float]
    label: str
    may_be_zero: bool = False
    blank: None = None

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        text = _scalar(node, path, reading, self.label)
        if text is INVALID:
            return text
        try:
            measure = self.parse(text)
        except ValueError as error:
            return reading.fault(path, f"{_shown(text)} is not a {self.label}: {error}")
        if self.may_be_zero:
            return measure
        return measure or reading.fault(path, f"{_shown(text)} is no {self.label}: leave it out")

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number"]}


DURATION = Measured(parse_duration, "duration")
PAUSE = Measured(parse_duration, "duration", may_be_zero=True)
SIZE = Measured(parse_size, "size")


@dataclass(frozen=True)
class ListOf:
    """A list whose items have one type."""

    item: Type
    blank: tuple[()] = ()

    @property
    def label(self) -> str:
        return f"list of {self.item.label}"

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        if not isinstance(node, Sequence):
            return reading.fault(path, f"expected a {self.label}, found {_kind(node)}")
        values = []
        for index, item in enumerate(node.items):
            reading.places[(*path, index)] = item.place
            values.append(self.item.read(item, (*path, index), reading))
        return tuple(value for value in values if value is not INVALID)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.item.schema()}


@dataclass(frozen=True)
class MapOf:
    """Names, each with a value of one type, in the file's order."""

    value: Type
    check: Callable[[str], bool] | None = None
    rule: str = ""
    reserved: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        return f"name: {self.value.label}"

    @property
    def blank(self) -> dict[str, Any]:
        return {}

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        if not isinstance(node, Mapping):
            return reading.fault(path, f"expected a mapping of names, found {_kind(node)}")
        values = {}
        for name, (key, value) in node.entries.items():
            at = (*path, name)
            reading.places[at] = key.place
            if self.check and not self.check(name):
                reading.fault(at, f"{_shown(name)} is not accepted as a name: {self.rule}")
            elif name in self.reserved:
                reading.fault(at, f"'{name}' is a word of the language and names nothing else")
            else:
                values[name] = self.value.read(value, at, reading)
        return {name: value for name, value in values.items() if value is not INVALID}

    def schema(self) -> dict[str, Any]:
        return {"type": "object", "additionalProperties": self.value.schema()}


def _as_read(given: dict[str, Any], _path: Path, _reading: Reading) -> dict[str, Any]:
    return given


@dataclass(frozen=True)
class Record:
    """A mapping with known fields; `build` makes the model object of what was read, if one is."""

    name: str
    fields: tuple[Field, ...]
    build: Callable[[dict[str, Any], Path, Reading], Any] = _as_read
    blank: None = None

    @property
    def label(self) -> str:
        return self.name

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        if not isinstance(node, Mapping):
            message = f"expected fields ({self._names}), found {_kind(node)}"
            return reading.fault(path, message)
        values: dict[str, Any] = {}
        for name, (key, value) in node.entries.items():
            at = (*path, name)
            reading.places[at] = key.place
            row = self.rows.get(name)
            if row is None:
                reading.fault(at, f"unknown field{self._instead(name, reading)}")
            elif not (isinstance(value, Scalar) and value.is_null):
                read = row.type.read(value, at, reading)
                if read is not INVALID:
                    values[row.attribute or name] = read
        for row in self._required:
            attribute = row.attribute or row.name
            if attribute not in values:
                # The blank lets the rules speak about all the other fields.
                values[attribute] = row.type.blank
                reading.places.setdefault(path, node.place)
                reading.fault((*path, row.name), f"missing: {row.doc[0].lower()}{row.doc[1:]}")
        return self.build(values, path, reading)

    @cached_property
    def rows(self) -> dict[str, Field]:
        return {row.name: row for row in self.fields}

    @cached_property
    def _required(self) -> tuple[Field, ...]:
        return tuple(row for row in self.fields if row.required)

    @property
    def _names(self) -> str:
        return ", ".join(self.rows)

    def _instead(self, name: str, reading: Reading) -> str:
        return reading.nearest(name, self.rows) or f"; a {self.name} has: {self._names}"

    def schema(self) -> dict[str, Any]:
        properties = {}
        for row in self.fields:
            default = {"default": row.default} if row.default else {}
            properties[row.name] = {**row.type.schema(), "description": row.doc, **default}
        return {
            "type": "object",
            "properties": properties,
            "required": [row.name for row in self.fields if row.required],
            "additionalProperties": False,
        }


@dataclass(frozen=True)
class ByShape:
    """One of several types, chosen by whether a scalar, a list or a mapping stands there."""

    scalar: Type | None = None
    sequence: Type | None = None
    mapping: Type | None = None
    blank: None = None

    @property
    def _types(self) -> tuple[Type, ...]:
        return tuple(kind for kind in (self.scalar, self.sequence, self.mapping) if kind)

    @property
    def label(self) -> str:
        return ", or ".join(kind.label for kind in self._types)

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        if isinstance(node, Scalar):
            kind = self.scalar
        else:
            kind = self.sequence if isinstance(node, Sequence) else self.mapping
        if kind is None:
            return reading.fault(path, f"expected {self.label}, found {_kind(node)}")
        return kind.read(node, path, reading)

    def schema(self) -> dict[str, Any]:
        return {"anyOf": [kind.schema() for kind in self._types]}


_TEXT = Text()
_TEXTS = ListOf(_TEXT)


@dataclass(frozen=True)
class Raw:
    """A scalar or a list of scalars as text, converted when the declared type is known."""

    label: str = "value"
    blank: None = None

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        if isinstance(node, Sequence):
            return _TEXTS.read(node, path, reading)
        return _TEXT.read(node, path, reading)

    def schema(self) -> dict[str, Any]:
        return {"type": ["string", "number", "boolean", "array"]}


def plain(model: Callable[..., Any]) -> Callable[[dict[str, Any], Path, Reading], Any]:
    """A `build` that passes the fields to `model` by name."""
    return lambda values, _path, _reading: model(**values)


def printable(error: Exception) -> str:
    """What an error says; a text in it may hold what a terminal obeys: that is escaped."""
    return "".join(each if each.isprintable() else ascii(each)[1:-1] for each in str(error))


def _shown(text: str) -> str:
    shortened = text if len(text) <= 60 else text[:57] + "..."
    return ascii(shortened) if not shortened.isprintable() else f"'{shortened}'"
