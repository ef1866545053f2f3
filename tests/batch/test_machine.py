"""The rules of shards, one by one."""

from __future__ import annotations

import pytest

from millwork.batch.machine import FIRST_LEASE, LEAST_LEASE
from tests.batch.desk import Desk

pytestmark = pytest.mark.quick


# --- leases -------------------------------------------------------------------------------------


def test_shards_are_leased_in_order_and_done_once() -> None:
    desk = Desk(2)
    first, second = desk.one("a"), desk.one("b")
    assert (first.shard, first.attempt, second.shard) == (0, 0, 1)
    assert first.token.endswith("-0")
    assert desk.done(first, second) == (True, True)
    assert desk.machine.verdict is not None
    assert desk.machine.verdict.name == "succeeded"
    assert desk.ask("a").is_over


def test_a_batch_without_shards_has_succeeded() -> None:
    desk = Desk(0)
    assert desk.machine.is_over
    assert desk.ask("a").is_over


def test_a_result_sent_again_is_answered_as_before_and_counted_once() -> None:
    desk = Desk(2)
    grant = desk.one("a")
    assert desk.done(grant, ok=5) == (True,)
    assert desk.done(grant, ok=5) == (True,)
    assert desk.machine.status(desk.now).items == 5
    desk.restart()
    assert desk.done(grant, ok=5) == (True,)
    assert not desk.ledger.refused


@pytest.mark.parametrize("token", ["", "x-0", "t0-7", "x", "t0--1", "t-" + "9" * 40, "-²"])
def test_a_token_that_nobody_was_given_is_refused(token: str) -> None:
    desk = Desk(1)
    desk.one("a")
    assert desk.done(token) == (False,)
    desk.fail(token)
    assert desk.renew("a", token).lost == (token,)
    assert desk.ledger.refused == [token]
    assert desk.status(0) == "leased"


def test_several_leases_a_call_once_the_speed_is_known() -> None:
    desk = Desk(1000)
    assert len(desk.take("a", 8)) == 1, "nobody knows how long it takes"
    desk.now = 0.01
    desk.done("t0-0")
    assert len(desk.take("a", 8)) == 8
    assert len(desk.take("b", 8)) == 1


def test_long_shards_are_leased_one_by_one() -> None:
    desk = Desk(1000)
    desk.work("a", 3, seconds=5)
    assert len(desk.take("a", 8)) == 1


def test_near_the_end_leases_get_smaller() -> None:
    desk = Desk(100)
    sizes: list[int] = []
    for worker in "ab":
        desk.work(worker, 1, seconds=0.01)
    while not desk.machine.is_over and len(sizes) < 100:
        for worker in "ab":
            grants = desk.take(worker, 16)
            sizes.append(len(grants))
            desk.now += 0.01 * len(grants)
            desk.done(*grants)
    sizes = [size for size in sizes if size]
    assert sizes[0] == 16
    assert sizes[-3:] == [1, 1, 1]
    assert sizes == sorted(sizes, reverse=True)


def test_what_was_lost_on_its_way_is_given_again() -> None:
    desk = Desk(3)
    grant = desk.one("a")
    again = desk.ask("a", held=[])
    assert [each.token for each in again.grants] == [grant.token]
    assert not again.changes
    other = desk.ask("a", held=[grant.token]).grants[0]
    assert other.shard == 1


# --- time ---------------------------------------------------------------------------------------


def test_a_lease_that_is_not_renewed_expires() -> None:
    desk = Desk(1)
    grant = desk.one("a")
    assert grant.seconds == FIRST_LEASE
    assert desk.machine.next_deadline() == FIRST_LEASE
    desk.wait(FIRST_LEASE - 1)
    assert desk.renew("a", grant).ok == (grant.token,)
    desk.wait(FIRST_LEASE - 1)
    assert desk.status(0) == "leased"
    desk.wait(1)
    assert desk.status(0) == "todo"
    assert desk.woken
    assert desk.machine.next_deadline() is None
    assert desk.one("b").seconds == 2 * FIRST_LEASE


def test_who_renews_an_expired_lease_is_told_that_it_is_lost() -> None:
    desk = Desk(1)
    grant = desk.one("a")
    desk.wait(FIRST_LEASE)
    assert desk.renew("a", grant).lost == (grant.token,)
    assert desk.done(grant) == (False,)


def test_of_a_late_worker_and_its_successor_the_first_is_accepted() -> None:
    desk = Desk(1)
    late = desk.one("a")
    desk.wait(FIRST_LEASE)
    second = desk.one("b")
    assert desk.done(late) == (True,)
    assert desk.renew("b", second).lost == (second.token,)
    assert desk.done(second) == (False,)
    assert desk.ledger.refused == [second.token]


def test_a_late_result_of_a_shard_that_nobody_has_taken_up_is_accepted() -> None:
    desk = Desk(2)
    late = desk.one("a")
    desk.wait(FIRST_LEASE)
    desk.restart()
    assert desk.done(late) == (True,)
    assert desk.one("b").shard == 1


def test_leases_are_as_long_as_shards_take() -> None:
    desk = Desk(100)
    desk.work("a", 3, seconds=100)
    assert 300 <= desk.one("a").seconds <= 330
    quick = Desk(100)
    quick.work("a", 3, seconds=0.1)
    assert quick.one("a").seconds == LEAST_LEASE


def test_of_another_the_lease_is_not_renewed() -> None:
    desk = Desk(1)
    grant = desk.one("a")
    assert desk.renew("b", grant).lost == (grant.token,)
    assert desk.renew("a", grant).ok == (grant.token,)


# --- workers that go ----------------------------------------------------------------------------


def test_the_shards_of_a_lost_worker_go_back_at_once() -> None:
    desk = Desk(1)
    grant = desk.one("a")
    assert desk.ask("b").again_at is None
    desk.lost("a")
    assert desk.woken
    again = desk.one("b")
    assert (again.shard, again.attempt) == (0, 1)
    assert desk.done(grant) == (False,)
    assert desk.done(again) == (True,)


def test_what_was_lost_is_leased_alone() -> None:
    desk = Desk(200)
    desk.work("a", 2, seconds=0.01)
    desk.work("b", 2, seconds=0.01)
    held = desk.take("a", 8)
    assert len(held) == 8
    desk.lost("a")
    got = [desk.take("b", 8) for _ in range(3)]
    assert [len(each) for each in got] == [1, 8, 8], "and none is added to what it holds"
    desk.done(*(grant for each in got for grant in each))
    for grant in held[1:]:
        (again,) = desk.take("b", 8)
        assert again.shard == grant.shard
        desk.done(again)
    assert len(desk.take("b", 8)) == 8


def test_a_shard_that_kills_its_workers_fails_for_good_with_few_neighbours_harmed() -> None:
    desk = Desk(40, max_lost=3)
    desk.work("a", 1, seconds=0.01)
    poison = 5
    for _ in range(200):
        if desk.machine.is_over:
            break
        grants = desk.take("a", 8)
        desk.now += 0.01
        if any(grant.shard == poison for grant in grants):
            desk.lost("a")
        else:
            desk.done(*grants)
    assert desk.status(poison) == "failed"
    assert desk.ledger.row(poison).error == "it was lost with its worker 4 times"
    others = [desk.ledger.row(shard) for shard in range(40) if shard != poison]
    assert all(row.status == "done" and row.losses <= 1 for row in others)


def test_a_worker_that_leaves_gives_back_without_blame() -> None:
    desk = Desk(1, max_lost=0)
    desk.one("a")
    desk.left("a")
    assert desk.ledger.row(0).losses == 0
    assert desk.one("b").attempt == 1


def test_who_was_never_heard_of_may_be_lost() -> None:
    desk = Desk(1)
    desk.lost("nobody")
    assert desk.one("a").shard == 0


# --- failures -----------------------------------------------------------------------------------


def test_a_failed_shard_is_tried_on_another_worker() -> None:
    desk = Desk(3)
    bad = desk.one("a")
    other = desk.one("b")
    desk.fail(bad)
    assert desk.woken
    assert desk.one("a").shard == 2, "a has failed at it, and there is b"
    desk.done(other)
    assert desk.one("b").shard == 0


def test_where_there_is_no_other_worker_it_is_tried_on_the_same() -> None:
    desk = Desk(1)
    for attempt in range(3):
        grant = desk.one("a")
        assert grant.attempt == attempt
        desk.fail(grant, f"boom {attempt}")
    assert desk.status(0) == "failed"
    assert [each.error for each in desk.ledger.errors] == ["boom 0", "boom 1", "boom 2"]
    assert desk.machine.verdict is not None
    assert desk.machine.verdict.name == "succeeded", "Azure ML ignores failures by default"
    assert desk.machine.verdict.reason == "shard 0 failed"


def test_if_the_others_do_not_come_for_it_the_same_gets_it_after_a_minute() -> None:
    desk = Desk(2)
    bad, _held = desk.one("a"), desk.one("b")
    desk.fail(bad)
    answer = desk.ask("a")
    assert (answer.grants, answer.again_at) == ((), 60)
    desk.now = 60
    assert desk.one("a").shard == 0


def test_what_is_not_retryable_fails_at_once() -> None:
    desk = Desk(1)
    desk.fail(desk.one("a"), retryable=False)
    assert desk.status(0) == "failed"


def test_a_machine_that_fails_at_everything_does_not_get_everything() -> None:
    desk = Desk(1000)
    good = desk.one("good")
    for _ in range(100):
        for grant in desk.take("bad", 8):
            desk.fail(grant)
    assert len(desk.ledger.shards) == 1 + 32
    desk.done(good)
    for _ in range(32):
        desk.done(desk.one("good"))
    assert desk.one("bad").shard == 33


def test_a_failure_said_twice_counts_once() -> None:
    desk = Desk(1, max_retries=1)
    grant = desk.one("a")
    desk.fail(grant)
    desk.fail(grant)
    assert desk.ledger.row(0).failures == 1


def test_a_restored_machine_knows_where_a_shard_has_failed() -> None:
    desk = Desk(3)
    bad, _held = desk.one("a"), desk.one("b")
    desk.fail(bad)
    desk.restart()
    assert desk.ledger.row(0).failed_on == ("a",)
    desk.ask("b", held=None)
    assert desk.status(0) == "leased", "b is asked first, and gets it"
    desk.restart()
    assert desk.one("a").shard == 2
