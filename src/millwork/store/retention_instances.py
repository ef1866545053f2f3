"""What of schedules may go: instances that are over, what happened to them, and backfills."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, NamedTuple

from millwork.store.queries import load_queries

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from millwork.store.database import Database


class Open(NamedTuple):
    """That a version of a schedule has instances of a civil day which are not over."""

    workspace: str
    schedule: str
    uses: str
    day: date


class Past(NamedTuple):
    """An instance that is over; they stand in the order of `day`, `schedule` and `id`."""

    day: str
    schedule: str
    id: str


class PastBackfill(NamedTuple):
    """A backfill that is over."""

    id: str
    workspace: str
    name: str


class Gone(NamedTuple):
    """Whose an instance was that is gone."""

    workspace: str
    schedule: str


_FIRST = Past("", "", "")


class InstanceRetention:
    """The questions and statements of collection about schedules; times are Unix seconds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.learn(load_queries("retention_instances.sql"))

    def made_to(self) -> float | None:
        """Up to when all schedules that are not off have instances; None if there are none."""
        row = self._database.query("retention_made_to", {}).fetchone()
        found: float | None = row["made"]
        return found

    def open(self, before: date) -> list[Open]:
        """What is not over of civil days before one."""
        rows = self._database.query("retention_open", {"before": before.isoformat()})
        return [
            Open(row["workspace"], row["schedule"], row["uses"], date.fromisoformat(row["day"]))
            for row in rows
        ]

    def workspaces(self) -> Iterator[str]:
        """Those that have instances."""
        after = ""
        while found := self._database.query("retention_workspace", {"after": after}).fetchone():
            if found["workspace"] is None:
                return
            after = found["workspace"]
            yield after

    def past(
        self, workspace: str, before: date, ended: float, limit: int, after: Past = _FIRST
    ) -> list[Past]:
        """Instances of civil days before one that ended before an instant, at most so many.

        Those of backfills are not among them, nor those of which somebody is still to be told.
        """
        values = {
            "workspace": workspace, "before": before.isoformat(), "ended": ended, "limit": limit,
            **after._asdict(),
        }  # fmt: skip
        rows = self._database.query("retention_over", values)
        return [Past(row["day"], row["schedule"], row["id"]) for row in rows]

    def drop(self, instances: Sequence[str], ended: float) -> list[Gone]:
        """Removes those that ended before an instant, with all that is theirs, at once."""
        if not instances:
            return []
        with self._database.transaction():
            return self._drop(instances, ended)

    def _drop(self, instances: Sequence[str], ended: float) -> list[Gone]:
        values = {"ids": json.dumps(instances), "ended": ended}
        rows = list(self._database.query("retention_drop_instances", values))
        ids = {"ids": json.dumps([row["id"] for row in rows])}
        self._database.query("retention_drop_happened", ids)
        self._database.query("retention_drop_told", ids)
        return [Gone(row["workspace"], row["schedule"]) for row in rows]

    # --- backfills ------------------------------------------------------------------------

    def past_backfills(self, ended: float) -> list[PastBackfill]:
        """Backfills that ended before an instant, and of whose instances all are over."""
        rows = self._database.query("retention_backfills", {"ended": ended})
        return [PastBackfill(row["id"], row["workspace"], row["name"]) for row in rows]

    def of_backfill(self, backfill: str) -> dict[Gone, int]:
        """How many instances a backfill has of each schedule."""
        rows = self._database.query("retention_count_backfill", {"backfill": backfill})
        return {Gone(row["workspace"], row["schedule"]): row["number"] for row in rows}

    def drop_of_backfill(self, backfill: str, ended: float, limit: int) -> list[Gone]:
        """Removes some of a backfill's instances, if all of them are over."""
        values = {"backfill": backfill, "ended": ended, "limit": limit}
        with self._database.transaction():
            rows = list(self._database.query("retention_of_backfill", values))
            return self._drop([row["id"] for row in rows], ended) if rows else []

    def drop_backfill(self, backfill: str, ended: float) -> bool:
        """Removes a backfill that ended before an instant, if it has no instances any more."""
        values = {"backfill": backfill, "ended": ended}
        with self._database.transaction():
            row = self._database.query("retention_drop_backfill", values).fetchone()
        return row is not None
