"""Backfills: which cycles are done again, in what order, and how many at once.

All of a backfill's instances are there before the first one begins, so nothing that happens on the
way can lose one (reference/platform.md sections 1.4 and 2).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time, timedelta
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING, Literal, TypeAlias
from zoneinfo import ZoneInfo

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass
from millwork.schedule.instances import instance_of
from millwork.schedule.periods import due

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from millwork.ports.schedules import BackfillRow, InstanceRow, Link
    from millwork.schedule.needs import Known
    from millwork.schedule.periods import Due

MOST_PARALLEL, MOST_RANGES, MOST_INSTANCES = 10, 7, 100_000
Redo: TypeAlias = Literal["missing", "failed", "all"]
State: TypeAlias = Literal["missing", "failed", "done", "going"]
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Wish:
    """What a backfill is to do.

    `ranges` are business dates, first and last. Of what was done before, `redo` does `missing`
    (what never began), `failed` (that, and what failed), or `all`. Cycles of a day are done from
    `since` to `until`. `excluded` schedules have dry runs, so that what depends on them goes on.
    """

    ranges: tuple[tuple[date, date], ...]
    order: Literal["asc", "desc"] = "asc"
    parallel: int = 1
    redo: Redo = "missing"
    since: time = time.min
    until: time = time.max
    excluded: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Planned:
    """One cycle of a backfill: what of it there is already, and whether it is done now."""

    known: Known
    cycle: Due
    state: State
    is_chosen: bool
    is_dry: bool


def check(wish: Wish) -> None:
    """Raises BadRequest for a wish that cannot be."""
    if not 1 <= len(wish.ranges) <= MOST_RANGES:
        raise BadRequest(f"ranges: 1 to {MOST_RANGES} ranges of business dates")
    for first, last in wish.ranges:
        if last < first:
            raise BadRequest(f"ranges: {last.isoformat()} is before {first.isoformat()}")
    if not 1 <= wish.parallel <= MOST_PARALLEL:
        raise BadRequest(f"parallel: 1 to {MOST_PARALLEL}")
    if wish.until < wish.since:
        raise BadRequest("until: a time of day behind 'since'")


def planned(
    wish: Wish,
    schedules: Sequence[Known],
    states: Callable[[Known, date, date], Mapping[tuple[date, int, int], State]],
) -> list[Planned]:
    """Every cycle of the ranges in its turn; `schedules` stand behind those they wait for.

    Raises BadRequest for more than can be kept.
    """
    rank = {(each.row.workspace, each.row.name): index for index, each in enumerate(schedules)}
    found = [
        each
        for known in schedules
        for first, last in _merged(wish.ranges)
        for each in _of_range(wish, known, first, last, states)
    ]
    if len(found) > MOST_INSTANCES:
        raise BadRequest(f"a backfill has at most {MOST_INSTANCES:,} instances; see 'ranges'")
    # What waits for its own last cycle goes forwards, whatever is asked for.
    is_forwards = any(each.schedule.is_self_dependent for each in schedules)
    sign = 1 if wish.order == "asc" or is_forwards else -1

    def turn(each: Planned) -> tuple[int, int, int]:
        place = (each.known.row.workspace, each.known.row.name)
        return sign * each.cycle.day.toordinal(), rank[place], sign * each.cycle.instant

    return sorted(found, key=turn)


def _of_range(
    wish: Wish,
    known: Known,
    first: date,
    last: date,
    states: Callable[[Known, date, date], Mapping[tuple[date, int, int], State]],
) -> Iterator[Planned]:
    schedule = known.schedule
    if schedule.recurrence is None:
        raise BadRequest(f"'{schedule.name}' has no recurrence: it has no cycles to do again")
    zone = ZoneInfo(schedule.timezone)
    begin, end = first + _DAY, last + _DAY
    if (end - begin).days > MOST_INSTANCES:
        raise BadRequest(f"a backfill has at most {MOST_INSTANCES:,} instances; see 'ranges'")
    there = states(known, begin, end)
    is_excluded = (known.row.workspace, known.row.name) in wish.excluded
    wanted = {"missing": ("missing",), "failed": ("missing", "failed")}.get(wish.redo)
    for index, cycle in enumerate(due(schedule.recurrence, zone, begin, end)):
        if index > MOST_INSTANCES:
            raise BadRequest(f"a backfill has at most {MOST_INSTANCES:,} instances; see 'ranges'")
        if not wish.since <= schedule.recurrence.at[cycle.number] <= wish.until:
            continue
        state = there.get((cycle.day, cycle.number, cycle.fold), "missing")
        is_chosen = wanted is None or state in wanted
        yield Planned(known, cycle, state, is_chosen, cycle.is_dry or is_excluded)


def instances(plan: Iterable[Planned], backfill: str, now: float) -> list[InstanceRow]:
    """The instances of what was chosen, each with its turn."""
    chosen = (each for each in plan if each.is_chosen)
    return [
        replace(
            instance_of(
                each.known.row.workspace, each.known.schedule, each.cycle, now,
                kind="backfill", origin=backfill, place=place,
            ),
            is_dry=each.is_dry,
        )
        for place, each in enumerate(chosen)
    ]  # fmt: skip


def state_of(rows: Iterable[InstanceRow]) -> State:
    """What of a cycle there is, of all the instances that it has had."""
    statuses = {row.status for row in rows}
    if "succeeded" in statuses:
        return "done"
    if statuses & {"starting", "running"}:
        return "going"
    return "failed" if statuses & {"failed", "cancelled"} else "missing"


def downstream(
    start: tuple[str, str], children: Callable[[str, str], Sequence[Link]]
) -> list[tuple[str, str]]:
    """A schedule and all that wait for it, each behind those it waits for.

    What waits for last cycles alone is among them, too; of a circle none is first, and the order
    is that in which they were found.
    """
    graph: dict[tuple[str, str], set[tuple[str, str]]] = {start: set()}
    todo = [start]
    while todo:
        place = todo.pop()
        for link in children(*place):
            child = (link.workspace, link.schedule)
            if child not in graph:
                graph[child] = set()
                todo.append(child)
            if link.cycle == "same":
                graph[child].add(place)
    try:
        return list(TopologicalSorter(graph).static_order())
    except CycleError:
        return list(graph)


def may_start(backfill: BackfillRow, going: int) -> bool:
    """Whether one more of a backfill's instances may run."""
    return going < backfill.parallel


def _merged(ranges: Iterable[tuple[date, date]]) -> Iterator[tuple[date, date]]:
    """The ranges without days that stand in two of them."""
    last_seen: date | None = None
    for first, last in sorted(ranges):
        begin = first if last_seen is None or first > last_seen else last_seen + _DAY
        if begin <= last:
            yield begin, last
            last_seen = last
