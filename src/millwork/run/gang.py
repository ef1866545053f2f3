"""One attempt at a job: its replicas started in order, judged by its rules, and ended together.

Pure, as the machine is. Whatever it concludes is kept before it is carried out, so that another
master comes to the same (DESIGN decision 11; reference pai-contract 1.3 and 1.4).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from millwork.base.records import dataclass
from millwork.plan.rules import ROLES
from millwork.ports.changes import JobJudged, ReplicaClosed, ReplicaOpened
from millwork.ports.engine import OUT_OF_MEMORY, Outcome, process_of
from millwork.run.decision import Decision, Listen, StartReplica, Stop
from millwork.run.state import FIRST_BACKOFF, GRACE, LONGEST_BACKOFF

if TYPE_CHECKING:
    from collections.abc import Sequence

    from millwork.plan.gang import Roster
    from millwork.plan.rules import Rules, Seat
    from millwork.ports import ReplicaRow
    from millwork.ports.changes import AttemptStatus

Status: TypeAlias = Literal["waiting", "opened", "running", "succeeded", "failed"]
_UNDER_WAY = ("opened", "running")
_SUMMED, _OF_FIRST = ("cpu_seconds",), ("mounts", "limits", "environment", "packages", "image")
_SLACK = 0.05  # seconds by which two clocks may differ


@dataclass(frozen=True)
class Used:
    """Restarts that a step has had already, and how many of them for want of memory."""

    restarts: int = 0
    memory: int = 0


@dataclass(frozen=True)
class Verdict:
    """What a job has come to; the code of the replica that failed first, and how it ended."""

    name: Literal["succeeded", "failed", "again", "stopped"]
    reason: str = ""
    code: int | None = None
    kind: Literal["exited", "lost", "not started"] = "exited"
    for_memory: bool = False


@dataclass
class _Member:
    """A replica: `number` counts its restarts, `due` is when it starts, `stop_at` when it must end.

    It `is_told` that its job is over; others may wait until it `has_run`.
    """

    seat: Seat
    place: int
    status: Status = "waiting"
    number: int = 0
    due: float = 0.0
    stop_at: float | None = None
    outcome: Outcome | None = None
    is_told: bool = False
    has_run: bool = False


class Gang:
    """The replicas of one attempt. `outcome` is the attempt's, once all of them have ended."""

    def __init__(self, attempt: str, roster: Roster, used: Used) -> None:
        self.attempt = attempt
        self.outcome: Outcome | None = None
        self.verdict: Verdict | None = None
        self._rules: Rules = roster.rules
        self._used = used
        self._members = {seat.name: _Member(seat, place) for place, seat in enumerate(roster.seats)}
        self._by_process: dict[str, _Member] = {}
        self._usages: list[dict[str, Any]] = []
        self._restarts = self._memory_restarts = 0
        self._hang_at: float | None = None
        self._looked_at = float("-inf")

    @property
    def by_shards(self) -> bool:
        """Whether its job is over when its shards are."""
        return self._rules.by_shards

    @property
    def running(self) -> list[str]:
        """The processes that are started, or about to be."""
        return [self._process(each) for each in self._members.values() if _is_under_way(each)]

    def next_deadline(self) -> float | None:
        """When `tick` must be called at the latest; None if nothing is due."""
        waiting = (each.due for each in self._members.values() if self._is_due_later(each))
        times = [due for due in waiting if due > self._looked_at]
        times += [each.stop_at for each in self._members.values() if each.stop_at is not None]
        if self._hang_at is not None and not self.verdict:
            times.append(self._hang_at)
        return min(times, default=None)

    # --- events ---------------------------------------------------------------------------

    def start(self, now: float) -> Decision:
        """The attempt begins."""
        decision = Decision()
        self._listen_from(now)
        self._go_on(decision, now)
        return decision

    def is_wanted(self, process: str) -> bool:
        """Whether a replica that was opened is still to be started."""
        return self.verdict is None and process in self._by_process

    def started(self, process: str, now: float) -> Decision:
        """The engine has started a replica: others may have waited for it."""
        decision = Decision()
        member = self._by_process.get(process)
        if member and member.status == "opened":
            member.status, member.has_run = "running", True
            self._go_on(decision, now)
        return decision

    def ended(self, ends: Sequence[tuple[str, Outcome]], now: float) -> Decision:
        """Replicas are over; those that ended in one turn are judged together."""
        decision = Decision()
        for process, outcome in ends:
            member = self._by_process.pop(process, None)
            if member:
                self._close(member, outcome, decision)
        for member in self._members.values():
            member.has_run = member.has_run or member.status == "running"
        self._go_on(decision, now)
        return decision

    def stop(self, grace: float, reason: str = "") -> Decision:
        """The attempt is to end, whatever its replicas come to."""
        decision = Decision()
        if not self.verdict:
            self._conclude(Verdict("stopped", reason), decision)
        decision.instructions += [Stop(process, grace) for process in self.running]
        for each in self._members.values():
            each.stop_at, each.is_told = None, True
        self._finish()
        return decision

    def tick(self, now: float) -> Decision:
        """Time has passed: what is due starts, what had its grace stops, silence is noticed."""
        decision = Decision()
        for each in self._members.values():
            if each.stop_at is not None and each.stop_at <= now:
                each.stop_at = None
                if _is_under_way(each):
                    decision.instructions.append(Stop(self._process(each), GRACE))
        if self._hang_at is not None and self._hang_at <= now and not self.verdict:
            self._hang_at = None
            decision.instructions.append(Listen(self.attempt))
        self._go_on(decision, now)
        return decision

    def heard(self, silence: float, now: float) -> Decision:
        """No replica has printed anything for `silence` seconds."""
        decision = Decision()
        most = self._rules.hang_timeout
        if not most or self.verdict:
            return decision
        if silence + _SLACK < most:
            self._hang_at = now + most - silence
            return decision
        reason = f"no output from any replica for {most:g} s"
        self._conclude(self._again_or_failed(reason, None), decision)
        self._go_on(decision, now)
        return decision

    def restore(self, rows: Sequence[ReplicaRow], verdict: Verdict | None, now: float) -> list[str]:
        """Puts replicas back as they were kept, in place of `start`; returns what runs of them.

        Of those that were opened it is not known whether they came to be started: nothing starts
        after them before `ended` has been told what is over.
        """
        self.verdict = verdict
        self._listen_from(now)
        for row in sorted(rows, key=lambda row: row.number):
            member = self._members[row.name]
            if row.number > member.number:
                self._count(member.outcome)
            member.number, member.outcome = row.number, _outcome(row)
            member.has_run = member.has_run or row.launched is not None or row.code is not None
            if member.outcome is None:
                member.status = "running"
                self._by_process[self._process(member)] = member
            else:
                member.status = "succeeded" if self._is_good(member.outcome) else "failed"
                self._usages.append(dict(row.usage))
        return list(self._by_process)

    def owns(self, process: str) -> bool:
        """Whether it is one of the replicas' processes."""
        return process.partition("/")[0] == self.attempt

    # --- inside ---------------------------------------------------------------------------

    def _listen_from(self, now: float) -> None:
        if self._rules.hang_timeout:
            self._hang_at = now + self._rules.hang_timeout

    def _is_good(self, outcome: Outcome) -> bool:
        """Whether a replica has done its work; of some programs any code but a signal's says so."""
        if outcome.kind != "exited" or outcome.code is None:
            return False
        if self._rules.any_exit_code and outcome.code:
            return outcome.code <= 128
        return outcome.code == 0 and not outcome.reason

    def _process(self, member: _Member) -> str:
        return process_of(self.attempt, member.seat.name, member.number)

    def _is_due_later(self, member: _Member) -> bool:
        return member.status == "waiting" and member.due > 0 and self.verdict is None

    def _go_on(self, decision: Decision, now: float) -> None:
        """Judges what there is; then starts what may start, or ends what still runs."""
        self._looked_at = now
        if not self.verdict:
            self._judge(decision, now)
        if self.verdict:
            self._wind_down(decision, now)
            self._finish()
        else:
            self._open_ready(decision, now)

    def _open_ready(self, decision: Decision, now: float) -> None:
        for member in self._members.values():
            if member.status == "waiting" and member.due <= now and self._may_start(member.seat):
                self._open(member, decision)

    def _open(self, member: _Member, decision: Decision) -> None:
        if member.number:
            self._count(member.outcome)
        member.status, member.due = "opened", 0.0
        process = self._process(member)
        self._by_process[process] = member
        decision.changes.append(ReplicaOpened(self.attempt, member.seat.name, member.number))
        decision.instructions.append(StartReplica(process, self.attempt, member.place))

    def _may_start(self, seat: Seat) -> bool:
        """Whether all that it starts after is running, or has been (KubeDL's gate)."""
        return all(
            other.has_run
            for other in self._members.values()
            if other.seat.role in seat.starts_after
        )

    def _close(self, member: _Member, outcome: Outcome, decision: Decision) -> None:
        ended_by_itself = self.verdict is None or member.stop_at is not None
        member.outcome, member.stop_at = outcome, None
        member.has_run = member.has_run or outcome.code is not None
        member.status = "succeeded" if self._is_good(outcome) else "failed"
        self._usages.append(dict(outcome.usage))
        status = _status(outcome, member.status, ended_by_itself=ended_by_itself)
        closed = ReplicaClosed(
            self.attempt, member.seat.name, member.number, status, outcome.code, outcome.reason,
            outcome.usage, outcome.at,
        )  # fmt: skip
        decision.changes.append(closed)

    def _judge(self, decision: Decision, now: float) -> None:
        """Success before failure, and of failures the first: others may follow from it."""
        good = {name for name, each in self._members.items() if each.status == "succeeded"}
        if any(good.issuperset(names) for names in self._rules.success):
            self._conclude(Verdict("succeeded", code=0), decision)
            return
        for member in self._failures():
            self._take_failure(member, decision, now)
            if self.verdict:
                return
        deciding = set().union(*self._rules.success)
        failed = [each for each in self._failures() if each.seat.name in deciding]
        names = {each.seat.name for each in failed}
        if failed and all(names.intersection(wanted) for wanted in self._rules.success):
            self._conclude(self._verdict_on(failed[0]), decision)

    def _failures(self) -> list[_Member]:
        """Those that have failed and are not started again, the first first."""
        failed = [each for each in self._members.values() if each.status == "failed"]
        return sorted(failed, key=_first)

    def _take_failure(self, member: _Member, decision: Decision, now: float) -> None:
        verdict = self._verdict_on(member)
        if verdict.name == "failed" and member.seat.role in self._rules.tolerates:
            return
        if verdict.name == "again" and self._rules.unit[member.seat.role] == "replica":
            member.number += 1
            wait = min(FIRST_BACKOFF * 2 ** (member.number - 1), LONGEST_BACKOFF)
            member.status, member.due = "waiting", now + wait
        else:
            self._conclude(verdict, decision)

    def _verdict_on(self, member: _Member) -> Verdict:
        outcome, rule = member.outcome, self._rules.after[member.seat.role]
        assert outcome is not None
        reason = f"{member.seat.name}: {outcome.reason or f'exit code {outcome.code}'}"
        is_passing = rule in ("OnFailure", "Always") or (
            rule == "ExitCode" and self._is_passing(outcome)
        )
        if not is_passing or outcome.kind == "not started":
            return Verdict("failed", reason, outcome.code, outcome.kind)
        return self._again_or_failed(reason, outcome)

    def _is_passing(self, outcome: Outcome) -> bool:
        """Whether ExitCode takes this end for one that another start may not have."""
        if outcome.kind == "lost" or outcome.usage.get(OUT_OF_MEMORY):
            return True
        code = outcome.code or 0
        return any(first <= code <= last for first, last in self._rules.codes)

    def _again_or_failed(self, reason: str, outcome: Outcome | None) -> Verdict:
        """Another start, if the limits allow one more; what is lost for ever has just failed."""
        code, kind = (outcome.code, outcome.kind) if outcome else (None, "exited")
        decided = [each.outcome for each in self._members.values() if self._is_due_later(each)]
        restarts = self._used.restarts + self._restarts + len(decided)
        memory = self._used.memory + self._memory_restarts + sum(map(_is_memory, decided))
        most, for_memory = self._most_restarts(), self._rules.memory_restarts
        if restarts >= most:
            limit = f"; the limit of {_times(most)} is reached" if most else ""
            return Verdict("failed", reason + limit, code)
        if _is_memory(outcome) and memory >= for_memory:
            limit = f", after {_times(for_memory)} for memory" if for_memory else ""
            return Verdict("failed", reason + limit, code)
        again = f"{reason}; restart {restarts + 1} of {most}"
        return Verdict("again", again, code, kind, _is_memory(outcome))

    def _most_restarts(self) -> int:
        return self._rules.restarts

    def _count(self, outcome: Outcome | None) -> None:
        self._restarts += 1
        self._memory_restarts += _is_memory(outcome)

    def _conclude(self, verdict: Verdict, decision: Decision) -> None:
        self.verdict = verdict
        decision.changes.append(
            JobJudged(
                self.attempt,
                verdict.name,
                verdict.reason,
                verdict.code,
                verdict.kind,
                verdict.for_memory,
            )
        )

    def _wind_down(self, decision: Decision, now: float) -> None:
        """Stops what still runs; what may finish after a success gets its time (`grace`)."""
        assert self.verdict is not None
        for member in self._members.values():
            if not _is_under_way(member) or member.is_told:
                continue
            member.is_told = True
            grace = self._rules.grace.get(member.seat.role, 0.0)
            if self.verdict.name == "succeeded" and grace:
                member.stop_at = now + grace
            else:
                decision.instructions.append(Stop(self._process(member), GRACE))

    def _finish(self) -> None:
        if self.running or self.verdict is None:
            return
        verdict = self.verdict
        usage: dict[str, Any] = {"replicas": len(self._members)}
        if self._restarts:
            usage |= {"restarts": self._restarts, "memory_restarts": self._memory_restarts}
        if verdict.for_memory:
            usage[OUT_OF_MEMORY] = True
        usage |= self._usage()
        again = verdict.name == "again"
        self.outcome = Outcome(verdict.kind, verdict.code, verdict.reason, usage, again=again)

    def _usage(self) -> dict[str, Any]:
        """The replicas' measures: seconds added up, the highest peak, the means of the first."""
        found: dict[str, Any] = {}
        for usage in self._usages:
            for name in _SUMMED:
                if name in usage:
                    found[name] = found.get(name, 0) + usage[name]
            if "peak_memory" in usage:
                found["peak_memory"] = max(found.get("peak_memory", 0), usage["peak_memory"])
            for name in _OF_FIRST:
                if name in usage:
                    found.setdefault(name, usage[name])
        return found


def _outcome(row: ReplicaRow) -> Outcome | None:
    """How a replica that was kept has ended; None if it has not."""
    if row.status == "running":
        return None
    kind: Literal["lost", "exited"] = "lost" if row.status == "lost" else "exited"
    return Outcome(kind, row.code, row.reason, row.usage, row.ended or 0.0)


def _status(outcome: Outcome, end: Status, *, ended_by_itself: bool) -> AttemptStatus:
    if end == "succeeded":
        return "succeeded"
    if not ended_by_itself:
        return "cancelled"  # it was stopped with its job
    return "lost" if outcome.kind == "lost" else "failed"


def _is_under_way(member: _Member) -> bool:
    return member.status in _UNDER_WAY


def _times(count: int) -> str:
    return "1 restart" if count == 1 else f"{count} restarts"


def _is_memory(outcome: Outcome | None) -> bool:
    return bool(outcome and outcome.usage.get(OUT_OF_MEMORY))


def _first(member: _Member) -> tuple[float, int, int]:
    """By time; of those that ended at once, in the fixed order of roles."""
    at = member.outcome.at if member.outcome else 0.0
    return at, ROLES.index(member.seat.role), member.place
