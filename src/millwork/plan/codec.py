"""Steps as the store keeps them: plain JSON, with the component by the sha256 of its document."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from millwork.plan.model import GivenPath, Step, StepOutput
from millwork.spec.model import Resources
from millwork.spec.writer import to_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.plan.model import InputSource
    from millwork.spec.model import Component

_PLAIN = ("timeout", "retries", "on_lost", "continue_on_failure", "code")


def encode_component(component: Component) -> tuple[str, str]:
    """A component's canonical document as JSON, and the sha256 of it."""
    document = json.dumps(to_document(component), ensure_ascii=False, separators=(",", ":"))
    return sha256(document.encode()).hexdigest(), document


def encode(step: Step, digest: str) -> dict[str, Any]:
    """A step as JSON; `digest` is its component's."""
    return {
        "component": digest,
        "inputs": {name: _source(source) for name, source in step.inputs.items()},
        "parameters": {name: _value(value) for name, value in step.parameters.items()},
        "after": list(step.after),
        "env": dict(step.env),
        "resources": asdict(step.resources),
        **{name: getattr(step, name) for name in _PLAIN},
    }


def decode(name: str, spec: Mapping[str, Any], component: Component) -> Step:
    """The step that `encode` was given; columns come back as tuples."""
    return Step(
        name=name,
        component=component,
        inputs={port: _decode_source(source) for port, source in spec["inputs"].items()},
        parameters={key: _decode_value(value) for key, value in spec["parameters"].items()},
        after=tuple(spec["after"]),
        env=spec["env"],
        resources=Resources(**spec["resources"]),
        **{key: spec[key] for key in _PLAIN},
    )


def _source(source: InputSource) -> dict[str, str]:
    if isinstance(source, GivenPath):
        return {"path": source.path}
    return {"step": source.step, "port": source.port}


def _value(value: object) -> object:
    return _source(value) if isinstance(value, StepOutput) else value


def _decode_source(source: Mapping[str, str]) -> InputSource:
    if "path" in source:
        return GivenPath(source["path"])
    return StepOutput(source["step"], source["port"])


def _decode_value(value: Any) -> Any:
    if isinstance(value, dict):
        return StepOutput(value["step"], value["port"])
    return tuple(value) if isinstance(value, list) else value
