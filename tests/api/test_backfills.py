"""Backfills by their verbs, over a real home and the scheduler, whose clock goes by hand."""

from __future__ import annotations

import csv
import json
import time
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest

from millwork.api.binding import binding_of
from millwork.base.errors import BadRequest, Conflict, Forbidden, NotFound
from tests.api.cycles import AFTER

if TYPE_CHECKING:
    from tests.api.cycles import Plant

WEEK = [{"first": "2026-02-01", "last": "2026-02-07"}]


@pytest.fixture
def plant(plant: Plant) -> Plant:
    plant.deploy("extract")
    return plant


def begin(plant: Plant, who: str = "", **said: Any) -> Any:
    return plant.ask("backfills.create", who, **{"schedule": "extract", "ranges": WEEK, **said})


def preview(plant: Plant, who: str = "", **said: Any) -> Any:
    return plant.ask("backfills.preview", who, **{"schedule": "extract", "ranges": WEEK, **said})


def show(plant: Plant, backfill: str) -> Any:
    return plant.ask("backfills.show", backfill=backfill)


def order(plant: Plant, backfill: str) -> list[tuple[str, str]]:
    return [(row["schedule"], row["bizdate"]) for row in plant.rows(origin=backfill)]


def test_all_instances_are_there_before_one_begins(plant: Plant) -> None:
    backfill = begin(plant, who="ops")
    assert (backfill["status"], backfill["total"], backfill["creator"]) == ("running", 7, "ops")
    assert backfill["counts"] == {"waiting": 7}
    assert backfill["name"] == "extract 2026-02-01 to 2026-02-07"
    rows = plant.rows(origin=backfill["id"])
    assert [row["bizdate"] for row in rows] == [f"2026-02-0{day}" for day in range(1, 8)]
    assert {row["kind"] for row in rows} == {"backfill"}
    plant.pass_()
    done = show(plant, backfill["id"])
    assert (done["status"], done["counts"], done["left"]) == ("succeeded", {"succeeded": 7}, None)
    assert done["ended"]
    (listed,) = plant.ask("backfills.list")["items"]
    assert (listed["id"], listed["counts"]) == (backfill["id"], {})


@pytest.mark.parametrize("parallel", [1, 3, 10])
def test_so_many_run_at_once_and_no_more(plant: Plant, parallel: int) -> None:
    backfill = begin(
        plant, parallel=parallel, ranges=[{"first": "2026-01-01", "last": "2026-01-25"}]
    )
    most = 0
    for _ in range(60):
        plant.look()
        going = plant.rows(origin=backfill["id"], status="running")
        most = max(most, len(going))
        if not going:
            break
        plant.end(run=going[-1]["run"])
        plant.clock.now += 10
    assert most == parallel
    assert show(plant, backfill["id"])["status"] == "succeeded"


def test_dates_come_in_the_order_that_is_asked_for(plant: Plant) -> None:
    ranges = [{"first": "2026-02-03"}, {"first": "2026-02-01", "last": "2026-02-02"}]
    up = begin(plant, ranges=ranges)
    assert [date for _, date in order(plant, up["id"])] == [
        "2026-02-01",
        "2026-02-02",
        "2026-02-03",
    ]
    down = begin(plant, ranges=ranges, order="desc")
    assert [date for _, date in order(plant, down["id"])] == [
        "2026-02-03",
        "2026-02-02",
        "2026-02-01",
    ]
    plant.look()
    assert plant.one(origin=down["id"], status="running")["bizdate"] == "2026-02-03"


def test_what_is_missing_has_failed_or_all_is_done_again(plant: Plant) -> None:
    first = begin(plant, ranges=[{"first": "2026-02-01", "last": "2026-02-04"}], parallel=10)
    plant.look()
    failed = plant.rows(origin=first["id"])[3]
    plant.end("failed", failed["run"])
    plant.pass_()
    assert show(plant, first["id"])["status"] == "failed"
    for redo, chosen in {"missing": 3, "failed": 4, "all": 7}.items():
        page = preview(plant, redo=redo)
        assert page["counts"] == {"done": 3, "failed": 1, "missing": 3}
        assert (page["total"], page["chosen"]) == (7, chosen)
    states = [row["state"] for row in preview(plant)["items"]]
    assert states == ["done", "done", "done", "failed", "missing", "missing", "missing"]
    again = begin(plant, redo="failed")
    assert [date for _, date in order(plant, again["id"])] == [
        f"2026-02-0{day}" for day in (4, 5, 6, 7)
    ]
    plant.pass_()
    with pytest.raises(Conflict, match="of 7 cycles none is for redo 'failed'; 'all' is more"):
        begin(plant, redo="failed")
    assert begin(plant, redo="all")["total"] == 7


def test_what_was_missed_is_missing(plant: Plant) -> None:
    plant.look()
    plant.look("2026-03-15T05:00")
    rows = plant.rows(schedule="extract", status="succeeded")
    assert {row["run"] for row in rows} == {""}
    assert rows[0]["reason"].startswith("missed by")
    plant.pass_()
    page = preview(plant, ranges=[{"first": "2026-03-10", "last": "2026-03-14"}])
    assert page["counts"] == {"missing": len(rows), "done": 5 - len(rows)}
    one = plant.rows(schedule="extract", first="2026-03-10", last="2026-03-10")[0]
    plant.ask("instances.operate", action="rerun", instances=[one["id"]])
    plant.ask("instances.operate", action="succeed", instances=[one["id"]])
    page = preview(plant, ranges=[{"first": "2026-03-10", "last": "2026-03-14"}])
    assert page["counts"] == {"missing": len(rows) - 1, "done": 6 - len(rows)}


def test_a_page_of_the_preview_is_a_page(plant: Plant) -> None:
    whole = preview(plant)["items"]
    pieces, after = [], ""
    while True:
        page = preview(plant, limit=3, after=after)
        pieces += page["items"]
        if not page["next"]:
            break
        after = page["next"]
    assert pieces == whole
    assert [row["turn"] for row in whole] == list(range(7))
    assert plant.ask("backfills.list")["items"] == []


def test_hours_of_the_day_are_chosen(plant: Plant) -> None:
    plant.deploy("hourly", "every: hour\ntimezone: Europe/Berlin")
    backfill = begin(plant, schedule="hourly", since="06:00", until="08:30",
                     ranges=[{"first": "2026-03-28"}])  # fmt: skip
    rows = plant.rows(origin=backfill["id"])
    assert [row["cyctime"] for row in rows] == [
        f"2026-03-29T0{hour}:00:00+02:00" for hour in (6, 7, 8)
    ]


def test_what_waits_for_it_is_done_behind_it(plant: Plant) -> None:
    plant.deploy("load", AFTER.format(name="extract"))
    plant.deploy("report", AFTER.format(name="load"))
    plant.deploy("aside", AFTER.format(name="extract"))
    day = [{"first": "2026-02-01"}]
    alone = begin(plant, ranges=day)
    assert alone["schedules"] == ["default/extract"]
    both = begin(plant, ranges=day, downstream="all", parallel=10)
    assert sorted(both["schedules"]) == [
        f"default/{name}" for name in ("aside", "extract", "load", "report")
    ]
    plant.ask("backfills.change", backfill=alone["id"], status="cancelled")
    plant.look()
    assert [row["schedule"] for row in plant.rows(origin=both["id"], status="running")] == [
        "extract"
    ]
    plant.pass_()
    assert show(plant, both["id"])["counts"] == {"succeeded": 4}
    some = begin(plant, ranges=day, include=["report"], redo="all")
    rows = {row["schedule"]: row["is_dry"] for row in plant.rows(origin=some["id"])}
    assert rows == {"extract": False, "load": True, "report": False}
    dry = begin(plant, ranges=day, downstream="all", exclude=["load"], redo="all")
    rows = {row["schedule"]: row["is_dry"] for row in plant.rows(origin=dry["id"])}
    assert rows == {"extract": False, "load": True, "report": False, "aside": False}
    plant.pass_()
    load = plant.one(origin=dry["id"], schedule="load")
    assert (load["status"], load["run"]) == ("succeeded", "")
    assert plant.one(origin=dry["id"], schedule="report")["run"]


def test_a_dry_run_of_a_backfill_is_not_done(plant: Plant) -> None:
    plant.deploy("load", AFTER.format(name="extract"))
    begin(plant, downstream="all", exclude=["load"])
    plant.pass_()
    page = preview(plant, downstream="all")
    assert page["counts"] == {"done": 7, "missing": 7}


def test_what_a_failure_blocks_is_not_begun(plant: Plant) -> None:
    plant.deploy("load", AFTER.format(name="extract"))
    backfill = begin(
        plant, downstream="all", ranges=[{"first": "2026-02-01", "last": "2026-02-02"}]
    )
    plant.look()
    plant.end("failed")
    plant.pass_()
    rows = {(row["schedule"], row["bizdate"]): row for row in plant.rows(origin=backfill["id"])}
    assert rows["load", "2026-02-01"]["status"] == "failed"
    assert rows["load", "2026-02-01"]["reason"].startswith("not begun: extract")
    assert rows["load", "2026-02-02"]["status"] == "succeeded"
    assert show(plant, backfill["id"])["status"] == "failed"
    row = rows["extract", "2026-02-01"]
    answer = plant.ask("instances.operate", action="rerun", instances=[row["id"]], downstream=True)
    assert answer["changed"] == 2
    assert show(plant, backfill["id"])["status"] == "running"
    plant.pass_()
    assert show(plant, backfill["id"])["status"] == "succeeded"


@pytest.mark.parametrize("state", ["frozen", "off", "skipping"])
def test_it_goes_on_whatever_its_schedule_does(plant: Plant, state: str) -> None:
    plant.ask("schedules.switch", name="extract", state=state)
    backfill = begin(plant)
    plant.pass_()
    done = show(plant, backfill["id"])
    assert (done["status"], done["counts"]) == ("succeeded", {"succeeded": 7})
    assert all(row["run"] for row in plant.rows(origin=backfill["id"]))


def test_it_is_paused_resumed_widened_and_cancelled(plant: Plant) -> None:
    backfill = begin(plant)["id"]
    plant.look()
    assert plant.ask("backfills.change", backfill=backfill, status="paused")["status"] == "paused"
    waiting = plant.rows(origin=backfill, status="waiting")[0]["id"]
    assert plant.ask("instances.show", instance=waiting)["why"] == ["its backfill is paused"]
    plant.pass_()
    assert show(plant, backfill)["counts"] == {"succeeded": 1, "waiting": 6}
    (listed,) = plant.ask("backfills.list", status="paused")["items"]
    assert listed["counts"] == {"succeeded": 1, "waiting": 6}
    plant.ask("backfills.change", backfill=backfill, status="running", parallel=2)
    plant.look()
    counts = show(plant, backfill)["counts"]
    assert counts == {"succeeded": 1, "running": 2, "waiting": 4}
    waiting = plant.rows(origin=backfill, status="waiting")[0]["id"]
    assert plant.ask("instances.show", instance=waiting)["why"] == [
        "its turn in the backfill has not come: 2 of 2 at once run"
    ]
    gone = plant.ask("backfills.change", "ops", backfill=backfill, status="cancelled")
    assert gone["status"] == "cancelled"
    assert gone["counts"] == {"cancelled": 4, "failed": 2, "succeeded": 1}
    reasons = {row["reason"] for row in plant.rows(origin=backfill, status="cancelled")}
    assert reasons == {"its backfill was cancelled by ops"}
    assert {row["reason"] for row in plant.rows(origin=backfill, status="failed")} == {
        "stopped by ops"
    }
    runs = [
        plant.context.store.run(row["run"]) for row in plant.rows(origin=backfill, status="failed")
    ]
    assert all(run and run.cancel for run in runs)
    plant.pass_()
    assert show(plant, backfill)["status"] == "cancelled"
    for change in ({"status": "running"}, {"parallel": 3}):
        with pytest.raises(Conflict, match="is over: it was cancelled"):
            plant.ask("backfills.change", backfill=backfill, **change)


def test_it_tells_how_long_the_rest_will_take(plant: Plant) -> None:
    backfill = begin(plant, parallel=2)["id"]
    assert show(plant, backfill)["pace"] is None
    plant.look()
    plant.clock.now += 60
    plant.end()
    plant.look()
    shown = show(plant, backfill)
    assert (shown["pace"], shown["left"]) == (60.0, (3 + 2 / 2) * 60 / 2)


def test_parameters_take_the_place_of_those_there_are(plant: Plant) -> None:
    plant.deploy("load", AFTER.format(name="extract") + "\nparameters: {day: '${yyyymmdd}'}")
    backfill = begin(plant, downstream="all", ranges=[{"first": "2026-02-01"}],
                     parameters={"load": {"day": "x${yyyymmdd-1}"}})  # fmt: skip
    assert backfill["document"]["parameters"] == {"default/load": {"day": "x${yyyymmdd-1}"}}
    row = plant.one(origin=backfill["id"], schedule="load")
    page = plant.ask("instances.show", instance=row["id"])
    assert page["values"]["parameters"] == {"day": "x20260131"}


# --- who may ------------------------------------------------------------------------------


def test_who_may_not_operate_may_not_backfill(plant: Plant) -> None:
    plant.deploy("hers", who="ann", visibility="private")
    assert preview(plant, who="gus")["total"] == 7
    with pytest.raises(Forbidden):
        begin(plant, who="bob")
    with pytest.raises(NotFound, match="there is no schedule 'hers'"):
        begin(plant, who="ops", schedule="hers")
    with pytest.raises(NotFound, match="there is no schedule 'hers'"):
        preview(plant, who="gus", schedule="hers")
    backfill = begin(plant, who="ann", schedule="hers")["id"]
    for person in ("bob", "ops", "gus"):
        assert plant.ask("backfills.list", person)["items"] == []
        with pytest.raises(NotFound, match="there is no backfill"):
            plant.ask("backfills.show", person, backfill=backfill)
    with pytest.raises(NotFound, match="there is no backfill"):
        plant.ask("backfills.change", "ops", backfill=backfill, status="paused")
    own = begin(plant)["id"]
    with pytest.raises(Forbidden):
        plant.ask("backfills.change", "bob", backfill=own, status="paused")
    with pytest.raises(NotFound, match="there is no backfill"):
        plant.ask("backfills.show", "eve", "other", backfill=own)


def test_another_workspace_is_left_out_for_who_may_not_operate_there(plant: Plant) -> None:
    need = "{schedule: extract, workspace: default}"
    plant.deploy("far", AFTER.format(name=need), workspace="other")
    assert begin(plant, downstream="all")["schedules"] == ["default/extract", "other/far"]
    page = preview(plant, who="ops", downstream="all")
    assert (page["schedules"], page["left_out"]) == (["default/extract"], [])
    with pytest.raises(BadRequest, match="include: nothing called 'other/far' waits for"):
        preview(plant, who="ops", include=["other/far"])
    plant.ask("members.set", "", "other", person="ops", role="guest")
    page = preview(plant, who="ops", downstream="all")
    assert (page["schedules"], page["left_out"]) == (["default/extract"], ["other/far"])
    plant.ask("members.set", "", "other", person="ops", role="operator")
    assert begin(plant, who="ops", include=["other/far"])["total"] == 14


# --- what is asked wrongly ----------------------------------------------------------------

WRONG = """\
said;words
{"ranges": []};ranges: 1 to 7 ranges of business dates
{"ranges": [{"first": ""}]};ranges[0].first: say a business date
{"ranges": [{"first": "2026-02-30"}]};ranges[0].first: '2026-02-30' is no date
{"ranges": [{"first": "2026-02-01", "last": "x"}]};ranges[0].last: 'x' is no date
{"ranges": [{"first": "2026-02-02", "last": "2026-02-01"}]};ranges[0].last: 2026-02-01 is before
{"ranges": [{"first": "2026-02-01", "last": "9999-12-31"}]};ranges[0].last: dates up to
{"ranges": [{"first": "0001-01-01", "last": "9999-12-30"}]};a backfill has at most 100,000
{"ranges": [{"last": "2026-02-01"}]};ranges[0]: the field 'first' is missing
{"ranges": [{"first": "2026-02-01", "to": "x"}]};ranges[0]: there is no field 'to'
{"ranges": "2026"};ranges: expected a list
{"order": "up"};order: invalid enum value 'up'; it is one of asc, desc
{"parallel": 0};parallel: 1 to 10
{"parallel": 11};parallel: 1 to 10
{"redo": "some"};redo: invalid enum value
{"since": "6"};since: '6' is no time of day such as 06:30
{"since": "06:30+01:00"};since: '06:30+01:00' is no time of day
{"until": "25:00"};until: '25:00' is no time of day
{"since": "08:00", "until": "07:00"};until: a time of day behind 'since'
{"downstream": "some"};downstream: invalid enum value
{"downstream": "all", "include": ["x"]};include: with downstream 'all' every one is
{"include": ["absent"]};include: nothing called 'absent' waits for 'extract'
{"exclude": ["absent"]};exclude: 'absent' is none of this backfill's schedules
{"parameters": {"absent": {}}};parameters.absent: none of this backfill's schedules
{"parameters": {"extract": {"day": "${nothing}"}}};parameters.extract.day: '${nothing}', column 1
{"parameters": {"extract": {"day": ["a", "${x"]}}};parameters.extract.day[1]: '${x', column 1
{"parameters": {"extract": {}, "default/extract": {}}};parameters.default/extract: given twice
{"parameters": []};parameters: expected an object or null
{"name": "a\\nb"};name: expected at most 200 characters in one line
{"schedule": "absent"};there is no schedule 'absent'
{"schedule": "../x"};there is no schedule '../x'
{"colour": "x"};there is no field 'colour'
"""


@pytest.mark.parametrize("verb", ["create", "preview"])
@pytest.mark.parametrize("row", list(csv.DictReader(StringIO(WRONG), delimiter=";", quoting=3)))
def test_bad_wishes_are_refused_with_their_field(
    plant: Plant, verb: str, row: dict[str, str]
) -> None:
    body = {"schedule": "extract", "ranges": WEEK, **json.loads(row["said"])}
    binding = binding_of(f"backfills.{verb}")
    with pytest.raises(BadRequest) as refused:
        plant.ask(f"backfills.{verb}", **binding.read({}, [], body))
    assert str(refused.value).startswith(row["words"])
    assert plant.ask("backfills.list")["items"] == []


def test_bad_changes_are_refused_with_their_field(plant: Plant) -> None:
    backfill = begin(plant)["id"]
    binding = binding_of("backfills.change")
    for said, words in (
        ({}, "status, parallel: say what"), ({"parallel": 0}, "parallel: 1 to 10"),
        ({"status": "over"}, "status: invalid enum value"),
    ):  # fmt: skip
        with pytest.raises(BadRequest, match=words):
            plant.ask("backfills.change", **binding.read({"backfill": backfill}, [], said))
    with pytest.raises(NotFound):
        plant.ask("backfills.show", backfill="absent")


def test_what_recurs_not_has_nothing_to_do_again(plant: Plant) -> None:
    plant.deploy("asked", "triggers: [{dataset: data}]")
    with pytest.raises(BadRequest, match="schedule: 'asked' has no recurrence"):
        begin(plant, schedule="asked")
    plant.ask("schedules.withdraw", name="extract")
    with pytest.raises(NotFound, match="there is no schedule 'extract' that is deployed"):
        begin(plant)


def test_ten_thousand_dates(plant: Plant) -> None:
    few = begin(plant, ranges=[{"first": "2026-01-01", "last": "2026-02-28"}])["id"]
    began = time.process_time()
    many = begin(plant, ranges=[{"first": "1998-01-01", "last": "2025-05-18"}])
    assert time.process_time() - began < 5
    assert many["total"] == 10_000
    plant.look()
    seconds = {backfill: pages(plant, backfill) for backfill in (few, many["id"])}
    assert seconds[many["id"]] < 3 * seconds[few] + 0.005


def pages(plant: Plant, backfill: str) -> float:
    """How long the pages take that show a backfill."""
    best = 1e9
    for _ in range(10):
        began = time.perf_counter()
        plant.ask("instances.list", origin=backfill)
        best = min(best, time.perf_counter() - began)
    return best
