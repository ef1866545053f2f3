from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from millwork.base.errors import BadRequest
from millwork.plan.contract import Job, make_plan
from millwork.plan.model import Artifact, Step
from millwork.plan.sweep import driven, faults, trial_of
from millwork.spec.model import Component, Environment, Input, Output, Parameter

pytestmark = pytest.mark.quick

BODY: dict[str, Any] = {
    "algorithm": "random",
    "search_space": {
        "rate": {"type": "uniform", "min_value": "0", "max_value": "1"},
        "kind": {"type": "choice", "values": ("a", "b")},
    },
    "objective": {"primary_metric": "loss", "goal": "minimize"},
    "limits": {"max_total_trials": "4"},
}
SWEEP = Component(
    "search",
    "1",
    "python t.py ${{search_space.kind}} ${{ search_space.rate }} ${{inputs.data}}",
    flavour="azureml-v2",
    syntax="dollar",
    work="sweep",
    body=BODY,
    environment=Environment("numpy\n"),
    env={"KEY": "value"},
    inputs={"data": Input("file")},
    outputs={"out": Output("folder"), "artifacts": Output("folder")},
    parameters={"rate": Parameter("Float", required=True), "rounds": Parameter("Int", 3)},
    is_deterministic=False,
    timeout=50.0,
)


def changed(**body: Any) -> Component:
    return replace(SWEEP, body={**BODY, **body})


def test_what_is_tried_need_not_be_given() -> None:
    component = driven(SWEEP)
    assert not list(faults(component))
    assert not component.parameters["rate"].required
    assert (component.mounts, component.timeout) == ("none", None)


def test_a_trial_is_a_component_with_what_is_tried_among_its_parameters() -> None:
    trial = trial_of(driven(SWEEP))
    assert trial.command == "python t.py ${{inputs.kind}} ${{inputs.rate }} ${{inputs.data}}"
    assert {name: found.type for name, found in trial.parameters.items()} == {
        "rate": "Float", "rounds": "Int", "kind": "String",
    }  # fmt: skip
    assert (trial.work, trial.body, trial.mounts) == ("command", {}, "ml")
    assert (trial.is_deterministic, trial.any_exit_code, trial.timeout) == (True, False, 50.0)
    assert (trial.environment, trial.env) == (SWEEP.environment, SWEEP.env)


def test_a_trial_keeps_what_it_says_of_itself() -> None:
    facts = {"trial_is_deterministic": "false", "trial_any_exit_code": "true"}
    trial = trial_of(driven(changed(**facts, limits={"trial_timeout": "7"})))
    assert (trial.is_deterministic, trial.any_exit_code, trial.timeout) == (False, True, 7.0)


@pytest.mark.parametrize(
    ("body", "path", "message"),
    [
        ({"trial_work": "parallel"}, "trial", "of the type parallel is not run in a sweep yet"),
        ({"algorithm": "grid"}, "search_space.rate", "a grid has choices only"),
        ({"search_space": {}}, "search_space", "there is nothing to try"),
        ({"sampling": {"rule": "halton"}}, "sampling_algorithm", "'halton' is not one of random"),
        ({"early_termination": {"type": "bandit"}}, "early_termination", "needs slack_factor"),
        ({"objective": {"primary_metric": "", "goal": "minimize"}}, "objective", "no metric"),
        ({"search_space": {"data": {"type": "randint", "upper": "3"}}}, "search_space.data",
         "it is data"),
        ({"search_space": {"rounds": {"type": "choice", "values": ("1", "many")}}},
         "search_space.rounds", "expected a whole number, found 'many'"),
        ({"trial": "trial.yml"}, "search_space.kind", "the trial has no input of this name"),
    ],
)  # fmt: skip
def test_what_cannot_be_searched_is_told(body: dict[str, Any], path: str, message: str) -> None:
    ((found, told),) = faults(changed(**body))
    assert ".".join(map(str, found)) == path
    assert message in told


def test_the_driver_gets_a_description_and_nothing_of_the_users() -> None:
    step = Step("a.search", driven(SWEEP), code="digest")
    given = {"data": Artifact("/data/x.csv", is_file=True)}
    plan = make_plan(step, given, {"rounds": 3, "rate": 0.5}, Job("run", "run-1"), "/home/ml")
    (replica,) = plan.replicas
    assert replica.argv == ("/home/ml/input/config/sweep.json",)
    assert dict(replica.env) == {"PYTHONUNBUFFERED": "1"}
    assert (plan.driver, plan.code, plan.environment, plan.mounts) == ("sweep", "", None, ())
    told = json.loads(plan.files["input/config/sweep.json"])
    assert told["sweep"] == "run/a.search"
    assert told["inputs"] == {"data": "/data/x.csv"}
    assert told["parameters"] == {"rounds": "3"}
    assert told["outputs"] == ["out", "artifacts"]
    assert told["search_space"]["kind"]["values"] == ["a", "b"]


def test_only_a_bayesian_driver_has_packages() -> None:
    step = Step("search", driven(changed(algorithm="bayesian")))
    plan = make_plan(step, {}, {}, Job("run", "run-1"))
    assert plan.environment
    assert plan.environment.requirements.startswith("optuna==")


def test_a_sweep_does_not_read_what_a_foreach_left() -> None:
    step = Step("search", driven(SWEEP))
    with pytest.raises(BadRequest, match="cannot read what a foreach left"):
        make_plan(step, {"data": Artifact("", parts=("/a", "/b"))}, {}, Job("run", "run-1"))
