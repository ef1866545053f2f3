"""The shards of batches, in the database of the runs: commits are fenced by the epoch."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from millwork.base.errors import Fenced
from millwork.batch.changes import (
    BatchJudged,
    LeaseRow,
    LeasesDropped,
    ShardFailed,
    ShardRow,
    ShardsCut,
    ShardsDone,
    ShardsLeased,
    ShardsReturned,
)
from millwork.batch.cuts import Cuts
from millwork.batch.desk import Kept
from millwork.batch.records import Accepted, BatchRow, WorkerRow
from millwork.batch.rules import Verdict
from millwork.store.database import open_database
from millwork.store.queries import load_queries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TypeAlias

    from millwork.batch.changes import Change

    Row: TypeAlias = Mapping[str, Any]

_LONGEST_TOLD = 500
_QUERIES = load_queries("shards.sql")
_PATIENCE = 60.0  # seconds: the service of a run that goes on waits for a database that comes back


class ShardStore:
    """Implements `batch.records.Records` in the database at `place`, as `RunStore` has it."""

    def __init__(self, place: str, home: str = "") -> None:
        self._database = open_database(place, _QUERIES, home, _PATIENCE)

    def close(self) -> None:
        """Closes the database."""
        self._database.close()

    # --- writing --------------------------------------------------------------------------

    def begin(self, run: str, epoch: int, step: str, attempt: str, layout: str) -> BatchRow:
        """The batch of a step, for this attempt at it.

        If it is a later one than before, what was done stays done, and all else begins anew.
        """
        with self._database.transaction():
            self._check(run, epoch)
            values = {"run": run, "step": step, "attempt": attempt, "layout": layout}
            self._database.query("insert_batch", values)
            row = BatchRow(**dict(self._database.query("batch", values).fetchone()))
            if row.attempt != attempt:
                again = {"batch": row.id, "attempt": attempt}
                for name in ("renew_batch", "forget_leases", "forgive"):
                    self._database.query(name, again)
                row = BatchRow(**dict(self._database.query("batch", values).fetchone()))
        return row

    def commit(
        self, run: str, epoch: int, now: float, kept: Sequence[tuple[int, Sequence[Change]]]
    ) -> None:
        """Writes changes of batches, by their ids; raises Fenced if another drives the run."""
        with self._database.transaction():
            self._check(run, epoch)
            for batch, changes in kept:
                for change in changes:
                    self._write(batch, change)
            told = [change for _, changes in kept for change in changes if _is_told(change)]
            if told:
                self._tell(run, now, told)

    def start_over(self, epoch: int, batch: BatchRow, layout: str) -> BatchRow:
        """What its input was cut into is not there: it will be at `layout`, and nothing is done."""
        values = {"batch": batch.id, "layout": layout}
        with self._database.transaction():
            self._check(batch.run, epoch)
            for name in ("forget_leases", "forget_shards", "forget_cuts", "cut_anew"):
                self._database.query(name, values)
        return replace(batch, layout=layout, verdict=None, reason="")

    def _check(self, run: str, epoch: int) -> None:
        if self._database.query("fence", {"run": run, "epoch": epoch}).fetchone() is None:
            raise Fenced

    def _write(self, batch: int, change: Change) -> None:
        values = {**vars(change), "batch": batch}
        if isinstance(change, ShardsLeased):
            common = {"batch": batch, "worker": change.worker, "at": change.at}
            rows = [{**common, **vars(lease)} for lease in change.leases]
            self._database.query_many("insert_lease", rows)
        elif isinstance(change, ShardsDone):
            rows = [{"batch": batch, **vars(result)} for result in change.results]
            self._database.query_many("done", rows)
            self._database.query_many("void_shard", rows)
        elif isinstance(change, ShardFailed):
            self._fail(change, values)
        elif isinstance(change, ShardsReturned):
            rows = [{"batch": batch, **vars(each)} for each in change.leases]
            self._database.query_many("returned", rows)
            is_late = change.reason == "expired"
            self._database.query_many("make_late" if is_late else "drop_lease", rows)
        elif isinstance(change, LeasesDropped):
            rows = [{"batch": batch, "token": token} for token in change.tokens]
            self._database.query_many("drop_lease", rows)
        elif isinstance(change, ShardsCut):
            self._database.query("insert_cut", values)
        elif isinstance(change, BatchJudged):
            self._database.query("judge", values)

    def _fail(self, change: ShardFailed, values: dict[str, Any]) -> None:
        is_final = change.status == "failed"
        self._database.query("failed", {**values, "status": "failed" if is_final else "todo"})
        self._database.query("void_shard" if is_final else "drop_lease", values)

    def _tell(self, run: str, now: float, changes: Sequence[Change]) -> None:
        numbers = {"run": run, "count": len(changes)}
        last = self._database.query("number_events", numbers).fetchone()["last_event"]
        first = last - len(changes) + 1
        events = [_event(run, first + i, now, change) for i, change in enumerate(changes)]
        self._database.query_many("insert_event", events)

    # --- reading --------------------------------------------------------------------------

    def batch(self, run: str, step: str) -> BatchRow | None:
        """A step's batch."""
        row = self._database.query("batch", {"run": run, "step": step}).fetchone()
        return BatchRow(**dict(row)) if row else None

    def batches(self, run: str) -> list[BatchRow]:
        """The batches of a run."""
        return [BatchRow(**dict(row)) for row in self._database.query("batches", {"run": run})]

    def kept(self, batch: BatchRow) -> Kept:
        """All that a machine is restored from; rows are read as they are asked for."""
        values = {"batch": batch.id}
        verdict = Verdict(batch.verdict, batch.reason) if batch.verdict else None
        return Kept(
            shards=map(_shard_row, self._database.query("shards", values)),
            leases=[_lease_row(row) for row in self._database.query("leases", values)],
            cuts=self._cuts(batch),
            verdict=verdict,
        )

    def cuts(self, batch: BatchRow, atoms: int) -> Cuts:
        """What each of its shards consists of, of a layout of so many atoms."""
        kept = self._cuts(batch)
        cuts = Cuts(atoms, by_speed=bool(kept))
        cuts.restore(kept)
        return cuts

    def _cuts(self, batch: BatchRow) -> list[ShardsCut]:
        rows = self._database.query("cuts", {"batch": batch.id})
        return [ShardsCut(**dict(row)) for row in rows]

    def accepted(self, batch: BatchRow) -> Iterator[Accepted]:
        """The accepted shards, in order."""
        for row in self._database.query("accepted", {"batch": batch.id}):
            yield Accepted(row["shard"], row["token"], row["attempt"])

    def failures(
        self, batch: BatchRow, after: int = -1, limit: int = 100
    ) -> list[Mapping[str, Any]]:
        """A page of the shards that failed, all or in part: why, on which workers, where."""
        values = {"batch": batch.id, "after": after, "limit": limit}
        return [_failure(row) for row in self._database.query("failures", values)]

    def counts(self, batch: BatchRow) -> Mapping[str, int]:
        """How many shards are done and failed, items likewise, and how often some were tried."""
        return dict(self._database.query("counts", {"batch": batch.id}).fetchone())

    def workers(self, batch: BatchRow) -> list[WorkerRow]:
        """What each worker has done."""
        rows = self._database.query("workers", {"batch": batch.id})
        return [WorkerRow(**dict(row)) for row in rows]


def _is_told(change: Change) -> bool:
    """Whether a run's history tells of it: not of each of a million shards."""
    if isinstance(change, ShardFailed):
        return change.status == "failed"
    return isinstance(change, BatchJudged)


def _event(run: str, seq: int, now: float, change: Change) -> dict[str, Any]:
    data = {name: value for name, value in vars(change).items() if name != "token"}
    if isinstance(change, ShardFailed):  # there may be a million: the rest stands with the shard
        data["error"] = change.error[-_LONGEST_TOLD:]
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return {"run": run, "seq": seq, "time": now, "kind": type(change).__name__, "data": text}


def _shard_row(row: Row) -> ShardRow:
    return ShardRow(
        row["shard"],
        row["status"],
        row["attempts"],
        row["failures"],
        row["losses"],
        tuple(json.loads(row["failed_on"])),
        row["error"],
        row["token"],
        row["worker"],
        row["ok"],
        row["bad"],
        row["seconds"],
        bool(row["is_partial"]),
    )


def _lease_row(row: Row) -> LeaseRow:
    return LeaseRow(
        row["shard"], row["attempt"], row["token"], row["worker"], row["at"], bool(row["is_late"])
    )


def _failure(row: Row) -> dict[str, Any]:
    is_partial = row["status"] == "done"
    items = f"{row['bad']} of {row['ok'] + row['bad']} items failed"
    return {
        "shard": row["shard"],
        "status": "partial" if is_partial else "failed",
        "attempts": row["attempts"],
        "workers": json.loads(row["failed_on"]),
        "error": items if is_partial else row["error"],
        "log": row["place"],
    }
