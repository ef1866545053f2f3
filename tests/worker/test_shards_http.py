"""How a worker talks to the service: HTTP that it understands, and calls that it repeats."""

from __future__ import annotations

import importlib
import io
import socket
import sys
import tempfile
import threading
from typing import TYPE_CHECKING, Any

import pytest

from .shards_service import SHIM

if TYPE_CHECKING:
    from collections.abc import Callable

sys.path.append(str(SHIM))
errors: Any = importlib.import_module("millwork_worker.errors")
service: Any = importlib.import_module("millwork_worker.service")
sys.path.remove(str(SHIM))

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n" + b'{"a": 10}'
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789"
CHUNKED += b"\r\n0\r\nTrailer: x\r\n\r\n"


@pytest.mark.quick
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (OK, (200, b'{"a": 10}', True)),
        (OK.replace(b"OK\r\n", b"OK\r\nConnection: Close\r\n"), (200, b'{"a": 10}', False)),
        (OK.replace(b"1.1", b"1.0"), (200, b'{"a": 10}', False)),
        (b"HTTP/1.1 503 no\r\n\r\nwait", (503, b"wait", False)),
        (CHUNKED, (200, b"abc0123456789", True)),
    ],
)
def test_answers_of_http_are_understood(text: bytes, expected: tuple[int, bytes, bool]) -> None:
    assert service._answer(io.BytesIO(text)) == expected


@pytest.mark.quick
@pytest.mark.parametrize(
    "text",
    [b"", b"HTTP/1.1 200", b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 two\r\n\r\n", OK[:-1], OK[:30],
     OK.replace(b"h: 9", b"h: x"), OK.replace(b"h: 9", b"h: -1"), OK.replace(b"h: 9", b"h: 9" * 9)],
)  # fmt: skip
def test_anything_else_is_a_broken_connection(text: bytes) -> None:
    with pytest.raises(OSError):
        service._answer(io.BytesIO(text))


def answering(*answers: bytes) -> tuple[Any, list[bytes], Callable[[], None]]:
    """A service whose server gives these answers, a connection each; the requests it had."""
    path = tempfile.mkdtemp() + "/s"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    had: list[bytes] = []

    def serve() -> None:
        for text in answers:
            connection, _ = listener.accept()
            had.append(connection.recv(1 << 16))
            connection.sendall(text)
            connection.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return service.Service(path, "secret", patience=10), had, lambda: thread.join(10)


def key(request: bytes) -> bytes:
    return next(line for line in request.split(b"\r\n") if line.startswith(b"Idempotency-Key: "))


def test_a_call_is_repeated_under_the_same_key_until_it_is_answered() -> None:
    broken = (b"", OK[:40], b"HTTP/1.1 502 Bad Gateway\r\n\r\n<html>", OK.replace(b"{", b"["))
    called, had, end = answering(*broken, OK, OK)
    assert called.call("done", {"results": []}) == {"a": 10}
    assert called.call("done", {"results": []}) == {"a": 10}
    end()
    assert len(had) == 6
    assert len(set(map(key, had[:5]))) == 1
    assert key(had[5]) != key(had[0])
    assert had[0].startswith(b"POST /api/v1/shards/done HTTP/1.1\r\n")
    assert b"Authorization: Bearer secret\r\n" in had[0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"HTTP/1.1 409 no\r\n\r\n" + b'{"message": "it is over"}', "it is over"),
        (b"HTTP/1.1 403 no\r\n\r\n", "does not take the token in MILLWORK_SHARDS_TOKEN"),
        (b"HTTP/1.1 400 no\r\n\r\n[]", "answered HTTP 400"),
    ],
)
def test_a_refusal_is_not_repeated(text: bytes, message: str) -> None:
    called, had, end = answering(text)
    with pytest.raises(service.Refused, match=message):
        called.call("lease", {})
    end()
    assert len(had) == 1


@pytest.mark.quick
def test_the_text_of_an_error_keeps_its_end() -> None:
    def deep(depth: int) -> None:
        if depth:
            deep(depth - 1)
        raise ValueError("x" * 500 + "the end")

    with pytest.raises(ValueError) as caught:
        deep(50)
    text = errors.describe(caught.value)
    assert len(text) <= 4000
    assert text.endswith("xthe end")
    assert errors.describe(errors.Told("all")) == "all"
