"""A file of DataWorks as a tree: which of its forms it is, and what its references stand for.

The JSON of a node of PAI is kept by itself, as the `content` of a text, in a FlowSpec (a
`CycleWorkflow`, or the `Node` that GetNode of dataworks-public-2024-05-18 answers), or in such an
answer as its `Spec`. In a FlowSpec `{{id}}` may stand for what is said elsewhere in it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from millwork.base.errors import InvalidFile
from millwork.base.faults import Fault
from millwork.base.records import dataclass
from millwork.formats.dataworks.model import COMMANDS
from millwork.spec.document import PIPELINE_LIMITS, Mapping, Scalar, Sequence, parse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.spec.document import Node
    from millwork.spec.model import Path

GRAPH = "paiflowPipeline"
_MOST_ANSWERS = 3
_REFERENCE = re.compile(r"\{\{\s*(?:\w+\.)?([^{}]+?)\s*\}\}")


@dataclass(frozen=True)
class Opened:
    """The tree of a file: `root` is a FlowSpec or PAI's JSON, `file` what its faults name."""

    root: Mapping
    file: str

    @property
    def is_flow(self) -> bool:
        """Whether it is a FlowSpec."""
        return _is_flow(self.root)


def is_dataworks(root: Mapping) -> bool:
    """Whether a file is a node of DataWorks by its top-level names, or an answer with one."""
    if "apiVersion" in root.entries:
        return False
    if GRAPH in root.entries or _is_flow(root):
        return True
    name, text = _within(root)
    return name == "Spec" or (name == "content" and GRAPH in text.text)


def opened(root: Mapping, file: str) -> Opened:
    """The tree in which the node stands, out of the texts that it is wrapped in.

    Raises InvalidFile for a text that is no document.
    """
    for _ in range(_MOST_ANSWERS):
        if GRAPH in root.entries or _is_flow(root):
            return Opened(_resolved(root) if _is_flow(root) else root, file)
        name, text = _within(root)
        if not name:
            break
        file = f"{file}: {name}"
        root = parse(text.text, file, limits=PIPELINE_LIMITS)
    message = f"there is no node of PAI in it: it has a text '{GRAPH}', or nodes in a 'spec'"
    raise InvalidFile([Fault(file, *root.place, "", "error", message)])


def _is_flow(root: Mapping) -> bool:
    spec = child(root, "spec")
    return isinstance(spec, Mapping) and isinstance(child(spec, "nodes"), Sequence)


def _within(root: Mapping) -> tuple[str, Scalar]:
    """The name and the text of the document within an answer; no name for none."""
    inner = child(root, "Node")
    for node, names in ((root, ("Spec", "content")), (inner, ("Spec",))):
        for name in names:
            found = child(node, name)
            if isinstance(found, Scalar) and found.text.lstrip().startswith("{"):
                return name, found
    return "", Scalar(*root.place, "")


def child(node: Node | None, *names: str) -> Node | None:
    """What stands there; None for nothing."""
    for name in names:
        entry = node.entries.get(name) if isinstance(node, Mapping) else None
        node = entry[1] if entry else None
    return node


def text_of(node: Node | None) -> str:
    """A scalar's text, empty for anything else."""
    return node.text if isinstance(node, Scalar) and not node.is_null else ""


def bare(text: str) -> str:
    """A name without the braces that say that it is one."""
    found = _REFERENCE.fullmatch(text)
    return found[1] if found else text


def pai_nodes(root: Mapping) -> Iterator[tuple[Path, Node, bool]]:
    """Each node of a FlowSpec, its path, and whether it is one of PAI."""
    nodes = child(root, "spec", "nodes")
    for index, node in enumerate(nodes.items if isinstance(nodes, Sequence) else ()):
        yield ("spec", "nodes", index), node, command_of(node) in COMMANDS


def command_of(node: Node) -> str:
    """What kind of node it is, in DataWorks' words."""
    return text_of(child(node, "script", "runtime", "command"))


def _resolved(root: Mapping) -> Mapping:
    """A FlowSpec whose nodes have what their `{{id}}` stand for."""
    spec = child(root, "spec")
    kept = {name: _by_id(child(spec, f"{name}s")) for name in ("trigger", "script", "variable")}
    for _, node, _ in pai_nodes(root):
        if not isinstance(node, Mapping):
            continue
        for name in ("trigger", "script"):
            _put(node, name, kept[name])
        parameters = child(node, "script", "parameters")
        if isinstance(parameters, Sequence):
            found = kept["variable"]
            parameters.items[:] = [found.get(_named(item), item) for item in parameters.items]
    return root


def _put(node: Mapping, name: str, kept: dict[str, Node]) -> None:
    if name in node.entries:
        key, value = node.entries[name]
        node.entries[name] = (key, kept.get(_named(value), value))


def _named(node: Node) -> str:
    found = _REFERENCE.fullmatch(node.text) if isinstance(node, Scalar) else None
    return found[1] if found else ""


def _by_id(node: Node | None) -> dict[str, Node]:
    items = node.items if isinstance(node, Sequence) else ()
    return {name: item for item in items if (name := text_of(child(item, "id")))}
