"""What is let pass in the text of an AzureML file, and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from millwork.base.errors import InvalidFile
from millwork.spec.document import Mapping, Scalar, parse

if TYPE_CHECKING:
    from millwork.base.faults import Fault

pytestmark = pytest.mark.quick

TWICE = "type: command\ntags: {a: 1, a: 2}\ntype: spark\n"


def test_keys_that_stand_twice_are_noted_and_the_last_counts() -> None:
    repeated: list[Fault] = []
    root = parse(TWICE, "x.yaml", repeated)
    kind, tags = root.entries["type"][1], root.entries["tags"][1]
    assert isinstance(kind, Scalar)
    assert isinstance(tags, Mapping)
    assert kind.text == "spark"
    assert root.entries["type"][0].place.line == 3
    assert tags.entries["a"][1] == Scalar(2, 17, "2")
    assert [(fault.severity, fault.line, fault.column, fault.path) for fault in repeated] == [
        ("warning", 2, 14, "a"),
        ("warning", 3, 1, "type"),
    ]


def test_without_a_list_to_note_them_in_they_are_errors() -> None:
    with pytest.raises(InvalidFile, match="stands twice"):
        parse(TWICE, "x.yaml")


@pytest.mark.parametrize("text", ["a: &x 1\n", "a: !own 1\n", "a: [\n", "a: {<<: {b: c}}\n"])
def test_nothing_else_is_let_pass(text: str) -> None:
    with pytest.raises(InvalidFile):
        parse(text, "x.yaml", [])


@pytest.mark.parametrize(
    "head", ["type: pipeline\n", "type: PipelineComponent\n", "jobs:\n  a: {}\n"]
)
def test_a_pipeline_may_be_as_large_as_millworks(head: str) -> None:
    text = head + "x: [" + "1," * 200_000 + "]"
    parse(text, "p.yaml", [])
    with pytest.raises(InvalidFile, match="at most"):
        parse(text.replace(head, "type: command\n"), "p.yaml", [])
