"""Deletion and who names what, in either database."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from millwork.base.errors import Fenced
from millwork.ports import Master, RunRow, StepRow
from millwork.ports.changes import (
    AttemptClosed,
    AttemptOpened,
    ReplicaOpened,
    RunChanged,
    StepReused,
)
from millwork.store.assets import AssetStore, New
from millwork.store.retention import RetentionStore
from millwork.store.runs import RunStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.store.server import Server

ME = Master(1, "100", "boot")
RUN = RunRow("r1", "name", "pipe", "1.0.0", "running", 10.0, master=ME, epoch=1)
CODE = "c" * 64
TABLES = (
    "run",
    "step",
    "attempt",
    "replica",
    "event",
    "batch",
    "cut",
    "shard",
    "lease",
    "artifact",
)


@pytest.fixture
def store(place: str) -> Iterator[RunStore]:
    store = RunStore(place)
    yield store
    store.close()


@pytest.fixture
def retention(store: RunStore) -> RetentionStore:
    return RetentionStore(store.database)


def count(store: RunStore, table: str) -> int:
    row = store.database.execute(f"SELECT count(*) AS n FROM {table}").fetchone()
    return int(row["n"])


def output(attempt: str) -> dict[str, Any]:
    path = f"/home/attempts/{attempt}/ml/output/o"
    return {"path": path, "attempt": attempt, "type": "any", "digest": "d", "manifest": "[]"}


def made(
    store: RunStore, run: str, key: str = "", spec: dict[str, Any] | None = None, **row: Any
) -> str:
    """A run of one step, over, with one attempt; the attempt's id."""
    attempt = f"{run}-1"
    steps = [StepRow("a", 0, "pending", spec=spec or {})]
    store.create_run(replace(RUN, id=run, **row), steps, {})
    closed = AttemptClosed(
        attempt, "a", "t", "succeeded", 0, "", outputs={"o": output(attempt)}, key=key
    )
    opened = AttemptOpened(attempt, "a", 1, "t")
    changes: list[Any] = [
        opened,
        ReplicaOpened(attempt, "worker-0", 0),
        closed,
        RunChanged("succeeded"),
    ]
    store.commit(run, 1, row.get("created", 10.0) + 1, changes)
    return attempt


def took(store: RunStore, run: str, attempt: str, status: str = "succeeded") -> None:
    """A run whose step has the outputs of an attempt."""
    store.create_run(replace(RUN, id=run), [StepRow("a", 0, "pending", spec={})], {})
    changes: list[Any] = [StepReused("a", attempt, {"o": output(attempt)}, {})]
    if status != "running":
        changes.append(RunChanged(status))  # type: ignore[arg-type]
    store.commit(run, 1, 12.0, changes)


def test_a_run_goes_with_all_that_is_its_own(store: RunStore, retention: RetentionStore) -> None:
    attempt = made(store, "r1")
    with store.database.transaction():
        for sql in (
            "INSERT INTO batch (id, run, step, attempt, layout) VALUES (7, 'r1', 'a', 'r1-1', 'x')",
            "INSERT INTO cut (batch, shard, atom, size, count) VALUES (7, 0, 0, 1, 1)",
            "INSERT INTO shard (batch, shard, status) VALUES (7, 0, 'done')",
            "INSERT INTO lease(batch,token,shard,attempt,worker,at) SELECT 7, 't', 1, 1, 'w', 1",
        ):
            store.database.execute(sql)
    other = made(store, "r10")  # its id begins alike
    before = {table: count(store, table) for table in TABLES}
    assert before["batch"] == before["lease"] == 1
    dropped = retention.drop("r1")
    assert dropped is not None
    assert (dropped.attempts, dropped.named) == ((attempt,), frozenset())
    assert [row.id for row in store.attempts("r10")] == [other]
    assert {table: count(store, table) for table in TABLES} == {
        "run": 1, "step": 1, "attempt": 1, "replica": 1, "event": 4, "batch": 0, "cut": 0,
        "shard": 0, "lease": 0, "artifact": 1,
    }  # fmt: skip
    assert retention.drop("r1") is None


def test_only_what_is_over_goes_and_its_master_is_fenced(
    store: RunStore, retention: RetentionStore
) -> None:
    store.create_run(RUN, [StepRow("a", 0, "pending", spec={})], {})
    assert retention.drop("r1") is None
    store.commit("r1", 1, 11.0, [RunChanged("failed", "x")])
    assert retention.drop("r1") is not None
    with pytest.raises(Fenced):
        store.commit("r1", 1, 12.0, [RunChanged("queued")])


def test_what_a_later_run_has_taken_is_named(store: RunStore, retention: RetentionStore) -> None:
    attempt = made(store, "r1")
    took(store, "r2", attempt)
    took(store, "r3", attempt, "running")
    assert retention.is_used(attempt)
    dropped = retention.drop("r1")
    assert dropped is not None
    assert dropped.named == {attempt}
    assert store.manifest(attempt, "o") == "[]"
    assert retention.named(attempt, {}) == "outputs"
    assert retention.named(attempt, {}, {"r2", "r3"}) == ""
    assert retention.left() == [attempt]
    assert not retention.forget(attempt)
    store.commit("r3", 1, 13.0, [RunChanged("failed", "x")])
    assert not retention.is_used(attempt)
    for run in ("r2", "r3"):
        assert retention.drop(run) is not None
    assert retention.named(attempt, {}) == ""
    assert retention.forget(attempt)
    assert retention.left() == []


def test_results_models_and_paths_name_an_attempt(
    store: RunStore, retention: RetentionStore
) -> None:
    kept, modelled, read, pathed = (
        made(store, f"r{n}", key="k" if n == 1 else "") for n in range(1, 5)
    )
    assets = AssetStore(store.database)
    source = {"run": "r2", "step": "a", "port": "o", "attempt": modelled}
    assets.register(New("default", "model", "m", {"source": source}, "ann", 1.0, run="r2"))
    inputs = {"i": {"path": f"/home/attempts/{read}/ml/output/o"}}
    made(store, "r5", spec={"inputs": inputs})
    uri = f"file:///home/attempts/{pathed}/ml/output/o"
    assets.register(New("default", "dataset", "d", {"uri": uri}, "ann", 1.0))
    paths = retention.paths()
    assert paths == {read: {"r5"}, pathed: {""}}
    assert retention.drop("r2") is None  # a model came out of it
    for run, attempt in zip(("r1", "r3", "r4"), (kept, read, pathed), strict=True):
        dropped = retention.drop(run)
        assert dropped is not None
        assert dropped.named == {attempt}
        assert retention.named(attempt, retention.paths()) == "outputs"
    store.forget_result(kept)
    assert retention.named(kept, paths) == ""
    assert retention.is_registered(modelled)
    assert retention.named(read, paths, {"r5"}) == ""
    assets.delete("default", "model", "m")
    assert retention.drop("r2") is not None
    assert retention.named(modelled, paths) == ""


def test_the_rules_find_what_is_old(store: RunStore, retention: RetentionStore) -> None:
    for n in range(1, 5):
        made(store, f"r{n}", created=float(n), tags={"n": str(n)})
    made(store, "t1", created=2.0, facts={"sweep": {"run": "r1", "step": "a", "trial": 1}})
    made(store, "o1", created=2.0, definition="other")
    store.create_run(replace(RUN, id="r9", created=0.5), [], {})
    assert [run for run, _ in retention.old(4.5, 0)] == ["r1", "o1", "r2", "r3"]
    assert retention.old(2.5, 1) == [("r1", {"n": "1"})]
    assert [run for run, _ in retention.old(99.0, 3)] == ["r1"]
    assert [(each.id, each.sweep, each.is_over) for each in retention.trials(1.0)] == [
        ("t1", "r1", True)
    ]
    assert not retention.is_built_on("r1", "pipe")
    store.create_run(replace(RUN, id="r8", facts={"incremental": True}), [], {})
    assert retention.is_built_on("r1", "pipe")
    assert not retention.is_built_on("r8", "pipe")


def test_code_is_named_by_steps_and_by_the_registry(
    store: RunStore, retention: RetentionStore
) -> None:
    hostile = {"parameters": {"code": "a" * 64, "x": "\0'"}, "code": CODE}
    made(store, "r1", spec=hostile)
    made(store, "r2", spec={"code": ""})
    AssetStore(store.database).register(
        New("default", "component", "c", {"bundle": "b" * 64, "text": "x"}, "ann", 1.0)
    )
    with retention.looking():
        assert {CODE, "b" * 64} <= retention.codes()


def test_answers_and_credentials_that_are_over(store: RunStore, retention: RetentionStore) -> None:
    with store.database.transaction():
        for at in (1, 9):
            store.database.execute(
                "INSERT INTO answer (person, key, request, created)"
                f" VALUES ('p', '{at}', 'r', {at})"
            )
            store.database.execute(
                "INSERT INTO credential (digest, id, kind, person, created, expires)"
                f" VALUES ('{at}', 'i{at}', 'token', 'p', 0, {at})"
            )
    assert retention.tidy("answers", 5.0, dry=True) == 1
    assert (retention.tidy("answers", 5.0, dry=False), count(store, "answer")) == (1, 1)
    assert (retention.tidy("credentials", 5.0, dry=False), count(store, "credential")) == (1, 1)
    assert retention.tidy("credentials", 5.0, dry=False) == 0


def test_looking_sees_one_state_and_keeps_nobody_from_writing(
    store: RunStore, retention: RetentionStore, place: str
) -> None:
    attempt = made(store, "r1")
    other = RunStore(place)
    with retention.looking():
        assert retention.named(attempt, {}) == "whole"
        made(other, "r2", spec={"code": CODE})
        assert retention.codes() == set()
    assert retention.codes() == {CODE}
    other.close()


def test_two_that_delete_the_same_run_do_not_both(place: str, store: RunStore) -> None:
    made(store, "r1")

    def drop(_: int) -> bool:
        own = RunStore(place)
        try:
            return RetentionStore(own.database).drop("r1") is not None
        finally:
            own.close()

    with ThreadPoolExecutor(3) as pool:
        assert sorted(pool.map(drop, range(3))) == [False, False, True]


def test_another_home_s_runs_are_its_own(postgres: Server, tmp_path: Path) -> None:
    url = postgres.new()
    homes = [tmp_path / name for name in ("one", "two")]
    for home in homes:
        home.mkdir()
    one, two = (RunStore(url, str(home)) for home in homes)
    attempt = made(one, "r1", key="k")
    assert RetentionStore(two.database).drop("r1") is None
    assert not RetentionStore(two.database).is_here("r1")
    assert RetentionStore(two.database).old(99.0, 0) == []
    assert RetentionStore(two.database).old_results(99.0) == []
    assert RetentionStore(one.database).old_results(99.0) == [attempt]
    assert RetentionStore(one.database).drop("r1") is not None
    one.close()
    two.close()


def test_the_questions_are_answered_by_indexes(tmp_path: Path) -> None:
    """Deleting one run among millions of steps reads no other run's."""
    from millwork.store.queries import load_queries

    store = RunStore(str(tmp_path / "x.db"))
    queries = load_queries("retention.sql")
    for name, index in [
        ("retention_taken", "step_taken"), ("retention_paths", "step_of_paths"),
        ("retention_result", "result_attempt"), ("retention_made", "version_run"),
    ]:  # fmt: skip
        sql = queries[name].replace(":attempt", "'x-1'").replace(":run", "'x'")
        plan = " ".join(
            str(tuple(row)) for row in store.database.execute(f"EXPLAIN QUERY PLAN {sql}")
        )
        assert index in plan, plan
    store.close()
