"""What is kept of batches, and who keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from millwork.base.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from millwork.batch.changes import Change
    from millwork.batch.cuts import Cuts
    from millwork.batch.desk import Kept
    from millwork.batch.rules import VerdictName


_PAGE = 500


@dataclass(frozen=True)
class BatchRow:
    """A step's batch: the attempt that works on it, the file of its layout, and its verdict."""

    id: int
    run: str
    step: str
    attempt: str
    layout: str
    verdict: VerdictName | None = None
    reason: str = ""


@dataclass(frozen=True)
class Accepted:
    """A shard whose result was accepted: by which lease, of which attempt."""

    shard: int
    token: str
    attempt: str


@dataclass(frozen=True)
class WorkerRow:
    """What a worker has done and failed in all, and how many seconds its shards took."""

    worker: str
    done: int = 0
    failed: int = 0
    items: int = 0
    seconds: float = 0.0


class Records(Protocol):
    """Keeps batches. Every method is one transaction; a full disk raises NoSpace."""

    def begin(self, run: str, epoch: int, step: str, attempt: str, layout: str) -> BatchRow:
        """The batch of a step, for this attempt at it; raises Fenced as `commit` does.

        If it is a later attempt than before, what was done stays done, and all else begins anew.
        """

    def start_over(self, epoch: int, batch: BatchRow, layout: str) -> BatchRow:
        """What its input was cut into is not there: it will be at `layout`, and nothing is done."""

    def commit(
        self, run: str, epoch: int, now: float, kept: Sequence[tuple[int, Sequence[Change]]]
    ) -> None:
        """Writes changes of batches, by their ids; raises Fenced if another drives the run."""

    def kept(self, batch: BatchRow) -> Kept:
        """All that a machine is restored from."""

    def cuts(self, batch: BatchRow, atoms: int) -> Cuts:
        """What each of its shards consists of, of a layout of so many atoms."""

    def batch(self, run: str, step: str) -> BatchRow | None:
        """A step's batch."""

    def batches(self, run: str) -> Sequence[BatchRow]:
        """The batches of a run."""

    def accepted(self, batch: BatchRow) -> Iterator[Accepted]:
        """The accepted shards, in order."""

    def failures(
        self, batch: BatchRow, after: int = -1, limit: int = 100
    ) -> Sequence[Mapping[str, Any]]:
        """A page of the shards that failed for good, as a whole or some of their items."""

    def counts(self, batch: BatchRow) -> Mapping[str, int]:
        """How many shards and items have ended, and how often some were tried again."""

    def workers(self, batch: BatchRow) -> Sequence[WorkerRow]:
        """What each worker has done."""


def all_failures(records: Records, batch: BatchRow) -> Iterator[Mapping[str, Any]]:
    """Every shard that failed, page by page."""
    after = -1
    while page := records.failures(batch, after, _PAGE):
        yield from page
        after = page[-1]["shard"]
