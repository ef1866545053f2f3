"""What is shown of a batch while it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.records import dataclass
from millwork.batch.copies import SLOW

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from millwork.batch.rules import Tally
    from millwork.batch.state import Lease, Worker


@dataclass(frozen=True)
class WorkerStatus:
    """One worker: what it holds, has done and failed; items a second while it works."""

    name: str
    is_live: bool
    held: int
    done: int
    failed: int
    items: int
    items_per_second: float


@dataclass(frozen=True)
class Straggler:
    """A lease that takes much longer than others did; `copies` workers are on its shard."""

    shard: int
    worker: str
    seconds: float
    copies: int


@dataclass(frozen=True)
class Status:
    """Counts of shards and items, and of what had to be done again.

    `failures` and `losses` count tries; `copies` speculative leases since this master began.
    `seconds_left` is None as long as no speed is known; `uncut` are atoms that belong to no shard
    yet.
    """

    total: int
    todo: int
    leased: int
    done: int
    failed: int
    items: int
    failed_items: int
    failures: int
    losses: int
    copies: int
    items_per_second: float
    seconds_left: float | None
    stragglers: tuple[Straggler, ...]
    workers: tuple[WorkerStatus, ...]
    uncut: int = 0


def overview(
    counts: Sequence[int],
    tally: Tally,
    workers: Sequence[Worker],
    leases: Mapping[int, Sequence[Lease]],
    repeats: tuple[int, int, int],
    p95: float | None,
    now: float,
) -> Status:
    """Draws it up, `counts` by status; time: one step a worker."""
    todo, leased, done, failed = counts
    busy = [each for each in workers if each.leases]
    slow = [each for each in busy if p95 is not None and now - each.began >= SLOW * p95]
    stragglers = [_straggler(each, leases, now) for each in slow]
    return Status(
        total=tally.total,
        todo=todo,
        leased=leased,
        done=done,
        failed=failed,
        items=tally.items + sum(each.progress for each in busy),
        failed_items=tally.failed_items,
        failures=repeats[0],
        losses=repeats[1],
        copies=repeats[2],
        items_per_second=sum(each.pace.items for each in busy),
        seconds_left=_seconds_left(todo + leased, workers, now),
        stragglers=tuple(sorted(stragglers, key=lambda each: -each.seconds)),
        workers=tuple(_worker(each) for each in workers),
    )


def _worker(worker: Worker) -> WorkerStatus:
    pace = worker.pace
    return WorkerStatus(
        name=worker.name,
        is_live=worker.is_live,
        held=len(worker.leases),
        done=worker.done,
        failed=worker.failed,
        items=worker.items + worker.progress,
        items_per_second=pace.items,
    )


def _straggler(worker: Worker, leases: Mapping[int, Sequence[Lease]], now: float) -> Straggler:
    head = next(iter(worker.leases.values()))
    return Straggler(head.shard, worker.name, now - worker.began, len(leases[head.shard]))


def _seconds_left(unended: int, workers: Sequence[Worker], now: float) -> float | None:
    """What is left, less what is begun, at the speed of those that live.

    Workers whose speed is not known are taken to be as fast as the others.
    """
    live = [each for each in workers if each.is_live]
    known = [each.pace.shards for each in workers if each.pace.shards]
    if not unended:
        return 0.0
    if not live or not known:
        return None
    usual = sum(known) / len(known)
    paces = {each.name: each.pace.shards or usual for each in live}
    begun = sum(min((now - each.began) * paces[each.name], 1.0) for each in live if each.leases)
    helping = min(1.0, unended / len(live))  # with fewer shards than workers, not all help
    return max(unended - begun, 0.0) / (sum(paces.values()) * helping)
