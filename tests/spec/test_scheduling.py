"""Scheduling parameters in a pipeline's file: what is listed, where it stands, what is refused."""

from __future__ import annotations

from dataclasses import replace
from time import process_time
from typing import Any

import pytest

from millwork.base.errors import InvalidFile
from millwork.spec.fields import Reading
from millwork.spec.model import Component, LocalPath, Parameter, Pipeline, PipelineNode
from millwork.spec.reader import read_text
from millwork.spec.scheduling import circle, filled, names_in
from millwork.spec.template import parse, with_references
from millwork.spec.tree import Tree
from millwork.spec.wiring import check_wiring
from millwork.spec.writer import to_text

pytestmark = pytest.mark.quick

HEAD = "apiVersion: millwork/v1\nkind: Pipeline\nname: p\nversion: 1.0.0\n"
LISTED = "scheduling_parameters: {day: '${yyyymmdd}', hour: '$[hh24]'}\n"


def read(text: str) -> tuple[Pipeline, Reading]:
    definition, reading = read_text(HEAD + text, "pipeline.yaml")
    assert isinstance(definition, Pipeline)
    return definition, reading


def faults_of(text: str) -> list[str]:
    with pytest.raises(InvalidFile) as caught:
        read(text)
    return [
        f"{fault.line}:{fault.column} {fault.path}: {fault.message}"
        for fault in caught.value.faults
    ]


def node(parameter: str = "", path: str = "") -> str:
    said = f"parameters: {{v: {parameter}}}" if parameter else f"inputs: {{i: {{path: {path}}}}}"
    return f"nodes:\n  a: {{component: ./c.yaml, {said}}}\n"


def test_a_list_is_read_and_written() -> None:
    pipeline, _ = read(LISTED + node("'${day}-$${day}'"))
    assert pipeline.scheduling_parameters == {"day": "${yyyymmdd}", "hour": "$[hh24]"}
    again, _ = read_text(to_text(pipeline), "again.yaml")
    assert again == pipeline


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "{day: '$[yyyy-1]'}",
            ".day: '$[yyyy-1]', column 1: $[yyyy-1]: months and years are moved",
        ),
        ("{day: 'a b'}", ".day: 'a b', column 2: a value has no space and no '='"),
        ("{day: []}", ".day: expected text, found a list"),
        ("{1day: x}", ".1day: '1day' is not accepted as a name: letters, digits, '_', '-' and '.'"),
        (
            "{a: '${workflow.b}', b: '${workflow.a}'}",
            ".a: scheduling parameters need one another's values: a -> b -> a",
        ),
        (
            "{a: 'x${workflow.a}'}",
            ".a: scheduling parameters need one another's values: a -> a",
        ),
    ],
)
def test_a_wrong_list_is_refused_at_its_place(text: str, fault: str) -> None:
    (found,) = faults_of(f"scheduling_parameters: {text}\n" + node("x"))
    assert found.startswith(f"5:25 scheduling_parameters{fault}")


def test_a_list_is_a_mapping() -> None:
    (fault,) = faults_of("scheduling_parameters: [day]\n" + node("x"))
    assert fault == "5:1 scheduling_parameters: expected a mapping of names, found a list"


def test_a_value_of_a_pipeline_around_is_warned_of() -> None:
    _, reading = read("scheduling_parameters: {a: '${workflow.bb}', b: x}\n" + node("x"))
    (fault,) = reading.faults
    assert (fault.severity, fault.path) == ("warning", "scheduling_parameters.a")
    assert "${workflow.bb}: here is no 'bb'; did you mean 'b'?" in fault.message


@pytest.mark.parametrize("text", ["'${dya}'", "'x/${dya}/y'", "[a, '${dya}']"])
def test_what_is_not_listed_is_refused_in_parameters(text: str) -> None:
    (fault,) = faults_of(LISTED + node(text))
    assert fault == (
        "7:41 nodes.a.parameters.v: scheduling_parameters lists no 'dya' "
        "(the text itself is written $${dya}); did you mean 'day'?"
    )


def test_what_is_not_listed_is_refused_in_paths() -> None:
    (fault,) = faults_of(LISTED + node(path="'s3://b/${Day}/x.csv'"))
    assert fault.startswith("7:41 nodes.a.inputs.i.path: scheduling_parameters lists no 'Day'")


def test_a_wrong_expression_is_one_fault_and_not_two() -> None:
    text = "scheduling_parameters: {day: '$[yyyy-1]'}\n" + node("'${day}'")
    assert len(faults_of(text)) == 1


@pytest.mark.parametrize(
    "text", ["'${bizdate}'", "'${yyyymmdd-1}'", "'${workspace.bucket}'", "'a${Variable}'"]
)
def test_without_a_list_a_name_is_refused_too(text: str) -> None:
    (fault,) = faults_of(node(text))
    assert "scheduling_parameters lists no" in fault


KEPT = [
    "${HOME}", "$${HOME}", "${HOME}/${PAI_OUTPUT_X}", "$HOME", "${x:-y}", "${1}", "^a${2,}$", "$",
    "${}", "${ day }", "$[yyyymmdd]", "${{inputs.x}}", "{day}", "${day", "$((1+${N}))",
]  # fmt: skip


@pytest.mark.parametrize("text", KEPT)
def test_without_a_list_the_environments_names_are_left_alone(text: str) -> None:
    pipeline, reading = read(node(f'"{text}"'))
    assert reading.faults == []
    assert filled(pipeline, text, {}) == text


def test_with_a_list_the_environments_names_are_written_with_two_dollars() -> None:
    (fault,) = faults_of(LISTED + node("'${HOME}'"))
    assert "the text itself is written $${HOME}" in fault
    pipeline, _ = read(LISTED + node("'$${HOME}'"))
    assert filled(pipeline, "$${HOME}", {"day": "1"}) == "${HOME}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${day}", "D"),
        ("a${day}b${hour}", "aDbH"),
        ("$${day}", "${day}"),
        ("$$${day}", "$${day}"),
        ("$${other}", "${other}"),
        ("${day", "${day"),
        (["${day}", {"x": ("${hour}", 1)}], ["D", {"x": ("H", 1)}]),
        (3, 3),
        (LocalPath("s3://b/${day}"), LocalPath("s3://b/D")),
    ],
)
def test_values_stand_for_names(text: Any, value: Any) -> None:
    pipeline, _ = read(LISTED + node("x"))
    assert filled(pipeline, text, {"day": "D", "hour": "H"}) == value


def test_a_value_is_not_looked_at_again() -> None:
    pipeline, _ = read(LISTED + node("x"))
    assert filled(pipeline, "${day}", {"day": "${hour}", "hour": "$${day}"}) == "${hour}"


def test_other_flavours_have_none_and_are_written_as_text() -> None:
    said = {"v": "a ${day} $${day} ${HOME}"}
    nodes = {"a": PipelineNode("./c.yaml", parameters=said, inputs={"i": LocalPath("x/${day}")})}
    pipeline = Pipeline("p", "1.0.0", nodes, flavour="azureml-v2")
    assert names_in(pipeline, said["v"]) == []
    assert filled(pipeline, said["v"], {"day": "1"}) == said["v"]
    own, reading = read_text(to_text(pipeline), "own.yaml")
    assert isinstance(own, Pipeline)
    assert reading.faults == []
    assert filled(own, own.nodes["a"].parameters["v"], {}) == said["v"]
    assert filled(own, own.nodes["a"].inputs["i"], {}) == LocalPath("x/${day}")


def test_a_value_that_only_a_run_knows_is_not_checked_before() -> None:
    component = Component("c", "1.0.0", "x", parameters={"v": Parameter("Int")})
    for text, faults in (("'${day}'", 0), ("'$${day}'", 1), ("'3'", 0)):
        pipeline, _ = read(LISTED + node(text))
        reading = Reading("pipeline.yaml")
        check_wiring(Tree(pipeline, {"a": Tree(component)}), reading)
        assert len(reading.faults) == faults


@pytest.mark.parametrize(
    ("needs", "found"),
    [
        ({}, []),
        ({"a": ["b"], "b": ["c"], "c": []}, []),
        ({"a": ["b", "c"], "b": ["c"], "c": ["gone"]}, []),
        ({"a": ["b"], "b": ["c"], "c": ["b"]}, ["b", "c", "b"]),
        ({"a": ["a"]}, ["a", "a"]),
    ],
)
def test_circles(needs: dict[str, list[str]], found: list[str]) -> None:
    assert circle(needs) == found


def test_long_chains_of_needs_are_no_circle() -> None:
    assert circle({f"n{i}": [f"n{i + 1}"] for i in range(5000)}) == []


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("python t.py --x {inputs.x} --d ${day}", ["inputs.x", "scheduling.day"]),
        ("${day}{inputs.x}${day}", ["scheduling.day", "inputs.x", "scheduling.day"]),
        ("p [--z {inputs.z} --d ${day}] ${other}", ["inputs.z", "scheduling.day"]),
        ("p {{${day}}}", ["scheduling.day"]),
        ("p $day {day} ${ day }", []),
    ],
)
def test_a_commands_names_are_placeholders(text: str, names: list[str]) -> None:
    parts = with_references(parse(text, "braces"), ["day"])
    assert [each.name for each in parts.placeholders] == names
    assert replace(parts, parts=()) == replace(parse(text, "braces"), parts=())


def test_many_names_that_nobody_lists_are_told_in_time() -> None:
    """As many as a file may hold: each was compared with all."""
    rows = "\n".join(f"  n{index}: '${{workflow.x{index}}}'" for index in range(20_000))
    began = process_time()
    _, reading = read(f"scheduling_parameters:\n{rows}\n" + node("x"))
    assert len(reading.faults) == 20_000
    assert process_time() - began < 2.5
