"""Schedules as people and programs read them; times are in Unix seconds."""

from __future__ import annotations

from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Any, TypedDict
from zoneinfo import ZoneInfo

from millwork.base.errors import BadRequest
from millwork.ports.schedules import State
from millwork.registry.documents import Difference
from millwork.schedule.instances import civil_day
from millwork.schedule.periods import ahead, with_work
from millwork.schedule.words import in_words
from millwork.spec.dates.language import Clocks, Expression, read
from millwork.spec.schedule import read_within
from millwork.spec.schedule_file import schedule_document
from millwork.views.assets import FaultView, VersionView, version_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from datetime import date

    from millwork.ports.schedules import ScheduleRow
    from millwork.schedule.periods import Due
    from millwork.spec.recurrence import Recurrence
    from millwork.spec.schedule import Schedule
    from millwork.store.assets import Kept

_NEXT = 5


class CycleView(TypedDict):
    """A cycle to come: its scheduled time in the schedule's zone, and what parameters will be.

    `values` are those of scheduling parameters, and in a preview those of the parameters and inputs
    that hold expressions, as `inputs.rows`; one that has none there is empty.
    """

    instant: int
    cyctime: str
    bizdate: str
    fold: int
    is_dry: bool
    values: dict[str, str]


class InForce(TypedDict):
    """The version that is deployed, and how it is switched; `owner` is who deployed it."""

    version: str
    state: State
    owner: str
    deployed: float


class ScheduleRowView(TypedDict):
    """A schedule in a list; `in_force` is null for one that is not deployed.

    `latest` is the latest version that there is of it. It runs as `run_as`: whom its text names,
    else who deployed it; empty if it is not deployed and names nobody. `next` are cycles with work.
    """

    name: str
    version: str
    latest: str
    visibility: str
    description: str
    creator: str
    changed: float
    pipeline: str
    words: str
    timezone: str
    run_as: str
    in_force: InForce | None
    next: list[CycleView]


class ScheduleList(TypedDict):
    """A page of schedules."""

    items: list[ScheduleRowView]
    next: str | None


class ScheduleView(VersionView):
    """A version of a schedule; `schedule` is what its text says, `pipeline` what it runs.

    `next` are the cycles with work that it has next.
    """

    schedule: dict[str, Any]
    pipeline: str
    words: str
    in_force: InForce | None
    next: list[CycleView]
    warnings: list[FaultView]


class SchedulePreview(TypedDict):
    """What a text would do: nothing was kept. `faults` are what is wrong with it."""

    words: str
    cycles: list[CycleView]
    faults: list[FaultView]


class Copied(TypedDict):
    """A version that a deployment takes with it."""

    kind: str
    name: str
    version: str


class DeploymentView(TypedDict):
    """What was put in force, or would be; `before` is the version that was, empty for none."""

    workspace: str
    name: str
    before: str
    after: str
    copied: list[Copied]
    differences: list[Difference]
    is_done: bool


def in_force_of(row: ScheduleRow | None) -> InForce | None:
    """What is in force of a schedule."""
    if row is None:
        return None
    return {
        "version": row.version, "state": row.state, "owner": row.owner, "deployed": row.deployed,
    }  # fmt: skip


def schedule_row(
    kept: Kept, schedule: Schedule, row: ScheduleRow | None, now: float
) -> ScheduleRowView:
    """A schedule for a list; what is shown of it is what is in force, if anything is."""
    return {
        "name": kept.name, "version": schedule.version, "latest": kept.latest,
        "visibility": kept.visibility, "description": kept.description, "creator": kept.creator,
        "changed": kept.changed, "run_as": schedule.run_as or (row.owner if row else ""),
        "pipeline": _pipeline(kept), "timezone": schedule.timezone,
        "words": in_words(schedule.recurrence, schedule.timezone),
        "in_force": in_force_of(row),
        "next": next_work(schedule, {}, now, _NEXT) if row and row.state != "off" else [],
    }  # fmt: skip


def schedule_view(
    kept: Kept,
    schedule: Schedule,
    row: ScheduleRow | None,
    expressions: Mapping[str, str],
    now: float,
    warnings: list[FaultView],
) -> ScheduleView:
    """A version of a schedule whole."""
    return {
        **version_of(kept),
        "schedule": schedule_document(schedule),
        "pipeline": _pipeline(kept),
        "words": in_words(schedule.recurrence, schedule.timezone),
        "in_force": in_force_of(row),
        "next": next_work(schedule, expressions, now, _NEXT),
        "warnings": warnings,
    }


def _pipeline(kept: Kept) -> str:
    pin = kept.document["pin"]
    return f"{pin['name']}@{pin['version']}"


def next_cycles(
    schedule: Schedule,
    expressions: Mapping[str, str],
    now: float,
    count: int,
    variables: Mapping[str, str] | None = None,
) -> list[CycleView]:
    """The next cycles, dry runs too, with what `expressions` and its values come to in each."""
    said = {**_read(expressions), **_own_values(schedule)}
    return _cycles(ahead, schedule, said, now, count, variables or {})


def next_work(
    schedule: Schedule, expressions: Mapping[str, str], now: float, count: int
) -> list[CycleView]:
    """The next cycles that have work, in the next years."""
    return _cycles(with_work, schedule, _read(expressions), now, count, {})


def _read(expressions: Mapping[str, str]) -> dict[str, Expression]:
    return {name: read(text) for name, text in expressions.items()}


def _own_values(schedule: Schedule) -> dict[str, Expression]:
    """The schedule's parameters and inputs that are not the same in each cycle."""
    texts = {f"parameters.{name}": value for name, value in schedule.parameters.items()}
    texts |= {f"inputs.{name}": uri for name, uri in schedule.inputs.items()}
    found = {name: read_within(text) for name, text in texts.items() if isinstance(text, str)}
    return {name: each for name, each in found.items() if not each.is_constant}


def _cycles(
    following: Callable[[Recurrence, ZoneInfo, date], Iterator[Due]],
    schedule: Schedule,
    expressions: Mapping[str, Expression],
    now: float,
    count: int,
    variables: Mapping[str, str],
) -> list[CycleView]:
    if schedule.recurrence is None:
        return []
    zone = ZoneInfo(schedule.timezone)
    cycles = following(schedule.recurrence, zone, civil_day(zone, now))
    found: list[CycleView] = []
    for cycle in islice((each for each in cycles if each.instant > now), count):
        time = datetime.fromtimestamp(cycle.instant, zone)
        clocks = Clocks(cycle.bizdate, time, scopes={"workspace": variables})
        values = {name: _value(each, clocks) for name, each in expressions.items()}
        found.append({
            "instant": cycle.instant, "cyctime": time.isoformat(),
            "bizdate": cycle.bizdate.isoformat(), "fold": cycle.fold, "is_dry": cycle.is_dry,
            "values": values,
        })  # fmt: skip
    return found


def _value(expression: Expression, clocks: Clocks) -> str:
    try:
        return expression.at(clocks)
    except BadRequest:  # it is known only when the instance is there
        return ""
