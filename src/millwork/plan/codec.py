"""Steps and components as the store keeps them: plain JSON, a component by its sha256.

This is not the file format, which `spec` reads and writes: a row is read back without a parser,
and starting a run loads none.
"""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from millwork.plan.model import Each, GivenPath, GivenUri, Guard, Step, StepOutput
from millwork.spec.model import (
    Batch,
    Code,
    Component,
    Constraints,
    Elastic,
    Environment,
    Input,
    JobOptions,
    Metric,
    Output,
    Parameter,
    Progress,
    Range,
    ReplicaGroup,
    Resources,
    RunPolicy,
    Secret,
    Split,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.plan.model import InputSource

_ONE = {
    "code": Code,
    "environment": Environment,
    "constraints": Constraints,
    "resources": Resources,
    "progress": Progress,
    "range": Range,
    "job": JobOptions,
    "elastic": Elastic,
    "run_policy": RunPolicy,
    "batch": Batch,
    "split": Split,
}
_NAMED = {"inputs": Input, "outputs": Output, "parameters": Parameter}
_LISTED = {"metrics": Metric}
_SOURCE, _ENV = "source", "env"


def encode_component(component: Component) -> tuple[str, str]:
    """The sha256 of a component's canonical JSON, and that JSON."""
    document = json.dumps(plain(component), ensure_ascii=False, separators=(",", ":"))
    return sha256(document.encode()).hexdigest(), document


def decode_component(document: str) -> Component:
    """The component that `encode_component` was given, without where it was read."""
    return Component(**_built(json.loads(document)))


def encode(step: Step, digest: str) -> dict[str, Any]:
    """A step as JSON; `digest` is its component's."""
    return {
        **plain(step),
        "component": digest,
        "inputs": {name: _source(source) for name, source in step.inputs.items()},
        "parameters": {name: _value(value) for name, value in step.parameters.items()},
        "guards": [
            {"text": guard.text, "values": {k: _value(v) for k, v in guard.values.items()}}
            for guard in step.guards
        ],
        "each": step.each and {**plain(step.each), "items": _value(step.each.items)},
    }


def decode(spec: Mapping[str, Any], component: Component) -> Step:
    """The step that `encode` was given."""
    kept = _tuples(spec)
    return Step(
        **{
            **kept,
            "component": component,
            "inputs": {name: _decode_source(given) for name, given in kept["inputs"].items()},
            "parameters": _decode_values(kept["parameters"]),
            "guards": tuple(
                Guard(guard["text"], _decode_values(guard["values"])) for guard in kept["guards"]
            ),
            "resources": Resources(**kept.get("resources", {})),
            "each": _decode_each(kept.get("each")),
            "replicas": _decode_groups(kept.get("replicas", {})),
            **_built({name: kept[name] for name in ("job", "run_policy") if name in kept}),
            _ENV: _decode_env(kept.get(_ENV, {})),
        }
    )


def plain(value: Any) -> Any:
    """A model as JSON: only fields that differ from their defaults, and not where it was read."""
    if isinstance(value, Secret):
        return {"secret": value.name}
    kept = _kept(value.__class__)
    if kept is not None:
        return {
            name: plain(said) for name, default in kept if (said := getattr(value, name)) != default
        }
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value


@cache
def _kept(kind: type) -> tuple[tuple[str, Any], ...] | None:
    """The fields of a model that are kept, each with its default; None for what is no model."""
    if not is_dataclass(kind):
        return None
    return tuple((field.name, _default(field)) for field in fields(kind) if field.name != _SOURCE)


def _default(field: Any) -> Any:
    return field.default if field.default_factory is MISSING else field.default_factory()


def _built(document: dict[str, Any]) -> dict[str, Any]:
    built: dict[str, Any] = {}
    for name, value in document.items():
        if name in _ONE:
            built[name] = _ONE[name](**_built(value))
        elif name in _NAMED:
            model = _NAMED[name]
            built[name] = {key: model(**_built(item)) for key, item in value.items()}
        elif name in _LISTED:
            built[name] = tuple(_LISTED[name](**item) for item in value)
        elif name == _ENV:
            built[name] = _decode_env(value)
        else:
            built[name] = _tuples(value)
    return built


def _tuples(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    if isinstance(value, dict):
        return {name: _tuples(item) for name, item in value.items()}
    return value


def _source(source: InputSource) -> dict[str, str]:
    if isinstance(source, GivenPath):
        return {"path": source.path}
    if isinstance(source, GivenUri):
        return {"uri": source.uri, **({"dataset": source.dataset} if source.dataset else {})}
    return {"step": source.step, "port": source.port}


def _value(value: object) -> object:
    return _source(value) if isinstance(value, StepOutput) else value


def _decode_each(given: Mapping[str, Any] | None) -> Each | None:
    if given is None:
        return None
    items = given["items"]
    return Each(**{**given, "items": StepOutput(**items) if isinstance(items, dict) else items})


def _decode_groups(given: Mapping[str, Any]) -> dict[str, ReplicaGroup]:
    return {
        role: ReplicaGroup(
            group["count"], Resources(**group["resources"]) if "resources" in group else None
        )
        for role, group in given.items()
    }


def _decode_values(given: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: StepOutput(**value) if isinstance(value, dict) else value
        for name, value in given.items()
    }


def _decode_env(given: Mapping[str, Any]) -> dict[str, str | Secret]:
    return {
        name: Secret(value["secret"]) if isinstance(value, dict) else value
        for name, value in given.items()
    }


def _decode_source(given: Mapping[str, str]) -> InputSource:
    if "uri" in given:
        return GivenUri(**given)
    return GivenPath(**given) if "path" in given else StepOutput(**given)
