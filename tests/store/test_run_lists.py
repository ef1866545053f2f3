"""Lists of a workspace's runs, in either database: filters, pages, and the indexes they use."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from millwork.ports import Master, RunRow, StepRow
from millwork.ports.changes import StepChanged
from millwork.store.queries import load_queries
from millwork.store.runs import RunStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUN = RunRow("r", "name", "pipe", "1", "running", 0.0, master=Master(1, "1", "boot"), epoch=1)
SWEEP = {"sweep": "r1"}


@pytest.fixture
def store(place: str) -> Iterator[RunStore]:
    store = RunStore(place)
    rows: list[dict[str, Any]] = [
        {"tags": {"team": "a", "say": 'x","team":"b'}},
        {"tags": {"team": "b"}, "creator": "ann", "visibility": "private"},
        {"status": "queued", "master": None, "name": "night", "creator": "bob"},
        {"facts": SWEEP},
        {"workspace": "other"},
        {"visibility": "private", "creator": "bob", "definition": "train"},
    ]
    for number, row in enumerate(rows):
        store.create_run(replace(RUN, id=f"r{number}", created=float(number // 2), **row), [], {})
    yield store
    store.close()


def found(store: RunStore, **asked: Any) -> str:
    """The numbers of the runs that are listed."""
    asked = {"limit": 50, **asked}
    return "".join(run.id[1:] for run in store.list_runs("default", **asked))


def test_runs_of_a_workspace_are_listed_by_their_time(store: RunStore) -> None:
    assert found(store) == "5210"
    assert found(store, ascending=True) == "0125"
    assert found(store, with_trials=True) == "53210"
    assert [run.id for run in store.list_runs("other", limit=9)] == ["r4"]


@pytest.mark.parametrize(
    ("asked", "runs"),
    [
        ({"status": "queued"}, "2"),
        ({"status": "running"}, "510"),
        ({"status": "running", "ascending": True}, "015"),
        ({"status": "failed"}, ""),
        ({"name": "night"}, "2"),
        ({"creator": "bob"}, "52"),
        ({"definition": "train"}, "5"),
        ({"tag": ("team", "a")}, "0"),
        ({"tag": ("team", "b")}, "1"),
        ({"tag": ("say", 'x","team":"b')}, "0"),
        ({"tag": ("tea", "b")}, ""),
        ({"private_of": "ann"}, "210"),
        ({"private_of": "bob", "status": "running"}, "50"),
        ({"private_of": ""}, "20"),
    ],
)
def test_runs_are_filtered(store: RunStore, asked: dict[str, Any], runs: str) -> None:
    assert found(store, **asked) == runs


@pytest.mark.parametrize("status", ["", "running"])
@pytest.mark.parametrize("ascending", [False, True])
def test_pages_hold_each_run_once(store: RunStore, status: str, ascending: bool) -> None:
    asked: dict[str, Any] = {"limit": 1, "status": status, "ascending": ascending}
    after, pages = None, ""
    while page := store.list_runs("default", after=after, **asked):
        after = (page[0].created, page[0].id)
        pages += page[0].id[1:]
    assert pages == found(store, status=status, ascending=ascending)


def test_steps_are_counted_of_the_runs_that_are_asked_for(store: RunStore) -> None:
    steps = [StepRow(name, place, "pending", spec={}) for place, name in enumerate("abc")]
    for name in ("s1", "s2", "s3"):
        store.create_run(replace(RUN, id=name), steps, {})
        store.commit(name, 1, 2.0, [StepChanged("a", "running"), StepChanged("b", "running")])
    store.commit("s2", 1, 3.0, [StepChanged("a", "succeeded")])
    assert store.progress(["s1", "s2", "none", "r1"]) == {
        "s1": {"running": 2, "pending": 1},
        "s2": {"succeeded": 1, "running": 1, "pending": 1},
    }
    assert store.progress([]) == {}


def test_what_is_said_of_a_run_is_changed(store: RunStore) -> None:
    store.describe("r0", "new", "note", "private", {"team": "c"})
    assert found(store, tag=("team", "c")) == "0"
    run = store.run("r0")
    assert run is not None
    said = (run.name, run.notes, run.visibility, run.tags)
    assert said == ("new", "note", "private", {"team": "c"})


@pytest.mark.quick
def test_steps_are_counted_by_the_index_of_their_runs(tmp_path: Path) -> None:
    store = RunStore(str(tmp_path / "millwork.db"))
    store.database.learn({"plan": f"EXPLAIN QUERY PLAN {load_queries('queries.sql')['progress']}"})
    plan = [row["detail"] for row in store.database.query("plan", {"runs": "[]"})]
    store.close()
    assert "SEARCH step USING PRIMARY KEY (run=?)" in plan


@pytest.mark.quick
@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("runs_of_all_newest", "run_in_workspace (workspace=? AND PAGE<(?,?))"),
        ("runs_of_all_oldest", "run_in_workspace (workspace=? AND PAGE>(?,?))"),
        ("runs_of_status_newest", "run_by_status (workspace=? AND status=? AND PAGE<(?,?))"),
        ("runs_of_status_oldest", "run_by_status (workspace=? AND status=? AND PAGE>(?,?))"),
    ],
)
def test_a_list_reads_its_page_of_an_index_and_sorts_nothing(
    tmp_path: Path, name: str, index: str
) -> None:
    store = RunStore(str(tmp_path / "millwork.db"))
    statement = load_queries("queries.sql")[name]
    store.database.learn({"plan": f"EXPLAIN QUERY PLAN {statement}"})
    asked = dict.fromkeys(re.findall(r":(\w+)", statement))
    plan = [row["detail"] for row in store.database.query("plan", asked)]
    store.close()
    assert plan == [f"SEARCH run USING INDEX {index}".replace("PAGE", "(created,id)")]
