"""Which shards a worker gets, and how many at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.records import dataclass
from millwork.batch import copies
from millwork.batch.state import LEASED, TODO

if TYPE_CHECKING:
    from millwork.batch.book import Book
    from millwork.batch.speed import Durations
    from millwork.batch.state import Lease, Shards, Trouble, Worker

PATIENCE = 60.0
AHEAD = 2.0
MOST_AT_ONCE = 256
_LOOK = 32
_MOST_LOSSES_OF_COPIED = 1


@dataclass
class Choice:
    """Chooses from what there is; what it takes is leased at once."""

    shards: Shards
    book: Book
    troubles: dict[int, Trouble]
    durations: Durations

    def share(self, asker: Worker, most: int) -> int:
        """How many to give at once: the fewer, the nearer the end and the longer they take.

        Half of its part of what is left (guided self-scheduling), at most 2 s of work; one as
        long as its speed is not known.
        """
        pace = asker.pace.shards
        if not pace:
            return 1
        fair = self.shards.counts[TODO] * pace / max(self.book.pace, pace) / 2
        return max(1, min(most, MOST_AT_ONCE, int(min(fair, AHEAD * pace))))

    def take(self, asker: Worker, most: int, now: float) -> tuple[list[int], float | None]:
        """Takes shards for a worker; if there are none for it, when there may be some.

        Of those that were returned only the first 32 are looked at, which bounds the time. Who
        has failed at all of them gets nothing new: one bad machine would soon fail everything.
        """
        found: list[int] = []
        skipped: list[int] = []
        again_at, kept = None, 0
        returned = self.shards.returned
        for _ in range(min(len(returned), _LOOK)):
            shard = returned.popleft()
            if self.shards.status(shard) != TODO:
                continue
            waits_until = self.waits_until(shard, asker, now)
            is_suspect = self.shards.losses(shard) > 0
            if waits_until is not None:
                again_at, kept = earlier(again_at, waits_until), kept + 1
                skipped.append(shard)
            elif is_suspect and (found or asker.leases):
                skipped.append(shard)  # it may kill its worker: it takes no others with it
            else:
                found.append(shard)
                self.shards.put(shard, LEASED)
                if is_suspect or len(found) == most:
                    most = len(found)
                    break
        returned.extendleft(reversed(skipped))
        for shard in self.shards.fresh(most - len(found) if kept < _LOOK else 0):
            self.shards.put(shard, LEASED)
            found.append(shard)
        return found, again_at

    def waits_until(self, shard: int, asker: Worker, now: float) -> float | None:
        """Until when a shard that failed here is kept for another worker, if there is one."""
        trouble = self.troubles.get(shard)
        if trouble is None or asker.name not in trouble.workers:
            return None
        until = trouble.at + max(PATIENCE, 2 * (self.durations.p95() or 0))
        if now >= until or all(name in trouble.workers for name in self.book.live):
            return None
        return until

    def copy(self, asker: Worker, now: float) -> tuple[Lease | None, float | None]:
        """The lease that an idle worker should copy, or when there may be one."""

        def is_free(lease: Lease) -> bool:
            shard = lease.shard
            if self.book.in_time(shard) > 1 or self.shards.losses(shard) > _MOST_LOSSES_OF_COPIED:
                return False
            if any(each.worker is asker for each in self.book.by_shard[shard]):
                return False
            return self.waits_until(shard, asker, now) is None

        return copies.find(asker, self.book.live.values(), self.durations.p95(), is_free, now)


def earlier(one: float | None, other: float | None) -> float | None:
    """The earlier of two times; None is never."""
    if one is None or other is None:
        return other if one is None else one
    return min(one, other)
