"""The leases that a worker holds: taken in advance, renewed, and told of when they end.

A second thread does all the telling, over a connection of its own. While one call is under way
the next shards end, so many short ones are told of in one call, and a long one at once.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from .service import Refused
from .shard import Shard
from .staging import sync

if TYPE_CHECKING:
    from typing import Any, Deque, Dict, Iterable, List, Optional, Set, Tuple

    from .service import Service

WAIT = 20.0  # seconds for which the server may hold back an answer while there is no work
AHEAD = 0.2  # seconds of work that are leased at once: what waits here is kept from idle workers
LEFT = "the loop was left before the shard was done (break, return, exit or an exception)"
_PATIENCE_AT_END = 8.0  # seconds
_SHARE = 3  # a lease is renewed after this part of its time
_LEFT_FOR = 5.0  # seconds after which a loop that was left does not come back with its reason


class Tally(NamedTuple):
    """How many shards were accepted as done, failed, and lost to somebody else."""

    done: int = 0
    failed: int = 0
    lost: int = 0


class Ended(NamedTuple):
    """A shard that is to be told of: `verb` is done, fail or release."""

    shard: Shard
    verb: str
    body: Dict[str, Any]


class Leases:
    """Takes shards from a service, and gives every one of them back in some way."""

    def __init__(self, asking: Service, telling: Service, worker: str, most: int = 8) -> None:
        self.tally = Tally()
        self.is_stopping = False  # every lease is to be given back
        self._asking, self._telling = asking, telling
        self._worker, self._most = worker, most
        self._process = os.getpid()
        self._one_asks = threading.Lock()
        self._changed = threading.Condition()
        self._queue: Deque[Shard] = deque()
        self._held: Dict[str, Shard] = {}
        self._begun: Dict[str, float] = {}  # when the shards in hand were handed out
        self._ended: List[Ended] = []
        self._untold = 0
        self._items = 0
        self._pace = AHEAD  # seconds that a shard takes, rather too many
        self._left: Set[str] = set()
        self._left_at = 0.0
        self._due = 0.0
        self._is_finished = self._is_closing = False
        self._error: Optional[BaseException] = None
        self._thread = threading.Thread(target=self._tell_all, name="shards", daemon=True)
        self._thread.start()

    # --- for those who work ---------------------------------------------------------------------

    def take(self) -> Optional[Shard]:
        """The next shard, for which it waits; None when there will be none.

        Raises Refused and Unreachable; SystemExit(143) after a SIGTERM.
        """
        while True:
            shard = self._next()
            if shard is not None or self._is_finished:
                return shard
            with self._one_asks:
                if not self._queue and not self._is_finished:
                    self.ask(WAIT)

    def ask(self, wait: float) -> None:
        """Leases as many shards as are worked on in a short time, one at least.

        It names the leases that are known here: an answer that was lost held others.
        """
        most = max(1, min(self._most, int(AHEAD / max(self._pace, 1e-6))))
        with self._changed:
            held = list(self._held)
        body = {"worker": self._worker, "max": most, "wait": wait, "held": held}
        reply = self._asking.call("lease", body, wait)
        with self._changed:
            for entry in reply.get("shards", ()):
                shard = Shard(entry, self.end)
                self._held[shard.token] = shard
                self._queue.append(shard)
                due = time.monotonic() + shard.seconds / _SHARE
                self._due = min(self._due, due) if len(self._held) > 1 else due
            self._is_finished = bool(reply.get("done")) and not self._queue
            self._changed.notify_all()

    def end(self, shard: Shard, verb: str, body: Dict[str, Any]) -> bool:
        """Says how a shard ended; false if it was said before."""
        if os.getpid() != self._process:
            raise RuntimeError("a shard must be ended in the process that leased it")
        with self._changed:
            begun = self._begun.pop(shard.token, None)
            self._left.discard(shard.token)
            if shard.token not in self._held or begun is None:
                return False
            took = time.monotonic() - begun
            if self.is_stopping and verb == "fail":  # what is being stopped may well fail
                verb, body = "release", {}
            self._pace = max(took, 0.7 * self._pace + 0.3 * took)  # quick to grow, slow to shrink
            self._items += body.get("ok", 0) + body.get("failed", 0)
            self._put(shard, verb, body)
            return True

    def leave(self, shard: Shard) -> None:
        """The loop was left with a shard in hand: its reason may come, the others go back."""
        if os.getpid() != self._process:
            return
        with self._changed:
            if shard.error and not self.is_stopping:
                shard.fail(shard.error)
            self._release_queue()
            if shard.token in self._begun:
                self._left.add(shard.token)
            self._left_at = time.monotonic()
            self._changed.notify_all()

    def flush(self, timeout: Optional[float] = None) -> None:
        """Waits until all that ended has been told of. Raises what went wrong with that."""
        with self._changed:
            self._changed.wait_for(lambda: not self._untold or self._error, timeout)
        self._check()

    def close(self, error: Optional[str] = None) -> None:
        """Ends what is in hand, as failed with that error if there is one; gives the rest back."""
        if os.getpid() != self._process or self._is_closing:
            return
        self._telling.patience = min(self._telling.patience, _PATIENCE_AT_END)
        with self._changed:
            self._release_queue()
            for token in list(self._begun):
                shard = self._held[token]
                if self.is_stopping:
                    self._begun.pop(token)
                    self._put(shard, "release", {})
                else:
                    shard.fail(shard.error or error or LEFT)
            self._is_closing = True
            self._changed.notify_all()
        self._thread.join(_PATIENCE_AT_END + 2)
        if self._one_asks.acquire(blocking=False):  # else a thread waits for its answer
            self._asking.close()

    def _next(self) -> Optional[Shard]:
        with self._changed:
            # Where bringing to disk is slower than the work, the work waits for it.
            self._changed.wait_for(lambda: self._untold <= 2 * self._most or self._error)
            self._check()
            while self._queue:
                shard = self._queue.popleft()
                if not shard.lost:
                    self._begun[shard.token] = time.monotonic()
                    return shard
                self._held.pop(shard.token, None)
        return None

    def _check(self) -> None:
        if self.is_stopping:
            raise SystemExit(143)
        if self._error is not None:
            raise self._error

    def _put(self, shard: Shard, verb: str, body: Dict[str, Any]) -> None:
        self._ended.append(Ended(shard, verb, body))
        self._untold += 1
        self._changed.notify_all()

    def _release_queue(self) -> None:
        while self._queue:
            self._put(self._queue.popleft(), "release", {})

    # --- the second thread ----------------------------------------------------------------------

    def _tell_all(self) -> None:
        try:
            while self._tell():
                pass
        except BaseException as error:  # whoever takes the next shard hears of it
            with self._changed:
                self._error = error
                self._changed.notify_all()
        self._telling.close()

    def _tell(self) -> bool:
        """Waits for something to do and does it; false when nothing will come."""
        with self._changed:
            if not self._ended and not self._is_closing:
                self._changed.wait(self._pause())
            if time.monotonic() > self._left_at + _LEFT_FOR and not self.is_stopping:
                for token in list(self._left):
                    self._held[token].fail(LEFT)
            ended, self._ended = self._ended, []
            if not ended and self._is_closing:
                return False
            tokens = [] if time.monotonic() < self._due else list(self._held)
        if tokens:
            self._renew(tokens)
        if ended:
            self._report(ended)
        self._ask_ahead()
        return True

    def _ask_ahead(self) -> None:
        """Leases more while the last shard of those here is worked on, if that will not take long.

        What waits behind a long one would be kept from others.
        """
        with self._changed:
            is_over = self._is_finished or self._is_closing or self.is_stopping or self._left
            if is_over or self._queue or not self._begun or self._pace >= AHEAD:
                return
        if self._one_asks.acquire(blocking=False):
            try:
                self.ask(0.0)
            finally:
                self._one_asks.release()

    def _pause(self) -> Optional[float]:
        """Seconds until something is due; None if nothing is."""
        times = [self._due] if self._held else []
        times += [self._left_at + _LEFT_FOR] if self._left else []
        return max(0.0, min(times) - time.monotonic()) + 0.001 if times else None

    def _renew(self, tokens: List[str]) -> None:
        body = {"worker": self._worker, "tokens": tokens, "items": self._items}
        lost = set(self._telling.call("renew", body).get("lost", ()))
        with self._changed:
            for token in lost:
                if token in self._held:
                    self._held[token].lost = True
            shortest = min((shard.seconds for shard in self._held.values()), default=60.0)
            self._due = time.monotonic() + shortest / _SHARE

    def _report(self, ended: Iterable[Ended]) -> None:
        done, failed, given_back = self._sorted(ended)
        accepted = self._done(done) if done else 0
        for entry in failed:
            body = {"token": entry.shard.token, **entry.body}
            self._telling.call("fail", body)
        if given_back:
            self._release([entry.shard.token for entry in given_back])
        told = [*done, *failed, *given_back]
        with self._changed:
            for entry in told:
                self._held.pop(entry.shard.token, None)
            self._untold -= len(told)
            tally = self.tally
            lost = tally.lost + len(done) - accepted
            self.tally = Tally(tally.done + accepted, tally.failed + len(failed), lost)
            self._changed.notify_all()

    def _sorted(self, ended: Iterable[Ended]) -> Tuple[List[Ended], List[Ended], List[Ended]]:
        """What is done and on disk, what failed, and what is given back; their output removed."""
        done: List[Ended] = []
        failed: List[Ended] = []
        given_back: List[Ended] = []
        folders: Set[str] = set()
        for entry in ended:
            if entry.verb == "done":
                try:
                    folders |= entry.shard.staging.sync()
                    done.append(entry)
                    continue
                except OSError as error:
                    failed.append(_not_on_disk(entry, error))
            else:
                (failed if entry.verb == "fail" else given_back).append(entry)
            entry.shard.staging.discard()
        try:
            sync(folders)
        except OSError as error:
            for entry in done:
                failed.append(_not_on_disk(entry, error))
                entry.shard.staging.discard()
            done = []
        return done, failed, given_back

    def _done(self, ended: List[Ended]) -> int:
        """Tells of shards that are done; how many were accepted. The others' output is removed."""
        results = [{"token": entry.shard.token, **entry.body} for entry in ended]
        verdicts = self._telling.call("done", {"results": results})["accepted"]
        for entry, is_accepted in zip(ended, verdicts):  # noqa: B905 - Python 3.8
            if not is_accepted:
                entry.shard.lost = True
                entry.shard.staging.discard()
        return sum(map(bool, verdicts))

    def _release(self, tokens: List[str]) -> None:
        try:
            self._telling.call("release", {"worker": self._worker, "tokens": tokens})
        except Refused as refused:
            if refused.status != 404:  # a service without it gets them back when the worker ends
                raise


def _not_on_disk(entry: Ended, error: OSError) -> Ended:
    text = "the output cannot be brought to disk: {}".format(error)
    return Ended(entry.shard, "fail", {"error": text, "retryable": True})
