"""The run machine. Pure: no clock, process, file or randomness but what it is given.

`docs/states.md` says what each status means. Times are monotonic seconds.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from millwork.base.records import dataclass, field
from millwork.ports.changes import AttemptClosed, AttemptOpened, LateResult, RunChanged, StepChanged
from millwork.run.decision import Consult, Decision, Launch, Stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from millwork.ports.changes import AttemptStatus, Change, RunStatus, StepReused, StepStatus
    from millwork.ports.engine import Outcome

GRACE = 3.0
FIRST_BACKOFF = 1.0
LONGEST_BACKOFF = 60.0
MAX_LOST = 3
ENDED = frozenset({"succeeded", "failed", "cancelled", "skipped"})


@dataclass(frozen=True)
class Capacity:
    """What may run at once: steps, and the machine's cores, bytes of memory and GPUs."""

    parallel: int
    cpu: float
    memory: int
    gpus: tuple[int, ...] = ()


@dataclass(frozen=True)
class Task:
    """What the machine needs to know of a step."""

    name: str
    upstream: tuple[str, ...] = ()
    data: frozenset[str] = frozenset()
    retries: int = 0
    timeout: float | None = None
    on_lost: str = "retry"
    continue_on_failure: bool = False
    cpu: float = 0.0
    memory: int = 0
    gpu: int = 0
    consults: bool = False


@dataclass
class StepState:
    """A step within the machine. `waiting` counts the upstream steps that have not ended.

    `by_condition` says of a skipped step that this was wanted, and is no failure.
    """

    task: Task
    position: int
    waiting: int
    status: StepStatus = "pending"
    attempts: int = 0
    failures: int = 0
    losses: int = 0
    current: Try | None = None
    by_condition: bool = False


@dataclass
class Try:
    """The attempt that counts for a step, while it runs."""

    id: str
    token: str
    deadline: float | None
    gpus: tuple[int, ...] = ()
    stopping: str = ""


@dataclass(frozen=True)
class Result:
    """How an attempt ended, and what it left if it succeeded."""

    outcome: Outcome
    outputs: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    key: str = ""


@dataclass(frozen=True)
class Answer:
    """What was found out about a step before its start.

    It is skipped for the reason `skip`, or has the outputs of the attempt `reused`, or starts.
    `changes` are kept in any case.
    """

    skip: str = ""
    reused: StepReused | None = None
    changes: tuple[Change, ...] = ()
    fault: str = ""


class Machine:
    """The state of one run."""

    def __init__(
        self, run: str, tasks: Iterable[Task], capacity: Capacity, new_token: Callable[[], str]
    ) -> None:
        self._run = run
        self._new_token = new_token
        self._capacity = capacity
        self._cpu, self._memory, self._gpus = capacity.cpu, capacity.memory, list(capacity.gpus)
        self._counter = 0
        self._busy: dict[str, None] = {}
        self._open = 0
        self._ready: list[tuple[int, str]] = []
        self._retry_at: list[tuple[float, str]] = []
        self._steps: dict[str, StepState] = {}
        self._followers: dict[str, list[str]] = {}
        self._owners: dict[str, str] = {}
        self._cancelling = ""
        self._final: RunStatus = "cancelled"
        self.status: RunStatus = "running"
        for position, task in enumerate(tasks):
            self._steps[task.name] = StepState(task, position, len(task.upstream))
            for name in task.upstream:
                self._followers.setdefault(name, []).append(task.name)
        self._open = len(self._steps)

    @property
    def steps(self) -> Mapping[str, StepState]:
        """The steps by name; not to be changed from outside."""
        return self._steps

    @property
    def is_over(self) -> bool:
        """Whether the run has its final status."""
        return self.status != "running"

    def next_deadline(self) -> float | None:
        """When `tick` must be called at the latest; None if nothing is due."""
        due = [current.deadline for _, current in self._active()]
        times = [time for time in due if time is not None]
        if self._retry_at:
            times.append(self._retry_at[0][0])
        return min(times, default=None)

    # --- events ---------------------------------------------------------------------------

    def start(self, now: float) -> Decision:
        """The run begins, or goes on after `restore`."""
        decision = Decision()
        for state in self._steps.values():
            if state.status == "pending" and state.waiting == 0:
                self._make_ready(state, decision)
        self._launch_ready(decision, now)
        self._conclude(decision)
        return decision

    def consulted(self, step: str, answer: Answer, now: float) -> Decision:
        """What was found out about a step that may start."""
        decision = Decision(list(answer.changes))
        state = self._steps[step]
        if state.status != "pending":
            return Decision()
        if answer.fault:
            self._end(state, "failed", answer.fault, decision)
        elif answer.skip:
            state.by_condition = True
            self._end(state, "skipped", answer.skip, decision)
        elif answer.reused:
            decision.changes.append(answer.reused)
            self._end(state, "succeeded", f"reused {answer.reused.attempt}", decision)
        else:
            heappush(self._ready, (state.position, step))
        self._launch_ready(decision, now)
        self._conclude(decision)
        return decision

    def ended(self, attempt: str, token: str, result: Result, now: float) -> Decision:
        """An attempt is over. A result whose attempt or token does not count is refused."""
        decision = Decision()
        state = self._steps.get(self._owners.get(attempt, ""))
        current = state.current if state else None
        if state is None or current is None or not self._counts(current, attempt, token):
            decision.changes.append(LateResult(attempt, "the attempt is not the one that counts"))
            return decision
        self._free(state, current)
        status, reason = _verdict(current, result.outcome)
        succeeded = status == "succeeded"
        decision.changes.append(
            AttemptClosed(
                attempt,
                state.task.name,
                token,
                status,
                result.outcome.code,
                reason,
                result.outcome.usage,
                result.outputs if succeeded else {},
                result.metrics if succeeded else {},
                result.key if succeeded else "",
            )
        )
        self._after_attempt(state, status, reason, decision, now)
        self._launch_ready(decision, now)
        self._conclude(decision)
        return decision

    def cancel(
        self, reason: str, grace: float = GRACE, status: RunStatus = "cancelled"
    ) -> Decision:
        """Nothing more is started, what runs is stopped, and the run ends as `status`.

        May be said again, with another grace.
        """
        decision = Decision()
        if self.is_over:
            return decision
        if not self._cancelling:
            self._cancelling, self._final = reason, status
        for state in self._steps.values():
            if state.status == "pending":
                self._end(state, "cancelled", reason, decision)
            elif state.current:
                state.current.stopping = "cancelled"
                state.current.deadline = None
                decision.instructions.append(Stop(state.current.id, grace))
        self._ready.clear()
        self._retry_at.clear()
        self._conclude(decision)
        return decision

    def tick(self, now: float) -> Decision:
        """Time has passed: attempts that took too long are stopped, retries that are due start."""
        decision = Decision()
        for state, current in self._active():
            if current.deadline is not None and current.deadline <= now:
                current.deadline = None
                current.stopping = f"timed out after {state.task.timeout:g} s"
                decision.instructions.append(Stop(current.id, GRACE))
        while self._retry_at and self._retry_at[0][0] <= now:
            name = heappop(self._retry_at)[1]
            heappush(self._ready, (self._steps[name].position, name))
        self._launch_ready(decision, now)
        return decision

    # --- restoring ------------------------------------------------------------------------

    def restore_step(
        self, name: str, status: StepStatus, attempts: int, failures: int = 0, losses: int = 0
    ) -> None:
        """Puts a step back as it was kept; steps come in any order, before `start`."""
        state = self._steps[name]
        state.attempts, state.failures, state.losses = attempts, failures, losses
        self._counter += attempts
        if status in ENDED:
            state.status = status
            self._open -= 1
            for follower in self._followers.get(name, ()):
                self._steps[follower].waiting -= 1

    def restore_attempt(self, name: str, attempt: Try) -> None:
        """Puts a running attempt back; it holds its resources until it has ended."""
        state = self._steps[name]
        state.status, state.current = "running", attempt
        self._hold(state, attempt)

    # --- inside ---------------------------------------------------------------------------

    def _counts(self, current: Try, attempt: str, token: str) -> bool:
        return current.id == attempt and current.token == token

    def _active(self) -> list[tuple[StepState, Try]]:
        states = (self._steps[name] for name in self._busy)
        return [(state, state.current) for state in states if state.current]

    def _make_ready(self, state: StepState, decision: Decision) -> None:
        if state.task.consults:
            decision.instructions.append(Consult(state.task.name))
        else:
            heappush(self._ready, (state.position, state.task.name))

    def _launch_ready(self, decision: Decision, now: float) -> None:
        held: list[tuple[int, str]] = []
        while self._ready and len(self._busy) < self._capacity.parallel:
            entry = heappop(self._ready)
            state = self._steps[entry[1]]
            if state.status != "pending":
                continue
            if not self._fits(state.task):
                held.append(entry)
                continue
            self._open_attempt(state, decision, now)
        for entry in held:
            heappush(self._ready, entry)

    def _fits(self, task: Task) -> bool:
        return task.cpu <= self._cpu and task.memory <= self._memory and task.gpu <= len(self._gpus)

    def _open_attempt(self, state: StepState, decision: Decision, now: float) -> None:
        task = state.task
        self._counter += 1
        state.attempts += 1
        deadline = now + task.timeout if task.timeout else None
        gpus = tuple(self._gpus[: task.gpu])
        attempt = Try(f"{self._run}-{self._counter}", self._new_token(), deadline, gpus)
        state.current = attempt
        if state.status != "running":
            state.status = "running"
            decision.changes.append(StepChanged(task.name, "running"))
        self._hold(state, attempt)
        decision.changes.append(
            AttemptOpened(
                attempt.id, task.name, state.attempts, attempt.token, deadline, attempt.gpus
            )
        )
        decision.instructions.append(Launch(attempt.id, task.name, gpus))

    def _hold(self, state: StepState, attempt: Try) -> None:
        self._owners[attempt.id] = state.task.name
        self._busy[state.task.name] = None
        self._cpu -= state.task.cpu
        self._memory -= state.task.memory
        self._gpus = [gpu for gpu in self._gpus if gpu not in attempt.gpus]

    def _free(self, state: StepState, attempt: Try) -> None:
        state.current = None
        self._busy.pop(state.task.name, None)
        self._cpu += state.task.cpu
        self._memory += state.task.memory
        self._gpus = sorted((*self._gpus, *attempt.gpus))

    def _after_attempt(
        self, state: StepState, status: AttemptStatus, reason: str, decision: Decision, now: float
    ) -> None:
        if status == "succeeded":
            self._end(state, "succeeded", "", decision)
        elif status == "cancelled" or self._cancelling:
            self._end(state, "cancelled", self._cancelling or reason, decision)
        elif self._may_retry(state, status):
            state.status = "pending"
            wait = min(FIRST_BACKOFF * 2 ** (state.failures - 1), LONGEST_BACKOFF)
            decision.changes.append(StepChanged(state.task.name, "pending", f"{reason}; retried"))
            if status == "lost":
                heappush(self._ready, (state.position, state.task.name))
            else:
                heappush(self._retry_at, (now + wait, state.task.name))
        else:
            self._end(state, "failed", reason, decision)

    def _may_retry(self, state: StepState, status: AttemptStatus) -> bool:
        if status == "lost":
            state.losses += 1
            return state.task.on_lost == "retry" and state.losses <= MAX_LOST
        state.failures += 1
        return state.failures <= state.task.retries

    def _end(self, state: StepState, status: StepStatus, reason: str, decision: Decision) -> None:
        ending = [(state, status, reason)]
        while ending:
            state, status, reason = ending.pop()
            state.status = status
            self._open -= 1
            decision.changes.append(StepChanged(state.task.name, status, reason))
            if not self._cancelling:
                ending += self._followed(state, decision)

    def _followed(
        self, state: StepState, decision: Decision
    ) -> list[tuple[StepState, StepStatus, str]]:
        """Tells the followers that `state` has ended; returns those that cannot run any more."""
        skipped: list[tuple[StepState, StepStatus, str]] = []
        for name in self._followers.get(state.task.name, ()):
            follower = self._steps[name]
            follower.waiting -= 1
            if follower.status != "pending":
                continue
            if self._blocks(state, follower):
                follower.status = "skipped"
                follower.by_condition = state.by_condition
                skipped.append((follower, "skipped", f"'{state.task.name}' {state.status}"))
            elif follower.waiting == 0:
                self._make_ready(follower, decision)
        return skipped

    def _blocks(self, state: StepState, follower: StepState) -> bool:
        if state.status == "succeeded":
            return False
        may_go_on = state.task.continue_on_failure or state.by_condition
        return not may_go_on or state.task.name in follower.task.data

    def _conclude(self, decision: Decision) -> None:
        if self._open or self.is_over:
            return
        failed = [state for state in self._steps.values() if self._counts_as_failed(state)]
        if self._cancelling:
            self.status, reason = self._final, self._cancelling
        elif failed:
            names = ", ".join(state.task.name for state in failed[:5])
            self.status, reason = "failed", f"in {names}"
        else:
            self.status, reason = "succeeded", ""
        decision.changes.append(RunChanged(self.status, reason))

    def _counts_as_failed(self, state: StepState) -> bool:
        return state.status == "failed" and not state.task.continue_on_failure


def _verdict(current: Try, outcome: Outcome) -> tuple[AttemptStatus, str]:
    if current.stopping == "cancelled":
        return "cancelled", "cancelled"
    if current.stopping:
        return "failed", current.stopping
    if outcome.kind == "lost":
        return "lost", outcome.reason
    if outcome.kind == "exited" and outcome.code == 0 and not outcome.reason:
        return "succeeded", ""
    return "failed", outcome.reason or f"exit code {outcome.code}"
