"""The lease service in the simulated world: the real desk over the real database, which crashes.

It is started again; one whose master is gone lingers until it is fenced off.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from millwork.base.errors import Fenced
from millwork.batch.desk import Desk, Terms
from millwork.batch.rules import Rules
from tests.sim.gangs import FOREVER
from tests.sim.world import Crash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from millwork.batch.records import BatchRow
    from millwork.ports import News, Opening
    from tests.sim.batches import BatchWorld


class SimService:
    """The service of one master: in the place of a process, its socket and its timer."""

    def __init__(self, world: BatchWorld, leasing: SimLeasing) -> None:
        self._world, self._leasing = world, leasing
        self.desks: dict[str, tuple[Desk, BatchRow, str]] = {}
        self._news: dict[str, News] = {}

    def open(self, opening: Opening) -> None:
        """Goes on from what was kept."""
        world, epoch = self._world, self._leasing.epoch
        world.beginning = (opening.step, opening.attempt)
        row = world.shards.begin("r", epoch, opening.step, opening.attempt, "/layout")
        world.beginning = None
        batch = world.batches[opening.step]
        terms = Terms(
            batch.layout, Rules(**opening.rules), "/in", batch.batch.split.by == "auto",
            world.new_token, lambda replica: replica,
        )  # fmt: skip
        desk = Desk(terms, world.shards.kept(row), opening.gone, world.now)
        self.desks[opening.attempt] = desk, row, opening.step
        self.keep(opening.attempt)

    def gone(self, attempt: str, worker: str, *, is_lost: bool) -> None:
        if attempt in self.desks:
            self.desks[attempt][0].gone(worker, self._world.now, is_lost=is_lost)
            self.keep(attempt)

    def tick(self) -> None:
        for attempt, (desk, _, _) in self.desks.items():
            due = desk.next_deadline()
            if due is not None and due <= self._world.now:
                desk.tick(self._world.now)
                self.keep(attempt)

    def keep(self, attempt: str) -> None:
        """What was decided is kept, and then there may be news."""
        world, (desk, row, step) = self._world, self.desks[attempt]
        changes, desk.changes = desk.changes, []
        if changes:
            world.deciding = (step, changes)
            world.shards.commit("r", self._leasing.epoch, world.now, [(row.id, changes)])
        news = desk.news(world.now, 4)
        if news != self._news.get(attempt):
            self._news[attempt] = news
            self._leasing.told.append((attempt, news))

    def next_deadline(self) -> float:
        dues = [desk.next_deadline() for desk, _, _ in self.desks.values()]
        return min((due for due in dues if due is not None), default=FOREVER)


class SimLeasing:
    """Implements `ports.Leasing`: what one master has of its service."""

    def __init__(self, world: BatchWorld, epoch: int) -> None:
        self._world, self.epoch = world, epoch
        self.service: SimService | None = None
        self.told: list[tuple[str, News]] = []
        self._openings: dict[str, Opening] = {}
        self._is_over = self._is_starting = False

    def open(self, opening: Opening) -> None:
        self._openings[opening.attempt] = opening
        if self not in self._world.leasings:
            self._world.leasings.append(self)  # its socket is in the place of the last one's
        if self.service is None:
            self._start_soon()
        else:
            self._world.at(self._world.random.uniform(0, 5), lambda: self._open(opening))

    def gone(self, attempt: str, worker: str, *, is_lost: bool) -> None:
        opening = self._openings.get(attempt)
        if opening:
            gone = {**opening.gone, worker: is_lost}
            self._openings[attempt] = replace(opening, gone=gone)
            self.ask(lambda service: service.gone(attempt, worker, is_lost=is_lost))

    def close(self, attempt: str) -> None:
        self._openings.pop(attempt, None)
        if self.service:
            self.service.desks.pop(attempt, None)

    def news(self) -> Sequence[tuple[str, News]]:
        told, self.told = self.told, []
        return told

    def stop(self) -> None:
        if isinstance(sys.exc_info()[1], Crash):
            return  # a master that was killed says nothing; its service may linger
        self._is_over, self.service = True, None
        if self in self._world.leasings:
            self._world.leasings.remove(self)

    def ask(self, question: Callable[[SimService], Any]) -> Any:
        """The service's answer; None if there is none, or it dies of the question."""
        world = self._world
        try:
            if self.service and world.chance(world.batch_chances.service):
                raise Crash
            return question(self.service) if self.service else None
        except Crash:
            self._ended()
            self._start_soon()
        except Fenced:
            self._ended()
            self._is_over = True
            world.fenced += 1
        return None

    def _ended(self) -> None:
        self._world.service_crashes += 1
        self._world.beginning = self._world.deciding = None
        self.service = None

    def _start_soon(self) -> None:
        if not (self._is_starting or self._is_over):
            self._is_starting = True
            self._world.at(self._world.random.uniform(0.02, 5), self._start)

    def _start(self) -> None:
        self._is_starting = False
        if self._is_over:
            return
        self.service = SimService(self._world, self)
        for opening in (*self._openings.values(),):
            self._open(opening)

    def _open(self, opening: Opening) -> None:
        known = self._openings.get(opening.attempt)
        if known and self.service and opening.attempt not in self.service.desks:
            self.ask(lambda service: service.open(known))
