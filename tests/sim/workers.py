"""Workers of batches in the simulated world: slow, stalled, failing, dying, hard of hearing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from millwork.batch.decision import Result
from millwork.ports import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from millwork.batch.desk import Desk
    from tests.sim.batches import BatchWorld
    from tests.sim.gangs import Process


@dataclass
class SimWorker:
    """A process that leases shards; what is not heard it says again."""

    world: BatchWorld
    process: Process
    name: str
    speed: float
    held: list[dict[str, Any]] = field(default_factory=list)
    pace: int = 0

    @property
    def is_alive(self) -> bool:
        return self.process.end > self.world.now

    def later(self, seconds: float, act: Callable[[], None]) -> None:
        """Does it if it still lives then."""
        self.world.at(seconds, lambda: act() if self.is_alive else None)

    def call(self, question: Callable[[Desk], Any]) -> Any:
        """What the service answers; None if that is not heard."""
        return self.world.call(self.process.attempt, question)

    def ask(self) -> None:
        world, random = self.world, self.world.random
        tokens = [shard["token"] for shard in self.held]

        def question(desk: Desk) -> Any:
            answer = desk.lease(self.name, random.choice((1, 4)), tokens, world.now)
            return answer, [desk.told(grant) for grant in answer.grants]

        found = self.call(question)
        if found is None:
            self.later(random.uniform(0.1, 2), self.ask)
            return
        answer, shards = found
        for shard in shards:
            world.note_lease(self, shard)
        self.held += shards
        if self.held:
            self.begin()
        elif answer.is_over:
            self.end(Outcome("exited", 0), random.uniform(0, 1))
        else:
            soonest = max(answer.again_at or 0.0, world.now) - world.now if answer.again_at else 5.0
            self.later(min(soonest, random.uniform(0.5, 5)) + 0.01, self.ask)

    def begin(self) -> None:
        """The first of what it holds."""
        world, chances = self.world, self.world.batch_chances
        seconds = world.random.expovariate(1 / 2) / self.speed
        if world.chance(chances.die):
            self.later(seconds, self.die)
        elif world.chance(chances.stall):
            self.later(world.random.uniform(20, 200), self.finish)
        elif len(self.held) > 1 and world.chance(chances.give_back):
            self.give_back()
        else:
            self.later(seconds, self.finish)

    def finish(self) -> None:
        world, shard = self.world, self.held[0]
        token, number = shard["token"], int(shard["id"])
        step = world.batches[self.process.step]
        is_bad = number in step.poison or world.chance(world.batch_chances.fail)
        if is_bad and world.chance(0.5):
            retryable = not world.chance(0.1)
            self.tell(lambda desk: desk.fail(token, "boom", world.now, retryable=retryable) or True)
            return
        failed = int(is_bad)

        result = Result(token, ok=1, failed=failed)
        self.tell(lambda desk: desk.done([result], world.now), shard)

    def tell(self, question: Callable[[Desk], Any], shard: Mapping[str, Any] | None = None) -> None:
        """Until it is heard; then the next."""
        found = self.call(question)
        if found is None:
            self.later(self.world.random.uniform(0.1, 2), lambda: self.tell(question, shard))
            return
        if shard and found.accepted == (True,):
            self.world.note_accepted(self, shard)
        del self.held[0]
        self.go_on()

    def go_on(self) -> None:
        """What it has lost, it does not begin."""
        world, tokens = self.world, [shard["token"] for shard in self.held]
        if tokens:
            found = self.call(lambda desk: desk.renew(self.name, tokens, 0, world.now))
            if found is not None:
                self.held = [shard for shard in self.held if shard["token"] in found.ok]
        if self.held:
            self.begin()
        else:
            self.ask()

    def give_back(self) -> None:
        tokens, world = [shard["token"] for shard in self.held[1:]], self.world
        if self.call(lambda desk: desk.release(self.name, tokens, world.now) or True) is not None:
            del self.held[1:]
        self.begin()

    def die(self) -> None:
        code = self.world.random.choice((1, 137, None))
        lost = Outcome("lost", reason="the machine went down")
        self.end(Outcome("exited", code) if code else lost)

    def end(self, outcome: Outcome, after: float = 0.0) -> None:
        world, process = self.world, self.process
        if self.is_alive:
            process.end, process.outcome = world.now + after, outcome
            process.told_at = world._told_at(process.end)
