"""Pipelines read from text, and settled with their components, which are given as a dict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from millwork.base.errors import InvalidFile
from millwork.formats.azureml.component import read_azureml_component
from millwork.formats.azureml.pipeline import is_job, read_azureml_pipeline
from millwork.formats.azureml.settle import settle
from millwork.spec.document import parse
from millwork.spec.model import Pipeline
from millwork.spec.tree import Tree
from millwork.spec.wiring import check_wiring
from tests.formats.azureml.reading import files_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.formats.azureml.notes import AzureNames
    from millwork.spec.fields import Reading
    from millwork.spec.model import Component

FILE = "pipeline.yaml"
NO_CODE = files_of(check_code=False)


def read(text: str, file: str = FILE) -> tuple[Pipeline, AzureNames]:
    root = parse(text, file)
    assert is_job(root)
    return read_azureml_pipeline(root, text, file, NO_CODE)


def pipeline_of(text: str) -> Pipeline:
    return read(text)[0]


def inline_of(pipeline: Pipeline, name: str) -> Component:
    """The component that a job of the pipeline defines in its own place."""
    component = pipeline.definitions[name]
    assert not isinstance(component, Pipeline)
    return component


def warnings_of(text: str) -> dict[str, str]:
    """The warnings of a file that is accepted, by path."""
    return _by_path(read(text)[1])


def _by_path(reading: Reading) -> dict[str, str]:
    assert all(fault.line and fault.column for fault in reading.faults)
    return {fault.path: fault.message for fault in reading.faults}


def errors_of(text: str) -> dict[str, str]:
    """The errors of a file that is not accepted, by path."""
    with pytest.raises(InvalidFile) as caught:
        read(text)
    faults = caught.value.faults
    assert all(fault.line and fault.column for fault in faults)
    return {fault.path: fault.message for fault in faults if fault.severity == "error"}


def settled(text: str, components: Mapping[str, str]) -> tuple[Tree, dict[str, str]]:
    """The tree of a pipeline and its components by their path, and what is said of the wires."""
    pipeline, reading = read(text)
    before = len(reading.faults)
    tree = _below(pipeline, components, reading)
    faults = reading.faults[before:]
    assert all(fault.line and fault.column for fault in faults)
    return tree, {fault.path: f"{fault.severity}: {fault.message}" for fault in faults}


def _below(pipeline: Pipeline, components: Mapping[str, str], reading: AzureNames) -> Tree:
    children = {}
    for name, node in pipeline.nodes.items():
        definition = pipeline.definitions.get(name)
        if isinstance(definition, Pipeline):
            children[name] = _below(definition, components, reading.inner[name])
        elif definition:
            children[name] = Tree(definition)
        elif node.component in components:
            children[name] = _loaded(node.component, components)
    tree = settle(Tree(pipeline, children), reading)
    check_wiring(tree, reading)
    return tree


def _loaded(file: str, components: Mapping[str, str]) -> Tree:
    text = components[file]
    root = parse(text, file)
    if is_job(root):
        pipeline, reading = read_azureml_pipeline(root, text, file, NO_CODE)
        return _below(pipeline, components, reading)
    return Tree(read_azureml_component(root, text, file, NO_CODE)[0])
