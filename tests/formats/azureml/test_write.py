"""AzureML's components in the other flavour and as Millwork's, and what is said to be left out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from millwork.base.errors import BadRequest
from millwork.formats.azureml.write import write_azureml
from millwork.spec.model import (
    Code,
    Component,
    Constraints,
    Flavour,
    Input,
    Output,
    Parameter,
    Range,
    Resources,
    Secret,
)
from tests.formats.azureml.reading import component_of, files_of
from tests.formats.azureml.texts import FILES, OLD, old, v2

pytestmark = pytest.mark.quick

FIELDS = (
    "inputs", "outputs", "parameters", "code", "env", "image", "environment", "description",
    "tags", "is_deterministic", "work", "timeout",
)  # fmt: skip


def written(component: Component, to: Flavour) -> tuple[Component, list[str], dict[str, Any]]:
    """The component as it is read back, what is left out, and the document."""
    document, left = write_azureml(component, to)
    text = yaml.safe_dump(document, sort_keys=False)
    return component_of(text, FILES), left, document


def left_of(text: str, to: Flavour) -> list[str]:
    return written(component_of(text, FILES), to)[1]


def environment_of(text: str, to: Flavour) -> tuple[Any, list[str]]:
    _, left, document = written(component_of(text, FILES), to)
    return document.get("environment"), left


def test_old_to_v2_and_back() -> None:
    component = component_of(OLD, FILES)
    there, left, document = written(component, "azureml-v2")
    assert [line.partition(":")[0] for line in left] == ["name", "successful_return_code"]
    assert document["name"] == "company_team_probe"
    assert document["inputs"]["choice"] == {"type": "string", "enum": ["1", "b"], "default": "b"}
    assert document["inputs"]["data"]["mode"] == "ro_mount"
    back, _, _ = written(there, "azureml-old")
    assert back.command == component.command
    natives = {"uri_folder": "AnyDirectory", "uri_file": "AnyFile"}
    for name in FIELDS:
        if name in ("inputs", "outputs"):
            ports = getattr(there, name)
            assert {
                port: replace(
                    given,
                    native=natives[given.native],
                    mode={"ro_mount": "mount"}.get(given.mode, given.mode),
                )
                for port, given in ports.items()
            } == getattr(component, name)
            assert getattr(back, name) == getattr(component, name)
        else:
            assert getattr(there, name) == getattr(component, name), name
            assert getattr(back, name) == getattr(component, name), name


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"is_resource_of": "x"}, "is_resource_of: azureml-v2 has no such field"),
        ({"tags": {"a": ["b"]}}, "tags.a: it is not one text, or no name that is accepted"),
        ({"inputs": {"a": {"type": "CsvFile"}}}, "inputs.a.type: v2 has no CsvFile; it becomes"),
        ({"inputs": {"a": {"type": "ImageDirectory"}}}, "ImageDirectory; it becomes uri_folder"),
        ({"inputs": {"a": {"type": "Odd"}}}, "inputs.a.type: v2 has no Odd; it becomes path"),
        ({"inputs": {"a": {"type": "path", "datastore_mode": "odd"}}}, "a.mode: odd is not known"),
        ({"inputs": {"a": {"type": "Integer", "default": 1.5}}}, "inputs.a.default: it is none"),
        ({"inputs": {"a": {"type": "Integer", "min": 3, "max": 1}}}, "inputs.a.min: it is none"),
        ({"inputs": {"a": {"type": "path", "is_resource": True}}}, "inputs.a.is_resource: only"),
        ({"type": "CommandComponent@1-legacy"}, "type: v2 has no label, and this is @1-legacy"),
        ({}, "environment: v2 needs one and none is named, so python:3.11 stands there"),
    ],
)
def test_what_v2_does_not_take_is_said(fields: dict[str, Any], line: str) -> None:
    assert any(line in told for told in left_of(old(**fields), "azureml-v2"))


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"resources": {"shm_size": "1g"}}, "resources: azureml-old has no such field"),
        ({"limits": {"timeout": 60}}, "limits.timeout: the old flavour has none (60 seconds)"),
        ({"code": None}, "code: the old flavour takes the file's folder, where v2 takes none"),
        ({"code": ".", "additional_includes": ["a", "b"]}, "additional_includes: a, b stand in"),
        ({"distribution": {"type": "mpi"}}, "distribution: a command in one process has none"),
        (
            {"inputs": {"a": {"type": "uri_file", "mode": "eval_mount"}}},
            "inputs.a.mode: the old flavour has no eval_mount; it is mount",
        ),
    ],
)
def test_what_the_old_flavour_does_not_take_is_said(fields: dict[str, Any], line: str) -> None:
    assert any(line in told for told in left_of(v2(**fields), "azureml-old"))


ENVIRONMENTS = (
    ("azureml:e:1", "azureml:e:1"),
    ({"docker": {"image": "i"}}, {"image": "i"}),
    (
        {"docker": {"image": "i"}, "conda": {"conda_dependencies_file": "conda.yml"}},
        {"image": "i", "conda_file": "conda.yml"},
    ),
    (
        {"docker": {"image": "i"}, "conda": {"conda_dependencies": {"dependencies": ["numpy"]}}},
        {"image": "i", "conda_file": {"dependencies": ["numpy"]}},
    ),
    (
        {"docker": {"build": {"dockerfile": "docker/Dockerfile"}}, "os": "linux"},
        {"build": {"path": "docker", "dockerfile_path": "Dockerfile"}, "os_type": "linux"},
    ),
    ({"name": "e", "version": "3"}, {"name": "e", "version": "3"}),
)


@pytest.mark.parametrize(("one", "other"), ENVIRONMENTS)
def test_environments_both_ways(one: Any, other: Any) -> None:
    assert environment_of(old(environment=one), "azureml-v2")[0] == other
    assert environment_of(v2(environment=other, code="."), "azureml-old")[0] == one


@pytest.mark.parametrize(
    ("given", "made", "line"),
    [
        (
            {"conda": {"pip_requirements_file": "requirements.txt"}},
            {"conda_file": {"dependencies": ["pip", {"pip": ["-r requirements.txt"]}]}},
            "environment.image: v2 builds packages upon an image, and none is named",
        ),
        (
            {"docker": {"baseImage": "i", "base_dockerfile": "FROM x"}, "python": {"a": "b"}},
            {"image": "i"},
            "environment.docker.base_dockerfile: it has no counterpart",
        ),
    ],
)
def test_environments_of_old_only(given: Any, made: Any, line: str) -> None:
    assert environment_of(old(environment=given), "azureml-v2")[0] == made
    assert line in environment_of(old(environment=given), "azureml-v2")[1]


def test_environments_of_v2_only() -> None:
    given = {"image": "i", "description": "d"}
    made, left = environment_of(v2(environment=given, code="."), "azureml-old")
    assert made == {"docker": {"image": "i"}}
    assert left == ["environment.description: it has no counterpart"]
    files = files_of({"env.yml": "image: i"}, check_code=False)
    component = component_of(v2(environment="file:env.yml", code="."), files)
    document, left = write_azureml(component, "azureml-old")
    assert "environment" not in document
    assert left == ["environment: file:env.yml is a file of its own, which only v2 reads"]


def test_the_launcher() -> None:
    launcher = {"type": "torch.distributed", "additional_arguments": "t {inputs.x}"}
    text = old(
        type="DistributedComponent", command=None, launcher=launcher, environment="azureml:e:1",
        inputs={"x": {"type": "String"}},
    )  # fmt: skip
    _, left, document = written(component_of(text), "azureml-v2")
    assert document["type"] == "command"
    assert document["distribution"] == {"type": "pytorch"}
    assert document["command"] == "t ${{inputs.x}}"
    assert [line.partition(":")[0] for line in left] == ["launcher"]
    document["distribution"]["process_count_per_instance"] = 2
    there = component_of(yaml.safe_dump(document))
    back, left, document = written(there, "azureml-old")
    assert back.body["launcher"] == launcher
    assert "counts stand in the run's settings (process_count_per_instance 2)" in left[0]


def test_more_than_one_machine_is_a_matter_of_the_run() -> None:
    component = component_of(v2(resources={"instance_count": 2}))
    back, left, _ = written(component, "azureml-old")
    assert (back.work, back.command) == ("command", "t")
    assert "resources: azureml-old has no such field" in left


def test_parallel() -> None:
    text = old(
        type="ParallelComponent", command=None, environment="azureml:e:1", code="src",
        inputs={"x": {"type": "AnyDirectory"}, "n": {"type": "Integer"}},
        outputs={"y": {"type": "AnyFile"}},
        parallel={"input_data": "inputs.x", "output_data": "outputs.y", "entry": "a.py",
                  "args": "--n {inputs.n}"},
    )  # fmt: skip
    component = component_of(text, FILES)
    there, left, document = written(component, "azureml-v2")
    assert left == []
    assert document["input_data"] == "${{inputs.x}}"
    assert document["task"] == {
        "type": "run_function",
        "code": "src",
        "entry_script": "a.py",
        "environment": "azureml:e:1",
        "program_arguments": "--n ${{inputs.n}}",
        "append_row_to": "${{outputs.y}}",
    }
    back, _, _ = written(there, "azureml-old")
    assert back.body == component.body
    assert back.code == component.code == there.code


def test_spark() -> None:
    text = old(
        type="SparkComponent", command=None, entry={"file": "a.py"}, jars=["b.jar"],
        driver_cores=2, args="--x {inputs.x}", inputs={"x": {"type": "path"}},
    )  # fmt: skip
    component = component_of(text, FILES)
    there, left, document = written(component, "azureml-v2")
    assert left == []
    assert document["conf"] == {"spark.driver.cores": 2}
    assert document["args"] == "--x ${{inputs.x}}"
    back, _, _ = written(there, "azureml-old")
    assert back.body == component.body


def test_a_sweep_names_its_trials_file() -> None:
    text = old(
        type="SweepComponent", command=None, trial="file:trial.yaml", algorithm="random",
        search_space={"rate": {"type": "choice", "values": [0.1, 2]}},
        objective={"primary_metric": "m", "goal": "minimize"},
        limits={"max_total_trials": 4, "timeout_minutes": 2},
    )  # fmt: skip
    component = component_of(text, FILES)
    there, left, document = written(component, "azureml-v2")
    assert left == ["trial: convert trial.yaml too; it stays as it is"]
    assert document["search_space"] == {"rate": {"type": "choice", "values": [0.1, 2]}}
    assert document["limits"] == {"max_total_trials": 4, "timeout": 120}
    assert there.body == component.body
    back, _, document = written(there, "azureml-old")
    assert document["limits"] == {"max_total_trials": 4, "timeout_minutes": 2}
    assert back.parameters == component.parameters


@pytest.mark.parametrize(
    ("text", "to", "message"),
    [
        (old(type="ScopeComponent"), "azureml-v2", "of the type ScopeComponent, which azureml-v2"),
        (old(command=None), "azureml-v2", "'c' has no command"),
        (
            old(type="DistributedComponent", launcher={"type": "x", "additional_arguments": "t"}),
            "azureml-v2",
            "v2 has no distribution for 'x'",
        ),
        (
            v2(distribution={"type": "ray"}),
            "azureml-old",
            "distribution.type: the old flavour has no launcher for ray",
        ),
        (
            old(type="ParallelComponent", command=None, inputs={"a": {"type": "path"}},
                parallel={"input_data": ["a", "a"], "entry": "e"}),
            "azureml-v2",
            "parallel.input_data: v2 takes one input, and these are 2",
        ),
        (
            v2(type="sweep", command=None, environment=None, sampling_algorithm="random",
               objective={"primary_metric": "m", "goal": "minimize"},
               search_space={"r": {"type": "choice", "values": [1]}},
               trial={"command": "t", "environment": "azureml:e:1"}),
            "azureml-old",
            "names a trial's file",
        ),
        (v2(command="t $[[${{inputs.a}} ']']]", inputs={"a": {"type": "string"}}), "azureml-old",
         "no way to write the brackets"),
    ],
)  # fmt: skip
def test_what_cannot_be_written_is_refused(text: str, to: Flavour, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        write_azureml(component_of(text, FILES), to)


# --- from Millwork ----------------------------------------------------------------------------

SHELL = Component(
    "My-c",
    "1.2.0",
    'python t.py "$@" $PAI_INPUT_A && [ -f x ]',
    image="i",
    code=Code("f", git="https://h/r.git", ref="main"),
    env={"A": "b", "S": Secret("s")},
    inputs={"a-b": Input("table"), "c": Input("file", required=False)},
    outputs={"m": Output("model"), "f": Output("file"), "v": Output("value")},
    parameters={
        "learning-rate": Parameter("Float", 0.1, range=Range(0, 1, exclusive_minimum=True)),
        "n": Parameter("Int", 3, range=Range(0, 9, exclusive_maximum=True)),
        "k": Parameter("Int", 2, enum=(1, 2)),
        "s": Parameter("String", required=True, pattern="a+"),
        "col": Parameter("Column", input="a-b"),
        "b": Parameter("Bool", True, group="tuning"),
    },
    timeout=90.5,
    resources=Resources(cpu=2),
    constraints=Constraints("GPU"),
)


@pytest.mark.parametrize("to", ["azureml-old", "azureml-v2"])
def test_a_shells_command_is_kept(to: Flavour) -> None:
    back, left, document = written(SHELL, to)
    told = "\n".join(left)
    assert "command: it reads $@, PAI_INPUT_A, which only Millwork and PAI set" in told
    for line in (
        "parameters.learning-rate: it is called learning_rate here",
        "inputs.a-b: it is called a_b here",
        "parameters.learning-rate.range: 0 itself is allowed in AzureML",
        "parameters.k.enum: AzureML's are of text",
        "parameters.s.pattern: AzureML has no such field",
        "parameters.col.type: AzureML has no Column; it is text",
        "parameters.b.group: AzureML has no such field",
        "outputs.f.type: a folder, as the command puts its file into one",
        "env.S: AzureML has no secrets of Millwork's",
        "resources: AzureML has no such field",
        "constraints: AzureML has no such field",
        "timeout",
    ):
        assert line in told
    shell = SHELL.command if to == "azureml-v2" else SHELL.command.replace("[ -f x ]", "[[ -f x ]]")
    assert back.command == shell
    assert back.code == SHELL.code
    assert back.parameters["n"] == Parameter("Int", 3, range=Range(0, 8))
    assert back.parameters["k"] == Parameter("String", "2", enum=("1", "2"))
    assert back.parameters["s"].required
    assert not back.inputs["c"].required
    assert back.outputs["v"].type == "value"
    assert back.image == "i"
    assert document.get("limits") == ({"timeout": 91} if to == "azureml-v2" else None)


def test_names_that_differ_in_case_alone() -> None:
    component = Component(
        "c", "1.0.0", "t", inputs={"a": Input()},
        parameters={"A": Parameter("Int"), "1": Parameter("Int")},
    )  # fmt: skip
    back, left, _ = written(component, "azureml-old")
    assert list(back.parameters) == ["A_2", "_1"]
    assert left == ["parameters.A: it is called A_2 here", "parameters.1: it is called _1 here"]
