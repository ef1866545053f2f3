"""Events as they are told: in order, none lost, whoever is slow, however often one is cut off."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import threading
import time
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import pytest

from millwork.app.process import LocalMasters
from millwork.base import faultpoints
from millwork.ports.changes import RunChanged, StepChanged
from millwork.ports.store import RunRow, StepRow
from millwork.store.runs import RunStore
from tests.conftest import until
from tests.e2e.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from millwork.ports.changes import Change
    from tests.e2e.server import Server
    from tests.store.server import Server as Postgres

pytestmark = pytest.mark.xdist_group("postgres")

SLOW, FAST = "slowslow00", "fastfast00"
HELD = 2.0


@dataclass
class Listener:
    """A stream that is read by a thread of its own: what came, in its order, and the last id."""

    server: Server
    since: str = ""
    path: str = "events"
    told: list[tuple[str, int]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    last: str = ""
    is_open: bool = False

    def __post_init__(self) -> None:
        place = urlsplit(self.server.url)
        assert place.hostname is not None
        self._connection = http.client.HTTPConnection(place.hostname, place.port)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        headers = {"Authorization": f"Bearer {self.server.token}"}
        headers |= {"Last-Event-ID": self.since} if self.since else {}
        self._connection.request("GET", f"/api/v1/workspaces/default/{self.path}", headers=headers)
        answer = self._connection.getresponse()
        event = ""
        try:
            while line := answer.readline().decode():
                name, _, value = line.rstrip("\n").partition(": ")
                if name == "id":
                    self.last = value
                elif name == "event":
                    event = value
                elif name == "data":
                    self._take(event, json.loads(value))
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            return  # it was closed

    def _take(self, event: str, data: dict[str, object]) -> None:
        self.kinds.append(event)
        self.is_open = True
        if event == "change":
            self.told.append((str(data["run"]), int(str(data["seq"]))))

    def of(self, run: str) -> list[int]:
        """The numbers of one run's events, as they came."""
        return [number for name, number in self.told if name == run]

    def close(self) -> None:
        """Cuts the connection."""
        with suppress(OSError):  # the server was faster
            self._connection.sock.shutdown(socket.SHUT_RDWR)


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, home: Path) -> str:
    """The database that the server and the writers use."""
    if request.param == "postgres":
        server = request.getfixturevalue("postgres")
        return str(server.new())
    return str(home / "millwork.db")


@contextmanager
def served(home: Path, place: str) -> Iterator[Server]:
    words = ("--database", place) if "://" in place else ()
    with serving(home, *words) as server:
        yield server


@contextmanager
def listening(server: Server, since: str = "", path: str = "events") -> Iterator[Listener]:
    listener = Listener(server, since, path)
    try:
        until(lambda: listener.is_open)
        yield listener
    finally:
        listener.close()


def begin(store: RunStore, run: str, created: float) -> None:
    """A run that this process drives, as the server sees it."""
    row = RunRow(
        run, "written", "written", "1.0.0", "running", created, master=LocalMasters().me(), epoch=1
    )
    store.create_run(row, [StepRow("s", 0, "pending")], {})


def write(store: RunStore, run: str, *changes: Change, at: float | None = None) -> None:
    store.commit(run, 1, at or time.time(), changes or (StepChanged("s", "running", "again"),))


# --- two writers --------------------------------------------------------------------------------


@contextmanager
def slow_writer(home: Path, place: str) -> Iterator[threading.Event]:
    """One that holds its transaction open for two seconds, all written; set when it does."""
    holds = threading.Event()

    def hold(point: str) -> None:
        if point == "store.writing" and threading.current_thread() is thread:
            holds.set()
            time.sleep(HELD)  # the transaction that is held open

    def work() -> None:
        with closing(RunStore(place, str(home))) as store:
            write(store, SLOW, StepChanged("s", "running"), StepChanged("s", "succeeded"))

    thread = threading.Thread(target=work)
    faultpoints.arm(hold)
    try:
        thread.start()
        yield holds
        thread.join()
    finally:
        faultpoints.disarm()


def test_a_writer_that_holds_its_transaction_open_loses_nothing(home: Path, place: str) -> None:
    with served(home, place) as server, closing(RunStore(place, str(home))) as store:
        for run in (SLOW, FAST):
            begin(store, run, time.time())
        with listening(server) as first, listening(server) as cut:
            write(store, SLOW)
            write(store, FAST)
            until(lambda: len(cut.told) == 2 and len(first.told) == 2)
            with slow_writer(home, place) as holds:
                assert holds.wait(10)
                for _ in range(5):  # of a file it waits for the other, of a server it does not
                    write(store, FAST)
                if "://" in place:
                    until(lambda: len(cut.of(FAST)) == 6)
                    assert cut.of(SLOW) == [1]
                cut.close()
                with listening(server, cut.last) as resumed:
                    for _ in range(5):
                        write(store, FAST)
                    until(lambda: numbers(first) == EXPECTED)
                    until(lambda: numbers(cut, resumed) == EXPECTED)
    for run in EXPECTED:
        assert resumed.of(run) == sorted(set(resumed.of(run)))


EXPECTED = {SLOW: [1, 2, 3], FAST: list(range(1, 12))}


def numbers(*listeners: Listener) -> dict[str, list[int]]:
    """What they were told one after the other, without what was told once more."""
    told = dict.fromkeys(event for listener in listeners for event in listener.told)
    return {run: [number for name, number in told if name == run] for run in EXPECTED}


def test_one_cut_off_again_and_again_is_told_everything(home: Path, place: str) -> None:
    told: list[int] = []
    with served(home, place) as server, closing(RunStore(place, str(home))) as store:
        begin(store, FAST, time.time())
        write(store, FAST)
        since = ""
        for _ in range(5):
            with listening(server, since, f"runs/{FAST}/events/follow") as listener:
                write(store, FAST)
                listener.close()
            write(store, FAST)
            told += listener.of(FAST)
            since = listener.last
        with listening(server, since, f"runs/{FAST}/events/follow") as listener:
            until(lambda: listener.of(FAST)[-1:] == [11])
            told += listener.of(FAST)
    assert list(dict.fromkeys(told)) == list(range(1, 12))


def test_a_stream_outlives_a_restart_of_the_database(home: Path, postgres: Postgres) -> None:
    place = postgres.new()
    with served(home, place) as server, closing(RunStore(place, str(home))) as store:
        begin(store, FAST, time.time())
        with listening(server) as listener:
            write(store, FAST)
            postgres.stop(signal.SIGQUIT)
            time.sleep(1.0)  # the stream looks for events meanwhile
            postgres.start()
            write(store, FAST)
            until(lambda: listener.of(FAST) == [1, 2])


# --- long and old histories ---------------------------------------------------------------------


def test_a_history_longer_than_what_is_told_at_once_is_told_whole(home: Path) -> None:
    count, place = 6500, str(home / "millwork.db")
    with served(home, place) as server, closing(RunStore(place, str(home))) as store:
        begin(store, FAST, time.time())
        write(store, FAST, *(StepChanged("s", "running") for _ in range(count)))
        with listening(server, path=f"runs/{FAST}/events/follow") as listener:
            until(lambda: len(listener.told) >= count)
            assert listener.of(FAST) == list(range(1, count + 1))


def test_an_old_run_that_goes_on_again_is_told_from_there(home: Path, place: str) -> None:
    now = time.time()
    with served(home, place) as server, closing(RunStore(place, str(home))) as store:
        begin(store, FAST, now - 1000)
        write(store, FAST, StepChanged("s", "failed"), RunChanged("failed"), at=now - 900)
        with listening(server) as listener:
            write(store, FAST, RunChanged("queued", "resumed"))
            until(lambda: listener.told)
            write(store, FAST, RunChanged("cancelled", "withdrawn"))
            until(lambda: len(listener.told) == 2)
            assert listener.of(FAST) == [3, 4]


def test_what_ended_while_nobody_listened_is_told(home: Path, place: str) -> None:
    with served(home, place) as server, closing(RunStore(place, str(home))) as store:
        with listening(server) as listener:
            pass
        then = f"{int(time.time()) - 3600};"
        begin(store, FAST, time.time() - 3000)
        write(store, FAST, StepChanged("s", "failed"), RunChanged("failed"), at=time.time() - 2000)
        with listening(server, then) as listener:
            until(lambda: listener.of(FAST) == [1, 2])
            assert int(listener.last.partition(";")[0]) > time.time() - 600


def test_a_place_of_the_day_before_yesterday_begins_anew(home: Path) -> None:
    place = str(home / "millwork.db")
    with served(home, place) as server, closing(RunStore(place, str(home))) as store:
        begin(store, FAST, time.time() - 100_000)
        write(store, FAST, RunChanged("failed"), at=time.time() - 100_000)
        with listening(server, f"{int(time.time()) - 2 * 86_400};{FAST}:0") as listener:
            until(lambda: "reset" in listener.kinds)
            write(store, FAST, RunChanged("running"))
            until(lambda: listener.told)
            assert listener.of(FAST) == [2]


def test_an_id_that_no_stream_has_given_is_refused(home: Path) -> None:
    with served(home, str(home / "millwork.db")) as server:
        for text in ("x", "1", "1;run", "1;RUN:1", "1;run:1;", "9" * 20 + ";"):
            connection = http.client.HTTPConnection(urlsplit(server.url).netloc)
            connection.request(
                "GET", f"/api/v1/workspaces/default/events?since={quote(text)}",
                headers={"Authorization": f"Bearer {server.token}"},
            )  # fmt: skip
            assert connection.getresponse().status == 400, text
            connection.close()
