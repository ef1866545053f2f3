"""Who holds what: the leases that count, by token and by shard, and the workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.batch.state import Worker

if TYPE_CHECKING:
    from collections.abc import Collection

    from millwork.batch.state import Lease


class Book:
    """The leases and the workers; `pace` is what those that live do together, shards a second."""

    def __init__(self) -> None:
        self.tokens: dict[str, Lease] = {}
        self.by_shard: dict[int, list[Lease]] = {}
        self.workers: dict[str, Worker] = {}
        self.live: dict[str, Worker] = {}
        self.pace = 0.0

    def hold(self, lease: Lease) -> None:
        """It counts from now on."""
        self.tokens[lease.token] = lease.worker.leases[lease.token] = lease
        self.by_shard.setdefault(lease.shard, []).append(lease)

    def make_late(self, lease: Lease) -> None:
        """Its time is over: another may have the shard, and the first result is taken."""
        lease.worker.late[lease.token] = lease.worker.leases.pop(lease.token)

    def drop(self, lease: Lease) -> None:
        """It does not count any more."""
        del self.tokens[lease.token]
        lease.worker.leases.pop(lease.token, None)
        lease.worker.late.pop(lease.token, None)
        others = self.by_shard[lease.shard]
        others.remove(lease)
        if not others:
            del self.by_shard[lease.shard]

    def void(self, shard: int) -> None:
        """None of a shard's leases counts any more."""
        for lease in tuple(self.by_shard.get(shard, ())):
            self.drop(lease)

    def renew_unknown(self, worker: Worker, held: Collection[str], now: float) -> list[Lease]:
        """The leases that a worker was granted and does not know of, for their full time again."""
        missed = [lease for token, lease in worker.leases.items() if token not in held]
        for lease in missed:
            lease.deadline = now + lease.seconds
        if len(missed) == len(worker.leases):
            worker.began = now
        if missed:
            worker.asked = None
        return missed

    def in_time(self, shard: int) -> int:
        """How many leases of a shard have not expired."""
        return sum(not lease.is_late for lease in self.by_shard.get(shard, ()))

    def known(self, name: str) -> Worker:
        """The worker of this name."""
        worker = self.workers.get(name)
        if worker is None:
            worker = self.workers[name] = Worker(name)
        return worker

    def hear(self, name: str) -> Worker:
        """A worker has said something, so it lives."""
        worker = self.known(name)
        if not worker.is_live:
            worker.is_live = True
            self.live[name] = worker
            self.pace += worker.pace.shards
        return worker

    def part(self, worker: Worker) -> None:
        """No more is expected of it."""
        if worker.is_live:
            worker.is_live = False
            del self.live[worker.name]
            self.pace = self.pace - worker.pace.shards if self.live else 0.0

    def measure(self, worker: Worker, seconds: float, items: int) -> None:
        """A worker took so long for a shard."""
        before = worker.pace.shards
        worker.pace.add(seconds, items)
        if worker.is_live:
            self.pace += worker.pace.shards - before

    def idle(self, but: Worker | None, since: float) -> int:
        """How many workers wait for a shard, and have asked `since` then."""
        return sum(
            not each.leases and each.asked is not None and each.asked >= since
            for each in self.live.values()
            if each is not but
        )
