"""Drafts of PAI's Designer: read as pipelines of built-ins, and written back."""

from __future__ import annotations

import json
from contextlib import suppress
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from millwork.base.errors import InvalidFile
from millwork.catalogue.designer import twin_of
from millwork.catalogue.index import declarations
from millwork.catalogue.pai import WHY
from millwork.spec import values
from millwork.spec.model import Input, Parameter, Pipeline, PipelineNode, Reference
from millwork.spec.reader import read_text
from millwork.spec.writer import to_text
from tests.formats.drafts import draft, node, read, sayable, written
from tests.spec.definitions import pipelines

pytestmark = [pytest.mark.quick, pytest.mark.long]

lawful = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TWINS = sorted(name for name, each in declarations().items() if each.pai)
FLOW = draft(
    [
        node("read", "data_source", inputTableName="shop.orders"),
        node("cut", "split", (10, 20), fraction="${share}", randomSeed="7"),
        node("learn", "logisticregression_binary", (10.5, 40), labelColName="late",
             featureColNames="km,hour", regularizedType="l2"),
        node("deep", "deepfm", (0, 60), cluster='{"ps": 2}', arn=True),
    ],
    [
        "read.outputTable -> cut.inputTable", "cut.output1Table -> learn.inputTable",
        "cut.output2Table -> deep.input1TableName",
    ],
    globalParams=[{"name": "share", "value": "0.7", "desc": "Of the rows"}],
)  # fmt: skip


def losses(document: Any) -> list[str]:
    return [f"{fault.path}: {fault.message}" for fault in read(document)[1].faults]


def faults(document: Any) -> str:
    with pytest.raises(InvalidFile) as caught:
        read(document)
    return str(caught.value)


def test_components_become_their_twins_and_tables_inputs() -> None:
    pipeline, _ = read(FLOW)
    assert pipeline.inputs == {"shop_orders": Input("table", description="PAI's table shop.orders")}
    assert pipeline.nodes["cut"] == PipelineNode(
        "builtin:split_rows",
        {"table": Reference("inputs", "shop_orders")},
        {"fraction": Reference("parameters", "share"), "seed": 7},
    )
    learn = pipeline.nodes["learn"]
    assert learn.inputs == {"table": Reference("cut", "first")}
    assert learn.parameters["features"] == ("km", "hour")
    assert (learn.parameters["penalty"], learn.parameters["strength"]) == ("l2", 1.0)
    assert pipeline.layout == {"cut": (10, 20), "learn": (10.5, 40), "deep": (0, 60)}


def test_a_variable_has_the_type_of_what_it_is_given_to() -> None:
    pipeline, _ = read(FLOW)
    assert pipeline.parameters == {
        "share": Parameter("Float", default=0.7, description="Of the rows")
    }


def test_what_has_no_twin_is_a_node_that_says_so() -> None:
    pipeline, _ = read(FLOW)
    assert pipeline.nodes["deep"] == PipelineNode(
        "pai:deepfm",
        {"input1TableName": Reference("cut", "second")},
        {"cluster": '{"ps": 2}', "arn": "true"},
    )
    instead = "put a component of your own there"
    assert [line for line in losses(FLOW) if "deepfm" in line] == [
        f"nodes[3]: PAI's 'deepfm' has no twin here: the node names 'pai:deepfm'; {instead}"
    ]


def test_each_loss_has_its_place_and_its_reason() -> None:
    odd = node("a b", "split", lifecycle="28", fraction="much", coreNum="", color="red")
    odd["metadata"] |= {"version": "v2"}
    document = draft([node("t", "data_source", partition="d=1"), odd],
                     ["t.outputTable -> a b.inputTable", "a b.nothing -> a b.inputTable"],
                     theme="dark", globalSettings=[])  # fmt: skip
    document["nodes"][1]["colour"] = "red"
    assert losses(document) == [
        "theme: this field is not used here",
        "nodes[1].colour: this field is not used here",
        "nodes[1].metadata.version: a node names no version; 'v2' is not looked for",
        "nodes[0].properties[0]: an input has no such setting",
        "nodes[0].position: an input has no place on the canvas",
        "nodes[1]: it is called a-b here, not 'a b'",
        f"nodes[1].properties[0]: lifecycle: {WHY['lifecycle']}",
        "nodes[1].properties[1]: 'fraction': expected a number, found 'much'",
        "nodes[1].properties[3]: color: no built-in has it",
        "edges[1]: builtin:split_rows has no output 'nothing': not wired",
    ]


def test_what_is_missing_is_told_and_the_pipeline_made() -> None:
    pipeline, reading = read(draft([node("cut", "split")], []))
    assert pipeline.nodes["cut"].inputs == {}
    assert [(fault.path, fault.message) for fault in reading.faults][-1] == (
        "nodes.cut.inputs.table", "the required input 'table' is not given",
    )  # fmt: skip


def test_a_variable_within_a_text_is_its_value() -> None:
    document = draft([node("x", "mine", sql="select ${n} from t${m}")], [],
                     globalParams=[{"name": "n", "value": 3}])  # fmt: skip
    assert read(document)[0].nodes["x"].parameters == {"sql": "select 3 from t$${m}"}
    assert any("a variable within a text" in line for line in losses(document))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (draft([], []), "a pipeline has at least one node"),
        (draft([node("a", "split"), node("a", "split")], []), "the id 'a' stands twice"),
        (draft([node("a", "split")], ["a.x -> b.y"]), "edges[0]: there is no node with the id 'b'"),
        (draft([node("a", "x"), node("b", "x")], ["a.x -> b.y", "b.x -> a.y"]),
         "the nodes wait for one another"),
        ({"nodes": [3]}, "nodes[0]: expected fields"),
        ({"nodes": [{"id": "a"}]}, "nodes[0].metadata: missing"),
        ({"nodes": [node("a", "")]}, "is not accepted: it is empty"),
        ({"Content": 3}, "Content"),
        ({"Content": "{}"}, "there is no draft in it"),
    ],
)  # fmt: skip
def test_what_is_no_graph_is_refused_with_its_place(document: Any, said: str) -> None:
    text = faults(document)
    assert said in text
    assert text.startswith("d.json")


def test_an_answer_that_holds_a_draft_is_one() -> None:
    assert read({"Name": "x", "Content": json.dumps(FLOW)})[0] == read(FLOW)[0]
    content = json.dumps({name: value for name, value in FLOW.items() if name != "metadata"})
    pipeline, _ = read({"Name": "My flow", "Description": "Why", "Content": content})
    assert (pipeline.name, pipeline.display_name) == ("My-flow", "My flow")
    assert pipeline.description == "Why"


# --- there and back -------------------------------------------------------------------------------


@given(pipelines())
@lawful
def test_a_pipeline_comes_back_but_for_what_is_listed(pipeline: Pipeline) -> None:
    text, lost = written(pipeline)
    expected, losses = sayable(pipeline)
    assert read(text)[0] == expected
    assert lost == losses


@pytest.mark.parametrize("name", TWINS)
def test_a_built_in_with_a_twin_comes_back(name: str) -> None:
    declared, twin = declarations()[name], twin_of(f"builtin:{name}")
    assert twin
    for seed in range(10):
        random = Random(f"{name}{seed}")
        inputs = {port: each for port, each in declared.inputs.items() if each.type == "table"}
        parameters = {
            word: value
            for word, each in declared.parameters.items()
            if random.random() < 0.7 and (value := _value(each, random)) is not None
        }
        wires = {port: Reference("inputs", port) for port in inputs}
        node = PipelineNode(f"builtin:{name}", wires, parameters)
        pipeline = Pipeline(
            "p", "1.0.0", {"x": node}, inputs={port: Input("table") for port in inputs}
        )
        text, lost = written(pipeline)
        unsaid = {word: values.read(declared.parameters[word], _ours(name, word, said))
                  for word, said in twin.unsaid.items()}  # fmt: skip
        back = read(text)[0]
        assert back.nodes["x"].inputs == wires
        fixed = declared.pai[0].fixed.keys() - twin.unsaid.keys()
        found = {word: value for word, value in back.nodes["x"].parameters.items()
                 if word in parameters or word not in fixed}  # fmt: skip
        assert found == unsaid | parameters
        assert lost == {
            f"nodes.x.{kind}.{word}"
            for kind, given, known in (("inputs", wires, twin.inputs),
                                       ("parameters", parameters, twin.parameters))
            for word in given if word not in known
        }  # fmt: skip


def _ours(name: str, word: str, said: str) -> str:
    return declarations()[name].pai[0].values.get(word, {}).get(said, said)


def _value(parameter: Parameter, random: Random) -> Any:
    if parameter.enum:
        return random.choice(parameter.enum)
    if parameter.type == "Columns":
        return random.choice([("a",), ("a", "b"), ("a, b", "c")])
    if parameter.type == "Column":
        return "y"
    return parameter.default


def test_the_example_comes_back() -> None:
    pipeline, _ = read(FLOW)
    back, _ = read(written(pipeline)[0])
    assert (back.nodes, back.layout, back.parameters) == (
        pipeline.nodes, pipeline.layout, pipeline.parameters,
    )  # fmt: skip
    again, _ = read_text(to_text(back), "x.yaml")
    assert isinstance(again, Pipeline)
    assert again.nodes.keys() == pipeline.nodes.keys()


# --- bad input ------------------------------------------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=4,
)


@given(st.data())
@settings(lawful, max_examples=300)
def test_a_spoilt_draft_is_read_or_refused(data: st.DataObject) -> None:
    document = json.loads(json.dumps(FLOW))
    for _ in range(data.draw(st.integers(1, 3))):
        _spoil(document, data)
    with suppress(InvalidFile):
        pipeline, reading = read(document)
        assert read_text(to_text(pipeline), "x.yaml")
        assert all(fault.message for fault in reading.faults)


def _spoil(document: Any, data: st.DataObject) -> None:
    """Puts something else somewhere in a document."""
    at = document
    while True:
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))
        inner = at[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.integers(0, 3)) == 0:
            at[key] = data.draw(JSON)
            return
        at = inner


def test_a_draft_that_is_too_deep_is_refused() -> None:
    assert "nested deeper" in faults('{"nodes": ' + "[" * 100 + "]" * 100 + "}")


def test_a_large_draft_is_read_in_time() -> None:
    nodes = [node(f"n{index}", "split", fraction="0.5") for index in range(2000)]
    edges = [f"n{index}.output1Table -> n{index + 1}.inputTable" for index in range(1999)]
    assert len(read(draft(nodes, edges))[0].nodes) == 2000
