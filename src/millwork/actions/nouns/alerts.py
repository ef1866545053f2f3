"""Alerts: what was told of schedules, to whom, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypedDict

from millwork.actions.call import Call
from millwork.actions.pages import with_one_more
from millwork.base.cursor import read_cursor, write_cursor

if TYPE_CHECKING:
    from millwork.store.alerts import AlertRow


class AlertView(TypedDict):
    """A notice to one address: what was so, since when, and whether it was told.

    Times are Unix seconds; `tried` is when it was sent or tried last, `fault` why that did not do.
    """

    id: int
    schedule: str
    instance: str
    moment: str
    address: str
    since: float
    due: float
    status: Literal["due", "sent", "failed"]
    tries: int
    tried: float
    fault: str


class AlertPage(TypedDict):
    """A page of alerts."""

    items: list[AlertView]
    next: str | None


def list_(call: Call, limit: int = 50, after: str = "") -> AlertPage:
    """What was told of the workspace's schedules, or tried to be, newest first."""
    count = with_one_more(limit)
    place = read_cursor(after, float, int)
    last = (float(place[0]), int(place[1])) if place else None
    rows = call.context.alerts().page(call.workspace, count, last)
    items = [_view(row) for row in rows[:limit] if _may_see(call, row.notice.schedule)]
    end = rows[limit - 1] if len(rows) > limit else None
    return {"items": items, "next": write_cursor(end.tried, end.id) if end else None}


def _may_see(call: Call, schedule: str) -> bool:
    if call.sees_all("schedule"):
        return True
    kept = call.context.assets().get(call.workspace, "schedule", schedule)
    return kept is not None and call.may("schedule", "read", kept.creator, kept.visibility)


def _view(row: AlertRow) -> AlertView:
    notice = row.notice
    return {
        "id": row.id, "schedule": notice.schedule, "instance": notice.instance,
        "moment": notice.moment, "address": notice.address, "since": notice.since,
        "due": notice.due, "status": row.status, "tries": row.tries, "tried": row.tried,
        "fault": row.fault,
    }  # fmt: skip
