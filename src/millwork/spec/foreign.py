"""Records of dialects that are not ours: they have more fields than are used here."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from millwork.base.records import dataclass
from millwork.spec.document import Mapping, Scalar, Sequence
from millwork.spec.fields import Record

if TYPE_CHECKING:
    from millwork.spec.document import Node
    from millwork.spec.fields import Reading
    from millwork.spec.model import Path


class OpenRecord(Record):
    """A record that may have further fields; each of them is noted as a warning."""

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        """The record, of the fields that are known."""
        if isinstance(node, Mapping):
            known = {}
            for name, entry in node.entries.items():
                if name in self.rows:
                    known[name] = entry
                    continue
                reading.places[*path, name] = entry[0].place
                near = reading.nearest(name, self.rows)
                reading.fault((*path, name), f"this field is not used here{near}", "warning")
            node = Mapping(*node.place, known)
        return super().read(node, path, reading)


class LaxRecord(OpenRecord):
    """An open record that machines write, with many fields that say nothing: those are no loss."""

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        """The record, of the fields that are known and say something."""
        if isinstance(node, Mapping):
            said = {
                name: entry
                for name, entry in node.entries.items()
                if name in self.rows or not _says_nothing(entry[1])
            }
            node = Mapping(*node.place, said)
        return super().read(node, path, reading)


def _says_nothing(node: Node) -> bool:
    if isinstance(node, Scalar):
        return node.is_null or not node.text
    return not (node.items if isinstance(node, Sequence) else node.entries)


@dataclass(frozen=True)
class Anything:
    """Any value: text, a list of texts as a tuple, and what is deeper as a text of JSON."""

    label: str = "value"
    blank: str = ""

    def read(self, node: Node, _path: Path, _reading: Reading) -> Any:
        """The value; it is never refused."""
        if isinstance(node, Scalar):
            return "" if node.is_null else node.text
        if isinstance(node, Sequence) and all(isinstance(item, Scalar) for item in node.items):
            return tuple(item.text for item in node.items if isinstance(item, Scalar))
        return json.dumps(plain(node), ensure_ascii=False)

    def schema(self) -> dict[str, Any]:
        """Whatever there is in JSON."""
        return {}


def plain(node: Node) -> Any:
    """A tree of a file as JSON has it; numbers that stand without quotes stay numbers."""
    if isinstance(node, Mapping):
        return {name: plain(value) for name, (_, value) in node.entries.items()}
    if isinstance(node, Sequence):
        return [plain(item) for item in node.items]
    if not node.plain:
        return node.text
    try:
        return None if node.is_null else json.loads(node.text)
    except ValueError:
        return node.text
