"""Schedules in force, their instances and backfills, in the database of the runs."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from millwork.ports.schedules import (
    BackfillRow,
    Change,
    Ended,
    InstanceEvent,
    InstanceRow,
    Link,
    ScheduleRow,
    TriggerRow,
)
from millwork.store.queries import load_queries
from millwork.store.runs import dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from typing import TypeAlias

    from millwork.ports.schedules import State
    from millwork.store.database import Database

    Row: TypeAlias = Mapping[str, Any]

_QUERIES = load_queries("schedules.sql")


class ScheduleStore:
    """Implements `ports.schedules.ScheduleRecords`, and what the verbs of schedules ask."""

    def __init__(self, database: Database) -> None:
        database.learn(_QUERIES)
        self._database = database

    # --- schedules ------------------------------------------------------------------------

    def lagging(self, before: float, limit: int) -> list[ScheduleRow]:
        """Schedules that are not off, and have instances for less than up to that instant."""
        rows = self._database.query("schedules_lagging", {"before": before, "limit": limit})
        return [_schedule(row) for row in rows]

    def in_force(self, workspace: str, name: str) -> ScheduleRow | None:
        """A schedule that is deployed."""
        values = {"workspace": workspace, "name": name}
        row = self._database.query("schedule_row", values).fetchone()
        return _schedule(row) if row else None

    def is_needed(self) -> bool:
        """Whether there is anything for a scheduler to do."""
        return self._database.query("schedules_any", {}).fetchone() is not None

    def deploy(
        self,
        schedule: ScheduleRow,
        links: Iterable[Link],
        triggers: Sequence[TriggerRow],
        now: float,
    ) -> None:
        """Puts a version in force: cycles to come that never began are the new version's.

        A trigger that the version before had, too, keeps what it has seen.
        """
        place = {"workspace": schedule.workspace, "schedule": schedule.name}
        with self._database.transaction():
            self._database.query("schedule_put", vars(schedule))
            self._database.query("schedule_unneed", place)
            self._database.query_many("schedule_need", [vars(link) for link in links])
            self._put_triggers(place, triggers)
            self._replace(place, now)

    def _replace(self, place: Mapping[str, str], now: float) -> None:
        """Cycles behind an instant that never began give way, with what happened to them."""
        for query in ("events_replaced", "instances_replaced"):
            self._database.query(query, {**place, "now": now})

    def _put_triggers(self, place: Mapping[str, str], triggers: Sequence[TriggerRow]) -> None:
        wanted = {trigger.source for trigger in triggers}
        for row in list(self._database.query("triggers_of", place)):
            if row["source"] not in wanted:
                self._database.query("trigger_drop", {**place, "source": row["source"]})
        self._database.query_many("trigger_put", [vars(trigger) for trigger in triggers])

    def withdraw(self, workspace: str, name: str, now: float) -> bool:
        """Takes a schedule out of force: what is to come is gone, what was stays."""
        place = {"workspace": workspace, "schedule": name}
        with self._database.transaction():
            self._database.query("schedule_unneed", place)
            self._put_triggers(place, ())
            self._replace(place, now)
            values = {"workspace": workspace, "name": name}
            return bool(self._database.query("schedule_drop", values).rowcount)

    def set_state(self, schedule: ScheduleRow, state: State, made: float, now: float) -> None:
        """Switches a schedule; of one that is off, what is to come and untouched is gone."""
        place = {"workspace": schedule.workspace, "name": schedule.name}
        with self._database.transaction():
            self._database.query("schedule_state", {**place, "state": state, "made": made})
            if state == "off":
                self._replace({"workspace": schedule.workspace, "schedule": schedule.name}, now)

    def children(self, workspace: str, name: str) -> list[Link]:
        """The links of the schedules that wait for this one."""
        return self._links("schedule_children", workspace, name)

    def parents(self, workspace: str, name: str) -> list[Link]:
        """The links to the schedules that this one waits for."""
        return self._links("schedule_parents", workspace, name)

    def _links(self, query: str, workspace: str, name: str) -> list[Link]:
        values = {"workspace": workspace, "schedule": name}
        return [Link(**dict(row)) for row in self._database.query(query, values)]

    # --- instances ------------------------------------------------------------------------

    def make(self, schedule: ScheduleRow, rows: Sequence[InstanceRow], made: float) -> bool:
        """Keeps the instances of the cycles up to `made`; False if somebody else was faster."""
        values = {**vars(schedule), "before": schedule.made, "made": made}
        with self._database.transaction():
            if self._database.query("schedule_made", values).fetchone() is None:
                return False
            if schedule.made < schedule.deployed:
                rows = self._without_those_of_before(schedule, rows)
            self._database.query_many("instance_insert", [_values(row) for row in rows])
        return True

    def _without_those_of_before(
        self, schedule: ScheduleRow, rows: Sequence[InstanceRow]
    ) -> list[InstanceRow]:
        """The rows without the cycles that the version before has begun."""
        if not rows:
            return []
        days = [row.day for row in rows]
        there = self.cycles(schedule.workspace, schedule.name, min(days), max(days))
        taken = {(row.day, row.number, row.fold) for row in there}
        return [row for row in rows if (row.day, row.number, row.fold) not in taken]

    def first_to_come(self, workspace: str, name: str, now: float) -> tuple[date, float] | None:
        """Day and instant of the first cycle that never began, and that another version takes over.

        None if there is none.
        """
        values = {"workspace": workspace, "schedule": name, "now": now}
        row = self._database.query("instance_to_come", values).fetchone()
        return (date.fromisoformat(row["day"]), row["instant"]) if row else None

    def add(self, rows: Sequence[InstanceRow]) -> None:
        """Keeps instances that no recurrence makes; those that are there stay as they are."""
        with self._database.transaction():
            self._database.query_many("instance_insert", [_values(row) for row in rows])

    def instance(self, instance: str) -> InstanceRow | None:
        """One instance."""
        row = self._database.query("instance", {"id": instance}).fetchone()
        return instance_row(row) if row else None

    def events(self, instance: str, after: int, limit: int) -> list[InstanceEvent]:
        """What happened to an instance, oldest first."""
        values = {"instance": instance, "after": after, "limit": limit}
        rows = self._database.query("instance_events", values)
        return [InstanceEvent(**{**dict(row), "data": json.loads(row["data"])}) for row in rows]

    def due(self, now: float, after: tuple[float, str], limit: int) -> list[InstanceRow]:
        """Instances that wait though their time has come, no backfill's, the oldest first."""
        values = {"now": now, "after": after[0], "id": after[1], "limit": limit}
        return self._instances("instances_due", values)

    def next_due(self, now: float) -> float | None:
        """When the next instance is due that is not yet."""
        row = self._database.query("instance_next", {"now": now}).fetchone()
        found: float | None = row["due"]
        return found

    def starting(self) -> list[InstanceRow]:
        """Instances whose run has an id, and may not have been asked for."""
        return self._instances("instances_starting", {})

    def running(self) -> list[InstanceRow]:
        """Instances that have a run which is not over."""
        return self._instances("instances_running", {})

    def ended(self, limit: int) -> list[Ended]:
        """Instances that run, and whose run is over."""
        return [
            Ended(instance_row(row), row["run_status"], row["run_reason"], row["run_ended"])
            for row in self._database.query("instances_ended", {"limit": limit})
        ]

    def cycles(
        self, workspace: str, schedule: str, first: date, last: date, origin: str = ""
    ) -> list[InstanceRow]:
        """The instances of a schedule from one civil day to another, of one origin."""
        values = {
            "workspace": workspace, "schedule": schedule, "origin": origin,
            "first": first.isoformat(), "last": last.isoformat(),
        }  # fmt: skip
        return self._instances("instances_of", values)

    def change(
        self, now: float, changes: Sequence[Change], backfill: BackfillRow | None = None
    ) -> list[Change]:
        """Writes the changes whose instance is still as it was, and their events.

        Of a backfill no more begin than may run at once, and none unless it is `running`.
        """
        written: list[Change] = []
        with self._database.transaction():
            room = self._room(backfill.id) if backfill else len(changes)
            for change in changes:
                begins = change.kind == "starting"
                if (room > 0 or not begins) and self._change(now, change):
                    written.append(change)
                    room -= begins
        return written

    def _room(self, backfill: str) -> int:
        """How many more of a backfill may begin; whoever else asks waits for this transaction."""
        row = self._database.query("backfill_hold", {"id": backfill}).fetchone()
        if row is None:
            return 0
        counts = self.backfill_counts(backfill)
        return int(row["parallel"]) - counts.get("starting", 0) - counts.get("running", 0)

    def _change(self, now: float, change: Change) -> bool:
        values = {**_values(change.after), "revision": change.before.revision}
        row = self._database.query("instance_change", values).fetchone()
        if row is None:
            return False
        event = {
            "instance": change.after.id, "seq": row["last_event"], "time": now,
            "person": change.person, "kind": change.kind, "data": dump(change.data),
        }  # fmt: skip
        self._database.query("instance_event_insert", event)
        return True

    def _instances(self, query: str, values: Mapping[str, Any]) -> list[InstanceRow]:
        return [instance_row(row) for row in self._database.query(query, values)]

    # --- triggers -------------------------------------------------------------------------

    def triggers_due(self, now: float) -> list[TriggerRow]:
        """Triggers that are to be looked at, those first that have waited longest."""
        rows = self._database.query("triggers_due", {"now": now})
        return [TriggerRow(**dict(row)) for row in rows]

    def triggered(
        self, trigger: TriggerRow, seen: str, now: float, rows: Sequence[InstanceRow]
    ) -> None:
        """Keeps what a trigger sees, with the instances that it makes, unless somebody else has."""
        values = {**vars(trigger), "now_seen": seen, "now": now}
        with self._database.transaction():
            if self._database.query("trigger_looked", values).fetchone():
                self._database.query_many("instance_insert", [_values(row) for row in rows])

    # --- backfills ------------------------------------------------------------------------

    def begin_backfill(self, backfill: BackfillRow, rows: Sequence[InstanceRow]) -> None:
        """Keeps a backfill with all its instances."""
        values = {**vars(backfill), "document": dump(backfill.document)}
        with self._database.transaction():
            self._database.query("backfill_insert", values)
            self._database.query_many("instance_insert", [_values(row) for row in rows])

    def backfill(self, backfill: str) -> BackfillRow | None:
        """One backfill."""
        row = self._database.query("backfill", {"id": backfill}).fetchone()
        return backfill_row(row) if row else None

    def backfills_going(self) -> list[BackfillRow]:
        """The backfills that are not paused, and not over."""
        return [backfill_row(row) for row in self._database.query("backfills_going", {})]

    def backfill_waiting(self, backfill: str, after: int, limit: int) -> list[InstanceRow]:
        """A backfill's instances that wait, in their turn, those behind the place `after`."""
        values = {"backfill": backfill, "after": after, "limit": limit}
        return self._instances("backfill_waiting", values)

    def backfill_counts(self, backfill: str) -> dict[str, int]:
        """How many instances of a backfill there are of each status."""
        rows = self._database.query("backfill_counts", {"backfill": backfill})
        return {row["status"]: row["count"] for row in rows}

    def set_backfill(self, backfill: BackfillRow, status: str, ended: float | None) -> bool:
        """Gives a backfill another status; False if it has another already."""
        values = {"id": backfill.id, "before": backfill.status, "status": status, "ended": ended}
        with self._database.transaction():
            return self._database.query("backfill_status", values).fetchone() is not None

    def end_backfill(self, backfill: str, status: str, now: float) -> None:
        """A backfill that runs is over."""
        values = {"id": backfill, "before": "running", "status": status, "ended": now}
        with self._database.transaction():
            self._database.query("backfill_status", values)


def _values(row: InstanceRow) -> dict[str, Any]:
    return {
        **vars(row), "day": row.day.isoformat(), "is_dry": int(row.is_dry),
        "is_frozen": int(row.is_frozen), "removed": dump(list(row.removed)),
    }  # fmt: skip


_OWN = frozenset(InstanceRow.__dataclass_fields__) - {"revision"}


def instance_row(row: Row) -> InstanceRow:
    """An instance, of a row of the database."""
    known = {name: row[name] for name in _OWN}
    return InstanceRow(**{
        **known, "day": date.fromisoformat(row["day"]), "is_dry": bool(row["is_dry"]),
        "is_frozen": bool(row["is_frozen"]), "removed": tuple(json.loads(row["removed"])),
        "revision": row["last_event"],
    })  # fmt: skip


def _schedule(row: Row) -> ScheduleRow:
    return ScheduleRow(**dict(row))


def backfill_row(row: Row) -> BackfillRow:
    """A backfill, of a row of the database."""
    return replace(BackfillRow(**dict(row)), document=json.loads(row["document"]))
