"""Files to a tree of definitions, each file read once, every fault of all of them at once.

Files of another cloud are read by their format, and what they leave open is settled here: what
their references stand for on this machine, and what a wire carries once both its ends are known.
"""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from millwork.actions.builtins import builtin_tree, hint_of
from millwork.base.errors import BadRequest, InvalidFile
from millwork.base.faults import Fault
from millwork.base.names import TEMPLATE, is_builtin
from millwork.base.records import dataclass, field
from millwork.spec.document import PIPELINE_LIMITS, Mapping, Scalar, parse
from millwork.spec.model import Component, Pipeline
from millwork.spec.reader import read_root
from millwork.spec.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from millwork.actions.azureml import Maps
    from millwork.spec.fields import Reading
    from millwork.spec.model import Definition, Path

_NAMES = ("pipeline.yaml", "component.yaml")


@dataclass(frozen=True)
class Options:
    """How files are read: with whose maps, whether code must be there, and what a run gives.

    `root` is the folder that nothing may lead out of, for files that somebody has sent. Where
    faults alone are asked for, a schedule's file may be read as well.
    """

    maps: Callable[[], Maps] | None = None
    check_code: bool = True
    given: Collection[str] = ()
    root: str = ""
    with_schedules: bool = False


@dataclass(frozen=True)
class Loaded:
    """A tree without errors, and the warnings of its files."""

    tree: Tree
    warnings: tuple[Fault, ...]


def load(path: str, options: Options = Options()) -> Loaded:  # noqa: B008 - it is frozen
    """The component or pipeline at `path`; a folder stands for its file, `builtin:NAME` for a
    component of the catalogue, `template:NAME` for one of its pipelines.

    Raises BadRequest if there is no such file, InvalidFile with every fault of it and of the
    files that it names.
    """
    loader = _Loader(options)
    tree = _tree(path, loader)
    if tree is None or any(fault.severity == "error" for fault in loader.faults):
        raise InvalidFile(loader.faults)
    return Loaded(tree, tuple(loader.faults))


def check(path: str, options: Options = Options()) -> tuple[Fault, ...]:  # noqa: B008
    """Every fault of the file at `path` and of the files that it names."""
    loader = _Loader(options)
    try:
        _tree(path, loader)
    except InvalidFile as error:
        return error.faults
    except BadRequest as error:
        return (Fault(path, 0, 0, "", "error", str(error)),)
    return tuple(loader.faults)


def _tree(path: str, loader: _Loader) -> Tree | None:
    """The tree that is asked for; None if it has faults, which the loader has noted."""
    return builtin_tree(path) if is_builtin(path) else loader.load(_file(path), ())


def _file(path: str) -> str:
    """The file that is asked for; the files that it names are no templates."""
    if path.startswith(TEMPLATE):
        from millwork.catalogue.templates import template_file

        return template_file(path)
    return _in_folder(path)


def _in_folder(path: str) -> str:
    if not os.path.isdir(path):
        return path
    for name in _NAMES:
        if os.path.isfile(os.path.join(path, name)):
            return os.path.join(path, name)
    raise BadRequest(f"{path} is a folder with neither {' nor '.join(_NAMES)} in it")


@dataclass
class _Loader:
    options: Options
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
            text = self._read(path)
            repeated: list[Fault] = []
            root = parse(text, path, repeated)
            if self.options.with_schedules and len(trail) == 1 and _is_schedule(root):
                self.faults += _faults_of_schedule(text, path)
                return None
            definition, reading = self._read_any(root, text, path, repeated)
        except InvalidFile as error:
            self.faults += error.faults
            self._look_below(root, path, trail)
            return None
        source = replace(definition.source, folder=os.path.dirname(os.path.abspath(path)))
        definition = replace(definition, source=source)
        if isinstance(definition, Component):
            check_code(self.options.root, definition)
        if definition.flavour.startswith("azureml"):
            definition = self._resolved(definition, is_top=len(trail) == 1)
        tree = self._grown(definition, path, trail, reading)
        self.faults += reading.faults
        return tree

    def _found(self, path: str) -> str:
        """The file that a path stands for; outside of `root` not even folders are looked at."""
        check_inside(self.options.root, path)
        return _in_folder(path)

    def _read(self, path: str) -> str:
        check_inside(self.options.root, path)
        return read_file(path)

    def _grown(
        self, definition: Definition, path: str, trail: tuple[str, ...], reading: Reading
    ) -> Tree:
        """The tree of a definition in the file at `path`, its wires checked."""
        if isinstance(definition, Component):
            return Tree(_completed(definition, ("command",), reading))
        children = self._children(definition, path, trail, reading)
        source = replace(definition.source, places={}, text="")
        for name, own in definition.definitions.items():
            inner = replace(own, source=source)
            if isinstance(inner, Component):
                check_code(self.options.root, inner)
                children[name] = Tree(_completed(inner, ("nodes", name, "command"), reading))
            else:
                below = getattr(reading, "inner", {})[name]
                children[name] = self._grown(inner, path, trail, below)
        return settled(Tree(definition, children), reading)

    def _resolved(self, definition: Definition, *, is_top: bool) -> Definition:
        from millwork.actions.azureml import resolved

        def bridge(file: str) -> Definition:
            return load(file, replace(self.options, given=())).tree.definition

        maps = self.options.maps() if self.options.maps else None
        return resolved(definition, maps, bridge, self.options.given if is_top else ())

    def _read_any(
        self, root: Mapping, text: str, path: str, repeated: list[Fault]
    ) -> tuple[Definition, Reading]:
        if "apiVersion" not in root.entries:
            from millwork.formats import azureml, pai

            if azureml.is_azureml(root):
                from millwork.actions.azureml import files_around

                check = partial(check_inside, self.options.root)
                files = files_around(path, self.options.check_code, self._read, check)
                return azureml.read_azureml(root, text, path, files, repeated)
        if repeated:
            parse(text, path)  # raises: only AzureML's own loader lets the last one count
        if "apiVersion" not in root.entries and pai.is_pai(root):
            return pai.read_pai(root, text, path)
        return read_root(root, text, path)

    def _look_below(self, root: Mapping | None, path: str, trail: tuple[str, ...]) -> None:
        """Finds the faults of the components of a pipeline that has faults itself."""
        nodes = root.entries.get("nodes") if root else None
        entries = nodes[1].entries if nodes and isinstance(nodes[1], Mapping) else {}
        for _, node in entries.values():
            component = node.entries.get("component") if isinstance(node, Mapping) else None
            if component and isinstance(component[1], Scalar):
                with suppress(BadRequest):
                    file = self._found(os.path.join(os.path.dirname(path), component[1].text))
                    if os.path.realpath(file) not in trail:
                        self.load(os.path.normpath(file), trail)

    def _children(
        self, pipeline: Pipeline, path: str, trail: tuple[str, ...], reading: Reading
    ) -> dict[str, Tree]:
        folder = os.path.dirname(path)
        children = {}
        for name, node in pipeline.nodes.items():
            at = ("nodes", name, "component")
            if name in pipeline.definitions or _is_refused(pipeline, node.component):
                continue
            if "://" in node.component and not is_builtin(node.component):
                reading.fault(at, "only files are read; give a path relative to this file")
                continue
            try:
                if is_builtin(node.component):
                    children[name] = builtin_tree(node.component)
                    continue
                file = self._found(os.path.join(folder, node.component))
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


def settled(tree: Tree, reading: Reading) -> Tree:
    """A pipeline's tree with its wires checked, and of Azure ML's what they left open."""
    from millwork.plan.scheduling import check_commands
    from millwork.spec.wiring import check_wiring

    if tree.definition.flavour == "azureml-v2":
        from millwork.formats.azureml.notes import AzureNames
        from millwork.formats.azureml.settle import settle

        assert isinstance(reading, AzureNames)
        tree = settle(tree, reading)
    check_wiring(tree, reading)
    check_commands(tree, reading)
    return tree


def check_inside(root: str, path: str) -> None:
    """Raises BadRequest for a path that leads out of `root`, by its words or by links."""
    if root and not f"{os.path.realpath(path)}/".startswith(f"{os.path.realpath(root)}/"):
        raise BadRequest(f"{os.path.relpath(path, root)}: leads out of what was sent")


def check_code(root: str, component: Component) -> None:
    """Raises BadRequest if a component's code is not all within `root`, if there is one."""
    if not root:
        return
    code, folder = component.code, component.source.folder
    if code.git:
        raise BadRequest(
            f"'{component.name}': code at {code.git}: a server takes code from what is sent with a "
            "run, or from a code source of the workspace"
        )
    for path in filter(None, (code.path, *code.includes)):
        check_inside(root, os.path.join(folder, path))
    if code.path and not os.path.exists(os.path.join(folder, code.path)):
        raise BadRequest(f"'{component.name}': its code, {code.path}, is not in what was sent")


def _is_schedule(root: Mapping) -> bool:
    _, kind = root.entries.get("kind", (None, None))
    return isinstance(kind, Scalar) and kind.text == "Schedule"


def _faults_of_schedule(text: str, path: str) -> list[Fault]:
    """The warnings of a schedule's file; raises InvalidFile with its faults."""
    from millwork.spec.schedule_file import read_schedule  # only who has one pays for it

    _, reading = read_schedule(text, path)
    return reading.faults


def read_file(path: str) -> str:
    """The text of a file; BadRequest if it cannot be read, InvalidFile if it is none."""
    try:
        with open(path, encoding="utf-8") as file:
            return file.read(PIPELINE_LIMITS.size + 1)  # a longer file is refused by its length
    except UnicodeDecodeError as error:
        message = f"not UTF-8 text (byte {error.start})"
        raise InvalidFile([Fault(path, 1, 1, "", "error", message)]) from None
    except OSError as error:
        hint = hint_of(path) if isinstance(error, FileNotFoundError) else ""
        raise BadRequest(f"cannot read {path}: {error.strerror}{hint}") from None


def _is_refused(pipeline: Pipeline, component: str) -> bool:
    """Whether it is a reference without an entry, which is one of the pipeline's refusals."""
    if pipeline.flavour != "azureml-v2" or is_builtin(component):
        return False
    from millwork.formats.azureml.references import is_reference

    return is_reference(component)


def _completed(component: Component, at: Path, reading: Reading) -> Component:
    if component.syntax == "shell":
        return component
    from millwork.actions.azureml import completed

    return completed(component, at, reading)
