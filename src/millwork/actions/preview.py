"""What would run: the plans of all steps, with nothing started and nothing kept."""

from __future__ import annotations

import os
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from millwork.base.uris import parse_uri
from millwork.plan.contract import Job, make_plan
from millwork.plan.graph import expand
from millwork.plan.model import Artifact, GivenPath, GivenUri, Route, StepOutput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.plan.graph import Arguments
    from millwork.plan.model import Each, InputSource, Plan, Step
    from millwork.spec.tree import Tree

_JOB = Job("RUN", "ATTEMPT")


def preview(tree: Tree, arguments: Arguments) -> list[dict[str, Any]]:
    """Each step's replicas with words, variables and mounts, as if `/ml` were real.

    What another step will leave stands as `step.port`, and several replicas have addresses on
    this machine. Raises BadRequest as a run would.
    """
    graph = expand(tree, arguments)
    return [_shown(step, _plan(step)) for step in graph.steps.values()]


def _plan(step: Step) -> Plan:
    data = {
        name: _artifact(source, step.component.inputs[name].type)
        for name, source in step.inputs.items()
    }
    parameters = {
        name: f"{value.step}.{value.port}" if isinstance(value, StepOutput) else value
        for name, value in step.parameters.items()
    }
    if step.each:
        parameters[step.each.into] = f"each of {_listed(step.each)}"
    return make_plan(step, data, parameters, _JOB)


def _listed(each: Each) -> str:
    found = each.items
    return f"{found.step}.{found.port}" if isinstance(found, StepOutput) else repr(found)


def _artifact(source: InputSource, kind: str) -> Artifact:
    if isinstance(source, GivenPath):
        return Artifact(source.path, os.path.isfile(source.path))
    if isinstance(source, GivenUri):
        uri = parse_uri(source.uri)
        return Artifact(f"/{uri.name}", kind == "file", route=Route(source.uri))
    return Artifact(f"{source.step}.{source.port}", is_file=kind == "value")


def _by_name(secrets: Mapping[str, str]) -> dict[str, dict[str, str]]:
    return {variable: {"secret": name} for variable, name in secrets.items()}


def _shown(step: Step, plan: Plan) -> dict[str, Any]:
    mounts = [asdict(mount) for mount in plan.mounts]
    return {
        "node": step.name,
        "after": list(step.upstream),
        "replicas": [
            {
                "role": replica.role,
                "index": replica.index,
                "argv": list(replica.argv),
                "env": {**replica.env, **_by_name(replica.secrets)},
                "mounts": mounts,
                "resources": asdict(replica.resources),
                "starts_after": dict(replica.starts_after),
                "files": dict(replica.files),
            }
            for replica in plan.replicas
        ],
        **({"rules": _rules(step)} if step.is_job else {}),
    }


def _rules(step: Step) -> dict[str, Any]:
    """When the job is over, and what is started again."""
    from millwork.plan.gang import roster

    return asdict(roster(step).rules)
