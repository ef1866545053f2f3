"""Pipelines brought to fit what their jobs' components declare."""

from typing import Any

import pytest

from millwork.spec.model import LocalPath, Parameter, Pipeline, Reference
from tests.formats.azureml.jobs import FILES, JOB, changed, given
from tests.formats.azureml.wired import pipeline_of, settled

pytestmark = pytest.mark.quick


def settled_pipeline(text: str, files: dict[str, str] | None = None) -> Pipeline:
    definition = settled(text, files or FILES)[0].definition
    assert isinstance(definition, Pipeline)
    return definition


def test_a_binding_goes_where_the_component_declares_it() -> None:
    text = given("{data: ./rows, n: '${{parent.jobs.a.outputs.v}}', word: '7', N: 3}")
    before, after = pipeline_of(text).nodes["b"], settled_pipeline(text.replace(", N: 3", "")).nodes
    assert before.parameters["data"] == "./rows"
    assert before.inputs == {"n": Reference("a", "v")}
    assert after["b"].inputs == {"data": LocalPath("./rows")}
    assert after["b"].parameters == {"n": Reference("a", "v"), "word": "7"}


@pytest.mark.parametrize(
    ("value", "use", "kind", "default"),
    [
        ("1", "word", "String", "1"),
        ("'1'", "n", "Int", 1),
        ("0.5", "word", "String", "0.5"),
        ("true", "word", "String", "True"),
    ],
)
def test_a_value_of_the_pipelines_takes_the_type_that_is_wanted(
    value: str, use: str, kind: str, default: Any
) -> None:
    text = changed("x: 1", f"x: {value}").replace("n: ${{", f"{use}: ${{{{")
    assert settled_pipeline(text).parameters["x"] == Parameter(kind, default, required=True)


def test_a_declared_value_keeps_its_type() -> None:
    _, said = settled(changed("x: 1", "x: {type: string, default: a}"), FILES)
    assert said == {"jobs.a.inputs.n": "error: a String does not fit a Int"}


def test_text_of_the_pipelines_becomes_data_where_data_is_wanted() -> None:
    text = changed("x: 1", "x: azureml:rows:1").replace("      n: $", "      # n: $")
    text = text.replace("data: ${{parent.inputs.data}}", "data: ${{parent.inputs.x}}")
    pipeline = settled_pipeline(text)
    assert pipeline.parameters == {}
    assert pipeline.inputs["x"].type == "folder"
    assert pipeline.data["x"] == LocalPath("azureml:rows:1")
    assert pipeline.nodes["a"].inputs == {"data": Reference("inputs", "x")}


def test_data_given_for_a_value_is_told() -> None:
    _, said = settled(given("{word: {path: ./d}}"), FILES)
    assert said == {"jobs.b.inputs.word": "error: the component takes a value here, not data"}


def test_what_the_component_does_not_have_is_left_out_and_told() -> None:
    text = given("{wrod: a, N: 3}")
    _, said = settled(text, FILES)
    assert said == {
        "jobs.b.inputs.wrod": "warning: the component has no input 'wrod', so nothing is given "
        "to it; did you mean 'word'?",
        "jobs.b.inputs.N": "warning: the component calls this input 'n'",
    }
    assert settled_pipeline(text).nodes["b"].parameters == {"n": "3"}


def test_jobs_whose_components_are_elsewhere_stay_as_they_are() -> None:
    text = JOB.replace("./step.yaml", "azureml:step@latest")
    pipeline = pipeline_of(text)
    assert pipeline.nodes["b"].component == "azureml:step@latest"
    assert settled_pipeline(text, {"x": ""}).nodes["b"] == pipeline.nodes["b"]


def test_a_pipeline_component_is_a_job_of_another() -> None:
    inner = """\
type: pipeline
name: inner
version: 1
inputs: {rate: {type: number}, rows: {type: uri_folder, optional: true}}
outputs: {best: {type: uri_folder}}
jobs:
  fit:
    component: ./step.yaml
    inputs: {data: "${{parent.inputs.rows}}"}
    outputs: {o: "${{parent.outputs.best}}"}
  note: {component: ./step.yaml, inputs: {word: a}}
"""
    text = """\
type: pipeline
inputs: {rate: 1}
outputs: {best: }
jobs:
  inner:
    type: pipeline
    component: ./inner.yaml
    inputs: {rate: "${{parent.inputs.rate}}", ratio: 0.2}
    outputs: {best: "${{parent.outputs.best}}"}
"""
    tree, said = settled(text, {**FILES, "./inner.yaml": inner})
    assert list(said) == ["jobs.inner.inputs.ratio"]
    assert tree.parameters["rate"] == Parameter("Float", 1.0, required=True)
    assert tree.output_type("best") == "folder"
