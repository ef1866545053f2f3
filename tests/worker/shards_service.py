"""A lease service in memory, over a Unix socket: it can be killed, and comes back as it was."""

from __future__ import annotations

import builtins
import json
import os
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from millwork import worker

if TYPE_CHECKING:
    from collections.abc import Iterator

SHIM = Path(worker.__file__).parent / "shims" / "batch"
TOKEN = "let-me-in"


@dataclass
class Book:
    """What the service knows; it outlives the server."""

    inputs: list[dict[str, Any]]
    seconds: float = 60
    retries: int = 2
    todo: list[int] = field(default_factory=list)
    leased: dict[str, int] = field(default_factory=dict)
    done: dict[int, dict[str, Any]] = field(default_factory=dict)
    failed: dict[int, str] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    attempts: dict[int, int] = field(default_factory=dict)
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    released: list[int] = field(default_factory=list)
    tokens: int = 0
    most_leased: int = 0

    def __post_init__(self) -> None:
        self.todo = list(range(len(self.inputs)))
        self.changed = threading.Condition()
        self.answers: dict[str, dict[str, Any]] = {}

    @property
    def is_finished(self) -> bool:
        return len(self.done) + len(self.failed) == len(self.inputs)

    def count(self, verb: str) -> int:
        return sum(called == verb for called, _ in self.calls)

    def lose(self, shard: int) -> None:
        """As if another worker's copy had been accepted."""
        with self.changed:
            self.leased = {token: one for token, one in self.leased.items() if one != shard}
            self.done[shard] = {"token": "another", "ok": 1, "failed": 0}
            self.changed.notify_all()

    def answer(self, verb: str, body: dict[str, Any], key: str) -> dict[str, Any]:
        with self.changed:
            self.calls.append((verb, body))
            if key not in self.answers:
                self.answers[key] = getattr(self, verb)(**body)
                self.changed.notify_all()
            return self.answers[key]

    def lease(
        self,
        worker: str,
        max: int,  # noqa: A002
        wait: float,
        held: list[str] | None = None,
    ) -> dict[str, Any]:
        self.changed.wait_for(lambda: self.todo or self.is_finished, wait)
        shards = []
        for shard in self.todo[:max]:
            self.tokens += 1
            token = f"{self.tokens:08x}-{worker}"
            self.leased[token] = shard
            attempt = self.attempts.get(shard, 0)
            given = {"id": shard, "attempt": attempt, "token": token, "seconds": self.seconds}
            shards.append({**given, **self.inputs[shard]})
        del self.todo[:max]
        self.most_leased = builtins.max(self.most_leased, len(self.leased))
        return {"shards": shards, "done": self.is_finished}

    def renew(self, worker: str, tokens: list[str], items: int) -> dict[str, Any]:
        return {
            "ok": [token for token in tokens if token in self.leased],
            "lost": [token for token in tokens if token not in self.leased],
        }

    def done_(self, results: list[dict[str, Any]]) -> dict[str, Any]:
        accepted = []
        for result in results:
            shard = self.leased.pop(result["token"], None)
            if shard is not None:
                self.done[shard] = result
            accepted.append(shard is not None or result in self.done.values())
        return {"accepted": accepted}

    def fail(self, token: str, error: str, retryable: bool) -> dict[str, Any]:
        shard = self.leased.pop(token, None)
        if shard is not None:
            self.errors.append(error)
            self.attempts[shard] = self.attempts.get(shard, 0) + 1
            if retryable and self.attempts[shard] <= self.retries:
                self.todo.append(shard)
            else:
                self.failed[shard] = error
        return {}

    def release(self, worker: str, tokens: list[str]) -> dict[str, Any]:
        for token in tokens:
            shard = self.leased.pop(token, None)
            if shard is not None:
                self.released.append(shard)
                self.todo.append(shard)
        return {}


class Service:
    """The server of a book; `kill` breaks its connections. A path of `` is a port of TCP."""

    def __init__(self, path: str, book: Book) -> None:
        self.path, self.book = path, book
        self.port = 0
        self.open: set[socket.socket] = set()
        self.start()

    def start(self) -> None:
        book, sockets = self.book, self.open

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1

            def setup(self) -> None:
                sockets.add(self.request)
                super().setup()

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                verb = self.path.rpartition("/")[2]
                found: dict[str, Any] = {"message": "no such token"}
                status = 401
                if self.headers["Authorization"] == f"Bearer {TOKEN}":
                    name = "done_" if verb == "done" else verb
                    found, status = book.answer(name, body, self.headers["Idempotency-Key"]), 200
                data = json.dumps(found).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 64

            def handle_error(self, *_: object) -> None:
                pass

        class TCPServer(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False

            def handle_error(self, *_: object) -> None:
                pass

        self.server: socketserver.BaseServer
        if self.path:
            with suppress(FileNotFoundError):
                os.unlink(self.path)
            self.server = Server(self.path, Handler)
        else:
            server = TCPServer(("127.0.0.1", self.port), Handler)
            self.server, self.port = server, server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def kill(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        for connection in list(self.open):
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.open.clear()


class Place:
    """A folder with a service, in which workers are started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sockets = tempfile.mkdtemp()  # a socket's path must be short
        self.output = folder / "output"
        self.output.mkdir()
        self.book = Book([])
        self.service: Service | None = None
        self.workers: list[subprocess.Popen[str]] = []

    def serve(self, *inputs: dict[str, Any], tcp: bool = False, **options: Any) -> Book:
        self.book = Book(list(inputs), **options)
        self.service = Service("" if tcp else f"{self.sockets}/s", self.book)
        return self.book

    def files(self, count: int, *names: str) -> list[dict[str, Any]]:
        """A shard for each file: `0`, `1`, ... with its name within."""
        found = []
        for name in names or map(str, range(count)):
            path = os.fsencode(self.folder) + b"/" + os.fsencode(name)
            Path(os.fsdecode(path)).write_bytes(os.fsencode(name))
            found.append({"files": [os.fsdecode(path)]})
        return found

    def env(self) -> dict[str, str]:
        return {
            **os.environ,
            "PYTHONPATH": str(SHIM),
            "MILLWORK_SHARDS": f"{self.sockets}/s",
            "MILLWORK_SHARDS_TOKEN": TOKEN,
            "MILLWORK_WORKER_NAME": "worker-1",
            "PAI_OUTPUT_SCORES": f"{self.output}/",
        }

    def start(self, *words: str, **env: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, *words], env={**self.env(), **env}, cwd=self.folder,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.workers.append(process)
        return process

    def script(self, text: str, **env: str) -> subprocess.Popen[str]:
        return self.start("-c", "from millwork_worker import *\n" + text, **env)

    def run(self, *words: str, **env: str) -> tuple[int, str, str]:
        return ended(self.start(*words, **env))

    def run_script(self, text: str, **env: str) -> tuple[int, str, str]:
        return ended(self.script(text, **env))

    def parts(self) -> dict[str, str]:
        """What is staged: the contents by shard and file."""
        found = (self.output / ".parts").rglob("*")
        return {
            f"{path.parent.name.partition('.')[0]}/{path.name}": path.read_text()
            for path in found
            if path.is_file()
        }

    def close(self) -> None:
        for process in self.workers:
            if process.poll() is None:
                process.kill()
            process.communicate()
        if self.service is not None:
            self.service.kill()
        shutil.rmtree(self.sockets)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.close()


def ended(process: subprocess.Popen[str]) -> tuple[int, str, str]:
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def until(condition: Any, seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not come"
        time.sleep(0.01)  # what is waited for happens in other processes
