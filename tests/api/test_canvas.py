"""What the canvas asks for: the palette, checks and plans of texts, runs of drafts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from millwork.catalogue.index import declarations
from tests.attacks.door import DEFAULT, good, opened, text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.attacks.door import Door

pytestmark = pytest.mark.xdist_group("canvas")

DATA = {"component": "builtin:sample_data", "parameters": {"name": "penguins"}}
SPLIT = {"component": "builtin:split_rows", "inputs": {"table": {"from": "data.table"}}}


@pytest.fixture(scope="module")
def door(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Door]:
    with opened(tmp_path_factory.mktemp("canvas") / "home") as found:
        yield found


@pytest.fixture(scope="module")
def ann(door: Door) -> Door:
    """A developer, who has registered a component and a pipeline of it."""
    ann = door.hire("ann", "developer")
    fields: dict[str, Any] = {
        "description": "# Trains\nand more", "display_name": "Trainer", "tags": {"category": "own"},
        "inputs": {"table": {"type": "table"}}, "outputs": {"model": {"type": "model"}},
        "parameters": {
            "label": {"type": "Column", "input": "table", "dtype": "number", "required": True},
            "rate": {"type": "Float", "default": 0.1, "range": {"exclusive_min": 0, "max": 1}},
        },
        "job_type": "PyTorchJob", "resources": {"cpu": 2},
    }  # fmt: skip
    good(ann.ask("POST", f"{DEFAULT}/components", {"text": text("true", "trainer", **fields)}))
    good(ann.ask("POST", f"{DEFAULT}/pipelines", {"text": pipeline(
        {"train": {"component": "trainer", "inputs": {"table": {"from": "inputs.rows"}},
                   "parameters": {"label": "x"}}},
        "flow", inputs={"rows": {"type": "table"}}, outputs={"model": {"from": "train.model"}},
    )}))  # fmt: skip
    return ann


def pipeline(nodes: dict[str, Any], name: str = "pipe", **fields: Any) -> str:
    head = {"apiVersion": "millwork/v1", "kind": "Pipeline", "name": name, "version": "1.0.0"}
    return json.dumps({**head, "nodes": nodes, **fields}, indent=1)


def faces(door: Door, **query: Any) -> list[dict[str, Any]]:
    """All pages of a palette."""
    found, after = [], ""
    while True:
        page = good(door.ask("GET", f"{DEFAULT}/palette", **query, after=after)).json
        found += page["items"]
        if page["next"] is None:
            return found
        after = page["next"]


def planned(door: Door, nodes: dict[str, Any], given: Any = None, **fields: Any) -> Any:
    body = {"text": pipeline(nodes, **fields), **(given or {})}
    return good(door.ask("POST", f"{DEFAULT}/plans", body)).json


def names(table: Any) -> list[str]:
    return [column["name"] for column in table["columns"]]


def test_scheduling_parameters_stand_in_a_plan(ann: Door) -> None:
    nodes = {"a": {"component": "builtin:split_rows",
                   "parameters": {"fraction": "0.${n}", "seed": "${m}"}}}  # fmt: skip
    faults = planned(ann, nodes, scheduling_parameters={"n": "$[dd]"})["faults"]
    said = {(each["node"], each["field"], each["name"]): each["message"] for each in faults}
    expected = "scheduling_parameters lists no 'm' (the text itself is written $${m})"
    assert said["a", "parameters", "seed"] == expected
    assert ("a", "parameters", "fraction") not in said
    wrong = planned(ann, nodes, scheduling_parameters={"n": "$[dd]", "m": "$[mm-1]"})["faults"]
    assert [each["path"] for each in wrong if each["severity"] == "error"] == [
        "scheduling_parameters.m",
        "nodes.a.inputs.table",
    ]


# --- the palette --------------------------------------------------------------------------


@pytest.mark.parametrize("limit", [7, 117, 118, 200])
def test_the_palette_holds_built_ins_then_what_is_registered(ann: Door, limit: int) -> None:
    found = faces(ann, limit=limit)
    builtins = [f"builtin:{name}" for name in declarations()]
    assert [each["reference"] for each in found] == [*builtins, "trainer@1.0.0", "flow@1.0.0"]
    assert [each["kind"] for each in found[-2:]] == ["component", "pipeline"]


def test_a_face_says_all_that_a_form_needs(ann: Door) -> None:
    face = good(ann.ask("GET", f"{DEFAULT}/palette/trainer")).json
    assert (face["title"], face["summary"], face["category"]) == ("Trainer", "Trains", "own")
    assert face["inputs"] == [
        {"name": "table", "type": "table", "required": True, "description": ""}
    ]
    label, rate = face["parameters"]
    assert label["columns"] == {"port": "table", "dtype": "number", "many": False}
    assert (label["required"], label["default"]) == (True, None)
    assert (rate["default"], rate["minimum"], rate["exclusive_minimum"]) == (0.1, 0.0, True)
    assert (rate["columns"], rate["maximum"]) == (None, 1.0)
    assert face["resources"]["cpu"] == 2
    assert {"role": "worker", "minimum": 0, "maximum": None} in face["roles"]
    flow = good(ann.ask("GET", f"{DEFAULT}/palette/flow@1.0.0")).json
    assert flow["outputs"] == [{"name": "model", "type": "model", "description": ""}]
    assert (flow["resources"], flow["roles"], flow["job_type"]) == (None, [], "")


def test_a_built_in_is_found_by_every_name_and_parameter(ann: Door) -> None:
    def found(search: str) -> list[str]:
        return [each["name"] for each in faces(ann, search=search)]

    assert "logistic_regression" in found("logisticregression_binary")
    assert "split_rows" in found("SPLIT rows")
    assert "split_rows" in found("fraction")
    assert found("rate trainer") == ["trainer"]
    assert found("there is none such") == []
    face = good(ann.ask("GET", f"{DEFAULT}/palette/builtin:split_rows")).json
    assert face["parameters"][1]["choices"] == ["random", "stratified", "order", "threshold"]
    assert (face["source"], face["category"]) == ("builtin", "preprocess")


@pytest.mark.parametrize(
    ("reference", "near"),
    [("builtin:spit_rows", "split_rows"), ("split_row", "builtin:split_rows"),
     ("trainr", "trainer")],
)  # fmt: skip
def test_what_is_not_there_is_told_with_what_is_near(ann: Door, reference: str, near: str) -> None:
    answer = ann.ask("GET", f"{DEFAULT}/palette/{reference}")
    assert answer.status == 404
    assert f"is it {near}" in answer.json["detail"]


def test_a_cursor_of_another_list_is_refused(ann: Door) -> None:
    for after in ("x", "WyJub25lIiwgIiJd"):
        assert ann.ask("GET", f"{DEFAULT}/palette", after=after).status == 400
    assert ann.ask("GET", f"{DEFAULT}/palette", limit=201).status == 400


def test_private_and_deprecated_things_are_not_offered(door: Door, ann: Door) -> None:
    there = f"{DEFAULT}/components"
    good(ann.ask("POST", there, {"text": text("true", "hers"), "visibility": "private"}))
    good(ann.ask("POST", there, {"text": text("true", "old")}))
    good(ann.ask("POST", f"{there}/old/versions/1.0.0/deprecate", {"reason": "slow"}))
    bob = door.hire("bob", "developer")
    assert "hers" in {each["name"] for each in faces(ann)}
    for name in ("hers", "old"):
        assert name not in {each["name"] for each in faces(bob)}
    assert bob.ask("GET", f"{DEFAULT}/palette/hers").status == 404
    assert good(bob.ask("GET", f"{DEFAULT}/palette/old@1.0.0")).json["deprecated"] == "slow"
    plan = planned(bob, {"a": {"component": "old@1.0.0"}, "b": {"component": "hers"}})
    assert [(each["node"], each["severity"]) for each in plan["faults"]] == [
        ("b", "error"), ("a", "warning"),
    ]  # fmt: skip
    good(ann.ask("DELETE", f"{there}/hers"))
    good(ann.ask("DELETE", f"{there}/old"))


# --- a component's text -------------------------------------------------------------------


def test_a_components_text_is_checked_and_not_kept(ann: Door) -> None:
    there = f"{DEFAULT}/components/check"
    fine = good(ann.ask("POST", there, {"text": text("true", "new")})).json
    assert (fine["faults"], fine["flavour"], fine["face"]["name"]) == ([], "millwork", "new")
    assert ann.ask("GET", f"{DEFAULT}/components/new").status == 404
    pai = "AlgorithmName: bare\nAlgorithmSpec: {Command: 'exit', JobType: PyTorchJob}\n"
    assert good(ann.ask("POST", there, {"text": pai})).json["flavour"] == "pai"
    wrong = good(ann.ask("POST", there, {"text": text("true", "a/b", inputs={"_": {}})})).json
    assert [each["path"] for each in wrong["faults"]] == ["name", "inputs._"]
    assert (wrong["face"], wrong["flavour"]) == (None, "")
    flow = good(ann.ask("POST", there, {"text": pipeline({"data": DATA})})).json
    assert "not a component" in flow["faults"][0]["message"]


# --- plans --------------------------------------------------------------------------------


def test_columns_go_through_what_is_ready(ann: Door) -> None:
    plan = planned(ann, {
        "data": DATA, "split": SPLIT,
        "train": {"component": "trainer", "inputs": {"table": {"from": "split.first"}}},
        "late": {"component": "builtin:split_rows", "inputs": {"table": {"from": "nope.table"}}},
        "nope": {"component": "nothing-of-that-name"},
    })  # fmt: skip
    nodes = plan["nodes"]
    first = nodes["split"]["outputs"]["first"]
    assert first["whole"]
    assert "species" in names(first)
    # The label is wanted: to choose it, the columns are known all the same.
    assert nodes["train"]["inputs"]["table"] == first
    assert nodes["train"]["outputs"] == {"model": None}
    assert nodes["train"]["face"]["reference"] == "trainer@1.0.0"
    assert nodes["nope"] == {"face": None, "inputs": {}, "outputs": {}, "doubts": []}
    assert nodes["late"]["inputs"] == {"table": None}
    assert {(each["node"], each["field"], each["name"]) for each in plan["faults"]} == {
        ("train", "parameters", "label"), ("nope", "component", ""),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("nodes", "place"),
    [
        ({"data": DATA, "split": {**SPLIT, "parameters": {"column": "specie"}}},
         ("split", "parameters", "column")),
        ({"data": DATA, "split": {**SPLIT, "parameters": {"fraction": 7}}},
         ("split", "parameters", "fraction")),
        ({"data": DATA, "cut": {"component": "builtin:split_rows"}}, ("cut", "inputs", "table")),
        ({"data": DATA, "x": {**SPLIT, "inputs": {"table": {"from": "data.tabel"}}}},
         ("x", "inputs", "table")),
        ({"data": DATA, "x": {**SPLIT, "inputs": {"table": {"from": "gone.table"}}}},
         ("x", "inputs", "table")),
        ({"data": DATA, "x": {**SPLIT, "when": "data.table >"}}, ("x", "when", "")),
        ({"data": DATA, "x": {**SPLIT, "inputs": {"table": {"path": "file:///nowhere/x"}}}},
         ("x", "inputs", "table")),
        ({"data": DATA, "x": 7}, ("x", "", "")),
        ({"data": DATA, "x": {**SPLIT, "inputs": {"table": {"from": "y.first"}}},
          "y": {**SPLIT, "inputs": {"table": {"from": "x.first"}}}}, ("x", "", "")),
    ],
)  # fmt: skip
def test_a_fault_says_where_it_belongs_and_the_rest_is_known(
    ann: Door, nodes: dict[str, Any], place: tuple[str, str, str]
) -> None:
    plan = planned(ann, nodes)
    assert place in {(each["node"], each["field"], each["name"]) for each in plan["faults"]}
    assert "species" in names(plan["nodes"]["data"]["outputs"]["table"])


def test_a_dataset_is_named_where_a_path_would_be(ann: Door, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    said = {"name": "rows", "uri": f"file://{tmp_path}/rows.csv", "type": "table"}
    good(ann.ask("POST", f"{DEFAULT}/datasets", said))
    cut = {**SPLIT, "inputs": {"table": {"path": "dataset:rows"}}}
    plan = planned(ann, {"cut": cut})
    assert plan["faults"] == []
    assert names(plan["nodes"]["cut"]["outputs"]["first"]) == ["a", "b"]
    gone = planned(ann, {"cut": {**SPLIT, "inputs": {"table": {"path": "dataset:gone"}}}})
    assert "gone" in gone["faults"][0]["message"]


@pytest.mark.parametrize("said", ["", "a: [", "nodes: 5", "kind: Pipeline", "[]"])
def test_what_is_no_pipeline_has_faults_and_no_nodes(ann: Door, said: str) -> None:
    plan = good(ann.ask("POST", f"{DEFAULT}/plans", {"text": said})).json
    assert plan["nodes"] == {}
    assert plan["faults"]


def test_a_component_is_no_pipeline(ann: Door) -> None:
    plan = good(ann.ask("POST", f"{DEFAULT}/plans", {"text": text("true")})).json
    assert plan["faults"]


def test_a_pipeline_within_has_the_columns_of_its_inside(ann: Door) -> None:
    nodes = {"split": {**SPLIT, "inputs": {"table": {"from": "inputs.rows"}}}}
    inner = pipeline(nodes, "inner", inputs={"rows": {"type": "table"}},
                     outputs={"some": {"from": "split.first"}})  # fmt: skip
    good(ann.ask("POST", f"{DEFAULT}/pipelines", {"text": inner}))
    outer = {"component": "inner", "inputs": {"rows": {"from": "data.table"}}}
    found = planned(ann, {"data": DATA, "outer": outer})["nodes"]["outer"]
    assert found["face"]["kind"] == "pipeline"
    assert "species" in names(found["outputs"]["some"])
    assert found["inputs"]["rows"] == found["outputs"]["some"]
    good(ann.ask("DELETE", f"{DEFAULT}/pipelines/inner"))


def test_inputs_and_parameters_are_those_of_a_run(ann: Door, door: Door, tmp_path: Path) -> None:
    nodes = {
        "read": {"component": "builtin:read_csv", "inputs": {"file": {"from": "inputs.rows"}}},
        "split": {"component": "builtin:split_rows", "inputs": {"table": {"from": "read.table"}},
                  "parameters": {"column": {"from": "parameters.by"}, "method": "threshold",
                                 "threshold": 1}},
    }  # fmt: skip
    fields: dict[str, Any] = {
        "inputs": {"rows": {"type": "file"}},
        "parameters": {"by": {"type": "String", "required": True}},
    }
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    path = str(tmp_path / "rows.csv")
    unknown = planned(ann, nodes, **fields)
    assert unknown["faults"] == []
    assert unknown["nodes"]["read"]["outputs"]["table"] == {"columns": [], "whole": False}
    assert unknown["nodes"]["split"]["outputs"]["first"] is None
    given: dict[str, Any] = {"inputs": {"rows": path}, "parameters": {"by": "a"}}
    known = planned(ann, nodes, given, **fields)
    assert known["faults"] == []
    assert names(known["nodes"]["split"]["outputs"]["first"]) == ["a", "b"]
    given["parameters"] = {"by": "c", "none": 1}
    wrong = planned(ann, nodes, given, **fields)["faults"]
    assert {(each["node"], each["field"], each["name"]) for each in wrong} == {
        ("split", "parameters", "column"), ("", "parameters", "none"),
    }  # fmt: skip
    for closed in (f"{door.server.home}/token", f"file://{door.server.home}/token"):
        fenced = planned(ann, nodes, {"inputs": {"rows": closed}}, **fields)
        assert "the server's own home" in fenced["faults"][0]["message"]
        assert fenced["nodes"]["read"]["outputs"]["table"] == {"columns": [], "whole": False}


def test_a_plan_leaves_nothing(door: Door, ann: Door) -> None:
    def noted() -> int:
        page = good(door.ask("GET", f"{DEFAULT}/audit", limit=200)).json
        return sum(each["verb"] == "plans.create" for each in page["items"])

    before = noted()
    planned(ann, {"data": DATA})
    assert noted() == before


# --- drafts are run -----------------------------------------------------------------------


def test_a_draft_is_run_at_its_revision_and_found_again(ann: Door) -> None:
    said = "# kept as it is\n" + pipeline({"data": DATA, "split": SPLIT}, layout={"data": [1, 2]})
    draft = f"{DEFAULT}/drafts/mine"
    good(ann.ask("PUT", draft, {"text": pipeline({"data": DATA})}))
    good(ann.ask("PUT", draft, {"text": said, "revision": 1}))
    runs = f"{DEFAULT}/runs"
    assert ann.ask("POST", runs, {"draft": "mine", "revision": 1}).status == 409
    assert ann.ask("POST", runs, {"draft": "none"}).status == 404
    assert ann.ask("POST", runs, {"draft": "mine", "component": "trainer"}).status == 400
    assert ann.ask("POST", runs, {"component": "trainer", "revision": 2}).status == 400
    run = good(ann.ask("POST", runs, {"draft": "mine", "revision": 2})).json["run"]
    source = good(ann.ask("GET", f"{runs}/{run}/source")).json
    assert (source["text"], source["kind"]) == (said, "pipeline")
    assert (source["bundle"], source["inputs"], source["parameters"]) == ("", {}, {})
    assert (source["draft"], source["revision"]) == ("mine", 2)
    assert {name: face["reference"] for name, face in source["faces"].items()} == {
        "data": "builtin:sample_data", "split": "builtin:split_rows",
    }  # fmt: skip
    assert ann.finished(run)["status"] == "succeeded"
    shown = good(ann.ask("GET", f"{runs}/{run}/artifacts/split/first/preview")).json
    assert (shown["kind"], len(shown["rows"]), shown["is_whole"]) == ("table", 100, False)
    assert shown["total_rows"] > 100
    assert shown["types"]["species"] == "String"
    mass = shown["statistics"]["body_mass_g"]
    assert sum(mass["histogram"]) + mass["missing"] == 100
    assert float(mass["minimum"]) <= mass["mean"] <= float(mass["maximum"])


def test_a_draft_with_faults_is_not_run(ann: Door) -> None:
    good(ann.ask("PUT", f"{DEFAULT}/drafts/bad", {"text": pipeline({"split": SPLIT})}))
    answer = ann.ask("POST", f"{DEFAULT}/runs", {"draft": "bad"})
    assert answer.status == 422
    assert answer.json["faults"][0]["path"] == "nodes.split.inputs.table.from"


def test_a_components_run_is_a_pipeline_of_one_node(ann: Door, tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    wish = {"component": "trainer", "inputs": {"table": str(tmp_path / "rows.csv")},
            "parameters": {"label": "a", "rate": 0.5}}  # fmt: skip
    run = good(ann.ask("POST", f"{DEFAULT}/runs", wish)).json["run"]
    source = good(ann.ask("GET", f"{DEFAULT}/runs/{run}/source")).json
    assert (source["kind"], source["draft"]) == ("component", "")
    assert source["inputs"] == {"table": str(tmp_path / "rows.csv")}
    plan = good(ann.ask("POST", f"{DEFAULT}/plans", {"text": source["text"]})).json
    assert plan["faults"] == []
    assert plan["nodes"]["trainer"]["face"]["reference"] == "trainer@1.0.0"
    again = {"text": source["text"]}
    good(ann.ask("PUT", f"{DEFAULT}/drafts/cloned", again))
    wish = {"draft": "cloned", "inputs": source["inputs"]}
    assert good(ann.ask("POST", f"{DEFAULT}/runs", wish)).json["status"] == "queued"
