"""What only a PostgreSQL can do to a store: make it wait, vanish, and be shared by homes."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from millwork.base import faultpoints
from millwork.base.errors import BadRequest, Fenced, Unavailable
from millwork.batch.changes import BatchJudged, ShardFailed
from millwork.ports import Master, RunRow, StepRow
from millwork.ports.changes import AttemptClosed, AttemptOpened, StepChanged
from millwork.store.database import open_database
from millwork.store.runs import RunStore
from millwork.store.shards import ShardStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.store.server import Server

RUN = RunRow("r", "r", "c", "1.0.0", "running", 0.0, master=Master(1, "1", "boot"), epoch=3)
STEPS = [StepRow("s", 0, "running", spec={})]
OTHER = Master(2, "2", "boot")
TERMINATE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


@pytest.fixture
def url(postgres: Server) -> str:
    return postgres.new()


@pytest.fixture
def runs(url: str) -> Iterator[RunStore]:
    store = RunStore(url)
    store.create_run(RUN, STEPS, {})
    yield store
    store.close()


@pytest.fixture
def shards(url: str, runs: RunStore) -> Iterator[ShardStore]:
    store = ShardStore(url)
    yield store
    store.close()


def terminate(url: str) -> None:
    """Ends every session of the database but this one."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TERMINATE.encode())


@contextmanager
def at(point: str, act: Callable[[], object]) -> Iterator[None]:
    """Does something the first time that this thread reaches a point."""
    mine, left = threading.get_ident(), [act]

    def reached(name: str) -> None:
        if name == point and threading.get_ident() == mine and left:
            left.pop()()

    faultpoints.arm(reached)
    try:
        yield
    finally:
        faultpoints.disarm()


# --- no write after a take-over -----------------------------------------------------------------


def writers(url: str) -> dict[str, Callable[[], None]]:
    """Who writes as the master of epoch 3."""
    first, service = RunStore(url), ShardStore(url)
    batch = service.begin("r", 3, "s", "r-1", "/layout")
    return {
        "the loop": lambda: first.commit("r", 3, 1.0, [StepChanged("s", "failed", "old")]),
        "the service": lambda: service.commit(
            "r", 3, 1.0, [(batch.id, [BatchJudged("failed", "old")])]
        ),
        "an attempt": lambda: (service.begin("r", 3, "s", "r-2", "/layout"), None)[1],
        "a new layout": lambda: (service.start_over(3, batch, "/anew"), None)[1],
    }


@pytest.mark.parametrize("writer", ["the loop", "the service", "an attempt", "a new layout"])
def test_a_take_over_waits_for_a_write_that_has_begun(
    url: str, runs: RunStore, writer: str
) -> None:
    write = writers(url)[writer]
    with ThreadPoolExecutor(1) as pool:
        taken: list[Any] = []

        def take_over() -> None:
            taken.append(pool.submit(runs.take_over, "r", 3, OTHER))
            with pytest.raises(TimeoutError):
                taken[0].result(0.3)

        with at("store.writing", take_over):
            write()
        assert taken[0].result(5) == 4
    with pytest.raises(Fenced):
        write()


@pytest.mark.parametrize("writer", ["the loop", "the service", "an attempt", "a new layout"])
def test_a_write_that_meets_a_take_over_is_refused(url: str, runs: RunStore, writer: str) -> None:
    write = writers(url)[writer]
    with ThreadPoolExecutor(1) as pool:
        written: list[Any] = []

        def meet() -> None:
            written.append(pool.submit(write))
            with pytest.raises(TimeoutError):
                written[0].result(0.3)

        with at("store.writing", meet):
            assert runs.take_over("r", 3, OTHER) == 4
        with pytest.raises(Fenced):
            written[0].result(5)
    assert runs.steps("r")[0].reason == ""
    batch = ShardStore(url).batch("r", "s")
    assert batch is not None
    assert (batch.attempt, batch.layout, batch.verdict) == ("r-1", "/layout", None)


def test_one_of_many_takes_a_run_over(url: str, runs: RunStore) -> None:
    stores = [RunStore(url) for _ in range(8)]

    def take(number: int) -> bool:
        try:
            stores[number].take_over("r", 3, Master(number, "", ""))
        except Fenced:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(take, range(8))) == 1
    row = runs.run("r")
    assert row is not None
    assert row.epoch == 4


# --- several at once ----------------------------------------------------------------------------


def test_many_make_a_database_at_once(url: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        stores = [*pool.map(lambda _: RunStore(url), range(8))]
    stores[0].create_run(RUN, STEPS, {})
    assert all(store.run("r") == RUN for store in stores)


def test_those_who_write_the_same_rows_do_not_wait_for_ever(url: str) -> None:
    def hash_files(number: int) -> None:
        store = RunStore(url)
        run = RunRow(f"r{number}", "r", "c", "1", "running", 0.0, master=OTHER, epoch=1)
        names = [f"d{each}" for each in range(50)][:: -1 if number % 2 else 1]
        store.create_run(run, [], dict.fromkeys(names, "{}"))
        for turn in range(10):
            for each in range(100)[:: -1 if number % 2 else 1]:
                store.remember((1, each, turn, number, 0), "sha")
                store.keep_listing(f"{turn}-{each}", {})
            store.commit(run.id, 1, 0.0, [])
        store.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(hash_files, range(4)))


# --- connections that are lost ------------------------------------------------------------------


def test_what_has_not_written_goes_on_over_another_connection(
    url: str, runs: RunStore, shards: ShardStore
) -> None:
    for _ in range(3):
        terminate(url)
        assert runs.run("r") == RUN
        terminate(url)
        runs.commit("r", 3, 1.0, [StepChanged("s", "running")])
        assert shards.begin("r", 3, "s", "r-1", "/layout")
    assert len(runs.events("r", 0)) == 3


def test_a_write_whose_connection_is_lost_leaves_nothing(url: str, runs: RunStore) -> None:
    with at("store.writing", lambda: terminate(url)), pytest.raises(Unavailable) as caught:
        runs.commit("r", 3, 1.0, [StepChanged("s", "failed", "half")])
    assert "the connection to the database 127.0.0.1:" in str(caught.value)
    assert runs.events("r", 0) == []
    assert runs.steps("r")[0].reason == ""
    runs.commit("r", 3, 2.0, [StepChanged("s", "failed", "whole")])
    assert [event["seq"] for event in runs.events("r", 0)] == [1]


def test_commits_wait_for_the_disk_whatever_the_server_is_told(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(b"ALTER ROLE millwork SET synchronous_commit = off")
    try:
        row = open_database(url, {}).execute("SHOW synchronous_commit").fetchone()
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(b"ALTER ROLE millwork RESET synchronous_commit")
    assert row["synchronous_commit"] == "on"


# --- homes that share it ------------------------------------------------------------------------


def test_what_lies_in_one_home_is_used_there_only(url: str, tmp_path: Path) -> None:
    homes = [tmp_path / name for name in ("one", "two")]
    for home in homes:
        home.mkdir()
    one, two = (RunStore(url, str(home)) for home in homes)
    one.create_run(RUN, STEPS, {})
    one.remember((1, 2, 3, 4, 5), "sha")
    output = {"path": "/p", "type": "any", "manifest": "{}"}
    closed = AttemptClosed("r-1", "s", "t", "succeeded", 0, "", {}, {"o": output}, key="k")
    one.commit("r", 3, 1.0, [AttemptOpened("r-1", "s", 1, "t"), closed])
    assert (one.recall((1, 2, 3, 4, 5)), two.recall((1, 2, 3, 4, 5))) == ("sha", None)
    assert (len(one.results("k", "r")), len(two.results("k", "r"))) == (1, 0)
    assert (len(one.all_results()), len(two.all_results())) == (1, 0)
    assert (len(one.unfinished()), len(two.unfinished())) == (1, 0)
    assert two.run("r") == one.run("r") == RUN
    with pytest.raises(BadRequest, match=r"r is of another Millwork home, .*/one on "):
        two.take_over("r", 3, OTHER)
    again = RunStore(url, str(homes[0]))
    assert again.take_over("r", 3, OTHER) == 4, "it is the same home later"


# --- what is refused ----------------------------------------------------------------------------


def test_a_database_of_a_newer_version_is_refused(url: str, runs: RunStore) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(b"INSERT INTO schema_version (number) VALUES (99)")
    with pytest.raises(Unavailable, match="newer version"):
        RunStore(url)


def test_a_database_of_another_encoding_is_refused(postgres: Server) -> None:
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute(b"CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
    with pytest.raises(Unavailable, match="keeps text as LATIN1, not as UTF8"):
        RunStore(postgres.url("latin"))


def test_without_psycopg_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    monkeypatch.delitem(sys.modules, "millwork.store.postgres", raising=False)
    with pytest.raises(Unavailable, match=r"pip install 'millwork\[postgres\]'"):
        open_database("postgresql://host/name", {})


def test_a_nul_is_kept_as_its_symbol(runs: RunStore, shards: ShardStore) -> None:
    batch = shards.begin("r", 3, "s", "r-1", "/layout")
    failed = ShardFailed(0, 0, "t", "w\0", "a\0b", 1, 0, "failed")
    shards.commit("r", 3, 1.0, [(batch.id, [failed, failed])])
    (row,) = shards.kept(batch).shards
    assert (row.error, row.failed_on) == ("a␀b", ("w␀",))
    (worker,) = shards.workers(batch)
    assert (worker.worker, worker.failed) == ("w␀", 1)
