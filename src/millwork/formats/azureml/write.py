"""A component as a file of one of AzureML's flavours, and the list of what that cannot say."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from millwork.base.errors import BadRequest
from millwork.formats.azureml.leftovers import lost_values, root_of, unused_fields
from millwork.formats.azureml.write_ports import PortWriter
from millwork.formats.azureml.write_work import WORKS, Writing
from millwork.spec.model import Component, Secret

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.spec.model import Flavour

_SCHEMAS = {
    "azureml-old": "https://componentsdk.azureedge.net/jsonschema/{}.json",
    "azureml-v2": "https://azuremlschemas.azureedge.net/latest/{}Component.schema.json",
}
_TYPES = {
    "azureml-old": {
        "command": "CommandComponent", "distributed": "DistributedComponent",
        "parallel": "ParallelComponent", "sweep": "SweepComponent", "spark": "SparkComponent",
    },
    "azureml-v2": {
        "command": "command", "distributed": "command", "parallel": "parallel",
        "sweep": "sweep", "spark": "spark",
    },
}  # fmt: skip
_HEAD = frozenset({
    "$schema", "type", "name", "version", "display_name", "description", "tags", "inputs",
    "outputs", "is_deterministic", "environment", "environment_variables",
    "successful_return_code", "additional_includes",
})  # fmt: skip
_OWN_ONLY = (
    "version_description", "resources", "constraints", "mounts", "metrics", "progress", "job",
    "run_policy",
)  # fmt: skip
_EMPTY = Component("", "", "")
_CONTRACT = re.compile(r"\$\{?(PAI_\w+)|\$\{?([@*])")


def write_azureml(component: Component, to: Flavour) -> tuple[dict[str, Any], list[str]]:
    """The document of `component` in the flavour `to`, and what it cannot carry, in words.

    Raises BadRequest for work that the flavour does not have, and for a command that it cannot
    write.
    """
    kind = _TYPES[to].get(component.work)
    if kind is None:
        named = component.body.get("type", component.work)
        raise BadRequest(f"'{component.name}' is of the type {named}, which {to} does not have")
    root = root_of(component) if component.syntax != "shell" else None
    writing = Writing(component, to, root)
    section = WORKS[component.work](writing)
    left = writing.left
    kind = section.pop("type", kind)
    if root:
        left += unused_fields(root, _HEAD | writing.carried, to)
        left += lost_values(root, component)
    else:
        left += _own_only(component)
    document = {
        "$schema": _SCHEMAS[to].format(kind),
        "type": kind,
        "name": v2_name(component.name, left) if writing.is_v2 else component.name,
        "version": component.version,
        "display_name": component.display_name,
        "description": component.description,
        "tags": dict(component.tags),
        **_behaviour(component, to, left),
        **PortWriter(component, to, left).write(),
        **section,
        "environment_variables": _env(component.env, left),
    }
    return {name: value for name, value in document.items() if value not in ("", {}, None)}, left


def _own_only(component: Component) -> list[str]:
    """What a Millwork or PAI component has and AzureML's do not."""
    left = [
        f"{row.name}: AzureML has no such field"
        for row in fields(Component)
        if row.name in _OWN_ONLY and getattr(component, row.name) != getattr(_EMPTY, row.name)
    ]
    if component.job_type != "Job":
        left.append(f"job_type: AzureML sets other variables than a {component.job_type} has")
    found = [match[1] or f"${match[2]}" for match in _CONTRACT.finditer(component.command)]
    if found:
        shown = ", ".join(dict.fromkeys(found))
        left.append(f"command: it reads {shown}, which only Millwork and PAI set")
    return left


def v2_name(name: str, left: list[str]) -> str:
    """A component's name as v2 takes it."""
    found = re.sub(r"[^a-z0-9_]", "_", name.lower())
    found = found if found[0].isalpha() else f"c_{found.lstrip('_')}"
    if found != name:
        left.append(f"name: {name} becomes {found}; v2 takes lower-case letters, digits and '_'")
    return found


def _behaviour(component: Component, to: Flavour, left: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if component.is_deterministic != (component.work != "sweep"):
        found["is_deterministic"] = component.is_deterministic
    if component.any_exit_code and to == "azureml-old":
        found["successful_return_code"] = "ZeroOrGreater"
    elif component.any_exit_code:
        left.append("successful_return_code: in v2 only an exit code of 0 is success")
    if label := component.body.get("label"):
        left.append(f"type: v2 has no label, and this is @{label}")
    return found


def _env(env: Mapping[str, str | Secret], left: list[str]) -> dict[str, str]:
    secrets = [name for name, value in env.items() if isinstance(value, Secret)]
    left += [f"env.{name}: AzureML has no secrets of Millwork's" for name in secrets]
    return {name: value for name, value in env.items() if isinstance(value, str)}
