"""Whatever is lost, late or repeated: every shard ends once, and another master agrees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.batch.desk import Desk

if TYPE_CHECKING:
    from millwork.batch.decision import Grant

pytestmark = pytest.mark.quick

WORKERS = "abcd"
RULES = st.fixed_dictionaries(
    {},
    optional={
        "max_retries": st.integers(0, 2),
        "mini_batch_error_threshold": st.integers(-1, 3),
        "partial_is_failure": st.booleans(),
        "speculates": st.booleans(),
        "max_lost": st.integers(-1, 3),
    },
)
EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from(WORKERS), st.integers(1, 8)),
        st.tuples(st.just("ask unheard"), st.sampled_from(WORKERS), st.integers(1, 8)),
        st.tuples(st.just("ask again"), st.sampled_from(WORKERS), st.integers(1, 8)),
        st.tuples(st.just("done"), st.integers(0, 99), st.booleans()),
        st.tuples(st.just("done twice"), st.integers(0, 99), st.integers(0, 99)),
        st.tuples(st.just("fail"), st.integers(0, 99), st.booleans()),
        st.tuples(st.just("renew"), st.sampled_from(WORKERS), st.integers(0, 99)),
        st.tuples(st.just("lost"), st.sampled_from(WORKERS)),
        st.tuples(st.just("left"), st.sampled_from(WORKERS)),
        st.tuples(st.just("wait"), st.sampled_from([0.1, 1.0, 10.0, 70.0, 4000.0])),
        st.tuples(st.just("release"), st.sampled_from(WORKERS), st.integers(0, 99)),
        st.tuples(st.just("ask holding"), st.sampled_from(WORKERS), st.lists(st.integers(0, 99))),
        st.tuples(st.just("extend"), st.integers(0, 4), st.booleans()),
        st.tuples(st.just("restart")),
    ),
    max_size=50,
)


class World:
    """A desk, and the tokens that workers were ever told of; those of the dead speak too."""

    def __init__(self, total: int, rules: dict[str, Any], *, grows: bool = False) -> None:
        self.desk = Desk(total, is_whole=not grows, **rules)
        self.told: list[Grant] = []
        self.accepted: dict[str, int] = {}

    def do(self, event: tuple[Any, ...]) -> None:
        name, words = event[0].replace(" ", "_"), event[1:]
        getattr(self, name)(*words)
        self.agrees()

    def ask(self, worker: str, most: int) -> None:
        self.told += self.desk.take(worker, most)

    def ask_unheard(self, worker: str, most: int) -> None:
        self.desk.take(worker, most)

    def ask_again(self, worker: str, most: int) -> None:
        self.told += self.desk.ask(worker, most, held=[grant.token for grant in self.told]).grants

    def ask_holding(self, worker: str, places: list[int]) -> None:
        """It knows of some of what it has, and of what others have had."""
        held = {self.told[place % len(self.told)].token for place in places if self.told}
        leases = self.desk.ledger.leases
        missed = {
            token
            for token, lease in leases.items()
            if lease.worker == worker and not lease.is_late and token not in held
        }
        grants = self.desk.ask(worker, 8, held=held).grants
        self.told += grants
        if missed and not self.desk.machine.is_over:
            assert {grant.token for grant in grants} == missed, "what it missed comes first"

    def release(self, worker: str, place: int) -> None:
        if self.told:
            grant = self.told[place % len(self.told)]
            before = self.desk.ledger.leases.get(grant.token)
            losses = self.desk.ledger.row(grant.shard).losses
            self.desk.release(worker, grant)
            if before and before.worker == worker and not before.is_late:
                assert grant.token not in self.desk.ledger.leases
                assert self.desk.ledger.row(grant.shard).losses == losses, "no blame"
            else:
                assert self.desk.ledger.leases.get(grant.token) == before, "not its own, or late"

    def extend(self, count: int, is_whole: bool) -> None:
        if not self.desk.is_whole:
            self.desk.extend(count, is_whole=is_whole)
            assert self.desk.woken

    def done(self, place: int, is_good: bool = True) -> None:
        if self.told:
            grant = self.told[place % len(self.told)]
            self._note(grant, self.desk.done(grant, failed=int(not is_good)))

    def done_twice(self, place: int, other: int) -> None:
        if self.told:
            pair = [self.told[each % len(self.told)] for each in (place, other)]
            for grant, is_accepted in zip(pair, self.desk.done(*pair), strict=True):
                self._note(grant, (is_accepted,))

    def _note(self, grant: Grant, accepted: tuple[bool, ...]) -> None:
        before = grant.token in self.accepted
        assert accepted == (True,) or not before, "what was accepted stays accepted"
        if accepted == (True,):
            self.accepted[grant.token] = grant.shard
            assert self.desk.ledger.row(grant.shard).token == grant.token

    def fail(self, place: int, retryable: bool) -> None:
        if self.told:
            self.desk.fail(self.told[place % len(self.told)], retryable=retryable)

    def renew(self, worker: str, place: int) -> None:
        if self.told:
            self.desk.renew(worker, self.told[place % len(self.told)])

    def lost(self, worker: str) -> None:
        self.desk.lost(worker)

    def left(self, worker: str) -> None:
        self.desk.left(worker)

    def wait(self, seconds: float) -> None:
        self.desk.wait(seconds)

    def restart(self) -> None:
        self.desk.restart()

    def agrees(self) -> None:
        """The machine counts what its ledger has."""
        desk, seen = self.desk, self.desk.machine.status(self.desk.now)
        statuses = [desk.status(shard) for shard in range(desk.total)]
        assert statuses.count("todo") == seen.todo
        assert statuses.count("leased") == seen.leased
        assert statuses.count("done") == seen.done
        assert statuses.count("failed") == seen.failed
        assert len(set(self.accepted.values())) == len(self.accepted), "one token a shard"
        held = sum(each.held for each in seen.workers)
        assert held == sum(not lease.is_late for lease in desk.ledger.leases.values())
        assert desk.machine.verdict == desk.ledger.verdict
        rows = desk.ledger.shards.values()
        if not desk.is_whole and desk.machine.verdict:
            assert desk.machine.verdict.name == "failed", "more may come"
        assert seen.failed_items == sum(
            row.bad if row.status == "done" else row.status == "failed" for row in rows
        )

    def finish(self) -> None:
        """Two good workers see it through, if the thresholds let them."""
        desk = self.desk
        if not desk.is_whole:
            desk.extend(2, is_whole=True)
        for worker in WORKERS:
            desk.lost(worker)
        for _ in range(40 * desk.total + 40):
            if desk.machine.is_over:
                break
            for worker in "xy":
                answer = desk.ask(worker, 4)
                self.told += answer.grants
                desk.now += 1
                for grant in answer.grants:
                    self._note(grant, desk.done(grant))
                if not (answer.grants or answer.is_over) and answer.again_at:
                    desk.wait(max(answer.again_at - desk.now, 0))
            self.agrees()
        assert desk.machine.is_over


@settings(max_examples=300, derandomize=True, deadline=None)
@given(st.integers(0, 9), RULES, EVENTS, st.booleans())
def test_every_shard_ends_once(
    total: int, rules: dict[str, Any], events: list[tuple[Any, ...]], grows: bool
) -> None:
    world = World(total, rules, grows=grows)
    for event in events:
        world.do(event)
    world.finish()
    desk = world.desk
    assert desk.ledger.verdict is not None
    if desk.ledger.verdict.name == "succeeded":
        assert {desk.status(shard) for shard in range(desk.total)} <= {"done", "failed"}
    for shard, row in desk.ledger.shards.items():
        if row.status == "failed":
            assert [each.status for each in desk.ledger.errors if each.shard == shard][
                -1
            ] == "failed"
            assert row.error


@settings(max_examples=150, derandomize=True, deadline=None)
@given(st.integers(1, 9), RULES, EVENTS, st.booleans())
def test_a_restored_machine_answers_as_the_other_would(
    total: int, rules: dict[str, Any], events: list[tuple[Any, ...]], grows: bool
) -> None:
    world = World(total, rules, grows=grows)
    for event in events:
        world.do(event)
    desk, told = world.desk, world.told
    before = desk.machine.status(desk.now)
    desk.restart()
    after = desk.machine.status(desk.now)
    for name in ("todo", "leased", "done", "failed", "items", "failed_items", "failures", "losses"):
        assert getattr(before, name) == getattr(after, name)
    # Each token that still counts does so under the new master; no other does.
    counting = set(desk.ledger.leases)
    for grant in told:
        is_sound = grant.token in counting or grant.token in world.accepted
        (accepted,) = desk.done(grant)
        assert accepted == is_sound
        counting = set(desk.ledger.leases)
        if accepted:
            world.accepted[grant.token] = grant.shard
    world.agrees()
