"""Looks at storage are carried out beside the scheduler: what is slow keeps nobody waiting.

A few threads do so, a few at a time at each server, so that one that hangs takes neither all of
them nor those of other workspaces. What they find holds for a while; whoever asks later has it
looked at again. They keep nothing that would have to be ended with the process.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from typing import TYPE_CHECKING, TypeAlias

from millwork.base.errors import MillworkError, Unavailable
from millwork.base.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator

    from millwork.actions.scheduling import Errand
    from millwork.ports import Clock

    Place: TypeAlias = tuple[str, ...]

_AT_SERVER, _OF_WORKSPACE, _IN_ALL = 2, 12, 32  # looks at a time
_FRESH = 20.0  # seconds that nothing was found; less than the scheduler takes to ask again
_FOUND = 300.0  # seconds that something was: others that are waited for with it may take long
_LONGEST = 300.0  # seconds, with the wait for its turn, after which it could not be looked at
_FORGOTTEN = 120.0  # seconds after which what nobody has asked for again is


@dataclass
class _Look:
    """An errand: it waits for its turn, or `is_going`, or has an answer."""

    errand: Errand
    since: float
    asked: float
    is_going: bool = False
    answer: str | MillworkError | None = None
    answered: float = 0.0

    def holds(self, now: float) -> bool:
        """Whether it is not time to look again."""
        if self.is_going or self.answer is None:
            return True
        is_found = bool(self.answer) and not isinstance(self.answer, MillworkError)
        return now - self.answered < (_FOUND if is_found else _FRESH)


class Looks:
    """Has errands carried out, and keeps what they find.

    `wake` is called from another thread when something is found, with whether anything that waits
    may begin now, or fail.
    """

    def __init__(self, clock: Clock, wake: Callable[[bool], None]) -> None:
        self._clock, self._wake = clock, wake
        self._lock = threading.Lock()
        self._known: dict[Hashable, _Look] = {}
        self._waiting: dict[Hashable, _Look] = {}
        self._going: Counter[Place] = Counter()
        self._tidied = clock.monotonic()

    def ask(self, about: Hashable, prepare: Callable[[], Errand]) -> str | None:
        """What a look has found, begun after this was first asked; None: not known yet.

        Raises what the look met with, and Unavailable for one that takes too long.
        """
        now = self._clock.monotonic()
        with self._lock:
            self._tidy(now)
            known = self._known.get(about)
            if known and known.holds(now):
                known.asked = now
                return self._told(about, known, now)
        errand = prepare()
        with self._lock:
            look = self._known[about] = _Look(errand, now, now, is_going=self._has_room(errand))
            if not look.is_going:
                self._waiting[about] = look
                return None
            self._count(errand, 1)
        self._begin(about, look)
        return None

    def _begin(self, about: Hashable, look: _Look) -> None:
        # Whatever a thread is at when the process ends is looked at again by the next one.
        thread = threading.Thread(target=self._work, args=(look,), name="looks", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # there may be no more threads: whoever asks again has it tried again
            with self._lock:
                del self._known[about]
                self._count(look.errand, -1)

    def _told(self, about: Hashable, look: _Look, now: float) -> str | None:
        if look.answer is None and now - look.since >= _LONGEST:
            self._waiting.pop(about, None)
            look.answer, look.answered = self._too_long(look), now
        answer = look.answer
        if not isinstance(answer, MillworkError):
            return answer
        if not isinstance(answer, Unavailable):
            del self._known[about]  # once it is mended, whoever tries again is not told of it
        raise answer.with_traceback(None)

    def _too_long(self, look: _Look) -> Unavailable:
        server = look.errand.server or "S3"
        says = f"{server} has not answered for {_LONGEST:g} s"
        if look.is_going:
            sys.stderr.write(f"millwork: scheduler: {says}\n")
        return Unavailable(says)

    def _tidy(self, now: float) -> None:
        if now - self._tidied < _FORGOTTEN:
            return
        self._tidied = now
        for about, look in list(self._known.items()):
            if now - look.asked >= _FORGOTTEN and not look.is_going:
                del self._known[about]
                self._waiting.pop(about, None)

    # --- whose turn it is -----------------------------------------------------------------

    def _has_room(self, errand: Errand) -> bool:
        return all(self._going[place] < most for place, most in _bounds(errand))

    def _count(self, errand: Errand, change: int) -> None:
        for place, _ in _bounds(errand):
            self._going[place] += change
            if not self._going[place]:
                del self._going[place]

    def _next(self) -> _Look | None:
        """The first that may begin, of those that wait: what ends makes room for one."""
        for about, look in self._waiting.items():
            if self._has_room(look.errand):
                del self._waiting[about]
                look.is_going = True
                self._count(look.errand, 1)
                return look
        return None

    # --- what the threads do --------------------------------------------------------------

    def _work(self, first: _Look) -> None:
        look: _Look | None = first
        while look:
            answer = _carried_out(look.errand)
            with self._lock:
                look.answer, look.answered = answer, self._clock.monotonic()
                look.is_going = False
                self._count(look.errand, -1)
                following = self._next()
            is_decided = bool(answer) and not isinstance(answer, Unavailable)
            if look.errand.is_of_trigger or is_decided:
                self._wake(is_decided and not look.errand.is_of_trigger)
            look = following


def _bounds(errand: Errand) -> Iterator[tuple[Place, int]]:
    yield (), _IN_ALL
    yield (errand.workspace,), _OF_WORKSPACE
    yield (errand.workspace, errand.server), _AT_SERVER


def _carried_out(errand: Errand) -> str | MillworkError:
    try:
        return errand.do()
    except MillworkError as error:
        # They would keep all that the look had in hand.
        error.__cause__ = error.__context__ = None
        return error.with_traceback(None)
    except Exception as error:  # whatever went wrong, others' files are looked at
        says = f"{type(error).__name__}: {error}"
        sys.stderr.write(f"millwork: scheduler: {says}\n")
        return Unavailable(says)
