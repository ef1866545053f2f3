"""The real lease service behind its socket: killed while calls wait, fenced off, sent nonsense."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from millwork.app.leases import LeaseProcess
from millwork.ports import Master, Opening, RunRow, StepRow
from millwork.spec.model import Split
from millwork.store.runs import RunStore
from tests.conftest import gone, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RUN = RunRow("r", "r", "c", "1.0.0", "running", 0.0, master=Master(1, "1", "boot"), epoch=1)
NAMES = ("w", "worker-0", "worker-1", "worker-2")
TOKEN = "let-me-in"


class Place:
    """A home with a run, an input of files, and the process that serves its batch."""

    def __init__(self, folder: Path, files: int) -> None:
        self.home, self.folder = folder / "home", folder / "attempt"
        self.input = folder / "in"
        for each in (self.home, self.folder, self.input):
            each.mkdir(parents=True)
        for number in range(files):
            (self.input / f"{number:04}").write_text("x")
        self.home.chmod(0o700)
        self.store = RunStore(str(self.home / "millwork.db"))
        self.store.create_run(RUN, [StepRow("s", 0, "running", spec={})], {})
        self.path = str(folder / "leases" / "socket")
        self.woken = threading.Event()
        self.process = LeaseProcess(str(self.home), self.path, RUN, self.woken.set)
        self.heard: list[Any] = []

    def open(self) -> None:
        folders = (str(self.input), "/in", str(self.folder))
        self.process.open(Opening("s", "r-1", TOKEN, *folders, Split("files", 1), {}, 4, NAMES))

    @property
    def pid(self) -> int:
        """That of the service that runs now."""

        def running() -> int | None:
            process = self.process._process
            return process.pid if process and process.poll() is None else None

        found = until(running)
        assert isinstance(found, int)
        return found

    def news(self) -> list[Any]:
        self.heard += [news for _, news in self.process.news()]
        return self.heard

    def connect(self) -> socket.socket:
        calling = socket.socket(socket.AF_UNIX)
        calling.settimeout(20)
        folder = os.open(os.path.dirname(self.path), os.O_RDONLY)
        try:
            calling.connect(f"/proc/self/fd/{folder}/{os.path.basename(self.path)}")
        finally:
            os.close(folder)
        return calling

    def raw(self, data: bytes) -> bytes:
        """What comes back for these bytes, up to the connection's end."""
        with self.connect() as calling:
            calling.sendall(data)
            found = b""
            while part := calling.recv(65536):
                found += part
        return found

    def call(self, verb: str, content: object = None) -> tuple[int, Any]:
        """One verb, over a connection of its own; said again until a service answers."""
        body = json.dumps(content or {}).encode()
        method = b"GET" if verb == "status" else b"POST"
        head = (
            b"%s /api/v1/shards/%s HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
            b"authorization: Bearer %s\r\ncontent-length: %d\r\n\r\n"
        ) % (method, verb.encode(), TOKEN.encode(), len(body))
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                answer = self.raw(head + body)
                head_of, _, text = answer.partition(b"\r\n\r\n")
                return int(head_of.split()[1]), json.loads(text)
            except (OSError, ValueError, IndexError):
                time.sleep(0.01)  # it was killed before the answer's end
        raise AssertionError("nobody answers")


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Place]:
    folder, files = getattr(request, "param", ("", 40))
    made = Place(tmp_path / folder if folder else tmp_path, files)
    yield made
    made.process.stop()
    made.store.close()


def test_a_call_waits_while_the_service_is_started_again(place: Place) -> None:
    """Every shard is done once, whatever is killed; nobody is refused."""
    place.open()
    until(place.news)
    codes, done = list[int](), list[str]()

    def work(name: str) -> None:
        while True:
            code, found = place.call("lease", {"worker": name, "max": 2, "wait": 5, "held": []})
            codes.append(code)
            if found.get("done"):
                return
            for shard in found.get("shards", ()):
                results = [{"token": shard["token"], "ok": 1}]
                code, answer = place.call("done", {"results": results})
                codes.append(code)
                if answer["accepted"] == [True]:
                    done.append(shard["id"])
                time.sleep(0.05)  # the work: long enough for the service to be killed in

    workers = [threading.Thread(target=work, args=(f"worker-{n}/1",)) for n in range(3)]
    for worker in workers:
        worker.start()
    for _ in range(4):
        time.sleep(0.3)  # the rhythm of the deaths
        if not any(worker.is_alive() for worker in workers):
            break
        os.kill(place.pid, signal.SIGKILL)
    for worker in workers:
        worker.join(60)
    assert set(codes) == {200}, "there is no moment in which it knows no batch"
    assert sorted(map(int, done)) == list(range(40))
    until(lambda: place.news()[-1].verdict == "succeeded")
    with place.connect() as waiting:
        os.kill(place.pid, signal.SIGKILL)
        with suppress(BrokenPipeError, ConnectionResetError):  # it may have been accepted already
            waiting.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n\r\n")


@pytest.mark.parametrize("place", [("d" * 100 + "/" + "e" * 100, 3)], indirect=True)
def test_a_home_whose_path_is_too_long_for_a_socket(place: Place) -> None:
    assert len(place.path) > 108
    place.open()
    code, found = place.call("lease", {"worker": "worker-0/1", "wait": 5})
    assert (code, found["shards"][0]["files"]) == (200, ["/in/0000"])


def test_after_the_end_nothing_is_left(place: Place) -> None:
    place.open()
    until(place.news)
    pid = place.pid
    place.process.close("r-1")
    place.process.stop()
    assert until(lambda: gone(pid))
    assert not os.path.lexists(os.path.dirname(place.path))
    place.process.stop()


def test_its_master_s_death_ends_it(place: Place) -> None:
    """Its standard input is all that it has of its master."""
    place.open()
    until(place.news)
    process = place.process._process
    assert process is not None
    assert process.stdin is not None
    with place.process._lock:
        place.process._is_closing = True
    process.stdin.close()
    assert until(lambda: gone(process.pid))


def test_one_that_is_fenced_off_is_not_started_again(place: Place) -> None:
    place.open()
    until(place.news)
    pid = place.pid
    before = len(place.news())
    assert place.store.take_over("r", 1, Master(2, "2", "boot")) == 2
    with place.connect() as calling:
        body = b'{"worker": "worker-0/1"}'
        calling.sendall(
            b"POST /api/v1/shards/lease HTTP/1.1\r\nhost: x\r\nauthorization: Bearer %s\r\n"
            b"content-length: %d\r\n\r\n%s" % (TOKEN.encode(), len(body), body)
        )
        assert calling.recv(1) == b"", "it was not kept, so it is not answered"
    assert until(lambda: gone(pid))
    time.sleep(0.8)  # longer than the pause before another would be started
    process = place.process._process
    assert process is None or process.pid == pid
    assert len(place.news()) == before, "the run is another's: nothing is said of it"


def test_what_cannot_be_cut_has_failed(place: Place) -> None:
    for file in place.input.iterdir():
        file.unlink()
    place.input.rmdir()
    place.open()
    (news,) = until(place.news)
    assert news.verdict == "failed"
    assert news.reason == "in: No such file or directory"
    assert place.call("lease", {"worker": "w", "wait": 5}) == (200, {"shards": [], "done": True})


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET /api/v1/shards/%ff%fe HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET /api/v1/shards/\xff\xfe HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET http://x/health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"POST /api/v1/shards/lease HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"POST /api/v1/shards/lease HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
        b"POST /api/v1/shards/lease HTTP/1.1\r\nhost: x\r\ncontent-length: x\r\n\r\n",
        b"CONNECT x HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n",
        b"GET /health HTTP/9.9\r\n\r\n",
        b"\x00\x01\x02\r\n\r\n",
        b"nonsense\r\n\r\n",
    ],
)
def test_whatever_it_is_sent_it_says_what_is_wrong(place: Place, data: bytes) -> None:
    place.open()
    until(place.news)
    pid, answer = place.pid, place.raw(data)
    code = int(answer.split()[1])
    assert 400 <= code < 500 or b"/health" in data
    assert place.call("status")[0] == 200
    assert place.pid == pid
