"""What is written is read again as it was, in YAML and in JSON."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from millwork.spec.model import Component, Definition, Parameter, Pipeline, Source
from millwork.spec.reader import read_text
from millwork.spec.writer import to_document, to_text
from tests.spec.definitions import components, pipelines

pytestmark = pytest.mark.quick

EXAMPLES = sorted(Path("examples").rglob("*.yaml"))
lawful = settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def bare(definition: Definition) -> str:
    return repr(replace(definition, source=Source()))


def check_law(definition: Definition) -> None:
    stored = json.dumps(to_document(definition), ensure_ascii=False)
    for text in (to_text(definition), stored):
        again, reading = read_text(text, "x.yaml")
        assert again == definition
        assert bare(again) == bare(definition)  # 1, 1.0 and True are equal and yet not the same
        assert not [fault for fault in reading.faults if fault.severity == "error"]


@given(components())
@lawful
def test_a_component_is_read_again_as_it_was(component: Component) -> None:
    check_law(component)


@given(pipelines())
@lawful
def test_a_pipeline_is_read_again_as_it_was(pipeline: Pipeline) -> None:
    check_law(pipeline)


@pytest.mark.parametrize("path", EXAMPLES, ids=str)
def test_an_example_is_read_again_as_it_was(path: Path) -> None:
    definition, _ = read_text(path.read_text(), str(path))
    check_law(definition)
    assert to_text(read_text(to_text(definition), "x")[0]) == to_text(definition)


def test_only_what_differs_from_its_default_is_written_in_the_tables_order() -> None:
    component = Component(
        "hello",
        "1.10.0",
        "echo hello",
        timeout=5400,
        description="One\nTwo\n",
        parameters={"n": Parameter("Int", default=3), "s": Parameter("String", default="3")},
    )
    assert to_text(component) == (
        "apiVersion: millwork/v1\n"
        "kind: Component\n"
        "name: hello\n"
        "version: 1.10.0\n"
        "description: |\n"
        "  One\n"
        "  Two\n"
        "command: echo hello\n"
        "parameters:\n"
        "  n:\n"
        "    type: Int\n"
        "    default: 3\n"
        "  s:\n"
        "    type: String\n"
        "    default: '3'\n"
        "timeout: 1h30m\n"
    )
