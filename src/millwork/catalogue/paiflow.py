"""PAIFlow's manifests as pipelines of built-in components, one for each graph in a graph."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from millwork.base.errors import InvalidFile
from millwork.base.records import dataclass
from millwork.catalogue.pai_graph import PaiGraph, Setting, Variable
from millwork.spec import scheduling
from millwork.spec.model import Input, Reference

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.formats.paiflow.model import Argument, Manifest, Origin
    from millwork.spec.fields import Reading
    from millwork.spec.model import Path, Pipeline

_WHERE = "where PAI computes: here the engine and the node's resources say that"
_INNER = "pipeline.yaml"


@dataclass(frozen=True)
class Family:
    """A pipeline, and those that its nodes name, by their files' paths.

    `losses` are the path and the reason of each thing that they do not carry.
    """

    pipeline: Pipeline
    files: Mapping[str, Pipeline]
    losses: tuple[tuple[str, str], ...]


def manifest_to_pipelines(
    manifest: Manifest, reading: Reading, scheduled: Mapping[str, str] | None = None
) -> Family:
    """The pipeline that a manifest describes, with those that stand in it.

    `scheduled` are scheduling parameters, which each of them lists if they stand in it. Raises
    InvalidFile for what is no graph.
    """
    files: dict[str, Pipeline] = {}
    graph = _Graph(manifest, reading, files, "", scheduled or {})
    if any(fault.severity == "error" for fault in reading.faults):
        raise InvalidFile(reading.faults)
    pipeline = graph.finished()
    losses = tuple((fault.path, fault.message) for fault in reading.faults)
    return Family(pipeline, files, losses)


class _Graph:
    """One graph; `files` has those within it, and `folder` is where its own file lies."""

    def __init__(
        self, manifest: Manifest, reading: Reading, files: dict[str, Pipeline], folder: str,
        scheduled: Mapping[str, str],
    ) -> None:  # fmt: skip
        self._manifest, self._reading, self._files, self._folder = manifest, reading, files, folder
        self._scheduled = scheduled
        self._inner: dict[str, _Graph] = {}
        usable = [each for each in manifest.parameters if each.type != "Map"]
        for each in manifest.parameters:
            if each not in usable:
                reading.fault(each.path, f"'{each.name[:60]}': {_WHERE}", "warning")
        self._maps = {each.name for each in manifest.parameters if each not in usable}
        variables = {each.name: Variable(*each) for each in usable}
        self.graph = PaiGraph(reading, variables, scheduled)
        for port in manifest.inputs:
            own = Input(port.kind, required=port.required, description=port.description)
            self.graph.add_input(_key(port.name), own, port.name)
        self._keys = _keys(manifest.pipelines)
        for task in manifest.pipelines:
            self._add(task)
        for task in manifest.pipelines:
            self._wire(task)
        self._give()

    def finished(self) -> Pipeline:
        """The pipeline."""
        manifest = self._manifest
        for key, inner in self._inner.items():
            path = f"{self._folder}{self.graph.name_of(key)}/"
            self._files[f"{path}{_INNER}"] = _with_used(inner.finished())
        title = manifest.title or manifest.name
        return self.graph.pipeline(title, "", self._reading.file)

    def _add(self, task: Manifest) -> None:
        key = self._keys.get(task.name, task.name)
        if key in self.graph:
            self._reading.fault(task.path, f"'{task.name[:60]}' stands twice")
            return
        wanted = task.title or task.name
        if task.pipelines:
            name = self.graph.add_pipeline(key, wanted, task.path)
            folder = f"{self._folder}{name}/"
            self._inner[key] = _Graph(task, self._reading, self._files, folder, self._scheduled)
            return
        settings = [
            Setting(each.name, each.value, each.path)
            for each in task.settings
            if each.value is not None
        ]
        self.graph.add(key, wanted, task.identifier, settings, task.path, task.provider)
        if task.image and self.graph.is_foreign(key):
            what = f"what its container ran is not carried over: {task.image[:100]}"
            self.graph.leave((*task.path, "spec", "container"), what)

    def _wire(self, task: Manifest) -> None:
        key = self._keys.get(task.name, task.name)
        for each in task.artifacts:
            self._connect(key, each)
        settings = [self._setting(key, each) for each in task.settings]
        self.graph.set(key, [each for each in settings if each])
        for index, other in enumerate(task.after):
            at = (*task.path, "spec", "dependencies", index)
            found = self._found(other, at)
            if found:
                self.graph.wait(key, found, at)

    def _connect(self, key: str, argument: Argument) -> None:
        if argument.origin is None:
            self.graph.leave(argument.path, "no wire: whoever runs the pipeline gives the data")
            return
        source = self._source(argument.origin, argument.path)
        if source:
            port = argument.name
            if key in self._inner:
                port = self._inner[key].graph.input_name(_key(port)) or port
            self.graph.connect(*source, key, port, argument.path)

    def _source(self, origin: Origin, path: Path) -> tuple[str, str] | None:
        """The key and the output that an artifact comes from; None with the fault noted."""
        if origin.pipeline:
            found = self._found(origin.pipeline, path)
            return (found, origin.name) if found else None
        if _key(origin.name) in self.graph:
            return _key(origin.name), origin.name
        self._reading.fault(path, f"the pipeline has no input '{origin.name[:60]}'")
        return None

    def _setting(self, key: str, argument: Argument) -> Setting | None:
        """A parameter that comes from elsewhere, with what it is called there."""
        origin, name = argument.origin, argument.name
        if origin is None:
            return None  # it is set already
        if key in self._inner:
            name = self._inner[key].graph.parameter_name(name) or name
        if origin.pipeline:
            found = self._found(origin.pipeline, argument.path)
            wire = self.graph.source(found, origin.name, argument.path) if found else None
            return Setting(name, wire, argument.path) if wire else None
        if origin.name in self._maps:
            self.graph.leave(argument.path, f"'{argument.name[:60]}': {_WHERE}")
            return None
        if self.graph.parameter_name(origin.name) is None:
            self._reading.fault(
                argument.path, f"the pipeline has no parameter '{origin.name[:60]}'"
            )
            return None
        return Setting(name, Reference("parameters", origin.name), argument.path)

    def _give(self) -> None:
        for port in self._manifest.outputs:
            if port.origin is None or not port.origin.pipeline:
                self.graph.leave(port.path, "an output comes from a component of the pipeline")
                continue
            source = self._source(port.origin, port.path)
            wire = self.graph.source(*source, port.path) if source else None
            if wire:
                self.graph.give(port.name, wire, port.path)

    def _found(self, name: str, path: Path) -> str:
        key = self._keys.get(name, "")
        if not key:
            self._reading.fault(path, f"there is no pipeline '{name[:60]}' in it")
        return key


def _with_used(pipeline: Pipeline) -> Pipeline:
    """A pipeline that lists no more scheduling parameters than stand in its nodes."""
    used = {
        name
        for node in pipeline.nodes.values()
        for value in node.parameters.values()
        for name in scheduling.names_in(pipeline, value)
    }
    listed = pipeline.scheduling_parameters.items()
    return replace(pipeline, scheduling_parameters={n: text for n, text in listed if n in used})


def _key(name: str) -> str:
    """What stands for an input of the graph; no pipeline is called so."""
    return f"inputs {name}"


def _keys(tasks: tuple[Manifest, ...]) -> dict[str, str]:
    """The tasks by name, and by identifier, as PAI's own examples name some."""
    found: dict[str, str] = {}
    for task in tasks:
        found.setdefault(task.identifier, task.name)
    return found | {task.name: task.name for task in tasks}
