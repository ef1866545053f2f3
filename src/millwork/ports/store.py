"""The store port: runs, steps, attempts and events, each write fenced by the run's epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from millwork.ports.changes import Change


@dataclass(frozen=True)
class Master:
    """The process that drives a run: enough to tell it from a later one with the same pid."""

    pid: int
    started: str
    boot: str


@dataclass(frozen=True)
class RunRow:
    """A run as it is kept. Times are Unix seconds; it `began` anew when it was resumed.

    A queued run has no master. `demand` is what it asks for, `allotment` what it was given when
    it was admitted; a run that was begun without a server has neither.
    """

    id: str
    name: str
    definition: str
    version: str
    status: str
    created: float
    began: float = 0.0
    ended: float | None = None
    reason: str = ""
    notes: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    master: Master | None = None
    epoch: int = 0
    cancel: bool = False
    workspace: str = "default"
    creator: str = ""
    visibility: str = "public"
    priority: int = 5
    demand: Mapping[str, Any] = field(default_factory=dict)
    allotment: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_trial(self) -> bool:
        """Whether a sweep has begun it, which is also who resumes it."""
        return "sweep" in self.facts


@dataclass(frozen=True)
class StepRow:
    """A step as it is kept.

    `attempt` is the last one, `outputs` are of the recorded one; of a reused step both are of an
    earlier run. `verdict` says why it was or was not reused, `identity` what its work is.
    """

    name: str
    position: int
    status: str
    attempts: int = 0
    attempt: str = ""
    started: float | None = None
    ended: float | None = None
    reason: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, float] = field(default_factory=dict)
    verdict: str = ""
    identity: Mapping[str, Any] = field(default_factory=dict)
    spec: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ResultRow:
    """What a recorded attempt left, for whoever has the same work to do."""

    attempt: str
    outputs: Mapping[str, Any]
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class AttemptRow:
    """One try of a step; `verdict` is a job's: what it will end as, and why."""

    id: str
    step: str
    number: int
    token: str
    status: str
    created: float
    launched: float | None = None
    ended: float | None = None
    code: int | None = None
    reason: str = ""
    usage: Mapping[str, Any] = field(default_factory=dict)
    handle: str = ""
    deadline: float | None = None
    gpus: tuple[int, ...] = ()
    verdict: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class ReplicaRow:
    """One start of a replica of an attempt at a job; `number` counts those before it."""

    attempt: str
    name: str
    number: int
    status: str
    opened: float
    launched: float | None = None
    ended: float | None = None
    code: int | None = None
    reason: str = ""
    usage: Mapping[str, Any] = field(default_factory=dict)
    handle: str = ""


class Store(Protocol):
    """Keeps runs. Every method is one transaction; a full disk raises NoSpace."""

    def create_run(
        self,
        run: RunRow,
        steps: Sequence[StepRow],
        definitions: Mapping[str, str],
        changes: Sequence[Change] = (),
    ) -> None:
        """Keeps a new run with its steps and their components; only a queued one has no master.

        `definitions` maps the sha256 that a step's spec names to a component's document.
        """

    def commit(self, run: str, epoch: int, now: float, changes: Sequence[Change]) -> None:
        """Writes changes and their events; raises Fenced if `epoch` is no longer the run's."""

    def take_over(self, run: str, epoch: int, master: Master) -> int:
        """Makes `master` the run's, and returns the new epoch; raises Fenced if `epoch` is old."""

    def request_cancel(self, run: str) -> None:
        """Notes that the run is to be cancelled; its master acts on it."""

    def run(self, run: str) -> RunRow | None:
        """One run."""

    def manifest(self, attempt: str, port: str) -> str:
        """The manifest of one output of a recorded attempt; raises KeyError if there is none."""

    def definition(self, digest: str) -> str | None:
        """A component's canonical document."""

    def find_runs(self, prefix: str) -> Sequence[str]:
        """At most a few ids that begin with `prefix`."""

    def runs(self, limit: int, before: tuple[float, str] | None = None) -> Sequence[RunRow]:
        """Runs, newest first, a page at a time."""

    def list_runs(
        self,
        workspace: str,
        *,
        limit: int,
        after: tuple[float, str] | None = None,
        ascending: bool = False,
        status: str = "",
        name: str = "",
        creator: str = "",
        tag: tuple[str, str] | None = None,
        definition: str = "",
        with_trials: bool = False,
        private_of: str | None = None,
    ) -> Sequence[RunRow]:
        """A page of a workspace's runs by their time, newest first unless `ascending`.

        `after` is the last one of the page before. What is empty or None filters nothing;
        `private_of` is the only person whose private runs are shown.
        """

    def progress(self, runs: Sequence[str]) -> Mapping[str, Mapping[str, int]]:
        """How many steps of each of some runs have which status."""

    def unfinished(self) -> Sequence[RunRow]:
        """The runs that are driven, or should be, oldest first; those that wait are not."""

    def steps(self, run: str) -> Sequence[StepRow]:
        """A run's steps in the order of its file."""

    def step(self, run: str, step: str) -> StepRow | None:
        """One step of a run."""

    def some_steps(self, run: str, skip: int, limit: int) -> Sequence[StepRow]:
        """A part of a run's steps in the order of its file."""

    def attempts(self, run: str) -> Sequence[AttemptRow]:
        """A run's attempts, oldest first."""

    def replicas(self, run: str) -> Sequence[ReplicaRow]:
        """All starts of replicas in a run's attempts at jobs, oldest first."""

    def events(self, run: str, after: int) -> Sequence[Mapping[str, Any]]:
        """A run's events numbered above `after`."""

    def find_runs_in(self, workspace: str, prefix: str, private_of: str | None) -> Sequence[str]:
        """At most a few ids of a workspace's runs that begin with `prefix`.

        `private_of` is the only person whose private runs count; None for all.
        """

    def some_events(self, run: str, after: int, limit: int) -> Sequence[Mapping[str, Any]]:
        """The first of a run's events numbered above `after`."""

    def describe(
        self, run: str, name: str, notes: str, visibility: str, tags: Mapping[str, str]
    ) -> None:
        """Changes what is said about a run, and who may see it."""

    def heads(self, since: float) -> Sequence[Mapping[str, Any]]:
        """How far the histories go of runs that are not over, or have ended after `since`."""

    def head(self, run: str) -> Sequence[Mapping[str, Any]]:
        """How far the history of one run goes; empty if there is no such run."""

    def results(self, key: str, run: str) -> Sequence[ResultRow]:
        """Results of the same work that a run may use, newest first; a few at most."""

    def all_results(self) -> Sequence[ResultRow]:
        """Every result that later runs may use, oldest first."""

    def forget_result(self, attempt: str) -> None:
        """The attempt's files are no longer what they were: nobody uses them again."""

    def recall(self, stamp: tuple[int, int, int, int, int]) -> str | None:
        """The sha256 of the file with this device, inode, size, mtime and ctime in ns."""

    def remember(self, stamp: tuple[int, int, int, int, int], digest: str) -> None:
        """Keeps it with the next commit."""

    def keep_listing(self, digest: str, files: Mapping[str, str]) -> None:
        """Keeps, with the next commit, the sha256 of each file of an input."""

    def listing(self, digest: str) -> Mapping[str, str] | None:
        """The sha256 of each file of an input, if it was kept."""

    def earlier(
        self, definition: str, step: str, before: float, workspace: str, creator: str
    ) -> tuple[str, StepRow] | None:
        """The run and row of a step's last success in a run created before `before`.

        It is one of the workspace that `creator` may see.
        """

    def release_reserve(self) -> None:
        """Frees the space set aside, so that the end of a run can be written on a full disk."""


class Clock(Protocol):
    """The two clocks: one for people, one for durations."""

    def wall(self) -> float:
        """Unix seconds."""

    def monotonic(self) -> float:
        """Seconds that never jump."""


class Masters(Protocol):
    """Which processes drive runs."""

    def me(self) -> Master:
        """This process."""

    def is_alive(self, master: Master) -> bool:
        """Whether that very process still runs."""

    def wake(self, master: Master) -> None:
        """Makes it look at what was requested of its runs."""
