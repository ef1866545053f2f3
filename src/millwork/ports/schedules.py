"""The rows of schedules: what is in force, its instances, backfills, and what happened."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Mapping

State: TypeAlias = Literal["on", "off", "frozen", "skipping"]
Kind: TypeAlias = Literal["recurring", "backfill", "test", "triggered"]
Status: TypeAlias = Literal["waiting", "starting", "running", "succeeded", "failed", "cancelled"]
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
    Unix seconds as all times. `uses` is the version whose definitions its next run takes. `tries`
    are its runs so far, `failures` those that have failed since somebody asked for it last.
    `arrived` is when the scheduler found it due. `place` is its turn within a backfill. `removed`
    are the dependencies that it waits for no longer, as `schedule/needs.py` writes them.
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
    not_before: float = 0.0
    arrived: float | None = None
    began: float | None = None
    ended: float | None = None
    removed: tuple[str, ...] = ()
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
