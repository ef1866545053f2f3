"""Seeds through the simulated world with batches."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from millwork.batch.desk import Desk
from millwork.batch.machine import Machine
from millwork.ports import News
from millwork.run.crew import Crew
from millwork.store import shards
from tests.sim.batches import BatchChances, BatchWorld
from tests.sim.gangs import Violation
from tests.sim.world import Chances

if TYPE_CHECKING:
    from collections.abc import Callable

SEEDS = int(os.environ.get("SIM_SEEDS", "200"))
BLOCK = 25


@pytest.mark.parametrize("first", range(0, SEEDS, BLOCK))
def test_no_seed_breaks_a_promise(path: Callable[[int], str], first: int) -> None:
    worlds = []
    for seed in range(first, first + BLOCK):
        world = BatchWorld(seed, path(seed))
        try:
            world.run()
        except (Violation, AssertionError) as violation:
            pytest.fail(f"seed {seed}: {violation}")
        worlds.append(world)
    assert sum(world.crashes for world in worlds) > BLOCK / 2, "the seeds hardly crash anything"
    assert sum(world.service_crashes for world in worlds) > BLOCK
    assert sum(len(world.accepted) for world in worlds) > 5 * BLOCK
    assert sum(world.losses for world in worlds) > BLOCK / 5
    assert sum(world.copies for world in worlds) > 0
    assert sum(world.fenced for world in worlds) > 0


def test_a_seed_always_gives_the_same_run(path: Callable[[int], str]) -> None:
    ends = []
    for copy in range(2):
        world = BatchWorld(7, path(copy))
        world.run()
        ends.append((world.now, world.masters, world.accepted, world.store_events()))
    assert ends[0] == ends[1]


# --- each guard removed in turn, to see that it is missed ---------------------------------------


def _without(patch: pytest.MonkeyPatch, name: str, guard: str) -> None:
    """The statement with a condition taken out; without all of it, if that is the guard."""
    queries = dict(shards._QUERIES)
    assert guard in queries[name]
    queries[name] = queries[name].replace(guard, "") if guard else "SELECT :batch"
    patch.setattr(shards, "_QUERIES", queries)


def _forget_leases(patch: pytest.MonkeyPatch) -> None:
    real = Machine.restore

    def restore(machine: Machine, rows: Any, _leases: Any, verdict: Any, now: float) -> None:
        real(machine, rows, (), verdict, now)

    patch.setattr(Machine, "restore", restore)


def _forget_the_gone(patch: pytest.MonkeyPatch) -> None:
    real = Desk.__init__

    def forgetful(desk: Desk, terms: Any, kept: Any, _gone: Any, now: float) -> None:
        real(desk, terms, kept, {}, now)

    patch.setattr(Desk, "__init__", forgetful)


def _count_the_live_only(patch: pytest.MonkeyPatch) -> None:
    """Who is silent is taken for one that is about to start."""
    real = Desk.news

    def news(desk: Desk, now: float, seats: int) -> News:
        live = {name.partition("/")[0] for name in desk._machine.live()}
        return replace(real(desk, now, seats), live=len(live))

    patch.setattr(Desk, "news", news)


def _judge_at_once(patch: pytest.MonkeyPatch) -> None:
    real = Crew._judge

    def judge(crew: Crew, decision: Any, now: float) -> None:
        news, crew._news = crew._news, News(0, 0)
        real(crew, decision, now)
        crew._news = news

    patch.setattr(Crew, "_judge", judge)


MUTANTS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "the epoch fences": lambda patch: _without(patch, "fence", " AND epoch = :epoch"),
    "the verdict is kept": lambda patch: _without(patch, "judge", ""),
    "what is done stays done": lambda patch: _without(patch, "forgive", " AND status <> 'done'"),
    "another attempt forgets leases": lambda patch: _without(patch, "forget_leases", ""),
    "what was cut is kept": lambda patch: _without(patch, "insert_cut", ""),
    "leases of what is done are void": lambda patch: _without(patch, "void_shard", ""),
    "leases are put back": _forget_leases,
    "who is gone is told again": _forget_the_gone,
    "who is silent is there": _count_the_live_only,
    "the verdict is waited for": _judge_at_once,
}


@pytest.mark.parametrize("guard", MUTANTS)
def test_each_guard_of_a_batch_is_missed_when_it_is_gone(
    guard: str, path: Callable[[int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    MUTANTS[guard](monkeypatch)
    chances = Chances(crash=0.04, pause=0.05)
    among = BatchChances(service=0.03, stall=0.05, old_service=0.3)
    for seed in range(60):
        try:
            BatchWorld(seed, path(seed), chances, batch_chances=among).run()
        except Exception:
            return
    pytest.fail("sixty seeds did not notice")
