"""Nodes of PAI in DataWorks: pipelines with schedules come out as them, and back again."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from datetime import date, time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millwork.actions.builtins import builtin_tree
from millwork.actions.convert import convert_text
from millwork.base.errors import BadRequest
from millwork.spec import values
from millwork.spec.model import Input, Pipeline, PipelineNode, Reference
from millwork.spec.recurrence import Recurrence
from millwork.spec.schedule import Alert, Dependency, Schedule
from millwork.spec.schedule_file import read_schedule, write_schedule
from millwork.spec.writer import to_text
from tests.actions.dataworks import FULL, ask, lawful, made
from tests.formats.flows import EXPRESSIONS, code, node, schedules, spec, trigger
from tests.formats.graphs import graphs
from tests.formats.test_paiflow import flow, out, task

if TYPE_CHECKING:
    from pathlib import Path

    from millwork.actions.dataworks import FromDataWorks
    from tests.conftest import Millwork

pytestmark = [pytest.mark.quick, pytest.mark.long]


# --- out, and back --------------------------------------------------------------------------------


def there_and_back(pipeline: Pipeline, schedule: Schedule) -> tuple[Any, FromDataWorks]:
    there = ask(to_text(pipeline), "dataworks", write_schedule(schedule))
    return there, made(there["text"])


@given(graphs(), st.data())
@lawful
def test_what_a_node_can_say_comes_back(pipeline: Pipeline, data: st.DataObject) -> None:
    names = st.from_regex(r"[A-Z][A-Z0-9_]{1,7}", fullmatch=True)
    listed = data.draw(st.dictionaries(names, EXPRESSIONS, max_size=3))
    pipeline = replace(pipeline, scheduling_parameters=listed, layout={})
    schedule = data.draw(schedules(pipeline.name))
    there, back = there_and_back(pipeline, schedule)
    assert _bare(back.pipeline) == _bare(pipeline)
    assert back.schedule == schedule
    own = {f"nodes.{name}.component" for name, each in pipeline.nodes.items()
           if each.component != "builtin:split_rows"}  # fmt: skip
    own |= {f"nodes.{name}.parameters.{word}" for name, each in pipeline.nodes.items()
            for word in each.parameters if word in ("method", "column")}  # fmt: skip
    lost = {loss["path"] for loss in there["losses"]}
    assert (
        lost - {"script.content.paiflowArguments"}
        == own | {f"nodes.{name}.parameters.column" for name in pipeline.nodes} & lost
    )


def _bare(pipeline: Pipeline) -> Any:
    """All that a graph says of a pipeline, with values of their types."""
    nodes = {}
    for name, each in pipeline.nodes.items():
        known = builtin_tree(each.component).parameters
        parameters = {word: value if isinstance(value, Reference) or "$" in str(value)
                      else values.convert(known[word], value)
                      for word, value in each.parameters.items()}  # fmt: skip
        nodes[name] = replace(each, parameters=parameters)
    return (
        pipeline.name, pipeline.description, nodes, pipeline.outputs, pipeline.parameters,
        {name: port.type for name, port in pipeline.inputs.items()},
        pipeline.scheduling_parameters,
    )  # fmt: skip


def test_what_the_schedule_gives_comes_back() -> None:
    pipeline = made(code(flow(
        [task("read", "data_source", inputTableName="shop.orders"),
         task("cut", artifacts=[("inputTable", out("read", "outputTable"))],
              fraction="{{inputs.parameters.share}}", randomSeed="{{inputs.parameters.seed}}")],
        parameters=[("share", "Double", "0.5"), ("seed", "Int", "1")],
    ))).pipeline  # fmt: skip
    schedule = Schedule(
        "s", "1.0.0", "orders", parameters={"share": "0.7", "seed": "$[hh24miss]"},
        inputs={"shop_orders": "odps://shop/tables/orders"},
    )  # fmt: skip
    there, back = there_and_back(pipeline, schedule)
    assert (back.pipeline, back.schedule) == (pipeline, replace(schedule, timezone="UTC"))
    assert [loss["path"] for loss in there["losses"]] == ["script.content.paiflowArguments"]


def test_what_dataworks_cannot_say_is_listed() -> None:
    pipeline = replace(made(code()).pipeline, version="2.0.0", layout={"cut": (1.0, 2.0)})
    schedule = Schedule(
        "s", "1.2.0", "orders@2.0.0", display_name="Daily", tags={"a": "b"}, catch_up="all",
        recurrence=Recurrence("day", (time(8), time(12, 30)), off=frozenset({date(2026, 1, 1)})),
        inputs={"shop_orders": "s3://shop/orders", "no": "s3://x/y"}, run_as="bot",
        parameters={"rounds": "a ${yyyymmdd}", "no": "1"},
        depends_on=(Dependency(file="s3://x/${yyyymmdd}"), Dependency("load", "other")),
        alerts=(Alert("failed", ("a@b",)),),
    )  # fmt: skip
    there = ask(to_text(pipeline), "dataworks", write_schedule(schedule))
    lost = {loss["path"] for loss in there["losses"]}
    assert {"schedule.version", "schedule.tags", "schedule.catch_up", "schedule.run_as",
            "schedule.alerts", "schedule.holidays", "schedule.clock", "schedule.at",
            "schedule.inputs.shop_orders", "schedule.inputs.no", "schedule.parameters.rounds",
            "schedule.parameters.no", "schedule.depends_on[0]", "schedule.display_name",
            "schedule.depends_on[1].workspace", "schedule.pipeline", "version",
            "layout"} <= lost  # fmt: skip
    written = json.loads(there["text"])["spec"]
    assert written["nodes"][0]["trigger"] == {"type": "Manual", "timezone": "UTC"}
    assert written["flow"][0]["depends"] == [{"type": "Normal", "output": "other.load"}]


def test_an_input_is_called_by_its_table() -> None:
    cut = PipelineNode("builtin:split_rows", {"table": Reference("inputs", "rows")})
    pipeline = Pipeline("p", "1.0.0", {"cut": cut}, inputs={"rows": Input("table")})
    schedule = Schedule("s", "1.0.0", "p", inputs={"rows": "odps://shop/tables/orders"})
    there, back = there_and_back(pipeline, schedule)
    lost = {loss["path"]: loss["reason"] for loss in there["losses"]}
    assert lost["inputs.rows"] == "it is called by its table, shop.orders"
    assert back.schedule == replace(schedule, inputs={"shop_orders": "odps://shop/tables/orders"})


def test_a_text_that_is_no_scheduling_parameter_stays_one() -> None:
    pipeline = made(code(flow([task("x", "mine", sql="${a} ${b}")]), inputs=[],
                         paiflowParameters={"a": "1"})).pipeline  # fmt: skip
    assert pipeline.nodes["x"].parameters == {"sql": "${a} $${b}"}
    there = ask(to_text(pipeline), "dataworks")
    assert made(there["text"]).pipeline == pipeline
    assert (
        "${a} ${b}"
        in json.loads(json.loads(there["text"])["spec"]["nodes"][0]["script"]["content"])[
            "paiflowPipeline"
        ]
    )


def test_a_node_comes_out_as_it_is_read() -> None:
    first = ask(json.dumps(FULL), "dataworks")
    again = ask(first["text"], "dataworks")
    assert (again["text"], again["from"], again["files"]) == (first["text"], "dataworks", {})


@given(st.sampled_from(["{", "$", "00", "\\n", '"', "}", "a", "null", "{{", "0"]), st.data())
@settings(lawful, max_examples=200)
def test_a_spoilt_text_is_converted_or_refused(bad: str, data: st.DataObject) -> None:
    text = json.dumps(FULL)
    for _ in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(text)))
        text = text[:start] + bad + text[start + data.draw(st.integers(0, 9)) :]
    with suppress(BadRequest):
        assert convert_text(text, "dataworks", "x")[0].text


# --- the doors ------------------------------------------------------------------------------------


def test_the_verb_answers_the_schedule_beside_the_pipeline() -> None:
    answer = ask(json.dumps(FULL), "millwork")
    assert (answer["from"], list(answer["files"])) == ("dataworks", ["schedule.yaml"])
    schedule, _ = read_schedule(answer["files"]["schedule.yaml"], "schedule.yaml")
    assert schedule == made(FULL).schedule


@pytest.mark.parametrize(
    ("to", "schedule", "said"),
    [
        ("json", "orders", "it goes into dataworks"),
        ("dataworks", "other", "is of the pipeline 'other', and not of 'orders'"),
        ("dataworks", "", "schedule:1:1"),
    ],
)
def test_a_schedule_that_does_not_fit_is_refused(to: str, schedule: str, said: str) -> None:
    text = write_schedule(Schedule("s", "1.0.0", schedule)) if schedule else "a"
    with pytest.raises(BadRequest, match=said):
        ask(json.dumps(code()), to, text)


def test_the_command_reads_and_writes_both_files(millwork: Millwork, tmp_path: Path) -> None:
    graph = flow([task("cut", fraction="0.7", artifacts=[("inputTable", out("r", "outputTable"))]),
                  task("r", "data_source", inputTableName="shop.orders")])  # fmt: skip
    document = spec(node(json.dumps(code(graph)), trigger=trigger()))
    (tmp_path / "n.json").write_text(json.dumps(document))
    (tmp_path / "in").mkdir()
    done = millwork("convert", "n.json", "-o", "in/orders.yaml")
    assert (done.code, done.out) == (0, "")
    out_ = millwork("convert", "in/orders.yaml", "--to", "dataworks", "--schedule",
                    "in/schedule.yaml", "-o", "back.json")  # fmt: skip
    assert out_.code == 0
    (tmp_path / "again").mkdir()
    assert millwork("convert", "back.json", "-o", "again/orders.yaml").code == 0
    for name in ("orders.yaml", "schedule.yaml"):
        assert (tmp_path / "again" / name).read_text() == (tmp_path / "in" / name).read_text()
    (tmp_path / "bad.json").write_text(json.dumps(spec(node("{"))))
    refused = millwork("convert", "bad.json")
    assert (refused.code, "Traceback" in refused.err) == (2, False)
    assert "bad.json: spec.nodes[0].script.content:2:1" in refused.err
    missing = millwork("convert", "n.json", "--to", "dataworks", "--schedule", "no.yaml")
    assert (missing.code, "no.yaml" in missing.err) == (2, True)
