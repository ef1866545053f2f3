"""The lease service as a worker calls it: JSON over HTTP/1.1, on a Unix socket or by TCP.

`MILLWORK_SHARDS` is the socket's path or `http://host:port`, `MILLWORK_SHARDS_TOKEN` the token. A
call is repeated until the service answers: its server may die and come back at the same address.
"""

from __future__ import annotations

import json
import os
import random
import socket
import sys
import time

TYPE_CHECKING = False  # as in __init__.py
if TYPE_CHECKING:
    from typing import Any, BinaryIO, Dict, Optional, Tuple

PATIENCE = 600.0  # seconds for which a server that does not answer is waited for
_PREFIX = "/api/v1/shards/"
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
_ANSWER = 30.0  # seconds for an answer, beyond those that the call says the server may wait
_TRY_AGAIN = (408, 425, 429)  # and all from 500 on
_MOST = 1 << 26  # bytes of an answer
_SUN_PATH = 107  # bytes of a Unix socket's path: unix(7)


class Refused(Exception):
    """The service understood and said no; its reason. `status` is that of HTTP."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


class Unreachable(Exception):
    """The service did not answer for too long, or nobody said where it is."""


class _Broken(OSError):
    """The connection ended within an answer, or what came is none."""


class Service:
    """One connection to the service, for one thread at a time."""

    def __init__(self, address: str, token: str, patience: float = PATIENCE) -> None:
        self.patience = patience  # may be changed while a call waits
        self._address = address
        self._token = token
        self._socket: Optional[socket.socket] = None
        self._file: Optional[BinaryIO] = None
        self._name = os.urandom(6).hex()
        self._calls = 0

    def call(self, verb: str, body: Dict[str, Any], wait: float = 0.0) -> Dict[str, Any]:
        """The answer to POST `verb`, which the server may hold back for `wait` seconds.

        Raises Refused, and Unreachable when nobody answered for `patience` seconds.
        """
        self._calls += 1  # a call that is repeated keeps its key: it can be told from a new one
        request = self._request(verb, json.dumps(body).encode())
        since: Optional[float] = None
        pause = 0.0 if self._socket else _FIRST_PAUSE  # an old connection may just have been idle
        while True:
            try:
                return self._once(request, wait + _ANSWER)
            except OSError as error:
                self.close()
                since = time.monotonic() if since is None else since
                if time.monotonic() - since > self.patience:
                    raise Unreachable(self._unreached(error)) from None
            except BaseException:  # a signal's: the answer to this call must not meet the next
                self.close()
                raise
            # The server is gone: nothing tells when another has taken its place.
            time.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - no secret
            pause = min(max(2 * pause, _FIRST_PAUSE), _LONGEST_PAUSE)

    def close(self) -> None:
        """Ends the connection; the next call makes another."""
        for end in (self._file, self._socket):
            if end is not None:
                end.close()
        self._file = self._socket = None

    def _unreached(self, error: OSError) -> str:
        reason = error.strerror or str(error) or type(error).__name__
        text = "no answer from the shards' service at {} for {:g} s: {}"
        return text.format(self._address, self.patience, reason)

    def _request(self, verb: str, data: bytes) -> bytes:
        lines = (
            "POST {}{} HTTP/1.1".format(_PREFIX, verb),
            "Host: millwork",
            "Authorization: Bearer " + self._token,
            "Idempotency-Key: {}-{}".format(self._name, self._calls),
            "Content-Type: application/json",
            "Content-Length: {}\r\n\r\n".format(len(data)),
        )
        return "\r\n".join(lines).encode("latin-1") + data  # one packet: none waits for an ACK

    def _once(self, request: bytes, timeout: float) -> Dict[str, Any]:
        if self._socket is None:
            self._socket = _connect(self._address, timeout)
            self._file = self._socket.makefile("rb")
        self._socket.settimeout(timeout)
        self._socket.sendall(request)
        assert self._file is not None
        status, data, stays = _answer(self._file)
        if not stays:
            self.close()
        if status in _TRY_AGAIN or status >= 500:
            raise _Broken("HTTP {}".format(status))
        try:
            content = json.loads(data) if data else {}
        except ValueError:
            content = None
        if not 200 <= status < 300:
            raise Refused(status, _reason(status, content))
        if not isinstance(content, dict):
            raise _Broken("an answer that is no JSON object")
        return content


def from_environment() -> Service:
    """The service that the variables name. Raises Unreachable if they are not set."""
    address = os.environ.get("MILLWORK_SHARDS", "")
    if not address:
        raise Unreachable(
            "there are no shards here: MILLWORK_SHARDS is not set; "
            "let `millwork run` start this program, as a component with `batch`"
        )
    return Service(address, os.environ.get("MILLWORK_SHARDS_TOKEN", ""))


def _connect(address: str, timeout: float) -> socket.socket:
    if address.startswith("http://"):
        host, _, port = address[len("http://") :].rstrip("/").rpartition(":")
        connection = socket.create_connection((host.strip("[]"), int(port)), timeout)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(timeout)
        if len(os.fsencode(address)) > _SUN_PATH and sys.platform == "linux":
            _connect_below(connection, address)
        else:
            connection.connect(address)
    except BaseException:
        connection.close()
        raise
    return connection


def _connect_below(connection: socket.socket, address: str) -> None:
    """Connects to a path that is too long for a socket's address, by way of its folder."""
    folder, name = os.path.split(address)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        connection.connect("/proc/self/fd/{}/{}".format(descriptor, name))
    finally:
        os.close(descriptor)


def _answer(file: BinaryIO) -> Tuple[int, bytes, bool]:
    """Status and body of an HTTP answer, and whether the connection stays open."""
    words = _line(file).split(None, 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        raise _Broken("an answer that is not HTTP")
    headers = {}
    while True:
        line = _line(file)
        if not line:
            break
        name, _, value = line.partition(b":")
        headers[name.strip().lower()] = value.strip().lower()
    stays = words[0] == b"HTTP/1.1" and headers.get(b"connection") != b"close"
    if headers.get(b"transfer-encoding") == b"chunked":
        return int(words[1]), _chunks(file), stays
    if b"content-length" in headers:
        return int(words[1]), _exactly(file, headers[b"content-length"], 10), stays
    return int(words[1]), file.read(_MOST), False


def _line(file: BinaryIO) -> bytes:
    line = file.readline(1 << 16)
    if not line.endswith(b"\n"):
        raise _Broken("the connection ended")
    return line.rstrip(b"\r\n")


def _exactly(file: BinaryIO, size: bytes, base: int) -> bytes:
    try:
        wanted = int(size, base)
    except ValueError:
        raise _Broken("an answer of no size") from None
    if not 0 <= wanted <= _MOST:
        raise _Broken("an answer of {} bytes".format(wanted))
    data = file.read(wanted)
    if len(data) < wanted:
        raise _Broken("the connection ended")
    return data


def _chunks(file: BinaryIO) -> bytes:
    parts = []
    while True:
        part = _exactly(file, _line(file).partition(b";")[0], 16)
        if not part:
            break
        parts.append(part)
        _line(file)
    while _line(file):  # trailers
        pass
    return b"".join(parts)


def _reason(status: int, content: Any) -> str:
    """What the service gives as the reason, in whatever field."""
    found = content if isinstance(content, dict) else {}
    for field in ("message", "error", "detail"):
        if found.get(field):
            return str(found[field])
    if status in (401, 403):
        return "the shards' service does not take the token in MILLWORK_SHARDS_TOKEN"
    return "the shards' service answered HTTP {}".format(status)
