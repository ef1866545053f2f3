"""What is to be told of instances, and what has been: kept, claimed by who sends it, listed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from millwork.base.records import dataclass
from millwork.schedule.alerts import Notice, Rule, day_of
from millwork.store.queries import load_queries
from millwork.store.runs import dump

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from millwork.store.database import Database

AlertStatus: TypeAlias = Literal["due", "sent", "failed"]
_QUERIES = load_queries("alerts.sql")
_NEWEST = (1e18, 0)


@dataclass(frozen=True)
class AlertRow:
    """A notice as it is kept: `due`, `sent`, or `failed` when it was tried often enough.

    `tried` is when it was sent or tried last, `fault` why that did not do.
    """

    id: int
    notice: Notice
    status: AlertStatus
    tries: int
    tried: float
    fault: str


class AlertStore:
    """The `alert` table. Who claims a notice sends it alone, unless it takes them too long."""

    def __init__(self, database: Database) -> None:
        database.learn(_QUERIES)
        self._database = database

    def keep(self, notices: Iterable[Notice], now: float) -> None:
        """Keeps what is to be told, in a transaction; what is kept already stays as it is."""
        with self._database.transaction():
            self.write(notices, now)

    def write(self, notices: Iterable[Notice], now: float) -> None:
        """As `keep`, in the transaction that the caller has begun."""
        self._database.query_many("alert_keep", [_values(each, now) for each in notices])

    def due(self, now: float, limit: int) -> int:
        """How many notices may be sent now; it counts to `limit`."""
        row = self._database.query("alerts_due", {"now": now, "limit": limit}).fetchone()
        return int(row["count"])

    def tidy(self, now: float, before: float) -> None:
        """Drops what need not be told, as it was done in time, and what was over before then."""
        with self._database.transaction():
            self._database.query("alerts_moot", {"now": now})
            self._database.query("alerts_old", {"before": before})

    def claim(self, now: float, until: float) -> AlertRow | None:
        """The first notice that is due; nobody else gets it before `until`."""
        with self._database.transaction():
            row = self._database.query("alert_claim", {"now": now, "until": until}).fetchone()
        return _row(row) if row else None

    def told(self, notice: Notice, now: float) -> int:
        """How often this was told to this address on the civil day that it is now."""
        values = {
            "instance": notice.instance, "moment": notice.moment, "address": notice.address,
            "since": day_of(notice.rule, now),
        }  # fmt: skip
        return int(self._database.query("alerts_told", values).fetchone()["count"])

    def sent(self, row: AlertRow, now: float, then: Notice | None) -> bool:
        """It was sent; `then` is when it is told again. False if somebody else has it by now."""
        return self._end(row, "sent", "", now, then)

    def give_up(self, row: AlertRow, now: float, fault: str, then: Notice | None) -> bool:
        """It is not tried again."""
        return self._end(row, "failed", fault, now, then)

    def _end(
        self, row: AlertRow, status: AlertStatus, fault: str, now: float, then: Notice | None
    ) -> bool:
        values = {"id": row.id, "tries": row.tries, "status": status, "fault": fault, "now": now}
        with self._database.transaction():
            if self._database.query("alert_over", values).fetchone() is None:
                return False
            if then:
                self.write([then], now)
        return True

    def retry(self, row: AlertRow, due: float, fault: str) -> None:
        """It is tried again then."""
        self._put_off(row, {"due": due, "fault": fault, "tries_now": row.tries, "tried": row.tried})

    def postpone(self, row: AlertRow, due: float) -> None:
        """It was not tried, and may not be before then."""
        self._put_off(row, {"due": due, "fault": "", "tries_now": 0, "tried": None})

    def _put_off(self, row: AlertRow, values: Mapping[str, Any]) -> None:
        with self._database.transaction():
            self._database.query("alert_later", {"id": row.id, "tries": row.tries, **values})

    def drop(self, row: AlertRow) -> None:
        """It is not so any more, and nobody is told."""
        with self._database.transaction():
            self._database.query("alert_drop", {"id": row.id, "tries": row.tries})

    def page(
        self, workspace: str, limit: int, after: tuple[float, int] | None = None
    ) -> list[AlertRow]:
        """What was told in a workspace, or tried to be, newest first.

        `after` is `tried` and `id` of the last one of the page before.
        """
        tried, last = after or _NEWEST
        values = {"workspace": workspace, "limit": limit, "tried": tried, "id": last}
        return [_row(row) for row in self._database.query("alert_page", values)]


def _values(notice: Notice, now: float) -> dict[str, Any]:
    return {**vars(notice), "document": dump(vars(notice.rule)), "now": now}


def _row(row: Mapping[str, Any]) -> AlertRow:
    said = json.loads(row["document"])
    silent = tuple(said["silent"]) if said["silent"] else None
    notice = Notice(
        row["workspace"], row["schedule"], row["instance"], row["moment"], row["address"],
        row["since"], row["number"], row["due"], Rule(**{**said, "silent": silent}),
    )  # fmt: skip
    tried = row["tried"]
    return AlertRow(row["id"], notice, row["status"], row["tries"], tried, row["fault"])
