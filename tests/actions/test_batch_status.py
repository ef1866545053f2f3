"""Asking a lease service how a batch stands: it answers within a second, or it has not."""

from __future__ import annotations

import os
import socket
import threading
import time
from typing import TYPE_CHECKING

import pytest

from millwork.actions.batch_status import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[bytes | None, str], tuple[str, list[bytes]]]]:
    """A service that gives one answer, or None at all: its path, and what it was asked."""
    opened: list[socket.socket] = []

    def start(answer: bytes | None, folder: str = "x") -> tuple[str, list[bytes]]:
        path, asked = tmp_path / folder / "socket", list[bytes]()
        path.parent.mkdir(parents=True)
        listening = socket.socket(socket.AF_UNIX)
        descriptor = os.open(path.parent, os.O_RDONLY)
        listening.bind(f"/proc/self/fd/{descriptor}/socket")
        os.close(descriptor)
        listening.listen(1)
        opened.append(listening)
        if answer is not None:
            threading.Thread(target=_once, args=(listening, answer, asked), daemon=True).start()
        return str(path), asked

    yield start
    for each in opened:
        each.close()


def _once(listening: socket.socket, answer: bytes, asked: list[bytes]) -> None:
    connection, _ = listening.accept()
    with connection:
        asked.append(connection.recv(65536))
        connection.sendall(answer)


def http(status: str, body: bytes) -> bytes:
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize("folder", ["x", "/".join(["long" * 10] * 5)])
def test_a_service_is_asked_however_long_its_path_is(
    serve: Callable[..., tuple[str, list[bytes]]], folder: str
) -> None:
    path, asked = serve(http("200 OK", b'{"total": 3}'), folder)
    assert ask(path, "secret") == {"total": 3}
    lines = asked[0].decode().split("\r\n")
    assert lines[0] == "GET /api/v1/shards/status HTTP/1.1"
    assert "Authorization: Bearer secret" in lines


@pytest.mark.parametrize(
    "answer",
    [
        http("401 Unauthorized", b'{"message": "no"}'),
        http("409 Conflict", b"{}"),
        http("200 OK", b"no JSON"),
        http("200 OK", b"[1]"),
        b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{}",
        b"something else",
        b"",
    ],
)
def test_an_answer_that_is_none_is_not_taken(
    serve: Callable[..., tuple[str, list[bytes]]], answer: bytes
) -> None:
    assert ask(serve(answer)[0], "secret") is None


def test_a_service_that_is_silent_or_gone_is_not_waited_for(
    serve: Callable[..., tuple[str, list[bytes]]], tmp_path: Path
) -> None:
    began = time.monotonic()
    assert ask(serve(None)[0], "secret") is None
    assert 0.9 < time.monotonic() - began < 5
    assert ask(f"{tmp_path}/x/absent", "secret") is None
    assert ask(f"{tmp_path}/absent/socket", "secret") is None
