"""The shards of batches in the database: what is written, comes back; what is old, is refused."""

from __future__ import annotations

import sqlite3
import tempfile
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millwork.base.errors import Fenced, MillworkError
from millwork.batch.changes import (
    BatchJudged,
    Done,
    Leased,
    LeaseRow,
    Returned,
    ShardFailed,
    ShardRow,
    ShardsCut,
    ShardsDone,
    ShardsLeased,
    ShardsReturned,
)
from millwork.batch.records import Accepted, BatchRow
from millwork.batch.rules import Verdict
from millwork.ports import Master, RunRow, StepRow
from millwork.store import queries
from millwork.store.runs import RunStore
from millwork.store.shards import ShardStore
from tests.batch.desk import Desk
from tests.batch.test_histories import EVENTS, RULES, World

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from millwork.batch.changes import Change
    from millwork.batch.decision import Decision
    from tests.store.server import Server

RUN = RunRow("r", "r", "c", "1.0.0", "running", 0.0, master=Master(1, "1", "boot"), epoch=3)
_MEMORY = "/dev/shm"
CUT = ShardsCut(0, 0, 1, 5)
LEASED = ShardsLeased("w-0/1", (Leased(0, 0, "a-0"), Leased(1, 0, "a-1")), 7.0)


def _home(path: str) -> RunStore:
    store = RunStore(path)
    store.create_run(RUN, [StepRow("s", 0, "running", spec={})], {})
    return store


@pytest.fixture
def runs(place: str) -> Iterator[RunStore]:
    store = _home(place)
    yield store
    store.close()


@pytest.fixture
def shards(runs: RunStore, place: str) -> Iterator[ShardStore]:
    store = ShardStore(place)
    yield store
    store.close()


@pytest.fixture
def batch(shards: ShardStore) -> BatchRow:
    return shards.begin("r", 3, "s", "r-1", "/layout")


def _keep(store: ShardStore, batch: BatchRow, *changes: Change, now: float = 1.0) -> None:
    store.commit("r", 3, now, [(batch.id, changes)])


def _rows(store: ShardStore, batch: BatchRow) -> tuple[list[ShardRow], list[LeaseRow]]:
    kept = store.kept(batch)
    return [*kept.shards], [*kept.leases]


def _done(shard: int, token: str, **more: Any) -> ShardsDone:
    return ShardsDone((replace(Done(shard, 0, token, "w-0/1", 3, 1, 2.5), **more),))


def _failed(shard: int, token: str, **more: Any) -> ShardFailed:
    return replace(ShardFailed(shard, 0, token, "w-0/1", "boom", 1, 0, "todo", "log:7"), **more)


# --- random histories ---------------------------------------------------------------------------


class _KeptDesk(Desk):
    """A desk whose changes go to a database as well, from which its successor is restored."""

    def __init__(self, store: ShardStore, batch: BatchRow, total: int, **rules: Any) -> None:
        self.store, self.batch = store, batch
        super().__init__(total, **rules)

    def _keep(self, decision: Decision) -> None:
        super()._keep(decision)
        self.store.commit("r", 3, 0.0, [(self.batch.id, decision.changes)])
        self.compare()

    def restart(self) -> None:
        found = self.store.batch("r", "s")
        assert found is not None
        self.batch = found
        self.machine = self._made()
        kept = self.store.kept(found)
        self.machine.restore(kept.shards, kept.leases, kept.verdict, self.now)
        self._keep(self.machine.start())

    def compare(self) -> None:
        """What comes back is what the ledger has.

        A shard that is leased is `todo`, and so is its row if it has one; how many leases it has
        had is told by that row and by the leases together, unless it has ended.
        """
        ledger = self.ledger
        shards, leases = _rows(self.store, self.batch)
        assert {each.token: each for each in leases} == ledger.leases
        told = {row.shard: row for row in shards}
        assert len(told) == len(shards)
        for shard, row in ledger.shards.items():
            found = told.pop(shard, ShardRow(shard, "todo", 0))
            status = "todo" if row.status == "leased" else row.status
            numbers = [lease.attempt + 1 for lease in ledger.of(shard)]
            attempts = max([found.attempts, *numbers])
            assert attempts == row.attempts or (row.status in ("done", "failed"))
            assert found == row._replace(status=status, attempts=found.attempts)
        assert not told, "there are no others"


def _history(
    place: str, total: int, rules: dict[str, Any], events: list[tuple[Any, ...]], grows: bool
) -> None:
    runs, store = _home(place), ShardStore(place)
    try:
        batch = store.begin("r", 3, "s", "r-1", "/layout")
        world = World(0, {})
        desk = world.desk = _KeptDesk(store, batch, total, is_whole=not grows, **rules)
        for event in events:
            world.do(event)
        world.finish()
        found = store.batch("r", "s")
        assert found is not None
        assert desk.ledger.verdict == Verdict(found.verdict or "failed", found.reason)
        rows = desk.ledger.shards.values()
        done = [row for row in sorted(rows) if row.status == "done"]
        failed = [row for row in sorted(rows) if row.status == "failed" or row.is_partial]
        assert [*store.accepted(found)] == [Accepted(r.shard, r.token, "r-1") for r in done]
        failures = store.failures(found)
        assert [(f["shard"], f["error"], tuple(f["workers"])) for f in failures] == [
            (row.shard, _told(row), row.failed_on) for row in failed
        ]
        assert store.counts(found) == {
            "done": len(done), "failed": sum(row.status == "failed" for row in rows),
            "items": sum(row.ok for row in rows),
            "failed_items": sum(row.bad for row in rows),
            "failures": sum(row.failures for row in rows),
            "losses": sum(row.losses for row in rows),
        }  # fmt: skip
    finally:
        store.close()
        runs.close()


@pytest.mark.quick
@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.integers(0, 7), RULES, EVENTS, st.booleans())
def test_what_comes_back_is_what_was_decided(
    total: int, rules: dict[str, Any], events: list[tuple[Any, ...]], grows: bool
) -> None:
    with tempfile.TemporaryDirectory(dir=_MEMORY if Path(_MEMORY).is_dir() else None) as folder:
        _history(f"{folder}/millwork.db", total, rules, events, grows)


@settings(max_examples=20, derandomize=True, deadline=None)
@given(total=st.integers(0, 7), rules=RULES, events=EVENTS, grows=st.booleans())
def test_what_comes_back_from_postgresql_is_what_was_decided(
    postgres: Server, total: int, rules: dict[str, Any], events: list[tuple[Any, ...]], grows: bool
) -> None:
    _history(postgres.new(), total, rules, events, grows)


# --- one by one ---------------------------------------------------------------------------------


def test_a_batch_comes_back(shards: ShardStore, batch: BatchRow) -> None:
    assert batch == BatchRow(batch.id, "r", "s", "r-1", "/layout")
    assert shards.begin("r", 3, "s", "r-1", "/elsewhere") == batch, "where it was"
    assert (shards.batch("r", "s"), shards.batch("r", "x")) == (batch, None)
    other = shards.begin("r", 3, "t", "r-2", "/other")
    assert shards.batches("r") == [batch, other]
    assert shards.batches("q") == []


def test_cuts_come_back_in_order(shards: ShardStore, batch: BatchRow) -> None:
    _keep(shards, batch, CUT, ShardsCut(5, 5, 10, 2))
    assert shards.kept(batch).cuts == [CUT, ShardsCut(5, 5, 10, 2)]
    cuts = shards.cuts(batch, 30)
    assert (cuts.total, cuts.left, cuts.atoms_of(6)) == (7, 5, (15, 10))
    with pytest.raises(MillworkError):
        _keep(shards, batch, CUT)


def test_where_nothing_was_cut_each_atom_is_a_shard(shards: ShardStore, batch: BatchRow) -> None:
    assert shards.cuts(batch, 30).atoms_of(29) == (29, 1)


def test_batches_do_not_mix(shards: ShardStore, batch: BatchRow) -> None:
    other = shards.begin("r", 3, "t", "r-2", "/other")
    for each in (batch, other):
        _keep(shards, each, CUT, LEASED)
    _keep(shards, batch, _done(0, "a-0"), BatchJudged("failed", "why"))
    assert _rows(shards, other) == ([], [*map(_lease, (0, 1))])
    assert shards.batch("r", "t") == other
    assert shards.counts(other)["done"] == 0


def _lease(shard: int) -> LeaseRow:
    return LeaseRow(shard, 0, f"a-{shard}", "w-0/1", 7.0)


def test_an_accepted_result_is_of_the_attempt_that_made_it(
    shards: ShardStore, batch: BatchRow
) -> None:
    _keep(shards, batch, LEASED, _done(1, "a-1"))
    later = shards.begin("r", 3, "s", "r-2", "/anew")
    assert later == replace(batch, attempt="r-2"), "it goes on with the same layout"
    _keep(shards, later, LEASED, _done(0, "a-0"))
    assert [*shards.accepted(later)] == [Accepted(0, "a-0", "r-2"), Accepted(1, "a-1", "r-1")]


def test_a_later_attempt_keeps_what_is_done_and_forgets_the_rest(
    shards: ShardStore, batch: BatchRow
) -> None:
    tries = tuple(Leased(shard, 0, f"a-{shard}") for shard in range(5))
    _keep(shards, batch, CUT, ShardsLeased("w-0/1", tries, 7.0), _done(0, "a-0"))
    _keep(shards, batch, _failed(1, "a-1"), _failed(2, "a-2", status="failed"))
    _keep(shards, batch, ShardsReturned("w-0/1", "lost", (Returned(3, "a-3", 1, "todo"),)))
    _keep(shards, batch, BatchJudged("failed", "too many"))
    later = shards.begin("r", 3, "s", "r-2", "/anew")
    kept = shards.kept(later)
    assert (kept.verdict, [*kept.leases]) == (None, [])
    assert [(row.shard, row.status) for row in kept.shards] == [(0, "done")]
    assert kept.cuts == [CUT]
    assert shards.failures(later) == []


def test_when_its_layout_is_gone_a_batch_starts_over(shards: ShardStore, batch: BatchRow) -> None:
    _keep(shards, batch, CUT, LEASED, _done(0, "a-0"), BatchJudged("failed", "x"))
    over = shards.batch("r", "s")
    assert over is not None
    assert (over.verdict, over.reason) == ("failed", "x")
    anew = shards.start_over(3, over, "/anew")
    assert anew == shards.batch("r", "s") == replace(batch, layout="/anew")
    kept = shards.kept(anew)
    assert ([*kept.shards], [*kept.leases], kept.cuts, kept.verdict) == ([], [], [], None)


def test_an_old_master_writes_nothing(shards: ShardStore, batch: BatchRow) -> None:
    _keep(shards, batch, CUT)
    for epoch in (2, 4):
        with pytest.raises(Fenced):
            shards.commit("r", epoch, 0.0, [(batch.id, [LEASED])])
        with pytest.raises(Fenced):
            shards.begin("r", epoch, "s", "r-2", "/layout")
        with pytest.raises(Fenced):
            shards.begin("r", epoch, "t", "r-2", "/layout")
        with pytest.raises(Fenced):
            shards.start_over(epoch, batch, "/layout")
    with pytest.raises(Fenced):
        shards.begin("q", 3, "s", "r-2", "/layout")
    assert shards.batches("r") == [batch]
    assert _rows(shards, batch) == ([], [])
    assert shards.kept(batch).cuts == [CUT]


def test_once_it_was_taken_over_the_first_is_fenced_off(
    shards: ShardStore, runs: RunStore, batch: BatchRow
) -> None:
    assert runs.take_over("r", 3, Master(2, "2", "boot")) == 4
    with pytest.raises(Fenced):
        _keep(shards, batch, CUT)


def test_all_of_a_commit_is_kept_or_nothing(shards: ShardStore, batch: BatchRow) -> None:
    with pytest.raises(MillworkError):
        _keep(shards, batch, LEASED, _failed(0, "a-0", status="failed"), CUT, CUT)
    assert _rows(shards, batch) == ([], [])
    assert shards.kept(batch).cuts == []


def test_the_history_tells_of_what_failed_for_good_and_of_the_verdict(
    shards: ShardStore, runs: RunStore, batch: BatchRow
) -> None:
    before = len(runs.events("r", 0))
    _keep(shards, batch, CUT, LEASED, _done(0, "a-0"), _failed(1, "a-1"))
    assert len(runs.events("r", 0)) == before, "not of each shard"
    _keep(
        shards, batch, _failed(1, "b-1", status="failed", error="zerrissen ☃"),
        BatchJudged("failed", "1 shard failed"), now=9.0,
    )  # fmt: skip
    failed, judged = list(runs.events("r", 0))[before:]
    assert (failed["kind"], failed["time"]) == ("ShardFailed", 9.0)
    assert failed["data"]["error"] == "zerrissen ☃"
    assert "token" not in failed["data"]
    assert (judged["kind"], judged["data"]["reason"]) == ("BatchJudged", "1 shard failed")
    assert [event["seq"] for event in runs.events("r", 0)] == list(range(1, before + 3))


def _told(row: ShardRow) -> str:
    """What a failure says: of a shard that failed in part how many items did."""
    return f"{row.bad} of {row.ok + row.bad} items failed" if row.is_partial else row.error


def test_failures_come_in_pages(shards: ShardStore, batch: BatchRow) -> None:
    many = range(0, 500, 2)
    _keep(shards, batch, *(_failed(shard, f"a-{shard}", status="failed") for shard in many))
    after, found = -1, list[int]()
    while page := shards.failures(batch, after, 100):
        assert len(page) <= 100
        found += [each["shard"] for each in page]
        after = found[-1]
    assert found == [*many]
    assert shards.failures(batch, 0, 1) == [
        {
            "shard": 2, "status": "failed", "attempts": 1, "workers": ["w-0/1"], "error": "boom",
            "log": "log:7",
        }
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["", "☃", "'; DROP TABLE shard; --", '"\\', "a\nb", "x" * 9000])
def test_texts_come_back_as_they_were(shards: ShardStore, batch: BatchRow, text: str) -> None:
    _keep(shards, batch, _failed(0, "a", error=text, worker=f"w{text}", place=text))
    _keep(shards, batch, _failed(0, "b", error=text, worker="w", attempt=1, failures=2))
    (row,), _ = _rows(shards, batch)
    assert (row.error, row.failed_on) == (text, tuple(dict.fromkeys((f"w{text}", "w"))))
    assert (row.attempts, row.failures) == (2, 2)


# --- homes from before --------------------------------------------------------------------------


_FROM_BEFORE = """
PRAGMA user_version = 2;
INSERT INTO run (id, name, definition, version, status, created, master_pid, master_started,
    master_boot, epoch) VALUES ('r', 'r', 'd', '1.0.0', 'running', 1.0, 1, '1', 'b', 3);
INSERT INTO step (run, name, position, spec) VALUES ('r', 's', 0, '{}');
"""


@pytest.mark.quick
def test_a_home_from_before_batches_gets_them(tmp_path: Path) -> None:
    path = str(tmp_path / "millwork.db")
    with sqlite3.connect(path) as file:
        for script in queries.migrations()[:2]:
            file.executescript(queries.read(script))
        file.executescript(_FROM_BEFORE)
    file.close()
    store = ShardStore(path)
    batch = store.begin("r", 3, "s", "r-1", "/layout")
    _keep(store, batch, CUT, LEASED, _done(0, "a-0"))
    assert [*store.accepted(batch)] == [Accepted(0, "a-0", "r-1")]
    store.close()
    runs = RunStore(path)
    kept = runs.run("r")
    assert kept is not None
    assert (kept.id, kept.epoch, [row.name for row in runs.steps("r")]) == ("r", 3, ["s"])
    runs.close()


def test_two_processes_write_to_one_file(
    shards: ShardStore, runs: RunStore, batch: BatchRow
) -> None:
    """The master and the service number the run's events together."""
    from millwork.ports.changes import StepChanged

    numbers: Sequence[int] = range(20)
    for number, _ in zip(count(), numbers, strict=False):
        runs.commit("r", 3, 0.0, [StepChanged("s", "running", str(number))])
        _keep(shards, batch, _failed(number, f"a-{number}", status="failed"))
    kinds = [event["kind"] for event in runs.events("r", 0)]
    assert kinds[-4:] == ["StepChanged", "ShardFailed"] * 2
    assert [event["seq"] for event in runs.events("r", 0)] == list(range(1, 41))
