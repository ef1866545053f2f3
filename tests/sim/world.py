"""A simulated world around the real machine, the real loop and the real store.

Engines that drop, delay and repeat their news; masters that crash at any fault point, that are
paused while another takes over, and whose wall clock jumps. Everything follows from the seed.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from millwork.actions.resume import restore
from millwork.base import faultpoints
from millwork.base.errors import Fenced
from millwork.plan.model import Plan, Step
from millwork.ports import Ended, Master, Outcome, RunRow, StepRow
from millwork.run.loop import Loop
from millwork.run.machine import Machine
from millwork.run.state import Answer, Capacity, Result, Task
from millwork.spec.model import Component
from millwork.store.sqlite import SqliteStore

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from millwork.ports.changes import Change

STEPS = 14
LONGEST = 20_000.0
COMPONENT = Component("sim", "1.0.0", "true")


class Crash(BaseException):
    """The master's process is gone; nothing in the product catches it."""


class Violation(Exception):
    """A promise was broken."""


@dataclass
class Job:
    """An attempt as it is in the world, whoever watches it."""

    id: str
    step: str
    end: float
    outcome: Outcome
    told_at: float
    is_over: bool = False


@dataclass
class Chances:
    """How often things go wrong."""

    crash: float = 0.02
    pause: float = 0.03
    late: float = 0.1
    repeat: float = 0.1
    fail: float = 0.08
    lose: float = 0.06
    refuse: float = 0.03
    jump: float = 0.05


@dataclass
class World:
    """One run and everything around it."""

    seed: int
    path: str
    chances: Chances = field(default_factory=Chances)
    loop_class: type[Loop] = Loop
    machine_class: type[Machine] = Machine

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.now = 0.0
        self.wall_offset = 1_000_000.0
        self.jobs: dict[str, Job] = {}
        self.starts: Counter[str] = Counter()
        self.excused: Counter[str] = Counter()
        self.masters = 0
        self.crashes = 0
        self.depth = 0
        self.quiet = False
        self.store = SqliteStore(self.path)
        self.steps = self._graph()

    # --- the run --------------------------------------------------------------------------

    def run(self) -> None:
        """Drives the run to its end through all that goes wrong; raises Violation."""
        faultpoints.arm(self._at_point)
        try:
            self._submit()
            while True:
                row = self.store.run("r")
                assert row is not None
                if row.status != "running":
                    break
                self._master(row)
                self.now += self.random.uniform(0, 30)
                if self.now > LONGEST:
                    raise Violation("the run did not end")
        finally:
            faultpoints.disarm()
            self.store.close()
        self._check_end(row)

    def _graph(self) -> dict[str, Step]:
        steps: dict[str, Step] = {}
        for number in range(STEPS):
            upstream = self.random.sample(sorted(steps), min(len(steps), self.random.randint(0, 2)))
            steps[f"s{number}"] = Step(
                f"s{number}", COMPONENT, after=tuple(upstream), retries=50, timeout=600.0
            )
        return steps

    def _submit(self) -> None:
        self.quiet = True
        me = Master(0, "0", "boot")
        run = RunRow("r", "r", "sim", "1.0.0", "running", 0.0, master=me, epoch=1)
        rows = [StepRow(name, i, "pending") for i, name in enumerate(self.steps)]
        self.store.create_run(run, rows, {})
        self.quiet = False

    def _master(self, row: RunRow) -> None:
        """One process that drives the run until it ends, crashes or is fenced off."""
        self.masters += 1
        me = Master(self.masters, str(self.masters), "boot")
        try:
            epoch = self.store.take_over("r", row.epoch, me)
            loop = self._loop(epoch)
            restore(loop, row, self.store.steps("r"), self.store.attempts("r"))
            loop.drive()
        except Crash:
            self.crashes += 1
        except Fenced:
            pass

    def _loop(self, epoch: int) -> Loop:
        capacity = Capacity(self.random.choice((1, 3, 8)), 100, 100)
        tasks = [
            Task(
                step.name,
                step.upstream,
                retries=step.retries,
                timeout=step.timeout,
                on_lost="retry",
            )
            for step in self.steps.values()
        ]
        machine = self.machine_class("r", tasks, capacity, lambda: f"t{self.random.random()}")
        return self.loop_class(
            run="r", epoch=epoch, machine=machine, store=self.store, engine=SimEngine(self),
            planner=SimPlanner(self), clock=SimClock(self), observer=Nobody(), commands=lambda: (),
        )  # fmt: skip

    # --- what goes wrong ------------------------------------------------------------------

    def _at_point(self, _point: str) -> None:
        if not self.quiet and self.chance(self.chances.crash):
            raise Crash

    def chance(self, share: float) -> bool:
        """Whether something happens, now that it may."""
        return self.random.random() < share

    def maybe_pause(self) -> None:
        """This master stands still, and another takes over; then it goes on as if nothing was."""
        if self.depth < 2 and self.chance(self.chances.pause):
            self.depth += 1
            row = self.store.run("r")
            assert row is not None
            if row.status == "running":
                self._master(row)
            self.depth -= 1

    def maybe_jump(self) -> None:
        """Somebody sets the wall clock."""
        if self.chance(self.chances.jump):
            self.wall_offset += self.random.choice((-3600, 3600, 30, -30))

    # --- what must hold -------------------------------------------------------------------

    def start(self, attempt: str, step: str) -> Job:
        """A program starts: its attempt is known to the store, and no other of its step runs."""
        kept = {row.id: row for row in self.store.attempts("r")}
        if attempt not in kept or kept[attempt].status != "running":
            raise Violation(f"{attempt} was started without being kept first")
        if attempt in self.jobs:
            raise Violation(f"{attempt} was started twice")
        if any(job.step == step and job.end > self.now for job in self.jobs.values()):
            raise Violation(f"two attempts at {step} at once")
        self.starts[step] += 1
        length = self.random.expovariate(1 / 20)
        outcome = Outcome("exited", 0)
        if self.chance(self.chances.fail):
            outcome = Outcome("exited", 1)
        elif self.chance(self.chances.lose):
            outcome = Outcome("lost", reason="the machine went down")
        if outcome.code != 0:
            self.excused[step] += 1
        late = self.random.expovariate(1 / 40) if self.chance(self.chances.late) else 0.0
        job = Job(attempt, step, self.now + length, outcome, self.now + length + late)
        self.jobs[attempt] = job
        return job

    def _check_end(self, row: RunRow) -> None:
        if row.status != "succeeded":
            raise Violation(f"the run {row.status}: {row.reason}")
        events = self.store_events()
        recorded = Counter(
            event["data"]["step"]
            for event in events
            if event["kind"] == "AttemptClosed" and event["data"]["status"] == "succeeded"
        )
        for step in self.steps:
            if recorded[step] != 1:
                raise Violation(f"{step} was recorded {recorded[step]} times")
            if self.starts[step] != 1 + self.excused[step]:
                raise Violation(f"{step} was started {self.starts[step]} times without need")

    def store_events(self) -> Sequence[Mapping[str, Any]]:
        """The history, as a later reader finds it."""
        store = SqliteStore(self.path)
        try:
            self._check_outputs(store)
            return store.events("r", 0)
        finally:
            store.close()

    def _check_outputs(self, store: SqliteStore) -> None:
        closed = {row.id: row.status for row in store.attempts("r")}
        for row in store.steps("r"):
            origin = row.outputs["out"]["path"]
            if closed.get(origin) != "succeeded":
                raise Violation(f"{row.name} has the outputs of {origin}, which {closed[origin]}")


class SimClock:
    """Two clocks of which one jumps."""

    def __init__(self, world: World) -> None:
        self._world = world

    def wall(self) -> float:
        return self._world.now + self._world.wall_offset

    def monotonic(self) -> float:
        return self._world.now


class Nobody:
    """An observer."""

    interval: float | None = None

    def changed(self, changes: Sequence[Change]) -> None:
        """Does not look."""

    def pulse(self) -> None:
        """Does not look."""


class SimPlanner:
    """Outputs that carry the attempt that made them."""

    def __init__(self, world: World) -> None:
        self._world = world

    def plan(self, step: str, attempt: str, gpus: tuple[int, ...]) -> Plan:
        if self._world.chance(self._world.chances.refuse):
            raise OSError(28, "No space left on device")
        return Plan((), "/ml", (), {}, (step,))

    def result(self, step: str, attempt: str, outcome: Outcome) -> Result:
        output = {"path": attempt, "type": "any", "manifest": "{}"}
        return Result(outcome, {"out": output} if outcome.code == 0 else {})

    def consult(self, step: str) -> Answer:
        return Answer()

    def published(self, step: str, attempt: str, result: Result) -> None:
        """Nothing to remember."""

    def restore(self, step: str, outputs: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
        """Nothing to remember."""


class SimEngine:
    """What one master sees of the world's jobs."""

    name = "sim"
    shortcoming = ""

    def __init__(self, world: World) -> None:
        self._world = world
        self._watched: set[str] = set()
        self._told: list[str] = []

    def root(self, attempt: str, mounts: str) -> str:
        return "/ml"

    def folder(self, attempt: str) -> str:
        return attempt

    def log(self, attempt: str, offset: int) -> tuple[bytes, int]:
        return b"", offset

    def lacks(self, environment: Any) -> str:
        return ""

    def environment(self, code: str, wished: Any) -> str | None:
        return ""

    def start(self, attempt: str, plan: Plan) -> str:
        self._world.start(attempt, plan.folders[0])
        self._watched.add(attempt)
        return attempt

    def adopt(self, attempt: str) -> None:
        self._watched.add(attempt)

    def stop(self, attempt: str, grace: float) -> None:
        job = self._world.jobs.get(attempt)
        if job and job.end > self._world.now:
            job.end = job.told_at = self._world.now + grace
            job.outcome = Outcome("exited", 143)

    def observe(self, timeout: float | None) -> Sequence[Ended]:
        world = self._world
        world.maybe_jump()
        world.maybe_pause()
        if self._told and world.chance(world.chances.repeat):
            return [self._news(world.random.choice(self._told))]
        due = [self._when(attempt) for attempt in self._watched]
        until = world.now + timeout if timeout is not None else LONGEST
        world.now = max(world.now, min([*due, until]))
        if world.now >= LONGEST:
            raise Crash
        ended = sorted(name for name in self._watched if self._when(name) <= world.now)
        for name in ended:
            self._watched.discard(name)
            self._told.append(name)
        return [self._news(name) for name in ended]

    def _when(self, attempt: str) -> float:
        job = self._world.jobs.get(attempt)
        return job.told_at if job else self._world.now

    def _news(self, attempt: str) -> Ended:
        job = self._world.jobs.get(attempt)
        # An attempt that was kept and never started is found to be lost.
        return Ended(attempt, job.outcome if job else Outcome("lost", reason="never started"))
