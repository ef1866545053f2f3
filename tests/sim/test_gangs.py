"""Each guard around jobs removed in turn, to see that the simulated world misses it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from millwork.actions import resume
from millwork.base.errors import MillworkError
from millwork.plan import rules
from millwork.run.decision import Decision, StartReplica
from millwork.run.gang import Gang
from millwork.run.loop import Loop
from millwork.run.machine import Machine
from millwork.store import runs
from tests.sim.gangs import Violation
from tests.sim.world import Chances, World

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from millwork.ports import ReplicaRow
    from millwork.run.gang import Verdict


class StartBeforeCommit(Loop):
    """Starts replicas first, and keeps afterwards that it does."""

    def _carry_out(self, decision: Decision) -> None:
        starts = [each for each in decision.instructions if isinstance(each, StartReplica)]
        following = Decision(list(decision.changes))
        following.instructions += [each for each in decision.instructions if each not in starts]
        for start in starts:
            following.add(self._execute(start))
        super()._carry_out(following)

    def _execute(self, instruction: object) -> Decision:
        found = super()._execute(instruction)  # type: ignore[arg-type]
        starts = [each for each in found.instructions if isinstance(each, StartReplica)]
        found.instructions = [each for each in found.instructions if each not in starts]
        for start in starts:
            found.add(self._execute(start))
        return found


class ForgetfulAdoption(Loop):
    """Takes an attempt over without its replicas."""

    def adopt(
        self,
        attempt: str,
        step: str,
        token: str,
        replicas: Sequence[ReplicaRow] = (),
        verdict: Verdict | None = None,
        *,
        is_furnished: bool = False,
    ) -> None:
        super().adopt(attempt, step, token, (), verdict)


class NoTimeKept(Machine):
    """A restart under another master has its whole time again."""

    def restore_restarts(
        self, name: str, restarts: int, memory_restarts: int, deadline: float | None
    ) -> None:
        super().restore_restarts(name, restarts, memory_restarts, None)


def _nothing(*_arguments: object, **_options: object) -> None:
    """In place of what a mutant leaves out."""


def _forget_verdict(patch: pytest.MonkeyPatch) -> None:
    queries = dict(runs._QUERIES)
    assert "SET verdict = :verdict WHERE" in queries["job_judged"]
    queries["job_judged"] = queries["job_judged"].replace("= :verdict WHERE", "= verdict WHERE")
    patch.setattr(runs, "_QUERIES", queries)


def _count_no_replicas(patch: pytest.MonkeyPatch) -> None:
    real = Gang.restore

    def restore(
        gang: Gang, rows: Sequence[ReplicaRow], verdict: Verdict | None, now: float
    ) -> list[str]:
        found = real(gang, rows, verdict, now)
        gang._restarts = gang._memory_restarts = 0
        return found

    patch.setattr(Gang, "restore", restore)


def _stop_no_peers(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Gang, "_wind_down", _nothing)


def _stop_no_peers_again(patch: pytest.MonkeyPatch) -> None:
    """A master that takes a judged job over leaves its peers alone."""
    real = Gang.restore

    def restore(
        gang: Gang, rows: Sequence[ReplicaRow], verdict: Verdict | None, now: float
    ) -> list[str]:
        found = real(gang, rows, verdict, now)
        for member in gang._members.values():
            member.is_told = verdict is not None
        return found

    patch.setattr(Gang, "restore", restore)


def _wait_for_nobody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Gang, "running", [])


def _start_at_once(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Gang, "_may_start", lambda gang, seat: True)


def _restore_no_restarts(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(resume, "_restore_restarts", _nothing)


def _any_success(patch: pytest.MonkeyPatch) -> None:
    """One replica that ends with 0 is enough."""

    def each(
        _type: str, seats: tuple[rules.Seat, ...], _options: object, _policy: object
    ) -> tuple[tuple[str, ...], ...]:
        return tuple((seat.name,) for seat in seats)

    patch.setattr(rules, "_success", each)


MUTANTS: dict[str, Callable[[pytest.MonkeyPatch], None] | type] = {
    "the verdict is kept": _forget_verdict,
    "a replica is kept before it is started": StartBeforeCommit,
    "restarts are put back": _restore_no_restarts,
    "restarts of replicas are put back": _count_no_replicas,
    "peers are stopped": _stop_no_peers,
    "peers are stopped under another master": _stop_no_peers_again,
    "an attempt ends after its replicas": _wait_for_nobody,
    "replicas start in order": _start_at_once,
    "replicas are adopted": ForgetfulAdoption,
    "the time of a job goes on": NoTimeKept,
    "the deciding replicas decide": _any_success,
}


@pytest.mark.parametrize("guard", MUTANTS)
def test_each_guard_of_a_job_is_missed_when_it_is_gone(
    guard: str, path: Callable[[int], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant = MUTANTS[guard]
    options: dict[str, type] = {}
    if isinstance(mutant, type):
        options["loop_class" if issubclass(mutant, Loop) else "machine_class"] = mutant
    else:
        mutant(monkeypatch)
    chances = Chances(crash=0.05, late=0.2, repeat=0.2, replica_fail=0.4)
    for seed in range(20):
        try:
            World(seed, path(seed), chances, **options).run()
        except (Violation, MillworkError):
            return
    pytest.fail("twenty seeds did not notice")
