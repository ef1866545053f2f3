"""The events of all runs as they are kept, told to everyone who listens.

Within a run events are numbered in the run's own transaction, so they come in order and without
gaps, whichever writer is slow; between runs there is no order. So a stream's place is the number
that it has reached in each run, not one number for all: a run whose writer holds its transaction
for long is told when that commits, whatever was told of others meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from functools import partial
from typing import TYPE_CHECKING, Any

from millwork.base.errors import BadRequest, MillworkError
from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
    from typing import TypeAlias

    from millwork.actions.context import Context
    from millwork.actions.exchange import EventFeed
    from millwork.api.threads import Threads

    Event: TypeAlias = tuple[int, float, bytes]  # its number, its time, and the message of it

_log = logging.getLogger("millwork.api")
_TICK = 0.1
_RECENT = 60.0
"""Seconds that a transaction may take, and by which clocks of machines may differ."""
_DAY = 86_400.0
BEAT = 15.0
_MOST_WAITING = 5000
_MOST_AT_ONCE = 1000  # of one run; the rest comes with the next look
_MOST_RUNS = 1000  # whose numbers an id tells: those of the others are told by its time
_ID = re.compile(r"(?P<time>\d{1,12});(?P<runs>([0-9a-z]{1,32}:\d{1,15}(,|$)){0,1000})")
_RESET = b"event: reset\ndata: {}\n\n"


@dataclass(frozen=True)
class Head:
    """How far a run's history goes, and who may be told of it."""

    run: str
    workspace: str
    creator: str
    visibility: str
    last: int


@dataclass
class Listener:
    """One stream: what it is of, the number it has reached in each run, and what is to be sent.

    Of runs without a number it has been told, or does not ask for, what was before `horizon` (in
    Unix seconds). `missed` are runs of which there was more than could be told at once.
    """

    feed: EventFeed
    horizon: float
    place: dict[str, int]
    missed: dict[str, Head] = field(default_factory=dict)
    waiting: list[bytes] = field(default_factory=list)
    fresh: asyncio.Event = field(default_factory=asyncio.Event)
    is_over: bool = False
    _passing: set[str] = field(default_factory=set)

    def is_behind(self, head: Head) -> bool:
        """Whether a run is one of those that this stream is of, and has something new for it."""
        if head.last <= self.place.get(head.run, 0):
            return False
        if head.workspace != self.feed.workspace or self.feed.run not in ("", head.run):
            return False
        return head.visibility != "private" or self.feed.private_of in (None, head.creator)

    def wants(self, head: Head) -> bool:
        """Whether it is to be told now; who reads slowly is told when there is room again."""
        return len(self.waiting) < _MOST_WAITING and self.is_behind(head)

    def take(self, run: str, events: Iterable[Event]) -> None:
        """Puts a run's events behind those that are to be sent."""
        if run not in self.place:
            self._passing.add(run)
        for number, when, message in events:
            if number <= self.place.get(run, 0):
                continue
            self.place[run] = number
            if run in self._passing and when < self.horizon:
                continue
            self._passing.discard(run)
            self.waiting.append(message)
        if self.waiting:
            self.fresh.set()

    def settle(self, heads: Mapping[str, Head], looked: float) -> None:
        """Notes what could not be told of `heads`, and forgets runs that are over and told."""
        known = {**self.missed, **heads}
        self.missed = {run: head for run, head in known.items() if self.is_behind(head)}
        if not self.missed and not self.feed.run:
            self.place = {run: number for run, number in self.place.items() if run in heads}
            self._passing &= self.place.keys()
            self.horizon = looked - _RECENT

    def id(self) -> bytes:
        """Its place as a text: a time, and numbers of the runs that may have gone on since."""
        runs = [*(run for run in self.missed if run in self.place), *self.place]
        named = list(dict.fromkeys(runs))[:_MOST_RUNS]
        said = ",".join(f"{run}:{self.place[run]}" for run in named)
        return f"id: {max(0, int(self.horizon + _RECENT))};{said}\n".encode()


class Feed:
    """Looks for new events while anybody listens, and once for all who do."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._listeners: list[Listener] = []
        self._looked = 0.0
        self._task: asyncio.Task[None] | None = None

    def close(self) -> None:
        """Ends all streams: the server ends, and who listens may come again."""
        for listener in self._listeners:
            listener.is_over = True
            listener.fresh.set()

    def follow(self, feed: EventFeed) -> AsyncGenerator[bytes, None]:
        """The stream as server-sent events; the id of each message is a place to go on from.

        One whose place is more than a day old begins anew, with a `reset`. Raises BadRequest for a
        place that is none.
        """
        return self._stream(feed, *_place_of(feed.since))

    async def _stream(
        self, feed: EventFeed, then: float, place: dict[str, int]
    ) -> AsyncGenerator[bytes, None]:
        is_old = not feed.run and then < time.time() - _DAY
        is_new = not feed.since or is_old
        try:
            listener = await (self._anew(feed) if is_new else self._resumed(feed, then, place))
        except MillworkError:
            return  # the database is away for a while: who listens comes again
        self._listeners.append(listener)
        if self._task is None:
            self._task = asyncio.create_task(self._look())
        try:
            yield b"retry: 1000\nevent: open\n" + listener.id() + b"data: {}\n\n"
            if feed.since and is_old:
                yield _RESET
            async for message in _told(listener):
                yield message
        finally:
            self._listeners.remove(listener)

    async def _anew(self, feed: EventFeed) -> Listener:
        """A stream from now on; that of one run begins at its first event."""
        now = self._awake()
        if feed.run:
            return Listener(feed, 0.0, {})
        heads = await self._threads.do(partial(_heads, now - _RECENT))
        listener = Listener(feed, now - _RECENT, {})
        # What it may not see has no place in it: its ids would tell of that.
        listener.place = {head.run: head.last for head in heads if listener.is_behind(head)}
        return listener

    async def _resumed(self, feed: EventFeed, then: float, place: dict[str, int]) -> Listener:
        """A stream that goes on where it was."""
        self._awake()
        horizon = 0.0 if feed.run else then - _RECENT
        listener = Listener(feed, horizon, place)
        heads = [] if feed.run else await self._threads.do(partial(_heads, horizon))
        heads += await self._threads.do(partial(_heads_of, tuple(place)))
        listener.missed = {head.run: head for head in heads if listener.is_behind(head)}
        return listener

    def _awake(self) -> float:
        """The time; while nobody listens, nothing has to be looked at again."""
        now = time.time()
        if self._task is None:
            self._looked = now
        return now

    async def _look(self) -> None:
        """Tells what is new, until nobody listens any more."""
        while self._listeners:
            try:
                await self._tell()
            except MillworkError:
                await asyncio.sleep(1.0)  # the database is away for a while
            except Exception:
                _log.exception("events could not be told")
                await asyncio.sleep(1.0)
            await asyncio.sleep(_TICK)  # who has written is another process, and tells nobody
        self._task = None

    async def _tell(self) -> None:
        now, listening = time.time(), tuple(self._listeners)
        found = await self._threads.do(partial(_heads, self._looked - _RECENT))
        self._looked = now
        heads = {head.run: head for one in listening for head in one.missed.values()}
        heads |= {head.run: head for head in found}
        single = {one.feed.run for one in listening} - {"", *heads}
        if single:
            own = await self._threads.do(partial(_heads_of, tuple(single)))
            heads |= {head.run: head for head in own}
        wanted = {
            run: wanting
            for run, head in heads.items()
            if (wanting := [one for one in listening if one.wants(head)])
        }
        if wanted:
            after = {
                run: min(one.place.get(run, 0) for one in wanting)
                for run, wanting in wanted.items()
            }
            events = await self._threads.do(partial(_events_after, after))
            for run, some in events.items():
                for one in wanted[run]:
                    one.take(run, some)
                    if not some:  # they are gone
                        one.place[run] = heads[run].last
        recent = {head.run: head for head in found}
        for one in listening:
            one.settle(recent, now)


async def _told(listener: Listener) -> AsyncGenerator[bytes, None]:
    while True:
        try:
            await asyncio.wait_for(listener.fresh.wait(), BEAT)
        except TimeoutError:
            yield b": still here\n\n"
            continue
        if listener.is_over:
            return
        listener.fresh.clear()
        messages, listener.waiting = listener.waiting, []
        # One id, with the last of them: who is cut off before it gets some once more.
        messages[-1] = listener.id() + messages[-1]
        yield b"".join(messages)


def _heads(since: float, context: Context) -> list[Head]:
    """Of the runs that are not over or have ended since, as far as they may have gone on."""
    return [Head(**row) for row in context.store.heads(since)]


def _heads_of(runs: Sequence[str], context: Context) -> list[Head]:
    return [Head(**row) for run in runs for row in context.store.head(run)]


def _events_after(places: Mapping[str, int], context: Context) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    count = 0
    for run, after in places.items():
        if count >= _MOST_WAITING:
            break
        events = context.store.some_events(run, after, _MOST_AT_ONCE)
        found[run] = [(event["seq"], event["time"], _message(event)) for event in events]
        count += len(events)
    return found


def _message(event: Mapping[str, Any]) -> bytes:
    data = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return f"event: change\ndata: {data}\n\n".encode()


def _place_of(text: str) -> tuple[float, dict[str, int]]:
    """The time and place of an id; raises BadRequest for a text that is none."""
    if not text:
        return 0.0, {}
    found = _ID.fullmatch(text)
    if not found:
        raise BadRequest("Last-Event-ID: expected the id of a message of this stream")
    parts = (part.partition(":") for part in found["runs"].split(",") if part)
    return float(found["time"]), {run: int(number) for run, _, number in parts}
