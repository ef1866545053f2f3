"""What a step's result depends on, field by field, and the key that stands for all of it.

The rule (DESIGN decision 16): the component without what is only for display, the code, the
resolved environment, the parameters, the node's variables, the content of the inputs, how many
replicas of each role there are, if there is more than one and they do not lease shards, what they
are told where the node says so, the image, if an engine uses it, and the scheduling parameters that
the command names. The machine, resources,
retries and timeouts are left out: they do not change a result.
"""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from millwork.plan.codec import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.plan.model import Step
    from millwork.spec.model import Component, Value

_canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode
_DISPLAY = ("display_name", "description", "version_description", "tags", "metrics", "progress")
_OF_RUNS = (
    "resources",
    "timeout",
    "constraints",
    "flavour",
    "code",
    "environment",
    "refusals",
    "run_policy",
)
_ITEM_DISPLAY = ("display_name", "description", "group")


def identity_of(
    step: Step,
    component: Mapping[str, Any],
    environment: str,
    parameters: Mapping[str, Value],
    inputs: Mapping[str, str],
) -> dict[str, Any]:
    """The fields that decide whether a result can be used again, ready for JSON.

    `component` is what `component_identity` gives, `environment` the digest of what the
    requirements resolve to, `inputs` the digests of the data by input.
    """
    return {
        "component": component,
        "code": step.code,
        "environment": environment,
        "parameters": {name: plain(value) for name, value in sorted(parameters.items())},
        "env": plain(dict(sorted(step.env.items()))),
        "inputs": dict(sorted(inputs.items())),
        **({"replicas": _counts(step)} if step.replicas and not step.component.batch else {}),
        **({"job": plain(step.job)} if step.job else {}),
        **({"image": step.image} if step.image else {}),
        **({"scheduling": dict(sorted(step.scheduling.items()))} if step.scheduling else {}),
    }


def _counts(step: Step) -> dict[str, int]:
    return {role: group.count for role, group in sorted(step.replicas.items())}


def key_of(identity: Mapping[str, Any]) -> str:
    """The sha256 that stands for an identity."""
    return sha256(_canonical(identity).encode()).hexdigest()


def component_identity(component: Component) -> dict[str, Any]:
    """A component without what is only for display, or only for how it is run."""
    document: dict[str, Any] = plain(component)
    for name in (*_DISPLAY, *_OF_RUNS):
        document.pop(name, None)
    for kind in ("inputs", "outputs", "parameters"):
        for item in document.get(kind, {}).values():
            for name in _ITEM_DISPLAY:
                item.pop(name, None)
    return document


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The fields in which two identities differ, as `{field, before, now}`, nested ones dotted."""
    found: list[dict[str, Any]] = []
    _compare("", before, now, found)
    return found


def _compare(path: str, before: Any, now: Any, found: list[dict[str, Any]]) -> None:
    if before == now:
        return
    if isinstance(before, dict) and isinstance(now, dict):
        for name in sorted({*before, *now}):
            at = f"{path}.{name}" if path else name
            _compare(at, before.get(name), now.get(name), found)
        return
    found.append({"field": path, "before": before, "now": now})
