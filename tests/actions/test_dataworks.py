"""Nodes of PAI in DataWorks: read as pipelines with schedules, and what is wrong in them."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import date, time
from time import process_time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millwork.base.errors import BadRequest, InvalidFile
from millwork.spec.document import PIPELINE_LIMITS
from millwork.spec.model import Input, Parameter, Pipeline, PipelineNode, Reference
from millwork.spec.reader import read_text
from millwork.spec.recurrence import Recurrence
from millwork.spec.schedule import CHILDREN, SELF, Dependency, Schedule
from millwork.spec.schedule_file import read_schedule, write_schedule
from millwork.spec.writer import to_text, to_yaml
from tests.actions.dataworks import FULL, ask, faults, lawful, losses, made, scheduled
from tests.formats.flows import GRAPH, code, node, spec, trigger
from tests.formats.test_paiflow import flow, task

pytestmark = [pytest.mark.quick, pytest.mark.long]


# --- in: the graph --------------------------------------------------------------------------------


def test_a_node_becomes_a_pipeline() -> None:
    found = made(code())
    assert found.schedule is None
    pipeline = found.pipeline
    assert (pipeline.name, pipeline.scheduling_parameters) == ("orders", {"day": "$bizdate"})
    assert pipeline.inputs == {"shop_orders": Input("table", description="PAI's table shop.orders")}
    assert pipeline.parameters == {"rounds": Parameter("Int", default=3)}
    assert pipeline.nodes["cut"].component == "builtin:split_rows"
    assert pipeline.nodes["put"] == PipelineNode(
        "pai:SqlWriteTable_1",
        {"inputTable": Reference("cut", "first")},
        {"outputTablePartition": "dt=${day}"},
    )
    again, _ = read_text(to_text(pipeline), "x.yaml")
    assert isinstance(again, Pipeline)
    assert again.scheduling_parameters == pipeline.scheduling_parameters
    assert again.nodes["put"] == pipeline.nodes["put"]


@pytest.mark.parametrize(
    "document",
    [
        {"content": json.dumps(code()), "extraContent": "{}"},
        {"Spec": json.dumps(spec(node()))},
        {"RequestId": "r", "Node": {"Id": "1", "Spec": json.dumps(spec(node()))}},
        spec(node({"content": json.dumps(code()), "extraContent": "{}"})),
        spec(node(json.dumps({"content": json.dumps(code())}))),
        spec({"id": "up", "name": "load", "script": {"runtime": {"command": "ODPS_SQL"}}}, node()),
    ],
)
def test_each_form_holds_the_same_pipeline(document: Any) -> None:
    assert made(document).pipeline == made(code()).pipeline


def test_what_stands_elsewhere_in_a_flow_is_found() -> None:
    inner = node(variables=())
    script = inner["script"] | {"id": "s", "parameters": ["{{variable.v}}"]}
    document = spec(
        inner | {"script": "{{s}}", "trigger": "{{daily}}"},
        scripts=[script], triggers=[trigger() | {"id": "daily"}],
        variables=[{"id": "v", "name": "bizdate", "type": "System", "value": "${yyyymmdd-1}"}],
    )  # fmt: skip
    found = made(document)
    assert found.pipeline.scheduling_parameters == {"day": "${yyyymmdd-1}"}
    assert found.schedule
    assert found.schedule.recurrence == Recurrence("day", (time(2, 30),), clock="dataworks")


@pytest.mark.parametrize(
    ("parameters", "variables", "meant"),
    [
        ({"day": "${bizdate}"}, (), {"day": "$bizdate"}),
        ({"day": "${d}"}, [("d", "${yyyymm-1}")], {"day": "${yyyymm-1}"}),
        ({"day": "p_${d}_${h}"}, [("d", "$bizdate"), ("h", "$[hh24]")],
         {"day": "p_${yyyymmdd}_$[hh24]"}),
        ({"day": "${yyyymmdd-7}"}, (), {"day": "${yyyymmdd-7}"}),
        ({"day": "x"}, (), {"day": "x"}),
        ({}, [("day", "$bizmonth")], {"day": "$bizmonth"}),
        ({"day": "${d}"}, [("d", "abc"), ("other", "$jobid")], {"day": "abc", "other": "$jobid"}),
    ],
)  # fmt: skip
def test_variables_within_variables_are_one_expression(
    parameters: Any, variables: Any, meant: dict[str, str]
) -> None:
    document = spec(node(json.dumps(code(paiflowParameters=parameters)), variables))
    assert made(document).pipeline.scheduling_parameters == meant


def test_a_plain_text_that_is_no_expression_is_a_parameter() -> None:
    pipeline = made(code(paiflowParameters={"day": "a day"})).pipeline
    assert pipeline.parameters["day"] == Parameter("String", default="a day")
    assert pipeline.nodes["put"].parameters == {"outputTablePartition": "dt=a day"}


def test_what_is_not_in_the_file_is_said_and_stays_text() -> None:
    found = made(code(paiflowParameters={"day": "${mine}"}))
    assert found.pipeline.nodes["put"].parameters == {"outputTablePartition": "dt=$${day}"}
    lost = dict(found.losses)["paiflowParameters.day"]
    assert "'${mine}', column 1" in lost
    assert "give day in scheduling_parameters" in lost


def test_values_of_the_graphs_own_parameters_are_bound() -> None:
    graph = flow([task("cut", randomSeed="{{inputs.parameters.seed}}",
                       fraction="{{inputs.parameters.share}}")],
                 parameters=[("share", "Double", "0.5"), ("seed", "Int", None)])  # fmt: skip
    given = code(graph, [("share", "0.7"), ("seed", "${yyyymmdd}")], inputs=[])
    alone = made(given).pipeline
    assert alone.parameters == {"share": Parameter("Float", default=0.7)}
    assert alone.scheduling_parameters == {"seed": "${yyyymmdd}", "day": "$bizdate"}
    assert alone.nodes["cut"].parameters["seed"] == "${seed}"
    schedule = scheduled(spec(node(json.dumps(given), trigger=trigger())))
    assert schedule.parameters == {"share": "0.7", "seed": "${yyyymmdd}"}


def test_a_graph_in_a_graph_lists_what_it_uses() -> None:
    inner = task("inner", "own")
    cut = task("cut", "mine", sql="select '${day}' from t${other}")
    inner["spec"] |= flow([cut])["spec"]
    found = made(code(flow([inner]), inputs=[], paiflowParameters={"day": "${bizdate}", "n": "1"}))
    inside = found.files["inner/pipeline.yaml"]
    assert inside.scheduling_parameters == {"day": "$bizdate"}
    assert inside.nodes["cut"].parameters == {"sql": "select '${day}' from t$${other}"}
    assert read_text(to_text(inside), "x.yaml")


# --- in: the schedule -----------------------------------------------------------------------------


def test_the_scheduling_half_becomes_a_schedule() -> None:
    document = spec(
        node(
            description="each day", instanceMode="Immediately", rerunMode="FailureAllowed",
            rerunTimes=3, rerunInterval=180000, timeout=7200, priority=7, recurrence="Normal",
            trigger=trigger("00 30 02 ? * 1,5", startTime="2026-01-05T00:00:00",
                            endTime="2026-12-31 00:00:00", timezone="Europe/Berlin"),
        ),
        depends=[
            {"type": "CrossCycleDependsOnSelf"}, {"type": "CrossCycleDependsOnChildren"},
            {"type": "Normal", "output": "load"}, {"output": "load"},
            {"type": "CrossCycleDependsOnOtherNode", "nodeId": "{{clean}}"},
        ],
    )  # fmt: skip
    assert scheduled(document) == Schedule(
        "orders_daily", "1.0.0", "orders",
        Recurrence("week", (time(2, 30),), frozenset({1, 5}), first=date(2026, 1, 5),
                   last=date(2026, 12, 31), clock="dataworks"),
        "Europe/Berlin", description="each day", instances="at_once", rerun="after_failure",
        retries=3, retry_after=180.0, timeout=7200.0, priority=7,
        inputs={"shop_orders": "odps://shop/tables/orders"},
        depends_on=(Dependency(SELF), Dependency(CHILDREN), Dependency("load"),
                    Dependency("clean", cycle="last")),
    )  # fmt: skip


def test_other_nodes_of_the_file_are_called_by_their_names() -> None:
    other = {"id": "7", "name": "load", "script": {"runtime": {"command": "ODPS_SQL"}},
             "outputs": {"nodeOutputs": [{"data": "shop.7_out"}]}}  # fmt: skip
    for depend in ({"nodeId": "{{7}}"}, {"output": "shop.7_out"}):
        document = spec(other, node(), depends=[depend])
        assert scheduled(document).depends_on == (Dependency("load"),)
        assert losses(document)["spec.nodes[0]"] == "no node of PAI: ODPS_SQL"


@pytest.mark.parametrize("where", ["of the node", "in a list of nodes"])
def test_dependencies_may_stand_at_the_node(where: str) -> None:
    depends: Any = [{"type": "Normal", "output": "load"}, {"output": "shop_root"}]
    own = depends if where == "of the node" else [{"nodeId": "42", "depends": depends}]
    assert scheduled(spec(node(dependencies=own))).depends_on == (Dependency("load"),)


def test_what_a_schedule_does_not_say_is_listed() -> None:
    lost = losses(
        spec(
            node(recurrence="Pause", timeout=3, owner="17", name="每天 2",
                 trigger=trigger(timezone="", delaySeconds=60, endTime="2026-01-02 12:00:00")),
            depends=[{"type": "Normal", "output": "shop_root"}],
        )
    )  # fmt: skip
    at = "spec.nodes[0]"
    assert {path: why.split(":")[0] for path, why in lost.items() if at in path
            and "content" not in path} == {
        f"{at}.name": "the schedule is called 2",
        f"{at}.owner": "this field is not used here",
        f"{at}.recurrence": "it is frozen there",
        f"{at}.timeout": "3 seconds, as FlowSpec says; older files may mean hours",
        f"{at}.trigger": "no timezone",
        f"{at}.trigger.delaySeconds": "no schedule is late by so much",
        f"{at}.trigger.endTime": "the whole of 2026-01-02 counts",
    }  # fmt: skip
    assert "root of its workspace" in lost["spec.flow[0].depends[0]"]


def test_an_offset_is_a_zone() -> None:
    document = spec(node(trigger=trigger(timezone="UTC+8")))
    assert scheduled(document).timezone == "Etc/GMT-8"


def test_without_any_scheduling_there_is_no_schedule() -> None:
    assert made(spec(node())).schedule is None
    manual = scheduled(spec(node(trigger={"type": "Manual"})))
    assert manual.recurrence is None


# --- in: what is wrong ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (spec(), "spec.nodes: there is no node of PAI in it"),
        (spec(node(), node()), "there are 2 nodes of PAI"),
        (spec(node("")), "spec.nodes[0].script.content: missing: PAI's JSON"),
        (spec(node("{")), "n.json: spec.nodes[0].script.content:2:1"),
        (spec(node('{"name": "x"}')), "paiflowPipeline"),
        (spec(node([])), "spec.nodes[0].script.content: missing"),
        (spec(node(json.dumps(code({"a": 1})))),
         "script.content: paiflowPipeline:1:1: error: apiVersion: expected a manifest of PAIFlow"),
        (spec(node(trigger=trigger("00 61 00 * * ?"))), "trigger.cron: "),
        (spec(node(trigger=trigger(timezone="Mars"))), "there is no zone 'Mars'"),
        (spec(node(trigger=trigger(startTime="soon"))), "'soon' is no time such as"),
        (spec(node(trigger=trigger(startTime="2027-01-01", endTime="2026-01-01"))),
         "2026-01-01 is before the first day"),
        (spec(node(rerunMode="Sometimes")), "rerunMode: 'Sometimes' is not one of"),
        (spec(node(timeout="long")), "timeout: expected a whole number"),
        (spec(node(), depends=[{"type": "Never"}]), "spec.flow[0].depends[0].type"),
        (spec(node(), depends=[{"type": "Normal"}]), "missing: the output that it waits for"),
        (code(paiflowPipeline=""), "paiflowPipeline"),
        (code(paiflowPipeline="a: ["), "n.json: paiflowPipeline:2:1"),
        (code(paiflowPipeline=5), "expected a mapping"),
        (code(paiflowArguments="- a"), "n.json: paiflowArguments:1:1"),
        (code(paiflowParameters=[]), "paiflowParameters: expected a mapping"),
        ({"Spec": '{"Spec": "{}"}'}, "n.json: Spec: Spec:1:1"),
    ],
)  # fmt: skip
def test_what_is_wrong_has_its_place(document: Any, said: str) -> None:
    assert said in faults(document)


def test_a_text_that_is_too_deep_or_too_large_is_refused() -> None:
    assert "nested deeper" in faults(spec(node("[" * 100)))
    with pytest.raises(BadRequest, match="at most 8 MB"):
        ask(json.dumps(code(description="x" * (PIPELINE_LIMITS.size + 1))), "json")


def test_what_variables_come_to_has_a_limit() -> None:
    bomb = node(json.dumps(code(paiflowParameters={"day": "${v}" * 9000})), [("v", "x" * 9000)])
    assert "paiflowParameters: its variables come to more than 8 MB" in faults(spec(bomb))
    inner = flow([task("x", "mine", sql="${day}" * 9000)])
    text = faults(code(inner, inputs=[], paiflowParameters={"day": "a b" * 3000}))
    assert "its variables come to more text than a file may hold" in text


def test_many_variables_tables_and_dependencies_are_read_in_little_time() -> None:
    many = range(3000)
    large = flow([task("x", "mine", sql="a " * 500_000)])
    own = code(large, inputs=[{"value": f"t{n}.q"} for n in many],
               paiflowParameters={f"p{n}": "x" for n in many})  # fmt: skip
    document = spec(
        node(json.dumps(own), [(f"v{n}", "$bizdate") for n in many]),
        *({"id": f"n{n}", "name": f"n{n}"} for n in many),
        depends=[{"output": f"n{n}"} for n in many],
    )
    begin = process_time()
    found = made(document)
    assert process_time() - begin < 8
    assert found.schedule
    assert len(found.schedule.depends_on) == len(many)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("a${}[]:.*? 0", max_size=6),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", max_size=4), inner),
    max_leaves=4,
)


def _spoil(document: Any, data: st.DataObject) -> None:
    at: Any = document
    while True:
        key = data.draw(st.sampled_from(list(at) if isinstance(at, dict) else range(len(at))))
        below = at[key]
        if not isinstance(below, dict | list) or not below or data.draw(st.booleans()):
            at[key] = data.draw(JSON)
            return
        at = below


@given(st.sampled_from(["outside", "PAI's", "graph"]), st.data())
@settings(lawful, max_examples=400)
def test_a_spoilt_node_is_read_or_refused(where: str, data: st.DataObject) -> None:
    document, own, graph = json.loads(json.dumps((FULL, code(), GRAPH)))
    for _ in range(data.draw(st.integers(1, 3))):
        _spoil({"outside": document, "PAI's": own, "graph": graph}[where], data)
    if where == "graph":
        own["paiflowPipeline"] = to_yaml(graph)
    if where != "outside":
        document["spec"]["nodes"][0]["script"]["content"] = json.dumps(own)
    with suppress(InvalidFile):
        found = made(document)
        for pipeline in (found.pipeline, *found.files.values()):
            assert read_text(to_text(pipeline), "x.yaml")
        assert all(reason for _, reason in found.losses)
        if found.schedule:
            again, _ = read_schedule(write_schedule(found.schedule), "s.yaml")
            assert again == found.schedule
