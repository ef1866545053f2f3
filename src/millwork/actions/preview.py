"""What would run: the plans of all steps, with nothing started and nothing kept."""

from __future__ import annotations

import os
import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from millwork.actions import columns
from millwork.actions.builtins import peeker
from millwork.actions.timing import timed
from millwork.base.uris import parse_uri
from millwork.plan.contract import Job, make_plan
from millwork.plan.graph import expand
from millwork.plan.model import Artifact, GivenPath, GivenUri, Route, StepOutput

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.catalogue.shapes import Shape
    from millwork.plan.graph import Arguments
    from millwork.plan.model import Each, Graph, InputSource, Plan, Step
    from millwork.spec.tree import Tree
    from millwork.views.plans import Table

_JOB = Job("RUN", "ATTEMPT")


def preview(tree: Tree, arguments: Arguments, home: str = "") -> list[dict[str, Any]]:
    """Each step's replicas with words, variables and mounts, as if `/ml` were real.

    What another step will leave stands as `step.port`, and several replicas have addresses on
    this machine. With a `home`, where the built-ins' libraries are installed if need be, also the
    columns at each port, where anything is said of columns. Raises BadRequest as a run would, and
    Unavailable for what cannot be mounted here.
    """
    graph = expand(tree, timed(arguments, tree, time.time()))
    for step in graph.steps.values():
        if any(isinstance(given, GivenUri) for given in step.inputs.values()):
            from millwork.actions.transfers import check_mounts

            list(check_mounts(step))
    known = _columns(graph, home) if home and columns.has_columns(graph) else {}
    return [
        {**_shown(step, _plan(step)), **known.get(step.name, {})} for step in graph.steps.values()
    ]


def _columns(graph: Graph, home: str) -> dict[str, dict[str, Any]]:
    """What is known of the tables at each step's ports."""
    with peeker(home, builds=True) as looking:
        found = columns.survey(graph, looking.ask)
    return {
        name: {
            "columns": {"inputs": _tables(found.inputs[name]), "outputs": _tables(made)},
            "doubts": [str(each) for each in found.doubts if each.step == name],
        }
        for name, made in found.outputs.items()
    }


def _tables(shapes: Mapping[str, Shape]) -> dict[str, Table]:
    known = {port: columns.table_of(shape) for port, shape in shapes.items()}
    return {port: table for port, table in known.items() if table}


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
