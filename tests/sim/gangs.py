"""Jobs in the simulated world: who belongs to them, how their replicas end, and what must hold.

The referee sees every commit and knows every process. What it asks for is said here once more,
in its own words: it shares no line with the gang that it watches.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from millwork.plan.gang import roster
from millwork.plan.model import Step
from millwork.ports.changes import (
    AttemptClosed,
    AttemptOpened,
    JobJudged,
    ReplicaClosed,
    ReplicaOpened,
    RunChanged,
    StepChanged,
)
from millwork.ports.engine import OUT_OF_MEMORY, Outcome, process_of
from millwork.run.state import MAX_LOST
from millwork.spec.model import Component, JobOptions, ReplicaGroup, RunPolicy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from random import Random

    from millwork.plan.gang import Roster
    from millwork.ports.changes import Change

FOREVER = float("inf")
PASSING = (130, 137, 138, 143)


class Violation(Exception):
    """A promise was broken."""


@dataclass
class Process:
    """A process as it is in the world, whoever watches it.

    `stopped` is why it was asked to end, if it was while it ran. From `silent_from` on it prints
    nothing.
    """

    id: str
    step: str
    end: float
    outcome: Outcome
    told_at: float
    silent_from: float = FOREVER
    stopped: str = ""

    @property
    def attempt(self) -> str:
        return self.id.partition("/")[0]

    @property
    def replica(self) -> str:
        return self.id.partition("/")[2].partition("~")[0]


@dataclass(frozen=True)
class Kind:
    """A job: its roles, of whom which sets decide, who starts after whom, and who never ends."""

    job_type: str
    roles: Mapping[str, int]
    deciding: tuple[tuple[str, ...], ...]
    order: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    endless: tuple[str, ...] = ()
    after: Mapping[str, str] = field(default_factory=dict)
    by_replica: tuple[str, ...] = ()
    options: JobOptions = field(default_factory=JobOptions)
    success: str = ""


def _torch(workers: int) -> Kind:
    names = tuple(f"worker-{index}" for index in range(workers))
    return Kind(
        "PyTorchJob", {"worker": workers + 1}, (("master-0",),),
        order=dict.fromkeys(names, ("master-0",)), after={"master": "ExitCode"},
    )  # fmt: skip


def _batch(workers: int, has_master: bool) -> Kind:
    names = tuple(f"worker-{index}" for index in range(workers))
    roles = {"worker": workers, **({"aimaster": 1} if has_master else {})}
    return Kind(
        "ElasticBatchJob", roles, (("aimaster-0",), names) if has_master else (names,),
        order=dict.fromkeys(names, ("aimaster-0",)) if has_master else {},
        after={"worker": "ExitCode", "aimaster": "Never"}, by_replica=("worker", "aimaster"),
    )  # fmt: skip


def _tensorflow(workers: int, **roles: int) -> Kind:
    names = tuple(f"worker-{index}" for index in range(workers))
    first = ("chief-0",) if "chief" in roles else ()
    return Kind(
        "TFJob", {"worker": workers, "ps": 1, **roles}, (first,) if first else (names[:1], names),
        order=dict.fromkeys((*first, *names), ("ps-0",)), endless=("ps",),
        after=dict.fromkeys(("worker", "ps", "chief", "evaluator"), "ExitCode"),
        by_replica=("worker",),
    )  # fmt: skip


KINDS: Sequence[Kind] = (
    _torch(1),
    _torch(3),
    _batch(3, has_master=False),
    _batch(2, has_master=True),
    _tensorflow(1, chief=1),
    _tensorflow(2, chief=1),
    _tensorflow(1, chief=1, evaluator=1),
    _tensorflow(2),
    Kind(
        "TFJob", {"worker": 2, "ps": 1}, (("worker-0", "worker-1"),),
        order={"worker-0": ("ps-0",), "worker-1": ("ps-0",)}, endless=("ps",),
        after={"worker": "ExitCode", "ps": "ExitCode"}, by_replica=("worker",),
        success="all_workers",
    ),
    Kind(
        "MPIJob", {"worker": 3}, (("launcher-0",),), endless=("worker",),
        order={"launcher-0": ("worker-0", "worker-1")},
        after={"launcher": "Never", "worker": "Never"},
    ),
)  # fmt: skip


@dataclass(frozen=True)
class SimJob:
    """A step that is a job, and what the referee knows of its rules."""

    step: Step
    kind: Kind
    policy: RunPolicy
    roster: Roster

    @property
    def most_restarts(self) -> int:
        """How many there may be."""
        assert self.policy.restarts is not None
        return self.policy.restarts

    def restarts(self, replica: str, outcome: Outcome) -> bool:
        """Whether this end is one after which there is another start, if the limits allow it."""
        role = replica.partition("-")[0]
        after = self.policy.restart_policy or self.kind.after.get(role, "OnFailure")
        if after == "ExitCode":
            is_memory = bool(outcome.usage.get(OUT_OF_MEMORY))
            return outcome.kind == "lost" or is_memory or outcome.code in PASSING
        return after in ("OnFailure", "Always")


def job_step(random: Random, name: str, upstream: Sequence[str]) -> SimJob:
    """A job of some kind, with some policy."""
    kind = random.choice(KINDS)
    policy = RunPolicy(
        restarts=random.choice((0, 1, 2, 3)),
        memory_restarts=random.choice((0, 1)),
        restart=random.choice(("", "", "", "gang", "replica")),
        restart_policy=random.choice(("", "", "", "OnFailure", "Always")),
        hang_timeout=random.choice((None, 15.0, 60.0)),
        evaluator_grace=random.choice((0.0, 30.0)),
        success=kind.success,  # type: ignore[arg-type]
    )
    step = Step(
        name,
        Component("job", "1.0.0", "true", job_type=kind.job_type),
        after=tuple(upstream),
        retries=random.choice((0, 1, 2)),
        timeout=random.choice((40.0, 150.0, 600.0)),
        continue_on_failure=True,
        replicas={role: ReplicaGroup(count) for role, count in kind.roles.items()},
        job=kind.options,
        run_policy=policy,
    )
    return SimJob(step, kind, policy, roster(step))


def failing(random: Random) -> Outcome:
    """An end that is none to be glad of."""
    kind = random.choice(("exited", "exited", "exited", "lost", "memory"))
    if kind == "lost":
        return Outcome("lost", reason="the machine went down")
    if kind == "memory":  # the step may have said itself what it died of
        reason = random.choice(("out of memory", "killed by SIGKILL"))
        return Outcome("exited", 137, reason, {OUT_OF_MEMORY: True})
    reason = random.choice(("", "", "torch: out of memory on a GPU"))
    return Outcome("exited", random.choice((1, 2, 137, 143, 138)), reason)


@dataclass
class _Attempt:
    """An attempt as the commits tell of it."""

    id: str
    step: str
    deadline: float | None
    opened: dict[str, int] = field(default_factory=dict)
    closed: dict[str, ReplicaClosed] = field(default_factory=dict)
    verdict: JobJudged | None = None
    end: AttemptClosed | None = None
    closed_at: float = 0.0

    @property
    def is_restarted(self) -> bool:
        """Whether its job's rules lead to another; not if its time was up first."""
        if not (self.end and self.verdict) or self.end.reason.startswith("timed out"):
            return False
        return self.verdict.verdict == "again" and self.end.status != "cancelled"


class Referee:
    """Sees every commit, and raises Violation."""

    def __init__(
        self,
        jobs: Mapping[str, SimJob],
        steps: Mapping[str, Step],
        processes: Mapping[str, Process],
        now: Callable[[], float],
    ) -> None:
        self._jobs, self._steps, self._processes, self._now = jobs, steps, processes, now
        self._attempts: dict[str, _Attempt] = {}
        self._of_step: dict[str, list[_Attempt]] = {name: [] for name in steps}
        self._ends: dict[str, int] = dict.fromkeys(steps, 0)
        self._full: dict[str, int] = dict.fromkeys(steps, 0)
        self._restarts: dict[str, int] = dict.fromkeys(steps, 0)
        self._memory: dict[str, int] = dict.fromkeys(steps, 0)
        self.is_cancelled = False

    # --- what is kept ---------------------------------------------------------------------

    def kept(self, changes: Sequence[Change]) -> None:
        """These changes were committed."""
        for change in changes:
            if isinstance(change, AttemptOpened):
                self._attempt_opened(change)
            elif isinstance(change, AttemptClosed):
                self._attempt_closed(change)
            elif isinstance(change, ReplicaOpened):
                self._replica_opened(change)
            elif isinstance(change, ReplicaClosed):
                self._replica_closed(change)
            elif isinstance(change, JobJudged):
                self._judged(change)
            elif isinstance(change, StepChanged) and change.status == "failed":
                self._step_failed(change)
            elif isinstance(change, RunChanged):
                self._must(not self.alive(), "the run has ended, and {} runs", self.alive())

    def _attempt_opened(self, change: AttemptOpened) -> None:
        earlier = self._of_step[change.step]
        attempt = _Attempt(change.attempt, change.step, change.deadline)
        timeout = self._steps[change.step].timeout
        assert timeout is not None
        assert change.deadline is not None
        if earlier and earlier[-1].is_restarted:
            self._restarted(change.step, self._cause(earlier[-1]))
            self._check_shared_time(earlier[-1], change)
        else:
            self._may_retry(change.step)
            whole = abs(change.deadline - self._now() - timeout) < 0.001
            self._must(whole, "{} has not its whole time", change.attempt)
        late = change.deadline <= self._now()
        self._must(not late, "{} was begun when its time was up", change.attempt)
        self._must(not self.is_cancelled, "{} was begun after the run was cancelled", attempt.id)
        self._attempts[change.attempt] = attempt
        earlier.append(attempt)

    def _check_shared_time(self, last: _Attempt, change: AttemptOpened) -> None:
        """A restart has what time its job has left; the wait between may count, or not."""
        assert change.deadline is not None
        assert last.deadline is not None
        waited = self._now() - last.closed_at
        is_shared = -0.001 < change.deadline - last.deadline < waited + 0.001
        self._must(is_shared, "{} has not what time its job has left", change.attempt)

    def _replica_opened(self, change: ReplicaOpened) -> None:
        attempt = self._attempts[change.attempt]
        name = f"{change.attempt}/{change.replica}"
        self._must(attempt.verdict is None, "{} was opened after the verdict", name)
        expected = attempt.opened.get(change.replica, -1) + 1
        self._must(change.number == expected, "{} has the number {}", name, change.number)
        if change.number:
            last = process_of(change.attempt, change.replica, change.number - 1)
            process = self._processes.get(last)
            self._restarted(attempt.step, process.outcome if process else None)
        attempt.opened[change.replica] = change.number

    def _replica_closed(self, change: ReplicaClosed) -> None:
        process = process_of(change.attempt, change.replica, change.number)
        self._must(process not in self.alive(), "{} was closed while it ran", process)
        attempt = self._attempts[change.attempt]
        attempt.closed[change.replica] = change
        own = change.status in ("failed", "lost")
        self._ends[attempt.step] += own
        self._full[attempt.step] += own and bool(change.usage.get(OUT_OF_MEMORY))

    def _judged(self, change: JobJudged) -> None:
        attempt = self._attempts[change.attempt]
        old = attempt.verdict
        if old:
            raise Violation(f"{attempt.id} was {old.verdict} ({old.reason}), now {change}")
        attempt.verdict = change
        if change.verdict == "succeeded":
            self._check_success(attempt)
        elif change.verdict == "stopped":
            due = attempt.deadline is not None and attempt.deadline <= self._now()
            self._must(due or self.is_cancelled, "{} was stopped early", attempt.id)
        else:
            self._check_failure(attempt, self._jobs[attempt.step], change)

    def _attempt_closed(self, change: AttemptClosed) -> None:
        attempt = self._attempts[change.attempt]
        attempt.end, attempt.closed_at = change, self._now()
        alive = [name for name in self.alive() if name.partition("/")[0] == attempt.id]
        self._must(not alive, "{} is closed, and {} runs", attempt.id, alive)
        if change.step not in self._jobs:
            return
        if change.status == "succeeded":
            self._check_success(attempt)
        verdict = attempt.verdict.verdict if attempt.verdict else ""
        if verdict == "succeeded" and change.status != "cancelled":
            good = change.status == "succeeded"
            self._must(good, "{} had succeeded, and was recorded as {}", attempt.id, change.reason)
        if change.status == "succeeded":
            self._must(verdict == "succeeded", "{} was {}, and succeeded", attempt.id, verdict)

    def _step_failed(self, change: StepChanged) -> None:
        if not self._of_step[change.step]:
            return
        may = self.may_fail(change.step)
        self._must(may, "{} failed with a retry left: {}", change.step, change.reason)

    def may_fail(self, step: str) -> bool:
        """Whether a step has had all its tries."""
        failures, losses = self._failures(step)
        return failures > self._steps[step].retries or losses > MAX_LOST

    def deadline(self, attempt: str) -> float | None:
        """Until when an attempt may run."""
        return self._attempts[attempt].deadline

    # --- what must hold -------------------------------------------------------------------

    def check_start(self, process: str, step: str) -> None:
        """A replica starts: it was kept, its order is kept, nothing of the step runs but peers."""
        attempt = self._attempts.get(process.partition("/")[0])
        name, _, number = process.partition("/")[2].partition("~")
        if attempt is None or attempt.end or attempt.opened.get(name) != int(number or 0):
            raise Violation(f"{process} was started without being kept first")
        self._must(attempt.verdict is None, "{} was started after the verdict", process)
        self._must(process not in self._processes, "{} was started twice", process)
        for other in self.alive():
            known = self._processes[other]
            is_other = known.step == step and known.attempt != attempt.id
            self._must(not is_other, "{} runs beside {}", process, other)
            is_same = known.attempt == attempt.id and known.replica == name
            self._must(not is_same, "{} runs beside {}", process, other)
        for first in self._jobs[step].kind.order.get(name, ()):
            begun = any(
                known.attempt == attempt.id and known.replica == first
                for known in self._processes.values()
            )
            self._must(begun, "{} was started before {}", process, first)

    def check_stops(self, stops: Mapping[str, float]) -> None:
        """A master waits: what still runs of a job that was judged, it has asked to end.

        `stops` are the processes that it has asked, and when.
        """
        for name in self.alive():
            process = self._processes[name]
            attempt = self._attempts.get(process.attempt)
            if attempt is None or attempt.verdict is None or name in stops:
                continue
            graces = {"ps": 0.0, "evaluator": self._jobs[attempt.step].policy.evaluator_grace}
            grace = graces.get(process.replica.partition("-")[0], 10.0)
            is_graced = attempt.verdict.verdict == "succeeded" and grace
            self._must(bool(is_graced), "{} runs on, and its job {}", name, attempt.verdict)

    def _check_success(self, attempt: _Attempt) -> None:
        good = {
            process.replica
            for name in self._last(attempt)
            if (process := self._processes.get(name))
            and process.end <= self._now()
            and process.outcome.code == 0
            and process.stopped != "verdict"
        }
        sets = self._jobs[attempt.step].kind.deciding
        decided = any(good.issuperset(names) for names in sets)
        self._must(decided, "{} succeeded by {}", attempt.id, sorted(good))

    def _check_failure(self, attempt: _Attempt, job: SimJob, change: JobJudged) -> None:
        """The replica that is named has ended by itself, and as the verdict says."""
        limits = ("; the limit of ", ", after ")
        is_limit = any(limit in change.reason for limit in limits)
        self._ends[attempt.step] += change.reason.startswith("no output from any replica")
        if "; the limit of " in change.reason:
            enough = self._ends[attempt.step] > job.most_restarts
            self._must(enough, "{} failed early: {}", attempt.id, change)
        replica = change.reason.partition(":")[0]
        closed = attempt.closed.get(replica)
        if closed is None:
            return
        name = process_of(attempt.id, replica, closed.number)
        process = self._processes.get(name)
        if process is None:
            return
        self._must(process.stopped != "verdict", "{} was stopped, and judged: {}", name, change)
        self._must(process.outcome.code != 0, "{} ended well, and judged: {}", name, change)
        passing = job.restarts(replica, process.outcome)
        if change.verdict == "again":
            self._must(passing, "{} is started again: {}", name, change)
        elif not job.most_restarts:
            return
        elif process.outcome.usage.get(OUT_OF_MEMORY) and not is_limit:
            enough = self._full[attempt.step] > job.policy.memory_restarts
            self._must(enough or not passing, "{} is not started again: {}", name, change)
        else:
            self._must(not passing or is_limit, "{} is not started again: {}", name, change)

    def _cause(self, attempt: _Attempt) -> Outcome | None:
        assert attempt.verdict is not None
        closed = attempt.closed.get(attempt.verdict.reason.partition(":")[0])
        if closed is None:
            return None
        process = self._processes.get(process_of(attempt.id, closed.replica, closed.number))
        return process.outcome if process else None

    def _restarted(self, step: str, cause: Outcome | None) -> None:
        policy = self._jobs[step].policy
        self._restarts[step] += 1
        many = self._restarts[step]
        most = self._jobs[step].most_restarts
        self._must(many <= most, "{} has {} restarts of {}", step, many, most)
        if cause and cause.usage.get(OUT_OF_MEMORY):
            self._memory[step] += 1
            few = self._memory[step] <= policy.memory_restarts
            self._must(few, "{} has {} restarts for memory", step, self._memory[step])

    def _may_retry(self, step: str) -> None:
        ends = self._failures(step)
        self._must(not self.may_fail(step), "{} is tried again after {}", step, ends)

    def _failures(self, step: str) -> tuple[int, int]:
        ends = [each.end for each in self._of_step[step] if each.end and not each.is_restarted]
        return tuple(sum(end.status == s for end in ends) for s in ("failed", "lost"))  # type: ignore[return-value]

    def _last(self, attempt: _Attempt) -> list[str]:
        return [process_of(attempt.id, name, number) for name, number in attempt.opened.items()]

    def alive(self) -> list[str]:
        """The processes that run."""
        now = self._now()
        return [name for name, process in self._processes.items() if process.end > now]

    def _must(self, holds: bool, text: str, *values: object) -> None:
        if not holds:
            raise Violation(text.format(*values))
