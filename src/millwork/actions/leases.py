"""The lease service of one run: its batches are opened, and asked for shards, one turn at a time.

All calls that come in one turn of the event loop are kept by one commit, and answered after it.
A commit that fails ends the process: whoever takes its place goes on from what was kept.
"""

from __future__ import annotations

import asyncio
import hmac
import os
import secrets
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from millwork.base.errors import Fenced, MillworkError, RunFailed, Unavailable
from millwork.base.records import dataclass, field
from millwork.batch.changes import BatchJudged
from millwork.batch.desk import Desk, Terms, replica_of
from millwork.batch.rules import Rules
from millwork.plan.transfers import DONE
from millwork.ports.leases import News

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from millwork.batch.decision import Decision, DoneAnswer, RenewAnswer, Result
    from millwork.batch.desk import Layout
    from millwork.batch.records import BatchRow, Records
    from millwork.batch.status import Status
    from millwork.ports import Clock, Opening
    from millwork.spec.model import Split

_D = TypeVar("_D", bound="Decision")
LAYOUT = "shards.jsonl"
REASON = "reason"
"""What says in a worker's folder why its attempt's data is not there."""
_TOKEN = 9  # bytes of randomness of a lease
_PATIENCE = 60.0


@dataclass
class _Batch:
    """A batch that is open; without a desk as long as its input is being brought, or cut.

    It is `brought` when a worker asks, who has waited for it, or when one could not bring it.
    """

    opening: Opening
    row: BatchRow | None = None
    desk: Desk | None = None
    failure: str = ""
    is_ready: asyncio.Event = field(default_factory=asyncio.Event)
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    brought: asyncio.Event = field(default_factory=asyncio.Event)
    is_waiting: bool = False
    not_brought: str = ""
    news: News | None = None


@dataclass(frozen=True)
class Ports:
    """What the service needs of the world.

    `cut` makes a layout file of an opening, `load` opens one; `tell` brings news to the run's
    master; `give_up` ends the process.
    """

    records: Records
    clock: Clock
    cut: Callable[[Opening, str], None]
    load: Callable[[str], Layout]
    tell: Callable[[str, News], None]
    give_up: Callable[[MillworkError], None]


class NoBatch(MillworkError):
    """The batch is over, or its input could not be cut."""


class LeaseService:
    """Answers the workers of one run; `epoch` is its master's, who alone may write."""

    def __init__(self, run: str, epoch: int, ports: Ports) -> None:
        self._run, self._epoch, self._ports = run, epoch, ports
        self._batches: dict[str, _Batch] = {}
        self._commit: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    # --- what the run's master says -------------------------------------------------------

    async def open(self, opening: Opening) -> None:
        """Cuts the input, unless an earlier service has, and goes on from what was kept."""
        batch = self._batches[opening.attempt] = _Batch(opening)
        try:
            await self._prepare(batch)
        except Fenced as error:
            self._ports.give_up(error)
        except (MillworkError, OSError) as error:
            if self._batches.get(opening.attempt) is batch:  # else nobody waits for it any more
                batch.failure = str(error)
                self._judge_unready(batch)
        batch.is_ready.set()
        self._look(batch)

    async def gone(self, attempt: str, worker: str, *, is_lost: bool) -> None:
        """A worker has ended, by itself or not."""
        batch = self._batches.get(attempt)
        if batch is None:
            return
        if is_lost and batch.is_waiting:
            batch.not_brought = _why_not_brought(batch.opening.folder, worker)
            if batch.not_brought:
                batch.brought.set()
            return
        await batch.is_ready.wait()
        if batch.desk:
            self._act(batch, batch.desk.gone(worker, self._now(), is_lost=is_lost))
            await self._kept()

    def close(self, attempt: str) -> None:
        """The attempt is over."""
        batch = self._batches.pop(attempt, None)
        if batch:
            batch.woken.set()

    # --- what workers ask -----------------------------------------------------------------

    def find(self, token: str) -> str | None:
        """The attempt whose workers have this token."""
        for attempt, batch in self._batches.items():
            if hmac.compare_digest(batch.opening.token.encode(), token.encode()):
                return attempt
        return None

    def knows(self, attempt: str, worker: str) -> bool:
        """Whether a worker of this name belongs to a replica of the attempt."""
        seat = replica_of(worker).partition("~")[0]
        return attempt in self._batches and seat in self._batches[attempt].opening.names

    def give_up(self, error: Exception) -> None:
        """Ends the process for a defect: another goes on from what was kept."""
        self._ports.give_up(MillworkError(f"{type(error).__name__}: {error}"))

    async def lease(
        self, attempt: str, worker: str, most: int, wait: float, held: Collection[str] | None
    ) -> tuple[list[dict[str, Any]], bool]:
        """Shards for a worker, waited for at most `wait` seconds; and whether there are no more."""
        deadline = self._now() + min(wait, _PATIENCE)
        while (batch := self._batches.get(attempt)) is not None:
            batch.brought.set()
            if not batch.is_ready.is_set():
                if not await _comes(batch.is_ready, deadline - self._now()):
                    return [], False
                continue
            if batch.desk is None:
                return [], True
            now, woken = self._now(), batch.woken
            answer = batch.desk.lease(worker, most, held, now)
            self._act(batch, answer)
            await self._kept()
            if answer.grants or answer.is_over or now >= deadline:
                return [batch.desk.told(grant) for grant in answer.grants], answer.is_over
            until = min(deadline, answer.again_at or deadline)
            await _comes(woken, until - self._now())
        return [], True

    async def renew(
        self, attempt: str, worker: str, tokens: Collection[str], items: int
    ) -> RenewAnswer:
        """Which of its leases a worker still has."""
        batch, desk = await self._desk(attempt)
        answer = desk.renew(worker, tokens, items, self._now())
        return await self._settled(batch, answer)

    async def done(self, attempt: str, results: Sequence[Result]) -> DoneAnswer:
        """Which results are accepted."""
        batch, desk = await self._desk(attempt)
        return await self._settled(batch, desk.done(results, self._now()))

    async def fail(self, attempt: str, token: str, error: str, *, retryable: bool) -> None:
        """A try has failed."""
        batch, desk = await self._desk(attempt)
        await self._settled(batch, desk.fail(token, error, self._now(), retryable=retryable))

    async def release(self, attempt: str, worker: str, tokens: Collection[str]) -> None:
        """A worker gives back what it has not begun."""
        batch, desk = await self._desk(attempt)
        await self._settled(batch, desk.release(worker, tokens, self._now()))

    async def status(self, attempt: str) -> Status:
        """What is shown of a batch."""
        _, desk = await self._desk(attempt)
        return desk.status(self._now())

    # --- inside ---------------------------------------------------------------------------

    async def _prepare(self, batch: _Batch) -> None:
        opening, records = batch.opening, self._ports.records
        path = f"{opening.folder}/{LAYOUT}"
        row = self._begin(opening, path)
        if (opening.anew and row.layout != path) or not _is_there(row.layout):
            row = records.start_over(self._epoch, row, path)
            batch.row = row
            await self._bring(batch)
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, self._ports.cut, opening, path)
        batch.row = row
        layout = self._ports.load(row.layout)
        terms = Terms(
            layout=layout,
            rules=Rules(**opening.rules),
            root=opening.root,
            by_speed=_is_by_speed(opening.split),
            new_token=_new_token,
            place=partial(_place, opening.folder),
        )
        batch.desk = Desk(terms, records.kept(row), opening.gone, self._now())
        await self._kept()

    async def _bring(self, batch: _Batch) -> None:
        """Waits until a worker has brought the input, if that is elsewhere. Raises RunFailed."""
        opening = batch.opening
        if not opening.is_brought or os.path.exists(f"{opening.folder}/{DONE}"):
            return
        batch.is_waiting, batch.news = True, News(1, 0)
        self._ports.tell(opening.attempt, batch.news)
        await batch.brought.wait()
        batch.is_waiting = False
        if batch.not_brought:
            raise RunFailed(batch.not_brought)

    def _begin(self, opening: Opening, path: str) -> BatchRow:
        try:
            return self._ports.records.begin(
                self._run, self._epoch, opening.step, opening.attempt, path
            )
        except Unavailable as error:  # the database may be there for the next service
            self._ports.give_up(error)
            raise

    def _judge_unready(self, batch: _Batch) -> None:
        """The input cannot be cut: that is the verdict."""
        if batch.row:
            judged = BatchJudged("failed", batch.failure)
            self._write([(batch.row.id, [judged])])

    async def _desk(self, attempt: str) -> tuple[_Batch, Desk]:
        batch = self._batches.get(attempt)
        if batch:
            await batch.is_ready.wait()
        if batch is None or batch.desk is None:
            raise NoBatch
        return batch, batch.desk

    async def _settled(self, batch: _Batch, decision: _D) -> _D:
        self._act(batch, decision)
        await self._kept()
        return decision

    def _act(self, batch: _Batch, decision: Decision) -> None:
        if decision.wakes:
            batch.woken.set()
            batch.woken = asyncio.Event()

    async def _kept(self) -> None:
        """Waits until all that was decided in this turn has been kept."""
        if self._commit is None:
            loop = asyncio.get_running_loop()
            self._commit = loop.create_future()
            loop.call_soon(self._flush)
        await asyncio.shield(self._commit)

    def _flush(self) -> None:
        commit, self._commit = self._commit, None
        if commit is None:  # a tick came first
            return
        kept = []
        for batch in self._batches.values():
            if batch.desk and batch.row and batch.desk.changes:
                kept.append((batch.row.id, batch.desk.changes))
                batch.desk.changes = []
        if kept:
            self._write(kept)
        commit.set_result(None)
        for batch in self._batches.values():
            self._look(batch)
        self._set_timer()

    def _write(self, kept: Sequence[tuple[int, Sequence[Any]]]) -> None:
        try:
            self._ports.records.commit(self._run, self._epoch, self._ports.clock.wall(), kept)
        except MillworkError as error:
            self._ports.give_up(error)
        except Exception as error:  # a defect: nobody may wait for ever for what is not kept
            self.give_up(error)

    def _look(self, batch: _Batch) -> None:
        """Tells the run's master what has changed for it."""
        if batch.failure:
            news = News(0, 0, "failed", batch.failure)
        elif batch.desk:
            news = batch.desk.news(self._now(), batch.opening.seats)
        else:
            return
        if news != batch.news:
            batch.news = news
            self._ports.tell(batch.opening.attempt, news)

    def _set_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        dues = [batch.desk.next_deadline() for batch in self._batches.values() if batch.desk]
        times = [due for due in dues if due is not None]
        if times:
            loop = asyncio.get_running_loop()
            delay = max(0.0, min(times) - self._now())
            self._timer = loop.call_later(delay + 0.001, self._tick)

    def _tick(self) -> None:
        self._timer = None
        for batch in self._batches.values():
            if batch.desk:
                self._act(batch, batch.desk.tick(self._now()))
        self._commit = self._commit or asyncio.get_running_loop().create_future()
        self._flush()

    def _now(self) -> float:
        return self._ports.clock.monotonic()


def _is_there(path: str) -> bool:
    """Whether a file is there. Raises OSError where nobody can say."""
    try:
        os.stat(path)
    except FileNotFoundError:
        return False
    return True


def _why_not_brought(folder: str, worker: str) -> str:
    """What a worker that has ended says of the input that it could not bring, if it says so."""
    try:
        with open(f"{folder}/{worker}/{REASON}", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return ""


def _is_by_speed(split: Split) -> bool:
    return split.by == "auto" and split.size is None


def _new_token() -> str:
    return secrets.token_hex(_TOKEN)  # it is a word of a command: none may begin with a dash


def _place(folder: str, replica: str) -> str:
    """Where the log of a replica is at the moment: its file, and the byte."""
    path = f"{folder}/{replica}/log"
    try:
        return f"{path}:{os.stat(path).st_size}"
    except OSError:
        return ""


async def _comes(event: asyncio.Event, seconds: float) -> bool:
    """Whether it comes within so many seconds."""
    if seconds <= 0:
        return event.is_set()
    try:
        await asyncio.wait_for(event.wait(), seconds)
    except TimeoutError:
        return False
    return True
