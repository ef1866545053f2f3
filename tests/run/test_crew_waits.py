"""How long a worker of a batch that has failed waits before it is started again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from millwork.plan.rules import by_shards
from millwork.ports import News, Outcome
from millwork.run.crew import Crew
from millwork.run.gang import Used
from millwork.spec.model import RunPolicy
from tests.plan.test_rules import job

pytestmark = pytest.mark.quick


def waits(lives: list[float]) -> list[float]:
    """The seconds before each start after the first, of a worker that lives so long each time."""
    policy = RunPolicy(restarts=1000)
    roster = job("ElasticBatchJob", {"worker": 1})
    rules = by_shards(roster.rules, policy, None)
    crew = Crew("r-1", replace(roster, rules=replace(rules, restarts=1000)), Used())
    now, found = 100.0, []
    crew.start(now)
    crew.informed(News(5, 0), now)
    for life in lives:
        (process,) = crew.running
        crew.started(process, now)
        crew.informed(News(5, 1), now)
        now += life
        crew.ended([(process, Outcome("exited", 137, at=now))], now)
        due = crew.next_deadline()
        assert due is not None
        found.append(due - now)
        now = due
        crew.informed(News(5, 0), now)
        crew.tick(now)
    return found


def restarts(news: News, policy: RunPolicy) -> int:
    """How often a worker that always fails is started again before the job is given up."""
    roster = job("ElasticBatchJob", {"worker": 1})
    crew = Crew("r-1", replace(roster, rules=by_shards(roster.rules, policy, None)), Used())
    now = 100.0
    crew.start(now)
    crew.informed(News(5, 0), now)
    starts = 0
    while crew.verdict is None:
        (process,) = crew.running
        starts += 1
        crew.started(process, now)
        crew.informed(news, now)
        crew.informed(News(5, 0), now)
        crew.ended([(process, Outcome("exited", 1, at=now))], now)
        now = crew.next_deadline() or now
        crew.tick(now)
    return starts - 1


def test_workers_that_never_asked_for_a_shard_are_given_up_soon() -> None:
    assert restarts(News(5, 0), RunPolicy()) == 3
    assert restarts(News(5, 1), RunPolicy()) == 10
    assert restarts(News(5, 1), RunPolicy(restarts=4)) == 4
    assert restarts(News(5, 0), RunPolicy(restarts=0)) == 0


def test_who_ends_at_once_waits_ever_longer() -> None:
    assert waits([0.1] * 8) == pytest.approx([1, 2, 4, 8, 16, 32, 60, 60])


def test_who_has_worked_meanwhile_waits_no_longer_than_at_first() -> None:
    assert waits([5.0] * 8) == pytest.approx([1] * 8)
    assert waits([0.1, 0.1, 0.1, 3.0, 9.0, 0.1]) == pytest.approx([1, 2, 4, 8, 1, 2])
