"""What the machine knows of shards, leases and workers: 15 bytes a shard."""

from __future__ import annotations

from array import array
from collections import deque
from typing import TYPE_CHECKING

from millwork.base.records import dataclass
from millwork.batch.speed import Pace

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.batch.changes import ShardStatus

TODO, LEASED, DONE, FAILED = range(4)
STATUSES: tuple[ShardStatus, ...] = ("todo", "leased", "done", "failed")
_MOST = 255


class Shards:
    """The shards by number, and the order in which they are given out.

    What was returned comes before what nobody has had yet, so that a bad shard is found early.
    """

    def __init__(self, total: int) -> None:
        self.total = total
        self.counts = [total, 0, 0, 0]
        self.returned: deque[int] = deque()
        self._status = bytearray(total)
        self._failures = bytearray(total)
        self._losses = bytearray(total)
        self._attempts = array("I", bytes(4 * total))
        self._accepted = array("q", bytes(8 * total))
        self._fresh = 0

    def extend(self, count: int) -> None:
        """So many more are to be leased."""
        self.total += count
        self.counts[TODO] += count
        for flags in (self._status, self._failures, self._losses):
            flags.extend(bytes(count))
        self._attempts.frombytes(bytes(4 * count))
        self._accepted.frombytes(bytes(8 * count))

    def status(self, shard: int) -> int:
        """TODO, LEASED, DONE or FAILED."""
        return self._status[shard]

    def put(self, shard: int, status: int) -> None:
        """Changes a shard's status."""
        self.counts[self._status[shard]] -= 1
        self.counts[status] += 1
        self._status[shard] = status

    def give_back(self, shard: int) -> None:
        """It is to be leased again."""
        self.put(shard, TODO)
        self.returned.append(shard)

    def fresh(self, most: int) -> Iterator[int]:
        """Takes shards that nobody has had yet, in order."""
        while most > 0:
            shard = self._status.find(TODO, self._fresh)
            if shard < 0:
                self._fresh = self.total
                return
            self._fresh = shard + 1
            # What has a history is among `returned`, which knows who may have it.
            if not (self._failures[shard] or self._losses[shard]):
                most -= 1
                yield shard

    def has_fresh(self) -> bool:
        """Whether there is one that nobody has had yet."""
        shard = self._status.find(TODO, self._fresh)
        while shard >= 0 and (self._failures[shard] or self._losses[shard]):
            shard = self._status.find(TODO, shard + 1)
        return shard >= 0

    def failures(self, shard: int) -> int:
        """How often it has failed, to 255."""
        return self._failures[shard]

    def set_failures(self, shard: int, count: int) -> None:
        """Notes how often it has failed."""
        self._failures[shard] = min(count, _MOST)

    def losses(self, shard: int) -> int:
        """How often it was lost with its worker, to 255."""
        return self._losses[shard]

    def set_losses(self, shard: int, count: int) -> None:
        """Notes how often it was lost."""
        self._losses[shard] = min(count, _MOST)

    def next_attempt(self, shard: int) -> int:
        """The number of its next lease, from 0."""
        attempt = self._attempts[shard]
        self._attempts[shard] = attempt + 1
        return attempt

    def set_attempts(self, shard: int, count: int) -> None:
        """Notes that there have been so many leases, if fewer are known."""
        self._attempts[shard] = max(self._attempts[shard], count)

    def accept(self, shard: int, token: str) -> None:
        """It is done, by this lease."""
        self.put(shard, DONE)
        self._accepted[shard] = hash(token)

    def was_accepted(self, token: str) -> bool:
        """Whether it is the token by which its shard was done."""
        number = token.rpartition("-")[2]
        if not (number.isdecimal() and number.isascii() and len(number) < 12):
            return False
        shard = int(number)
        if shard >= self.total or self._status[shard] != DONE:
            return False
        return self._accepted[shard] == hash(token)


class Worker:
    """A worker, by the name that stays with it when it is started again.

    `began` is when the first of its leases began, as far as calls tell: it works in their order.
    """

    __slots__ = ("asked", "began", "done", "failed", "is_live", "items", "late", "leases", "name",
                 "pace", "progress")  # fmt: skip

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_live = False
        self.leases: dict[str, Lease] = {}
        self.late: dict[str, Lease] = {}
        self.pace = Pace()
        self.began = 0.0
        self.asked: float | None = None
        self.done = self.failed = self.items = self.progress = 0


class Lease:
    """A try of a shard by a worker, which counts until `deadline`; then it is late."""

    __slots__ = ("attempt", "deadline", "seconds", "shard", "since", "token", "worker")

    def __init__(
        self, shard: int, attempt: int, token: str, worker: Worker, since: float, seconds: float
    ) -> None:
        self.shard = shard
        self.attempt = attempt
        self.token = token
        self.worker = worker
        self.since = since
        self.seconds = seconds
        self.deadline = since + seconds

    @property
    def is_late(self) -> bool:
        """Whether it has expired."""
        return self.token in self.worker.late


@dataclass
class Trouble:
    """What is known of a shard that failed: where, when last, and the last error."""

    workers: tuple[str, ...]
    at: float
    error: str
