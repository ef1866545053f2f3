"""Counts over all workspaces, for those who operate the server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.store.queries import load_queries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.store.database import Database


class Census:
    """Counts what is in a database, by its indexes."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.learn(load_queries("census.sql"))

    def runs(self) -> Mapping[tuple[str, str], int]:
        """How many runs there are, by workspace and status."""
        rows = self._database.query("census_runs", {})
        return {(row["workspace"], row["status"]): int(row["number"]) for row in rows}

    def oldest_queued(self) -> float | None:
        """When the first of the runs that wait was begun, in Unix seconds."""
        row = self._database.query("census_oldest_queued", {}).fetchone()
        return float(row["created"]) if row else None

    def running_steps(self) -> int:
        """How many steps are being tried."""
        return self._number("census_running_steps")

    def attempts(self, since: float) -> Mapping[str, int]:
        """How the attempts ended that have since ended, by their status."""
        rows = self._database.query("census_attempts", {"since": since})
        return {row["status"]: int(row["number"]) for row in rows}

    def events(self) -> int:
        """How many events the runs have had."""
        return self._number("census_events")

    def _number(self, query: str) -> int:
        return int(self._database.query(query, {}).fetchone()["number"])
