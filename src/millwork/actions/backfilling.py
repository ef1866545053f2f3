"""What a backfill is to do: read, checked, and planned."""

from __future__ import annotations

from datetime import date, time
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from millwork.actions.instances import read_day
from millwork.actions.overriding import Overrides, scheduling_names
from millwork.base.errors import BadRequest, NotFound
from millwork.base.names import is_text
from millwork.base.records import dataclass, field
from millwork.schedule import backfills
from millwork.schedule.reasons import read
from millwork.spec.recurrence_fields import parse_time

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from millwork.actions.reaching import Reach
    from millwork.ports.schedules import InstanceRow
    from millwork.schedule.backfills import Planned, State
    from millwork.schedule.needs import Known
    from millwork.views.backfills import Range

    Place: TypeAlias = tuple[str, str]

_LONGEST_NAME = 200
_LAST_DATE = date(9999, 12, 30)


@dataclass(frozen=True)
class BackfillWish:
    """A backfill as it is asked for; see `actions/nouns/backfills.py`."""

    schedule: str
    ranges: Sequence[Range]
    order: Literal["asc", "desc"] = "asc"
    parallel: int = 1
    redo: backfills.Redo = "missing"
    since: str = ""
    until: str = ""
    downstream: Literal["none", "all"] = "none"
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    parameters: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    name: str = ""


@dataclass(frozen=True)
class Plan:
    """What comes of a wish: its cycles in their turn, and what the record keeps of it."""

    cycles: Sequence[Planned]
    document: Mapping[str, Any]
    name: str

    @property
    def chosen(self) -> list[Planned]:
        """The cycles that are done."""
        return [each for each in self.cycles if each.is_chosen]


@dataclass(frozen=True)
class _Chosen:
    """The schedules of a backfill, in order; of `dry` ones all is a dry run."""

    places: Sequence[Place]
    dry: frozenset[Place]
    left_out: Sequence[Place]


def plan(reach: Reach, wish: BackfillWish) -> Plan:
    """The plan of a wish.

    Raises NotFound for schedules that are not there, BadRequest for what cannot be.
    """
    start = (reach.call.workspace, wish.schedule)
    known = reach.in_force(*start)
    if known is None:
        raise NotFound(f"there is no schedule '{wish.schedule}' that is deployed: deploy it first")
    if known.schedule.recurrence is None:
        raise BadRequest(f"schedule: '{wish.schedule}' has no recurrence, and so no cycles")
    if len(wish.name) > _LONGEST_NAME or not wish.name.isprintable() or not is_text(wish.name):
        raise BadRequest(f"name: expected at most {_LONGEST_NAME} characters in one line")
    chosen = _chosen(reach, start, wish)
    overrides = _overrides(reach, chosen.places, wish.parameters)
    pure = _pure(wish, chosen)
    backfills.check(pure)
    knowns = [each for place in chosen.places if (each := reach.in_force(*place))]

    def states(known: Known, first: date, last: date) -> dict[tuple[date, int, int], State]:
        rows = reach.call.context.instances().before(
            known.row.workspace, known.row.name, first, last
        )
        return states_of(rows)

    cycles = backfills.planned(pure, knowns, states)
    document = _document(wish, pure, chosen, overrides)
    return Plan(cycles, document, wish.name or _name(wish, pure))


def states_of(rows: Iterable[InstanceRow]) -> dict[tuple[date, int, int], State]:
    """What there is already of the cycles that these are instances of."""
    by_cycle: dict[tuple[date, int, int], list[InstanceRow]] = {}
    for row in rows:
        if not _is_nothing(row):
            by_cycle.setdefault((row.day, row.number, row.fold), []).append(row)
    return {key: backfills.state_of(own) for key, own in by_cycle.items()}


def _is_nothing(row: InstanceRow) -> bool:
    """Whether it has succeeded without a run, though its cycle has work: nothing was done of it.

    So it is with cycles that were missed or skipped, and those that a backfill has left out.
    """
    if row.status != "succeeded" or row.run or read(row.reason).code == "set":
        return False
    return not (row.is_dry and row.kind == "recurring")


def _pure(wish: BackfillWish, chosen: _Chosen) -> backfills.Wish:
    return backfills.Wish(
        ranges=tuple(_range(index, each) for index, each in enumerate(wish.ranges)),
        order=wish.order,
        parallel=wish.parallel,
        redo=wish.redo,
        since=_clock(wish.since, "since") or time.min,
        until=_clock(wish.until, "until") or time.max,
        excluded=chosen.dry,
    )


def _range(index: int, said: Range) -> tuple[date, date]:
    place = f"ranges[{index}]"
    first = read_day(said["first"], f"{place}.first")
    last = read_day(said.get("last", ""), f"{place}.last") or first
    if first is None or last is None:
        raise BadRequest(f"{place}.first: say a business date such as 2024-02-29")
    if last < first:
        raise BadRequest(f"{place}.last: {last} is before {first}")
    if last > _LAST_DATE:
        raise BadRequest(f"{place}.last: dates up to {_LAST_DATE}")
    return first, last


def _clock(text: str, name: str) -> time | None:
    if not text:
        return None
    try:
        return parse_time(text)
    except ValueError:
        raise BadRequest(f"{name}: '{text[:60]}' is no time of day such as 06:30") from None


# --- schedules ----------------------------------------------------------------------------


def _chosen(reach: Reach, start: Place, wish: BackfillWish) -> _Chosen:
    """The schedule, and those of what waits for it that are wanted."""
    behind = backfills.downstream(start, reach.children)
    wanted = _included(reach, start, wish, behind)
    between = _between(reach, start, wanted, behind)
    places, left_out = [], []
    for place in behind:
        known = reach.in_force(*place)
        is_one = place == start or wish.downstream == "all" or place in wanted | between
        if not is_one or known is None or known.schedule.recurrence is None:
            continue
        if place == start or reach.may("operate", *place):
            places.append(place)
        elif reach.may("read", *place):
            left_out.append(place)
    dry = _excluded(reach, wish, places)
    return _Chosen(places, dry | (between - wanted - {start}), left_out)


def _included(
    reach: Reach, start: Place, wish: BackfillWish, behind: Sequence[Place]
) -> frozenset[Place]:
    if wish.include and wish.downstream == "all":
        raise BadRequest("include: with downstream 'all' every one is; say 'none', or leave it out")
    wanted = frozenset(_place(reach, name) for name in wish.include)
    for place in wanted - {start}:
        shown = _shown(reach, place)
        if place not in behind or not reach.may("read", *place):
            raise BadRequest(f"include: nothing called '{shown}' waits for '{wish.schedule}'")
        reach.require("operate", *place, f"schedule '{shown}'")
    return wanted


def _between(
    reach: Reach, start: Place, wanted: frozenset[Place], behind: Sequence[Place]
) -> frozenset[Place]:
    """What stands between the schedule and those that are wanted: the chain must hold."""
    leads = set(wanted)
    for place in reversed(behind):
        links = reach.children(*place)
        if any((link.workspace, link.schedule) in leads for link in links if link.cycle == "same"):
            leads.add(place)
    return frozenset(leads - wanted - {start})


def _excluded(reach: Reach, wish: BackfillWish, places: Sequence[Place]) -> frozenset[Place]:
    found = frozenset(_place(reach, name) for name in wish.exclude)
    for place in found - frozenset(places):
        raise BadRequest(f"exclude: '{_shown(reach, place)}' is none of this backfill's schedules")
    return found


def _place(reach: Reach, name: str) -> Place:
    workspace, slash, own = name.rpartition("/")
    return (workspace, own) if slash else (reach.call.workspace, name)


def _shown(reach: Reach, place: Place) -> str:
    return place[1] if place[0] == reach.call.workspace else f"{place[0]}/{place[1]}"


# --- parameters ---------------------------------------------------------------------------


def _overrides(
    reach: Reach, places: Sequence[Place], said: Mapping[str, Mapping[str, Any]]
) -> Overrides:
    """What parameters are instead, each checked against the pipeline of its schedule."""
    found: dict[str, dict[str, Any]] = {}
    scheduling: dict[str, Sequence[str]] = {}
    for name, own in said.items():
        where, place = f"parameters.{name}", _place(reach, name)
        known = reach.in_force(*place) if place in places else None
        if known is None:
            raise BadRequest(f"{where}: none of this backfill's schedules")
        key = f"{place[0]}/{place[1]}"
        if key in found:
            raise BadRequest(f"{where}: given twice")
        found[key] = dict(own)
        scheduling[key] = scheduling_names(reach, known, own, where)
    return Overrides(found, scheduling)


# --- the record ---------------------------------------------------------------------------


def _document(
    wish: BackfillWish, pure: backfills.Wish, chosen: _Chosen, overrides: Overrides
) -> dict[str, Any]:
    return {
        "schedule": wish.schedule,
        "ranges": [{"first": first.isoformat(), "last": last.isoformat()}
                   for first, last in pure.ranges],
        "order": wish.order, "redo": wish.redo, "since": wish.since, "until": wish.until,
        "downstream": wish.downstream, "include": list(wish.include),
        "exclude": list(wish.exclude), "parameters": overrides.said,
        "scheduling": overrides.scheduling,
        "schedules": [f"{workspace}/{name}" for workspace, name in chosen.places],
        "left_out": [f"{workspace}/{name}" for workspace, name in chosen.left_out],
    }  # fmt: skip


def _name(wish: BackfillWish, pure: backfills.Wish) -> str:
    first, last = min(each for each, _ in pure.ranges), max(each for _, each in pure.ranges)
    dates = first.isoformat() if first == last else f"{first} to {last}"
    return f"{wish.schedule} {dates}"
