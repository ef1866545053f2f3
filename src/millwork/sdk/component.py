"""Components and pipelines as Python has them: called, run, planned, saved."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cached_property
from inspect import Parameter, Signature
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from millwork.actions.builtins import own_component, put_code
from millwork.base.names import BUILTIN, is_builtin, is_node
from millwork.sdk.arguments import bind
from millwork.sdk.building import OPEN, output_types
from millwork.sdk.definitions import canonical, moved, relative
from millwork.sdk.names import attributes
from millwork.sdk.wires import Wire
from millwork.spec.model import Pipeline
from millwork.spec.pipeline import ROOTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.plan.graph import Arguments
    from millwork.sdk.running import Run, RunOptions
    from millwork.sdk.wires import Node
    from millwork.spec.model import Definition
    from millwork.spec.tree import Tree

_GENERIC = ("component", "pipeline", "algorithm")


class Component:
    """A component or a pipeline, which is one too.

    Called inside a function decorated with `@pipeline`, it becomes a node there. Two are equal if
    their definitions are, wherever their files lie.
    """

    file_name = "component.yaml"

    def __init__(self, tree: Tree, file: str = "") -> None:
        self.tree, self.file = tree, file
        self.__signature__ = _signature(tree)  # what notebooks complete

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Component:
        """The component or pipeline at `path`, a file, or a folder that holds one.

        BadRequest if there is none, InvalidFile with every fault of it.
        """
        from millwork.actions.load import load as load_file

        tree = load_file(os.fspath(path)).tree
        return Component(tree, file_of(tree))

    @property
    def name(self) -> str:
        """As its definition says."""
        return self.tree.definition.name

    @cached_property
    def node_name(self) -> str:
        """What its nodes are called: `train` for `train/component.yaml` and for `train.yaml`."""
        path = Path(self.file)
        stem = path.parent.name if path.stem in _GENERIC else path.stem
        name = stem if self.file and is_node(stem) else self.name.replace(".", "-")[:60]
        return f"{name}-1" if name in ROOTS else name

    def __call__(self, /, **arguments: Any) -> Node:
        """Adds a node to the pipeline that is being composed.

        Inputs take an output of another node, or the node itself if it has one output, or a path;
        parameters a value, a parameter of the pipeline, or a `value` output. TypeError for an
        unknown name, a missing one or a wrong type, ValueError for a value that is not allowed.
        """
        builder = OPEN.get()
        if builder is None:
            raise TypeError(
                f"{self.name} is called outside of a pipeline: call it in a function decorated "
                "with @pipeline, or run it by itself with .run(...)"
            )
        return builder.add(self, arguments)

    def run(self, options: RunOptions | None = None, /, **arguments: Any) -> Run:
        """Runs it to its end and says what came of it; main thread only.

        RunFailed if it did not succeed, unless `RunOptions(check=False)`; BadRequest and
        Unavailable as `millwork run` has them.
        """
        from millwork.sdk.running import RunOptions, run

        given = self._arguments(arguments)
        if self.file:
            return run(self.tree, given, options or RunOptions())
        with TemporaryDirectory(prefix="millwork-") as folder:
            saved = load(self.save(Path(folder).resolve() / self.file_name))
            return run(saved.tree, given, options or RunOptions())

    def plan(self, /, **arguments: Any) -> list[dict[str, Any]]:
        """What would run: each step with its replicas, as `millwork plan --json` has it."""
        from millwork.actions.preview import preview

        return preview(self.tree, self._arguments(arguments))

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes it to a Millwork file, paths in it relative to that file, and returns the path.

        What was written in Python and has no file of its own is put into `components` beside it;
        BadRequest if something is there that was not written so.
        """
        from millwork.sdk.saving import write

        target = Path(path)
        folder = Path(os.path.normpath(target.absolute())).parent
        folder.mkdir(parents=True, exist_ok=True)
        write(target, self.settled(folder))
        return target

    def settled(self, folder: Path) -> Definition:
        """The definition as a file in `folder` says it; what it needs there is written."""
        definition = self.tree.definition
        if is_builtin(self.file):
            put_code(str(folder))
            return own_component(self.file)
        if isinstance(definition, Pipeline):
            files = {name: file_of(child) for name, child in self.tree.children.items()}
            return moved(definition, folder, files)
        if definition.code.git or definition.code.uri:
            return definition
        code = relative(Path(definition.source.folder, definition.code.path), folder)
        return replace(definition, code=replace(definition.code, path=code))

    def _arguments(self, given: Mapping[str, Any]) -> Arguments:
        from millwork.plan.graph import Arguments

        bound = bind(self.name, self.tree, given)
        sources = [*bound.inputs.values(), *bound.parameters.values()]
        if wires := [source for source in sources if isinstance(source, Wire)]:
            raise TypeError(f"'{wires[0].reference}' has no value outside of its pipeline")
        return Arguments({n: str(path) for n, path in bound.inputs.items()}, bound.parameters)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Component):
            return NotImplemented
        return canonical(self.tree) == canonical(other.tree)

    def __hash__(self) -> int:
        return hash((self.name, self.tree.definition.version))

    def __repr__(self) -> str:
        given = ", ".join([*self.tree.inputs, *self.tree.parameters])
        outputs = ", ".join(output_types(self.tree))
        return f"<{self.name} {self.tree.definition.version} ({given}) -> ({outputs})>"


def file_of(tree: Tree) -> str:
    """The absolute path of the file that a definition was read from, or `builtin:NAME`."""
    source = tree.definition.source
    if is_builtin(source.file):
        return source.file
    return str(Path(source.folder, Path(source.file).name))


def load(path: str | os.PathLike[str]) -> Component:
    """The component or pipeline at `path`: see `Component.load`."""
    return Component.load(path)


def builtin(name: str) -> Component:
    """The built-in component of that name, as `load("builtin:NAME")` gives it.

    BadRequest that says which names are near if there is none.
    """
    return Component.load(f"{BUILTIN}{name}")


def _signature(tree: Tree) -> Signature:
    required = {name: port.required for name, port in tree.inputs.items()}
    required |= {n: p.required and p.default is None for n, p in tree.parameters.items()}
    defaults = {name: parameter.default for name, parameter in tree.parameters.items()}
    words = [
        Parameter(
            word,
            Parameter.KEYWORD_ONLY,
            default=Parameter.empty if required[name] else defaults.get(name),
        )
        for word, name in attributes(required).items()
    ]
    return Signature(words)
