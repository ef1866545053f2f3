"""Seeds through the simulated world; and each guard removed in turn, to see that it is missed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from millwork.ports.changes import AttemptOpened
from millwork.run.decision import Decision
from millwork.run.loop import Loop
from millwork.run.machine import Machine
from millwork.store import runs
from tests.sim.gangs import Violation
from tests.sim.world import Chances, SimClock, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from millwork.run.state import StepState, Try


SEEDS = int(os.environ.get("SIM_SEEDS", "200"))
BLOCK = 25


@pytest.mark.parametrize("first", range(0, SEEDS, BLOCK))
def test_no_seed_breaks_a_promise(path: Callable[[int], str], first: int) -> None:
    crashes = masters = 0
    for seed in range(first, first + BLOCK):
        world = World(seed, path(seed))
        try:
            world.run()
        except Violation as violation:
            pytest.fail(f"seed {seed}: {violation}")
        crashes += world.crashes
        masters += world.masters
    assert crashes > BLOCK / 2, "the seeds hardly crash anything"
    assert masters > crashes


def test_a_seed_always_gives_the_same_run(path: Callable[[int], str]) -> None:
    ends = []
    for copy in range(2):
        world = World(7, path(copy))
        world.run()
        ends.append((world.now, world.masters, world.starts, world.store_events()))
    assert ends[0] == ends[1]


class NoTokenFence(Machine):
    """Takes the result of any attempt at a step that runs."""

    def _counts(self, current: Try, attempt: str, token: str) -> bool:
        return True


class NoStateCheck(Machine):
    """Takes a result again when the step is over."""

    def _free(self, state: StepState, attempt: Try) -> None:
        super()._free(state, attempt)
        state.current = attempt


class LaunchBeforeCommit(Loop):
    """Carries out first, and keeps afterwards."""

    def _carry_out(self, decision: Decision) -> None:
        started = Decision(list(decision.changes))
        for change in decision.changes:
            if isinstance(change, AttemptOpened):
                self._tries[change.attempt] = (change.step, change.token)
        for instruction in decision.instructions:
            started.add(self._execute(instruction))
        super()._carry_out(Decision(started.changes))


def without(**guards: str) -> dict[str, str]:
    """The store's queries with conditions taken out, by the query's name."""
    queries = dict(runs._QUERIES)
    for query, guard in guards.items():
        assert guard in queries[query]
        queries[query] = queries[query].replace(guard, "")
    return queries


def found_within(count: int, run: Callable[[int], None]) -> int | None:
    """The number of seeds until something is noticed."""
    for seed in range(count):
        try:
            run(seed)
        except Exception:
            return seed + 1
    return None


@pytest.mark.parametrize("guard", ["token", "epoch", "state", "commit first", "monotonic time"])
def test_each_guard_is_missed_when_it_is_gone(
    guard: str, path: Callable[[int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    options: dict[str, type] = {}
    chances = Chances(crash=0.03, pause=0.1, late=0.2, repeat=0.3)
    if guard == "token":
        # The store guards it once more: both must be gone for anything to go wrong.
        fence = " AND token = :token AND status = 'running'"
        monkeypatch.setattr(runs, "_QUERIES", without(close_attempt=fence))
        options["machine_class"] = NoTokenFence
    elif guard == "epoch":
        monkeypatch.setattr(runs, "_QUERIES", without(number_events=" AND epoch = :epoch"))
    elif guard == "state":
        monkeypatch.setattr(runs, "_QUERIES", without(close_attempt=" AND status = 'running'"))
        options["machine_class"] = NoStateCheck
    elif guard == "commit first":
        options["loop_class"] = LaunchBeforeCommit
    else:
        monkeypatch.setattr(SimClock, "monotonic", SimClock.wall)
    found = found_within(20, lambda seed: World(seed, path(seed), chances, **options).run())
    assert found is not None, "twenty seeds did not notice"
