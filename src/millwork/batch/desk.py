"""A batch at work: who gives out its shards, by the machine, and what they consist of.

What is decided is noted in `changes`: it is to be kept before anybody is told of it. Tokens of
workers who ask, and the word of an engine that one is gone, come from outside.
"""

from __future__ import annotations

from array import array
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol

from millwork.base.records import dataclass
from millwork.batch.changes import BatchJudged, ShardFailed, ShardsDone
from millwork.batch.cuts import Cuts
from millwork.batch.decision import Decision, LeaseAnswer, RenewAnswer
from millwork.batch.machine import Machine
from millwork.ports.leases import News

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from millwork.batch.changes import Change, LeaseRow, ShardRow, ShardsCut
    from millwork.batch.decision import (
        DoneAnswer,
        Grant,
        Result,
    )
    from millwork.batch.rules import Rules, Verdict
    from millwork.batch.status import Status

STARTUP = 0.1
"""Seconds that a worker's start takes at least."""
_TELLING = 1.0


def replica_of(worker: str) -> str:
    """The replica that a worker belongs to: `worker-0/123` is a process of `worker-0`."""
    return worker.partition("/")[0]


class Layout(Protocol):
    """What an input was cut into: `total` atoms, and how many items each of them has, or all."""

    @property
    def total(self) -> int:
        """How many atoms there are."""

    @property
    def items(self) -> Sequence[int] | int:
        """How many items each atom has; one number if all are alike."""

    def entry(self, first: int, count: int = 1, root: str = "") -> dict[str, Any]:
        """Atoms as one shard: its files or ranges of rows below `root`, and its key."""


@dataclass(frozen=True)
class Kept:
    """What an earlier master of the same attempt has kept."""

    shards: Iterable[ShardRow] = ()
    leases: Iterable[LeaseRow] = ()
    cuts: Iterable[ShardsCut] = ()
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Terms:
    """What a batch is: its layout and rules, and whether shards are cut `by_speed`.

    `root` is how workers see the input; `place` tells where a replica's log is at the moment.
    """

    layout: Layout
    rules: Rules
    root: str
    by_speed: bool
    new_token: Callable[[], str]
    place: Callable[[str], str]


class Desk:
    """Gives out the shards of one attempt at a batch, or goes on to, from what was kept.

    Some workers are `gone` already, and were lost or not.
    """

    def __init__(self, terms: Terms, kept: Kept, gone: Mapping[str, bool], now: float) -> None:
        self._terms, self._layout = terms, terms.layout
        self.changes: list[Change] = []
        self._told: set[str] = set()
        self._known: set[str] = set()
        self._gone: set[str] = set()
        self._over_at: float | None = None
        self._cuts = Cuts(self._layout.total, by_speed=terms.by_speed)
        self._cuts.restore(kept.cuts)
        self._items: array[int] | None = None
        if terms.by_speed:
            self._items = array("Q", map(self._items_of, range(self._cuts.total)))
        self._machine = Machine(
            self._cuts.total,
            terms.rules,
            terms.new_token,
            self._layout.items if self._items is None else self._items,
            is_whole=self._cuts.is_whole,
        )
        self._machine.restore(self._measured(kept.shards), kept.leases, kept.verdict, now)
        self._known.update(self._machine.live())
        self._note(self._machine.start(), now)
        if self._machine.is_over:
            self._over_at = now + _TELLING
        for worker, is_lost in gone.items():
            self.gone(worker, now, is_lost=is_lost)

    # --- what workers ask -----------------------------------------------------------------

    def lease(
        self, worker: str, most: int, held: Collection[str] | None, now: float
    ) -> LeaseAnswer:
        """Shards for a worker, or that there will be none, or when it should ask again."""
        if replica_of(worker) in self._gone:
            return LeaseAnswer(is_over=True)
        self._known.add(worker)
        answer = self._machine.lease(worker, most, now, held)
        # What there is, if anything, is for others, who are to try what has failed here.
        if not (answer.grants or answer.is_over or self._machine.has_fresh) and self._cut_more(now):
            answer = self._machine.lease(worker, most, now, held)
        self._note(answer, now)
        if answer.is_over:
            self._told.add(worker)
        return answer

    def told(self, grant: Grant) -> dict[str, Any]:
        """What a worker is told of a shard."""
        first, count = self._cuts.atoms_of(grant.shard)
        entry = self._layout.entry(first, count, self._terms.root)
        return {
            "id": str(grant.shard),
            "attempt": grant.attempt,
            "token": grant.token,
            "seconds": grant.seconds,
            **entry,
        }

    def renew(self, worker: str, tokens: Collection[str], items: int, now: float) -> RenewAnswer:
        """Which of its leases a worker still has."""
        if replica_of(worker) in self._gone:
            return RenewAnswer(lost=tuple(tokens))
        answer = self._machine.renew(worker, tokens, now, items)
        self._note(answer, now)
        return answer

    def done(self, results: Sequence[Result], now: float) -> DoneAnswer:
        """Which results are accepted."""
        answer = self._machine.done(results, now)
        self._note(answer, now)
        return answer

    def fail(self, token: str, error: str, now: float, *, retryable: bool) -> Decision:
        """A try has failed."""
        decision = self._machine.fail(token, error, now, retryable=retryable)
        self._note(decision, now)
        return decision

    def release(self, worker: str, tokens: Collection[str], now: float) -> Decision:
        """A worker gives back what it has not begun."""
        if replica_of(worker) in self._gone:
            return Decision()
        decision = self._machine.release(worker, tokens)
        self._note(decision, now)
        return decision

    # --- what a run says ------------------------------------------------------------------

    def gone(self, replica: str, now: float, *, is_lost: bool) -> Decision:
        """A replica has ended, by itself or not: what its workers had goes back at once."""
        decision = Decision()
        for worker in self._machine.live():
            if replica_of(worker) == replica:
                end = self._machine.lost(worker) if is_lost else self._machine.left(worker)
                decision.changes += end.changes
                decision.wakes |= end.wakes
        self._gone.add(replica)
        self._known = {worker for worker in self._known if replica_of(worker) != replica}
        self._note(decision, now)
        return decision

    def tick(self, now: float) -> Decision:
        """Time has passed."""
        decision = self._machine.tick(now)
        self._note(decision, now)
        return decision

    def next_deadline(self) -> float | None:
        """When `tick` should be called, and `news` looked at."""
        if self._machine.is_over:
            return self._over_at
        return self._machine.next_deadline()

    def news(self, now: float, seats: int) -> News:
        """What a run of so many workers needs to know.

        Who has been heard of counts until it is gone: one that is silent is not about to start.
        """
        known = len(set(map(replica_of, self._known)))
        verdict = self._machine.verdict
        if verdict is None:
            wanted = self._machine.wanted(seats, now, STARTUP) + self._cuts.left
            return News(min(wanted, seats), known)
        vain: tuple[str, ...] = ()
        if self._over_at is not None and now >= self._over_at:
            self._over_at = None
            vain = tuple(sorted(set(map(replica_of, self._known - self._told))))
        return News(0, known, verdict.name, verdict.reason, vain)

    def status(self, now: float) -> Status:
        """What is shown of it."""
        status, more = self._machine.status(now), self._cuts.seconds_left()
        left = None
        if status.seconds_left is not None and more is not None:
            left = status.seconds_left + more / max(1, len(self._machine.live()))
        return replace(status, uncut=self._cuts.left, seconds_left=left)

    # --- inside ---------------------------------------------------------------------------

    def _note(self, decision: Decision, now: float) -> None:
        for change in decision.changes:
            if isinstance(change, ShardsDone) and self._terms.by_speed:
                for result in change.results:
                    self._cuts.measure(result.shard, result.seconds)
            if isinstance(change, ShardFailed):
                change = replace(change, place=self._terms.place(replica_of(change.worker)))  # noqa: PLW2901
            if isinstance(change, BatchJudged):
                self._over_at = now + _TELLING
            self.changes.append(change)

    def _cut_more(self, now: float) -> bool:
        """Cuts some more shards; whether there was anything left to cut."""
        workers = len(self._machine.live())
        cut = None if self._machine.is_over else self._cuts.cut(workers)
        if cut is None:
            return False
        assert self._items is not None
        self._items.extend(map(self._items_of, range(cut.shard, cut.shard + cut.count)))
        self.changes.append(cut)
        self._note(self._machine.extend(cut.count, is_whole=self._cuts.is_whole), now)
        return True

    def _measured(self, rows: Iterable[ShardRow]) -> Iterator[ShardRow]:
        """The rows as they are; by the way it is found out how long shards took."""
        for row in rows:
            if self._terms.by_speed and row.status == "done":
                self._cuts.measure(row.shard, row.seconds)
            yield row

    def _items_of(self, shard: int) -> int:
        return self._cuts.items_of(shard, self._layout.items)
