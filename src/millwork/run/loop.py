"""The loop: waits for the engine and for people, asks the machine, keeps what it decided, acts.

Whatever the machine decides in one turn is one transaction, and it is kept before it is carried
out (DESIGN decisions 1, 3 and 4).
"""

from __future__ import annotations

from errno import ENOSPC
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

from millwork.base.errors import MillworkError, NoSpace, RunFailed
from millwork.base.faultpoints import reach
from millwork.base.records import dataclass, field
from millwork.ports.changes import AttemptClosed, AttemptOpened, AttemptStarted, ReplicaStarted
from millwork.ports.engine import Ended, Outcome, process_of
from millwork.ports.leases import News
from millwork.run.decision import Consult, Decision, Launch, Listen, StartReplica, Stop
from millwork.run.gangs import Gangs
from millwork.run.state import GRACE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from millwork.plan.gang import Roster
    from millwork.plan.model import Plan
    from millwork.ports import Clock, Engine, Leasing, Opening, ReplicaRow, Store
    from millwork.ports.changes import Change, RunStatus
    from millwork.run.decision import Instruction
    from millwork.run.gang import Gang, Verdict
    from millwork.run.machine import Machine
    from millwork.run.state import Answer, Result

Command: TypeAlias = Literal["cancel", "kill", "leave"]

HANDLE_DELAY = 0.05
"""Seconds that a handle may wait for the next commit: a short step's start costs none of its own.

An engine finds an attempt whose handle was lost by its id (`adopt`).
"""


class Left(MillworkError):
    """This process has let the run go: what runs of it goes on, for the next master to adopt."""


class Planner(Protocol):
    """Turns a step that may start into a plan, and an attempt that ended into a result."""

    def plan(self, step: str, attempt: str, gpus: tuple[int, ...], token: str) -> Plan:
        """The plan; raises MillworkError if the step cannot be started."""

    def opening(self, step: str, attempt: str, token: str, gone: Mapping[str, bool]) -> Opening:
        """What the lease service opens a step's batch with, of which some workers are gone."""

    def roster(self, step: str) -> Roster | None:
        """Who belongs to a step that is a job, and its rules; None for a plain step."""

    def consult(self, step: str) -> Answer:
        """Whether a step that may start must: its condition, and results of earlier runs."""

    def result(self, step: str, attempt: str, outcome: Outcome) -> Result:
        """The outcome with what the attempt left: outputs sealed, metrics read."""

    def published(self, step: str, attempt: str, result: Result) -> None:
        """The step has succeeded with `result`; later plans may use its outputs."""

    def restore(self, step: str, outputs: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
        """What a step left under an earlier master, and what its work was; empty if unknown."""


class Observer(Protocol):
    """Someone who watches a run."""

    @property
    def interval(self) -> float | None:
        """How often `pulse` is wanted, in seconds; None for never."""

    def changed(self, changes: Sequence[Change]) -> None:
        """These changes have been kept."""

    def pulse(self) -> None:
        """Called between turns, for progress and logs."""


@dataclass
class Loop:
    """Drives one run to its end."""

    run: str
    epoch: int
    machine: Machine
    store: Store
    engine: Engine
    planner: Planner
    clock: Clock
    observer: Observer
    commands: Callable[[], Sequence[Command]]
    leasing: Leasing
    _tries: dict[str, tuple[str, str]] = field(default_factory=dict)
    _gangs: Gangs = field(default_factory=Gangs)
    _plans: dict[str, Plan] = field(default_factory=dict)
    _handles: list[Change] = field(default_factory=list)
    _untold: list[tuple[str, News]] = field(default_factory=list)
    _is_full: bool = False

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
        """Watches an attempt that an earlier master opened, with the replicas it has, if any.

        A job that `is_furnished` goes on even if no replica was opened yet. Of one that is not
        nothing runs: the engine finds it lost.
        """
        self._tries[attempt] = (step, token)
        roster = self.planner.roster(step) if replicas or is_furnished else None
        if roster is None:
            self.engine.adopt(attempt)
            return
        gang = self._gangs.begin(attempt, roster, self.machine.steps[step])
        for process in gang.restore(replicas, verdict, self.clock.monotonic()):
            self.engine.adopt(process)
        if roster.rules.by_shards:
            over = [row for row in replicas if row.status != "running"]
            gone = {_worker_of(row): row.status != "succeeded" for row in over}
            try:
                self.leasing.open(self.planner.opening(step, attempt, token, gone))
            except (MillworkError, OSError) as error:
                self._untold.append((attempt, News(0, 0, "failed", _told(error))))

    def drive(self) -> RunStatus:
        """Runs until the run is over, and returns its status.

        Raises Fenced if another master has taken the run over: nothing was written after that;
        Left if this one was told to leave it.
        """
        try:
            self._drive()
        finally:
            self.leasing.stop()
        return self.machine.status

    def _drive(self) -> None:
        decision = self._obey()  # what was asked for before this master came: nothing starts first
        decision.add(self.machine.start(self.clock.monotonic()))
        adopted = self._gangs.all()
        self._carry_out(decision)
        if adopted and not self.machine.is_over:
            self._turn(0.0)  # what has ended meanwhile is known before anything starts after it
        while not self.machine.is_over:
            self._turn(self._patience())

    def _turn(self, patience: float | None) -> None:
        ended = self.engine.observe(patience)
        reach("loop.observed")
        now = self.clock.monotonic()
        decision = Decision()
        for event in ended:
            if "/" not in event.process:
                decision.add(self._take(event, now))
        for gang in self._gangs.all():
            own = _ends_of(gang, ended)
            self._tell_of(gang, own)
            decision.add(self._settled(gang, gang.ended(own, now)))
        decision.add(self._informed(now))
        decision.add(self._obey())
        decision.add(self.machine.tick(now))
        for gang in self._gangs.all():
            decision.add(self._settled(gang, gang.tick(now)))
        self._carry_out(decision)
        self.observer.pulse()

    def _tell_of(self, gang: Gang, ended: Sequence[tuple[str, Outcome]]) -> None:
        """Lets the lease service know of workers that have ended."""
        if gang.by_shards:
            for process, outcome in ended:
                is_lost = outcome.code != 0 or bool(outcome.reason)
                self.leasing.gone(gang.attempt, process.partition("/")[2], is_lost=is_lost)

    def _informed(self, now: float) -> Decision:
        decision = Decision()
        told, self._untold = [*self._untold, *self.leasing.news()], []
        for attempt, news in told:
            crew = self._gangs.crew_of(attempt)
            if crew:
                decision.add(self._settled(crew, crew.informed(news, now)))
        return decision

    def _obey(self) -> Decision:
        decision = Decision()
        for command in self.commands():
            if command == "leave":
                raise Left
            grace = 0.0 if command == "kill" else GRACE
            decision.add(self.machine.cancel("cancelled by the user", grace))
        return decision

    def _patience(self) -> float | None:
        times = [self.observer.interval, HANDLE_DELAY if self._handles else None]
        now = self.clock.monotonic()
        dues = (self.machine.next_deadline(), self._gangs.next_deadline())
        times += [max(0.0, due - now) for due in dues if due is not None]
        return min((time for time in times if time is not None), default=None)

    def _take(self, event: Ended, now: float) -> Decision:
        step, token = self._tries[event.process]
        result = self.planner.result(step, event.process, event.outcome)
        decision = self.machine.ended(event.process, token, result, now)
        for change in decision.changes:
            if isinstance(change, AttemptClosed) and change.status == "succeeded":
                self.planner.published(step, event.process, result)
        return decision

    def _carry_out(self, decision: Decision) -> None:
        while decision.changes or decision.instructions or self._handles:
            was_full = self._is_full
            decision = self._answered(decision)
            reach("loop.decided")
            self._keep(decision.changes)
            reach("loop.kept")
            following = Decision()
            for instruction in decision.instructions:
                following.add(self._execute(instruction))
            if self._is_full and not was_full:
                reason = "no space left on the disk of the Millwork home"
                following.add(self.machine.cancel(reason, 0.0, "failed"))
            decision = following
            if not decision.changes and not decision.instructions:
                return  # handles alone may wait for the next commit

    def _answered(self, decision: Decision) -> Decision:
        """The decision with every Consult answered, and whatever that leads to.

        Nothing is started by an answer, so a long chain of reused steps is kept at once.
        """
        settled = Decision()
        while True:
            settled.changes += decision.changes
            following = Decision()
            for instruction in decision.instructions:
                if isinstance(instruction, Consult):
                    answer = self.planner.consult(instruction.step)
                    now = self.clock.monotonic()
                    following.add(self.machine.consulted(instruction.step, answer, now))
                else:
                    settled.instructions.append(instruction)
            if not following.changes and not following.instructions:
                return settled
            decision = following

    def _keep(self, changes: Sequence[Change]) -> None:
        changes = [*self._handles, *changes]
        if not changes:
            return
        self._handles.clear()
        for change in changes:
            if isinstance(change, AttemptOpened):
                self._tries[change.attempt] = (change.step, change.token)
        try:
            self._commit(changes)
        except NoSpace:
            if self._is_full:
                raise
            self._is_full = True
            running = (process for gang in self._gangs.all() for process in gang.running)
            for process in (*self._tries, *running):  # what writes on would take the room freed
                self.engine.stop(process, 0.0)
            self.store.release_reserve()
            self._commit(changes)
        self.observer.changed(changes)

    def _commit(self, changes: Sequence[Change]) -> None:
        self.store.commit(self.run, self.epoch, self.clock.wall(), changes)

    def _execute(self, instruction: Instruction) -> Decision:
        if isinstance(instruction, Stop):
            return self._stop(instruction)
        if isinstance(instruction, StartReplica):
            return self._start_replica(instruction)
        if isinstance(instruction, Listen):
            return self._listen(instruction)
        assert isinstance(instruction, Launch)
        attempt, step = instruction.attempt, instruction.step
        try:
            if self._is_full:
                raise NoSpace
            plan = self.planner.plan(step, attempt, instruction.gpus, self._tries[attempt][1])
            self.engine.furnish(attempt, plan)
            roster = self.planner.roster(step)
            if roster:
                return self._begin(attempt, step, roster, plan)
            handle = self.engine.start(attempt, plan)
        except (MillworkError, OSError) as error:
            outcome = Outcome("not started", reason=_told(error))
            return self._take(Ended(attempt, outcome), self.clock.monotonic())
        reach("loop.started")
        self._handles.append(AttemptStarted(attempt, handle, self.clock.wall()))
        return Decision()

    # --- jobs -----------------------------------------------------------------------------

    def _begin(self, attempt: str, step: str, roster: Roster, plan: Plan) -> Decision:
        if roster.rules.by_shards:
            token = self._tries[attempt][1]
            self.leasing.open(self.planner.opening(step, attempt, token, {}))
        gang = self._gangs.begin(attempt, roster, self.machine.steps[step])
        self._plans[attempt] = plan
        self._handles.append(AttemptStarted(attempt, attempt, self.clock.wall()))
        return self._settled(gang, gang.start(self.clock.monotonic()))

    def _settled(self, gang: Gang, decision: Decision) -> Decision:
        """The decision, and what the end of the attempt leads to if the gang has ended."""
        if gang.verdict and gang.verdict.name == "succeeded":
            self.machine.decided(gang.attempt)
        if gang.outcome and self._gangs.of(gang.attempt):
            self._gangs.remove(gang)
            if gang.by_shards:
                self.leasing.close(gang.attempt)
            self._plans.pop(gang.attempt, None)
            decision.add(self._take(Ended(gang.attempt, gang.outcome), self.clock.monotonic()))
        return decision

    def _start_replica(self, instruction: StartReplica) -> Decision:
        attempt, process = instruction.attempt, instruction.process
        gang = self._gangs.of(attempt)
        if gang is None:
            return Decision()
        try:
            if not gang.is_wanted(process):
                raise RunFailed("the job was over before it started")
            handle = self.engine.start(process, self._plan_of(attempt), instruction.place)
        except (MillworkError, OSError) as error:
            outcome = Outcome("not started", reason=_told(error), at=self.clock.wall())
            now = self.clock.monotonic()
            return self._settled(gang, gang.ended([(process, outcome)], now))
        reach("loop.started")
        name, _, number = process.partition("/")[2].partition("~")
        started = ReplicaStarted(attempt, name, int(number or 0), handle, self.clock.wall())
        self._handles.append(started)
        return self._settled(gang, gang.started(process, self.clock.monotonic()))

    def _plan_of(self, attempt: str) -> Plan:
        """The plan of an attempt; made again where an earlier master made it."""
        if attempt not in self._plans:
            step, token = self._tries[attempt]
            current = self.machine.steps[step].current
            gpus = current.gpus if current else ()
            self._plans[attempt] = self.planner.plan(step, attempt, gpus, token)
        return self._plans[attempt]

    def _stop(self, instruction: Stop) -> Decision:
        gang = self._gangs.of(instruction.process)
        if gang is None or "/" in instruction.process:
            self.engine.stop(instruction.process, instruction.grace)
            return Decision()
        current = self.machine.steps[self._tries[gang.attempt][0]].current
        reason = current.stopping if current else ""
        return self._settled(gang, gang.stop(instruction.grace, reason))

    def _listen(self, instruction: Listen) -> Decision:
        gang = self._gangs.of(instruction.attempt)
        if gang is None:
            return Decision()
        silence = min((self.engine.silence(process) for process in gang.running), default=0.0)
        return self._settled(gang, gang.heard(silence, self.clock.monotonic()))


def _ends_of(gang: Gang, ended: Sequence[Ended]) -> list[tuple[str, Outcome]]:
    return [(each.process, each.outcome) for each in ended if gang.owns(each.process)]


def _worker_of(row: ReplicaRow) -> str:
    return process_of(row.attempt, row.name, row.number).partition("/")[2]


def _told(error: MillworkError | OSError) -> str:
    if isinstance(error, MillworkError):
        return str(error)
    if error.errno == ENOSPC:
        return str(NoSpace())
    return f"{error.strerror}: {error.filename}" if error.filename else str(error.strerror)
