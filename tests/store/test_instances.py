"""Lists of instances and backfills, in either database: filters, pages, and their indexes."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from millwork.ports import RunRow
from millwork.ports.schedules import BackfillRow, Change, InstanceRow, ScheduleRow
from millwork.store.assets import AssetStore, New
from millwork.store.instances import InstanceLists, Sought, place_of
from millwork.store.queries import load_queries
from millwork.store.runs import RunStore
from millwork.store.schedules import ScheduleStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FIRST = date(2026, 2, 1)


class Shelf:
    """Three schedules, of which one is Ann's own, each with a week of two cycles a day."""

    def __init__(self, runs: RunStore) -> None:
        self.runs = runs
        self.schedules = ScheduleStore(runs.database)
        self.lists = InstanceLists(runs.database)
        assets = AssetStore(runs.database)
        for name, visibility in (("a", "public"), ("b", "private"), ("c", "public")):
            assets.register(
                New("default", "schedule", name, {"text": ""}, "ann", 0.0, visibility=visibility)
            )
            schedule = ScheduleRow("default", name, "1.0.0", "on", "ann", 0.0, 0.0)
            self.schedules.deploy(schedule, (), (), 0.0)
        rows = [
            instance(name, FIRST + timedelta(days=day), number)
            for name in "abc" for day in range(7) for number in range(2)
        ]  # fmt: skip
        self.schedules.add([*rows, replace(rows[0], id="elsewhere", workspace="other")])
        done = [replace(row, status="succeeded") for row in rows if row.day < date(2026, 2, 4)]
        self.schedules.change(
            1.0, [Change(replace(row, status="waiting"), row, "x") for row in done]
        )
        again = [replace(row, id=f"f{row.id}", origin="back", kind="backfill", place=place)
                 for place, row in enumerate(reversed(rows[:14]))]  # fmt: skip
        backfill = BackfillRow("back", "default", "x", "a", "ann", "running", 2, len(again), 5.0)
        self.schedules.begin_backfill(backfill, again)

    def found(self, limit: int = 200, **sought: Any) -> list[str]:
        return [row.id for row in self.lists.page("default", Sought(**sought), limit)]


def instance(schedule: str, day: date, number: int) -> InstanceRow:
    at = datetime(day.year, day.month, day.day, 6 + number, tzinfo=UTC).timestamp()
    return InstanceRow(
        f"{schedule}{day.day}{number}", "default", schedule, "1.0.0", day, number, 0, "",
        "recurring", at, due=at, uses="1.0.0",
    )  # fmt: skip


@pytest.fixture
def shelf(place: str) -> Iterator[Shelf]:
    runs = RunStore(place)
    yield Shelf(runs)
    runs.close()


def test_instances_are_listed_by_their_time(shelf: Shelf) -> None:
    oldest = shelf.found(kind="recurring", is_newest_first=False)
    assert oldest[:4] == ["a10", "b10", "c10", "a11"]
    assert len(oldest) == 42
    assert shelf.found(kind="recurring") == oldest[::-1]
    assert [row.id for row in shelf.lists.page("other", Sought(), 5)] == ["elsewhere"]


@pytest.mark.parametrize(
    ("asked", "count"),
    [
        ({}, 56), ({"schedule": "a"}, 28), ({"schedule": "a", "kind": "backfill"}, 14),
        ({"status": "succeeded"}, 18), ({"status": "succeeded", "schedule": "b"}, 6),
        ({"first": date(2026, 2, 7)}, 8), ({"last": date(2026, 2, 1)}, 8),
        ({"first": date(2026, 2, 2), "last": date(2026, 2, 2), "schedule": "c"}, 2),
        ({"first": date(2026, 2, 2), "last": date(2026, 2, 2), "status": "succeeded"}, 6),
        ({"origin": "back"}, 14), ({"origin": "back", "status": "succeeded"}, 0),
        ({"origin": "back", "schedule": "b"}, 0), ({"origin": "back", "last": FIRST}, 2),
        ({"private_of": "bob"}, 42), ({"private_of": "ann"}, 56),
        ({"private_of": "bob", "schedule": "b"}, 0),
        ({"private_of": "bob", "status": "succeeded"}, 12),
        ({"origin": "none"}, 0), ({"schedule": "none"}, 0),
    ],
)  # fmt: skip
@pytest.mark.parametrize("is_newest_first", [True, False])
def test_pages_hold_each_that_is_sought_once(
    shelf: Shelf, asked: dict[str, Any], count: int, is_newest_first: bool
) -> None:
    sought = Sought(**asked, is_newest_first=is_newest_first)
    whole = shelf.found(**asked, is_newest_first=is_newest_first)
    assert (len(whole), len(set(whole))) == (count, count)
    pieces: list[str] = []
    after = None
    while page := shelf.lists.page("default", sought, 5, after):
        pieces += [row.id for row in page]
        after = place_of(page[-1])
    assert pieces == whole


def test_a_backfill_comes_in_its_turn(shelf: Shelf) -> None:
    rows = shelf.lists.page("default", Sought(origin="back"), 200)
    assert [row.place for row in rows] == list(range(14))


def test_the_grid_counts(shelf: Shelf) -> None:
    rows = shelf.lists.grid("default", FIRST, date(2026, 2, 7), 50)
    assert {row["name"] for row in rows} == {"a", "b", "c"}
    first = [(row["status"], row["count"]) for row in rows
             if (row["name"], row["day"]) == ("a", "2026-02-01")]  # fmt: skip
    assert first == [("succeeded", 2), ("waiting", 2)]
    assert {type(row[name]) for row in rows for name in ("count", "dry", "frozen")} == {int}
    seen = shelf.lists.grid("default", FIRST, FIRST, 50, private_of="bob")
    assert {row["name"] for row in seen} == {"a", "c"}
    assert {row["name"] for row in shelf.lists.grid("default", FIRST, FIRST, 1, after="a")} == {"b"}
    (none,) = shelf.lists.grid("default", date(2027, 1, 1), date(2027, 1, 2), 9, text="C")
    assert (none["name"], none["day"], none["count"]) == ("c", None, 0)


def test_backfills_are_listed_and_changed(shelf: Shelf) -> None:
    (row,) = shelf.lists.backfills("default", 5)
    assert (row.id, row.total) == ("back", 14)
    assert shelf.lists.backfills("default", 5, (row.created, row.id)) == []
    assert shelf.lists.backfills("default", 5, schedule="b") == []
    assert shelf.lists.backfills("default", 5, status="paused") == []
    assert shelf.lists.backfills("other", 5) == []
    assert shelf.lists.pace("back") is None
    assert shelf.lists.set_parallel("back", 7)
    assert shelf.lists.backfills("default", 5)[0].parallel == 7
    first = shelf.lists.page("default", Sought(origin="back"), 1)[0]
    begun = replace(first, status="running", run="r", began=10.0)
    shelf.schedules.change(
        10.0, [Change(first, begun, "starting", data={"run": "r", "version": "1"})]
    )
    assert [each.id for each in shelf.lists.going("back")] == [first.id]
    assert shelf.lists.runs(first.id) == [("r", "1", 10.0)]
    assert shelf.lists.made(["r", "r' OR ''='", ""]) == set()
    shelf.runs.create_run(RunRow("r", "r", "r", "1", "queued", 10.0), [], {})
    assert shelf.lists.made(["r", "other"]) == {"r"}
    assert shelf.lists.made([]) == set()
    over = replace(begun, status="succeeded", ended=14.0, revision=1)
    shelf.schedules.change(14.0, [Change(replace(begun, revision=1), over, "succeeded")])
    assert shelf.lists.pace("back") == 4.0
    assert shelf.schedules.set_backfill(row, "cancelled", 20.0)
    assert not shelf.lists.set_parallel("back", 3)
    assert len(shelf.lists.before("default", "a", FIRST, FIRST)) == 4


@pytest.mark.quick
@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("instances_of_all_newest", "instance_newest (workspace=?"),
        ("instances_of_all_oldest", "instance_newest (workspace=?"),
        ("instances_of_status_newest", "instance_by_status (workspace=? AND status=?"),
        ("instances_of_status_oldest", "instance_by_status (workspace=? AND status=?"),
        ("instances_of_schedule_newest", "instance_of (workspace=? AND schedule=?"),
        ("instances_of_schedule_oldest", "instance_of (workspace=? AND schedule=?"),
        ("instances_of_origin", "instance_of_backfill (origin=? AND status=? AND place>?)"),
        ("instances_grid", "instance_of (workspace=? AND schedule=? AND day>? AND day<?)"),
        ("backfills_newest", "backfill_newest (workspace=?"),
    ],
)
def test_a_list_reads_its_page_of_an_index_and_sorts_nothing(
    tmp_path: Path, name: str, index: str
) -> None:
    runs = RunStore(str(tmp_path / "millwork.db"))
    statement = load_queries("instances.sql")[name]
    runs.database.learn({"plan": f"EXPLAIN QUERY PLAN {statement}"})
    asked = dict.fromkeys(re.findall(r":(\w+)", statement))
    plan = " / ".join(row["detail"] for row in runs.database.query("plan", asked))
    runs.close()
    assert f"USING INDEX {index}" in plan, plan
    if "schedule_" not in name and "grid" not in name:  # those sort the cycles of one day
        assert "TEMP B-TREE" not in plan, plan
