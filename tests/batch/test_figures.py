"""The scheduling figures of the issue, in virtual time, with room; and what a shard costs.

`pytest tests/batch/test_figures.py -s` prints them.
"""

from __future__ import annotations

import random
import time
import tracemalloc
from itertools import count
from typing import TYPE_CHECKING

import pytest

from millwork.batch.changes import ShardRow
from millwork.batch.decision import Result
from millwork.batch.machine import Machine
from millwork.batch.rules import Rules
from tests.batch.simulation import Actor, Simulation, static, team

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.quick, pytest.mark.long]

SCALES = (0.01, 60.0)
MIB = 2**20


def _adjacent(scale: float, at: int) -> list[float]:
    lengths = [scale] * 400
    lengths[at : at + 40] = [10 * scale] * 40
    return lengths


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("most", [1, 8])
@pytest.mark.parametrize("together", [False, True])
def test_heavy_shards_side_by_side(scale: float, most: int, together: bool) -> None:
    worst = 9.0
    for at in (0, 100, 180, 360):
        lengths = _adjacent(scale, at)
        found = Simulation(lengths, team(4), most, together=together).run()
        worst = min(worst, static(lengths, 4) / found.makespan / _most_possible(lengths))
    best = _most_possible(_adjacent(scale, 0))
    print(f"\nadjacent, {scale} s, leases of {most}: {worst * best:.2f}x of static at the worst")
    assert worst * best >= 2.2


def _most_possible(lengths: list[float]) -> float:
    """The gain over the static split that perfect scheduling would have."""
    return static(lengths, 4) / (sum(lengths) / 4)


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("most", [1, 8])
def test_heavy_shards_shuffled(scale: float, most: int) -> None:
    gains = []
    for seed in range(20):
        lengths = _adjacent(scale, 0)
        random.Random(seed).shuffle(lengths)
        gains.append(static(lengths, 4) / Simulation(lengths, team(4), most).run().makespan)
    print(f"\nshuffled, {scale} s, leases of {most}: {min(gains):.3f}x to {max(gains):.3f}x")
    assert sorted(gains)[2] >= 1.0
    assert min(gains) >= 0.97, "a static split may be perfect by luck"


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("most", [1, 8])
@pytest.mark.parametrize("together", [False, True])
def test_makespan_where_no_shard_is_long(scale: float, most: int, together: bool) -> None:
    ratios = []
    for shape in range(4):
        for workers in (2, 4):
            lengths = _lengths(shape, workers, scale)
            found = Simulation(lengths, team(workers), most, together=together).run()
            ratios.append(found.makespan / (sum(lengths) / workers))
    print(f"\nmakespan, {scale} s, leases of {most}: {max(ratios):.4f}x of total / workers")
    assert max(ratios) <= 1.03


def _lengths(shape: int, workers: int, scale: float) -> list[float]:
    """Lengths of one of four shapes, none over 1 % of a worker's share."""
    chance = random.Random(shape)
    shapes: list[Callable[[], float]] = [
        lambda: 1.0,
        chance.random,
        lambda: chance.expovariate(1),
        lambda: chance.paretovariate(2),
    ]
    draw = shapes[shape]
    lengths = [draw() for _ in range(workers * 400)]
    longest = 0.01 * sum(lengths) / workers
    lengths = [scale * min(each, longest) for each in lengths]
    longest = 0.01 * sum(lengths) / workers
    return [min(each, longest) for each in lengths]


@pytest.mark.parametrize("scale", SCALES)
@pytest.mark.parametrize("most", [1, 8])
@pytest.mark.parametrize("shards", [100, 400])
def test_one_worker_of_four_is_five_times_slower(scale: float, most: int, shards: int) -> None:
    lengths = [scale] * shards
    ratios, wasted = [], 0.0
    for slow in range(4):
        found = Simulation(lengths, team(4, {slow: 0.2}), most).run()
        ratios.append(found.makespan / (sum(lengths) / 3.2))
        wasted = max(wasted, found.wasted / sum(lengths))
    print(f"\nslow worker, {shards} of {scale} s, leases of {most}: {max(ratios):.3f}x of ideal")
    assert max(ratios) <= 1.08
    assert wasted <= 0.05


@pytest.mark.parametrize("scale", SCALES)
def test_workers_that_die_and_join_lose_little(scale: float) -> None:
    worst = 0.0
    for seed in range(20):
        chance = random.Random(seed)
        end = 400 * scale / 4
        actors = [Actor(f"w{place}", dies_at=chance.uniform(0, end)) for place in range(4)]
        actors += [Actor(f"n{place}", joins_at=chance.uniform(0, end)) for place in range(4)]
        found = Simulation([scale] * 400, actors).run()
        repeated = sum(row.losses for row in found.ledger.shards.values())
        worst = max(worst, repeated / 400)
    print(f"\n4 of 8 workers killed, {scale} s: at most {worst:.1%} of the shards leased again")
    assert worst <= 0.1


def _drive(machine: Machine, total: int, workers: int, most: int) -> int:
    """Does all shards at once in leases of `most`; returns the number of calls."""
    calls, now = 0, 0.0
    while not machine.is_over:
        for place in range(workers):
            grants = machine.lease(f"worker-{place}", most, now).grants
            now += 0.0001
            if grants:
                machine.done([Result(grant.token, ok=10) for grant in grants], now)
                calls += 2
    assert machine.status(now).done == total
    return calls


@pytest.mark.parametrize("most", [1, 8])
def test_the_machine_itself_costs_little(most: int) -> None:
    numbers, total = count(), 20_000
    machine = Machine(total, Rules(), lambda: f"{next(numbers):032x}")
    began = time.process_time()
    calls = _drive(machine, total, 8, most)
    micro = (time.process_time() - began) / total * 1e6
    print(f"\nmachine, leases of {most}: {micro:.1f} us CPU a shard, {total / calls:.1f} a call")
    assert micro <= 150


def test_a_million_shards() -> None:
    numbers, total = count(), 1_000_000
    tracemalloc.start()
    machine = Machine(total, Rules(), lambda: f"{next(numbers):032x}")
    for now in range(200):
        for worker in range(8):
            grants = machine.lease(f"worker-{worker}", 8, now / 1e3).grants
            machine.done([Result(grant.token, ok=1) for grant in grants], now / 1e3 + 1e-4)
    peak = tracemalloc.get_traced_memory()[1] / MIB
    tracemalloc.stop()
    print(f"\n1,000,000 shards: {peak:.1f} MiB at the peak")
    assert peak <= 50


def test_restoring_takes_seconds_a_million() -> None:
    numbers, total = count(), 200_000
    rows = (
        ShardRow(shard, "done", 1, token=f"{shard:032x}-{shard}", worker="worker-1", seconds=0.1)
        for shard in range(total - 10)
    )
    machine = Machine(total, Rules(), lambda: f"{next(numbers):032x}")
    began = time.process_time()
    machine.restore(rows, (), None, 0.0)
    machine.start()
    first = machine.lease("worker-1", 8, 0.0).grants[0].shard
    seconds = time.process_time() - began
    print(f"\n{total:,} rows restored in {seconds:.2f} s CPU")
    assert first == total - 10
    assert seconds <= 10
