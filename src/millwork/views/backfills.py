"""Backfills as people and programs read them; times are Unix seconds unless they say otherwise."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, NotRequired, TypedDict
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.ports.schedules import BackfillRow
    from millwork.schedule.backfills import Planned


class Range(TypedDict):
    """Business dates from `first` to `last` and with it, as 2024-02-29."""

    first: str
    last: NotRequired[str]


class BackfillView(TypedDict):
    """A row of the list of backfills; `total` is how many instances it has.

    `counts` are those by status, of one that is not over.
    """

    id: str
    name: str
    schedule: str
    creator: str
    status: Literal["running", "paused", "succeeded", "failed", "cancelled"]
    parallel: int
    total: int
    counts: dict[str, int]
    created: float
    ended: float | None


class BackfillPage(TypedDict):
    """A page of backfills, newest first; `next` asks for the one after it."""

    items: list[BackfillView]
    next: str | None


class BackfillShown(BackfillView):
    """All that is known of a backfill.

    `document` is what was asked for, `schedules` are those that it has instances of. `pace` is how
    many seconds an instance takes, by the latest, `left` how many the rest will; null if nobody
    knows. `left_out` are schedules that the person who asked may not operate.
    """

    document: dict[str, Any]
    schedules: list[str]
    left_out: list[str]
    pace: float | None
    left: float | None


class PlannedView(TypedDict):
    """A cycle of a backfill in its turn: what of it there is already, and whether it is done now.

    `state` is `missing` (it never began), `failed`, `done`, or `going`.
    """

    turn: int
    workspace: str
    schedule: str
    bizdate: str
    day: str
    number: int
    fold: int
    scheduled: float
    cyctime: str
    state: Literal["missing", "failed", "done", "going"]
    is_chosen: bool
    is_dry: bool


class BackfillPreview(TypedDict):
    """What a backfill would do; nothing was begun.

    `counts` are all cycles by what of them there is already; `chosen` are done, and of these `dry`
    without work.
    """

    total: int
    counts: dict[str, int]
    chosen: int
    dry: int
    schedules: list[str]
    left_out: list[str]
    items: list[PlannedView]
    next: str | None


def backfill_view(row: BackfillRow, counts: Mapping[str, int]) -> BackfillView:
    """A row of the list."""
    return {
        "id": row.id, "name": row.name, "schedule": row.schedule, "creator": row.creator,
        "status": row.status, "parallel": row.parallel, "total": row.total,
        "counts": dict(counts), "created": row.created, "ended": row.ended,
    }  # fmt: skip


def time_left(row: BackfillRow, counts: Mapping[str, int], pace: float | None) -> float | None:
    """How many seconds the rest of a backfill will take, if all take as long as the latest."""
    if pace is None or row.ended is not None:
        return None
    going = counts.get("running", 0) + counts.get("starting", 0)
    return round((counts.get("waiting", 0) + going / 2) * pace / row.parallel, 1)


def planned_view(each: Planned, turn: int) -> PlannedView:
    """A cycle of a preview."""
    zone = ZoneInfo(each.known.schedule.timezone)
    return {
        "turn": turn, "workspace": each.known.row.workspace, "schedule": each.known.row.name,
        "bizdate": each.cycle.bizdate.isoformat(), "day": each.cycle.day.isoformat(),
        "number": each.cycle.number, "fold": each.cycle.fold,
        "scheduled": float(each.cycle.instant),
        "cyctime": datetime.fromtimestamp(each.cycle.instant, zone).isoformat(),
        "state": each.state, "is_chosen": each.is_chosen, "is_dry": each.is_dry,
    }  # fmt: skip
