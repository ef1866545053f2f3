"""How fast shards go: how long they took, as far as leases, copies and the expected end need it."""

from __future__ import annotations

from math import log2

MIN_FINISHED = 3
_SHORTEST, _PER_DOUBLING, _BUCKETS = 1e-4, 8, 320
_DECAY = 0.8


class Durations:
    """Seconds that finished shards took, in 320 buckets, each 9 % wider than the one before."""

    def __init__(self) -> None:
        self.count = 0
        self._buckets = [0] * _BUCKETS
        self._p95 = 0.0
        self._stale_at = 0

    def add(self, seconds: float) -> None:
        """Takes in one more."""
        place = int(log2(max(seconds, _SHORTEST) / _SHORTEST) * _PER_DOUBLING)
        self._buckets[min(place, _BUCKETS - 1)] += 1
        self.count += 1

    def p95(self) -> float | None:
        """What 95 % of them took at most, to 9 %; None before three have finished."""
        if self.count < MIN_FINISHED:
            return None
        if self.count >= self._stale_at:
            self._p95 = self._quantile()
            self._stale_at = self.count + max(1, self.count // 32)
        return self._p95

    def _quantile(self) -> float:
        above, place = 0, _BUCKETS
        while above <= self.count // 20:
            place -= 1
            above += self._buckets[place]
        return _SHORTEST * float(2 ** ((place + 1) / _PER_DOUBLING))


class Pace:
    """A worker's recent speed: the last handful of shards weigh most."""

    __slots__ = ("_items", "_seconds", "_shards", "measured")

    def __init__(self) -> None:
        self.measured = 0
        self._shards = self._seconds = self._items = 0.0

    def add(self, seconds: float, items: int) -> None:
        """Takes in one more shard."""
        self.measured += 1
        self._seconds = self._seconds * _DECAY + max(seconds, _SHORTEST)
        self._shards = self._shards * _DECAY + 1
        self._items = self._items * _DECAY + items

    @property
    def shards(self) -> float:
        """Shards a second while it works; 0 if not known."""
        return self._shards / self._seconds if self.measured else 0.0

    @property
    def items(self) -> float:
        """Items a second while it works; 0 if not known."""
        return self._items / self._seconds if self.measured else 0.0
