"""Instances: the cycles of schedules, looked at and operated."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, NotRequired, TypedDict

from millwork.actions import instances as looking
from millwork.actions.call import Call
from millwork.actions.instances import found, private_of, read_days
from millwork.actions.operating import Action, Operation, Tally, check
from millwork.actions.operating import operate as operated
from millwork.actions.pages import with_one_more
from millwork.actions.reaching import Reach
from millwork.base.cursor import read_cursor, write_cursor
from millwork.base.errors import BadRequest, NotFound
from millwork.ports.schedules import InstanceRow, Kind, Status
from millwork.store.instances import Place, Sought, place_of
from millwork.views.instances import (
    InstanceEventPage,
    InstanceGraph,
    InstanceGrid,
    InstancePage,
    InstancePageView,
    Operated,
    event_view,
    grid_rows,
)

_MOST_DAYS, _GRID_DAYS = 92, 14
_MOST_DEPTH = 10
_MOST_AT_ONCE = 20_000
_PAGE = 500


class InstanceFilter(TypedDict):
    """Which instances are meant: those that a list with the same words shows."""

    schedule: NotRequired[str]
    status: NotRequired[Status]
    kind: NotRequired[Kind]
    origin: NotRequired[str]
    first: NotRequired[str]
    last: NotRequired[str]


def list_(
    call: Call,
    schedule: str = "",
    status: Status | Literal[""] = "",
    kind: Kind | Literal[""] = "",
    origin: str = "",
    first: str = "",
    last: str = "",
    sort: Literal["scheduled", "-scheduled"] = "-scheduled",
    limit: int = 50,
    after: str = "",
) -> InstancePage:
    """The instances of a workspace, the newest first, or those of a backfill in their turn.

    `first` and `last` are business dates, as 2024-02-29; `origin` is a backfill's id, or a test's.
    """
    count = with_one_more(limit)
    sought = _sought(call, schedule, status, kind, origin, first, last, sort == "-scheduled")
    place: Any = read_cursor(after, float, str, str, int)
    rows = call.context.instances().page(
        call.workspace, sought, count, Place(*place) if place else None
    )
    items = looking.shown(Reach(call), rows[:limit])
    next_ = write_cursor(*place_of(rows[limit - 1])) if len(rows) > limit else None
    return {"items": items, "next": next_}


def _sought(
    call: Call,
    schedule: str,
    status: str,
    kind: str,
    origin: str,
    first: str,
    last: str,
    is_newest_first: bool = True,
) -> Sought:
    begin, end = (each and _day_of(each) for each in read_days(first, last))
    return Sought(schedule, status, kind, origin, begin, end, private_of(call), is_newest_first)


def _day_of(bizdate: date) -> date:
    """The civil day of what is scheduled for a business date."""
    try:
        return bizdate + timedelta(days=1)
    except OverflowError:
        raise BadRequest("first, last: dates from 0001-01-01 to 9999-12-30") from None


def grid(
    call: Call,
    first: str = "",
    last: str = "",
    text: str = "",
    kind: Kind | Literal[""] = "",
    limit: int = 50,
    after: str = "",
) -> InstanceGrid:
    """What there is of each schedule on each business date, counted by status.

    The dates are at most 92, by default a fortnight up to today, whose instances are to come;
    tests are not counted unless they are asked for. Schedules come by name, `text` is a part of it.
    """
    count = with_one_more(limit)
    begin, end = _business_dates(call, first, last)
    place = read_cursor(after, str)
    rows = grid_rows(
        call.context.instances().grid(
            call.workspace, _day_of(begin), _day_of(end), count, str(place[0]) if place else "",
            text, kind, private_of(call),
        )
    )  # fmt: skip
    next_ = write_cursor(rows[limit - 1]["schedule"]) if len(rows) > limit else None
    return {
        "first": begin.isoformat(), "last": end.isoformat(), "items": rows[:limit], "next": next_,
    }  # fmt: skip


def _business_dates(call: Call, first: str, last: str) -> tuple[date, date]:
    begin, end = read_days(first, last)
    span = timedelta(days=_GRID_DAYS - 1)
    today = datetime.fromtimestamp(call.context.clock.wall(), UTC).date()
    try:
        end = end or (begin + span if begin else today)
        begin = begin or end - span
    except OverflowError:
        raise BadRequest("first, last: dates from 0001-01-01 to 9999-12-30") from None
    if (end - begin).days >= _MOST_DAYS:
        raise BadRequest(f"last: at most {_MOST_DAYS} business dates")
    return begin, end


def show(call: Call, instance: str) -> InstancePageView:
    """An instance: its runs, what it waits for and why, its values, and what may be done to it."""
    return looking.page_of(call, found(call, instance))


def graph(call: Call, instance: str, depth: int = 2) -> InstanceGraph:
    """What an instance waits for, and what waits for it, at most 500 in all."""
    if not 1 <= depth <= _MOST_DEPTH:
        raise BadRequest(f"depth: 1 to {_MOST_DEPTH}")
    return looking.graph_of(call, found(call, instance), depth)


def events(call: Call, instance: str, after: int = 0, limit: int = 200) -> InstanceEventPage:
    """What happened to an instance and who did it, oldest first."""
    count = with_one_more(limit)
    row = found(call, instance)
    rows = call.context.schedules().events(row.id, after, count)
    items = [event_view(event) for event in rows[:limit]]
    return {"items": items, "next": items[-1]["seq"] if len(rows) > limit else None}


def operate(
    call: Call,
    action: Action,
    instances: list[str] | None = None,
    filter: InstanceFilter | None = None,  # noqa: A002  what the API and the command call it
    downstream: bool = False,
    version: Literal["original", "latest"] = "original",
    dependency: str = "",
    priority: int = 0,
) -> Operated:
    """Runs instances again, stops them, sets them to succeeded, freezes or thaws them, and so on.

    They are named one by one, or by a `filter`. With `downstream` all that waits for the same
    cycle is run again, too. `unneed` takes away the `dependency` that is named as in `waits_for`.
    What it cannot be done to is left as it is, and told.
    """
    asked = Operation(action, call.who.person, version, dependency, priority)
    check(asked, has_downstream=downstream)
    if (instances is None) == (filter is None):
        raise BadRequest("instances: name them, or give a filter: one of the two")
    reach, tally = Reach(call), Tally()
    rows = _named(call, reach, instances, tally) if instances is not None else _filtered(
        call, reach, filter or {}, tally
    )  # fmt: skip
    if downstream:
        rows = [*rows, *_downstream(reach, rows, tally)]
    operated(reach, rows, asked, tally)
    call.context.nudge()
    return tally.answer()


def _named(call: Call, reach: Reach, ids: list[str], tally: Tally) -> list[InstanceRow]:
    """The instances of these ids; raises NotFound if there is none at all."""
    if not 1 <= len(ids) <= _MOST_AT_ONCE:
        raise BadRequest(f"instances: 1 to {_MOST_AT_ONCE:,} at once")
    store, rows = call.context.schedules(), list[InstanceRow]()
    for instance in dict.fromkeys(ids):
        row = store.instance(instance)
        is_here = row is not None and row.workspace == call.workspace
        if row and is_here and reach.may("read", row.workspace, row.schedule):
            rows.append(row)
        elif len(ids) == 1:
            raise NotFound(f"there is no instance '{instance}'")
        else:
            tally.refuse(instance, "there is no such instance")
    if not rows:
        raise NotFound(f"there is no instance '{ids[0]}', nor any of the others")
    if len(rows) == 1 == len(ids):
        row = rows[0]
        reach.require("operate", row.workspace, row.schedule, f"instance '{row.id}'")
    return _allowed(reach, rows, tally)


def _filtered(call: Call, reach: Reach, said: InstanceFilter, tally: Tally) -> list[InstanceRow]:
    """The instances that a list with these words shows."""
    if not said:
        raise BadRequest("filter: say which instances, by id, schedule, status, origin or days")
    sought = _sought(
        call, said.get("schedule", ""), said.get("status", ""), said.get("kind", ""),
        said.get("origin", ""), said.get("first", ""), said.get("last", ""),
    )  # fmt: skip
    lists, rows = call.context.instances(), list[InstanceRow]()
    place: Place | None = None
    while page := lists.page(call.workspace, sought, _PAGE, place):
        rows += page
        place = place_of(page[-1])
        if len(rows) > _MOST_AT_ONCE:
            raise BadRequest(
                f"filter: more than {_MOST_AT_ONCE:,} instances: narrow it by first and last"
            )
    return _allowed(reach, rows, tally)


def _allowed(reach: Reach, rows: list[InstanceRow], tally: Tally) -> list[InstanceRow]:
    """Those that the person may operate; the others are refused."""
    allowed = []
    for row in rows:
        if reach.may("operate", row.workspace, row.schedule):
            allowed.append(row)
        else:
            where = f" in '{row.workspace}'" if row.workspace != reach.call.workspace else ""
            tally.refuse(row.id, f"you may not operate '{row.schedule}'{where}")
    return allowed


def _downstream(reach: Reach, rows: list[InstanceRow], tally: Tally) -> list[InstanceRow]:
    """What waits for the same cycle; what waits for its turn already needs nothing."""
    behind = [
        row
        for row in reach.downstream(rows)
        if row.status != "waiting" and reach.may("read", row.workspace, row.schedule)
    ]
    return _allowed(reach, behind, tally)
