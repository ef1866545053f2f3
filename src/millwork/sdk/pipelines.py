"""`@pipeline`: a function that composes components becomes a pipeline."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from millwork.base.errors import BadRequest, InvalidFile
from millwork.sdk.building import OPEN, Builder
from millwork.sdk.component import Component
from millwork.sdk.definitions import check, define, moved, placeless, read_fields
from millwork.sdk.saving import claim, write
from millwork.sdk.signatures import read_function
from millwork.sdk.wires import Node, Outputs, Wire
from millwork.spec.component import API_VERSION
from millwork.spec.fields import Reading
from millwork.spec.model import Pipeline
from millwork.spec.pipeline import PIPELINE
from millwork.spec.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from millwork.sdk.building import Part
    from millwork.spec.model import Definition


_OF_FRAME = ("inputs", "parameters", "scheduling_parameters")


class PipelineComponent(Component):
    """A pipeline that was composed in Python; `parts` are its nodes' components."""

    file_name = "pipeline.yaml"

    def __init__(self, tree: Tree, parts: Mapping[str, Part]) -> None:
        super().__init__(tree)
        self.parts = parts

    def settled(self, folder: Path) -> Definition:
        """The definition as a file in `folder` says it; parts without a file are written there."""
        pipeline = self.tree.definition
        assert isinstance(pipeline, Pipeline)
        files: dict[int, str] = {}
        for part in self.parts.values():
            if id(part) not in files:
                files[id(part)] = part.file or _write(part, folder, set(files.values()))
        places = {name: files[id(part)] for name, part in self.parts.items()}
        return moved(pipeline, folder, places)


def _write(part: Part, folder: Path, taken: set[str]) -> str:
    name, number = part.node_name, 1
    while (path := folder / "components" / name / part.file_name) and str(path) in taken:
        number += 1
        name = f"{part.node_name}-{number}"
    claim(path)
    write(path, part.settled(path.parent))
    return str(path)


@overload
def pipeline(function: Callable[..., Any], /) -> Component: ...
@overload
def pipeline(**fields: Any) -> Callable[[Callable[..., Any]], Component]: ...
def pipeline(function: Callable[..., Any] | None = None, /, **fields: Any) -> Any:
    """Makes a pipeline of a function that calls components; it is called once, now.

    Its parameters become the pipeline's: int, float, str and bool are parameters, `Input` is an
    input. What it returns becomes the outputs: a dictionary of outputs by name, or one node.
    `fields` are any others of a pipeline file: name, version, description, ...

    BadRequest for what cannot be such a function, InvalidFile for what a file could not hold.
    """
    if function is None:
        return lambda decorated: compose(decorated, fields)
    return compose(function, fields)


def compose(function: Callable[..., Any], fields: Mapping[str, Any]) -> Component:
    """The pipeline that `function` composes."""
    if not inspect.isfunction(function):
        raise BadRequest(f"@pipeline takes a function, not {function!r}")
    signature = read_function(function, "pipeline")
    description = inspect.getdoc(function)
    head = {
        "apiVersion": API_VERSION,
        "kind": "Pipeline",
        "name": function.__name__,
        "version": "1.0.0",
        **({"description": description} if description else {}),
        **signature.document(),
        **fields,
    }
    file = Path(function.__code__.co_filename)
    folder = file.absolute().parent if file.is_file() else Path.cwd()
    builder = Builder(_frame(head, file.name), str(folder))
    token = OPEN.set(builder)
    try:
        returned = function(**builder.wires())
    finally:
        OPEN.reset(token)
    outputs = {name: {"from": builder.own(wire).reference}
               for name, wire in _outputs(function.__name__, returned).items()}  # fmt: skip
    document = {**head, "nodes": builder.documents(), **({"outputs": outputs} if outputs else {})}
    parts = {name: entry.part for name, entry in builder.entries.items()}
    definition = define(document, file.name, builder.folder)
    tree = Tree(definition, {name: part.tree for name, part in parts.items()})
    check(tree)
    return PipelineComponent(tree, parts)


def _frame(head: Mapping[str, Any], file: str) -> Pipeline:
    """The pipeline as far as it is known before its function is called."""
    reading = Reading(file)
    ports = {name: head[name] for name in _OF_FRAME if name in head}
    read = read_fields(PIPELINE, ports, reading)
    if reading.faults:
        raise placeless(InvalidFile(reading.faults))
    return Pipeline(name=str(head["name"]), version="1.0.0", nodes={}, **read)


def _outputs(who: str, returned: Any) -> dict[str, Wire]:
    if returned is None:
        return {}
    if isinstance(returned, Wire):
        return {returned.name: returned}
    if isinstance(returned, Node | Outputs):
        outputs = returned.outputs if isinstance(returned, Node) else returned
        return {name: outputs[name] for name in outputs}
    if not isinstance(returned, dict):
        raise TypeError(
            f"{who}() returns a {type(returned).__name__}: return a dictionary of outputs by name, "
            "a node or an output"
        )
    found = {name: item.wire if isinstance(item, Node) else item for name, item in returned.items()}
    for name, wire in found.items():
        if not isinstance(wire, Wire):
            raise TypeError(f"{who}() returns {wire!r} as '{name}', which is no output of a node")
    return found
