"""A lease service without a process or a clock: time passes when nobody has anything to do."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from millwork.actions.leases import LeaseService, Ports
from millwork.batch.changes import BatchJudged, ShardsCut, ShardsLeased
from millwork.batch.desk import Kept
from millwork.batch.records import Accepted, BatchRow
from millwork.ports import Opening
from millwork.spec.model import Split
from tests.batch.ledger import Ledger
from tests.batch.test_desk import Numbers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence

    from millwork.base.errors import MillworkError
    from millwork.batch.changes import Change
    from millwork.batch.cuts import Cuts
    from millwork.batch.rules import Verdict
    from millwork.ports import News

NAMES = ("w", "w-0", "w-1", "w-2", "w-3")


class VirtualLoop(asyncio.SelectorEventLoop):
    """Sleeps by setting its clock; what others do in threads is done at once."""

    now = 0.0

    def __init__(self) -> None:
        super().__init__()
        real = self._selector.select  # type: ignore[attr-defined]

        def select(timeout: float | None) -> Any:
            events = real(0)
            if not events:
                assert timeout is not None, "everybody waits, and for nothing"
                self.now += timeout
            return events

        self._selector.select = select  # type: ignore[attr-defined]

    def time(self) -> float:
        return self.now

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        done = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:
            done.set_exception(error)
        return done


@dataclass
class Memory:
    """What a store would keep; it outlives the service."""

    ledgers: dict[int, Ledger] = field(default_factory=dict)
    cuts: dict[int, list[ShardsCut]] = field(default_factory=dict)
    rows: dict[str, BatchRow] = field(default_factory=dict)
    commits: list[list[tuple[int, Sequence[Change]]]] = field(default_factory=list)
    epoch: int = 1
    refuses: MillworkError | Exception | None = None

    def begin(self, run: str, epoch: int, step: str, attempt: str, layout: str) -> BatchRow:
        self._check(epoch)
        row = self.rows.get(step)
        if row is None:
            number = len(self.rows) + 1
            row = BatchRow(number, run, step, attempt, layout)
            self.ledgers[number], self.cuts[number] = Ledger(), []
        self.rows[step] = replace(row, attempt=attempt)
        return self.rows[step]

    def start_over(self, epoch: int, batch: BatchRow, layout: str) -> BatchRow:
        self._check(epoch)
        self.ledgers[batch.id], self.cuts[batch.id] = Ledger(), []
        self.rows[batch.step] = replace(batch, layout=layout, verdict=None, reason="")
        return self.rows[batch.step]

    def commit(
        self, run: str, epoch: int, now: float, kept: Sequence[tuple[int, Sequence[Change]]]
    ) -> None:
        self._check(epoch)
        self.commits.append([*kept])
        for number, changes in kept:
            self.ledgers[number].keep(changes)
            self.cuts[number] += [each for each in changes if isinstance(each, ShardsCut)]

    def kept(self, batch: BatchRow) -> Kept:
        ledger = self.ledgers[batch.id]
        shards, leases = [*ledger.shards.values()], [*ledger.leases.values()]
        return Kept(shards, leases, self.cuts[batch.id], ledger.verdict)

    def _check(self, epoch: int) -> None:
        from millwork.base.errors import Fenced

        if epoch != self.epoch:
            raise Fenced
        if self.refuses:
            raise self.refuses

    # What only a run's master asks.

    def batch(self, run: str, step: str) -> BatchRow | None:
        return self.rows.get(step)

    def batches(self, run: str) -> Sequence[BatchRow]:
        return [*self.rows.values()]

    def counts(self, batch: BatchRow) -> Mapping[str, int]:
        raise AssertionError

    def cuts_of(self, batch: BatchRow, atoms: int) -> Cuts:
        raise AssertionError

    def accepted(self, batch: BatchRow) -> Iterator[Accepted]:
        raise AssertionError

    def failures(
        self, batch: BatchRow, after: int = -1, limit: int = 100
    ) -> Sequence[Mapping[str, Any]]:
        raise AssertionError

    # What tests ask.

    def verdict(self, step: str = "s") -> Verdict | None:
        return self.ledgers[self.rows[step].id].verdict

    def kinds(self) -> list[list[str]]:
        """The kinds of changes, commit by commit."""
        return [
            [type(change).__name__ for _, changes in commit for change in changes]
            for commit in self.commits
        ]

    def leased(self) -> set[str]:
        """The tokens that were kept."""
        changes = [change for commit in self.commits for _, kept in commit for change in kept]
        leases = [change.leases for change in changes if isinstance(change, ShardsLeased)]
        return {lease.token for each in leases for lease in each}

    def judged(self) -> list[BatchJudged]:
        changes = [change for commit in self.commits for _, kept in commit for change in kept]
        return [change for change in changes if isinstance(change, BatchJudged)]


@dataclass
class Place:
    """Where services are made, one after the other, and what they have told."""

    loop: VirtualLoop
    folder: str
    memory: Memory = field(default_factory=Memory)
    atoms: int = 4
    told: list[tuple[str, News]] = field(default_factory=list)
    cuts: list[str] = field(default_factory=list)
    fault: Exception | None = None
    load_fault: Exception | None = None
    gave_up: list[MillworkError] = field(default_factory=list)

    def wall(self) -> float:
        return self.loop.now + 1e6

    def monotonic(self) -> float:
        return self.loop.now

    def service(self, epoch: int = 1) -> LeaseService:
        records: Any = self.memory
        return LeaseService(
            "r", epoch, Ports(records, self, self._cut, self._load, self._tell, self._give_up)
        )

    def _cut(self, opening: Opening, to: str) -> None:
        self.cuts.append(to)
        if self.fault:
            raise self.fault
        with open(to, "w", encoding="utf-8") as file:
            file.write("x")

    def _load(self, path: str) -> Numbers:
        if self.load_fault:
            raise self.load_fault
        return Numbers(self.atoms)

    def _tell(self, attempt: str, news: News) -> None:
        self.told.append((attempt, news))

    def _give_up(self, error: MillworkError) -> None:
        self.gave_up.append(error)
        raise SystemExit(3)

    def opening(self, step: str = "s", attempt: str = "r-1", **more: Any) -> Opening:
        split = more.pop("split", Split("files", 1))
        rules = more.pop("rules", {})
        return Opening(
            step=step, attempt=attempt, token=f"secret of {attempt}", source="/in", root="/in",
            folder=self.folder, split=split, rules=rules, seats=4, names=NAMES, **more,
        )  # fmt: skip


def run(folder: object, body: Callable[[Place], Awaitable[None]], **more: Any) -> Place:
    """Does it in a loop of its own, whose time is its own."""
    loop = VirtualLoop()
    place = Place(loop, str(folder), **more)
    try:
        loop.run_until_complete(asyncio.ensure_future(body(place), loop=loop))
    finally:
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
    return place
