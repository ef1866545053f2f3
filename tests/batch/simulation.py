"""Workers of given speeds on shards of given lengths, in virtual time: nothing sleeps.

A worker does its shards one after the other, says done when it has done all of a lease's, and
asks again. Overhead is left out: what is measured is who gets what.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING

from millwork.batch.decision import Result
from millwork.batch.machine import Machine
from millwork.batch.rules import Rules
from tests.batch.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from millwork.batch.decision import Grant


@dataclass
class Actor:
    """A simulated worker: `speed` 0.2 takes five times as long; `dies_at` it is killed."""

    name: str
    speed: float = 1.0
    joins_at: float = 0.0
    dies_at: float = float("inf")
    queue: list[Grant] = field(default_factory=list)
    is_parked: bool = False
    is_gone: bool = False


class Simulation:
    """Runs a batch to its end; `makespan` is when the last shard was accepted."""

    def __init__(
        self,
        lengths: Sequence[float],
        actors: Sequence[Actor],
        most: int = 8,
        rules: Rules | None = None,
        together: bool = False,
    ) -> None:
        numbers = count()
        self._lengths, self._most, self._together = lengths, most, together
        self.machine = Machine(len(lengths), rules or Rules(), lambda: str(next(numbers)))
        self.ledger = Ledger()
        self.actors = {actor.name: actor for actor in actors}
        self._events: list[tuple[float, int, str, str, tuple[Grant, ...]]] = []
        self._order = count()
        self.makespan = self.wasted = 0.0
        self.accepted: list[int] = []
        for actor in actors:
            self._at(actor.joins_at, "ask", actor.name)
            if actor.dies_at < float("inf"):
                self._at(actor.dies_at, "die", actor.name)

    def _at(self, time: float, what: str, name: str, grants: tuple[Grant, ...] = ()) -> None:
        heappush(self._events, (time, next(self._order), what, name, grants))

    def run(self) -> Simulation:
        while self._events and not self.machine.is_over:
            now, _, what, name, grants = heappop(self._events)
            actor = self.actors[name]
            if actor.is_gone:
                continue
            if what == "die":
                self._die(actor, now)
            elif what == "done":
                self._done(actor, grants, now)
            elif what == "ask" or actor.is_parked:
                self._ask(actor, now)
        assert self.machine.verdict is not None
        assert sorted(self.accepted) == list(range(len(self._lengths)))
        return self

    def _ask(self, actor: Actor, now: float) -> None:
        answer = self.machine.lease(actor.name, self._most, now)
        self.ledger.keep(answer.changes)
        actor.is_parked = not (answer.grants or answer.is_over)
        if answer.grants:
            actor.queue = list(answer.grants)
            self._work(actor, now)
        elif answer.again_at is not None:
            assert answer.again_at > now, "it would ask for ever"
            self._at(answer.again_at, "again", actor.name)
        self._wake(answer.wakes, now)

    def _work(self, actor: Actor, now: float) -> None:
        """The next of its shards; or all of them, if it tells only of all."""
        batch = tuple(actor.queue) if self._together else (actor.queue[0],)
        del actor.queue[: len(batch)]
        seconds = sum(self._lengths[grant.shard] for grant in batch) / actor.speed
        self._at(now + seconds, "done", actor.name, batch)

    def _done(self, actor: Actor, grants: tuple[Grant, ...], now: float) -> None:
        answer = self.machine.done([Result(grant.token, ok=1) for grant in grants], now)
        self.ledger.keep(answer.changes)
        for grant, is_accepted in zip(grants, answer.accepted, strict=True):
            if is_accepted:
                self.accepted.append(grant.shard)
                self.makespan = now
            else:
                self.wasted += self._lengths[grant.shard]
        if actor.queue:
            # Before it begins the next, it finds out whether that still counts.
            tokens = [grant.token for grant in actor.queue]
            kept = set(self.machine.renew(actor.name, tokens, now).ok)
            actor.queue = [grant for grant in actor.queue if grant.token in kept]
        if actor.queue:
            self._work(actor, now)
        else:
            self._ask(actor, now)
        self._wake(answer.wakes, now)

    def _die(self, actor: Actor, now: float) -> None:
        actor.is_gone = True
        decision = self.machine.lost(actor.name)
        self.ledger.keep(decision.changes)
        self._wake(decision.wakes, now)

    def _wake(self, is_woken: bool, now: float) -> None:
        if is_woken:
            for actor in self.actors.values():
                if actor.is_parked:
                    self._at(now, "again", actor.name)


def team(size: int, speeds: Mapping[int, float] | None = None) -> list[Actor]:
    """So many workers, all of speed 1 but those said otherwise."""
    return [Actor(f"worker-{place}", (speeds or {}).get(place, 1.0)) for place in range(size)]


def static(lengths: Sequence[float], workers: int) -> float:
    """When the last worker ends if each gets one contiguous part of the shards."""
    part = -(-len(lengths) // workers)
    return max(sum(lengths[start : start + part]) for start in range(0, len(lengths), part))
