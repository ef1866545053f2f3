"""Backfills: past cycles of a schedule, and of those behind it, done once more or at last."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from millwork.actions.backfilling import BackfillWish, plan
from millwork.actions.call import Call
from millwork.actions.instances import private_of
from millwork.actions.operating import Operation, operate
from millwork.actions.pages import with_one_more
from millwork.actions.reaching import Reach
from millwork.base.cursor import read_cursor, write_cursor
from millwork.base.errors import BadRequest, Conflict, NotFound
from millwork.base.ids import new_id
from millwork.base.names import is_text
from millwork.ports.schedules import BackfillRow
from millwork.schedule.backfills import MOST_PARALLEL, Redo, instances
from millwork.schedule.deciding import over
from millwork.schedule.reasons import say
from millwork.views.backfills import (
    BackfillPage,
    BackfillPreview,
    BackfillShown,
    Range,
    backfill_view,
    planned_view,
    time_left,
)

Order: TypeAlias = Literal["asc", "desc"]
Downstream: TypeAlias = Literal["none", "all"]
Status: TypeAlias = Literal["running", "paused", "succeeded", "failed", "cancelled"]
_PAGE = 300
_LAST_TURN = 10**9


def list_(
    call: Call,
    schedule: str = "",
    status: Status | Literal[""] = "",
    limit: int = 50,
    after: str = "",
) -> BackfillPage:
    """The backfills of a workspace, newest first."""
    count = with_one_more(limit)
    place: Any = read_cursor(after, float, str)
    rows = call.context.instances().backfills(
        call.workspace, count, place, schedule, status, private_of(call)
    )
    counts = call.context.schedules().backfill_counts
    last = rows[limit - 1] if len(rows) > limit else None
    return {
        "items": [backfill_view(row, counts(row.id) if row.ended is None else {})
                  for row in rows[:limit]],
        "next": write_cursor(last.created, last.id) if last else None,
    }  # fmt: skip


def create(
    call: Call,
    schedule: str,
    ranges: list[Range],
    order: Order = "asc",
    parallel: int = 1,
    redo: Redo = "missing",
    since: str = "",
    until: str = "",
    downstream: Downstream = "none",
    include: list[str] | None = None,
    exclude: list[str] | None = None,
    parameters: dict[str, dict[str, Any]] | None = None,
    name: str = "",
) -> BackfillShown:
    """Does the cycles of up to seven ranges of business dates, up to ten at once.

    Of what was done before, `redo` does what is `missing`, what has `failed` too, or `all`; of each
    day the cycles from `since` to `until`. `downstream` does what waits for it as well, `include`
    some of that; what stands between, and what is to `exclude`, are dry runs. `parameters` are
    values and expressions by schedule and by the name of a parameter, or scheduling parameter, of
    its pipeline. A schedule's name may be `workspace/name`. It goes on whether the schedule is on,
    frozen or off.
    """
    reach = Reach(call)
    reach.require("operate", call.workspace, schedule, f"schedule '{schedule}'")
    wish = BackfillWish(
        schedule, ranges, order, parallel, redo, since, until, downstream, include or (),
        exclude or (), parameters or {}, name,
    )  # fmt: skip
    found = plan(reach, wish)
    if not found.chosen:
        raise Conflict(_nothing(len(found.cycles), redo))
    now = call.context.clock.wall()
    backfill = new_id(now)
    rows = instances(found.cycles, backfill, now)
    row = BackfillRow(
        backfill, call.workspace, found.name, schedule, call.who.person, "running", parallel,
        len(rows), now, document=found.document,
    )  # fmt: skip
    call.context.schedules().begin_backfill(row, rows)
    call.context.nudge()
    return show(call, backfill)


def _nothing(cycles: int, redo: str) -> str:
    if not cycles:
        return "there is no cycle in these ranges: look at since, until and the first day"
    more = {"missing": "'failed' or 'all'", "failed": "'all'"}[redo]
    return f"nothing is to be done: of {cycles:,} cycles none is for redo '{redo}'; {more} is more"


def preview(
    call: Call,
    schedule: str,
    ranges: list[Range],
    order: Order = "asc",
    parallel: int = 1,
    redo: Redo = "missing",
    since: str = "",
    until: str = "",
    downstream: Downstream = "none",
    include: list[str] | None = None,
    exclude: list[str] | None = None,
    parameters: dict[str, dict[str, Any]] | None = None,
    name: str = "",
    limit: int = 50,
    after: str = "",
) -> BackfillPreview:
    """What a backfill would do: each cycle in its turn, and what of it there is already."""
    with_one_more(limit)
    reach = Reach(call)
    reach.require("read", call.workspace, schedule, f"schedule '{schedule}'")
    wish = BackfillWish(
        schedule, ranges, order, parallel, redo, since, until, downstream, include or (),
        exclude or (), parameters or {}, name,
    )  # fmt: skip
    found, place = plan(reach, wish), read_cursor(after, int)
    skip = min(max(int(place[0]), 0), _LAST_TURN) if place else 0
    counts: dict[str, int] = {}
    for each in found.cycles:
        counts[each.state] = counts.get(each.state, 0) + 1
    shown = found.cycles[skip : skip + limit]
    chosen = found.chosen
    return {
        "total": len(found.cycles), "counts": counts, "chosen": len(chosen),
        "dry": sum(each.is_dry for each in chosen), "schedules": found.document["schedules"],
        "left_out": found.document["left_out"],
        "items": [planned_view(each, skip + index) for index, each in enumerate(shown)],
        "next": write_cursor(skip + limit) if len(found.cycles) > skip + limit else None,
    }  # fmt: skip


def show(call: Call, backfill: str) -> BackfillShown:
    """A backfill: what was asked for, how far it is, and how long the rest will take."""
    row = _found(call, backfill)
    counts = call.context.schedules().backfill_counts(row.id)
    pace = call.context.instances().pace(row.id)
    document = dict(row.document)
    schedules, left_out = document.pop("schedules", []), document.pop("left_out", [])
    document.pop("scheduling", None)  # is for those that make its runs
    return {
        **backfill_view(row, counts), "document": document, "schedules": schedules,
        "left_out": left_out, "pace": None if pace is None else round(pace, 3),
        "left": time_left(row, counts, pace),
    }  # fmt: skip


def change(
    call: Call,
    backfill: str,
    status: Literal["running", "paused", "cancelled"] | None = None,
    parallel: int | None = None,
) -> BackfillShown:
    """Pauses a backfill, has it go on, or cancels it: what waits is cancelled, what runs stopped.

    `parallel` is how many of its instances may run at once from now on.
    """
    row = _found(call, backfill, "operate")
    if status is None and parallel is None:
        raise BadRequest("status, parallel: say what is to be changed")
    if parallel is not None and not 1 <= parallel <= MOST_PARALLEL:
        raise BadRequest(f"parallel: 1 to {MOST_PARALLEL}")
    if row.ended is not None:
        has = "was" if row.status == "cancelled" else "has"
        raise Conflict(f"backfill {row.id} is over: it {has} {row.status}")
    if parallel is not None and parallel != row.parallel:
        call.context.instances().set_parallel(row.id, parallel)
    if status and status != row.status:
        now = call.context.clock.wall()
        ended = now if status == "cancelled" else None
        if not call.context.schedules().set_backfill(row, status, ended):
            raise Conflict(f"backfill {row.id} has changed meanwhile: look at it, and ask again")
        if status == "cancelled":
            _cancel(call, row)
    call.context.nudge()
    return show(call, row.id)


def _cancel(call: Call, backfill: BackfillRow) -> None:
    """Cancels what waits, and then stops what has begun: nothing else begins any more."""
    store, who = call.context.schedules(), call.who.person
    reason = say("backfill_cancelled", person=who)
    while rows := store.backfill_waiting(backfill.id, -1, _PAGE):
        now = call.context.clock.wall()
        store.change(now, [over(row, "cancelled", reason, now, who) for row in rows])
    operate(Reach(call), call.context.instances().going(backfill.id), Operation("stop", who))


def _found(call: Call, backfill: str, action: str = "read") -> BackfillRow:
    what = f"backfill '{backfill}'"
    row = call.context.schedules().backfill(backfill) if is_text(backfill) else None
    if row is None or row.workspace != call.workspace:
        raise NotFound(f"there is no {what}")
    Reach(call).require(action, row.workspace, row.schedule, what)
    return row
