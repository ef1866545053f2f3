"""What a store would keep, and a referee of what it is asked to keep.

It shares no line with the machine: what must hold is said here once more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from millwork.batch.changes import (
    BatchJudged,
    LeaseRow,
    LeasesDropped,
    ResultRefused,
    ShardFailed,
    ShardRow,
    ShardsDone,
    ShardsLeased,
    ShardsReturned,
)
from millwork.batch.rules import Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable

    from millwork.batch.changes import Change, Done, Leased


@dataclass
class Ledger:
    """Rows by shard and by token, as the changes leave them."""

    shards: dict[int, ShardRow] = field(default_factory=dict)
    leases: dict[str, LeaseRow] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    errors: list[ShardFailed] = field(default_factory=list)
    verdict: Verdict | None = None

    def keep(self, changes: Iterable[Change]) -> None:
        for change in changes:
            match change:
                case ShardsLeased():
                    for lease in change.leases:
                        self._lease(change, lease)
                case ShardsDone():
                    for result in change.results:
                        self._done(result)
                case ShardFailed():
                    self._fail(change)
                case ShardsReturned():
                    self._give_back(change)
                case LeasesDropped():
                    for token in change.tokens:
                        assert self.leases.pop(token).is_late
                case ResultRefused():
                    assert change.token not in self.leases
                    self.refused.append(change.token)
                case BatchJudged():
                    assert self.verdict is None, "a verdict does not change"
                    self.verdict = Verdict(change.status, change.reason)

    def row(self, shard: int) -> ShardRow:
        return self.shards.get(shard, ShardRow(shard, "todo", 0))

    def of(self, shard: int) -> list[LeaseRow]:
        return [lease for lease in self.leases.values() if lease.shard == shard]

    def in_time(self, shard: int) -> list[LeaseRow]:
        return [lease for lease in self.of(shard) if not lease.is_late]

    def _lease(self, change: ShardsLeased, lease: Leased) -> None:
        row = self.row(lease.shard)
        assert row.status in ("todo", "leased"), "what has ended is not leased again"
        assert len(self.in_time(lease.shard)) < 2, "there is one copy at most"
        assert all(each.worker != change.worker for each in self.in_time(lease.shard))
        assert lease.token not in self.seen, "a token is given once"
        assert lease.attempt == row.attempts, "attempts count on"
        self.seen.add(lease.token)
        self.leases[lease.token] = LeaseRow(
            lease.shard, lease.attempt, lease.token, change.worker, change.at
        )
        self.shards[lease.shard] = row._replace(status="leased", attempts=row.attempts + 1)

    def _done(self, result: Done) -> None:
        row, lease = self.row(result.shard), self.leases[result.token]
        assert row.status in ("todo", "leased"), "a shard is accepted once"
        assert (lease.shard, lease.attempt) == (result.shard, result.attempt)
        self.shards[result.shard] = row._replace(
            status="done", token=result.token, worker=result.worker, ok=result.ok,
            bad=result.failed, seconds=result.seconds, is_partial=result.is_partial,
        )  # fmt: skip
        self._void(result.shard)

    def _fail(self, change: ShardFailed) -> None:
        row = self.row(change.shard)
        assert row.status in ("todo", "leased")
        self.leases.pop(change.token)
        on = tuple(dict.fromkeys((*row.failed_on, change.worker)))
        self.shards[change.shard] = row._replace(
            status=change.status, failures=change.failures, losses=change.losses,
            failed_on=on, error=change.error,
        )  # fmt: skip
        self.errors.append(change)
        if change.status == "failed":
            self._void(change.shard)
        else:
            self._agrees(change.shard)

    def _give_back(self, change: ShardsReturned) -> None:
        for each in change.leases:
            lease = self.leases.pop(each.token)
            assert lease.worker == change.worker
            if change.reason == "expired":
                self.leases[each.token] = lease._replace(is_late=True)
            row = self.row(each.shard)
            assert row.status == "leased"
            assert each.losses == row.losses + (change.reason != "left")
            self.shards[each.shard] = row._replace(losses=each.losses, status=each.status)
        for each in change.leases:
            self._agrees(each.shard)

    def _agrees(self, shard: int) -> None:
        wanted = "leased" if self.in_time(shard) else "todo"
        assert self.row(shard).status == wanted

    def _void(self, shard: int) -> None:
        for lease in self.of(shard):
            del self.leases[lease.token]
