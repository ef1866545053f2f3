"""Batches in the simulated world: the real desk over the real database, and workers of all kinds.

The service crashes at any commit and is started again; one whose master is gone lingers. Workers
are slow, stall beyond their leases, fail, die, and do not hear every answer. The referee sees
every commit: `tests.batch.ledger` says of it what must hold of shards.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, Any

from millwork.actions.batches import rules_of
from millwork.plan.gang import roster
from millwork.plan.model import Step
from millwork.ports import Opening, Outcome
from millwork.spec.model import Batch, Component, ReplicaGroup, RunPolicy, Split
from millwork.store.shards import ShardStore
from tests.batch.ledger import Ledger
from tests.batch.test_desk import Numbers
from tests.sim.gangs import FOREVER, Kind, Process, Referee, SimJob, Violation
from tests.sim.leasing import SimLeasing, SimService
from tests.sim.workers import SimWorker
from tests.sim.world import COMPONENT, LONGEST, SimEngine, SimPlanner, World

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

    from millwork.batch.changes import Change
    from millwork.batch.desk import Desk
    from millwork.batch.rules import Rules
    from millwork.plan.gang import Roster
    from millwork.ports import Ended, RunRow
    from millwork.ports.changes import JobJudged
    from millwork.run.loop import Loop

PLAIN = 3
BATCHES = 2


@dataclass
class BatchChances:
    """How often things go wrong among workers, and with what serves them."""

    service: float = 0.01
    unheard: float = 0.05
    old_service: float = 0.1
    fail: float = 0.05
    die: float = 0.03
    stall: float = 0.02
    give_back: float = 0.05


@dataclass(frozen=True)
class SimBatch:
    """A step that is a batch: what it consists of, and who never gets on with which shard."""

    batch: Batch
    layout: Numbers
    poison: frozenset[int]

    @property
    def rules(self) -> Rules:
        return rules_of(self.batch)


def batch_step(random: Random, name: str, upstream: Sequence[str]) -> tuple[SimJob, SimBatch]:
    """A batch of some size, with some rules."""
    workers = random.choice((1, 2, 4))
    by_speed = random.random() < 0.5
    total = random.choice((0, 1, 5, 30))
    batch = Batch(
        "in",
        Split() if by_speed else Split("files", 1),
        max_retries=random.choice((0, 1, 2)),
        error_threshold=random.choice((-1, 3)),
        mini_batch_error_threshold=random.choice((-1, -1, 0, 2)),
        partial_is_failure=random.random() < 0.3,
        speculates=random.random() < 0.7,
    )
    policy = RunPolicy(restarts=random.choice((0, 3, 30)))
    step = Step(
        name,
        Component("batch", "1.0.0", "true", job_type="ElasticBatchJob", batch=batch),
        after=tuple(upstream), retries=random.choice((1, 3)), timeout=1500.0,
        continue_on_failure=True, replicas={"worker": ReplicaGroup(workers)}, run_policy=policy,
    )  # fmt: skip
    kind = Kind("ElasticBatchJob", {"worker": workers}, ((),))
    found = roster(step)
    rules = replace(found.rules, at_once=random.choice((None, 1, 2)))
    poison = frozenset(each for each in range(total) if random.random() < 0.05)
    job = SimJob(step, kind, policy, replace(found, rules=rules))
    return job, SimBatch(batch, Numbers(total, random.choice((1, 2))), poison)


# --- the world ----------------------------------------------------------------------------------


class BatchReferee(Referee):
    """What must hold of an attempt whose shards decide."""

    world: BatchWorld

    def _check_success(self, attempt: Any) -> None:
        super()._check_success(attempt)
        if attempt.step in self.world.batches:
            self.world.check_batch(attempt.step)

    def _judged(self, change: JobJudged) -> None:
        super()._judged(change)
        hung = change.verdict == "stopped" and not self.is_cancelled
        self._must(not hung, "{} did nothing until its time was up", change.attempt)

    def _check_failure(self, attempt: Any, job: SimJob, change: JobJudged) -> None:
        """Its shards have failed, or all its workers for good."""
        super()._check_failure(attempt, job, change)
        verdict = self.world.ledgers[attempt.step].verdict
        by_shards = verdict and verdict.name == "failed" and verdict.reason == change.reason
        by_workers = change.reason.startswith(("worker-", "the workers have ended"))
        self._must(bool(by_shards or by_workers), "{} failed: {}", attempt.id, change)
        early = by_workers and verdict is not None
        self._must(not early, "{} failed, and its shards {}: {}", attempt.id, verdict, change)


@dataclass
class BatchWorld(World):
    """One run with batches, and everything around it."""

    batch_chances: BatchChances = field(default_factory=BatchChances)

    def __post_init__(self) -> None:
        self.batches: dict[str, SimBatch] = {}
        self.ledgers: dict[str, Ledger] = {}
        self.attempts: dict[str, str] = {}
        self.accepted: dict[tuple[str, int], str] = {}
        self.leasings: list[SimLeasing] = []
        self.beginning: tuple[str, str] | None = None
        self.deciding: tuple[str, Sequence[Change]] | None = None
        self.fenced = self.service_crashes = self.losses = self.copies = 0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._order, self._pids = count(), count(1)
        super().__post_init__()
        self.shards = ShardStore(self.path)
        self.referee = BatchReferee(self.jobs, self.steps, self.processes, lambda: self.now)
        self.referee.world = self

    def run(self) -> None:
        try:
            super().run()
        finally:
            self.shards.close()

    def _graph(self) -> dict[str, Step]:
        steps: dict[str, Step] = {}
        for number in range(PLAIN):
            name = f"s{number}"
            steps[name] = Step(
                name, COMPONENT, after=tuple(self._some(steps)), retries=50, timeout=600.0,
                continue_on_failure=True,
            )  # fmt: skip
            if number < BATCHES:
                name = f"b{number}"
                self.jobs[name], self.batches[name] = batch_step(
                    self.random, name, self._some(steps)
                )
                steps[name] = self.jobs[name].step
                self.ledgers[name] = Ledger()
        return steps

    def _master(self, row: RunRow) -> None:
        self._act_until(self.now)  # whoever is left goes on without a master
        super()._master(row)

    def _loop(self, epoch: int) -> Loop:
        loop = super()._loop(epoch)
        loop.planner = BatchPlanner(self)
        leasing = SimLeasing(self, epoch)
        loop.leasing = leasing
        loop.engine = BatchEngine(self, epoch, leasing)
        return loop

    def new_token(self) -> str:
        return f"{self.random.getrandbits(48):x}"

    # --- time -----------------------------------------------------------------------------

    def at(self, seconds: float, act: Callable[[], None]) -> None:
        """Has it done so many seconds from now."""
        heappush(self._events, (self.now + seconds, next(self._order), act))

    def next_event(self) -> float:
        """When something happens next that no engine knows of."""
        services = [each.service.next_deadline() for each in self.leasings if each.service]
        return min([*services, self._events[0][0] if self._events else FOREVER])

    def act(self) -> None:
        """That happens."""
        self.now = max(self.now, self.next_event())
        for leasing in (*self.leasings,):
            if leasing.service and leasing.service.next_deadline() <= self.now:
                leasing.ask(lambda service: service.tick())
                return
        _, _, act = heappop(self._events)
        act()

    def _act_until(self, time: float) -> None:
        while self.next_event() <= time:
            self.act()

    # --- workers --------------------------------------------------------------------------

    def _replica(self, process: str, step: str) -> Process:
        made = Process(process, step, FOREVER, Outcome("exited", 0), FOREVER)
        name = f"{process.partition('/')[2]}/{next(self._pids)}"
        worker = SimWorker(self, made, name, self.random.choice((0.2, 1.0, 1.0, 5.0)))
        worker.later(self.random.uniform(0.1, 3), worker.ask)
        return made

    def call(self, attempt: str, question: Callable[[Desk], Any]) -> Any:
        """A worker's call, which may come to the service of an earlier master."""
        if not self.leasings:
            return None
        is_old = self.chance(self.batch_chances.old_service)
        leasing = self.random.choice(self.leasings) if is_old else self.leasings[-1]

        def answered(service: SimService) -> Any:
            if attempt not in service.desks:
                return None
            answer = question(service.desks[attempt][0])
            service.keep(attempt)
            return answer

        answer = leasing.ask(answered)
        return None if self.chance(self.batch_chances.unheard) else answer

    # --- what must hold -------------------------------------------------------------------

    def _at_point(self, point: str) -> None:
        if point == "store.committed":
            self._note_kept()
        super()._at_point(point)

    def _note_kept(self) -> None:
        if self.beginning:
            step, attempt = self.beginning
            self.beginning = None
            if self.attempts.get(step, attempt) != attempt:
                self.ledgers[step] = _of_later_attempt(self.ledgers[step])
            self.attempts[step] = attempt
        elif self.deciding:
            step, changes = self.deciding
            self.deciding = None
            self.ledgers[step].keep(changes)

    def note_lease(self, worker: SimWorker, shard: Mapping[str, Any]) -> None:
        """A worker was told of a shard: that was kept before."""
        ledger = self.ledgers[worker.process.step]
        if shard["token"] not in ledger.seen:
            raise Violation(f"{worker.name} was told of {shard['token']} before it was kept")
        self.copies += len(ledger.in_time(int(shard["id"]))) > 1

    def note_accepted(self, worker: SimWorker, shard: Mapping[str, Any]) -> None:
        """A worker was told that its result is the shard's."""
        step, token, number = worker.process.step, shard["token"], int(shard["id"])
        before = self.accepted.setdefault((step, number), token)
        if before != token:
            raise Violation(f"{step}: shard {number} was accepted twice: {before} and {token}")
        if self.ledgers[step].row(number).token != token:
            raise Violation(f"{step}: {token} is accepted, and that was not kept")

    def check_batch(self, step: str) -> None:
        """It has succeeded: every atom is in a shard, every shard has ended, and few failed."""
        row = self.shards.batch("r", step)
        ledger, batch = self.ledgers[step], self.batches[step]
        assert row is not None
        if row.verdict != "succeeded" or ledger.verdict is None:
            raise Violation(f"{step} succeeded, and its shards {row}")
        atoms = batch.layout.total
        cuts = self.shards.cuts(row, atoms)
        spans = [cuts.atoms_of(shard) for shard in range(cuts.total)] if atoms else []
        covered = [atom for first, many in spans for atom in range(first, first + many)]
        if covered != list(range(atoms)):
            raise Violation(f"{step}: atoms {covered} of {atoms}")
        ends = {shard: ledger.row(shard).status for shard in range(len(spans))}
        if not set(ends.values()) <= {"done", "failed"}:
            raise Violation(f"{step} succeeded, and of its shards {ends}")
        bad = sum(
            status == "failed" or ledger.row(shard).is_partial for shard, status in ends.items()
        )
        if 0 <= rules_of(batch.batch).mini_batch_error_threshold < bad:
            raise Violation(f"{step} succeeded, and {bad} shards failed")

    def _check_end(self, row: RunRow) -> None:
        super()._check_end(row)
        for step in self.batches:
            found = self.shards.batch("r", step)
            if found is None:
                continue
            kept = {each.shard: each.token for each in self.shards.accepted(found)}
            ledger = self.ledgers[step]
            told = {shard: t for (name, shard), t in self.accepted.items() if name == step}
            done = {n: each.token for n, each in ledger.shards.items() if each.status == "done"}
            if kept != done or not told.items() <= kept.items():
                raise Violation(f"{step}: kept {kept}, decided {done}, told {told}")
            self.losses += sum(each.losses for each in ledger.shards.values())


def _of_later_attempt(ledger: Ledger) -> Ledger:
    """What is done stays done; all else begins anew."""
    done = {shard: row for shard, row in ledger.shards.items() if row.status == "done"}
    return Ledger(shards=done, seen=ledger.seen)


class BatchPlanner(SimPlanner):
    """Plans batches too."""

    _world: BatchWorld

    def opening(self, step: str, attempt: str, token: str, gone: Mapping[str, bool]) -> Opening:
        batch = self._world.batches[step]
        return Opening(
            step=step, attempt=attempt, token=token, source="/in", root="/in", folder=attempt,
            split=batch.batch.split, rules=asdict(batch.rules), seats=4, gone=gone,
        )  # fmt: skip

    def roster(self, step: str) -> Roster | None:
        job = self._world.jobs.get(step)
        return job.roster if job else None


class BatchEngine(SimEngine):
    """While a master waits for its engine, the others act."""

    _world: BatchWorld

    def __init__(self, world: BatchWorld, epoch: int, leasing: SimLeasing) -> None:
        super().__init__(world, epoch)
        self._leasing = leasing

    def observe(self, timeout: float | None) -> Sequence[Ended]:
        world = self._world
        until = LONGEST if timeout is None else world.now + timeout
        while not self._leasing.told:
            if world.cancel_at >= world.now:
                until = min(until, world.cancel_at)
            due = min([until, *map(self._when, self._watched)])
            if world.next_event() > due:
                break
            world.act()
        if self._leasing.told:
            return super().observe(0.0)
        return super().observe(None if timeout is None else max(until - world.now, 0.0))
