"""Which atoms of a layout each shard consists of.

An atom is as little as a layout can be cut into. Where a size was asked for, each is a shard.
Else shards are joined of atoms as they are wanted, of as many as take some seconds.
"""

from __future__ import annotations

from bisect import bisect_right
from operator import attrgetter
from typing import TYPE_CHECKING

from millwork.batch.changes import ShardsCut

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

TARGET = 10.0
MOST = 10_000
_ROUNDS = 4
_DECAY = 0.9


class Cuts:
    """The shards of a layout, so far. `by_speed`: they are cut as they are wanted."""

    def __init__(self, atoms: int, *, by_speed: bool) -> None:
        self._atoms, self._next = atoms, 0
        self._seconds = self._measured = 0.0
        self._blocks: list[ShardsCut] = []
        self.total = 0
        if not by_speed:
            self._take(ShardsCut(0, 0, 1, atoms))

    @property
    def left(self) -> int:
        """How many atoms belong to no shard yet."""
        return self._atoms - self._next

    @property
    def is_whole(self) -> bool:
        """Whether every atom belongs to a shard."""
        return not self.left

    def seconds_left(self) -> float | None:
        """How long one worker would take for what is not cut; None if nobody knows."""
        if not self.left:
            return 0.0
        return self.left * self._seconds / self._measured if self._measured else None

    def restore(self, blocks: Iterable[ShardsCut]) -> None:
        """What was cut before, in order."""
        for block in blocks:
            self._take(block)

    def atoms_of(self, shard: int) -> tuple[int, int]:
        """A shard's first atom, and how many it has."""
        place = bisect_right(self._blocks, shard, key=attrgetter("shard")) - 1
        block = self._blocks[place]
        first = block.atom + (shard - block.shard) * block.size
        return first, min(block.size, self._end_of(place) - first)

    def items_of(self, shard: int, items: Sequence[int] | int) -> int:
        """How many items a shard has, of those that each atom has, or all."""
        first, count = self.atoms_of(shard)
        return items * count if isinstance(items, int) else sum(items[first : first + count])

    def measure(self, shard: int, seconds: float) -> None:
        """A shard took so long."""
        self._seconds = self._seconds * _DECAY + seconds
        self._measured = self._measured * _DECAY + self.atoms_of(shard)[1]

    def cut(self, workers: int) -> ShardsCut | None:
        """Some more shards, one for each worker; None if no atom is left.

        They get smaller to the end, so that all workers finish at about the same time: never more
        than a fourth of each worker's part of what is left. Nor more than twice as large as those
        before, since what was measured first may say little.
        """
        if not self.left:
            return None
        workers = max(workers, 1)
        fair = self.left // (_ROUNDS * workers)
        most = 2 * self._blocks[-1].size if self._blocks else 1
        size = max(1, min(fair, most, self._size(), MOST))
        count = min(workers, -(-self.left // size))
        return self._take(ShardsCut(self.total, self._next, size, count))

    def _size(self) -> int:
        """Atoms that take about ten seconds; one as long as it is not known what one takes."""
        if not self._measured:
            return 1
        return int(TARGET * self._measured / max(self._seconds, 1e-6))

    def _take(self, block: ShardsCut) -> ShardsCut:
        self._blocks.append(block)
        self.total = block.shard + block.count
        self._next = min(block.atom + block.size * block.count, self._atoms)
        return block

    def _end_of(self, place: int) -> int:
        """The atom behind a block's last."""
        is_last = place + 1 == len(self._blocks)
        return self._next if is_last else self._blocks[place + 1].atom
