"""`for shard in shards()`, and the same for a function: what happens to a shard, and when.

A `for` loop does not tell its iterator of an exception, it only drops it. So a shard is done when
the loop asks for the next one, and what became of the one in hand is found out like this:

- within `with shard:` or `run(function)` an exception fails the shard, and the next one follows;
- an exception in `with shard.output(...)` is noted, and fails the shard when the loop is left;
- any other exception leaves the loop: if it ends the program, the shard fails with its text; if
  not, after some seconds or with the next `shards()`, with the remark that the loop was left.

Shards that were leased and not begun go back untouched, and after SIGTERM or Ctrl-C all of them.
"""

from __future__ import annotations

import atexit
import functools
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from queue import Empty, Queue
from typing import TYPE_CHECKING

from .errors import describe
from .leases import Leases
from .service import from_environment

if TYPE_CHECKING:
    from typing import Any, Callable, Iterator, List, Optional

    from .leases import Tally
    from .shard import Shard

_open: List[Leases] = []
_HEARD = 0.5  # seconds; Python hears a signal only when its main thread goes on


def shards(prefetch: int = 8) -> Iterator[Shard]:
    """All shards that this worker gets, until the batch is finished.

    Short ones are leased up to `prefetch` at a time. Raises Unreachable and Refused.
    """
    leases = begin(prefetch)
    while True:
        shard = leases.take()
        if shard is None:
            break
        try:
            yield shard
        except BaseException:  # GeneratorExit, that is: by now the exception cannot be seen
            leases.leave(shard)
            raise
        shard.done()
    finish(leases)


def run(function: Callable[[Shard], object], threads: int = 0, prefetch: int = 8) -> Tally:
    """Calls the function with each shard; an exception fails the shard and goes into the log.

    With `threads` it works on as many shards at once, in threads of their own.
    """
    leases = begin(prefetch)
    if not threads:
        _work(leases, function)
    else:
        _work_in_threads(leases, function, threads)
    return finish(leases)


def each_shard(function: Callable[[Shard], object]) -> Callable[[], Tally]:
    """A decorator: the function, when it is called without arguments, works on all shards."""

    @functools.wraps(function)
    def work(*_: Any, **options: Any) -> Tally:
        return run(function, **options)

    return work


def begin(prefetch: int = 8) -> Leases:
    """Leases that are given back whatever happens to this process, but for SIGKILL.

    A process has one loop at a time: those of an earlier one are ended.
    """
    error = sys.exc_info()[1]
    for before in list(_open):
        before.close(describe(error) if error is not None else None)
        _open.remove(before)
    # Each process of a replica is a worker of its own, which knows what it holds.
    replica = os.environ.get("MILLWORK_WORKER_NAME") or socket.gethostname()
    worker = "{}/{}".format(replica, os.getpid())
    leases = Leases(from_environment(), from_environment(), worker, max(1, prefetch))
    _open.append(leases)
    atexit.unregister(_at_exit)
    atexit.register(_at_exit)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
        with suppress(ValueError):  # not in the main thread
            signal.signal(signal.SIGTERM, _stop)
    return leases


def finish(leases: Leases) -> Tally:
    """Waits until all has been told, and ends the connection; how many shards there were."""
    leases.flush()
    leases.close()
    _open.remove(leases)
    if signal.getsignal(signal.SIGTERM) is _stop:
        with suppress(ValueError):
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return leases.tally


def _work(leases: Leases, function: Callable[[Shard], object]) -> None:
    while True:
        shard = leases.take()
        if shard is None:
            return
        with shard:
            try:
                function(shard)
            except Exception as error:
                if not leases.is_stopping:  # else it did not fail by itself
                    text = "millwork: shard {} failed\n{}"
                    print(text.format(shard.id, describe(error)), file=sys.stderr, flush=True)
                raise


def _work_in_threads(leases: Leases, function: Callable[[Shard], object], count: int) -> None:
    """Raises what ended the first thread that could not go on."""
    ended: Queue[Optional[BaseException]] = Queue()

    def work() -> None:
        error: Optional[BaseException] = None
        try:
            _work(leases, function)
        except BaseException as caught:
            error = caught
        ended.put(error)

    for _ in range(count):
        threading.Thread(target=work, daemon=True).start()
    for _ in range(count):
        error = _next_end(ended)
        if error is not None:
            raise error


def _next_end(ended: Queue[Optional[BaseException]]) -> Optional[BaseException]:
    """What ended the next thread; a signal that did not wake this one is heard within a second."""
    while True:
        with suppress(Empty):
            return ended.get(timeout=_HEARD)


def _stop(number: int, _frame: object) -> None:
    """Ends the program in the ordinary way, at the end of which the leases are given back."""
    for leases in _open:
        leases.is_stopping = True
    sys.exit(128 + number)


def _forget() -> None:
    """In a forked child: the leases are the parent's, and so is what SIGTERM means for them."""
    if _open and signal.getsignal(signal.SIGTERM) is _stop:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    del _open[:]


os.register_at_fork(after_in_child=_forget)


def _at_exit() -> None:
    """Tells of the shards in hand. An exception that ended the program is in `sys.last_value`."""
    with suppress(ValueError):  # not in the main thread
        if signal.getsignal(signal.SIGTERM) is _stop:
            signal.signal(signal.SIGTERM, signal.SIG_IGN)  # it ends already
    error = getattr(sys, "last_value", None)
    for leases in _open:
        if isinstance(error, KeyboardInterrupt):
            leases.is_stopping = True
        leases.close(describe(error) if error is not None else None)
