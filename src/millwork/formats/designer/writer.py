"""A pipeline as a draft of PAI's Designer, and the list of what a draft cannot say."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from millwork.spec import scheduling
from millwork.spec.model import Input, Parameter, Pipeline, PipelineNode, Reference
from millwork.spec.twins import MILLWORK, READER, TABLE_NAME, known
from millwork.spec.values import to_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from millwork.spec.twins import Twin

_CARRIED = frozenset({
    "name", "nodes", "flavour", "source", "description", "inputs", "parameters", "layout",
})  # fmt: skip
_CARRIED_OF_NODES = frozenset({"component", "inputs", "parameters"})
_EMPTY = Pipeline("", "1.0.0", {})
_EMPTY_NODE = PipelineNode("")
_COLUMN = re.compile(r"[^\s,\[\]$]+")
_VARIABLE = re.compile(r"\$\{([^{}$]+)\}")
_NAME_ONLY = re.compile(r"Name$")


def write_draft(
    pipeline: Pipeline, twin: Callable[[str], Twin | None]
) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """The draft of a pipeline, and the path and reason of each thing that it cannot carry.

    `twin` says which component of PAI's does the work of the one that a node names.
    """
    return _Writer(pipeline, twin).write()


class _Writer:
    def __init__(self, pipeline: Pipeline, twin: Callable[[str], Twin | None]) -> None:
        self._pipeline = pipeline
        self._twins = {name: known(node.component, twin) for name, node in pipeline.nodes.items()}
        self._left: list[tuple[str, str]] = []
        self._edges: list[dict[str, str]] = []

    def write(self) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        """The whole draft."""
        pipeline = self._pipeline
        for row in fields(Pipeline):
            if row.name not in _CARRIED and _is_said(pipeline, _EMPTY, row.name):
                self._leave(row.name, "a draft has no such field")
        readers = [
            self._reader(name) for name, port in pipeline.inputs.items() if self._reads(name, port)
        ]
        nodes = [self._node(name, node) for name, node in pipeline.nodes.items()]
        for name in pipeline.layout.keys() - pipeline.nodes.keys():
            self._leave(f"layout.{name}", "there is no such node")
        document = {
            "metadata": {"name": pipeline.name, "desc": pipeline.description},
            "nodes": [*readers, *nodes],
            "edges": self._edges,
            "globalParams": [self._variable(*item) for item in pipeline.parameters.items()],
            "globalSettings": [],
        }
        return document, self._left

    def _leave(self, path: str, reason: str) -> None:
        self._left.append((path, reason))

    def _reads(self, name: str, port: Input) -> bool:
        """Whether a draft can read what an input stands for: its nodes read tables."""
        if port.type not in ("table", "any"):
            self._leave(f"inputs.{name}", f"a draft reads tables; a {port.type} is left out")
            return False
        for row in fields(Input):
            if row.name != "type" and getattr(port, row.name) != row.default:
                self._leave(f"inputs.{name}.{row.name}", "a draft has no such field")
        if port.type == "any":
            self._leave(f"inputs.{name}.type", "it becomes a table")
        return True

    def _reader(self, name: str) -> dict[str, Any]:
        return {
            "id": f"inputs.{name}",
            "name": name,
            "metadata": {"identifier": READER, "version": "v1", "provider": "pai"},
            "properties": [{"name": TABLE_NAME, "value": name}],
        }

    def _variable(self, name: str, parameter: Parameter) -> dict[str, Any]:
        carried = ("type", "default", "description", "required")
        for row in fields(Parameter):
            if row.name not in carried and getattr(parameter, row.name) != row.default:
                self._leave(f"parameters.{name}.{row.name}", "a global variable has no such field")
        if parameter.required != (parameter.default is None):
            self._leave(f"parameters.{name}.required", "a global variable without a value is")
        found: dict[str, Any] = {"name": name, "type": parameter.type}
        if parameter.default is not None:
            found["value"] = to_text(parameter.default)
        return found | ({"desc": parameter.description} if parameter.description else {})

    def _node(self, name: str, node: PipelineNode) -> dict[str, Any]:
        for row in fields(PipelineNode):
            if row.name not in _CARRIED_OF_NODES and _is_said(node, _EMPTY_NODE, row.name):
                self._leave(f"nodes.{name}.{row.name}", "a node of a draft has no such field")
        twin = self._twins[name]
        if twin is None:
            self._leave(f"nodes.{name}.component", f"PAI has no component like {node.component}")
        for port, source in node.inputs.items():
            self._wire(name, port, source)
        place = self._pipeline.layout.get(name)
        found = {
            "id": name,
            "name": name,
            "metadata": {
                "identifier": twin.identifier if twin else node.component,
                "version": "v1",
                "provider": "pai" if twin else MILLWORK,
            },
            "properties": self._properties(name, node, twin),
        }
        return found | (
            {"position": dict(zip("xy", map(_number, place), strict=True))} if place else {}
        )

    def _wire(self, name: str, port: str, source: Any) -> None:
        path = f"nodes.{name}.inputs.{port}"
        if not isinstance(source, Reference):
            self._leave(path, f"a draft names tables, and no files: {source.path}")
            return
        anchor = self._anchor("inputs", self._twins[name], port, path)
        if source.owner == "inputs":
            if self._pipeline.inputs[source.name].type in ("table", "any"):
                self._edges.append(_edge(f"inputs.{source.name}", "outputTable", name, anchor))
            else:
                self._leave(path, f"{source} is left out")
            return
        made = self._anchor("outputs", self._twins[source.owner], source.name, path)
        self._edges.append(_edge(source.owner, made, name, anchor))

    def _anchor(self, kind: str, twin: Twin | None, port: str, path: str) -> str:
        """What PAI calls a port; ours stands where it has none."""
        names: Mapping[str, str] = getattr(twin, kind) if twin else {}
        if port in names:
            return _NAME_ONLY.sub("", names[port])
        if twin and twin.has_names:
            self._leave(path, f"PAI's {twin.identifier} has no '{port}': it is called so here too")
        return port

    def _properties(self, name: str, node: PipelineNode, twin: Twin | None) -> list[dict[str, Any]]:
        words: Mapping[str, str] = twin.parameters if twin else {}
        found = []
        for word, value in node.parameters.items():
            path = f"nodes.{name}.parameters.{word}"
            said = self._said(word, value, twin, path)
            if said is None:
                continue
            if twin and word not in words and twin.has_names:
                self._leave(path, f"PAI's {twin.identifier} has no '{word}': it is called so here")
            found.append({"name": words.get(word, word), "value": said})
        for word, text in twin.unsaid.items() if twin else ():
            if word not in node.parameters:
                found.append({"name": words[word], "value": text})
        return found

    def _said(self, word: str, value: Any, twin: Twin | None, path: str) -> Any:
        """A parameter's value in PAI's words; None, with a reason noted, for what it has not."""
        if isinstance(value, Reference):
            if value.owner == "parameters":
                return f"${{{value.name}}}"
            self._leave(path, f"a draft wires no values: {value}")
            return None
        value = scheduling.filled(self._pipeline, value, {})
        if isinstance(value, tuple | list):
            is_plain = twin and all(map(_COLUMN.fullmatch, value))
            return ",".join(value) if is_plain and value else list(value)
        text = value if isinstance(value, str) else to_text(value)
        if not self._pipeline.parameters.keys().isdisjoint(_VARIABLE.findall(text)):
            self._leave(path, "PAI will read the ${...} in it as a global variable")
        return (twin.values.get(word, {}) if twin else {}).get(text, text)


def _is_said(model: Any, empty: Any, name: str) -> bool:
    return bool(getattr(model, name) != getattr(empty, name))


def _number(coordinate: float) -> float:
    return int(coordinate) if float(coordinate).is_integer() else coordinate


def _edge(source: str, made: str, target: str, anchor: str) -> dict[str, str]:
    return {"source": source, "sourceAnchor": made, "target": target, "targetAnchor": anchor}
