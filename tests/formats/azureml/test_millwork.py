"""AzureML's components and pipelines as Millwork's, what is left out, and pipelines back."""

from __future__ import annotations

from typing import Any

import pytest

from millwork.base.errors import BadRequest
from millwork.formats.azureml.millwork import to_millwork
from millwork.formats.azureml.millwork_pipeline import pipeline_to_millwork
from millwork.formats.azureml.write_pipeline import write_azureml_pipeline
from millwork.spec.model import (
    Code,
    Component,
    ForEach,
    Input,
    LocalPath,
    Output,
    Parameter,
    Pipeline,
    PipelineNode,
    Range,
    Reference,
    ReplicaGroup,
    Secret,
)
from millwork.spec.reader import read_text
from millwork.spec.tree import Tree
from millwork.spec.writer import to_text
from tests.formats.azureml.reading import component_of
from tests.formats.azureml.texts import FILES, OLD, old, v2

pytestmark = pytest.mark.quick

CHILD = Component("a", "1.0.0", "true", outputs={"o-1": Output("file")})


def own(text: str) -> tuple[Component, list[str]]:
    """The component as Millwork's, which its own reader takes."""
    component, left = to_millwork(component_of(text, FILES))
    read, _ = read_text(to_text(component), "c.yaml")
    assert read == component
    assert left.pop().startswith("artifacts: ./outputs and ./logs")
    return component, left


def test_to_millwork() -> None:
    component, left = own(OLD)
    assert component.command == (
        'exec python x.py --data "${PAI_INPUT_DATA}" ${PAI_HPS_TEXT+--text "${PAI_HPS_TEXT}"} '
        '${PAI_INPUT_FILE+--file "${PAI_INPUT_FILE}"} --count "${PAI_HPS_COUNT}" '
        '--out "${PAI_OUTPUT_OUT%/}" --one "${PAI_OUTPUT_ONE}one"'
    )
    assert component.inputs["data"] == Input("folder", description="Rows", mode="mount_or_download")
    assert component.outputs["one"] == Output("file")
    assert component.parameters["count"] == Parameter("Int", 3, range=Range(1, 9))
    assert (component.version, component.image, component.code) == (
        "0.1.0",
        "ubuntu:22.04",
        Code("../src"),
    )
    assert left == [
        "version: '0.1' is not x.y.z; it becomes 0.1.0",
        "outputs.out.mode: a port has none, and is on the disk (upload)",
        "outputs.one.mode: a port has none, and is on the disk (link)",
        "environment: name its packages in the code's requirements.txt",
        "successful_return_code: only an exit code of 0 is success",
    ]


def test_names_that_millwork_does_not_take() -> None:
    text = v2(
        command="t ${{inputs._a}} ${{inputs.b.c}} ${{inputs.m}} ${{outputs.m}}",
        inputs={"_a": {"type": "string"}, "b.c": {"type": "uri_file"}, "m": {"type": "uri_file"}},
        outputs={"m": {"type": "uri_folder"}},
    )
    component, left = own(text)
    assert list(component.parameters) == ["a"]
    assert list(component.inputs) == ["b_c", "m"]
    assert list(component.outputs) == ["m_2"]
    assert '"${PAI_INPUT_B_C}" "${PAI_INPUT_M}" "${PAI_OUTPUT_M_2%/}"' in component.command
    assert "outputs.m: it is called m_2 here" in left


def test_what_has_no_value_and_no_group_must_be_given() -> None:
    inputs = {
        "a": {"type": "string", "optional": True},
        "b": {"type": "string", "optional": True},
        "c": {"type": "uri_file", "optional": True},
    }
    component, _ = own(
        v2(command="t ${{inputs.a}} $[[${{inputs.b}}]] ${{inputs.c}}", inputs=inputs)
    )
    assert component.parameters["a"].required
    assert not component.parameters["b"].required
    assert component.inputs["c"].required


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"resources": {"instance_count": 1}}, "resources: Millwork has no such field"),
        ({"environment": "azureml:e:1"}, "environment: name its packages (azureml:e:1) in"),
        ({"additional_includes": ["a"], "code": "."}, "put a into the code's folder"),
        ({"code": "azureml:c:1"}, "code: azureml:c:1 is not read; name a folder or a Git"),
        ({"environment_variables": {"PAI_X": "1"}}, "environment_variables.PAI_X: the run"),
        ({"inputs": {"m": {"type": "mltable"}}}, "inputs.m.type: mltable becomes folder"),
        ({"version": "a.b"}, "version: 'a.b' is not x.y.z; it becomes 1.0.0"),
    ],
)
def test_what_millwork_does_not_take_is_said(fields: dict[str, Any], line: str) -> None:
    assert any(line in told for told in own(v2(**fields))[1])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (old(type="ScopeComponent"), "'c' is of the type ScopeComponent; Millwork's own"),
        (old(command=None), "'c' has no command"),
        (old(command="t [a"), "command, column 3: this group has no end"),
    ],
)
def test_what_is_no_command_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        to_millwork(component_of(text, FILES))


# --- pipelines --------------------------------------------------------------------------------


def test_an_azureml_pipeline_as_millworks() -> None:
    pipeline = Pipeline(
        "p",
        "2",
        {
            "_a": PipelineNode(
                "./a.yml",
                {"x": Reference("inputs", "_data"), "y": LocalPath("azureml:d:1")},
                {"n": Reference("parameters", "n"), "text": "1.10"},
                file_names={"o": "f.csv"},
                timeout=60,
            ),
            "b": PipelineNode("./b.yml", {"x": Reference("_a", "o")}),
        },
        flavour="azureml-v2",
        inputs={"_data": Input("folder", native="uri_folder")},
        parameters={"n": Parameter("Int", 3, required=True)},
        outputs={"o": Reference("_a", "o")},
        data={"_data": LocalPath("./d")},
        experiment="e",
        refusals=("p.yml:3: jobs.b.limits: not yet",),
    )
    made, left = pipeline_to_millwork(pipeline)
    read, _ = read_text(to_text(made), "p.yaml")
    assert read == made
    assert list(made.nodes) == ["a", "b"]
    assert made.nodes["a"].inputs["x"] == Reference("inputs", "data")
    assert made.nodes["a"].parameters == {"n": Reference("parameters", "n"), "text": "1.10"}
    assert made.nodes["b"].inputs == {"x": Reference("a", "o")}
    assert made.outputs == {"o": Reference("a", "o")}
    assert left == [
        "inputs._data: it is called data here",
        "nodes._a: it is called a here",
        "inputs._data.path: a run gives the data: -i _data=./d",
        "experiment_name: a Millwork pipeline has no such field",
        "version: '2' is not x.y.z; it becomes 2.0.0",
        "jobs._a.outputs.o.path: the file is not called f.csv",
        "jobs._a.inputs.y: azureml:d:1 is a reference, and no path of this machine",
        "p.yml:3: jobs.b.limits: not yet",
    ]


@pytest.mark.parametrize(
    ("pipeline", "message"),
    [
        (
            Pipeline("p", "1", {"a": PipelineNode("")}, definitions={"a": CHILD}),
            "'p' defines a in its own file; a Millwork pipeline names a file for each node",
        ),
        (
            Pipeline("p", "1", {"a": PipelineNode("azureml:c:1")}),
            "jobs.a.component: azureml:c:1 is a reference",
        ),
    ],
)
def test_pipelines_that_are_not_of_files(pipeline: Pipeline, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        pipeline_to_millwork(pipeline)


MILLWORK = Pipeline(
    "My-p",
    "1.0.0",
    {
        "A-1": PipelineNode(
            "./a.yaml",
            {"x": Reference("inputs", "data"), "y": LocalPath("./y")},
            {"learning-rate": Reference("parameters", "learning-rate"), "n": 3},
            retries=1,
            timeout=90,
            env={"E": "1", "S": Secret("s")},
            replicas={"": ReplicaGroup(2)},
        ),
        "b": PipelineNode("./b", {"x": Reference("A-1", "o-1")}),
    },
    inputs={"data": Input("folder")},
    parameters={"learning-rate": Parameter("Float", 0.1)},
    outputs={"o": Reference("A-1", "o-1"), "o2": Reference("A-1", "o-1")},
    layout={"b": (0, 0)},
)


def test_a_millwork_pipeline_as_v2() -> None:
    child = Tree(CHILD)
    inner = Tree(Pipeline("q", "1.0.0", {}, flavour="azureml-v2"))
    document, left = write_azureml_pipeline(MILLWORK, {"A-1": child, "b": inner})
    assert document["jobs"] == {
        "a_1": {
            "type": "command",
            "component": "./a.yaml",
            "inputs": {
                "x": "${{parent.inputs.data}}",
                "y": {"path": "./y"},
                "learning_rate": "${{parent.inputs.learning_rate}}",
                "n": 3,
            },
            "outputs": {"o_1": "${{parent.outputs.o}}"},
            "environment_variables": {"E": "1"},
            "limits": {"timeout": 90},
            "resources": {"instance_count": 2},
        },
        "b": {
            "type": "pipeline",
            "component": "./b",
            "inputs": {"x": "${{parent.jobs.a_1.outputs.o_1}}"},
        },
    }
    assert document["outputs"] == {"o": {"type": "uri_file"}}
    assert document["name"] == "my_p"
    assert left == [
        "outputs.o2: v2 binds A-1.o-1 once, as o",
        "nodes.A-1: it is called a_1 here",
        "parameters.learning-rate: it is called learning_rate here",
        "nodes.A-1.retries: a job of v2 has no such field",
        "nodes.A-1.component: convert ./a.yaml too (millwork)",
        "nodes.A-1.env.S: v2 has no secrets of Millwork's",
        "name: My-p becomes my_p; v2 takes lower-case letters, digits and '_'",
        "layout: a pipeline of v2 has no such field",
    ]


@pytest.mark.parametrize(
    ("node", "message"),
    [
        (
            PipelineNode("./a", when="parameters.n > 1"),
            "nodes.a.when: v2 does not have a condition",
        ),
        (PipelineNode("./a", after=("b",)), "nodes.a.after: v2 does not have an order"),
        (
            PipelineNode("./a", foreach=ForEach(Reference("b", "o"), "n")),
            "nodes.a.foreach: v2 does not have a step for each item of a list",
        ),
    ],
)
def test_order_that_v2_does_not_have_is_refused(node: PipelineNode, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        write_azureml_pipeline(Pipeline("p", "1.0.0", {"a": node, "b": PipelineNode("./b")}), {})


def test_replicas_by_role_are_left_out() -> None:
    node = PipelineNode("./a", replicas={"worker": ReplicaGroup(2)})
    _, left = write_azureml_pipeline(Pipeline("p", "1.0.0", {"a": node}), {})
    assert left == ["nodes.a.replicas: v2 has no roles"]
