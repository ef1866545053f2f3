"""A Millwork pipeline as AzureML's v2 has them, and the list of what that cannot say."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from millwork.base.errors import BadRequest
from millwork.base.names import is_builtin
from millwork.formats.azureml.write import v2_name
from millwork.formats.azureml.write_ports import PortWriter, identifier
from millwork.formats.azureml.write_work import whole_seconds
from millwork.spec.model import Component, LocalPath, Pipeline, Reference, Secret
from millwork.spec.scheduling import filled
from millwork.spec.values import to_text, typed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.spec.model import PipelineNode
    from millwork.spec.tree import Tree

_SCHEMA = "https://azuremlschemas.azureedge.net/latest/pipelineComponent.schema.json"
_ORDER = {
    "when": "a condition",
    "foreach": "a step for each item of a list",
    "after": "an order of steps that no wire gives",
}
_NOT_CARRIED: dict[str, Any] = {
    "retries": 0, "on_lost": "retry", "continue_on_failure": False, "resources": None, "job": None,
    "run_policy": None,
}  # fmt: skip
_TYPES = {"file": "uri_file", "model": "custom_model", "value": "string"}


def write_azureml_pipeline(
    pipeline: Pipeline, children: Mapping[str, Tree]
) -> tuple[dict[str, Any], list[str]]:
    """The document of a v2 pipeline, and what it cannot carry, in words.

    `children` are the trees of its nodes. Raises BadRequest if its steps depend on one another in
    a way that v2 does not have.
    """
    return _Writer(pipeline, children).write()


class _Writer:
    def __init__(self, pipeline: Pipeline, children: Mapping[str, Tree]) -> None:
        self._pipeline = pipeline
        self._children = children
        self._left: list[str] = []
        self._inputs: Mapping[tuple[str, str], str] = {}
        self._outputs: dict[Reference, str] = {}
        for name, wire in pipeline.outputs.items():
            first = self._outputs.setdefault(wire, name)
            if first != name:
                self._left.append(f"outputs.{name}: v2 binds {wire} once, as {first}")
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}
        self._jobs: dict[str, str] = {}
        for name in pipeline.nodes:
            self._jobs[name] = self._job_name(name)

    def write(self) -> tuple[dict[str, Any], list[str]]:
        """The whole document."""
        pipeline, left = self._pipeline, self._left
        shell = Component("", "", "", inputs=pipeline.inputs, parameters=pipeline.parameters)
        ports = PortWriter(shell, "azureml-v2", left)
        inputs = ports.write()["inputs"]
        self._inputs = ports.names
        jobs = {self._jobs[name]: self._job(name, node) for name, node in pipeline.nodes.items()}
        outputs = {
            identifier(name): {"type": self._type(wire)} for wire, name in self._outputs.items()
        }
        document = {
            "$schema": _SCHEMA,
            "type": "pipeline",
            "name": v2_name(pipeline.name, left),
            "version": pipeline.version,
            "display_name": pipeline.display_name or pipeline.name,
            "description": pipeline.description,
            "tags": dict(pipeline.tags),
            "inputs": inputs,
            "outputs": outputs,
            "jobs": jobs,
        }
        for name in ("version_description", "scheduling_parameters", "layout", "notes"):
            if getattr(pipeline, name):
                left.append(f"{name}: a pipeline of v2 has no such field")
        return {name: value for name, value in document.items() if value not in ("", {})}, left

    def _job_name(self, name: str) -> str:
        stem = identifier(re.sub(r"[^a-z0-9_]", "_", name.lower()))
        found, number = stem, self._numbers.get(stem, 1)
        while found in self._taken:
            number += 1
            found = f"{stem}_{number}"
        self._numbers[stem] = number
        self._taken.add(found)
        if found != name:
            self._left.append(f"nodes.{name}: it is called {found} here")
        return found

    def _type(self, wire: Reference) -> str:
        child = self._children.get(wire.owner)
        kind = child.output_type(wire.name) if child else None
        return _TYPES.get(kind or "", "uri_folder")

    def _job(self, name: str, node: PipelineNode) -> dict[str, Any]:
        for field, what in _ORDER.items():
            if getattr(node, field):
                raise BadRequest(f"nodes.{name}.{field}: v2 does not have {what}")
        for field, default in _NOT_CARRIED.items():
            if getattr(node, field) != default:
                self._left.append(f"nodes.{name}.{field}: a job of v2 has no such field")
        child = self._children.get(name)
        if child and child.definition.flavour != "azureml-v2":
            what = "a built-in" if is_builtin(node.component) else child.definition.flavour
            self._left.append(f"nodes.{name}.component: convert {node.component} too ({what})")
        found: dict[str, Any] = {
            "type": "pipeline" if child and isinstance(child.definition, Pipeline) else "command",
            "component": node.component,
            "inputs": {
                identifier(port): self._given(value)
                for port, value in {**node.inputs, **self._typed(name, node)}.items()
            },
            "outputs": {
                identifier(wire.name): f"${{{{parent.outputs.{identifier(output)}}}}}"
                for wire, output in self._outputs.items()
                if wire.owner == name
            },
            "environment_variables": self._env(name, node),
            **(self._limits(node)),
            **self._replicas(name, node),
        }
        return {field: value for field, value in found.items() if value != {}}

    def _typed(self, name: str, node: PipelineNode) -> dict[str, Any]:
        """The parameters of a node, of their types where its component is known."""
        child = self._children.get(name)
        known = child.parameters if child else {}
        return {
            word: value if isinstance(value, Reference) else typed(known.get(word), value)
            for word, value in node.parameters.items()
        }

    def _given(self, value: Any) -> Any:
        value = filled(self._pipeline, value, {})
        if isinstance(value, LocalPath):
            return {"path": value.path}
        if not isinstance(value, Reference):
            return value if isinstance(value, bool | int | float) else to_text(value)
        if value.owner in ("inputs", "parameters"):
            return f"${{{{parent.inputs.{self._inputs[value.owner, value.name]}}}}}"
        job = self._jobs[value.owner]
        return f"${{{{parent.jobs.{job}.outputs.{identifier(value.name)}}}}}"

    def _env(self, name: str, node: PipelineNode) -> dict[str, str]:
        secrets = [key for key, value in node.env.items() if isinstance(value, Secret)]
        self._left += [
            f"nodes.{name}.env.{key}: v2 has no secrets of Millwork's" for key in secrets
        ]
        return {key: value for key, value in node.env.items() if isinstance(value, str)}

    def _limits(self, node: PipelineNode) -> dict[str, Any]:
        if not node.timeout:
            return {}
        return {"limits": {"timeout": whole_seconds(node.timeout, self._left)}}

    def _replicas(self, name: str, node: PipelineNode) -> dict[str, Any]:
        if not node.replicas:
            return {}
        if set(node.replicas) != {""}:
            self._left.append(f"nodes.{name}.replicas: v2 has no roles")
            return {}
        return {"resources": {"instance_count": node.replicas[""].count}}
