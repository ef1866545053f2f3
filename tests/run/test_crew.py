"""The workers of one attempt at a batch, driven by hand: who starts when, and how it ends."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from millwork.plan.rules import by_shards
from millwork.ports import News, Outcome
from millwork.run.crew import Crew
from millwork.run.gang import Used
from millwork.run.state import GRACE
from millwork.spec.model import RunPolicy
from tests.run.job import LOST, Crashed, Job

pytestmark = pytest.mark.quick

DONE = News(0, 0, "succeeded")
FAILED = News(0, 0, "failed", "3 shards failed, mini_batch_error_threshold is 2")


class Batch(Job):
    """A crew with what a loop, a store and an engine would remember, and the news it was told."""

    def __init__(self, workers: int = 3, at_once: int | None = None, **more: Any) -> None:
        self._at_once = at_once
        policy = {name: value for name, value in more.items() if name not in _OWN}
        self._policy = RunPolicy(**policy)
        super().__init__("ElasticBatchJob", {"worker": workers}, **more)

    def made(self) -> Crew:
        rules = by_shards(self.roster.rules, self._policy, self._at_once)
        return Crew("r-1", replace(self.roster, rules=rules), self.used)

    @property
    def crew(self) -> Crew:
        assert isinstance(self.gang, Crew)
        return self.gang

    def told_of(self, wanted: int | News, live: int = 0) -> None:
        """There are news."""
        news = News(wanted, live) if isinstance(wanted, int) else wanted
        self.take(self.crew.informed(news, self.now))

    @property
    def begun_names(self) -> list[str]:
        return [process.removeprefix("r-1/") for process in self.begun]


_OWN = ("used", "refused", "crashes", "meanwhile")


# --- who starts ---------------------------------------------------------------------------------


def test_nobody_starts_before_there_are_news() -> None:
    run = Batch()
    run.tick(1e6)
    assert (run.begun, run.gang.next_deadline(), run.gang.outcome) == ([], None, None)
    run.told_of(0)
    assert run.begun == []
    run.told_of(2)
    assert run.begun_names == ["worker-0", "worker-1"]


def test_as_many_start_as_find_work_and_not_twice() -> None:
    run = Batch(4)
    run.told_of(2)
    run.told_of(2)
    assert len(run.running) == 2, "those that start are not known there yet"
    run.told_of(1, live=1)
    assert len(run.running) == 2
    run.told_of(1, live=2)
    assert len(run.running) == 3
    run.told_of(100, live=3)
    assert len(run.running) == 4


@pytest.mark.parametrize("at_once", [1, 2, 3])
def test_never_more_at_once_than_there_is_room_for(at_once: int) -> None:
    run = Batch(5, at_once)
    run.told_of(5)
    assert len(run.running) == at_once
    run.told_of(5, live=at_once)
    assert len(run.running) == at_once
    run.end(worker_0=0)
    assert len(run.running) == at_once
    assert "worker-0" not in run.running


def test_one_after_the_other_if_they_end_early() -> None:
    run = Batch(3, 1)
    run.told_of(1)
    for place in range(3):
        assert run.running == [f"worker-{place}"]
        run.told_of(1, live=1)
        run.end(**{f"worker_{place}": 0})
        run.told_of(1, live=0)
    assert run.says == ("failed", "the workers have ended, and not all shards are done")


def test_those_that_are_not_wanted_do_not_start_in_place_of_others() -> None:
    run = Batch(3)
    run.told_of(2)
    run.told_of(0, live=2)
    run.end(worker_0=0)
    assert run.running == ["worker-1"]


# --- restarts -----------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [1, 137, LOST])
def test_whatever_it_ended_with_it_is_started_again_when_it_is_wanted(end: Outcome | int) -> None:
    run = Batch(1)
    run.told_of(1)
    run.end(worker_0=end)
    run.told_of(1)
    due = run.now + 1
    assert (run.running, run.gang.next_deadline()) == ([], due)
    run.tick(due)
    assert run.running == ["worker-0~1"]


def test_another_starts_in_its_place_at_once() -> None:
    run = Batch(2)
    run.told_of(1)
    run.told_of(0, live=1)
    run.end(worker_0=137)
    run.told_of(1, live=0)
    assert run.running == ["worker-1"]
    run.tick(run.now + 1)
    assert run.running == ["worker-1"], "one is wanted, and it is about to start"


def test_who_is_due_and_not_wanted_is_no_reason_to_be_busy() -> None:
    run = Batch(2)
    run.told_of(2)
    run.told_of(0, live=2)
    run.end(worker_0=137)
    due = run.gang.next_deadline()
    assert due == run.now + 1
    run.tick(due)
    assert (run.running, run.gang.next_deadline()) == (["worker-1"], None)
    run.told_of(1, live=1)
    assert run.running == ["worker-0~1", "worker-1"]


def test_when_the_limit_is_reached_the_others_work_on() -> None:
    run = Batch(2, restarts=1)
    run.told_of(2)
    run.told_of(1, live=2)
    run.end(worker_0=137)
    run.tick(run.now + 1)
    run.told_of(0, live=2)
    run.end(worker_0=1)
    run.told_of(1, live=1)
    assert (run.says, run.running) == (("", ""), ["worker-1"])
    run.told_of(DONE)
    run.end(worker_1=0)
    assert run.gang.outcome
    usage = {"replicas": 2, "restarts": 1, "memory_restarts": 0}
    assert run.gang.outcome == Outcome("exited", 0, "", usage)


def test_when_all_have_failed_for_good_so_has_the_job() -> None:
    run = Batch(2, restarts=0)
    run.told_of(2)
    run.end(worker_1=3)
    assert run.says == ("", "")
    run.end(worker_0=0)
    assert run.says == ("failed", "worker-1: exit code 3")
    assert run.gang.outcome == Outcome("exited", 3, "worker-1: exit code 3", {"replicas": 2})


def test_restarts_of_earlier_attempts_count() -> None:
    run = Batch(1, used=Used(3))
    run.told_of(1)
    run.end(worker_0=1)
    assert run.says == ("failed", "worker-0: exit code 1; the limit of 3 restarts is reached")


def test_who_could_not_be_started_is_no_end_of_the_others() -> None:
    run = Batch(2, refused={"worker-0"})
    run.told_of(2)
    assert (run.says, run.running) == (("", ""), ["worker-1"])
    run.told_of(DONE)
    run.end(worker_1=0)
    assert run.says[0] == "succeeded"
    alone = Batch(1, refused={"worker-0"})
    alone.told_of(1)
    assert alone.says == ("failed", "worker-0: no")


# --- the end ------------------------------------------------------------------------------------


def test_the_verdict_of_its_shards_is_that_of_the_job() -> None:
    run = Batch(3)
    run.told_of(2)
    run.told_of(DONE)
    assert run.says == ("succeeded", "")
    assert run.told == [], "they find out by themselves"
    run.end(worker_0=0, worker_1=137)
    assert run.gang.outcome == Outcome("exited", 0, "", {"replicas": 3})
    assert run.rows["worker-1", 0].status == "failed"


def test_who_does_not_find_out_is_stopped_in_the_end() -> None:
    run = Batch(1, finish_grace=10.0)
    run.told_of(1)
    run.told_of(DONE)
    assert run.gang.next_deadline() == run.now + 10
    run.tick(run.now + 10)
    assert run.told == [("worker-0", GRACE)]
    assert run.gang.next_deadline() is None
    run.end(worker_0=143)
    assert run.gang.outcome == Outcome("exited", 0, "", {"replicas": 1})


def test_who_works_in_vain_is_stopped_once() -> None:
    run = Batch(3)
    run.told_of(3)
    run.told_of(DONE)
    run.told_of(replace(DONE, vain=("worker-0", "worker-2", "worker-7", "worker-2~1")))
    assert run.told == [("worker-0", GRACE), ("worker-2", GRACE)]
    run.end(worker_0=143, worker_1=0, worker_2=143)
    assert run.gang.outcome
    assert run.gang.outcome.code == 0
    assert run.gang.next_deadline() is None


def test_too_many_shards_have_failed() -> None:
    run = Batch(2)
    run.told_of(2)
    run.told_of(FAILED)
    assert run.told == [("worker-0", GRACE), ("worker-1", GRACE)]
    run.end(worker_0=143, worker_1=0)
    assert run.gang.outcome == Outcome("exited", None, FAILED.reason, {"replicas": 2})


@pytest.mark.parametrize("news", [DONE, FAILED])
def test_a_verdict_before_anybody_has_started_ends_it_at_once(news: News) -> None:
    run = Batch(3)
    run.told_of(news)
    assert run.begun == []
    assert run.gang.outcome
    assert run.gang.outcome.reason == news.reason
    assert run.says[0] == news.verdict


def test_the_first_verdict_stays_and_nobody_starts_after_it() -> None:
    run = Batch(3)
    run.told_of(1)
    run.told_of(DONE)
    run.told_of(FAILED)
    run.told_of(5)
    run.tick(run.now + 100)
    assert (run.says[0], run.running) == ("succeeded", ["worker-0"])


def test_good_ends_are_no_success_and_bad_ones_no_failure() -> None:
    run = Batch(3)
    run.told_of(3)
    run.end(worker_0=0, worker_1=1)
    assert run.says == ("", "")


@pytest.mark.parametrize("news", [DONE, FAILED, News(1, 0)])
def test_the_last_worker_may_end_before_the_verdict_is_heard(news: News) -> None:
    run = Batch(1)
    run.told_of(1)
    run.told_of(0, live=1)
    run.end(worker_0=0)
    assert (run.says, run.gang.next_deadline()) == (("", ""), None)
    run.told_of(news)
    assert run.says[0] == (news.verdict or "failed")
    assert run.gang.outcome


def test_another_master_hears_first_how_the_shards_are() -> None:
    run = Batch(1)
    run.told_of(1)
    run.ends[run.begun[0]] = Outcome("exited", 0, at=101.0)
    run.restart_master()
    assert run.says == ("", "")
    run.told_of(DONE)
    assert run.gang.outcome
    assert run.gang.outcome.code == 0


def test_it_is_cancelled() -> None:
    run = Batch(2)
    run.told_of(1)
    run.take(run.gang.stop(GRACE, "cancelled by the user"))
    run.told_of(2)
    run.end(worker_0=143)
    assert run.gang.outcome
    assert run.gang.outcome.reason == "cancelled by the user"
    assert run.begun_names == ["worker-0"]


# --- another master -----------------------------------------------------------------------------


def test_another_master_waits_for_news_of_its_own() -> None:
    run = Batch(3)
    run.told_of(2)
    run.told_of(1, live=2)
    run.restart_master()
    run.tick(run.now + 100)
    assert run.running == ["worker-0", "worker-1", "worker-2"]
    run = Batch(3)
    run.told_of(2)
    run.restart_master()
    run.end(worker_0=137)
    run.tick(run.now + 100)
    assert run.running == ["worker-1"], "nobody starts before there are news"
    run.told_of(1, live=1)
    assert run.running == ["worker-0~1", "worker-1"]


def test_another_master_carries_the_verdict_out() -> None:
    run = Batch(2)
    run.told_of(2)
    run.told_of(FAILED)
    run.stops.clear()
    run.restart_master()
    assert run.told == [("worker-0", GRACE), ("worker-1", GRACE)]
    run.told_of(FAILED)
    run.end(worker_0=143, worker_1=143)
    assert run.gang.outcome
    assert run.gang.outcome.reason == FAILED.reason


@pytest.mark.parametrize("first", range(1, 9))
def test_wherever_a_master_dies_each_worker_runs_once(first: int) -> None:
    run = Batch(2, crashes={first, first + 3})
    for news in (News(2, 0), News(2, 0), News(1, 1), DONE):
        try:
            run.told_of(news)
        except Crashed:
            run.revive()
            run.told_of(news)
    assert len(set(run.begun)) == len(run.begun)
    assert run.says[0] == "succeeded"
