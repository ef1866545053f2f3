"""The JSON Schema that editors use says what the reader says."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from millwork.base.errors import InvalidFile
from millwork.spec.model import Component, Pipeline
from millwork.spec.reader import read_text
from millwork.spec.schema import json_schema
from millwork.spec.writer import to_document
from tests.spec.definitions import components, pipelines

pytestmark = pytest.mark.quick

SCHEMA = json_schema()
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
EXAMPLES = sorted(Path("examples").rglob("*.yaml"))
lawful = settings(
    max_examples=20,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


def test_it_is_a_schema_and_plain_json() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert json.loads(json.dumps(SCHEMA, allow_nan=False)) == SCHEMA


@pytest.mark.parametrize("path", EXAMPLES, ids=str)
def test_the_examples_keep_to_it(path: Path) -> None:
    assert [
        error.message for error in VALIDATOR.iter_errors(yaml.safe_load(path.read_text()))
    ] == []


@given(components())
@lawful
def test_what_is_written_of_a_component_keeps_to_it(component: Component) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(to_document(component))] == []


@given(pipelines())
@lawful
def test_what_is_written_of_a_pipeline_keeps_to_it(pipeline: Pipeline) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(to_document(pipeline))] == []


COMPONENT = {
    "apiVersion": "millwork/v1",
    "kind": "Component",
    "name": "c",
    "version": "1.0.0",
    "command": "x",
}
PIPELINE = {**COMPONENT, "kind": "Pipeline", "nodes": {"a": {"component": "./a"}}}
del PIPELINE["command"]


@pytest.mark.parametrize(
    "document",
    [
        {**COMPONENT, "comand": "x"},
        {**COMPONENT, "nodes": {}},
        {**COMPONENT, "inputs": {"a": {"tipe": "table"}}},
        {**COMPONENT, "inputs": {"a": {"type": "tabel"}}},
        {**COMPONENT, "parameters": {"a": {"default": 1}}},
        {**COMPONENT, "parameters": {"a": {"type": "Int", "range": [1]}}},
        {**COMPONENT, "resources": {"ram": "2Gi"}},
        {**COMPONENT, "resources": {"gpu": -1}},
        {**COMPONENT, "metrics": [{"name": "a"}]},
        {**COMPONENT, "apiVersion": "v2"},
        {key: value for key, value in COMPONENT.items() if key != "name"},
        {**PIPELINE, "command": "x"},
        {**PIPELINE, "nodes": {"a": {"component": "./a", "retires": 1}}},
        {**PIPELINE, "nodes": {"a": {"component": "./a", "inputs": {"x": "a.b"}}}},
        {**PIPELINE, "nodes": {"a": {"component": "./a", "replicas": 0}}},
        {**PIPELINE, "layout": {"a": [1, 2, 3]}},
        {**PIPELINE, "notes": [{"text": "x", "at": [0, 0], "size": [0, 1]}]},
    ],
    ids=lambda document: json.dumps(document)[-50:],
)
def test_what_the_reader_refuses_the_schema_refuses(document: dict[str, Any]) -> None:
    assert list(VALIDATOR.iter_errors(document))
    with pytest.raises(InvalidFile):
        read_text(json.dumps(document), "x.json")


@pytest.mark.parametrize("document", [COMPONENT, PIPELINE])
def test_what_the_reader_takes_the_schema_takes(document: dict[str, Any]) -> None:
    assert not list(VALIDATOR.iter_errors(document))
    read_text(json.dumps(document), "x.json")
