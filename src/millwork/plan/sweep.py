"""A sweep: the step that drives it, and the component that each of its trials runs.

In the component model a sweep is its trial with a body that says what is tried. To run, it is
taken apart again: the driver (`worker/sweep.py`) asks for runs of the trial alone.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from millwork.base.errors import BadRequest
from millwork.plan.model import Plan, Replica
from millwork.spec import values
from millwork.spec.model import Environment, Parameter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from millwork.plan.model import Artifact, Step
    from millwork.spec.model import Component, Path, Value

CONFIG = "input/config/sweep.json"
STOPPED = "stopped early: "
"""How the reason of a trial begins that the driver (`worker/sweep.py`) has stopped."""
_PARTS = ("algorithm", "sampling", "search_space", "objective", "early_termination", "limits")
_OPTUNA = Environment("optuna==4.9.0\n")
_PLACEHOLDER = re.compile(r"\$\{\{\s*search_space\.")


def driven(component: Component) -> Component:
    """A sweep as a step: nobody need give what it tries.

    Its driver starts runs, so it has no `/ml` of its own; a limit of the trial's time is none of
    the driver's.
    """
    space = component.body["search_space"]
    limits = dict(component.body["limits"])
    if component.timeout is not None:
        given = float(limits.get("trial_timeout", component.timeout))
        limits["trial_timeout"] = f"{min(given, component.timeout):g}"
    parameters = {
        name: replace(parameter, required=False) if name in space else parameter
        for name, parameter in component.parameters.items()
    }
    return replace(
        component,
        body={**component.body, "limits": limits},
        mounts="none",
        parameters=parameters,
        timeout=None,
    )


def faults(component: Component) -> Iterator[tuple[Path, str]]:
    """Why a sweep could not be run, each with the path in its file."""
    body = component.body
    if "trial_work" in body:
        yield ("trial",), f"a trial of the type {body['trial_work']} is not run in a sweep yet"
    at = "algorithm" if component.flavour == "azureml-old" else "sampling_algorithm"
    yield from _in_settings(body, at)
    for name, entry in body["search_space"].items():
        for message in _in_space(component, name, entry):
            yield ("search_space", name), message


def _in_settings(body: Mapping[str, Any], at: str) -> Iterator[tuple[Path, str]]:
    from millwork.worker import sampling, stopping

    objective = body["objective"]
    if objective["goal"] not in ("minimize", "maximize") or not objective["primary_metric"]:
        yield ("objective",), "it names no metric, or no goal (minimize, maximize)"
    if not body["search_space"]:
        yield ("search_space",), "there is nothing to try"
    try:
        sampling.check_settings(
            body["algorithm"], body.get("sampling", {}), len(body["search_space"])
        )
    except ValueError as error:
        yield (at,), str(error)
    try:
        stopping.Policy(body.get("early_termination", {}), objective["goal"])
    except ValueError as error:
        yield ("early_termination",), str(error)


def _in_space(component: Component, name: str, entry: Mapping[str, Any]) -> Iterator[str]:
    from millwork.worker import sampling

    try:
        distribution = sampling.Distribution(entry)
    except ValueError as error:
        yield str(error)
        return
    parameter = component.parameters.get(name)
    if name in component.inputs:
        yield "it is data, and only values are tried"
    elif parameter is None and "trial" in component.body:
        yield "the trial has no input of this name"
    elif parameter:
        for text in distribution.choices:
            try:
                values.read(parameter, text)
            except ValueError as error:
                yield str(error)
    if component.body["algorithm"] == "grid" and not distribution.choices:
        yield "a grid has choices only"


def trial_of(sweep: Component) -> Component:
    """What one trial runs: a component whose parameters are the values that are tried, too."""
    body = sweep.body
    tried = {name: Parameter("String") for name in body["search_space"]}
    limit = body["limits"].get("trial_timeout")
    return replace(
        sweep,
        command=_PLACEHOLDER.sub("${{inputs.", sweep.command),
        work="command",
        body={},
        parameters={**tried, **sweep.parameters},
        is_deterministic=body.get("trial_is_deterministic") != "false",
        any_exit_code=body.get("trial_any_exit_code") == "true",
        timeout=float(limit) if limit else None,
        mounts="ml",
    )


def driver_plan(
    step: Step,
    data: Mapping[str, Artifact],
    targets: Mapping[str, str],
    parameters: Mapping[str, Value],
    run: str,
    root: str,
) -> Plan:
    """The plan of a sweep's driver, which is told all it needs by one file.

    Its trials read what is here where it lies, and what is brought for all of them at its
    `targets`. The user's code, variables and packages are its trials' alone. Raises BadRequest
    for data that has no place of its own.
    """
    component = step.component
    for name, artifact in data.items():
        if artifact.parts is not None or artifact.text is not None:
            raise BadRequest(f"input '{name}': a sweep cannot read what a foreach left yet")
    content = {
        "sweep": f"{run}/{step.name}",
        "name": component.display_name or component.name,
        "root": root,
        "inputs": {
            name: targets[name] if artifact.route else artifact.path
            for name, artifact in data.items()
        },
        "parameters": {
            name: values.to_text(value)
            for name, value in parameters.items()
            if name not in component.body["search_space"]
        },
        "outputs": list(component.outputs),
        **{part: component.body[part] for part in _PARTS if part in component.body},
    }
    outputs = tuple(f"output/{name}" for name in component.outputs)
    return Plan(
        replicas=(Replica(argv=(f"{root}/{CONFIG}",), env={"PYTHONUNBUFFERED": "1"}),),
        root=root,
        mounts=(),
        files={CONFIG: json.dumps(content, ensure_ascii=False) + "\n"},
        folders=("usercode", "input", "input/config", "input/data", "output", *outputs, "mlflow"),
        environment=_OPTUNA if component.body["algorithm"] == "bayesian" else None,
        driver="sweep",
    )
