"""Scheduling parameters on their way into other formats, and texts like them on the way in."""

from __future__ import annotations

from typing import Any

import pytest

from millwork.actions.convert import convert_text
from millwork.formats.azureml.millwork_pipeline import pipeline_to_millwork
from millwork.formats.azureml.write_pipeline import write_azureml_pipeline
from millwork.formats.designer.writer import write_draft
from millwork.formats.python.script import write_script
from millwork.spec.model import Component, LocalPath, Parameter, Pipeline, PipelineNode
from millwork.spec.reader import read_text
from millwork.spec.scheduling import filled
from millwork.spec.tree import Tree
from millwork.spec.writer import to_text

pytestmark = pytest.mark.quick

CHILD = Tree(Component("c", "1.0.0", "x", parameters={"s": Parameter("String")}))


def pipeline(text: str = "${day} $${x}", **fields: Any) -> Pipeline:
    node = PipelineNode("./c.yaml", parameters={"s": text})
    return Pipeline("p", "1.0.0", {"a": node}, **fields)


LISTED = pipeline(scheduling_parameters={"day": "${yyyymmdd}"})


def test_a_pipeline_of_azureml_has_none() -> None:
    document, left = write_azureml_pipeline(LISTED, {"a": CHILD})
    assert "scheduling_parameters: a pipeline of v2 has no such field" in left
    assert document["jobs"]["a"]["inputs"] == {"s": "${day} ${x}"}


def test_a_draft_has_none() -> None:
    draft, left = write_draft(LISTED, lambda _: None)
    assert ("scheduling_parameters", "a draft has no such field") in left
    assert draft["nodes"][0]["properties"] == [{"name": "s", "value": "${day} ${x}"}]


def test_a_script_lists_them() -> None:
    script, left = write_script(LISTED, {"a": CHILD})
    assert "scheduling_parameters={'day': '${yyyymmdd}'}" in script.replace('"', "'")
    assert "'${day} $${x}'" in script.replace('"', "'")
    assert left == []


def test_a_text_of_azureml_stays_a_text() -> None:
    text = "echo ${day} $${x} ${HOME}"
    given = pipeline(text, flavour="azureml-v2")
    made, _ = pipeline_to_millwork(given)
    for own in (
        made,
        read_text(to_text(made), "p.yaml")[0],
        read_text(to_text(given), "p.yaml")[0],
    ):
        assert isinstance(own, Pipeline)
        assert filled(own, own.nodes["a"].parameters["s"], {}) == text
    script, _ = write_script(given, {"a": CHILD})
    assert "echo $${day} $$${x} ${HOME}" in script


def test_a_path_of_azureml_stays_a_path() -> None:
    node = PipelineNode("./c.yaml", inputs={"i": LocalPath("./${day}")})
    made, _ = pipeline_to_millwork(Pipeline("p", "1.0.0", {"a": node}, flavour="azureml-v2"))
    assert made.nodes["a"].inputs == {"i": LocalPath("./$${day}")}


def test_a_text_of_pais_stays_a_text() -> None:
    line = (
        "PAI -name split -project algo_public -DinputTableName=t -Doutput1TableName=a "
        "-Doutput2TableName=b -Dfraction=0.5 -DidColName='${who}';"
    )
    made, _ = convert_text(line, "millwork", "p")
    own, reading = read_text(made.text, "p.yaml")
    assert reading.faults == []
    assert isinstance(own, Pipeline)
    (node,) = own.nodes.values()
    assert "${who}" in [filled(own, value, {}) for value in node.parameters.values()]
