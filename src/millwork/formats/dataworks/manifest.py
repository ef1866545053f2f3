"""A pipeline as a graph of PAIFlow, such as DataWorks keeps in a node, and what that cannot say."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from millwork.base.records import dataclass, field
from millwork.formats.dataworks.parameters import REFERENCE
from millwork.spec import scheduling
from millwork.spec.model import Input, LocalPath, Parameter, Pipeline, PipelineNode, Reference
from millwork.spec.twins import MILLWORK, READER, TABLE_NAME, known
from millwork.spec.values import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from millwork.spec.twins import Twin

COMPUTE = "execution_maxcompute"
_CARRIED = frozenset({
    "name", "display_name", "description", "nodes", "flavour", "source", "inputs", "parameters",
    "outputs", "scheduling_parameters",
})  # fmt: skip
_CARRIED_OF_NODES = frozenset({"component", "inputs", "parameters", "after"})
_EMPTY = Pipeline("", "1.0.0", {})
_EMPTY_NODE = PipelineNode("")
_COLUMN = re.compile(r"[^\s,\[\]${}]+")
_ORIGIN = re.compile(r"\{\{.*\}\}", re.DOTALL)
_NAME_ONLY = re.compile(r"Name$")


@dataclass
class Written:
    """A graph, what it does not carry, and the nodes that it waits for, by node."""

    document: dict[str, Any]
    losses: list[tuple[str, str]]
    waits: dict[str, list[str]] = field(default_factory=dict)


def write_manifest(
    pipeline: Pipeline, twin: Callable[[str], Twin | None], tables: Mapping[str, str]
) -> Written:
    """The graph of a pipeline that reads its inputs from `tables`, by input.

    `twin` says which component of PAI's does the work of the one that a node names.
    """
    return _Writer(pipeline, twin, tables).write()


class _Writer:
    def __init__(
        self, pipeline: Pipeline, twin: Callable[[str], Twin | None], tables: Mapping[str, str]
    ) -> None:
        self._pipeline, self._tables = pipeline, tables
        self._twins = {name: known(node.component, twin) for name, node in pipeline.nodes.items()}
        self._written = Written({}, [])
        self._readers = {name: self._reader_name(name) for name in tables}

    def _reader_name(self, port: str) -> str:
        name = f"read-{port}"
        while name in self._pipeline.nodes:
            name += "-1"
        return name

    def write(self) -> Written:
        """The whole graph."""
        pipeline, written = self._pipeline, self._written
        for row in fields(Pipeline):
            if row.name not in _CARRIED and _is_said(pipeline, _EMPTY, row.name):
                self._leave(row.name, "a graph of PAI has no such field")
        for name, port in pipeline.inputs.items():
            self._input(name, port)
        readers = [self._reader(name, table) for name, table in self._tables.items()]
        nodes = [self._node(name, node) for name, node in pipeline.nodes.items()]
        parameters = [self._parameter(*item) for item in pipeline.parameters.items()]
        if COMPUTE not in pipeline.parameters:
            parameters.append({"name": COMPUTE, "type": "Map"})
        title = {"displayName": pipeline.display_name} if pipeline.display_name else {}
        written.document = {
            "apiVersion": "core/v1",
            "metadata": {"identifier": pipeline.name, "version": "v1", **title},
            "spec": {
                "inputs": {"artifacts": [], "parameters": parameters},
                "outputs": {"artifacts": self._outputs(), "parameters": []},
                "pipelines": [*readers, *nodes],
            },
        }
        return written

    def _leave(self, path: str, reason: str) -> None:
        self._written.losses.append((path, reason))

    # --- ports --------------------------------------------------------------------------------

    def _input(self, name: str, port: Input) -> None:
        path = f"inputs.{name}"
        if name not in self._tables:
            self._leave(path, f"a node of DataWorks reads tables; a {port.type} is left out")
            return
        for row in fields(Input):
            if row.name not in ("type", "description") and getattr(port, row.name) != row.default:
                self._leave(f"{path}.{row.name}", "a graph of PAI has no such field")
        if port.description not in ("", f"PAI's table {self._tables[name]}"):
            self._leave(f"{path}.description", "a table that is read has none")
        if port.type != "table":
            self._leave(f"{path}.type", "it becomes a table")

    def _reader(self, name: str, table: str) -> dict[str, Any]:
        said = [{"name": TABLE_NAME, "value": table}, *self._execution()]
        return _task(READER, "pai", self._readers[name], {"parameters": said}, [])

    def _outputs(self) -> list[dict[str, Any]]:
        found = []
        for name, source in self._pipeline.outputs.items():
            made = self._anchor("outputs", self._twins[source.owner], source.name)
            found.append({"name": name, "from": _output(source.owner, made)})
        return found

    def _parameter(self, name: str, parameter: Parameter) -> dict[str, Any]:
        carried = ("type", "default", "description", "required")
        for row in fields(Parameter):
            if row.name not in carried and getattr(parameter, row.name) != row.default:
                self._leave(f"parameters.{name}.{row.name}", "a graph of PAI has no such field")
        if parameter.required != (parameter.default is None):
            self._leave(f"parameters.{name}.required", "one without a value is, there")
        found: dict[str, Any] = {"name": name, "type": parameter.type}
        if parameter.default is not None:
            found["value"] = to_text(parameter.default)
        return found | ({"desc": parameter.description} if parameter.description else {})

    # --- nodes --------------------------------------------------------------------------------

    def _node(self, name: str, node: PipelineNode) -> dict[str, Any]:
        for row in fields(PipelineNode):
            if row.name not in _CARRIED_OF_NODES and _is_said(node, _EMPTY_NODE, row.name):
                self._leave(f"nodes.{name}.{row.name}", "a component of PAI has no such field")
        twin = self._twins[name]
        if twin is None:
            self._leave(f"nodes.{name}.component", f"PAI has no component like {node.component}")
        waits = self._written.waits.setdefault(name, [])
        artifacts = [self._wire(name, *item) for item in node.inputs.items()]
        waits += node.after
        arguments = {
            "artifacts": [wire for wire in artifacts if wire],
            "parameters": self._settings(name, node, twin),
        }
        if twin:
            arguments["parameters"] += self._execution(node)
        who, provider = (twin.identifier, "pai") if twin else (node.component, MILLWORK)
        return _task(who, provider, name, arguments, list(dict.fromkeys(waits)))

    def _execution(self, node: PipelineNode = _EMPTY_NODE) -> list[dict[str, str]]:
        if "execution" in node.parameters or COMPUTE in self._pipeline.parameters:
            return []
        return [{"name": "execution", "from": f"{{{{inputs.parameters.{COMPUTE}}}}}"}]

    def _wire(self, name: str, port: str, source: Reference | LocalPath) -> dict[str, str] | None:
        path = f"nodes.{name}.inputs.{port}"
        if isinstance(source, LocalPath):
            self._leave(path, f"a graph of PAI names tables, and no files: {source.path}")
            return None
        theirs = self._anchor("inputs", self._twins[name], port, path)
        if source.owner == "inputs":
            if source.name not in self._readers:
                self._leave(path, f"{source} is left out")
                return None
            owner, made = self._readers[source.name], "outputTable"
        else:
            owner = source.owner
            made = self._anchor("outputs", self._twins[owner], source.name, path)
        self._written.waits[name].append(owner)
        return {"name": theirs, "from": _output(owner, made)}

    def _anchor(self, kind: str, twin: Twin | None, port: str, path: str = "") -> str:
        """What PAI calls a port; ours stands where it has none."""
        names: Mapping[str, str] = getattr(twin, kind) if twin else {}
        if port in names:
            return _NAME_ONLY.sub("", names[port])
        if path and twin and twin.has_names:
            self._leave(path, f"PAI's {twin.identifier} has no '{port}': it is called so there too")
        return port

    def _settings(self, name: str, node: PipelineNode, twin: Twin | None) -> list[dict[str, Any]]:
        words: Mapping[str, str] = twin.parameters if twin else {}
        found = []
        for word, value in node.parameters.items():
            path = f"nodes.{name}.parameters.{word}"
            if twin and word not in words and twin.has_names:
                self._leave(path, f"PAI's {twin.identifier} has no '{word}': it is called so there")
            found.append({"name": words.get(word, word), **self._value(word, value, twin, path)})
        for word, text in twin.unsaid.items() if twin else ():
            if word not in node.parameters:
                found.append({"name": words[word], "value": text})
        return found

    def _value(self, word: str, value: Any, twin: Twin | None, path: str) -> dict[str, Any]:
        if isinstance(value, Reference):
            if value.owner == "parameters":
                return {"from": f"{{{{inputs.parameters.{value.name}}}}}"}
            made = self._anchor("outputs", self._twins[value.owner], value.name)
            return {"from": _output(value.owner, made, "parameters")}
        value = scheduling.filled(self._pipeline, value, {})
        if isinstance(value, tuple | list):
            is_plain = twin and all(map(_COLUMN.fullmatch, map(str, value)))
            return {"value": ",".join(value) if is_plain and value else list(value)}
        text = value if isinstance(value, str) else to_text(value)
        if _ORIGIN.fullmatch(text):
            self._leave(path, "PAI will read {{...}} as where it comes from")
        if not self._pipeline.parameters.keys().isdisjoint(REFERENCE.findall(text)):
            self._leave(path, "PAI will read the ${...} in it as a parameter")
        return {"value": (twin.values.get(word, {}) if twin else {}).get(text, text)}


def _is_said(model: Any, empty: Any, name: str) -> bool:
    return bool(getattr(model, name) != getattr(empty, name))


def _output(owner: str, name: str, kind: str = "artifacts") -> str:
    return f"{{{{pipelines.{owner}.outputs.{kind}.{name}}}}}"


def _task(
    identifier: str, provider: str, name: str, arguments: dict[str, Any], after: list[str]
) -> dict[str, Any]:
    return {
        "apiVersion": "core/v1",
        "metadata": {"identifier": identifier, "provider": provider, "version": "v1", "name": name},
        "spec": {"arguments": arguments, "dependencies": after},
    }
