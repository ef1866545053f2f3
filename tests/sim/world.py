"""A simulated world around the real machine, the real loop, the real gangs and the real store.

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
from millwork.plan.jobs import Hosts, loopback
from millwork.plan.model import Plan, Step
from millwork.ports import Ended, Master, Opening, Outcome, RunRow, StepRow
from millwork.ports.leases import NoLeasing
from millwork.run.loop import Loop
from millwork.run.machine import Machine
from millwork.run.state import Answer, Capacity, Result, Task
from millwork.spec.model import Component
from millwork.store.runs import RunStore
from tests.sim.gangs import FOREVER, Process, Referee, SimJob, Violation, failing, job_step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from millwork.plan.gang import Roster
    from millwork.plan.jobs import Place
    from millwork.ports.changes import Change
    from millwork.ports.engine import Image, Sample
    from millwork.run.loop import Command

STEPS = 10
JOBS = 3
LONGEST = 20_000.0
COMPONENT = Component("sim", "1.0.0", "true")


class Crash(BaseException):
    """The master's process is gone; nothing in the product catches it."""


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
    replica_fail: float = 0.2
    hang: float = 0.06
    stubborn: float = 0.3
    cancel: float = 0.1


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
        self.processes: dict[str, Process] = {}
        self.starts: Counter[str] = Counter()
        self.excused: Counter[str] = Counter()
        self.masters = 0
        self.crashes = 0
        self.depth = 0
        self.quiet = False
        self.epoch = 0
        self.store = SimStore(self.path)
        self.jobs: dict[str, SimJob] = {}
        self.steps = self._graph()
        self.cancel_at = (
            self.random.uniform(0, 300) if self.chance(self.chances.cancel) else FOREVER
        )
        self.referee = Referee(self.jobs, self.steps, self.processes, lambda: self.now)

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
                    raise Violation(f"the run did not end: {self.referee.alive()}")
        finally:
            faultpoints.disarm()
            self.store.close()
        self._check_end(row)

    def _graph(self) -> dict[str, Step]:
        steps: dict[str, Step] = {}
        for number in range(STEPS):
            upstream = self._some(steps)
            steps[f"s{number}"] = Step(
                f"s{number}", COMPONENT, after=tuple(upstream), retries=50, timeout=600.0,
                continue_on_failure=True,
            )  # fmt: skip
            if number % (STEPS // JOBS) == 0 and len(self.jobs) < JOBS:
                name = f"j{number}"
                self.jobs[name] = job_step(self.random, name, self._some(steps))
                steps[name] = self.jobs[name].step
        return steps

    def _some(self, steps: Mapping[str, Step]) -> list[str]:
        return self.random.sample(sorted(steps), min(len(steps), self.random.randint(0, 2)))

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
            self.epoch = epoch = self.store.take_over("r", row.epoch, me)
            loop = self._loop(epoch)
            kept = self.store
            restore(loop, row, kept.steps("r"), kept.attempts("r"), kept.replicas("r"))
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
                continue_on_failure=step.continue_on_failure,
            )
            for step in self.steps.values()
        ]
        machine = self.machine_class("r", tasks, capacity, lambda: f"t{self.random.random()}")
        return self.loop_class(
            run="r", epoch=epoch, machine=machine, store=self.store, engine=SimEngine(self, epoch),
            planner=SimPlanner(self), clock=SimClock(self), observer=Nobody(),
            commands=Wishes(self), leasing=NoLeasing(),
        )  # fmt: skip

    # --- what goes wrong ------------------------------------------------------------------

    def _at_point(self, point: str) -> None:
        if point == "store.committed":
            changes, self.store.pending = self.store.pending, ()
            self.referee.kept(changes)
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

    def start(self, process: str, step: str) -> None:
        """A program starts: it is known to the store, and nothing else of its step runs."""
        if "/" in process:
            self.referee.check_start(process, step)
            self.processes[process] = self._replica(process, step)
            return
        kept = {row.id: row for row in self.store.attempts("r")}
        if process not in kept or kept[process].status != "running":
            raise Violation(f"{process} was started without being kept first")
        if process in self.processes:
            raise Violation(f"{process} was started twice")
        if any(each.step == step and each.end > self.now for each in self.processes.values()):
            raise Violation(f"two attempts at {step} at once")
        self.starts[step] += 1
        end = self.now + self.random.expovariate(1 / 20)
        outcome = Outcome("exited", 0)
        if self.chance(self.chances.fail):
            outcome = Outcome("exited", 1)
        elif self.chance(self.chances.lose):
            outcome = Outcome("lost", reason="the machine went down")
        if outcome.code != 0:
            self.excused[step] += 1
        self.processes[process] = Process(process, step, end, outcome, self._told_at(end))

    def _replica(self, process: str, step: str) -> Process:
        end = self.now + self.random.expovariate(1 / 20)
        outcome = Outcome("exited", 0)
        if self.chance(self.chances.replica_fail):
            outcome = failing(self.random)
        elif self.chance(self.chances.hang):
            return Process(process, step, FOREVER, outcome, FOREVER, silent_from=end)
        elif process.partition("/")[2].startswith(self.jobs[step].kind.endless):
            return Process(process, step, FOREVER, outcome, FOREVER)
        return Process(process, step, end, outcome, self._told_at(end))

    def _told_at(self, end: float) -> float:
        return end + (self.random.expovariate(1 / 40) if self.chance(self.chances.late) else 0.0)

    def stop(self, name: str, grace: float) -> None:
        """A process that runs is asked to end; most do so soon, with some code or other."""
        process = self.processes.get(name)
        if process is None or process.end <= self.now:
            return
        process.stopped = process.stopped or self._why_stopped(process)
        if grace <= 0:
            self.kill(name)
        elif not self.chance(self.chances.stubborn):
            end = self.now + self.random.uniform(0, grace)
            if end < process.end:
                process.end, process.told_at = end, self._told_at(end)
                process.outcome = Outcome("exited", self.random.choice((143, 143, 0, 1)))

    def kill(self, name: str) -> None:
        """A process that runs ends at once."""
        process = self.processes.get(name)
        if process and process.end > self.now:
            process.end, process.told_at = self.now, self._told_at(self.now)
            process.outcome = Outcome("exited", 137)

    def _why_stopped(self, process: Process) -> str:
        if self.now >= self.cancel_at:
            return "cancelled"
        deadline = self.referee.deadline(process.attempt)
        return "time" if deadline is not None and self.now >= deadline else "verdict"

    def _check_end(self, row: RunRow) -> None:
        is_cancelled = row.status == "cancelled" and self.cancel_at <= self.now
        if row.status != "succeeded" and not is_cancelled:
            raise Violation(f"the run {row.status}: {row.reason}")
        events = self.store_events()
        recorded = Counter(
            event["data"]["step"]
            for event in events
            if event["kind"] == "AttemptClosed" and event["data"]["status"] == "succeeded"
        )
        for step in self.steps:
            if recorded[step] > 1:
                raise Violation(f"{step} was recorded {recorded[step]} times")
            if is_cancelled or step in self.jobs or self.referee.may_fail(step):
                continue  # the referee has seen how it ended
            if recorded[step] != 1:
                raise Violation(f"{step} was recorded {recorded[step]} times")
            if self.starts[step] != 1 + self.excused[step]:
                raise Violation(f"{step} was started {self.starts[step]} times without need")

    def store_events(self) -> Sequence[Mapping[str, Any]]:
        """The history, as a later reader finds it."""
        store = RunStore(self.path)
        try:
            self._check_outputs(store)
            return store.events("r", 0)
        finally:
            store.close()

    def _check_outputs(self, store: RunStore) -> None:
        closed = {row.id: row.status for row in store.attempts("r")}
        for row in store.steps("r"):
            if row.status != "succeeded":
                continue
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


class Wishes:
    """What people want of the run: that it ends, once its time has come."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._is_told = False

    def __call__(self) -> Sequence[Command]:
        if self._is_told or self._world.now < self._world.cancel_at:
            return ()
        self._is_told = True
        self._world.referee.is_cancelled = True
        return ("cancel",)


class SimStore(RunStore):
    """The real store; the referee sees what it has committed."""

    pending: Sequence[Change] = ()

    def commit(self, run: str, epoch: int, now: float, changes: Sequence[Change]) -> None:
        self.pending = changes
        try:
            super().commit(run, epoch, now, changes)
        finally:
            self.pending = ()


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

    def plan(self, step: str, attempt: str, gpus: tuple[int, ...], token: str) -> Plan:
        if self._world.chance(self._world.chances.refuse):
            raise OSError(28, "No space left on device")
        return Plan((), "/ml", (), {}, (step,))

    def opening(self, step: str, attempt: str, token: str, gone: Mapping[str, bool]) -> Opening:
        raise AssertionError("there are no batches here")

    def result(self, step: str, attempt: str, outcome: Outcome) -> Result:
        output = {"path": attempt, "type": "any", "manifest": "{}"}
        return Result(outcome, {"out": output} if outcome.code == 0 else {})

    def roster(self, step: str) -> Roster | None:
        job = self._world.jobs.get(step)
        return job.roster if job else None

    def consult(self, step: str) -> Answer:
        return Answer()

    def published(self, step: str, attempt: str, result: Result) -> None:
        """Nothing to remember."""

    def restore(self, step: str, outputs: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
        """Nothing to remember."""


class SimEngine:
    """What one master sees of the world's processes."""

    name = "sim"
    shortcoming = ""

    def __init__(self, world: World, epoch: int) -> None:
        self._world = world
        self._epoch = epoch
        self._watched: dict[str, None] = {}
        self._kill_at: dict[str, float] = {}
        self._told: list[str] = []

    def root(self, attempt: str, mounts: str) -> str:
        return "/ml"

    def aside(self, attempt: str) -> str:
        return attempt

    def folder(self, attempt: str) -> str:
        return attempt

    def log(self, process: str, offset: int) -> tuple[bytes, int]:
        return b"", offset

    def extent(self, process: str) -> tuple[int, tuple[int, int]]:
        return 0, (0, 0)

    def lacks(self, environment: Any) -> str:
        return ""

    def environment(self, code: str, wished: Any) -> str | None:
        return ""

    def images(self, steps: Iterable[Step]) -> Mapping[str, Image]:
        return {}

    def hosts(self, attempt: str, places: tuple[Place, ...]) -> Hosts:
        return Hosts(loopback(places))

    def furnish(self, attempt: str, plan: Plan) -> None:
        """Nothing to make."""

    def silence(self, process: str) -> float:
        known = self._world.processes.get(process)
        return max(0.0, self._world.now - min(known.silent_from, known.end)) if known else 0.0

    def usage(self) -> Mapping[str, Sample]:
        return {}

    def start(self, process: str, plan: Plan, place: int = 0) -> str:
        (step,) = plan.folders
        if "/" in process:
            if self._world.chance(self._world.chances.refuse / 3):
                raise OSError(28, "No space left on device")
            seat = self._world.jobs[step].roster.seats[place]
            assert process.partition("/")[2].partition("~")[0] == seat.name
        self._world.start(process, step)
        self._watched[process] = None
        return process

    def adopt(self, process: str) -> None:
        self._watched[process] = None

    def stop(self, process: str, grace: float) -> None:
        if process in self._watched:
            self._kill_at[process] = self._world.now + grace
            self._world.stop(process, grace)

    def observe(self, timeout: float | None) -> Sequence[Ended]:
        world = self._world
        if self._epoch == world.epoch and timeout != 0.0:
            world.referee.check_stops(self._kill_at)
        world.maybe_jump()
        world.maybe_pause()
        if self._told and world.chance(world.chances.repeat):
            return [self._news(world.random.choice(self._told))]
        due = [self._when(process) for process in self._watched]
        until = world.now + timeout if timeout is not None else LONGEST
        if world.cancel_at >= world.now:
            until = min(until, world.cancel_at)  # the wish wakes whoever waits
        world.now = max(world.now, min([*due, until]))
        if world.now >= LONGEST:
            raise Crash
        for process, kill_at in self._kill_at.items():
            if kill_at <= world.now and process in self._watched:
                world.kill(process)
        ended = sorted(name for name in self._watched if self._told_at(name) <= world.now)
        for name in ended:
            del self._watched[name]
            self._told.append(name)
        return [self._news(name) for name in ended]

    def _when(self, process: str) -> float:
        """When this master has to do with it next."""
        return min(self._told_at(process), self._kill_at.get(process, FOREVER))

    def _told_at(self, process: str) -> float:
        known = self._world.processes.get(process)
        return known.told_at if known else self._world.now

    def _news(self, process: str) -> Ended:
        known = self._world.processes.get(process)
        # A process that was kept and never started is found to be lost.
        return Ended(process, known.outcome if known else Outcome("lost", reason="never started"))
