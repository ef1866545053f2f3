"""Instances as people and programs read them; times are Unix seconds unless they say otherwise."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from millwork.ports.schedules import State
from millwork.schedule.reasons import read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from zoneinfo import ZoneInfo

    from millwork.ports.schedules import InstanceEvent, InstanceRow


class Cause(TypedDict):
    """A reason as data: its code, and what it is about; spans are seconds.

    One that has no code of its own is `said`, with its `text`.
    """

    code: str
    values: dict[str, str | int]


class InstanceView(TypedDict):
    """A row of the list of instances.

    `day` is civil and `bizdate` the day before it; `number` and `fold` say which of the day's it
    is. `scheduled` is its time, which `cyctime` says as the schedule's clock shows it. `origin` is
    empty for the recurrence's own, else the backfill, test or trigger; `cause` is its `reason` as
    data, null for none. `run` is its latest run, empty if there is none: it was refused, or is
    gone; `tries` are all that were asked for.
    """

    id: str
    schedule: str
    version: str
    kind: str
    origin: str
    bizdate: str
    day: str
    number: int
    fold: int
    scheduled: float
    cyctime: str
    status: str
    is_dry: bool
    is_frozen: bool
    reason: str
    cause: Cause | None
    run: str
    tries: int
    began: float | None
    ended: float | None
    priority: int


class InstancePage(TypedDict):
    """A page of instances; `next` asks for the one after it."""

    items: list[InstanceView]
    next: str | None


class GridCell(TypedDict):
    """What there is of a schedule on one business date, by status.

    `dry` and `frozen` are how many of them are so; `instance` is the id where there is but one.
    """

    bizdate: str
    counts: dict[str, int]
    dry: int
    frozen: int
    instance: str


class GridRow(TypedDict):
    """A schedule in the grid; business dates on which it has no instance are left out."""

    schedule: str
    version: str
    state: State
    cells: list[GridCell]


class InstanceGrid(TypedDict):
    """A page of schedules by business dates, from `first` to `last`."""

    first: str
    last: str
    items: list[GridRow]
    next: str | None


class InstanceRun(TypedDict):
    """A run that an instance has had, and that there is; its status is empty if it is not seen."""

    run: str
    version: str
    asked: float
    status: str


class WaitedFor(TypedDict):
    """One dependency: whether it is met, else why not, also as data, and its instances.

    `name` is what `unneed` takes. One that is removed is waited for no longer. `instances` are
    shown of schedules that may be seen.
    """

    name: str
    workspace: str
    schedule: str
    is_met: bool
    is_removed: bool
    why: str
    cause: Cause | None
    instances: list[InstanceView]


class FileWaitedFor(TypedDict):
    """A file that is waited for, with the URI that it has for this instance."""

    name: str
    uri: str
    is_removed: bool


class InstanceValues(TypedDict):
    """What the expressions of an instance come to: each by its name."""

    scheduling_parameters: dict[str, str]
    parameters: dict[str, Any]
    inputs: dict[str, str]


class InstancePageView(InstanceView):
    """All that is known of an instance.

    `state` is that of its schedule, empty for one that is not deployed; `uses` the version whose
    definitions its next run takes. `why` are the reasons for which it waits and `causes` the same
    as data, `waits_for` and `files` what it does or did wait for. `actions` are what may be done to
    it now, each with why not: empty if it may.
    """

    workspace: str
    state: State | Literal[""]
    uses: str
    timezone: str
    failures: int
    created: float
    runs: list[InstanceRun]
    why: list[str]
    causes: list[Cause]
    waits_for: list[WaitedFor]
    files: list[FileWaitedFor]
    values: InstanceValues
    faults: list[str]
    actions: dict[str, str]


class GraphNode(TypedDict):
    """An instance in a graph; `level` is how far it is: below 0 for what is waited for."""

    id: str
    workspace: str
    schedule: str
    kind: str
    bizdate: str
    day: str
    number: int
    fold: int
    scheduled: float
    cyctime: str
    status: str
    is_dry: bool
    is_frozen: bool
    level: int


class GraphEdge(TypedDict):
    """`after` waits for `before`, by a dependency of that name."""

    before: str
    after: str
    name: str


class InstanceGraph(TypedDict):
    """What an instance waits for, and what waits for it; `is_whole` if nothing was left out."""

    instance: str
    depth: int
    nodes: list[GraphNode]
    edges: list[GraphEdge]
    is_whole: bool


class InstanceEventView(TypedDict):
    """What happened to an instance; `person` is empty for the scheduler.

    `cause` is the `reason` in its data, if there is one.
    """

    seq: int
    time: float
    person: str
    kind: str
    data: dict[str, Any]
    cause: Cause | None


class InstanceEventPage(TypedDict):
    """A part of what happened, oldest first; `next` is the number to go on after."""

    items: list[InstanceEventView]
    next: int | None


class Refused(TypedDict):
    """An instance that something was not done to, and why."""

    instance: str
    reason: str


class Operated(TypedDict):
    """What became of a request: how many were changed, and how many were not.

    `refused` are the first hundred of the latter.
    """

    changed: int
    not_changed: int
    refused: list[Refused]


def cause_of(reason: str) -> Cause:
    """A reason as data."""
    found = read(reason)
    return {"code": found.code, "values": dict(found.values)}


def cyctime_of(row: InstanceRow, zone: ZoneInfo) -> str:
    """The scheduled time, with its offset."""
    return datetime.fromtimestamp(row.instant, zone).isoformat()


def instance_view(row: InstanceRow, zone: ZoneInfo) -> InstanceView:
    """A row of the list."""
    return {
        "id": row.id, "schedule": row.schedule, "version": row.version, "kind": row.kind,
        "origin": row.origin, "bizdate": row.bizdate.isoformat(), "day": row.day.isoformat(),
        "number": row.number, "fold": row.fold, "scheduled": row.instant,
        "cyctime": cyctime_of(row, zone), "status": row.status, "is_dry": row.is_dry,
        "is_frozen": row.is_frozen, "reason": row.reason,
        "cause": cause_of(row.reason) if row.reason else None, "run": row.run, "tries": row.tries,
        "began": row.began, "ended": row.ended, "priority": row.priority,
    }  # fmt: skip


def graph_node(row: InstanceRow, zone: ZoneInfo, level: int) -> GraphNode:
    """A node of a graph."""
    return {
        "id": row.id, "workspace": row.workspace, "schedule": row.schedule, "kind": row.kind,
        "bizdate": row.bizdate.isoformat(), "day": row.day.isoformat(), "number": row.number,
        "fold": row.fold, "scheduled": row.instant, "cyctime": cyctime_of(row, zone),
        "status": row.status, "is_dry": row.is_dry, "is_frozen": row.is_frozen, "level": level,
    }  # fmt: skip


def grid_rows(rows: Iterable[Mapping[str, Any]]) -> list[GridRow]:
    """The rows of a grid, of those of `store.instances`; each comes with its day and status."""
    found: dict[str, GridRow] = {}
    cells: dict[tuple[str, str], GridCell] = {}
    for row in rows:
        name = row["name"]
        shown = found.setdefault(
            name,
            {"schedule": name, "version": row["version"], "state": row["state"], "cells": []},
        )
        if row["day"] is None:
            continue
        cell = cells.get((name, row["day"]))
        if cell is None:
            bizdate = (date.fromisoformat(row["day"]) - timedelta(days=1)).isoformat()
            cell = {"bizdate": bizdate, "counts": {}, "dry": 0, "frozen": 0, "instance": ""}
            cells[name, row["day"]] = cell
            shown["cells"].append(cell)
        cell["counts"][row["status"]] = row["count"]
        cell["dry"] += row["dry"]
        cell["frozen"] += row["frozen"]
        cell["instance"] = row["instance"] if sum(cell["counts"].values()) == 1 else ""
    return list(found.values())


def event_view(event: InstanceEvent) -> InstanceEventView:
    """An event, for the operation log."""
    reason = event.data.get("reason")
    return {
        "seq": event.seq, "time": event.time, "person": event.person, "kind": event.kind,
        "data": dict(event.data), "cause": cause_of(str(reason)) if reason else None,
    }  # fmt: skip
