"""The record of runs, in either database: what is kept, and what is refused."""

from __future__ import annotations

import sqlite3
import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from millwork.base.errors import Fenced, MillworkError, Unavailable
from millwork.ports import Master, RunRow, StepRow
from millwork.ports.changes import (
    AttemptClosed,
    AttemptOpened,
    AttemptStarted,
    ItemsAdded,
    ReplicaOpened,
    ReplicaStarted,
    RunChanged,
    StepChanged,
)
from millwork.store.runs import RunStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ME = Master(1, "100", "boot")
RUN = RunRow("r1", "name", "pipe", "1.0.0", "running", 10.0, master=ME, epoch=1, tags={"k": "v"})
STEPS = [StepRow("a", 0, "pending", spec={"x": 1}), StepRow("b", 1, "pending", spec={})]
OUTPUT = {"path": "/p", "type": "any", "manifest": '{"files":[]}'}
OPENED = AttemptOpened("r1-1", "a", 1, "token")
CLOSED = AttemptClosed(
    "r1-1", "a", "token", "succeeded", 0, "", {"cpu_seconds": 1.5}, {"o": OUTPUT}
)


@pytest.fixture
def store(place: str) -> Iterator[RunStore]:
    store = RunStore(place)
    store.create_run(RUN, STEPS, {"digest": "{}"})
    yield store
    store.close()


def test_a_run_comes_back_as_it_was_kept(store: RunStore) -> None:
    assert store.run("r1") == RUN
    assert store.run("other") is None
    assert list(store.steps("r1")) == STEPS
    assert store.definition("digest") == "{}"


@pytest.mark.quick
def test_commits_are_durable_and_the_log_is_ahead(tmp_path: Path) -> None:
    store = RunStore(str(tmp_path / "millwork.db"))
    with sqlite3.connect(tmp_path / "millwork.db") as database:
        assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store.database.execute("PRAGMA synchronous").fetchone()[0] == 2
    store.close()


def test_a_step_s_life_is_kept_with_its_history(store: RunStore) -> None:
    store.commit("r1", 1, 11.0, [StepChanged("a", "running"), OPENED])
    store.commit("r1", 1, 12.0, [AttemptStarted("r1-1", "handle", 12.0)])
    store.commit("r1", 1, 13.0, [CLOSED, StepChanged("a", "succeeded")])
    step = store.steps("r1")[0]
    assert (step.status, step.attempts, step.attempt) == ("succeeded", 1, "r1-1")
    assert (step.started, step.ended) == (11.0, 13.0)
    assert step.outputs == {"o": {"path": "/p", "type": "any"}}
    assert store.manifest("r1-1", "o") == OUTPUT["manifest"]
    attempt = store.attempts("r1")[0]
    assert (attempt.status, attempt.launched, attempt.usage) == (
        "succeeded", 12.0, {"cpu_seconds": 1.5},
    )  # fmt: skip
    events = store.events("r1", 0)
    assert [event["seq"] for event in events] == [1, 2, 3, 4, 5]
    assert "manifest" not in str(events)
    assert [event["kind"] for event in store.events("r1", 3)] == ["AttemptClosed", "StepChanged"]


def test_an_old_epoch_writes_nothing(store: RunStore) -> None:
    other = Master(2, "200", "boot")
    assert store.take_over("r1", 1, other) == 2
    with pytest.raises(Fenced):
        store.commit("r1", 1, 11.0, [OPENED])
    with pytest.raises(Fenced):
        store.take_over("r1", 1, ME)
    assert not store.attempts("r1")
    assert not store.events("r1", 0)
    store.commit("r1", 2, 11.0, [OPENED])


def test_an_outcome_is_recorded_once_and_only_with_its_token(store: RunStore) -> None:
    store.commit("r1", 1, 11.0, [OPENED])
    with pytest.raises(Fenced):
        store.commit("r1", 1, 12.0, [replace(CLOSED, token="another")])
    assert store.attempts("r1")[0].status == "running"
    store.commit("r1", 1, 12.0, [CLOSED])
    with pytest.raises(Fenced):
        store.commit("r1", 1, 13.0, [CLOSED])
    assert len(store.events("r1", 0)) == 2


def test_the_schema_forbids_two_running_attempts_at_one_step(store: RunStore) -> None:
    store.commit("r1", 1, 11.0, [OPENED])
    with pytest.raises(MillworkError, match="rule of the database"):
        store.commit("r1", 1, 11.0, [AttemptOpened("r1-2", "a", 2, "token")])
    assert len(store.attempts("r1")) == 1


def test_all_of_a_commit_or_nothing(store: RunStore) -> None:
    with pytest.raises(MillworkError, match=r"(?i)check"):
        store.commit("r1", 1, 11.0, [OPENED, RunChanged("nonsense")])  # type: ignore[arg-type]
    assert not store.attempts("r1")
    assert not store.events("r1", 0)


def test_runs_come_newest_first_a_page_at_a_time(store: RunStore) -> None:
    for number in range(2, 6):
        store.create_run(replace(RUN, id=f"r{number}", created=10.0 * number), [], {})
    first = store.runs(2)
    assert [run.id for run in first] == ["r5", "r4"]
    rest = store.runs(10, (first[-1].created, first[-1].id))
    assert [run.id for run in rest] == ["r3", "r2", "r1"]
    assert list(store.find_runs("r")) == ["r1", "r2", "r3", "r4", "r5"]


@pytest.mark.quick
def test_a_database_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = str(tmp_path / "newer.db")
    RunStore(path).close()
    with sqlite3.connect(path) as database:
        database.execute("PRAGMA user_version = 99")
    with pytest.raises(Unavailable, match="newer version"):
        RunStore(path)


@pytest.mark.quick
def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "millwork.db"
    path.write_bytes(b"not a database at all" * 100)
    with pytest.raises(Unavailable, match="damaged"):
        RunStore(str(path))
    assert path.read_bytes().startswith(b"not a database")


def test_two_connections_see_one_home(place: str) -> None:
    first, second = RunStore(place), RunStore(place)
    first.create_run(RUN, STEPS, {})
    assert second.run("r1") == RUN
    first.close()
    second.close()


def test_whoever_finds_a_home_being_made_waits(tmp_path: Path) -> None:
    path = str(tmp_path / "millwork.db")
    maker = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    maker.execute("BEGIN IMMEDIATE")  # SQLite's own patience does not count for this
    done = threading.Timer(0.3, maker.execute, ["COMMIT"])
    done.start()
    RunStore(path).close()
    done.join()
    maker.close()


def test_results_and_hashes_come_back(store: RunStore) -> None:
    store.commit("r1", 1, 11.0, [OPENED])
    stamps = [(1, 2**62, 3, 2**60, 5), (1, 7, 0, -1, 0)]
    for number, stamp in enumerate(stamps):
        store.remember(stamp, f"sha{number}")
    store.keep_listing("d", {"a\udcff": "1"})
    store.commit("r1", 1, 12.0, [replace(CLOSED, key="key")])
    assert [store.recall(stamp) for stamp in stamps] == ["sha0", "sha1"]
    assert store.recall((1, 7, 0, -1, 1)) is None
    assert store.listing("d") == {"a\udcff": "1"}
    assert [result.attempt for result in store.results("key", "r1")] == ["r1-1"]
    store.remember((1, 7, 9, 9, 9), "again")
    store.commit("r1", 1, 13.0, [])
    assert store.recall((1, 7, 9, 9, 9)) == "again"
    store.forget_result("r1-1")
    assert not store.all_results()


def test_items_replicas_and_endings(store: RunStore) -> None:
    items = ItemsAdded("a", (("a[0]", {"x": 1}), ("a[1]", {"x": 2})))
    store.commit("r1", 1, 11.0, [items, items, OPENED, ReplicaOpened("r1-1", "w", 0)])
    assert [row.name for row in store.steps("r1")] == ["a", "a[0]", "a[1]", "b"]
    store.commit("r1", 1, 12.0, [ReplicaStarted("r1-1", "w", 0, "h", 12.0)])
    (replica,) = store.replicas("r1")
    assert (replica.handle, replica.launched, replica.usage) == ("h", 12.0, {})
    store.request_cancel("r1")
    run = store.run("r1")
    assert run is not None
    assert run.cancel
    assert [row.id for row in store.unfinished()] == ["r1"]
    store.commit("r1", 1, 13.0, [RunChanged("cancelled", "asked")])
    assert not store.unfinished()
    store.commit("r1", 1, 14.0, [RunChanged("running", "resumed")])
    run = store.run("r1")
    assert run is not None
    assert (run.status, run.cancel, run.began, run.ended) == ("running", False, 14.0, None)


def test_results_and_earlier_steps_are_of_the_workspace_and_no_stranger_s_private_ones(
    store: RunStore,
) -> None:
    store.commit("r1", 1, 11.0, [OPENED])
    store.commit("r1", 1, 12.0, [replace(CLOSED, key="key"), StepChanged("a", "succeeded")])
    people = {"ann": ("one", "public"), "bob": ("one", "public"), "eve": ("two", "public")}
    for name, (workspace, visibility) in people.items():
        asking: dict[str, Any] = {"workspace": workspace, "creator": name, "visibility": visibility}
        store.create_run(replace(RUN, id=f"of-{name}", created=20.0, **asking), [], {})
    seen = {}
    for visibility in ("public", "private"):
        values = f"workspace = 'one', creator = 'ann', visibility = '{visibility}'"
        with store.database.transaction():
            store.database.execute(f"UPDATE run SET {values} WHERE id = 'r1'")
        for name, (workspace, _) in people.items():
            found = len(store.results("key", f"of-{name}"))
            earlier = store.earlier(RUN.definition, "a", 30.0, workspace, name)
            seen[visibility, name] = (found, earlier is not None)
    nothing, it = (0, False), (1, True)
    assert [seen["public", name] for name in people] == [it, it, nothing]
    assert [seen["private", name] for name in people] == [it, nothing, nothing]
