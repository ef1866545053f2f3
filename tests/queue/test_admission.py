"""Which waiting runs start, what they are given, and what is said of the others."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millwork.queue.admission import STRICT, admit, by_priority_then_age, why_waits
from millwork.queue.records import (
    Allotment,
    Demand,
    Policy,
    Quota,
    Room,
    Running,
    Usage,
    Waiting,
    demand_of,
    usage_of,
)
from millwork.spec.model import Resources

if TYPE_CHECKING:
    from collections.abc import Mapping
    from random import Random

pytestmark = pytest.mark.quick

GiB = 2**30
MACHINE = Room(cpu=8.0, memory=16 * GiB, gpus=(0, 1, 2, 3))


def run(
    name: str, workspace: str = "x", priority: int = 5, created: float = 0.0, **demand: Any
) -> Waiting:
    return Waiting(name, workspace, priority, created, Demand(**demand))


def started(*waiting: Waiting, quotas: Mapping[str, Quota] | None = None) -> list[str]:
    return [each.run for each in admit(waiting, [], quotas or {}, MACHINE)]


# --- what runs ask for --------------------------------------------------------------------------


def test_a_run_asks_for_what_its_largest_steps_may_use_at_once() -> None:
    wishes = [Resources(2.0, GiB, 1), Resources(cpu=4.0), Resources(1.0, 3 * GiB, 2), Resources()]
    assert demand_of(wishes, 1) == Demand(4.0, 3 * GiB, 2, least_gpu=2)
    assert demand_of(wishes, 2) == Demand(6.0, 4 * GiB, 3, least_gpu=2)
    assert demand_of(wishes, 100) == Demand(7.0, 4 * GiB, 3, least_gpu=2)
    assert demand_of([], 4) == Demand()


def test_usage_is_the_sum_of_what_was_given() -> None:
    running = [Running("a", "x", Allotment(1.5, GiB, (0, 2))), Running("b", "x")]
    assert usage_of(running) == Usage(1.5, GiB, 2, 2)


# --- order --------------------------------------------------------------------------------------


def test_the_first_is_of_the_highest_priority_then_the_oldest() -> None:
    waiting = [run("c", created=2), run("b", created=1), run("a", priority=9, created=3)]
    assert started(*waiting) == ["a", "b", "c"]


def test_gpus_are_given_by_index_and_none_twice() -> None:
    running = [Running("r", "x", Allotment(gpus=(1,)))]
    admitted = admit([run("a", gpu=2), run("b", gpu=1)], running, {}, MACHINE)
    assert [each.allotment.gpus for each in admitted] == [(0, 2), (3,)]


def test_what_runs_elsewhere_takes_no_room_here_but_counts_for_the_quota() -> None:
    running = [Running("r", "x", Allotment(8.0, 0, (0, 1, 2, 3)), is_here=False)]
    assert admit([run("a", cpu=8, gpu=4)], running, {}, MACHINE)
    assert not admit([run("a", cpu=1)], running, {"x": Quota(cpu=8)}, MACHINE)


def test_a_demand_is_cut_to_what_there_can_be() -> None:
    waiting = [run("a", cpu=100, memory=GiB * 99, gpu=9, least_gpu=2)]
    (admitted,) = admit(waiting, [], {"x": Quota(cpu=2, gpu=3)}, MACHINE)
    assert admitted.allotment == Allotment(2, 16 * GiB, (0, 1, 2))


# --- who blocks whom ----------------------------------------------------------------------------


def test_a_full_quota_blocks_its_own_workspace_only() -> None:
    waiting = [run("a", cpu=4), run("b", cpu=4), run("c", cpu=0.5), run("d", "y", cpu=4)]
    assert started(*waiting, quotas={"x": Quota(cpu=6)}) == ["a", "d"]


def test_nobody_takes_what_a_run_of_another_workspace_waits_for() -> None:
    running = [Running("r", "z", Allotment(6.0))]
    waiting = [run("a", "x", cpu=4), run("b", "y", created=1, cpu=1), run("c", "z", created=2)]
    assert [each.run for each in admit(waiting, running, {}, MACHINE)] == ["c"]
    assert why_waits(waiting, running, {}, MACHINE) == {
        "a": "waits for 4 cores; 2 are free", "b": "behind a", "c": "starts now",
    }  # fmt: skip


def test_others_use_what_the_first_in_the_queue_does_not_wait_for() -> None:
    running = [Running("r", "z", Allotment(0.0, 0, (0, 1, 2)))]
    waiting = [run("a", "x", cpu=2, gpu=2), run("b", "y", created=1, cpu=6)]
    assert [each.run for each in admit(waiting, running, {}, MACHINE)] == ["b"]


def test_a_run_that_can_never_start_blocks_nobody() -> None:
    waiting = [
        run("a", priority=9, gpu=5, least_gpu=5),
        run("b", priority=8, gpu=4, least_gpu=2),
        run("c", cpu=1),
    ]
    quotas = {"x": Quota(gpu=1)}
    assert started(*waiting, quotas=quotas) == ["c"]
    assert why_waits(waiting, [], quotas, MACHINE) == {
        "a": "never starts: a step asks for 5 GPUs, this machine has 4",
        "b": "never starts: a step asks for 2 GPUs, the quota of workspace 'x' is 1",
        "c": "starts now",
    }


def test_a_machine_takes_so_many_runs_at_once() -> None:
    room = Room(8.0, GiB, runs=2)
    waiting = [run(name) for name in "abc"]
    assert len(admit(waiting, [], {}, room)) == 2
    assert why_waits(waiting, [Running("r", "y")], {}, room)["b"] == (
        "waits for a run to end; this machine has as many as it may have at once"
    )


def test_another_policy_lets_those_behind_a_blocked_head_pass() -> None:
    skipping = Policy(by_priority_then_age, head_blocks=False)
    waiting = [run("a", cpu=8), run("b", cpu=8), run("c", cpu=0)]
    assert [each.run for each in admit(waiting, [], {}, MACHINE, STRICT)] == ["a"]
    assert [each.run for each in admit(waiting, [], {}, MACHINE, skipping)] == ["a", "c"]


@pytest.mark.parametrize(
    ("quota", "demand", "reason"),
    [
        (Quota(runs=2), {}, "2 runs of workspace 'x' run, its quota is 2"),
        (Quota(runs=1), {}, "2 runs of workspace 'x' run, its quota is 1"),
        (Quota(gpu=3), {"gpu": 1}, "asks for 1 GPU; workspace 'x' uses 3 of its quota of 3"),
        (Quota(cpu=4), {"cpu": 2}, "asks for 2 cores; workspace 'x' uses 3.5 of its quota of 4"),
        (
            Quota(memory=4 * GiB), {"memory": GiB},
            "asks for 1.0 GiB of memory; workspace 'x' uses 4.0 GiB of its quota of 4.0 GiB",
        ),
        (
            Quota(cpu=0), {"cpu": 2},
            "never starts: asks for 2 cores, the quota of workspace 'x' is 0",
        ),
        (
            Quota(memory=0), {"memory": GiB},
            "never starts: asks for 1.0 GiB of memory, the quota of workspace 'x' is 0",
        ),
        (Quota(), {"gpu": 2}, "waits for 2 GPUs; 1 is free"),
        (Quota(), {"cpu": 6}, "waits for 6 cores; 4.5 are free"),
        (Quota(), {"memory": 13 * GiB}, "waits for 13.0 GiB of memory; 12.0 GiB is free"),
    ],
)  # fmt: skip
def test_a_run_that_waits_says_why(quota: Quota, demand: dict[str, Any], reason: str) -> None:
    running = [Running("r", "x", Allotment(3.5, 4 * GiB, (0, 1, 2))), Running("s", "x")]
    waiting = [run("a", created=0, **demand), run("b", created=1)]
    said = why_waits(waiting, running, {"x": quota}, MACHINE)
    assert said["a"] == reason
    assert said["b"] == ("starts now" if "never" in reason else "behind a")


# --- what always holds --------------------------------------------------------------------------

WORKSPACES = ("x", "y", "z")
demands = st.builds(
    lambda cpu, memory, gpus: Demand(cpu, memory, max(gpus), min(gpus)),
    cpu=st.sampled_from([0.0, 0.1, 0.3, 1.0, 2.5, 9.0]),
    memory=st.integers(0, 20),
    gpus=st.tuples(st.integers(0, 5), st.integers(0, 5)),
)
queues = st.lists(
    st.tuples(st.sampled_from(WORKSPACES), st.integers(1, 9), st.integers(0, 5), demands),
    max_size=25,
).map(
    lambda rows: [
        Waiting(f"r{i}", workspace, priority, float(created), demand)
        for i, (workspace, priority, created, demand) in enumerate(rows)
    ]
)
quotas = st.dictionaries(
    st.sampled_from(WORKSPACES),
    st.builds(
        Quota,
        cpu=st.none() | st.sampled_from([0.0, 0.2, 2.0, 7.0]),
        memory=st.none() | st.integers(0, 12),
        gpu=st.none() | st.integers(0, 4),
        runs=st.none() | st.integers(0, 4),
    ),
)
rooms = st.builds(
    Room,
    cpu=st.sampled_from([1.0, 4.0, 8.0]),
    memory=st.integers(1, 16),
    gpus=st.integers(0, 4).map(lambda count: tuple(range(count))),
    runs=st.none() | st.integers(1, 5),
)


def check_within(running: list[Running], limits: Mapping[str, Quota], room: Room) -> None:
    used = usage_of(running)
    assert used.cpu <= room.cpu + 1e-6
    assert used.memory <= room.memory
    assert room.runs is None or used.runs <= room.runs
    gpus = Counter(gpu for each in running for gpu in each.allotment.gpus)
    assert set(gpus) <= set(room.gpus)
    assert not gpus or max(gpus.values()) == 1
    for workspace, quota in limits.items():
        part = usage_of(each for each in running if each.workspace == workspace)
        assert quota.cpu is None or part.cpu <= quota.cpu + 1e-6
        assert quota.memory is None or part.memory <= quota.memory
        assert quota.gpu is None or part.gpu <= quota.gpu
        assert quota.runs is None or part.runs <= quota.runs


@settings(max_examples=200, deadline=None)
@given(queues, quotas, rooms, st.randoms(use_true_random=False))
def test_no_quota_is_passed_and_the_order_of_the_rows_does_not_matter(
    waiting: list[Waiting], limits: dict[str, Quota], room: Room, random: Random
) -> None:
    first = admit(waiting, [], limits, room)
    shuffled = list(waiting)
    random.shuffle(shuffled)
    assert admit(shuffled, [], limits, room) == first
    by_id = {each.run: each for each in waiting}
    running = [Running(each.run, by_id[each.run].workspace, each.allotment) for each in first]
    check_within(running, limits, room)
    assert len({each.run for each in first}) == len(first)
    assert all(len(each.allotment.gpus) >= by_id[each.run].demand.least_gpu for each in first)
    for workspace in WORKSPACES:  # nobody passes those before them, but those that never start
        reasons = why_waits(waiting, [], limits, room)
        own = [reasons[name] for name in reasons if by_id[name].workspace == workspace]
        may = [reason == "starts now" for reason in own if not reason.startswith("never")]
        assert may == sorted(may, reverse=True)


@settings(max_examples=150, deadline=None)
@given(queues, quotas, rooms, st.randoms(use_true_random=False))
def test_every_run_that_can_start_has_its_turn(
    waiting: list[Waiting], limits: dict[str, Quota], room: Room, random: Random
) -> None:
    """As runs end, one at a time and in any order, everybody but the impossible starts.

    Whenever one ends, another workspace adds one that is behind them all: it keeps nobody waiting.
    """
    left, running = {each.run: each for each in waiting}, list[Running]()
    for number in range(4 * len(waiting) + 4):
        for each in admit(left.values(), running, limits, room):
            running.append(Running(each.run, left.pop(each.run).workspace, each.allotment))
        check_within(running, limits, room)
        # A run that never ends may keep others waiting for ever; so those of the first ones end.
        ending = [each for each in running if each.workspace != "other"] or running
        if ending:
            running.remove(random.choice(ending))
        late = Waiting(f"late{number}", "other", 1, 100.0 + number, Demand(cpu=0.5))
        left[late.run] = late
    reasons = why_waits(waiting, [], limits, room)
    never = {name for name, reason in reasons.items() if reason.startswith("never")}
    closed = {name for name, each in limits.items() if each.runs == 0}
    stuck = {each.run for each in left.values() if each.workspace not in {"other", *closed}}
    assert stuck <= never
