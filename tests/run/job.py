"""A job driven event by event, its rows kept as the store keeps them, its master killed at will."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from millwork.ports import Outcome, ReplicaRow
from millwork.ports.changes import JobJudged, ReplicaClosed, ReplicaOpened
from millwork.ports.engine import OUT_OF_MEMORY
from millwork.run.decision import Decision, Listen, StartReplica, Stop
from millwork.run.gang import Gang, Used, Verdict
from tests.plan.test_rules import job

GOOD = Outcome("exited", 0)
LOST = Outcome("lost", reason="the recorder was killed")
MEMORY = Outcome("exited", 137, "out of memory (limit 1 GiB)", {OUT_OF_MEMORY: True})
TORCH = {"master": 1, "worker": 2}
SERVERS = {"chief": 1, "worker": 2, "ps": 1}


class Crashed(Exception):
    """The master is gone; what it had kept is kept."""


class Job:
    """A gang with what a loop, a store and an engine would remember."""

    def __init__(self, job_type: str, roles: dict[str, int], options: Any = None, **more: Any):
        self.used: Used = more.pop("used", Used())
        self.refused: set[str] = more.pop("refused", set())
        self.crashes: set[int] = more.pop("crashes", set())
        self.meanwhile: list[Any] = more.pop("meanwhile", [])
        any_code = more.pop("any_exit_code", False)
        self.roster = job(job_type, roles, options, **more)
        rules = replace(self.roster.rules, any_exit_code=any_code)
        self.roster = replace(self.roster, rules=rules)
        self.now, self.steps = 100.0, 0
        self.rows: dict[tuple[str, int], ReplicaRow] = {}
        self.verdict: Verdict | None = None
        self.verdicts: list[Verdict] = []
        self.begun: list[str] = []
        self.handles: list[tuple[str, int]] = []
        self.ends: dict[str, Outcome] = {}
        self.stops: list[Stop] = []
        self.listens = 0
        self.gang = self.made()
        self.watched: set[str] = set()
        try:
            self.take(self.gang.start(self.now))
        except Crashed:
            self.revive()

    @property
    def alive(self) -> list[str]:
        """What runs in the world, whoever watches it."""
        return [name for name in self.begun if name not in self.ends]

    def take(self, decision: Decision) -> None:
        """As the loop: all is kept, then carried out, and so is what that leads to.

        That a replica was started is kept with what is kept next.
        """
        while decision.changes or decision.instructions or self.handles:
            self.keep(decision)
            following = Decision()
            for each in decision.instructions:
                if isinstance(each, StartReplica):
                    following.add(self.begin(each))
                elif isinstance(each, Stop):
                    self.stops.append(each)
                elif isinstance(each, Listen):
                    self.listens += 1
            decision = following
            if not decision.changes and not decision.instructions:
                return

    def keep(self, decision: Decision) -> None:
        for key in self.handles:
            if self.rows[key].status == "running":
                self.rows[key] = replace(self.rows[key], launched=self.now)
        self.handles.clear()
        for change in decision.changes:
            if isinstance(change, ReplicaOpened):
                assert self.verdict is None, f"{change.replica} starts although the job is over"
                assert not any(
                    row.name == change.replica and row.status == "running"
                    for row in self.rows.values()
                ), f"{change.replica} runs already"
                row = ReplicaRow("r-1", change.replica, change.number, "running", self.now)
                assert (change.replica, change.number) not in self.rows
                self.rows[change.replica, change.number] = row
            elif isinstance(change, ReplicaClosed):
                row = self.rows[change.replica, change.number]
                assert row.status == "running"
                self.rows[change.replica, change.number] = replace(
                    row, status=change.status, ended=self.now, code=change.code,
                    reason=change.reason, usage=change.usage,
                )  # fmt: skip
            elif isinstance(change, JobJudged):
                assert self.verdict is None, "a verdict was given twice"
                self.verdict = Verdict(
                    change.verdict, change.reason, change.code, change.kind,  # type: ignore[arg-type]
                    change.for_memory,
                )  # fmt: skip
        if decision.changes:
            self.reach()

    def reach(self) -> None:
        """A commit, or a start: here a master may die."""
        self.steps += 1
        if self.steps in self.crashes:
            raise Crashed

    def begin(self, instruction: StartReplica) -> Decision:
        process = instruction.process
        name = process.partition("/")[2].partition("~")[0]
        assert self.roster.seats[instruction.place].name == name
        if not self.gang.is_wanted(process):
            over = Outcome("not started", reason="over", at=self.now)
            return self.gang.ended([(process, over)], self.now)
        if name in self.refused:
            refused = Outcome("not started", reason="no", at=self.now)
            return self.gang.ended([(process, refused)], self.now)
        running = [other.partition("/")[2].partition("~")[0] for other in self.alive]
        assert name not in running, f"{name} runs twice"
        self.begun.append(process)
        self.watched.add(process)
        self.reach()
        self.handles.append((name, int(process.partition("~")[2] or 0)))
        return self.gang.started(process, self.now)

    def restart_master(self) -> None:
        """Another master finds the rows, and the processes that were begun."""
        self.handles.clear()
        self.gang = self.restored()
        self.watched = {*self.gang.running}
        self.observe()

    def revive(self) -> None:
        """The next master, and the one after it; `meanwhile` is how what is alive ends before."""
        self.now += 1
        for process, end in zip(self.alive, self.meanwhile, strict=False):
            if end is not None:
                self.ends[process] = replace(outcome_of(end), at=self.now)
        try:
            self.restart_master()
        except Crashed:
            self.revive()

    def made(self) -> Gang:
        return Gang("r-1", self.roster, self.used)

    def restored(self) -> Gang:
        gang = self.made()
        adopted = gang.restore([*self.rows.values()], self.verdict, self.now)
        assert sorted(adopted) == sorted(gang.running)
        return gang

    def end(self, now: float | None = None, /, **outcomes: Outcome | int) -> None:
        """These replicas (`worker_0`) end, and are seen in one turn."""
        self.now = self.now + 1 if now is None else now
        ends = {self.process(name): outcome_of(each) for name, each in outcomes.items()}
        self.ends |= ends
        self.observe()

    def observe(self) -> None:
        """The engine tells of what is over, or was never begun."""
        told = {
            process: self.ends.get(process, LOST)
            for process in sorted(self.watched)
            if process in self.ends or process not in self.begun
        }
        decision = self.gang.ended([*told.items()], self.now)
        self.watched -= {*told}
        self.take(decision)

    def tick(self, now: float) -> None:
        self.now = now
        self.take(self.gang.tick(now))

    def process(self, name: str) -> str:
        found = [each for each in self.gang.running if name_of(each) == name.replace("_", "-")]
        assert found, f"{name} does not run"
        return found[0]

    @property
    def running(self) -> list[str]:
        return sorted(process.removeprefix("r-1/") for process in self.gang.running)

    @property
    def told(self) -> list[tuple[str, float]]:
        return sorted((stop.process.removeprefix("r-1/"), stop.grace) for stop in self.stops)

    @property
    def says(self) -> tuple[str, str]:
        return (self.gang.verdict.name, self.gang.verdict.reason) if self.gang.verdict else ("", "")


def name_of(process: str) -> str:
    return process.partition("/")[2].partition("~")[0]


def outcome_of(given: Outcome | int) -> Outcome:
    return Outcome("exited", given) if isinstance(given, int) else given


def at(time: float, code: int = 1) -> Outcome:
    return Outcome("exited", code, at=time)
