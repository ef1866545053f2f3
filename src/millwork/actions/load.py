"""Files to a tree of definitions, each file read once, every fault of all of them at once."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest, InvalidFile
from millwork.base.faults import Fault
from millwork.base.records import dataclass, field
from millwork.spec.document import PIPELINE_LIMITS, Mapping, Scalar, parse
from millwork.spec.model import Pipeline
from millwork.spec.reader import read_root
from millwork.spec.tree import Tree

if TYPE_CHECKING:
    from millwork.spec.fields import Reading
    from millwork.spec.model import Definition

_NAMES = ("pipeline.yaml", "component.yaml")


@dataclass(frozen=True)
class Loaded:
    """A tree without errors, and the warnings of its files."""

    tree: Tree
    warnings: tuple[Fault, ...]


def load(path: str) -> Loaded:
    """The component or pipeline at `path`; a folder stands for its pipeline or component file.

    Raises BadRequest if there is no such file, InvalidFile with every fault of it and of the
    files that it names.
    """
    loader = _Loader()
    tree = loader.load(_in_folder(path), ())
    if tree is None or any(fault.severity == "error" for fault in loader.faults):
        raise InvalidFile(loader.faults)
    return Loaded(tree, tuple(loader.faults))


def check(path: str) -> tuple[Fault, ...]:
    """Every fault of the file at `path` and of the files that it names."""
    loader = _Loader()
    try:
        loader.load(_in_folder(path), ())
    except InvalidFile as error:
        return error.faults
    except BadRequest as error:
        return (Fault(path, 0, 0, "", "error", str(error)),)
    return tuple(loader.faults)


def _in_folder(path: str) -> str:
    if not os.path.isdir(path):
        return path
    for name in _NAMES:
        if os.path.isfile(os.path.join(path, name)):
            return os.path.join(path, name)
    raise BadRequest(f"{path} is a folder with neither {' nor '.join(_NAMES)} in it")


@dataclass
class _Loader:
    faults: list[Fault] = field(default_factory=list)
    _known: dict[str, Tree | None] = field(default_factory=dict)

    def load(self, path: str, trail: tuple[str, ...]) -> Tree | None:
        """The tree of one file; None if it has faults, which are noted."""
        key = os.path.realpath(path)
        if key not in self._known:
            self._known[key] = self._load_new(path, (*trail, key))
        return self._known[key]

    def _load_new(self, path: str, trail: tuple[str, ...]) -> Tree | None:
        root = None
        try:
            text = _read(path)
            root = parse(text, path)
            definition, reading = _read_any(root, text, path)
        except InvalidFile as error:
            self.faults += error.faults
            self._look_below(root, path, trail)
            return None
        folder = os.path.dirname(os.path.abspath(path))
        definition = replace(definition, source=replace(definition.source, folder=folder))
        if not isinstance(definition, Pipeline):
            self.faults += reading.faults
            return Tree(definition)
        from millwork.spec.wiring import check_wiring

        tree = Tree(definition, self._children(definition, path, trail, reading))
        check_wiring(tree, reading)
        self.faults += reading.faults
        return tree

    def _look_below(self, root: Mapping | None, path: str, trail: tuple[str, ...]) -> None:
        """Finds the faults of the components of a pipeline that has faults itself."""
        nodes = root.entries.get("nodes") if root else None
        entries = nodes[1].entries if nodes and isinstance(nodes[1], Mapping) else {}
        for _, node in entries.values():
            component = node.entries.get("component") if isinstance(node, Mapping) else None
            if component and isinstance(component[1], Scalar):
                with suppress(BadRequest):
                    file = _in_folder(os.path.join(os.path.dirname(path), component[1].text))
                    if os.path.realpath(file) not in trail:
                        self.load(os.path.normpath(file), trail)

    def _children(
        self, pipeline: Pipeline, path: str, trail: tuple[str, ...], reading: Reading
    ) -> dict[str, Tree]:
        folder = os.path.dirname(path)
        children = {}
        for name, node in pipeline.nodes.items():
            at = ("nodes", name, "component")
            if "://" in node.component:
                reading.fault(at, "only files are read; give a path relative to this file")
                continue
            try:
                file = _in_folder(os.path.join(folder, node.component))
                if os.path.realpath(file) in trail:
                    reading.fault(at, "the pipeline would contain itself")
                    continue
                child = self.load(os.path.normpath(file), trail)
            except BadRequest as error:
                reading.fault(at, str(error))
                continue
            if child is not None:
                children[name] = child
        return children


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read(PIPELINE_LIMITS.size + 1)  # a longer file is refused by its length
    except UnicodeDecodeError as error:
        message = f"not UTF-8 text (byte {error.start})"
        raise InvalidFile([Fault(path, 1, 1, "", "error", message)]) from None
    except OSError as error:
        raise BadRequest(f"cannot read {path}: {error.strerror}") from None


def _read_any(root: Mapping, text: str, path: str) -> tuple[Definition, Reading]:
    if "apiVersion" not in root.entries:
        from millwork.formats import pai

        if pai.is_pai(root):
            return pai.read_pai(root, text, path)
    return read_root(root, text, path)
