"""Looks at storage that are carried out beside the scheduler, some of which never end."""

from __future__ import annotations

import threading
import weakref
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Queue
from typing import TYPE_CHECKING, TypeAlias

import pytest

from millwork.actions.scheduling import Errand
from millwork.app.looking import Looks
from millwork.base.errors import Forbidden, MillworkError, Unavailable
from tests.actions.office import HandClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Answer: TypeAlias = str | Exception
_PATIENCE = 10.0
_LATE = HandClock().now + 300.0


@dataclass
class Bench:
    """Looks, each of which ends when the test says what it finds."""

    clock: HandClock = field(default_factory=HandClock)
    woken: Queue[bool] = field(default_factory=Queue)
    begun: Queue[str] = field(default_factory=Queue)
    _ends: dict[str, Queue[Answer]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.looks = Looks(self.clock, self.woken.put)

    def ask(self, about: str, server: str = "a", workspace: str = "w", **more: bool) -> str | None:
        """The same errand, asked for again if it was before."""
        end = self._ends.setdefault(about, Queue())

        def do() -> str:
            self.begun.put(about)
            answer = end.get()
            if isinstance(answer, Exception):
                raise answer
            return answer

        return self.looks.ask(about, lambda: Errand(workspace, server, do, **more))

    def end(self, about: str, answer: Answer) -> None:
        """What the look finds that is under way."""
        self._ends[about].put(answer)

    def first(self, count: int = 1) -> list[str]:
        """What was begun next."""
        return [self.begun.get(timeout=_PATIENCE) for _ in range(count)]

    def answer_of(self, about: str) -> str:
        """What is found once the thread has told it."""
        for _ in range(1000):
            answer = self.ask(about)
            if answer is not None:
                return answer
            threading.Event().wait(0.01)  # what nobody is woken for gives no event
        raise AssertionError(about)

    def release(self) -> None:
        """No look of the test's goes on."""
        for end in self._ends.values():
            for _ in range(9):
                end.put("")
        for thread in threading.enumerate():
            if thread.name == "looks":
                thread.join(_PATIENCE)


@pytest.fixture
def bench() -> Iterator[Bench]:
    bench = Bench()
    yield bench
    bench.release()


def test_what_is_found_wakes_the_scheduler_and_holds_for_a_while(bench: Bench) -> None:
    assert bench.ask("file") is None
    assert bench.ask("file") is None
    assert bench.first() == ["file"]
    bench.end("file", "s3://b/file")
    assert bench.woken.get(timeout=_PATIENCE) is True
    for _ in range(9):
        bench.clock.now += 30.0
        assert bench.ask("file") == "s3://b/file"
    bench.clock.now += 30.0
    assert bench.ask("file") is None  # it may be gone by now
    assert bench.first() == ["file"]
    assert bench.begun.empty()


def test_what_was_found_holds_while_what_is_slow_is_looked_for_with_it(bench: Bench) -> None:
    files = ("a", "b", "c", "d")
    for file in files:  # each of them is asked for once those before it are there
        assert not all(bench.ask(each) for each in files)
        assert bench.first() == [file]
        bench.clock.now += 25.0
        bench.end(file, f"s3://b/{file}")
        assert bench.woken.get(timeout=_PATIENCE) is True
    assert all(bench.ask(each) for each in files)


@pytest.mark.parametrize("answer", ["", Unavailable("away")])
def test_what_was_not_found_is_looked_for_again(bench: Bench, answer: Answer) -> None:
    bench.ask("file")
    bench.first()
    bench.end("file", answer)
    with suppress(Unavailable):
        bench.answer_of("file")
    bench.clock.now += 20.0
    assert bench.ask("file") is None
    assert bench.first() == ["file"]


@pytest.mark.parametrize("answer", ["", Unavailable("away")])
def test_what_lets_nothing_begin_wakes_nobody(bench: Bench, answer: Answer) -> None:
    bench.ask("file")
    bench.end("file", answer)
    if isinstance(answer, Exception):
        with pytest.raises(Unavailable, match="away"):
            bench.answer_of("file")
    else:
        assert bench.answer_of("file") == ""
    assert bench.woken.empty()


@pytest.mark.parametrize("answer", ["", "etag:1", Unavailable("away"), Forbidden("no")])
def test_a_trigger_is_told_whatever_it_finds_and_lets_nothing_begin(
    bench: Bench, answer: Answer
) -> None:
    bench.ask("source", is_of_trigger=True)
    bench.end("source", answer)
    assert bench.woken.get(timeout=_PATIENCE) is False


def test_what_was_refused_is_looked_at_anew_by_whoever_tries_again(bench: Bench) -> None:
    bench.ask("file")
    bench.end("file", Forbidden("not yours"))
    assert bench.woken.get(timeout=_PATIENCE) is True
    with pytest.raises(Forbidden, match="not yours"):
        bench.ask("file")
    assert bench.ask("file") is None
    bench.end("file", "s3://b/file")
    assert bench.answer_of("file") == "s3://b/file"


def test_what_cannot_be_asked_for_at_all_is_told_at_once(bench: Bench) -> None:
    def refused() -> Errand:
        raise Forbidden("not yours")

    with pytest.raises(Forbidden, match="not yours"):
        bench.looks.ask("file", refused)


def test_a_server_that_hangs_takes_two_threads_and_keeps_no_other_waiting(bench: Bench) -> None:
    for number in range(50):
        assert bench.ask(f"hangs{number}", "hangs") is None
    assert sorted(bench.first(2)) == ["hangs0", "hangs1"]
    bench.ask("good", "good")
    assert bench.first() == ["good"]
    bench.end("good", "s3://b/good")
    assert bench.woken.get(timeout=_PATIENCE)
    assert bench.answer_of("good") == "s3://b/good"
    bench.end("hangs0", "")
    assert bench.first() == ["hangs2"]  # in their order
    assert bench.begun.empty()


def test_a_workspace_of_many_servers_that_hang_keeps_no_other_waiting(bench: Bench) -> None:
    for number in range(50):
        bench.ask(f"hangs{number}", f"server{number}", "bad")
    bench.first(12)
    bench.ask("good", "server0", "fine")
    assert bench.first() == ["good"]
    assert bench.begun.empty()


def test_no_more_than_so_many_threads_however_many_hang(bench: Bench) -> None:
    before = threading.active_count()
    for number in range(500):
        bench.ask(f"hangs{number}", f"server{number % 50}", f"w{number % 10}")
    assert len(bench.first(32)) == 32
    assert threading.active_count() - before == 32


def test_what_takes_too_long_could_not_be_looked_at_and_may_still_come(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    for about in ("first", "second", "turn"):
        bench.ask(about, "minio:9000")
    bench.first(2)
    for _ in range(3):
        bench.clock.now += 100.0
        before = [bench.ask(about) for about in ("first", "turn") if bench.clock.now < _LATE]
        assert not any(before)
    for about in ("first", "turn", "first"):
        with pytest.raises(Unavailable, match="minio:9000 has not answered for 300 s"):
            bench.ask(about)
    assert capsys.readouterr().err.count("has not answered") == 1
    bench.clock.now += 60.0
    with pytest.raises(Unavailable):
        bench.ask("first")  # it is still under way, and no other look at it is begun
    bench.end("first", "s3://b/first")
    assert bench.woken.get(timeout=_PATIENCE) is True
    assert bench.answer_of("first") == "s3://b/first"
    assert bench.begun.empty()  # nor what had waited for its turn too long


def test_what_nobody_asks_for_again_is_forgotten(bench: Bench) -> None:
    for number in range(20):
        bench.ask(f"gone{number}")
    bench.first(2)
    bench.clock.now += 121.0
    bench.ask("other", "other")
    assert bench.first() == ["other"]
    for about in ("gone0", "gone1", "other"):
        bench.end(about, "s3://b/there")
        assert bench.woken.get(timeout=_PATIENCE)
    bench.clock.now += 121.0
    bench.ask("last", "last")
    assert bench.first() == ["last"]  # and none of those that had waited for their turn
    known = bench.looks._known  # nothing else shows what is kept
    assert list(known) == ["last"]


def test_a_defect_is_told_and_takes_no_thread_away(
    bench: Bench, capsys: pytest.CaptureFixture[str]
) -> None:
    bench.ask("file")
    bench.end("file", ValueError("a defect"))
    with pytest.raises(Unavailable, match="ValueError: a defect"):
        bench.answer_of("file")
    assert "millwork: scheduler: ValueError: a defect\n" in capsys.readouterr().err
    bench.ask("next")
    bench.end("next", "s3://b/next")
    assert bench.answer_of("next") == "s3://b/next"


def test_without_any_more_threads_the_scheduler_goes_on(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", none)
        assert bench.ask("file") is None
    bench.ask("file")  # the first that there is a thread for
    assert bench.first() == ["file"]
    bench.end("file", "s3://b/file")
    assert bench.answer_of("file") == "s3://b/file"


def test_each_of_many_is_looked_at_once(bench: Bench) -> None:
    done: list[int] = []
    rest = threading.Event()

    def errand(number: int) -> Callable[[], Errand]:
        def do() -> str:
            done.append(number)
            if len(done) == 300:
                rest.set()
            return "there"

        return lambda: Errand("w", f"server{number % 7}", do)

    for number in range(300):
        bench.looks.ask(number, errand(number))
    assert rest.wait(_PATIENCE)
    assert sorted(done) == list(range(300))


def test_an_error_is_told_again_without_growing(bench: Bench) -> None:
    bench.ask("file")
    bench.end("file", Unavailable("away"))
    found: list[MillworkError] = []
    for _ in range(3):
        with pytest.raises(Unavailable) as caught:
            bench.answer_of("file")
        found.append(caught.value)
    assert found[0] is found[2]
    assert found[2].__traceback__
    assert len(list(_frames(found[2]))) < 6


def test_what_a_look_had_in_hand_is_let_go(bench: Bench) -> None:
    class Client:
        """Stands for what reaches storage, which is large."""

    hands: list[weakref.ref[Client]] = []

    def fail() -> str:
        client = Client()
        hands.append(weakref.ref(client))
        try:
            raise OSError("no route")
        except OSError:
            raise Unavailable("away") from None

    bench.looks.ask("file", lambda: Errand("w", "a", fail))
    with pytest.raises(Unavailable, match="away"):
        bench.answer_of("file")
    assert hands[0]() is None


def _frames(error: MillworkError) -> Iterator[object]:
    trace = error.__traceback__
    while trace:
        yield trace
        trace = trace.tb_next
