"""Instances by their verbs, over a real home and the scheduler, whose clock goes by hand."""

from __future__ import annotations

import csv
import time
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest

from millwork.api.binding import binding_of
from millwork.base.errors import BadRequest, Forbidden, NotFound
from tests.api.cycles import AFTER, DAILY, HOURLY, chain, of, operate, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.api.cycles import Plant


# --- looking ------------------------------------------------------------------------------


def test_instances_are_listed_filtered_and_paged(plant: Plant) -> None:
    plant.deploy("hourly", HOURLY + "\ntimezone: Europe/Berlin")
    plant.deploy("daily")
    plant.look()
    plant.look("2026-03-11T03:30")
    rows = plant.rows()
    assert [row["scheduled"] for row in rows] == sorted(row["scheduled"] for row in rows)
    assert {row["status"] for row in rows} == {"running", "waiting"}
    newest = plant.ask("instances.list", limit=3)
    assert [row["id"] for row in newest["items"]] == [row["id"] for row in rows[:-4:-1]]
    daily = plant.rows(schedule="daily")
    assert [row["day"] for row in daily] == ["2026-03-11", "2026-03-12"]
    first = daily[0]
    assert (first["bizdate"], first["cyctime"]) == ("2026-03-10", "2026-03-11T02:00:00+00:00")
    assert (first["kind"], first["origin"], first["version"]) == ("recurring", "", "1.0.0")
    hourly = plant.rows(schedule="hourly", first="2026-03-10", last="2026-03-10")
    assert [row["number"] for row in hourly] == list(range(24))
    assert hourly[5]["cyctime"] == "2026-03-11T05:00:00+01:00"
    running = plant.rows(status="running")
    assert {row["id"] for row in running} == {row["id"] for row in rows if row["run"]}
    assert plant.rows(status="running", schedule="daily") == [first]
    assert plant.rows(kind="test") == plant.rows(schedule="absent") == []
    plant.ask("schedules.test", name="daily")
    test = plant.one(kind="test")
    assert plant.rows(origin=test["origin"]) == [test]


@pytest.mark.parametrize("asked", [
    {}, {"status": "waiting"}, {"schedule": "hourly"}, {"schedule": "hourly", "status": "waiting"},
    {"first": "2026-03-10", "last": "2026-03-10"}, {"kind": "recurring"},
])  # fmt: skip
@pytest.mark.parametrize("sort", ["scheduled", "-scheduled"])
def test_pages_hold_each_instance_once(plant: Plant, asked: dict[str, Any], sort: str) -> None:
    plant.deploy("hourly", HOURLY)
    plant.deploy("daily")
    plant.look()
    plant.look("2026-03-11T05:10")
    whole = plant.ask("instances.list", sort=sort, limit=200, **asked)
    assert whole["next"] is None
    pieces, after = [], ""
    while True:
        page = plant.ask("instances.list", sort=sort, limit=7, after=after, **asked)
        pieces += page["items"]
        if not page["next"]:
            break
        after = page["next"]
    assert pieces == whole["items"]
    assert len(pieces) > 7


def test_the_grid_counts_by_business_date(plant: Plant) -> None:
    plant.deploy("hourly", HOURLY)
    plant.deploy("weekly", "every: week\non: [friday]\nat: '01:00'")
    plant.look()
    plant.look("2026-03-11T02:30")
    plant.end("failed", plant.rows(schedule="hourly", status="running")[0]["run"])
    plant.look()
    grid = plant.ask("instances.grid")
    assert (grid["first"], grid["last"], grid["next"]) == ("2026-02-26", "2026-03-11", None)
    hourly, weekly = grid["items"]
    assert (hourly["schedule"], hourly["state"], hourly["version"]) == ("hourly", "on", "1.0.0")
    today, tomorrow = hourly["cells"]
    assert today["counts"] == {"failed": 1, "running": 2, "waiting": 21}
    assert (today["bizdate"], today["instance"]) == ("2026-03-10", "")
    assert (tomorrow["bizdate"], tomorrow["counts"]) == ("2026-03-11", {"waiting": 24})
    dry = weekly["cells"][0]
    assert (dry["counts"], dry["dry"], dry["frozen"]) == ({"succeeded": 1}, 1, 0)
    assert dry["instance"] == of(plant, "weekly")["id"]
    part = plant.ask("instances.grid", text="WEEK", first="2026-03-11", last="2026-03-11")
    assert [row["schedule"] for row in part["items"]] == ["weekly"]
    assert len(part["items"][0]["cells"]) == 1
    first = plant.ask("instances.grid", limit=1)
    second = plant.ask("instances.grid", limit=1, after=first["next"])
    assert [page["items"][0]["schedule"] for page in (first, second)] == ["hourly", "weekly"]
    plant.ask("schedules.test", name="weekly", bizdate="2026-03-01")
    assert plant.ask("instances.grid", text="weekly", kind="test")["items"][0]["cells"]
    assert plant.ask("instances.grid", text="weekly")["items"][0]["cells"] == weekly["cells"]


def test_an_instance_tells_what_it_waits_for_and_why(plant: Plant) -> None:
    plant.deploy("extract")
    waits = "depends_on: [extract, {schedule: self}, {file: 's3://b/${yyyymmdd}/done'}]"
    head = "every: day\nat: '03:00'\ncatch_up: all\ntimezone: Asia/Shanghai"
    more = f"{head}\nparameters: {{day: '${{yyyymmdd}}'}}\n{waits}"
    plant.deploy("load", more)
    plant.look()
    plant.look("2026-03-12T03:30")
    load = of(plant, "load", "2026-03-12")
    page = shown(plant, load["id"])
    assert (page["state"], page["timezone"], page["uses"]) == ("on", "Asia/Shanghai", "1.0.0")
    assert page["why"] == [
        "extract: the one of 2026-03-11 is running",
        "self: the one of 2026-03-10 is waiting",
    ]
    assert [each["code"] for each in page["causes"]] == ["cycle", "cycle"]
    extract, own = page["waits_for"]
    values = {"name": "extract", "date": "2026-03-11", "status": "running"}
    assert extract["cause"] == page["causes"][0] == {"code": "cycle", "values": values}
    assert (extract["name"], extract["is_met"], extract["schedule"]) == (
        "extract",
        False,
        "extract",
    )
    assert [row["id"] for row in extract["instances"]] == [of(plant, "extract", "2026-03-12")["id"]]
    assert own["instances"][0]["id"] == of(plant, "load")["id"]
    assert page["files"] == [
        {"name": "s3://b/${yyyymmdd}/done", "uri": "s3://b/20260311/done", "is_removed": False}
    ]
    assert page["values"]["parameters"] == {"day": "20260311"}
    assert page["actions"]["stop"] == page["actions"]["freeze"] == ""
    assert page["actions"]["thaw"] == "it is not frozen"
    for name in ("extract", "self"):
        operate(plant, "unneed", load["id"], dependency=name)
    page = shown(plant, load["id"])
    assert [each["is_removed"] for each in page["waits_for"]] == [True, True]
    assert page["why"] == ["s3://b/20260311/done: looked for each half minute"]
    plant.doors.files.add("s3://b/${yyyymmdd}/done")
    plant.look()
    page = shown(plant, load["id"])
    assert (page["status"], page["why"]) == ("running", [])
    assert page["runs"] == [
        {"run": page["run"], "version": "1.0.0", "asked": plant.clock.now, "status": "running"}
    ]
    log = plant.ask("instances.events", instance=load["id"])
    kinds = [(each["kind"], each["person"]) for each in log["items"]]
    assert kinds == [("arrived", ""), ("unneeded", "owner"), ("unneeded", "owner"),
                     ("starting", ""), ("running", "")]  # fmt: skip
    rest = plant.ask("instances.events", instance=load["id"], limit=2)
    assert rest["next"] == 2
    assert plant.ask("instances.events", instance=load["id"], after=2)["items"] == log["items"][2:]


def test_a_frozen_and_an_early_one_say_so(plant: Plant) -> None:
    plant.deploy("extract")
    plant.look()
    row = of(plant, "extract")
    assert shown(plant, row["id"])["why"] == ["its time has not come"]
    operate(plant, "freeze", row["id"])
    assert "frozen: somebody must thaw it" in shown(plant, row["id"])["why"]
    plant.ask("schedules.withdraw", name="extract")
    assert plant.rows() == []


def test_a_reason_is_told_as_data_too(plant: Plant) -> None:
    plant.deploy("extract")
    plant.look()
    row = of(plant, "extract")
    assert row["cause"] is None
    operate(plant, "stop", row["id"])
    stopped = {"code": "stopped", "values": {"person": "owner"}}
    page = shown(plant, row["id"])
    assert (page["reason"], page["cause"]) == ("stopped by owner", stopped)
    assert of(plant, "extract")["cause"] == stopped
    events = plant.ask("instances.events", instance=row["id"])["items"]
    assert [(each["kind"], each["cause"]) for each in events] == [("stopped", stopped)]


def test_the_graph_goes_both_ways(plant: Plant) -> None:
    chain(plant)
    middle, others = of(plant, "load"), {name: of(plant, name) for name in ("extract", "report")}
    graph = plant.ask("instances.graph", instance=middle["id"], depth=1)
    assert {node["id"]: node["level"] for node in graph["nodes"]} == {
        middle["id"]: 0, others["extract"]["id"]: -1, others["report"]["id"]: 1,
    }  # fmt: skip
    assert {(each["before"], each["after"], each["name"]) for each in graph["edges"]} == {
        (others["extract"]["id"], middle["id"], "extract"),
        (middle["id"], others["report"]["id"], "load"),
    }
    assert graph["is_whole"]
    near = plant.ask("instances.graph", instance=others["extract"]["id"], depth=1)
    assert (len(near["nodes"]), near["is_whole"]) == (2, False)
    far = plant.ask("instances.graph", instance=others["extract"]["id"], depth=5)
    assert (len(far["nodes"]), far["is_whole"]) == (3, True)


def test_the_graph_knows_last_cycles_and_children(plant: Plant) -> None:
    plant.deploy("a", "every: day\nat: '02:00'\ndepends_on: [self, children]")
    plant.deploy("b", AFTER.format(name="a"))
    plant.look()
    plant.look("2026-03-11T03:00")
    a, b, following = (
        of(plant, name, day)["id"]
        for name, day in (("a", "2026-03-11"), ("b", "2026-03-11"), ("a", "2026-03-12"))
    )
    graph = plant.ask("instances.graph", instance=a, depth=1)
    edges = {(each["before"], each["after"], each["name"]) for each in graph["edges"]}
    assert edges == {(a, b, "a"), (a, following, "self")}
    behind = plant.ask("instances.graph", instance=b, depth=1)
    found = {(each["before"], each["after"], each["name"]) for each in behind["edges"]}
    assert found == {(a, b, "a"), (b, following, "children")}


def test_a_run_that_was_refused_is_no_run(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant.deploy("daily", f"{DAILY}\nretries: 1\nretry_after: 60s")

    def refuse(*_: Any) -> None:
        raise BadRequest("the input 'rows' is not there")

    with monkeypatch.context() as patch:
        patch.setattr(plant.doors, "start", refuse)
        plant.look()
        plant.look("2026-03-11T02:00")
    row = of(plant, "daily")
    assert (row["status"], row["run"], row["tries"]) == ("failed", "", 1)
    shown = plant.ask("instances.show", instance=row["id"])
    assert (shown["run"], shown["runs"]) == ("", [])
    assert shown["reason"] == "the input 'rows' is not there"
    plant.ask("instances.operate", action="rerun", instances=[row["id"]])
    plant.look()
    again = plant.ask("instances.show", instance=row["id"])
    assert again["run"] == again["runs"][0]["run"] != ""
    assert (again["run"], len(again["runs"])) == (of(plant, "daily")["run"], 1)


def test_a_graph_of_minutes_is_bounded(plant: Plant) -> None:
    plant.deploy("day", DAILY)
    plant.deploy("minutes", "every: minute\ndepends_on: [day]")
    plant.look()
    began = time.process_time()
    graph = plant.ask("instances.graph", instance=of(plant, "day")["id"], depth=2)
    assert time.process_time() - began < 5
    assert len(graph["nodes"]) <= 500
    assert not graph["is_whole"]


# --- who may ------------------------------------------------------------------------------


def test_nobody_elsewhere_holds_up_what_waits_for_its_children(plant: Plant) -> None:
    plant.deploy("a", "every: day\nat: '02:00'\ndepends_on: [children]")
    plant.deploy("b", AFTER.format(name="a"))
    plant.ask("members.set", person="eve", role="guest")  # who may see it, and no more
    need = "{schedule: a, workspace: default}"
    plant.deploy("spy", AFTER.format(name=need), who="eve", workspace="other")
    plant.look()
    plant.look("2026-03-11T03:00")
    plant.end()
    plant.look()
    spy = plant.ask("instances.list", "eve", "other", first="2026-03-10", last="2026-03-10")
    (held,) = spy["items"]
    assert held["status"] == "running"
    following = of(plant, "a", "2026-03-12")
    shown = plant.ask("instances.show", instance=following["id"])
    assert [each["schedule"] for each in shown["waits_for"]] == ["b"]
    graph = plant.ask("instances.graph", "eve", "other", instance=held["id"])
    assert following["id"] not in {node["id"] for node in graph["nodes"]}
    plant.end(run=of(plant, "b")["run"])
    plant.look("2026-03-12T02:00")
    assert of(plant, "a", "2026-03-12")["status"] == "running"


def test_private_schedules_of_others_are_not_there(plant: Plant) -> None:
    plant.deploy("hers", who="ann", visibility="private")
    plant.deploy("theirs", who="ann")
    plant.look()
    hers = of(plant, "hers")["id"]
    for person, sees in {
        "ann": True,
        "adi": True,
        "bob": False,
        "ops": False,
        "gus": False,
    }.items():
        page = plant.ask("instances.list", person)
        assert ("hers" in {row["schedule"] for row in page["items"]}) == sees, person
        grid = plant.ask("instances.grid", person)
        assert ("hers" in {row["schedule"] for row in grid["items"]}) == sees, person
        assert plant.ask("instances.list", person, status="waiting", schedule="hers")["items"] == (
            plant.rows(schedule="hers")[::-1] if sees else []
        )
        if not sees:
            for verb in ("show", "graph", "events"):
                with pytest.raises(NotFound, match="there is no instance"):
                    plant.ask(f"instances.{verb}", person, instance=hers)
    with pytest.raises(NotFound, match="there is no instance"):
        operate(plant, "freeze", hers, who="ops")
    assert plant.ask("instances.operate", "ops", action="freeze", filter={"schedule": "hers"}) == {
        "changed": 0, "not_changed": 0, "refused": []
    }  # fmt: skip


def test_who_may_not_operate_is_refused(plant: Plant) -> None:
    plant.deploy("theirs", who="ann")
    plant.deploy("mine", who="bob")
    plant.look()
    theirs, mine = of(plant, "theirs")["id"], of(plant, "mine")["id"]
    with pytest.raises(Forbidden, match="your role, developer, may not operate this schedule"):
        operate(plant, "freeze", theirs, who="bob")
    answer = operate(plant, "freeze", theirs, mine, who="bob")
    assert answer["changed"] == 1
    assert answer["refused"] == [{"instance": theirs, "reason": "you may not operate 'theirs'"}]
    with pytest.raises(Forbidden):
        operate(plant, "freeze", theirs, who="gus")
    assert set(shown(plant, theirs, "gus")["actions"].values()) == {
        "your role, guest, may not operate this schedule"
    }
    assert shown(plant, theirs, "ops")["actions"]["freeze"] == ""


def test_another_workspace_s_instances_are_not_there(plant: Plant) -> None:
    plant.deploy("far", workspace="other")
    plant.look()
    (far,) = (row["id"] for row in plant.rows("other", first="2026-03-10", last="2026-03-10"))
    assert plant.rows() == []
    for verb in ("show", "graph", "events"):
        with pytest.raises(NotFound, match="there is no instance"):
            plant.ask(f"instances.{verb}", instance=far)
    with pytest.raises(NotFound):
        operate(plant, "freeze", far)
    with pytest.raises(NotFound, match="there is no workspace"):
        plant.ask("instances.list", "ann", "other")
    assert plant.ask("instances.list", "eve", "other")["items"]


def test_what_is_behind_in_another_workspace_is_hidden_from_who_is_no_member(plant: Plant) -> None:
    plant.deploy("near")
    need = "{schedule: near, workspace: default}"
    plant.deploy("far", AFTER.format(name=need), workspace="other")
    plant.look()
    plant.look("2026-03-11T04:00")
    plant.pass_()
    row = of(plant, "near")
    assert len(plant.ask("instances.graph", instance=row["id"])["nodes"]) == 2
    assert len(plant.ask("instances.graph", "ops", instance=row["id"])["nodes"]) == 1
    answer = operate(plant, "rerun", row["id"], who="ops", downstream=True)
    assert answer == {"changed": 1, "not_changed": 0, "refused": []}
    plant.pass_()
    assert operate(plant, "rerun", row["id"], downstream=True)["changed"] == 2


# --- what is asked wrongly ----------------------------------------------------------------

WRONG = """\
verb,field,said,words
list,limit,0,limit: expected 1 to 200
list,first,2026-13-01,first: '2026-13-01' is no date
list,last,20260101,last: '20260101' is no date
list,after,x,after: expected the `next`
list,status,done,status: invalid enum value 'done'; it is one of waiting
list,sort,name,sort: invalid enum value
grid,first,yesterday,first: 'yesterday' is no date
grid,last,0001-01-01,"first, last: dates from"
grid,limit,201,limit: expected 1 to 200
grid,kind,x,kind: invalid enum value
graph,depth,0,depth: 1 to 10
graph,depth,11,depth: 1 to 10
events,limit,0,limit: expected
events,after,x,after: expected a whole number
"""


@pytest.mark.parametrize("row", list(csv.DictReader(StringIO(WRONG))))
def test_bad_words_are_refused_with_their_field(plant: Plant, row: dict[str, str]) -> None:
    plant.deploy("extract")
    plant.look()
    binding = binding_of(f"instances.{row['verb']}")
    path = {"instance": of(plant, "extract")["id"]} if "instance" in binding.path else {}
    with pytest.raises(BadRequest) as refused:
        plant.ask(
            f"instances.{row['verb']}", **binding.read(path, [(row["field"], row["said"])], None)
        )
    assert str(refused.value).startswith(row["words"])


def statements(plant: Plant, monkeypatch: pytest.MonkeyPatch, do: Callable[[], Any]) -> int:
    """How many statements something asks of the database."""
    lists = plant.context.instances()
    query, count = lists._database.query, []

    def counted(name: str, values: Any) -> Any:
        count.append(name)
        return query(name, values)

    with monkeypatch.context() as patch:
        patch.setattr(lists._database, "query", counted)
        do()
    return len(count)


def test_a_grid_is_one_statement(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        plant.deploy(f"s{number}", HOURLY)
    plant.look()
    few = statements(plant, monkeypatch, lambda: plant.ask("instances.grid", limit=1))
    many = statements(plant, monkeypatch, lambda: plant.ask("instances.grid", limit=200))
    assert few == many > 0
