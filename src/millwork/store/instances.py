"""Instances and backfills as people look for them: filtered, a page at a time."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

from millwork.base.records import dataclass
from millwork.ports.schedules import Status
from millwork.store.queries import load_queries
from millwork.store.schedules import backfill_row, instance_row

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from millwork.ports.schedules import BackfillRow, InstanceRow
    from millwork.store.database import Database

_QUERIES = load_queries("instances.sql")
_STATUSES: tuple[Status, ...] = get_args(Status)
_FAR, _HALF_DAY = 1e18, 14 * 3600.0


@dataclass(frozen=True)
class Sought:
    """Which instances a list shows; what is empty or None filters nothing.

    `first` and `last` are civil days. `private_of` is the only person whose private schedules'
    instances are shown. Those of one `origin` come in their turn, others by their scheduled time.
    """

    schedule: str = ""
    status: str = ""
    kind: str = ""
    origin: str = ""
    first: date | None = None
    last: date | None = None
    private_of: str | None = None
    is_newest_first: bool = True


class Place(NamedTuple):
    """Where a page of instances ends."""

    instant: float
    id: str
    day: str
    turn: int


class RunOf(NamedTuple):
    """A run that an instance has had: of which version, and when it was asked for."""

    run: str
    version: str
    time: float


def place_of(row: InstanceRow) -> Place:
    """Where a page ends whose last one this is."""
    return Place(row.instant, row.id, row.day.isoformat(), row.place)


class InstanceLists:
    """What is read of instances and backfills besides what the scheduler needs."""

    def __init__(self, database: Database) -> None:
        database.learn(_QUERIES)
        self._database = database

    def page(
        self, workspace: str, sought: Sought, limit: int, after: Place | None = None
    ) -> list[InstanceRow]:
        """The instances of a workspace behind a place, at most so many."""
        first = sought.first.isoformat() if sought.first else ""
        last = sought.last.isoformat() if sought.last else "9999-12-31"
        values: dict[str, Any] = {
            "workspace": workspace, "schedule": sought.schedule, "status": sought.status,
            "kind": sought.kind, "origin": sought.origin, "first": first, "last": last,
            "private_of": sought.private_of, "limit": limit,
        }  # fmt: skip
        if sought.origin:
            return self._of_origin(values, after.turn if after else -1)
        is_newest = sought.is_newest_first
        least = _instant(sought.first) - _HALF_DAY if sought.first else -_FAR
        most = _instant(sought.last) + 2 * _HALF_DAY + 86_400 if sought.last else _FAR
        begin = Place(most, "", last, 0) if is_newest else Place(least, "", first, 0)
        place = after or begin
        values |= {"instant": place.instant, "id": place.id, "day": place.day}
        values["bound"] = least if is_newest else most
        kind = "schedule" if sought.schedule else "status" if sought.status else "all"
        name = f"instances_of_{kind}_{'newest' if is_newest else 'oldest'}"
        return [instance_row(row) for row in self._database.query(name, values)]

    def _of_origin(self, values: dict[str, Any], turn: int) -> list[InstanceRow]:
        """In their turn: a page of each status, of which the first are taken.

        The index of a backfill stands by status; so a page of ten thousand costs what one of a
        hundred does.
        """
        statuses = [values["status"]] if values["status"] else _STATUSES
        found = [
            instance_row(row)
            for status in statuses
            for row in self._database.query(
                "instances_of_origin", {**values, "status": status, "place": turn}
            )
        ]
        found.sort(key=lambda row: row.place)
        return found[: values["limit"]]

    def grid(
        self,
        workspace: str,
        first: date,
        last: date,
        limit: int,
        after: str = "",
        text: str = "",
        kind: str = "",
        private_of: str | None = None,
    ) -> list[Mapping[str, Any]]:
        """What there is from one civil day to another of a page of schedules, by name.

        Each row is a schedule's day and status, with how many there are and the id of one of them;
        a schedule without any has one row, without a day.
        """
        values = {
            "workspace": workspace, "first": first.isoformat(), "last": last.isoformat(),
            "limit": limit, "after": after, "text": text.lower(), "kind": kind,
            "private_of": private_of,
        }  # fmt: skip
        return [dict(row) for row in self._database.query("instances_grid", values)]

    def before(self, workspace: str, schedule: str, first: date, last: date) -> list[InstanceRow]:
        """All that there has been of a schedule's cycles from one civil day to another."""
        values = {
            "workspace": workspace, "schedule": schedule, "first": first.isoformat(),
            "last": last.isoformat(),
        }  # fmt: skip
        return [instance_row(row) for row in self._database.query("instances_before", values)]

    def runs(self, instance: str, limit: int = 50) -> list[RunOf]:
        """The runs that an instance has had, newest first."""
        rows = self._database.query("instance_runs", {"instance": instance, "limit": limit})
        said = ((json.loads(row["data"]), row["time"]) for row in rows)
        return [RunOf(data["run"], data["version"], when) for data, when in said]

    def made(self, runs: Sequence[str]) -> set[str]:
        """Those of some runs that there are: of a refused one only the id was known."""
        rows: Iterable[Any] = self._database.query("runs_made", {"runs": json.dumps(runs)})
        return {row["id"] for row in rows}

    def backfills(
        self,
        workspace: str,
        limit: int,
        after: tuple[float, str] | None = None,
        schedule: str = "",
        status: str = "",
        private_of: str | None = None,
    ) -> list[BackfillRow]:
        """A page of a workspace's backfills, newest first."""
        created, last = after or (_FAR, "")
        values = {
            "workspace": workspace, "limit": limit, "created": created, "id": last,
            "schedule": schedule, "status": status, "private_of": private_of,
        }  # fmt: skip
        return [backfill_row(row) for row in self._database.query("backfills_newest", values)]

    def pace(self, backfill: str) -> float | None:
        """How many seconds those of a backfill take, by the latest; None if none has ended."""
        row = self._database.query("backfill_pace", {"backfill": backfill}).fetchone()
        return None if row["seconds"] is None else float(row["seconds"])

    def going(self, backfill: str) -> list[InstanceRow]:
        """Those of a backfill that have a run."""
        rows: Iterable[Any] = self._database.query("backfill_going", {"backfill": backfill})
        return [instance_row(row) for row in rows]

    def set_parallel(self, backfill: str, parallel: int) -> bool:
        """How many of a backfill may run at once; False if it is over."""
        values = {"id": backfill, "parallel": parallel}
        with self._database.transaction():
            return self._database.query("backfill_parallel", values).fetchone() is not None


def _instant(day: date) -> float:
    """The midnight with which a day begins in UTC."""
    return datetime.combine(day, time.min, UTC).timestamp()
