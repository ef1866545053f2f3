"""One batch at work: what shards consist of, who is gone, what the run is told, another master."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest

from millwork.batch.changes import BatchJudged, ShardFailed, ShardsCut, ShardsLeased
from millwork.batch.cuts import TARGET
from millwork.batch.decision import Result
from millwork.batch.desk import Desk, Kept, Terms
from millwork.batch.machine import FIRST_LEASE
from millwork.batch.rules import Rules
from millwork.ports.leases import News
from tests.batch.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from millwork.batch.decision import Grant, LeaseAnswer

pytestmark = pytest.mark.quick


@dataclass
class Numbers:
    """A layout whose atoms are numbers."""

    total: int
    items: Sequence[int] | int = 1

    def entry(self, first: int, count: int = 1, root: str = "") -> dict[str, Any]:
        return {"files": [f"{root}/{atom}" for atom in range(first, first + count)]}


@dataclass
class Office:
    """A desk, and what is kept of it; `restart` is another service in the place of the first."""

    layout: Numbers
    by_speed: bool = False
    rules: Rules = field(default_factory=Rules)
    seats: int = 4
    now: float = 0.0

    def __post_init__(self) -> None:
        self.ledger, self.cuts = Ledger(), list[ShardsCut]()
        self.gone: dict[str, bool] = {}
        self.places: list[str] = []
        self._numbers = count()
        self.restart()

    def restart(self) -> None:
        terms = Terms(
            self.layout, self.rules, "/in", self.by_speed, lambda: f"t{next(self._numbers)}",
            lambda replica: f"log of {replica}",
        )  # fmt: skip
        kept = Kept(
            iter([*self.ledger.shards.values()]), [*self.ledger.leases.values()], [*self.cuts],
            self.ledger.verdict,
        )  # fmt: skip
        self.desk = Desk(terms, kept, self.gone, self.now)
        self.keep()

    def keep(self) -> None:
        """As the service: what was decided is kept, and then answered."""
        changes, self.desk.changes = self.desk.changes, []
        self.cuts += [change for change in changes if isinstance(change, ShardsCut)]
        for change in changes:
            if isinstance(change, ShardFailed):
                self.places.append(change.place)
            if isinstance(change, ShardsLeased):
                known = sum(cut.count for cut in self.cuts) if self.by_speed else self.layout.total
                assert all(lease.shard < known for lease in change.leases), "cut first"
        self.ledger.keep(changes)

    def ask(self, worker: str, most: int = 1, held: list[str] | None = None) -> LeaseAnswer:
        answer = self.desk.lease(worker, most, held, self.now)
        self.keep()
        return answer

    def one(self, worker: str) -> Grant:
        (grant,) = self.ask(worker).grants
        return grant

    def files(self, grant: Grant) -> list[str]:
        files: list[str] = self.desk.told(grant)["files"]
        return files

    def done(self, *grants: Grant, ok: int = 1, failed: int = 0) -> tuple[bool, ...]:
        answer = self.desk.done([Result(each.token, ok, failed) for each in grants], self.now)
        self.keep()
        return answer.accepted

    def fail(self, grant: Grant, *, retryable: bool = True) -> None:
        self.desk.fail(grant.token, "boom", self.now, retryable=retryable)
        self.keep()

    def leave(self, replica: str, *, is_lost: bool) -> bool:
        self.gone[replica] = is_lost
        decision = self.desk.gone(replica, self.now, is_lost=is_lost)
        self.keep()
        return decision.wakes

    def wait(self, seconds: float) -> None:
        self.now += seconds
        self.desk.tick(self.now)
        self.keep()

    @property
    def news(self) -> News:
        return self.desk.news(self.now, self.seats)


# --- what shards consist of ---------------------------------------------------------------------


def test_a_worker_is_told_what_a_shard_consists_of() -> None:
    office = Office(Numbers(2))
    grant = office.one("worker-0/7")
    assert office.desk.told(grant) == {
        "id": "0", "attempt": 0, "token": grant.token, "seconds": FIRST_LEASE, "files": ["/in/0"],
    }  # fmt: skip


def test_shards_grow_with_the_speed_and_shrink_to_the_end() -> None:
    office = Office(Numbers(10_000), by_speed=True)
    sizes, atoms = list[int](), list[str]()
    while not (answer := office.ask("worker-0/7")).is_over:
        (grant,) = answer.grants
        atoms += office.files(grant)
        sizes.append(len(office.files(grant)))
        office.now += sizes[-1] * 0.05
        assert office.done(grant, ok=sizes[-1]) == (True,)
    assert atoms == [f"/in/{atom}" for atom in range(10_000)], "each once, in order"
    assert max(sizes) == pytest.approx(TARGET / 0.05, abs=1)
    assert (sizes[0], sizes[-1]) == (1, 1)
    assert office.news.verdict == "succeeded"
    seen = office.desk.status(office.now)
    assert (seen.items, seen.uncut, seen.total) == (10_000, 0, len(sizes))


def test_it_is_cut_for_those_that_are_there() -> None:
    office = Office(Numbers(1000), by_speed=True)
    grants = [office.one(f"worker-{place}/1") for place in range(3)]
    office.now += 1
    for grant in grants:
        office.done(grant)
    office.one("worker-0/1")
    assert office.cuts[-1] == ShardsCut(3, 3, 2, 3)
    assert office.desk.status(office.now).uncut == 1000 - 9


def test_what_one_worker_may_not_try_does_not_keep_it_from_what_is_not_cut_yet() -> None:
    """A shard that failed here waits for another worker; there are atoms enough meanwhile."""
    office = Office(Numbers(1000), by_speed=True)
    bad, _held = office.one("worker-0/1"), office.one("worker-1/1")
    office.fail(bad)
    assert office.one("worker-0/1").shard == 2
    office.restart()
    assert office.one("worker-0/1").shard == 3


def test_who_fails_at_everything_does_not_cut_everything_up() -> None:
    office = Office(Numbers(1000), by_speed=True)
    office.one("worker-1/1")
    for _ in range(200):
        for grant in office.ask("worker-0/1").grants:
            office.fail(grant)
    assert sum(cut.count for cut in office.cuts) < 40


def test_items_count_where_a_shard_fails_for_good() -> None:
    layout = Numbers(3, [5, 7, 100])
    office = Office(layout, rules=Rules(error_threshold=12))
    for _ in range(2):
        office.fail(office.one("worker-0/1"), retryable=False)
    assert office.news.verdict == ""
    office.fail(office.one("worker-0/1"), retryable=False)
    assert office.news.reason.endswith("failed: 112 items, error_threshold is 12")


@pytest.mark.parametrize("items", [2, [2] * 40])
def test_items_of_joined_shards_are_added_up(items: list[int] | int) -> None:
    office = Office(Numbers(40, items), by_speed=True, rules=Rules(error_threshold=5))
    for shard, failed in ((0, 2), (1, 6)):
        assert not office.news.verdict
        grant = office.one("worker-0/1")
        assert grant.shard == shard
        if shard == 0:
            office.now += 1
            office.done(grant, ok=0, failed=failed)
        else:
            assert len(office.files(grant)) == 2
            office.fail(grant, retryable=False)
    assert office.news.reason == "shard 1 failed: 6 items, error_threshold is 5"
    office.restart()
    assert office.news.reason == "shard 1 failed: 6 items, error_threshold is 5"


def test_nothing_is_cut_when_it_is_over() -> None:
    office = Office(Numbers(40), by_speed=True, rules=Rules(mini_batch_error_threshold=0))
    office.fail(office.one("worker-0/1"), retryable=False)
    assert office.ask("worker-1/1").is_over
    assert len(office.cuts) == 1


def test_where_its_log_was_is_kept_with_a_failure() -> None:
    office = Office(Numbers(1))
    office.fail(office.one("worker-0~2/77"))
    assert office.places == ["log of worker-0~2"]


# --- workers that go ----------------------------------------------------------------------------


def test_all_processes_of_a_replica_go_with_it() -> None:
    office = Office(Numbers(4))
    lost = [office.one("worker-0/1"), office.one("worker-0/2")]
    kept = office.one("worker-0~1/1"), office.one("worker-00/1")
    assert office.leave("worker-0", is_lost=True)
    assert [office.ledger.row(grant.shard).losses for grant in lost] == [1, 1]
    assert office.done(*lost) == (False, False)
    assert office.done(*kept) == (True, True)
    assert [office.one(f"worker-1/{pid}").shard for pid in (1, 2)] == [0, 1]


def test_who_has_ended_gets_nothing_more() -> None:
    office = Office(Numbers(4))
    office.leave("worker-0", is_lost=False)
    assert office.ask("worker-0/9").is_over, "an orphan of it"
    assert office.ledger.leases == {}
    office.restart()
    assert office.ask("worker-0/9").is_over
    assert office.one("worker-0~1/9").shard == 0


def test_who_left_is_not_blamed() -> None:
    office = Office(Numbers(1), rules=Rules(max_lost=0))
    office.one("worker-0/1")
    office.leave("worker-0", is_lost=False)
    assert office.ledger.row(0).losses == 0
    assert office.one("worker-1/1").attempt == 1


def test_another_service_takes_back_what_those_had_that_ended_meanwhile() -> None:
    office = Office(Numbers(3), rules=Rules(max_lost=0))
    lost, left = office.one("worker-0/1"), office.one("worker-1/1")
    office.gone = {"worker-0": True, "worker-1": False}
    office.restart()
    assert office.ledger.row(lost.shard).status == "failed"
    assert office.ledger.row(left.shard).status == "todo"
    assert office.news.live == 0


# --- what a run is told -------------------------------------------------------------------------


def test_as_many_are_wanted_as_find_work() -> None:
    office = Office(Numbers(6))
    assert office.news == News(4, 0), "there are four seats"
    for place in range(4):
        office.one(f"worker-{place}/1")
    assert office.news == News(2, 4)
    office.one("worker-0/2")
    office.one("worker-0/3")
    assert office.news == News(0, 4), "three workers in one replica"
    office.leave("worker-0", is_lost=True)
    assert office.news == News(3, 3)


def test_what_is_not_cut_is_work_too() -> None:
    office = Office(Numbers(6), by_speed=True)
    assert office.news == News(4, 0)
    office.one("worker-0/1")
    assert office.news == News(4, 1)
    for place in range(1, 6):
        office.one(f"worker-{place}/1")
    assert office.news == News(0, 6)


def test_one_who_is_silent_is_not_about_to_start() -> None:
    """Its lease has expired, and its process is still there: another is needed for the work."""
    office = Office(Numbers(1))
    office.one("worker-0/1")
    office.wait(FIRST_LEASE)
    assert office.news == News(1, 1)
    office.restart()
    assert office.news == News(1, 1)
    office.leave("worker-0", is_lost=True)
    assert office.news == News(1, 0)


def test_an_idle_worker_is_counted_until_it_has_ended() -> None:
    office = Office(Numbers(1))
    grant = office.one("worker-0/1")
    assert [office.ask(f"worker-{place}/1").is_over for place in (1, 2)] == [False, True]
    assert office.news == News(0, 3)
    office.leave("worker-2", is_lost=False)
    assert office.news == News(0, 2)
    office.done(grant)
    assert office.news == News(0, 2, "succeeded")


def test_who_still_works_on_what_nobody_wants_is_named_after_a_second() -> None:
    office = Office(Numbers(4), rules=Rules(mini_batch_error_threshold=0))
    for worker in ("worker-1/1", "worker-1/2", "worker-2/1"):
        office.one(worker)
    office.fail(office.one("worker-0/1"), retryable=False)
    assert (office.news.verdict, office.news.vain) == ("failed", ())
    assert office.ask("worker-0/1").is_over
    assert office.ask("worker-1/1").is_over, "but not its other process"
    assert office.desk.next_deadline() == office.now + 1
    office.wait(1)
    assert office.news.vain == ("worker-1", "worker-2")
    assert office.desk.next_deadline() is None
    assert office.news == News(0, 3, "failed", office.news.reason), "said once"


def test_a_batch_of_nothing_has_succeeded() -> None:
    for by_speed in (False, True):
        office = Office(Numbers(0), by_speed=by_speed)
        assert office.news == News(0, 0, "succeeded")
        assert office.ask("worker-0/1").is_over


# --- another service ----------------------------------------------------------------------------


def test_another_service_goes_on_with_what_was_cut() -> None:
    office = Office(Numbers(1000), by_speed=True)
    first = office.one("worker-0/1")
    office.now += 1
    office.done(first)
    held = office.one("worker-0/1")
    files = office.files(held)
    office.restart()
    assert office.files(held) == files
    assert office.done(held, ok=len(files)) == (True,)
    following = office.one("worker-0/1")
    assert office.files(following)[0] == f"/in/{1 + len(files)}"
    assert len(office.files(following)) > 1, "it knows how fast they were"


def test_a_verdict_stays() -> None:
    office = Office(Numbers(2), rules=Rules(mini_batch_error_threshold=0))
    office.fail(office.one("worker-0/1"), retryable=False)
    news = office.news
    office.restart()
    assert (office.news.verdict, office.news.reason) == (news.verdict, news.reason)
    assert office.ask("worker-1/1").is_over


def test_changes_are_in_the_order_in_which_they_were_decided() -> None:
    office = Office(Numbers(2), by_speed=True)
    office.desk.lease("worker-0/1", 1, None, 0.0)
    answer = office.desk.lease("worker-1/1", 1, None, 0.0)
    office.desk.done([Result(answer.grants[0].token)], 1.0)
    office.desk.fail("t0-0", "x", 1.0, retryable=False)
    kinds = [type(change).__name__ for change in office.desk.changes]
    assert kinds == [
        "ShardsCut", "ShardsLeased", "ShardsCut", "ShardsLeased", "ShardsDone", "ShardFailed",
        "BatchJudged",
    ]  # fmt: skip
    assert isinstance(office.desk.changes[-1], BatchJudged)
