"""What an instance waits for: which cycles of other schedules, and whether they are done.

The rules of hours and days are DataWorks' (reference/platform.md 1.3): work of a day waits for all
of the other's cycles of that day, or for the nearest one if the other's cycles wait for one
another; work of hours waits for what the other has done since its own cycle before. Days are civil,
each schedule's in its own zone.
"""

from __future__ import annotations

from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from millwork.base.records import dataclass
from millwork.schedule.periods import Due, due
from millwork.schedule.reasons import say
from millwork.spec.schedule import CHILDREN, SELF

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import date
    from typing import TypeAlias

    from millwork.ports.schedules import InstanceRow, Link, ScheduleRow
    from millwork.spec.recurrence import Recurrence
    from millwork.spec.schedule import Dependency, Schedule

    Place: TypeAlias = tuple[str, str]

_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Known:
    """A schedule that is in force, and what its version says."""

    row: ScheduleRow
    schedule: Schedule


@dataclass(frozen=True)
class Need:
    """Cycles of one schedule that an instance waits for; `name` is how it can be removed.

    `known` is None for a schedule that is not deployed any more, which blocks whoever waits for it.
    """

    name: str
    workspace: str
    schedule: str
    cycles: tuple[Due, ...] = ()
    known: Known | None = None


@dataclass(frozen=True)
class Found:
    """How far one need is met: its instances, and what is still to come; `why` is empty if it is.

    `is_hopeless` says that one of them has failed: it waits until somebody does something.
    """

    need: Need
    instances: tuple[InstanceRow, ...]
    why: str
    is_hopeless: bool = False


def needs_of(
    instance: InstanceRow,
    own: Schedule,
    in_force: Callable[[str, str], Known | None],
    children: Callable[[str, str], Iterable[Link]],
) -> list[Need]:
    """What the instance waits for, in the order of its schedule, without what was removed."""
    if own.recurrence is None or instance.kind == "test":
        return []
    cycle = _cycle_of(instance)
    found = []
    for each in own.depends_on:
        if not each.file:
            found += _needs(instance, own, cycle, each, in_force, children)
    return [need for need in found if need.name not in instance.removed]


def name_of(dependency: Dependency, workspace: str) -> str:
    """How a dependency is called: `extract`, `other/load (last cycle)`, `self`."""
    if dependency.file:
        return dependency.file
    where = dependency.workspace
    name = f"{where}/{dependency.schedule}" if where not in ("", workspace) else dependency.schedule
    is_last = dependency.cycle == "last" and dependency.schedule not in (SELF, CHILDREN)
    return f"{name} (last cycle)" if is_last else name


def _needs(
    instance: InstanceRow,
    own: Schedule,
    cycle: Due,
    dependency: Dependency,
    in_force: Callable[[str, str], Known | None],
    children: Callable[[str, str], Iterable[Link]],
) -> list[Need]:
    name, workspace = name_of(dependency, instance.workspace), instance.workspace
    if dependency.schedule == SELF:
        before = _before(own, cycle)
        own_last = (before,) if before else ()
        return [Need(name, workspace, own.name, own_last, in_force(workspace, own.name))]
    if dependency.schedule == CHILDREN:
        before = _before(own, cycle)
        # Those of its workspace alone: else whoever may see it from another could hold it up.
        links = (link for link in children(workspace, own.name) if link.workspace == workspace)
        return [
            Need(name, workspace, child, _of_child(own, before, cycle, known), known)
            for child in sorted({link.schedule for link in links} - {own.name})
            if (known := in_force(workspace, child))
        ]
    place = (dependency.workspace or workspace, dependency.schedule)
    known = in_force(*place)
    if dependency.cycle == "last":
        last = _last(own, _before(own, cycle), cycle, known.schedule) if known else ()
        return [Need(name, *place, last, known)]
    return [Need(name, *place, matched(own, cycle, known.schedule) if known else (), known)]


def _last(own: Schedule, before: Due | None, cycle: Due, other: Schedule) -> tuple[Due, ...]:
    """The cycles of another schedule before those that belong to one of this schedule's."""
    theirs, mine = other.recurrence, own.recurrence
    if theirs and mine and theirs.is_daily and not mine.is_daily:
        return tuple(_on(other, cycle.day - _DAY))  # that of the day may wait for these hours
    return matched(own, before, other) if before else ()


def matched(own: Schedule, cycle: Due, other: Schedule) -> tuple[Due, ...]:
    """The cycles of another schedule that belong to one of this schedule's."""
    theirs, mine = other.recurrence, own.recurrence
    if theirs is None or mine is None:
        return ()
    if theirs.is_daily or (mine.is_daily and not other.is_self_dependent):
        return tuple(_on(other, cycle.day))
    nearest = tuple(_until(other, cycle)[-1:])
    if other.is_self_dependent:
        return nearest
    before = _before(own, cycle)
    since = [each for each in _until(other, cycle) if not before or each.instant > before.instant]
    return tuple(since) or nearest


def _of_child(own: Schedule, before: Due | None, cycle: Due, child: Known) -> tuple[Due, ...]:
    """The cycles of a child that belong to the cycle before this one."""
    theirs, mine = child.schedule.recurrence, own.recurrence
    if before is None or theirs is None or mine is None:
        return ()
    found = _on(child.schedule, before.day)
    if theirs.is_daily or mine.is_daily:
        return tuple(found)
    found += [] if cycle.day == before.day else _on(child.schedule, cycle.day)
    return tuple(each for each in found if before.instant <= each.instant < cycle.instant)


def _cycle_of(instance: InstanceRow) -> Due:
    """The instance's cycle; one that no recurrence makes stands where its time is."""
    return Due(instance.day, instance.number, instance.fold, int(instance.instant), instance.is_dry)


def _before(own: Schedule, cycle: Due) -> Due | None:
    """The schedule's own cycle before one."""
    cycles = [*_on(own, cycle.day - _DAY), *_on(own, cycle.day)]
    return max((each for each in cycles if each.instant < cycle.instant), default=None,
               key=lambda each: each.instant)  # fmt: skip


def _until(other: Schedule, cycle: Due) -> list[Due]:
    """The other's cycles of that day and the day before, up to the cycle's time."""
    cycles = [*_on(other, cycle.day - _DAY), *_on(other, cycle.day)]
    return [each for each in cycles if each.instant <= cycle.instant]


def _on(schedule: Schedule, day: date) -> list[Due]:
    assert schedule.recurrence is not None
    return list(_of_day(schedule.recurrence, schedule.timezone, day))


@lru_cache(maxsize=256)
def _of_day(recurrence: Recurrence, timezone: str, day: date) -> tuple[Due, ...]:
    """The cycles of a day: each of hundreds that wait on one day asks for them at every look."""
    return tuple(due(recurrence, ZoneInfo(timezone), day, day))


def judged(need: Need, rows: Sequence[InstanceRow]) -> Found:
    """How far a need is met by the other schedule's instances.

    A cycle that was before its schedule had instances is waited for by nobody.
    """
    if need.known is None:
        return Found(need, (), say("undeployed", name=need.name), is_hopeless=True)
    by_cycle = {(row.day, row.number, row.fold): row for row in rows}
    found, missing = [], 0
    for cycle in need.cycles:
        row = by_cycle.get((cycle.day, cycle.number, cycle.fold))
        if row:
            found.append(row)
        elif cycle.instant > need.known.row.made:
            missing += 1
    failed = [row for row in found if row.status in ("failed", "cancelled")]
    if failed:
        return Found(need, tuple(found), _why(need, failed[0]), is_hopeless=True)
    open_ = [row for row in found if row.status != "succeeded"]
    if open_:
        return Found(need, tuple(found), _why(need, open_[0], len(open_) - 1 + missing))
    if missing:
        code = "absent_off" if need.known.row.state == "off" else "absent"
        return Found(need, tuple(found), say(code, name=need.name))
    return Found(need, tuple(found), "")


def _why(need: Need, row: InstanceRow, more: int = 0) -> str:
    """Why a need is not met: for this one of its instances, and so many more."""
    values: dict[str, str | int] = {"number": row.number} if row.number else {}  # of several a day
    values |= {"more": more} if more else {}
    date = row.bizdate.isoformat()
    return say("cycle", name=need.name, date=date, status=row.status, **values)
