"""The server's own verbs: whether it lives and can work, what it is, and its figures."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from millwork import __version__
from millwork.access.identity import LOCAL_OWNER, Identity
from millwork.actions import counters
from millwork.actions.call import Call
from millwork.actions.nouns import server
from millwork.actions.perform import Asked, perform
from millwork.app.compose import open_context
from millwork.base.errors import Forbidden, Unauthenticated, Unavailable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from millwork.actions.context import Context
    from tests.conftest import Component, Millwork
    from tests.store.server import Server


@pytest.fixture
def context(home: Path, monkeypatch: pytest.MonkeyPatch) -> Context:
    monkeypatch.setenv("MILLWORK_HOME", str(home))
    monkeypatch.delenv("MILLWORK_DATABASE", raising=False)
    return open_context()


@pytest.fixture
def counted() -> Iterator[None]:
    """No requests were counted before."""
    kept = [(each, dict(each)) for each in (counters._requests, counters._buckets)]
    for each, _ in kept:
        each.clear()
    counters._seconds.clear()
    yield
    for each, before in kept:
        each.clear()
        each.update(before)  # type: ignore[arg-type]


def figures(context: Context) -> dict[str, dict[tuple[str, ...], float]]:
    """What Prometheus reads: values by name, and by labels in the order of their names."""
    answer = perform(context, LOCAL_OWNER, Asked("server.metrics"))
    assert answer.media_type.startswith("text/plain; version=0.0.4")
    found: dict[str, dict[tuple[str, ...], float]] = {}
    for family in text_string_to_metric_families(answer.text):
        assert family.documentation
        for sample in family.samples:
            labels = tuple(value for _, value in sorted(sample.labels.items()))
            found.setdefault(sample.name, {})[labels] = sample.value
    return found


def test_health_and_readiness_are_anybody_s(context: Context) -> None:
    for verb in ("server.health", "server.ready"):
        assert perform(context, None, Asked(verb)) == {"status": "ok"}
    with pytest.raises(Unauthenticated):
        perform(context, None, Asked("server.about"))
    with pytest.raises(Forbidden):
        perform(context, Identity("eve"), Asked("server.metrics"))


def test_it_says_what_it_is(context: Context) -> None:
    about = perform(context, Identity("eve"), Asked("server.about"))
    assert (about["version"], about["database"]) == (__version__, "SQLite")
    assert [engine["name"] for engine in about["engines"]] == ["local", "container"]
    assert about["machine"]["cpu"] >= 1
    assert (about["running"], about["queued"]) == (0, 0)
    assert "not a wall" in about["promise"]


def test_it_is_not_ready_without_its_database(context: Context, home: Path) -> None:
    os.rename(home / "millwork.db", home / "gone.db")
    with pytest.raises(Unavailable, match="unable to open"):
        perform(context, None, Asked("server.ready"))
    assert perform(context, None, Asked("server.health")) == {"status": "ok"}
    os.rename(home / "gone.db", home / "millwork.db")
    connection = sqlite3.connect(home / "millwork.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(Unavailable, match="of version 99 and not"):
        perform(context, None, Asked("server.ready"))


def test_it_is_not_ready_on_a_full_disk(context: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LEAST", 2**62)
    with pytest.raises(Unavailable, match="make room"):
        perform(context, None, Asked("server.ready"))


def test_it_is_ready_while_somebody_writes_for_long(context: Context, home: Path) -> None:
    connection = sqlite3.connect(home / "millwork.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    began = time.monotonic()
    assert perform(context, None, Asked("server.ready")) == {"status": "ok"}
    assert time.monotonic() - began < 2
    connection.close()


def test_it_is_not_ready_when_postgres_is_away(
    postgres: Server, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MILLWORK_HOME", str(home))
    monkeypatch.setenv("MILLWORK_DATABASE", postgres.new())
    context = open_context()
    call = Call(context)
    assert server.ready(call) == {"status": "ok"}
    assert figures(context)["millwork_database_bytes"][()] > 1e6
    postgres.stop()
    try:
        began = time.monotonic()
        with pytest.raises(Unavailable, match="cannot be reached") as refused:
            server.ready(call)
        assert time.monotonic() - began < 4
        assert "p/ss" not in str(refused.value)
    finally:
        postgres.start()
    assert server.ready(call) == {"status": "ok"}


def test_figures_are_those_of_the_record(
    context: Context, millwork: Millwork, component: Component
) -> None:
    assert millwork("run", component("true")).code == 0
    assert millwork("run", component("exit 3")).code == 1
    database = server.database_of(Call(context))
    insert = (
        "INSERT INTO run (id, name, definition, version, status, created, workspace,"
        " master_pid, master_started, master_boot) VALUES"
    )
    with database.transaction():
        database.execute(f"{insert} ('q', 'q', 'd', '1', 'queued', {time.time() - 60}, 'team',"
                         " 0, '', '')")  # fmt: skip
    found = figures(context)
    assert found["millwork_runs"] == {
        ("failed", "default"): 1, ("succeeded", "default"): 1, ("queued", "team"): 1,
    }  # fmt: skip
    assert found["millwork_queue_length"] == {(): 1}
    assert 59 < found["millwork_queue_oldest_seconds"][()] < 90
    assert found["millwork_running_steps"] == {(): 0}
    assert found["millwork_attempts_ended_last_hour"] == {("failed",): 1, ("succeeded",): 1}
    events = len(context.store.events(context.store.runs(3)[1].id, 0))
    assert found["millwork_events_total"][()] > events > 3
    assert found["millwork_database_bytes"][()] > 10_000
    assert found["millwork_home_free_bytes"][()] > 0
    assert found["millwork_info"] == {(__version__,): 1}
    assert found["process_resident_memory_bytes"][()] > 1e6
    assert found["process_cpu_seconds_total"][()] > 0


def test_requests_are_counted_and_timed(context: Context, counted: None) -> None:
    for seconds in (0.001, 0.005, 0.02, 60.0):
        counters.observe_request("runs.list", 200, seconds)
    counters.observe_request("runs.list", 404, 0.02)
    counters.observe_request("../../etc/passwd", 404, 0.02)
    found = figures(context)
    assert found["millwork_http_requests_total"] == {
        ("404", "page"): 1, ("200", "runs.list"): 4, ("404", "runs.list"): 1,
    }  # fmt: skip
    buckets = found["millwork_http_request_seconds_bucket"]
    assert [buckets[end, "runs.list"] for end in ("0.005", "0.01", "0.025", "10.0", "+Inf")] == [
        2, 2, 4, 4, 5,
    ]  # fmt: skip
    assert found["millwork_http_request_seconds_count"]["runs.list",] == 5
    assert found["millwork_http_request_seconds_sum"]["runs.list",] == pytest.approx(60.046)


@pytest.mark.quick
def test_threads_count_together_and_it_costs_little(counted: None) -> None:
    def count() -> None:
        for _ in range(5000):
            counters.observe_request("runs.show", 200, 0.003)

    threads: list[Any] = [threading.Thread(target=count) for _ in range(4)]
    began = time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = (time.process_time() - began) / 20_000
    assert counters.requests() == {("runs.show", 200): 20_000}
    assert sum(counters.timings()["runs.show"].counts) == 20_000
    assert spent < 50e-6
