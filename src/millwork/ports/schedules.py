"""The rows of schedules: what is in force, its instances, backfills, and what happened to them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, TypeAlias

from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

State: TypeAlias = Literal["on", "off", "frozen", "skipping"]
Kind: TypeAlias = Literal["recurring", "backfill", "test", "triggered"]
Status: TypeAlias = Literal["waiting", "starting", "running", "succeeded", "failed", "cancelled"]
Outcome: TypeAlias = Literal["succeeded", "failed", "cancelled"]
OVER: frozenset[Status] = frozenset(("succeeded", "failed", "cancelled"))


@dataclass(frozen=True)
class ScheduleRow:
    """A schedule that is deployed, and the version in force.

    Cycles up to the instant `made` have instances; `owner` is who deployed it. Times are Unix
    seconds. One that is `frozen` has its instances fail when their time comes, one that is
    `skipping` has them succeed without a run.
    """

    workspace: str
    name: str
    version: str
    state: State
    owner: str
    deployed: float
    made: float


@dataclass(frozen=True)
class InstanceRow:
    """One cycle of a schedule.

    It is known by `version`, `day` (civil), `number` of the day, `fold`, and `origin`: empty for
    the recurrence's own, else the backfill, test or trigger. `instant` is its scheduled time, in
    Unix seconds as all times; it begins when it is `due`, or later. `uses` is the version whose
    definitions its next run takes. `tries` are its runs so far, `failures` those that have failed
    since somebody asked for it last. `arrived` is when the scheduler found it due. `place` is its
    turn within a backfill. `removed` are the dependencies that it waits for no longer, as
    `schedule/needs.py` calls them. `revision` counts its changes.
    """

    id: str
    workspace: str
    schedule: str
    version: str
    day: date
    number: int
    fold: int
    origin: str
    kind: Kind
    instant: float
    status: Status = "waiting"
    is_dry: bool = False
    is_frozen: bool = False
    priority: int = 5
    place: int = 0
    reason: str = ""
    run: str = ""
    uses: str = ""
    tries: int = 0
    failures: int = 0
    due: float = 0.0
    arrived: float | None = None
    began: float | None = None
    ended: float | None = None
    removed: tuple[str, ...] = ()
    revision: int = 0
    created: float = 0.0

    @property
    def bizdate(self) -> date:
        """The business date: the day before."""
        return self.day - timedelta(days=1)

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.status in OVER


@dataclass(frozen=True)
class BackfillRow:
    """Past cycles of a schedule, and of those behind it; `document` is what was asked for."""

    id: str
    workspace: str
    name: str
    schedule: str
    creator: str
    status: Literal["running", "paused", "succeeded", "failed", "cancelled"]
    parallel: int
    total: int
    created: float
    ended: float | None = None
    document: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class InstanceEvent:
    """What happened to an instance; `person` is empty for the scheduler."""

    instance: str
    seq: int
    time: float
    person: str
    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Change:
    """An instance becomes `after`, if it is still `before`; what happened, who did it, and why."""

    before: InstanceRow
    after: InstanceRow
    kind: str
    person: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Link:
    """The schedule in force waits for a `cycle`, same or last, of another."""

    workspace: str
    schedule: str
    up_workspace: str
    up_schedule: str
    cycle: str


@dataclass(frozen=True)
class TriggerRow:
    """What a trigger has seen last, and when it `looked`, each `every` seconds; 0: not yet.

    `source` is `file:URI` or `dataset:NAME`.
    """

    workspace: str
    schedule: str
    source: str
    every: float
    seen: str = ""
    looked: float = 0.0


class Ended(NamedTuple):
    """An instance whose run is over, and how that ended; an empty status: the run is gone."""

    instance: InstanceRow
    status: str
    reason: str
    ended: float


class ScheduleRecords(Protocol):
    """What the scheduler asks of the database; every method is one transaction."""

    def lagging(self, before: float, limit: int) -> Sequence[ScheduleRow]:
        """Schedules that are not off, and have instances for less than up to that instant."""

    def make(self, schedule: ScheduleRow, rows: Sequence[InstanceRow], made: float) -> bool:
        """Keeps the instances of the cycles up to `made`; False if somebody else was faster."""

    def due(self, now: float, after: tuple[float, str], limit: int) -> Sequence[InstanceRow]:
        """Instances that wait though their time has come, no backfill's, the oldest first.

        `after` is when the last one of the page before was due, and its id.
        """

    def next_due(self, now: float) -> float | None:
        """When the next instance is due that is not yet."""

    def instance(self, instance: str) -> InstanceRow | None:
        """One instance."""

    def starting(self) -> Sequence[InstanceRow]:
        """Instances whose run has an id, and may not have been asked for."""

    def ended(self, limit: int) -> Sequence[Ended]:
        """Instances that run, and whose run is over."""

    def running(self) -> Sequence[InstanceRow]:
        """Instances that have a run which is not over."""

    def change(
        self, now: float, changes: Sequence[Change], backfill: BackfillRow | None = None
    ) -> Sequence[Change]:
        """Writes the changes whose instance is still as it was, and their events; answers those.

        Of a backfill no more begin than may run at once, and none unless it is `running`.
        """

    def cycles(
        self, workspace: str, schedule: str, first: date, last: date, origin: str = ""
    ) -> Sequence[InstanceRow]:
        """The instances of a schedule from one civil day to another, of one origin."""

    def in_force(self, workspace: str, name: str) -> ScheduleRow | None:
        """A schedule that is deployed."""

    def children(self, workspace: str, name: str) -> Sequence[Link]:
        """The links of the schedules that wait for this one."""

    def triggers_due(self, now: float) -> Sequence[TriggerRow]:
        """Triggers that are to be looked at, those first that have waited longest."""

    def triggered(
        self, trigger: TriggerRow, seen: str, now: float, rows: Sequence[InstanceRow]
    ) -> None:
        """Keeps what a trigger sees, with the instances that it makes, unless somebody else has."""

    def backfills_going(self) -> Sequence[BackfillRow]:
        """The backfills that are not paused, and not over."""

    def backfill_waiting(self, backfill: str, after: int, limit: int) -> Sequence[InstanceRow]:
        """A backfill's instances that wait, in their turn, those behind the place `after`."""

    def backfill_counts(self, backfill: str) -> Mapping[str, int]:
        """How many instances of a backfill there are of each status."""

    def end_backfill(self, backfill: str, status: str, now: float) -> None:
        """A backfill that runs is over."""
