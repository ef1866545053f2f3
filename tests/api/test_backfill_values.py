"""Values that a backfill says instead of its schedules', checked against their pipelines."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest

from millwork.actions.scheduling import Scheduling
from millwork.base.errors import BadRequest
from millwork.base.ids import new_id
from tests.actions.shelf import pipeline

if TYPE_CHECKING:
    from tests.api.cycles import Plant

WEEK = [{"first": "2026-02-01", "last": "2026-02-07"}]
TYPED = """\
apiVersion: millwork/v1
kind: Schedule
name: typed
version: 1.0.0
pipeline: typed
every: day
at: '04:00'
depends_on: [extract]
parameters: {rows: 3}
scheduling_parameters: {day: "${yyyymmdd}"}
"""


@pytest.fixture
def typed(plant: Plant) -> Plant:
    """A schedule whose pipeline has parameters of several types, and scheduling parameters."""
    plant.deploy("extract")
    node = {"component": "step", "parameters": {"day": "${day}-${month}"}}
    parameters = {
        "rows": {"type": "Int", "default": 1, "range": [1, 9]},
        "names": {"type": "Columns", "input": "table", "default": "a"},
        "both": {"type": "String", "default": "x"},
    }
    listed = {"day": "$bizdate", "month": "${yyyymm}", "both": "x"}
    inputs = {"table": {"type": "table", "required": False}}
    for workspace in ("default", "other"):
        plant.ask(
            "pipelines.create", "", workspace,
            text=pipeline({"a": node}, "typed", parameters=parameters, inputs=inputs,
                          scheduling_parameters=listed),
        )  # fmt: skip
    step = {"component": "step", "parameters": {"day": "x"}}
    plant.ask("pipelines.create", text=pipeline({"a": step}, "bare"))
    plant.ask("schedules.create", text=TYPED)
    plant.ask("schedules.deploy", name="typed")
    return plant


def begin(plant: Plant, schedule: str = "typed", **said: Any) -> Any:
    return plant.ask("backfills.create", **{"schedule": schedule, "ranges": WEEK, **said})


def preview(plant: Plant, who: str = "", schedule: str = "typed", **said: Any) -> Any:
    return plant.ask("backfills.preview", who, schedule=schedule, ranges=WEEK, **said)


def values_of(plant: Plant, **given: Any) -> Any:
    """The values of the instance of a backfill of one day with these parameters."""
    backfill = begin(plant, ranges=[{"first": "2026-02-01"}], redo="all",
                     parameters={"typed": given})  # fmt: skip
    assert backfill["document"]["parameters"] == {"default/typed": given}
    row = plant.one(origin=backfill["id"])
    shown = plant.ask("instances.show", instance=row["id"])
    assert shown["faults"] == []
    return shown["values"]


def test_parameters_are_those_of_the_pipeline_and_of_its_times(typed: Plant) -> None:
    values = values_of(typed, rows=5, day="${yyyy-mm-dd}", names=["a", "${yyyy}"])
    assert values["parameters"] == {"rows": 5, "names": ["a", "2026"]}
    assert values["scheduling_parameters"] == {
        "day": "2026-02-01", "month": "202602", "both": "x",
    }  # fmt: skip
    values = values_of(typed, day="d${workflow.month}", month="${yyyymm-1}", rows="${dd}")
    assert values["scheduling_parameters"] == {"day": "d202601", "month": "202601", "both": "x"}
    assert values["parameters"] == {"rows": "01"}


def test_of_a_name_that_is_both_the_parameter_is_meant(typed: Plant) -> None:
    values = values_of(typed, both="y")
    assert values["parameters"] == {"rows": "3", "both": "y"}
    assert values["scheduling_parameters"]["both"] == "x"


def test_a_run_gets_the_values_that_a_backfill_says(typed: Plant) -> None:
    said = {"typed": {"rows": 5, "day": "${yyyy-mm-dd}"}}
    backfill = begin(typed, ranges=[{"first": "2026-02-01"}], parameters=said)
    row = typed.context.schedules().instance(typed.one(origin=backfill["id"])["id"])
    owner = typed.context.schedules().in_force("default", "typed")
    assert row is not None
    assert owner is not None
    real, run = Scheduling(typed.context), new_id(typed.clock.now)
    real.start(owner, real.schedule("default", "typed", "1.0.0"), replace(row, run=run))
    source = typed.ask("runs.source", run=run)
    assert source["parameters"] == {"rows": 5}
    facts = typed.ask("runs.show", run=run)["facts"]
    assert facts["scheduling"]["values"]["day"] == "2026-02-01"


WRONG_VALUES = """\
given;words
{"row": 1};parameters.typed.row: pipeline 'typed' has no parameter 'row'; there are: rows, names
{"rows": "many"};parameters.typed.rows: expected a whole number, found 'many'
{"rows": 12};parameters.typed.rows: 12 is outside [1, 9]
{"rows": [1]};parameters.typed.rows: expected one Int, found a list
{"rows": {"a": 1}};parameters.typed.rows: expected one Int, found a mapping
{"rows": null};parameters.typed.rows: expected one Int, found nothing
{"rows": "$$5"};parameters.typed.rows: expected a whole number, found '$5'
{"day": 5};parameters.typed.day: expected text with expressions, such as ${yyyymmdd}
{"day": ["x"]};parameters.typed.day: expected text with expressions, such as ${yyyymmdd}
{"day": "${yyyymmd}"};parameters.typed.day: '${yyyymmd}', column 1
{"day": "a b"};parameters.typed.day: 'a b', column
{"day": "${workflow.month}", "month": "${workflow.day}"};parameters.typed.day: scheduling parameters
{"day": "${workflow.absent}"};parameters.typed.day: pipeline 'typed' has no scheduling parameter
"""


@pytest.mark.parametrize("verb", ["create", "preview"])
@pytest.mark.parametrize(
    "row", list(csv.DictReader(StringIO(WRONG_VALUES), delimiter=";", quoting=3))
)
def test_wrong_values_are_refused_with_their_place(
    typed: Plant, verb: str, row: dict[str, str]
) -> None:
    with pytest.raises(BadRequest) as refused:
        typed.ask(f"backfills.{verb}", schedule="typed", ranges=WEEK,
                  parameters={"typed": json.loads(row["given"])})  # fmt: skip
    assert str(refused.value).startswith(row["words"])
    assert typed.ask("backfills.list")["items"] == []


def test_what_the_pipeline_of_another_workspace_has_not_is_refused_too(typed: Plant) -> None:
    typed.ask(
        "schedules.create",
        "",
        "other",
        text=TYPED.replace("[extract]", "[{schedule: extract, workspace: default}]"),
    )
    typed.ask("schedules.deploy", "", "other", name="typed")
    for given, words in (({"rows": "x"}, "expected a whole"), ({"row": 1}, "has no parameter")):
        with pytest.raises(BadRequest, match=f"^parameters.other/typed.row.*{words}"):
            preview(typed, schedule="extract", downstream="all", parameters={"other/typed": given})
    made = begin(typed, "extract", downstream="all", parameters={"other/typed": {"day": "x"}})
    (row, *_) = typed.rows("other", origin=made["id"])
    shown = typed.ask("instances.show", "", "other", instance=row["id"])
    assert shown["values"]["scheduling_parameters"]["day"] == "x"


def test_parameters_of_a_pipeline_that_is_not_to_be_seen_are_refused(typed: Plant) -> None:
    typed.ask("pipelines.change", name="typed", visibility="private")
    with pytest.raises(BadRequest, match=r"^parameters\.typed: there is no pipeline 'typed"):
        preview(typed, "ops", parameters={"typed": {"rows": 1}})


def test_a_value_that_there_is_not_is_a_fault_of_its_instance(typed: Plant) -> None:
    said = {"typed": {"day": "${workspace.absent}", "month": "${yyyy}"}}
    backfill = begin(typed, ranges=[{"first": "2026-02-01"}], parameters=said)
    row = typed.one(origin=backfill["id"])["id"]
    shown = typed.ask("instances.show", instance=row)
    assert shown["values"]["scheduling_parameters"] == {"day": "", "month": "2026", "both": "x"}
    (fault,) = shown["faults"]
    assert fault.startswith("day: ")
    # A version that is deployed later may have a pipeline without it.
    typed.ask("schedules.create", text=TYPED.replace("pipeline: typed", "pipeline: bare")
              .replace("1.0.0", "1.0.1").replace("parameters: {rows: 3}\n", "")
              .replace('scheduling_parameters: {day: "${yyyymmdd}"}\n', ""))  # fmt: skip
    typed.ask("schedules.deploy", name="typed")
    typed.ask("instances.operate", action="stop", instances=[row])
    typed.ask("instances.operate", action="rerun", instances=[row], version="latest")
    (fault, *more) = typed.ask("instances.show", instance=row)["faults"]
    assert "absent" in fault
    assert not more
