"""The lease machine: thresholds, copies, the end, and another master."""

from __future__ import annotations

from typing import Any

import pytest

from millwork.batch.machine import FIRST_LEASE
from tests.batch.desk import Desk

pytestmark = pytest.mark.quick


# --- thresholds ---------------------------------------------------------------------------------


def _fail_all(desk: Desk, shards: int) -> None:
    for _ in range(shards):
        desk.fail(desk.one("a"), retryable=False)


def test_thresholds_by_shards() -> None:
    desk = Desk(10, mini_batch_error_threshold=2)
    _fail_all(desk, 2)
    assert not desk.machine.is_over
    _fail_all(desk, 1)
    assert desk.ledger.verdict is not None
    assert desk.ledger.verdict.name == "failed"
    reason = "shards 0, 1, 2 failed: mini_batch_error_threshold is 2"
    assert desk.ledger.verdict.reason == reason
    assert desk.ask("a").is_over
    desk.restart()
    assert desk.machine.verdict == desk.ledger.verdict


def test_thresholds_by_items_count_those_of_failed_shards_too() -> None:
    desk = Desk(10, items=5, error_threshold=6)
    desk.done(desk.one("a"), ok=3, failed=2)
    assert not desk.machine.is_over
    _fail_all(desk, 1)
    assert desk.ledger.verdict is not None
    assert desk.ledger.verdict.reason == "shard 1 failed: 7 items, error_threshold is 6"


def test_thresholds_by_percent() -> None:
    desk = Desk(10, allowed_failed_percent=20)
    _fail_all(desk, 2)
    assert not desk.machine.is_over
    _fail_all(desk, 1)
    assert desk.ledger.verdict is not None
    assert "failed: 3 of 10 shards, allowed_failed_percent is 20" in desk.ledger.verdict.reason


def test_what_is_done_after_the_verdict_is_still_kept() -> None:
    desk = Desk(10, mini_batch_error_threshold=0)
    held = desk.one("b")
    _fail_all(desk, 1)
    assert desk.done(held) == (True,)
    assert desk.status(held.shard) == "done"


def test_a_shard_with_failed_items_is_tried_again_and_then_counts_as_failed() -> None:
    desk = Desk(1, partial_is_failure=True, max_retries=1, mini_batch_error_threshold=0)
    assert desk.done(desk.one("a"), ok=3, failed=1) == (False,)
    assert desk.ledger.errors[0].error == "1 of 4 items failed"
    last = desk.one("a")
    assert desk.done(last, ok=3, failed=1) == (True,)
    assert desk.done(last, ok=3, failed=1) == (True,)
    assert desk.status(0) == "done"
    assert desk.ledger.verdict is not None
    assert desk.ledger.verdict.name == "failed"


# --- copies -------------------------------------------------------------------------------------


def _with_straggler(**rules: Any) -> Desk:
    desk = Desk(6, **rules)
    desk.one("slow")
    desk.work("quick", 5)
    return desk


def test_a_slow_lease_gets_a_copy_and_the_first_is_accepted() -> None:
    desk = _with_straggler()
    desk.now = 5.0
    copy = desk.one("quick")
    assert (copy.shard, copy.attempt) == (0, 1)
    assert desk.ask("third").grants == (), "there is one copy at most"
    assert desk.done(copy) == (True,)
    assert desk.renew("slow", "t0-0").lost == ("t0-0",)
    assert desk.done("t0-0") == (False,)
    assert desk.machine.status(desk.now).copies == 1


def test_who_is_idle_is_told_when_there_may_be_a_copy() -> None:
    desk = Desk(5)
    desk.work("quick", 4)
    desk.one("slow")
    answer = desk.ask("quick")
    assert answer.grants == ()
    assert answer.again_at == pytest.approx(desk.now + 1.5, rel=0.1)
    desk.now = answer.again_at or 0
    assert desk.one("quick").shard == 4


def test_it_is_not_copied_when_no_copies_are_wanted() -> None:
    desk = Desk(2, speculates=False)
    desk.one("slow")
    desk.work("quick", 1)
    desk.now = 50
    assert desk.ask("quick").grants == ()


def test_what_its_holder_has_not_begun_is_taken_up_by_the_idle() -> None:
    desk = Desk(60)
    desk.work("slow", 3, seconds=0.01)
    held = desk.take("slow", 8)
    assert len(held) == 8
    while len(desk.ledger.shards) < 60:
        desk.work("quick", 1, seconds=0.01)
    copy = desk.one("quick")
    assert copy.shard == held[-1].shard
    assert desk.done(copy) == (True,)
    assert desk.one("quick").shard == held[-2].shard


def test_a_copy_that_fails_leaves_the_shard_to_the_other() -> None:
    desk = _with_straggler(max_retries=0)
    desk.now = 50.0
    desk.fail(desk.one("quick"))
    assert desk.status(0) == "leased"
    assert desk.done("t0-0") == (True,)


def test_the_last_failure_decides_once_the_other_is_lost() -> None:
    desk = _with_straggler(max_retries=0)
    desk.now = 50.0
    desk.fail(desk.one("quick"), "bad input")
    desk.lost("slow")
    assert desk.status(0) == "failed"
    assert desk.ledger.row(0).error == "bad input"


def test_what_is_not_retryable_fails_whoever_else_has_it() -> None:
    desk = _with_straggler()
    desk.now = 50.0
    desk.fail(desk.one("quick"), retryable=False)
    assert desk.status(0) == "failed"
    assert desk.done("t0-0") == (False,)


def test_who_asked_ahead_is_woken_when_it_becomes_idle() -> None:
    desk = Desk(5)
    desk.one("slow")
    desk.work("quick", 3)
    last = desk.one("quick")
    assert desk.ask("quick").grants == ()
    desk.now += 5
    desk.done(last)
    assert desk.woken
    assert desk.one("quick").shard == 0


# --- early end ----------------------------------------------------------------------------------


def test_workers_are_not_started_for_nothing() -> None:
    desk = Desk(3)
    assert desk.machine.wanted(8, desk.now) == 3
    desk.one("a")
    assert desk.machine.wanted(8, desk.now) == 2
    desk.one("b")
    desk.one("c")
    desk.ask("d")
    assert desk.machine.wanted(8, desk.now) == 0
    desk.lost("a")
    assert desk.machine.wanted(8, desk.now) == 0, "d waits for it"
    desk.lost("d")
    assert desk.machine.wanted(8, desk.now) == 1


def test_workers_that_would_come_too_late_are_not_started() -> None:
    desk = Desk(13)
    desk.work("a", 3)
    assert desk.machine.wanted(4, desk.now, startup=5) == 4
    assert desk.machine.wanted(4, desk.now, startup=20) == 0
    desk.lost("a")
    assert desk.machine.wanted(4, desk.now, startup=20) == 4, "nobody else is there"


def test_there_is_one_idle_worker_a_lease_and_the_others_may_leave() -> None:
    desk = Desk(2)
    first, _second = desk.one("a"), desk.one("b")
    assert [desk.ask(worker).is_over for worker in "cde"] == [False, False, True]
    desk.done(first)
    assert desk.ask("d").is_over
    assert not desk.ask("c").is_over
    desk.lost("b")
    assert desk.one("c").shard == 1


# --- what is seen -------------------------------------------------------------------------------


def test_status() -> None:
    desk = Desk(13)
    desk.work("a", 4)
    slow = desk.one("b")
    desk.now += 4
    desk.one("a")
    desk.renew("b", slow, items=3)
    desk.fail(desk.one("c"))
    desk.one("c")
    seen = desk.machine.status(desk.now)
    assert (seen.total, seen.todo, seen.leased, seen.done, seen.failed) == (13, 6, 3, 4, 0)
    assert (seen.items, seen.failures, seen.losses) == (7, 1, 0)
    assert [(each.shard, each.worker, each.seconds) for each in seen.stragglers] == [(4, "b", 4)]
    assert seen.seconds_left == pytest.approx(8 / 3, rel=0.1)
    a, b, _c = seen.workers
    assert (a.name, a.done, a.held, a.items) == ("a", 4, 1, 4)
    assert a.items_per_second == pytest.approx(1)
    assert b.items == 3
    assert Desk(1).machine.status(0).seconds_left is None


# --- another master -----------------------------------------------------------------------------


def test_leases_of_workers_that_live_stay_valid_under_another_master() -> None:
    desk = Desk(4)
    first, second, third = desk.one("a"), desk.one("b"), desk.one("c")
    desk.done(third)
    desk.now = 1e4
    desk.restart()
    assert desk.machine.next_deadline() == 1e4 + FIRST_LEASE
    desk.lost("b")
    assert desk.done(first) == (True,)
    assert desk.done(second) == (False,)
    assert [desk.one("a").shard, desk.one("c").shard] == [1, 3]
    seen = desk.machine.status(desk.now)
    assert (seen.done, seen.leased, seen.losses) == (2, 2, 1)
    assert {each.name: each.done for each in seen.workers} == {"a": 1, "b": 0, "c": 1}


def test_another_master_leases_what_was_lost_alone_too() -> None:
    desk = Desk(200)
    desk.work("a", 1, seconds=0.01)
    lost = desk.one("b")
    desk.lost("b")
    desk.restart()
    desk.now += 0.01
    assert [grant.shard for grant in desk.take("a", 8)] == [lost.shard]
    desk.done(*desk.ledger.leases)
    assert lost.shard not in [grant.shard for grant in desk.take("a", 8)]


def test_another_master_knows_since_when_a_lease_runs() -> None:
    desk = _with_straggler()
    desk.restart()
    assert desk.one("quick").shard == 0
