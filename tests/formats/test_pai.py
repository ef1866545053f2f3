"""PAI's AlgorithmSpec: read, refused in PAI's own names, and written back."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from millwork.actions.convert import convert
from millwork.base.errors import BadRequest, InvalidFile
from millwork.formats.pai import is_pai, read_pai, write_pai
from millwork.spec.document import parse
from millwork.spec.fields import Reading
from millwork.spec.model import (
    Batch,
    Code,
    Component,
    Constraints,
    Input,
    Metric,
    Output,
    Parameter,
    Pipeline,
    PipelineNode,
    Progress,
    Range,
    Source,
)
from millwork.spec.reader import read_text
from tests.spec.definitions import components

pytestmark = pytest.mark.quick

EXAMPLE = Path("examples/pai-seed/algorithm.json")
SMALL: dict[str, Any] = {"Command": ["sh", "-c", "true"], "JobType": "TFJob"}


def read(document: object, file: str = "algorithm.json") -> tuple[Component, Reading]:
    text = document if isinstance(document, str) else json.dumps(document, indent=2)
    return read_pai(parse(text, file), text, file)


def component_of(document: object) -> Component:
    component, reading = read(document)
    assert reading.faults == []
    return component


def faults_of(document: object) -> dict[str, str]:
    with pytest.raises(InvalidFile) as caught:
        read(document)
    assert all(fault.line and fault.column for fault in caught.value.faults)
    return {fault.path: fault.message for fault in caught.value.faults if fault.severity == "error"}


def warnings_of(document: object) -> dict[str, str]:
    _, reading = read(document)
    assert {fault.severity for fault in reading.faults} <= {"warning"}
    return {fault.path: fault.message for fault in reading.faults}


def test_the_seeds_example() -> None:
    text = EXAMPLE.read_text()
    component, reading = read_pai(parse(text, str(EXAMPLE)), text, str(EXAMPLE))
    assert reading.faults == []
    assert (component.name, component.version, component.flavour) == ("algorithm", "1.0.0", "pai")
    assert component.job_type == "TFJob"
    assert component.command.startswith("python main.py $PAI_USER_ARGS --train $PAI_INPUT_TRAIN")
    assert component.code == Code(".")
    defaults = {name: parameter.default for name, parameter in component.parameters.items()}
    assert defaults == {"param1": 6, "param2": 0.3, "param3": "test1", "param4": True, "param5": 2}
    assert component.inputs["test"].sources == ("oss", "nas")
    assert component.outputs["model"] == Output("any", ("oss",), "The model")
    assert component.source.text == text
    assert reading.places["HyperParameters", 3, "Type"] == (33, 7)


def test_the_seeds_example_as_millworks_own_runs_alike() -> None:
    text = EXAMPLE.read_text()
    component, _ = read_pai(parse(text, str(EXAMPLE)), text, str(EXAMPLE))
    own, _ = read_text(convert(component, "millwork").text, "x.yaml")
    assert isinstance(own, Component)
    assert replace(own, flavour="pai") == component


def test_a_file_in_the_flavour_asked_for_is_its_own_text() -> None:
    text = EXAMPLE.read_text()
    component, _ = read_pai(parse(text, str(EXAMPLE)), text, str(EXAMPLE))
    assert convert(component, "pai").text == text


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (SMALL, True),
        ({"AlgorithmName": "a", "AlgorithmSpec": SMALL}, True),
        ({"HyperParameters": []}, True),
        ({"name": "x"}, False),
        ({"apiVersion": "millwork/v1", "kind": "Component", "command": "x"}, False),
    ],
)
def test_is_recognised_by_its_names(document: object, expected: bool) -> None:
    assert is_pai(parse(json.dumps(document), "x.json")) is expected


def test_the_object_around_it_names_it() -> None:
    component = component_of(
        {
            "AlgorithmName": "als",
            "AlgorithmVersion": "1.10.0",
            "DisplayName": "ALS",
            "AlgorithmDescription": "*Matrices*",
            "AlgorithmSpec": SMALL,
        }
    )
    assert (component.name, component.version) == ("als", "1.10.0")
    assert (component.display_name, component.description) == ("ALS", "*Matrices*")


def test_a_training_job_with_its_spec_is_read_and_the_jobs_own_fields_are_told() -> None:
    body = {"AlgorithmSpec": SMALL, "TrainingJobName": "j", "HyperParameters": [{"Name": "a"}]}
    assert set(warnings_of(body)) == {"TrainingJobName", "HyperParameters"}


def test_a_training_job_of_a_registered_algorithm_cannot_be_run() -> None:
    faults = faults_of({"AlgorithmName": "als", "InputChannels": []})
    assert "a name alone cannot be run" in faults["AlgorithmSpec"]


@pytest.mark.parametrize(
    ("file", "name"),
    [("a/my model.v2.json", "my-model.v2"), ("训练.json", "component"), ("_x_.json", "x")],
)
def test_without_a_name_it_is_called_after_its_file(file: str, name: str) -> None:
    component, _ = read(SMALL, file)
    assert component.name == name


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (["sh", "-c", "a && b"], "a && b"),
        (["/bin/sh", "-c", "a"], "a"),
        (["python main.py $PAI_USER_ARGS"], "python main.py $PAI_USER_ARGS"),
        (["python", "main.py", "a b", "$X"], "python main.py 'a b' '$X'"),
        (["bash", "-c", "a | b"], "bash -c 'a | b'"),
        ("python main.py", "python main.py"),
    ],
)
def test_a_command_is_a_text_or_words(command: object, text: str) -> None:
    assert component_of({**SMALL, "Command": command}).command == text


@pytest.mark.parametrize(
    ("place", "uri"),
    [
        (
            ("OSS", {"Bucket": "b", "Key": "code/", "Endpoint": "oss-cn.aliyuncs.com"}),
            "oss://b.oss-cn.aliyuncs.com/code/",
        ),
        (("oss", {"Bucket": "b", "Key": "/code"}), "oss://b/code"),
        (("NAS", {"FileSystemId": "0a1b", "Path": "/code"}), "nas://0a1b/code"),
    ],
)
def test_code_in_storage_is_a_uri(place: tuple[str, Any], uri: str) -> None:
    spec = {**SMALL, "CodeDir": {"LocationType": place[0], "LocationValue": place[1]}}
    component = component_of(spec)
    assert component.code == Code("", uri=uri)
    again, _ = read(write_pai(component)[0])
    assert again.code == component.code


def hyperparameter(**fields: object) -> dict[str, Any]:
    return {**SMALL, "HyperParameters": [{"Name": "p", "Type": "Int", **fields}]}


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        (
            {"DefaultValue": "3", "Range": {"Minimum": "1", "Maximum": "5"}},
            Parameter("Int", 3, range=Range(1, 5)),
        ),
        (
            {"Type": "Float", "Range": {"Minimum": "0", "ExclusiveMinimum": True}},
            Parameter("Float", range=Range(0, None, True)),
        ),
        ({"Range": {"Enum": ["1", "2"]}}, Parameter("Int", enum=(1, 2))),
        ({"Type": "Boolean", "DefaultValue": "True"}, Parameter("Bool", True)),
        ({"Type": "Bool", "DefaultValue": False}, Parameter("Bool", False)),
        ({"DefaultValue": ""}, Parameter("Int")),
        ({"Type": "String", "DefaultValue": ""}, Parameter("String", "")),
        (
            {"Type": "String", "Range": {"MinLength": 2, "Pattern": "[a-z]+"}},
            Parameter("String", length=(2, 10**9), pattern="[a-z]+"),
        ),
        ({"Required": True, "Description": "d"}, Parameter("Int", required=True, description="d")),
    ],
)
def test_a_hyperparameter(fields: dict[str, Any], parameter: Parameter) -> None:
    assert component_of(hyperparameter(**fields)).parameters == {"p": parameter}


def test_channel_types_become_sources() -> None:
    channel = {"Name": "a", "SupportedChannelTypes": ["OSS", "cpfs", "nas", "MaxCompute", "ftp"]}
    component, reading = read({**SMALL, "InputChannels": [channel]})
    assert component.inputs["a"] == Input(required=False, sources=("oss", "nas", "table"))
    assert reading.faults[0].path == "InputChannels[0].SupportedChannelTypes[4]"


@pytest.mark.parametrize(
    ("fields", "constraints"),
    [
        ({}, None),
        ({"SupportsDistributedTraining": True}, None),
        ({"SupportsDistributedTraining": False}, Constraints(multiple_instances=False)),
        ({"SupportedInstanceTypes": ["ecs.gn6i-c4g1.xlarge"]}, Constraints("GPU", True, True)),
        ({"SupportedInstanceTypes": ["ecs.g6.large"]}, Constraints()),
        (
            {"ResourceRequirements": [{"Key": "GPU", "Operator": "In", "Values": ["1"]}]},
            Constraints("GPU"),
        ),
    ],
)
def test_requirements_become_constraints(
    fields: dict[str, Any], constraints: Constraints | None
) -> None:
    assert component_of({**SMALL, **fields}).constraints == constraints


def test_what_cannot_be_used_is_told_and_stays_in_the_text() -> None:
    spec = {
        **SMALL,
        "ComputeResource": {"Policy": {"Value": "x"}},
        "HyperParametres": [],
        "MetricDefinitions": [{"Name": "a", "Regex": "(?<=x)(y)"}, {"Name": "b", "Regex": "(b)"}],
        "ProgressDefinitions": {"OverallProgress": {"Regex": "no group"}},
        "HyperParameters": [
            {"Name": "p", "Type": "String", "Range": {"Pattern": "(?=x)"}},
            {"Name": "q", "Type": "Channel"},
        ],
    }
    component, reading = read(spec)
    assert {fault.path for fault in reading.faults} == {
        "ComputeResource",
        "HyperParametres",
        "MetricDefinitions[0].Regex",
        "ProgressDefinitions.OverallProgress.Regex",
        "HyperParameters[0].Range.Pattern",
        "HyperParameters[1].Type",
    }
    assert any("did you mean 'HyperParameters'?" in fault.message for fault in reading.faults)
    assert component.metrics == (Metric("b", "(b)"),)
    assert component.progress is None
    assert json.loads(component.source.text) == spec


def test_every_fault_at_once_in_pais_own_names() -> None:
    faults = faults_of(
        {
            "Command": [],
            "JobType": "TFJobs",
            "CodeDir": {"LocationType": "OSS", "LocationValue": {"Key": "x"}},
            "HyperParameters": [
                {"Name": "lr", "Type": "Float", "DefaultValue": "fast"},
                {"Name": "n", "Type": "Int", "DefaultValue": "9", "Range": {"Maximum": "5"}},
                {"Name": "a-b", "Type": "Integer"},
                {"Name": "s", "Type": "String", "Range": {"Minimum": "1"}},
                {"Name": "m", "Type": "Int", "Range": {"Minimum": "3", "Maximum": "1"}},
                {"Name": "k", "Type": "Int", "Range": {"Enum": ["1", "x"]}},
                {"Name": "_x", "Type": "Int", "Required": "maybe"},
                {"Type": "Int"},
            ],
            "InputChannels": [{"Name": "train"}, {"Name": "lr"}, {"Name": "train"}],
            "OutputChannels": [{"Name": "o-1"}, {"Name": "o_1"}, "model"],
        }
    )
    assert faults == {
        "Command": "it is empty",
        "JobType": "'TFJobs' is not one of TFJob, PyTorchJob, XGBoostJob, MPIJob, "
        "ElasticBatchJob; did you mean 'TFJob'?",
        "CodeDir.LocationValue": "missing: Bucket",
        "HyperParameters[0].DefaultValue": "expected a number, found 'fast'",
        "HyperParameters[1].DefaultValue": "9 is outside (-∞, 5]",
        "HyperParameters[2].Type": "'Integer' is not one of Int, Float, String, Boolean, Bool, "
        "Channel; did you mean 'Int'?",
        "HyperParameters[3].Range": "a String has no range; Int and Float have",
        "HyperParameters[4].Range": "[3, 1] holds no value",
        "HyperParameters[5].Range.Enum[1]": "expected a whole number, found 'x'",
        "HyperParameters[6].Name": "'_x' is not accepted: letters, digits, '_', '-' and '.', "
        "not starting with '_' or '.', at most 64",
        "HyperParameters[6].Required": "expected true or false, found 'maybe'",
        "HyperParameters[7].Name": "missing: its name",
        "InputChannels[2].Name": "the name 'train' stands twice",
        "HyperParameters[0].Name": "'lr' is also the name of one of the inputs; names are unique",
        "OutputChannels[1].Name": "'o-1' and 'o_1' both give the variable PAI_OUTPUT_O_1",
        "OutputChannels[2]": "expected fields (Name, Description, Required, "
        "SupportedChannelTypes), found 'model'",
    }


def test_faults_within_the_object_around_it_have_the_whole_path() -> None:
    assert set(faults_of({"AlgorithmVersion": "v1", "AlgorithmSpec": {"Command": "x"}})) == {
        "AlgorithmVersion",
        "AlgorithmSpec.JobType",
    }


def test_what_cannot_be_carried_is_listed() -> None:
    component = Component(
        "c",
        "1.0.0",
        "x",
        tags={"a": "b"},
        env={"A": "1"},
        is_deterministic=False,
        timeout=60,
        mounts="none",
        inputs={"data": Input("table")},
        outputs={"score": Output("value")},
        parameters={"col": Parameter("Column", input="data", group="fields")},
    )
    _, left = write_pai(component)
    assert [line.split(":")[0] for line in left] == [
        "tags",
        "env",
        "is_deterministic",
        "timeout",
        "mounts",
        "job_type",
        "image",
        "code",
        "parameters.col",
        "parameters.col.group",
        "inputs.data.type",
        "outputs.score",
    ]


def test_a_batch_is_not_carried() -> None:
    component = Component(
        "c", "1.0.0", "x", job_type="ElasticBatchJob", image="python:3.11",
        code=Code(uri="oss://b/c/"), inputs={"images": Input()}, batch=Batch("images"),
    )  # fmt: skip
    document, left = write_pai(component)
    assert document["AlgorithmSpec"]["JobType"] == "ElasticBatchJob"
    assert left == ["batch: an AlgorithmSpec has no such field"]
    assert carried(component).batch is None


def carried(component: Component) -> Component:
    """What a component is once PAI's object has carried it."""
    kinds = {"Column": "String", "Columns": "String"}
    document = json.loads(json.dumps(write_pai(component)[0]))
    again, reading = read(document)
    assert not [fault for fault in reading.faults if fault.severity == "error"]
    for name, parameter in component.parameters.items():
        assert again.parameters[name].type == kinds.get(parameter.type, parameter.type)
    return again


@given(components())
@settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_what_pai_can_say_comes_back(component: Component) -> None:
    again = carried(component)
    for name in ("name", "version", "command", "image", "display_name", "description", "metrics",
                 "constraints"):  # fmt: skip
        assert getattr(again, name) == getattr(component, name)
    plain = {name: item for name, item in component.parameters.items() if not item.input}
    for name, parameter in plain.items():
        expected = replace(parameter, group="params")
        if parameter.range == Range():
            expected = replace(expected, range=None)
        if parameter.default == "" and parameter.type != "String":
            expected = replace(expected, default=None)
        assert again.parameters[name] == expected
    assert {name: port.required for name, port in again.inputs.items()} == {
        name: port.required for name, port in component.inputs.items()
    }
    assert carried(again) == again


def test_progress_is_carried() -> None:
    component = Component("c", "1.0.0", "x", progress=Progress("(a)", "(b)"))
    assert carried(component).progress == component.progress


def test_a_pipeline_is_refused() -> None:
    pipeline = Pipeline("flights", "1.0.0", {"a": PipelineNode("./a")})
    with pytest.raises(BadRequest, match="'flights' is a pipeline; PAI's AlgorithmSpec is one"):
        convert(pipeline, "pai")
    assert "kind: Pipeline" in convert(pipeline, "millwork").text
    with pytest.raises(BadRequest, match="no flavour 'kfp'; there are: millwork, pai"):
        convert(pipeline, "kfp")


def test_a_component_without_text_is_written() -> None:
    component = Component("c", "1.0.0", "x", flavour="pai", source=Source())
    assert json.loads(convert(component, "pai").text)["AlgorithmName"] == "c"
