"""Secrets on their way to a plan: by name everywhere, by value nowhere."""

from __future__ import annotations

import json

import pytest

from millwork.actions.preview import preview
from millwork.plan.codec import decode, decode_component, encode, encode_component
from millwork.plan.contract import Job, make_plan
from millwork.plan.graph import Arguments
from millwork.plan.identity import component_identity, identity_of, key_of
from millwork.plan.model import Step
from millwork.spec.model import Component, Secret
from millwork.spec.tree import Tree

pytestmark = pytest.mark.quick

COMPONENT = Component("c", "1.0.0", "true", env={"A": Secret("a.b-c"), "B": "text", "C": "text"})
STEP = Step("s", COMPONENT, env={"B": Secret("second"), "D": "more"})


def test_rows_give_back_what_they_were_given() -> None:
    digest, document = encode_component(COMPONENT)
    assert json.loads(document)["env"]["A"] == {"secret": "a.b-c"}
    component = decode_component(document)
    assert component == COMPONENT
    spec = json.loads(json.dumps(encode(STEP, digest)))
    assert spec["env"] == {"B": {"secret": "second"}, "D": "more"}
    assert decode(spec, component) == STEP


def test_a_plan_names_secrets_beside_the_variables() -> None:
    (replica,) = make_plan(STEP, {}, {}, Job("run", "run-1")).replicas
    assert replica.secrets == {"A": "a.b-c", "B": "second"}
    assert {name: replica.env.get(name) for name in "ABCD"} == {
        "A": None, "B": None, "C": "text", "D": "more",
    }  # fmt: skip


def test_a_node_may_give_text_instead_and_the_contract_wins_over_both() -> None:
    step = Step("s", COMPONENT, env={"A": "text", "PYTHONUNBUFFERED": Secret("x")})
    (replica,) = make_plan(step, {}, {}, Job("run", "run-1")).replicas
    assert (replica.secrets, replica.env["A"]) == ({}, "text")
    assert replica.env["PYTHONUNBUFFERED"] == "1"


def test_the_preview_shows_the_name() -> None:
    (step,) = preview(Tree(COMPONENT), Arguments())
    env = step["replicas"][0]["env"]
    assert (env["A"], env["B"]) == ({"secret": "a.b-c"}, "text")


def test_another_secret_is_other_work() -> None:
    def key(secret: str) -> str:
        component = Component("c", "1.0.0", "true", env={"A": Secret(secret)})
        step = Step("s", component, env=component.env)
        return key_of(identity_of(step, component_identity(component), "", {}, {}))

    assert key("one") == key("one")
    assert key("one") != key("two")
