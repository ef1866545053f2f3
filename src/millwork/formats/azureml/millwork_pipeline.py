"""AzureML's pipelines as Millwork's own, and what those cannot say.

The nodes keep the files of their components, which may be of any flavour.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from millwork.base import names
from millwork.base.errors import BadRequest
from millwork.formats.azureml.leftovers import entries_at
from millwork.formats.azureml.millwork import own_input, own_parameter, own_version, usable
from millwork.formats.azureml.references import is_reference
from millwork.spec.document import parse
from millwork.spec.model import LocalPath, Pipeline, Reference
from millwork.spec.scheduling import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from millwork.spec.model import PipelineNode

_CARRIED = frozenset({
    "$schema", "type", "name", "version", "display_name", "description", "tags", "inputs",
    "outputs", "jobs", "component", "experiment_name",
})  # fmt: skip
_CARRIED_OF_JOBS = frozenset({
    "$schema", "type", "component", "inputs", "outputs", "environment_variables", "limits",
    "resources",
})  # fmt: skip


def pipeline_to_millwork(pipeline: Pipeline) -> tuple[Pipeline, list[str]]:
    """The AzureML pipeline as Millwork's, and in words what that does not carry.

    Raises BadRequest unless all its components are files.
    """
    inline = [name for name in pipeline.nodes if name in pipeline.definitions]
    if inline:
        raise BadRequest(
            f"'{pipeline.name}' defines {', '.join(inline)} in its own file; a Millwork pipeline "
            "names a file for each node"
        )
    for name, node in pipeline.nodes.items():
        if ":" in node.component and not names.is_builtin(node.component):
            raise BadRequest(
                f"jobs.{name}.component: {node.component} is a reference; a Millwork pipeline "
                "names a file for each node"
            )
    return _Mover(pipeline).pipeline()


class _Mover:
    """One pipeline, under names that Millwork takes."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._left: list[str] = []
        rules: dict[str, Callable[[str], bool]] = {
            "inputs": names.is_port, "parameters": names.is_parameter, "nodes": names.is_node,
        }  # fmt: skip
        self._names = {kind: self._named(kind, rule) for kind, rule in rules.items()}

    def pipeline(self) -> tuple[Pipeline, list[str]]:
        """The pipeline, and what is left out of it."""
        given, left = self._pipeline, self._left
        for name, data in given.data.items():
            left.append(f"inputs.{name}.path: a run gives the data: -i {name}={data.path}")
        if given.experiment:
            left.append("experiment_name: a Millwork pipeline has no such field")
        own = Pipeline(
            name=given.name,
            version=own_version(given.version, left),
            display_name=given.display_name,
            description=given.description,
            tags=given.tags,
            inputs={
                self._names["inputs"][name]: own_input(name, port, set(), left)
                for name, port in given.inputs.items()
            },
            parameters={
                self._names["parameters"][name]: own_parameter(name, parameter, set(), left)
                for name, parameter in given.parameters.items()
            },
            nodes={
                self._names["nodes"][name]: self._node(name, node)
                for name, node in given.nodes.items()
            },
            outputs={name: self._reference(wire) for name, wire in given.outputs.items()},
        )
        return quoted(own), [*left, *_unread(given)]

    def _named(self, kind: str, rule: Callable[[str], bool]) -> dict[str, str]:
        found: dict[str, str] = {}
        for name in getattr(self._pipeline, kind):
            found[name] = usable(name, rule, map(names.variable_suffix, found.values()))
            if found[name] != name:
                self._left.append(f"{kind}.{name}: it is called {found[name]} here")
        return found

    def _node(self, name: str, node: PipelineNode) -> PipelineNode:
        for port, text in node.file_names.items():
            self._left.append(f"jobs.{name}.outputs.{port}.path: the file is not called {text}")
        for port, wire in node.inputs.items():
            if isinstance(wire, LocalPath) and is_reference(wire.path):
                message = f"{wire.path} is a reference, and no path of this machine"
                self._left.append(f"jobs.{name}.inputs.{port}: {message}")
        return replace(
            node,
            inputs={
                port: wire if isinstance(wire, LocalPath) else self._reference(wire)
                for port, wire in node.inputs.items()
            },
            parameters={port: self._argument(value) for port, value in node.parameters.items()},
            file_names={},
        )

    def _argument(self, value: Any) -> Any:
        return self._reference(value) if isinstance(value, Reference) else value

    def _reference(self, wire: Reference) -> Reference:
        if wire.owner in self._names and wire.owner != "nodes":
            return Reference(wire.owner, self._names[wire.owner].get(wire.name, wire.name))
        return Reference(self._names["nodes"].get(wire.owner, wire.owner), wire.name)


def _unread(pipeline: Pipeline) -> Iterator[str]:
    """A line for each field of the file that is not in the model, and for what could not run."""
    yield from (reason for reason in pipeline.refusals if "\n" not in reason)
    if not pipeline.source.text:
        return
    root = parse(pipeline.source.text, pipeline.source.file, [])
    for name in root.entries.keys() - _CARRIED:
        yield f"{name}: a Millwork pipeline has no such field"
    for job, node in entries_at(root, "jobs").items():
        for name in entries_at(node).keys() - _CARRIED_OF_JOBS:
            yield f"jobs.{job}.{name}: a node has no such field"
    for output, node in entries_at(root, "outputs").items():
        for name in entries_at(node).keys() & {"mode", "path", "name", "version"}:
            yield f"outputs.{output}.{name}: an output has no such field"
