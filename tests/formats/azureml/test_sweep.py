"""Sweeps: the trial's work with both sets of ports, and what is tried."""

import pytest

from millwork.spec.model import Code, Component
from tests.formats.azureml.reading import component_of, errors_of, files_of

pytestmark = pytest.mark.quick

TRIAL = """\
type: CommandComponent
name: trial
version: 1
inputs:
  data: {type: path}
  lr: {type: Float, default: 0.1}
outputs:
  model: {type: AnyDirectory}
code: ../src
environment: {docker: {image: base}}
command: python t.py {inputs.data} {inputs.lr} {outputs.model}
"""
OLD_SWEEP = """\
$schema: http://azureml/sdk-1-5/SweepComponent.json
type: SweepComponent
name: company.sweep
version: 1
inputs:
  data: {type: AnyFile}
  more: {type: Integer, default: 1}
trial: file:../trials/trial.yaml
algorithm: {default: random, enum: [random, grid]}
search_space:
  lr: {type: uniform, min_value: 0.01, max_value: 0.2}
objective:
  primary_metric: {default: rmse, enum: [rmse, l2]}
  goal: Minimize
early_termination: {type: bandit, slack_factor: 0.1, evaluation_interval: 2}
limits: {max_total_trials: 4, max_concurrent_trials: 2, timeout_minutes: 1.5}
"""
V2_SWEEP = """\
type: sweep
name: s
inputs:
  data: {type: uri_file}
outputs:
  model: {type: uri_folder}
sampling_algorithm: {type: bayesian, seed: 7}
trial:
  code: ./src
  command: python t.py ${{inputs.data}} --lr ${{search_space.lr}} ${{outputs.model}}
  environment: azureml:e:1
  environment_variables: {A: b}
search_space:
  lr: {type: choice, values: [0.1, 0.2]}
objective: {primary_metric: auc, goal: maximize}
limits: {max_total_trials: 4, timeout: 60}
"""
AROUND = files_of({"../trials/trial.yaml": TRIAL}, ["../src", "src"])


def reasons(component: Component) -> list[str]:
    return [reason.split(": ", 2)[2] for reason in component.refusals]


def test_an_old_sweep_is_its_trial_with_ports_of_both() -> None:
    component = component_of(OLD_SWEEP, AROUND)
    assert (component.name, component.work) == ("company.sweep", "sweep")
    assert not component.is_deterministic
    assert component.command == "python t.py {inputs.data} {inputs.lr} {outputs.model}"
    assert component.code == Code("../trials/../src")
    assert component.image == "base"
    assert component.inputs["data"].native == "path"
    assert set(component.parameters) == {"lr", "more"}
    assert set(component.outputs) == {"model"}
    assert component.refusals == ()
    assert component.body == {
        "trial": "../trials/trial.yaml",
        "algorithm": "random",
        "search_space": {"lr": {"type": "uniform", "min_value": "0.01", "max_value": "0.2"}},
        "objective": {"primary_metric": "rmse", "goal": "minimize"},
        "early_termination": {
            "type": "bandit", "slack_factor": "0.1", "evaluation_interval": "2",
        },
        "limits": {"max_total_trials": "4", "max_concurrent_trials": "2", "timeout": "90"},
    }  # fmt: skip


def test_a_sweep_of_v2_with_its_trial_in_place() -> None:
    component = component_of(V2_SWEEP, AROUND)
    assert component.work == "sweep"
    assert component.command.startswith("python t.py ${{inputs.data}} --lr ${{search_space.lr}}")
    assert component.code == Code("./src")
    assert component.env == {"A": "b"}
    assert component.refusals == ()
    assert component.body == {
        "environment": "azureml:e:1",
        "algorithm": "bayesian",
        "sampling": {"seed": "7"},
        "search_space": {"lr": {"type": "choice", "values": ("0.1", "0.2")}},
        "objective": {"primary_metric": "auc", "goal": "maximize"},
        "limits": {"max_total_trials": "4", "timeout": "60"},
    }


def test_a_trial_elsewhere_is_left_for_the_map() -> None:
    text = OLD_SWEEP.replace("file:../trials/trial.yaml", "azureml:trial:1")
    component = component_of(text)
    assert component.body["trial"] == "azureml:trial:1"
    assert component.command == ""


def test_the_refusals_of_a_trial_are_the_sweeps() -> None:
    files = files_of({"../trials/trial.yaml": TRIAL + "  \n"}, ["../src"])
    assert component_of(OLD_SWEEP, files).refusals == ()
    several = TRIAL.replace("CommandComponent", "DistributedComponent").replace(
        "command: ", "launcher:\n  type: mpi\n  additional_arguments: "
    )
    component = component_of(OLD_SWEEP, files_of({"../trials/trial.yaml": several}, ["../src"]))
    assert reasons(component) == ["trials of more than one replica are not run yet"]
    assert component.body["trial_work"] == "distributed"


def test_the_faults_of_a_trial_are_told_of_its_own_file() -> None:
    files = files_of({"../trials/trial.yaml": TRIAL.replace("{inputs.lr}", "{inputs.l}")})
    assert set(errors_of(OLD_SWEEP, files)) == {"command", "code"}
    assert errors_of(OLD_SWEEP) == {"trial": "there is no file ../trials/trial.yaml"}


def test_a_sweep_is_no_trial_even_of_itself() -> None:
    text = OLD_SWEEP.replace("../trials/trial.yaml", "component.yaml")
    errors = errors_of(text, files_of({"component.yaml": text}))
    assert errors == {"trial": "a sweep is no trial of another"}


WRONG = [
    ("{type: bayesian, seed: 7}", "bogus", "sampling_algorithm", "'bogus' is not one of random"),
    ("type: choice, values", "type: bogus, values", "search_space.lr", "'bogus' is not one of"),
    ("values: [0.1, 0.2]", "q: 1", "search_space.lr", "a choice needs values"),
    ("values: [0.1, 0.2]", "values: 3", "search_space.lr.values", "expected a list of"),
    ("type: choice, values: [0.1, 0.2]", "type: normal, mu: a, sigma: 1", "search_space.lr.mu",
     "expected a number, found 'a'"),
    ("primary_metric: auc, ", "", "objective.primary_metric", "there is no metric"),
    ("goal: maximize", "goal: more", "objective.goal", "'more' is not one of minimize"),
    ("max_total_trials: 4", "max_total_trials: many", "limits.max_total_trials", "expected a"),
    ("--lr ${{search_space.lr}}", "${{search_space.x}}", "trial.command", "search_space.x is not"),
    ("  environment: azureml:e:1\n", "", "trial.environment", "missing"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "path", "message"), WRONG)
def test_what_is_wrong_in_a_sweep_of_v2(old: str, new: str, path: str, message: str) -> None:
    assert old in V2_SWEEP
    errors = errors_of(V2_SWEEP.replace(old, new), AROUND)
    assert set(errors) == {path}
    assert errors[path].startswith(message)


TRUNCATION = "truncation_selection is not run here; bandit and median_stopping are"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("type: uniform, min_value: 0.01", "type: uniform", "a uniform needs min_value"),
        ("default: random, ", "default: grid, ", "a grid has choices only"),
        ("type: bandit", "type: truncation_selection", TRUNCATION),
        (", slack_factor: 0.1", "", "a bandit needs slack_factor or slack_amount"),
    ],
)  # fmt: skip
def test_what_of_an_old_sweep_cannot_run(old: str, new: str, reason: str) -> None:
    assert old in OLD_SWEEP
    assert reasons(component_of(OLD_SWEEP.replace(old, new), AROUND)) == [reason]
