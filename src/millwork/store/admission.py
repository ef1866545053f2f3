"""Runs that wait for their turn: admitted, withdrawn and counted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from millwork.ports.changes import RunChanged
from millwork.queue.records import Allotment, Demand, Quota, Running, Usage, Waiting, usage_of
from millwork.store.queries import load_queries
from millwork.store.runs import dump, event_values, master_values, run_row

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import TypeAlias

    from millwork.ports import Master, RunRow
    from millwork.queue.records import Admission
    from millwork.store.database import Database

    Row: TypeAlias = Mapping[str, Any]
    Decide: TypeAlias = Callable[
        [Sequence[Waiting], Sequence[Running], Mapping[str, Quota]], Sequence[Admission]
    ]

_HEADS = 200  # of each workspace; those behind them come with a later admission
_WITHDRAWN = "cancelled before its turn came"


class AdmissionStore:
    """The queue in a database. Of PostgreSQL, only runs of the database's home are admitted."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.learn(load_queries("admission.sql"))

    def admit(self, decide: Decide, master: Master, now: float) -> list[tuple[str, int]]:
        """The runs that `decide` lets start, with their new epochs; `master` is theirs now.

        No other server admits anything between what `decide` is given and what is written. A few
        hundred of each workspace are looked at: call it again until it admits none. While nothing
        waits no lock is taken.
        """
        if self._database.query("any_queued", {}).fetchone() is None:
            return []
        with self._database.transaction():
            self._database.query("lock_admissions", {})
            admitted = []
            for admission in decide(*self.look()):
                epoch = self._start(admission, master, now)
                if epoch is not None:
                    admitted.append((admission.run, epoch))
        return admitted

    def _start(self, admission: Admission, master: Master, now: float) -> int | None:
        allotment = dump(vars(admission.allotment))
        values = {"run": admission.run, "now": now, "allotment": allotment}
        row = self._database.query("admitted", values | master_values(master)).fetchone()
        if row is None:  # it was withdrawn meanwhile
            return None
        change = RunChanged("running")
        event = event_values(admission.run, row["last_event"], now, change)
        self._database.query("insert_event", event)
        return int(row["epoch"])

    def look(self) -> tuple[list[Waiting], list[Running], dict[str, Quota]]:
        """What an admission decides upon: who waits and who runs, and the quotas."""
        waiting = [_waiting(row) for row in self._database.query("queue", {"limit": _HEADS})]
        running = [_running(row) for row in self._database.query("running", {})]
        quotas = self._database.query("quotas", {})
        return waiting, running, {row["name"]: Quota(**json.loads(row["quota"])) for row in quotas}

    def withdraw(self, run: str, now: float) -> bool:
        """Cancels a run that waits; False if it does not, or no longer."""
        values = {"run": run, "now": now, "reason": _WITHDRAWN}
        with self._database.transaction():
            row = self._database.query("withdrawn", values).fetchone()
            if row is None:
                return False
            self._database.query("steps_withdrawn", values)
            change = RunChanged("cancelled", _WITHDRAWN)
            self._database.query("insert_event", event_values(run, row["last_event"], now, change))
        return True

    def set_priority(self, run: str, priority: int) -> bool:
        """Gives a run that waits another priority, 1 to 9; False if it does not wait."""
        with self._database.transaction():
            values = {"run": run, "priority": priority}
            return self._database.query("set_priority", values).rowcount == 1

    def waiting(
        self, workspace: str, limit: int, after: tuple[int, float, str] | None = None
    ) -> list[RunRow]:
        """A page of the runs that wait, in the order of their turns.

        `after` is the priority, time of creation and id of the last one of the page before.
        """
        priority, created, run = after or (10, 0.0, "")
        values = {"workspace": workspace, "limit": limit}
        values |= {"before": -priority, "created": created, "id": run}
        return [run_row(row) for row in self._database.query("waiting", values)]

    def usage(self, workspace: str) -> Usage:
        """What the workspace's runs use together, in all homes."""
        rows = self._database.query("running_in", {"workspace": workspace})
        return usage_of(_running(row) for row in rows)

    def count_waiting(self, workspace: str) -> int:
        """How many runs wait in the workspace."""
        row = self._database.query("count_queued", {"workspace": workspace}).fetchone()
        return int(row["count"])


def _waiting(row: Row) -> Waiting:
    demand = Demand(**json.loads(row["demand"]))
    return Waiting(row["id"], row["workspace"], row["priority"], row["created"], demand)


def _running(row: Row) -> Running:
    given = json.loads(row["allotment"])
    allotment = Allotment(**{**given, "gpus": tuple(given.get("gpus", ()))})
    return Running(row["id"], row["workspace"], allotment, bool(row["is_here"]))
