"""A component as PAI's AlgorithmSpec, and the list of what that cannot say."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from millwork.formats.pai.reader import LONGEST, NO_GPU, ONE_GPU, SOME_GPUS
from millwork.spec import values
from millwork.spec.model import Component, Progress, Range

if TYPE_CHECKING:
    from millwork.spec.model import Code, Constraints, Input, Output, Parameter

_NOT_CARRIED = frozenset({
    "version_description", "tags", "env", "resources", "is_deterministic", "timeout", "mounts",
    "job", "run_policy", "batch",
})  # fmt: skip
_EMPTY = Component("", "", "")
_CHANNEL_TYPES = {"table": "odps"}
_URI = re.compile(r"(oss|nas)://([^./]+)(?:\.([^/]+))?/(.*)")


def write_pai(component: Component) -> tuple[dict[str, Any], list[str]]:
    """PAI's object for `component`, AlgorithmSpec within, and what it cannot carry, in words."""
    left = [
        f"{row.name}: an AlgorithmSpec has no such field"
        for row in fields(Component)
        if row.name in _NOT_CARRIED and getattr(component, row.name) != getattr(_EMPTY, row.name)
    ]
    if component.job_type == "Job":
        left.append("job_type: PAI has no Job; a PyTorchJob of one instance comes nearest")
    if not component.image:
        left.append("image: PAI needs one, and none is named")
    spec = {
        "Command": ["sh", "-c", component.command],
        "JobType": "PyTorchJob" if component.job_type == "Job" else component.job_type,
        "Image": component.image,
        **_write_code(component.code, left),
        "HyperParameters": [
            _write_parameter(name, parameter, left)
            for name, parameter in component.parameters.items()
        ],
        "InputChannels": [
            _write_channel("inputs", name, port, port.sources, left) | {"Required": port.required}
            for name, port in component.inputs.items()
        ],
        "OutputChannels": [
            _write_channel("outputs", name, port, port.storage, left) | {"Required": True}
            for name, port in component.outputs.items()
        ],
        "MetricDefinitions": [
            _given(Name=metric.name, Regex=metric.regex, Description=metric.description)
            for metric in component.metrics
        ],
        **_write_progress(component.progress or Progress()),
        **_write_constraints(component.constraints),
    }
    document = _given(
        AlgorithmName=component.name,
        AlgorithmVersion=component.version,
        DisplayName=component.display_name,
        AlgorithmDescription=component.description,
        AlgorithmSpec=_given(**spec),
    )
    return document, left


def _given(**document: Any) -> dict[str, Any]:
    return {name: value for name, value in document.items() if value not in ("", [], {}, None)}


def _write_code(code: Code, left: list[str]) -> dict[str, Any]:
    match = _URI.fullmatch(code.uri)
    if not match:
        place = code.git or code.uri or code.path
        left.append(f"code: {place} is not on OSS or NAS; upload it and name it as CodeDir")
        return {"Customization": {"CodeDir": True}}
    kind, host, endpoint, path = match.groups()
    value = _given(Bucket=host, Endpoint=endpoint, Key=path)
    if kind == "nas":
        value = {"FileSystemId": host, "Path": f"/{path}"}
    return {"CodeDir": {"LocationType": kind.upper(), "LocationValue": value}}


def _write_parameter(name: str, parameter: Parameter, left: list[str]) -> dict[str, Any]:
    kind = {"Bool": "Boolean", "Column": "String", "Columns": "String"}.get(parameter.type)
    if kind == "String":
        left.append(f"parameters.{name}: PAI has no {parameter.type}; it becomes a String")
    if parameter.group != "params":
        left.append(f"parameters.{name}.group: a hyperparameter has no such field")
    document = _given(
        Name=name,
        Type=kind or parameter.type,
        DisplayName=parameter.display_name,
        Description=parameter.description,
        Range=_write_range(parameter),
    )
    if parameter.default is not None:
        document["DefaultValue"] = values.to_text(parameter.default)
    return document | {"Required": parameter.required}


def _write_range(parameter: Parameter) -> dict[str, Any]:
    limits, (shortest, longest) = parameter.range or Range(), parameter.length or (0, LONGEST)
    return _given(
        Enum=[values.to_text(option) for option in parameter.enum],
        Minimum=None if limits.minimum is None else _digits(limits.minimum),
        Maximum=None if limits.maximum is None else _digits(limits.maximum),
        ExclusiveMinimum=limits.exclusive_minimum or None,
        ExclusiveMaximum=limits.exclusive_maximum or None,
        MinLength=shortest if parameter.length else None,
        MaxLength=longest if parameter.length else None,
        Pattern=parameter.pattern,
    )


def _digits(number: float) -> str:
    return str(int(number) if number.is_integer() else number)


def _write_channel(
    kind: str, name: str, port: Input | Output, places: tuple[str, ...], left: list[str]
) -> dict[str, Any]:
    if port.type == "value":
        left.append(f"{kind}.{name}: PAI has no value outputs; it becomes a folder")
    elif port.type != "any":
        left.append(f"{kind}.{name}.type: a channel has no type ({port.type})")
    if port.mode:
        left.append(f"{kind}.{name}.mode: a channel has none ({port.mode})")
    kinds = [_CHANNEL_TYPES.get(place, place) for place in places]
    return _given(Name=name, Description=port.description, SupportedChannelTypes=kinds)


def _write_progress(progress: Progress) -> dict[str, Any]:
    regexes = {"OverallProgress": progress.overall, "RemainingTime": progress.remaining}
    return {
        "ProgressDefinitions": {name: {"Regex": text} for name, text in regexes.items() if text}
    }


def _write_constraints(limits: Constraints | None) -> dict[str, Any]:
    if limits is None:
        return {}
    wishes = SOME_GPUS if limits.multiple_gpus else ONE_GPU
    if limits.instance_type != "GPU":
        wishes = NO_GPU
    return {
        "ResourceRequirements": [
            {"Key": "GPU", "Operator": operator, "Values": list(counts)}
            for operator, counts in wishes
        ],
        "SupportsDistributedTraining": limits.multiple_instances,
    }
