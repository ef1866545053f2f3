"""The queue in either database: admitted once, within the quota, withdrawn, listed."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from millwork.ports import Master, RunRow, StepRow
from millwork.ports.changes import RunChanged
from millwork.queue.admission import admit
from millwork.queue.records import Room, Usage
from millwork.store.admission import AdmissionStore
from millwork.store.runs import RunStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from millwork.queue.records import Admission
    from tests.store.server import Server

ME = Master(1, "100", "boot")
QUEUED = RunRow("r", "name", "pipe", "1.0.0", "queued", 10.0, demand={"cpu": 1.0, "gpu": 1})
STEPS = [StepRow("a", 0, "pending", spec={"x": 1}), StepRow("b", 1, "pending", spec={})]
DECIDE = partial(admit, machine=Room(1000.0, 2**40, (0, 1, 2, 3)))
ANY = partial(admit, machine=Room(1000.0, 2**40))


@pytest.fixture
def store(place: str) -> Iterator[RunStore]:
    store = RunStore(place)
    yield store
    store.close()


@pytest.fixture
def queue(store: RunStore) -> AdmissionStore:
    return AdmissionStore(store.database)


def set_quota(store: RunStore, **quota: float) -> None:
    with store.database.transaction():
        store.database.execute(f"UPDATE workspace SET quota = '{json.dumps(quota)}'")


def kinds(store: RunStore, run: str) -> list[tuple[int, str, str]]:
    """What has happened since it was asked for."""
    asked, *events = store.events(run, 0)
    assert (asked["seq"], asked["data"]) == (1, {"status": "queued"})
    return [(each["seq"], each["kind"], each["data"]["status"]) for each in events]


def test_a_queued_run_has_no_master_and_is_kept_as_it_was_asked_for(store: RunStore) -> None:
    run = replace(QUEUED, creator="ann", visibility="private", priority=7, workspace="default")
    store.create_run(run, STEPS, {})
    assert store.run("r") == run
    assert not store.unfinished()


def test_an_admitted_run_has_a_master_an_epoch_and_an_event(
    store: RunStore, queue: AdmissionStore
) -> None:
    store.create_run(QUEUED, STEPS, {})
    assert queue.admit(DECIDE, ME, 20.0) == [("r", 1)]
    run = store.run("r")
    assert run is not None
    assert (run.status, run.master, run.epoch, run.began) == ("running", ME, 1, 20.0)
    assert run.allotment == {"cpu": 1.0, "memory": 0, "gpus": [0]}
    assert kinds(store, "r") == [(2, "RunChanged", "running")]
    assert queue.admit(DECIDE, ME, 21.0) == []
    assert [each.id for each in store.unfinished()] == ["r"]
    store.commit("r", 1, 22.0, [RunChanged("succeeded")])
    assert kinds(store, "r")[1] == (3, "RunChanged", "succeeded")
    assert queue.usage("default") == Usage()


def test_the_turns_go_by_priority_then_age_within_the_quota(
    store: RunStore, queue: AdmissionStore
) -> None:
    set_quota(store, runs=2)
    for name, priority, created in [("a", 5, 2.0), ("b", 5, 1.0), ("c", 6, 3.0), ("d", 1, 0.0)]:
        store.create_run(replace(QUEUED, id=name, priority=priority, created=created), [], {})
    first = queue.waiting("default", 2)
    assert [each.id for each in first] == ["c", "b"]
    last = first[-1]
    rest = queue.waiting("default", 9, (last.priority, last.created, last.id))
    assert [each.id for each in rest] == ["a", "d"]
    assert queue.set_priority("d", 9)
    assert queue.admit(DECIDE, ME, 20.0) == [("d", 1), ("c", 1)]
    assert not queue.set_priority("d", 1)
    assert queue.usage("default") == Usage(2.0, 0, 2, 2)
    assert queue.count_waiting("default") == 2


def test_a_run_without_a_server_counts_as_one_that_asked_for_nothing(
    store: RunStore, queue: AdmissionStore
) -> None:
    store.create_run(replace(QUEUED, id="own", status="running", master=ME), [], {})
    store.create_run(QUEUED, [], {})
    set_quota(store, runs=1)
    assert queue.usage("default") == Usage(0.0, 0, 0, 1)
    assert queue.admit(DECIDE, ME, 20.0) == []


def test_a_run_is_withdrawn_once_and_only_while_it_waits(
    store: RunStore, queue: AdmissionStore
) -> None:
    store.create_run(QUEUED, STEPS, {})
    assert queue.withdraw("r", 12.0)
    run = store.run("r")
    assert run is not None
    assert (run.status, run.ended, run.master) == ("cancelled", 12.0, None)
    assert {step.status for step in store.steps("r")} == {"cancelled"}
    assert kinds(store, "r") == [(2, "RunChanged", "cancelled")]
    assert not queue.withdraw("r", 13.0)
    assert queue.admit(DECIDE, ME, 20.0) == []
    store.create_run(replace(QUEUED, id="other"), [], {})
    queue.admit(DECIDE, ME, 20.0)
    assert not queue.withdraw("other", 21.0)
    assert not queue.withdraw("nothing", 21.0)


def test_a_run_goes_back_to_the_queue(store: RunStore, queue: AdmissionStore) -> None:
    store.create_run(QUEUED, [], {})
    queue.admit(DECIDE, ME, 20.0)
    store.request_cancel("r")
    store.commit("r", 1, 21.0, [RunChanged("cancelled", "enough")])
    store.commit("r", 1, 22.0, [RunChanged("queued", "once more")])
    run = store.run("r")
    assert run is not None
    assert (run.status, run.ended, run.cancel, run.began) == ("queued", None, False, 20.0)
    assert queue.admit(DECIDE, ME, 23.0) == [("r", 2)]


def test_an_admission_waits_for_one_that_has_begun(
    store: RunStore, queue: AdmissionStore, place: str
) -> None:
    for name in "ab":
        store.create_run(replace(QUEUED, id=name), [], {})
    set_quota(store, runs=1)

    def elsewhere() -> list[tuple[str, int]]:
        other = RunStore(place)
        admitted = AdmissionStore(other.database).admit(DECIDE, ME, 20.0)
        other.close()
        return admitted

    with ThreadPoolExecutor(1) as pool:
        later: list[Future[list[tuple[str, int]]]] = []

        def decide(*seen: Any) -> list[Admission]:
            later.append(pool.submit(elsewhere))
            with pytest.raises(TimeoutError):
                later[0].result(0.5)
            return DECIDE(*seen)

        assert queue.admit(decide, ME, 20.0) == [("a", 1)]
        assert later[0].result(10) == []


def test_servers_that_admit_at_once_admit_each_run_once_and_never_too_many(
    store: RunStore, place: str
) -> None:
    """200 runs, a quota of 7: four servers admit and end them, each in its own thread."""
    for number in range(200):
        store.create_run(replace(QUEUED, id=f"r{number}", demand={}), [], {})
    set_quota(store, runs=7)

    def serve(pid: int) -> list[str]:
        own = RunStore(place)
        queue, mine = AdmissionStore(own.database), list[str]()
        while queue.count_waiting("default"):
            admitted = queue.admit(ANY, Master(pid, "1", "boot"), 20.0)
            assert queue.usage("default").runs <= 7
            for run, epoch in admitted:
                own.commit(run, epoch, 21.0, [RunChanged("succeeded")])
            mine += [run for run, _ in admitted]
        own.close()
        return mine

    with ThreadPoolExecutor(4) as pool:
        started = [run for part in pool.map(serve, range(1, 5)) for run in part]
    assert sorted(started) == sorted(f"r{number}" for number in range(200))
    for number in range(200):
        assert kinds(store, f"r{number}") == [
            (2, "RunChanged", "running"), (3, "RunChanged", "succeeded"),
        ]  # fmt: skip


def test_a_run_of_another_home_is_not_admitted_here_but_counts(
    postgres: Server, tmp_path: Path
) -> None:
    url = postgres.new()
    homes = [tmp_path / "one", tmp_path / "two"]
    for home in homes:
        home.mkdir()
    one, two = (RunStore(url, str(home)) for home in homes)
    set_quota(one, runs=1)
    one.create_run(QUEUED, [], {})
    assert AdmissionStore(two.database).admit(DECIDE, ME, 20.0) == []
    assert [each.id for each in AdmissionStore(two.database).waiting("default", 9)] == ["r"]
    assert AdmissionStore(one.database).admit(DECIDE, ME, 20.0) == [("r", 1)]
    two.create_run(replace(QUEUED, id="s"), [], {})
    assert AdmissionStore(two.database).admit(DECIDE, ME, 21.0) == []
    set_quota(one, runs=2)
    assert AdmissionStore(two.database).admit(DECIDE, ME, 22.0) == [("s", 1)]
    run = two.run("s")
    assert run is not None
    assert run.allotment["gpus"] == [0]  # each home has a machine of its own
    one.close()
    two.close()
