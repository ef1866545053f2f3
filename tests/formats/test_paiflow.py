"""PAIFlow's manifests: graphs, and graphs in graphs, as pipelines of built-ins."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from millwork.base.errors import InvalidFile
from millwork.catalogue.paiflow import Family, manifest_to_pipelines
from millwork.formats.paiflow import read_manifest
from millwork.spec.document import PIPELINE_LIMITS, parse
from millwork.spec.model import Input, Parameter, Pipeline, PipelineNode, Reference
from millwork.spec.reader import read_text
from millwork.spec.writer import to_text, to_yaml

pytestmark = pytest.mark.quick

lawful = settings(
    max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TABLE = {"type": {"DataSet": {"locationType": "MaxComputeTable"}}}


def task(
    name: str, identifier: str = "split", artifacts: Any = (), after: Any = (), **parameters: Any
) -> dict[str, Any]:
    """A component of a graph; a value that begins with `{{` is where it comes from."""
    return {
        "apiVersion": "core/v1",
        "metadata": {"identifier": identifier, "name": name, "provider": "pai", "version": "v1",
                     "annotations": {}, "labels": None},
        "spec": {
            "arguments": {
                "artifacts": [{"name": port, "from": wire} for port, wire in artifacts],
                "parameters": [
                    {"name": word, "from" if str(value).startswith("{{") else "value": value}
                    for word, value in parameters.items()
                ],
            },
            "dependencies": list(after), "initContainers": [], "pipelines": [],
        },
    }  # fmt: skip


def flow(tasks: list[Any], inputs: Any = (), parameters: Any = (), outputs: Any = ()) -> Any:
    """A manifest of a graph."""
    return {
        "apiVersion": "core/v1",
        "metadata": {"identifier": "flow", "name": "flow", "provider": "1", "uuid": "u"},
        "spec": {
            "inputs": {
                "artifacts": [{"name": name, "metadata": TABLE, "required": True}
                              for name in inputs],
                "parameters": [{"name": name, "type": kind, "value": value}
                               for name, kind, value in parameters],
            },
            "outputs": {"artifacts": [{"name": name, "from": wire} for name, wire in outputs]},
            "pipelines": tasks,
        },
    }  # fmt: skip


def out(name: str, port: str) -> str:
    return f"{{{{pipelines.{name}.outputs.artifacts.{port}}}}}"


def made(document: Any) -> Family:
    text = document if isinstance(document, str) else to_yaml(document)
    return manifest_to_pipelines(*read_manifest(parse(text, "f", limits=PIPELINE_LIMITS), "f"))


def faults(document: Any) -> str:
    with pytest.raises(InvalidFile) as caught:
        made(document)
    return str(caught.value)


def test_references_become_wires() -> None:
    family = made(
        flow(
            [
                task("cut", artifacts=[("inputTable", "{{inputs.artifacts.rows}}")],
                     fraction="{{inputs.parameters.share}}", randomSeed="3"),
                task("learn", "logisticregression_binary", labelColName="y", featureColNames="a,b",
                     artifacts=[("inputTable", out("cut", "output1Table"))]),
            ],
            ["rows"], [("share", "Double", "0.7")], [("model", out("learn", "model"))],
        )
    )  # fmt: skip
    pipeline = family.pipeline
    assert pipeline.inputs == {"rows": Input("table")}
    assert pipeline.parameters == {"share": Parameter("Float", default=0.7)}
    assert pipeline.nodes["cut"] == PipelineNode(
        "builtin:split_rows",
        {"table": Reference("inputs", "rows")},
        {"seed": 3, "fraction": Reference("parameters", "share")},
    )
    assert pipeline.nodes["learn"].inputs == {"table": Reference("cut", "first")}
    assert pipeline.outputs == {"model": Reference("learn", "model")}
    assert family.losses == ()


def test_a_component_is_found_by_its_identifier_too() -> None:
    source = task("data-source", "data_source", inputTableName="shop.orders")
    cut = task("cut", artifacts=[("inputTable", out("data_source", "outputTable"))])
    pipeline = made(flow([source, cut])).pipeline
    assert pipeline.nodes["cut"].inputs == {"table": Reference("inputs", "shop_orders")}


def test_a_graph_in_a_graph_is_a_file_of_its_own() -> None:
    inner = task("inner", "own", artifacts=[("t", "{{inputs.artifacts.rows}}")],
                 half="{{inputs.parameters.share}}")  # fmt: skip
    cut = task("cut", artifacts=[("inputTable", "{{inputs.artifacts.t}}")],
               fraction="{{inputs.parameters.half}}")  # fmt: skip
    inner["spec"] |= flow([cut], ["t"], [("half", "Double", "0.5")],
                          [("first", out("cut", "output1Table"))])["spec"]  # fmt: skip
    outer = flow([inner, task("then", artifacts=[("inputTable", out("inner", "first"))])],
                 ["rows"], [("share", "Double", "0.7")])  # fmt: skip
    family = made(outer)
    assert family.pipeline.nodes["inner"] == PipelineNode(
        "./inner/pipeline.yaml",
        {"t": Reference("inputs", "rows")},
        {"half": Reference("parameters", "share")},
    )
    assert family.pipeline.nodes["then"].inputs == {"table": Reference("inner", "first")}
    assert list(family.files) == ["inner/pipeline.yaml"]
    inside = family.files["inner/pipeline.yaml"]
    assert inside.nodes["cut"].parameters == {"fraction": Reference("parameters", "half")}
    assert inside.outputs == {"first": Reference("cut", "first")}


def test_losses_have_places_and_reasons() -> None:
    mine = task("mine", "own", execution="{{inputs.parameters.execution}}", x="1")
    mine["metadata"] |= {"provider": "123", "displayName": "我的"}
    mine["spec"] |= {"container": {"image": "r/x:1", "command": ["a"]}, "when": "1 == 1"}
    losses = made(flow([mine], parameters=[("execution", "Map", {"spec": {"a": "b"}})])).losses
    where = "where PAI computes: here the engine and the node's resources say that"
    at, instead = "spec.pipelines[0]", "put a component of your own there"
    assert losses == (
        (f"{at}.spec.when", "this field is not used here"),
        (f"{at}.spec.container.command", "this field is not used here"),
        ("spec.inputs.parameters[0]", f"'execution': {where}"),
        (at, f"PAI's 'own' has no twin here: the node names 'pai:own'; {instead}"),
        (at, "it is a component of '123', not of PAI's own"),
        (at, "it is called own here, not '我的'"),
        (f"{at}.spec.container", "what its container ran is not carried over: r/x:1"),
        (f"{at}.spec.arguments.parameters[0]", f"'execution': {where}"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (flow([]), "only those of pipelines are read"),
        (flow([task("a"), task("a")]), "'a' stands twice"),
        (flow([task("a", artifacts=[("inputTable", out("b", "x"))])]), "there is no pipeline 'b'"),
        (flow([task("a", artifacts=[("inputTable", "{{inputs.artifacts.no}}")])]),
         "the pipeline has no input 'no'"),
        (flow([task("a", fraction="{{inputs.parameters.no}}")]),
         "the pipeline has no parameter 'no'"),
        (flow([task("a", artifacts=[("inputTable", "{{x}}")])]), "expected {{pipelines.NAME"),
        (flow([task("a", "x", after=["b"]), task("b", "x", after=["a"])]), "wait for one another"),
        ({"apiVersion": "core/v1", "metadata": {}, "spec": {}}, "metadata.identifier: missing"),
        ("apiVersion: core/v1\nspec: &a {}\n", "anchors"),
    ],
)  # fmt: skip
def test_what_is_no_graph_is_refused_with_its_place(document: Any, said: str) -> None:
    assert said in faults(document)


# --- generated ------------------------------------------------------------------------------------

NAMES = st.from_regex(r"[a-z][a-z0-9-]{0,6}", fullmatch=True)


@given(st.lists(NAMES, min_size=1, max_size=5, unique=True), st.data())
@lawful
def test_a_generated_graph_has_its_nodes_and_wires(names: list[str], data: st.DataObject) -> None:
    names = [name for name in names if name not in ("inputs", "parameters", "split")] or ["a"]
    wires: dict[str, str] = {}
    after: dict[str, list[str]] = {}
    for index, name in enumerate(names):
        before = names[:index]
        wires[name] = data.draw(st.sampled_from([*before, ""]))
        after[name] = data.draw(st.lists(st.sampled_from(before), unique=True)) if before else []
    tasks = [
        task(name, artifacts=[("inputTable", out(wires[name], "output2Table") if wires[name]
                               else "{{inputs.artifacts.rows}}")],
             after=after[name], fraction="0.25")
        for name in names
    ]  # fmt: skip
    family = made(flow(tasks, ["rows"]))
    assert family.losses == ()
    for name, node in family.pipeline.nodes.items():
        source = Reference(wires[name], "second") if wires[name] else Reference("inputs", "rows")
        assert node.inputs == {"table": source}
        assert node.after == tuple(each for each in after[name] if each != wires[name])
        assert node.parameters == {"fraction": 0.25}
    again, _ = read_text(to_text(family.pipeline), "x.yaml")
    assert isinstance(again, Pipeline)
    assert again.nodes.keys() == set(names)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text("ab{}.$", max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab", max_size=4), inner),
    max_leaves=4,
)


@given(st.data())
@settings(lawful, max_examples=300)
def test_a_spoilt_manifest_is_read_or_refused(data: st.DataObject) -> None:
    inner = task("inner", "own", artifacts=[("t", "{{inputs.artifacts.rows}}")])
    inner["spec"] |= flow([task("cut", artifacts=[("inputTable", "{{inputs.artifacts.t}}")])],
                          ["t"], [("half", "Double", "0.5")])["spec"]  # fmt: skip
    document = flow([inner, task("b", after=["inner"])], ["rows"], [("m", "Map", "x")])
    for _ in range(data.draw(st.integers(1, 3))):
        at: Any = document
        while True:
            key = data.draw(st.sampled_from(list(at) if isinstance(at, dict) else range(len(at))))
            below = at[key]
            if not isinstance(below, dict | list) or not below or data.draw(st.booleans()):
                at[key] = data.draw(JSON)
                break
            at = below
    with suppress(InvalidFile):
        family = made(document)
        for pipeline in (family.pipeline, *family.files.values()):
            assert read_text(to_text(pipeline), "x.yaml")
        assert all(reason for _, reason in family.losses)


def test_a_manifest_that_is_too_deep_is_refused() -> None:
    document: Any = flow([task("a")])
    for _ in range(20):
        document = flow([document])
    assert "nested deeper" in faults(document)
