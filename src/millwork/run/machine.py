"""The run machine. Pure: no clock, process, file or randomness but what it is given.

`docs/states.md` says what each status means. Times are monotonic seconds.
"""

from __future__ import annotations

from dataclasses import replace
from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from millwork.ports.changes import AttemptClosed, AttemptOpened, LateResult, RunChanged, StepChanged
from millwork.ports.engine import OUT_OF_MEMORY
from millwork.run.decision import Consult, Decision, Launch, Stop
from millwork.run.state import (
    ENDED,
    FIRST_BACKOFF,
    GRACE,
    LONGEST_BACKOFF,
    MAX_LOST,
    Answer,
    Capacity,
    Result,
    StepState,
    Task,
    Try,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from millwork.ports.changes import AttemptStatus, RunStatus, StepStatus
    from millwork.ports.engine import Outcome


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
        self._has_impatient = any(state.task.pending_timeout for state in self._steps.values())

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
        times += (limit for _, limit in self._impatient())
        return min(times, default=None)

    # --- events ---------------------------------------------------------------------------

    def start(self, now: float) -> Decision:
        """The run begins, or goes on after `restore`."""
        decision = Decision()
        for state in list(self._steps.values()):
            if state.unended or state.items:
                self._release_items(state, decision)
            elif state.status == "pending" and state.waiting == 0 and not state.parent:
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
        elif answer.items is not None:
            self._expand(state, answer.items, decision)
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
        left = None if current.deadline is None else current.deadline - now
        is_again = result.outcome.again and not (current.stopping or self._cancelling)
        if is_again and left is not None and left <= 0:
            is_again, status, reason = False, "failed", _too_long(state.task)
        usage = _restarted(result.outcome, left) if is_again else result.outcome.usage
        decision.changes.append(
            AttemptClosed(
                attempt,
                state.task.name,
                token,
                status,
                result.outcome.code,
                reason,
                usage,
                result.outputs if succeeded else {},
                result.metrics if succeeded else {},
                result.key if succeeded else "",
            )
        )
        state.restarts += usage.get("restarts", 0)
        state.memory_restarts += usage.get("memory_restarts", 0)
        if is_again:
            state.time_left = left
            self._restart(state, reason, decision, now)
        else:
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
                current.stopping = _too_long(state.task)
                decision.instructions.append(Stop(current.id, GRACE))
        for state, limit in self._impatient():
            if limit <= now:
                reason = f"there was no room to start it for {state.task.pending_timeout:g} s"
                self._end(state, "failed", reason, decision)
        while self._retry_at and self._retry_at[0][0] <= now:
            name = heappop(self._retry_at)[1]
            heappush(self._ready, (self._steps[name].position, name))
        self._launch_ready(decision, now)
        self._conclude(decision)
        return decision

    def decided(self, attempt: str) -> None:
        """The attempt will succeed once all of it has ended: it no longer takes too long."""
        current = self._steps[self._owners[attempt]].current
        if current:
            current.deadline = None

    # --- restoring ------------------------------------------------------------------------

    def restore_restarts(
        self, name: str, restarts: int, memory_restarts: int, time_left: float | None
    ) -> None:
        """Puts back how often a job was started again, and how long its next attempt may run."""
        state = self._steps[name]
        state.restarts, state.memory_restarts = restarts, memory_restarts
        state.time_left = time_left

    def restore_step(
        self, name: str, status: StepStatus, attempts: int, failures: int = 0, losses: int = 0
    ) -> None:
        """Puts a step back as it was kept; steps come in any order, before `start`."""
        state = self._steps[name]
        state.attempts, state.failures, state.losses = attempts, failures, losses
        self._counter += attempts
        if status in ENDED:
            self._leave_parent(state, status)
            state.status = status
            self._open -= 1
            for follower in self._followers.get(name, ()):
                self._steps[follower].waiting -= 1

    def restore_attempt(self, name: str, attempt: Try) -> None:
        """Puts a running attempt back; it holds its resources until it has ended."""
        state = self._steps[name]
        if state.parent:
            self._steps[state.parent].items.remove(name)
            self._steps[state.parent].busy += 1
        state.status, state.current, state.time_left = "running", attempt, None
        self._hold(state, attempt)

    def restore_items(self, name: str, items: Iterable[str]) -> None:
        """Puts the steps of a list's items back, which come after their parent."""
        state = self._steps[name]
        state.status = "running"
        self._add_items(state, tuple(items))

    # --- inside ---------------------------------------------------------------------------

    def _expand(self, state: StepState, items: tuple[str, ...], decision: Decision) -> None:
        state.status = "running"
        running = StepChanged(state.task.name, "running", f"{len(items)} items")
        decision.changes.append(running)
        self._add_items(state, items)
        if items:
            self._release_items(state, decision)
        else:
            self._end(state, "succeeded", "the list is empty", decision)

    def _add_items(self, state: StepState, items: tuple[str, ...]) -> None:
        task, parent = state.task, state.task.name
        for name in items:
            item = replace(task, name=name, upstream=(), data=frozenset(), consults=True)
            self._steps[name] = StepState(item, state.position, 0, parent=parent)
        self._open += len(items)
        state.items, state.unended = list(items), len(items)

    def _release_items(self, state: StepState, decision: Decision) -> None:
        most = state.task.at_once or len(self._steps)
        while state.items and state.busy < most:
            state.busy += 1
            self._make_ready(self._steps[state.items.pop(0)], decision)

    def _leave_parent(self, state: StepState, status: StepStatus) -> StepState | None:
        """Counts an item as ended; returns its parent."""
        if not state.parent:
            return None
        parent = self._steps[state.parent]
        if state.task.name in parent.items:
            parent.items.remove(state.task.name)
        else:
            parent.busy -= 1
        parent.unended -= 1
        parent.bad_items += status == "failed"
        return parent

    def _item_ended(
        self, state: StepState, decision: Decision
    ) -> list[tuple[StepState, StepStatus, str]]:
        """Lets the next item begin; returns the parent if this was the last one."""
        parent = self._leave_parent(state, state.status)
        assert parent is not None
        if parent.unended:
            if not self._cancelling:
                self._release_items(parent, decision)
            return []
        if self._cancelling:
            return [(parent, "cancelled", self._cancelling)]
        if parent.bad_items:
            return [(parent, "failed", f"{parent.bad_items} items failed")]
        return [(parent, "succeeded", "")]

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
        if self._has_impatient:
            for _, name in self._ready:
                state = self._steps[name]
                state.waits_since = now if state.waits_since is None else state.waits_since

    def _impatient(self) -> list[tuple[StepState, float]]:
        """The steps that wait for room and may not do so for ever, and until when they may."""
        if not self._has_impatient:
            return []
        waiting = (self._steps[name] for _, name in self._ready)
        return [
            (state, state.waits_since + state.task.pending_timeout)
            for state in waiting
            if state.status == "pending"
            and state.task.pending_timeout
            and state.waits_since is not None
        ]

    def _fits(self, task: Task) -> bool:
        return task.cpu <= self._cpu and task.memory <= self._memory and task.gpu <= len(self._gpus)

    def _open_attempt(self, state: StepState, decision: Decision, now: float) -> None:
        task = state.task
        self._counter += 1
        state.attempts += 1
        allowed = task.timeout if state.time_left is None else state.time_left
        deadline = now + allowed if allowed else None
        state.time_left, state.waits_since = None, None
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

    def _restart(self, state: StepState, reason: str, decision: Decision, now: float) -> None:
        """A job's own rules want it started again: no retry, and its time goes on."""
        state.status = "pending"
        wait = min(FIRST_BACKOFF * 2 ** (state.restarts - 1), LONGEST_BACKOFF)
        decision.changes.append(StepChanged(state.task.name, "pending", reason))
        heappush(self._retry_at, (now + wait, state.task.name))

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
            if state.parent:
                ending += self._item_ended(state, decision)
            elif not self._cancelling:
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
        is_whole = not state.parent  # an item's failure is its parent's
        return state.status == "failed" and is_whole and not state.task.continue_on_failure


def _too_long(task: Task) -> str:
    return f"timed out after {task.timeout:g} s"


def _restarted(outcome: Outcome, time_left: float | None) -> dict[str, Any]:
    """The usage of an attempt that is made once more: that is a restart, and no failure.

    The job's time does not go on while it waits: so much of it is left (pai-contract 1.4).
    """
    usage = dict(outcome.usage)
    usage["restarts"] = usage.get("restarts", 0) + 1
    usage["memory_restarts"] = usage.get("memory_restarts", 0) + (OUT_OF_MEMORY in usage)
    return usage | {"restarted": True, "time_left": time_left}


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
