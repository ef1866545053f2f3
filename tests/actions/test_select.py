"""Parts of a graph."""

from __future__ import annotations

import pytest

from millwork.actions.select import Selection, select
from millwork.base.errors import BadRequest
from millwork.plan.model import Graph, Step, StepOutput
from millwork.spec.model import Component

pytestmark = pytest.mark.quick

COMPONENT = Component("c", "1.0.0", "true")


def graph(**needs: str) -> Graph:
    steps = {
        name: Step(name, COMPONENT, after=tuple(after.split())) for name, after in needs.items()
    }
    return Graph(steps, {"out": StepOutput("d", "o"), "early": StepOutput("a", "o")})


DIAMOND = graph(a="", b="a", c="a", d="b c", e="d")


@pytest.mark.parametrize(
    ("wanted", "running", "taken"),
    [
        (Selection(), "abcde", ""),
        (Selection(only="d"), "d", "bc"),
        (Selection(first="c"), "cde", "ab"),
        (Selection(last="c"), "ac", ""),
        (Selection(first="b", last="d"), "bd", "ac"),
    ],
)
def test_what_runs_and_what_is_taken(wanted: Selection, running: str, taken: str) -> None:
    part, names = select(DIAMOND, wanted)
    assert set(part.steps) - set(names) == set(running)
    assert set(names) == set(taken) - set(running)


def test_outputs_of_what_is_left_out_are_left_out() -> None:
    part, _ = select(DIAMOND, Selection(last="c"))
    assert list(part.outputs) == ["early"]


def test_a_sub_pipeline_stands_for_its_steps() -> None:
    steps = {name: Step(name, COMPONENT) for name in ("sub.a", "sub.b", "other")}
    part, _ = select(Graph(steps, {}), Selection(only="sub"))
    assert set(part.steps) == {"sub.a", "sub.b"}


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        (Selection(only="x"), "there is no node 'x'; nodes: a, b, c, d, e"),
        (Selection(only="a", last="b"), "--only stands alone"),
        (Selection(first="d", last="b"), "no node lies between 'd' and 'b'"),
    ],
)
def test_what_is_refused(wanted: Selection, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        select(DIAMOND, wanted)
