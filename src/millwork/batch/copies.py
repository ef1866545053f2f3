"""Which lease gets a second worker, once nothing is left to be leased for the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.records import dataclass
from millwork.batch.speed import MIN_FINISHED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from millwork.batch.state import Lease, Worker

SLOW = 1.5
FASTER = 2.0


@dataclass
class _Best:
    """The candidate that is most worth a copy so far."""

    lease: Lease | None = None
    worth: float = 0.0

    def offer(self, lease: Lease, worth: float) -> None:
        """Takes it if it is worth more."""
        if worth > self.worth or self.lease is None:
            self.lease, self.worth = lease, worth


def find(
    asker: Worker,
    holders: Iterable[Worker],
    p95: float | None,
    is_free: Callable[[Lease], bool],
    now: float,
) -> tuple[Lease | None, float | None]:
    """The lease that an idle worker should copy; or when there may be one, if that is known.

    First one that its holder has not begun, since others come before it. Then the oldest that
    takes longer than 1.5 times what 95 % took, or twice what the asker needs for one, or whose
    holder is half as fast as the asker.
    Time: one step a holder.
    """
    waiting, running, later = _Best(), _Best(), None
    for holder in holders:
        if holder is asker or not holder.leases:
            continue
        last = _not_begun(holder, is_free)
        if last:
            waiting.offer(last, _seconds_until(holder))
        head = next(iter(holder.leases.values()))
        if not is_free(head):
            continue
        slow = _slow(asker, p95)
        due = None if slow is None else holder.began + slow
        if _is_slower(holder, asker) or (due is not None and now >= due):
            running.offer(head, now - holder.began)
        elif due is not None:
            later = due if later is None else min(due, later)
    return waiting.lease or running.lease, later


def _slow(asker: Worker, p95: float | None) -> float | None:
    """The seconds after which a shard takes too long; None as long as nobody knows."""
    times = [] if p95 is None else [SLOW * p95]
    if asker.pace.measured >= MIN_FINISHED:
        times.append(FASTER / asker.pace.shards)
    return min(times, default=None)


def _not_begun(holder: Worker, is_free: Callable[[Lease], bool]) -> Lease | None:
    """The last of its leases that is free; never the first."""
    behind = len(holder.leases) - 1
    for lease in reversed(holder.leases.values()):
        if behind == 0:
            return None
        if is_free(lease):
            return lease
        behind -= 1
    return None


def _seconds_until(holder: Worker) -> float:
    pace = holder.pace.shards
    return (len(holder.leases) - 1) / pace if pace else float("inf")


def _is_slower(holder: Worker, asker: Worker) -> bool:
    if min(holder.pace.measured, asker.pace.measured) < MIN_FINISHED:
        return False
    return asker.pace.shards >= FASTER * holder.pace.shards
