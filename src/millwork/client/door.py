"""The verbs over HTTP: asked once for all, however often the connection is lost meanwhile."""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from millwork.access.verbs import VERBS
from millwork.base.errors import BadRequest, Unauthenticated, Unavailable
from millwork.base.ids import new_token
from millwork.base.records import dataclass, field
from millwork.client.answers import error_of, value_of
from millwork.client.messages import Seen, messages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import TypeVar

    from millwork.access.verbs import Verb
    from millwork.client.messages import Message

    _T = TypeVar("_T")

PREFIX = "/api/v1"
_CONNECT = 10.0
_ANSWER = 300.0  # seconds: a run that is asked for may have to fetch an image first
_SILENCE = 60.0  # of a stream: of events something comes every 15 s
_PAUSES = (0.1, 0.5, 1.0)
_PATIENCE = 60.0  # seconds that a server that is away is waited for, if it is waited for
_SOON = 1.0  # seconds in which a server that is started again is back
_PART = 1 << 20
_LOST = (OSError, HTTPException)


@dataclass(frozen=True)
class Wanted:
    """A request; a file as its body is read anew each time that it is sent."""

    method: str
    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Path | None = None


class HttpDoor:
    """A server at `url`, asked as who holds `token`, in a workspace. One thread at a time.

    Errors are those of the verb, with its words; Unavailable if the server cannot be reached.
    """

    def __init__(self, url: str, token: str, workspace: str = "default") -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
            raise BadRequest(f"{url[:200]}: expected the URL of a server: http://HOST:PORT")
        self.url, self.workspace, self._token = url.rstrip("/"), workspace, _clean(token)
        self._kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
        try:
            self._host, self._port = parts.hostname, parts.port
        except ValueError:
            raise BadRequest(f"{url[:200]}: the port is no number up to 65535") from None
        self._base = parts.path.rstrip("/") + PREFIX
        self._kept: HTTPConnection | None = None
        self._away: Callable[[], None] | None = None

    def wait(self, away: Callable[[], None]) -> None:
        """From now on a server that is away is waited for, up to 60 s; `away` is called then."""
        self._away = away

    def ask(self, verb: str, /, **arguments: Any) -> Any:
        """What the verb answers."""
        asked = VERBS[verb]
        path, rest = self._path(asked, arguments)
        headers, body = {}, None
        if asked.method in ("GET", "DELETE"):
            path += _query(rest)
        elif rest:
            headers["Content-Type"], body = "application/json", json.dumps(rest).encode()
        if asked.writes:
            headers["Idempotency-Key"] = new_token()
        return self._answered(Wanted(asked.method, path, headers, body))

    def upload(self, path: str, sha256: str) -> Any:
        """Sends the file at `path`, whose digest this is."""
        asked = VERBS["files.put"]
        place, _ = self._path(asked, {"sha256": sha256})
        headers = {"Content-Type": "application/octet-stream"}
        return self._answered(Wanted(asked.method, place, headers, Path(path)))

    def download(
        self, verb: str, to: IO[bytes], size: int, sha256: str, /, **arguments: Any
    ) -> None:
        """Writes a file to `to`, which can be read, too; goes on where a connection was lost.

        Raises Unavailable if what came is not of that size and digest.
        """
        path, rest = self._path(VERBS[verb], arguments)
        wanted = path + _query(rest)

        def take() -> None:
            begun = to.tell()
            headers = {"Range": f"bytes={begun}-"} if begun else {}
            with closing(self._open(Wanted("GET", wanted, headers))) as answer:
                if answer.status != 206:
                    to.seek(0)
                    to.truncate()
                while part := answer.read(_PART):
                    to.write(part)
            if to.tell() < size:
                raise ConnectionError("the answer was cut off")

        self._tried(take)
        to.seek(0)
        stream: Any = to  # the library asks for readinto, which files have and IO does not declare
        if hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
            raise Unavailable("what came is not what was left there: its sha256 is another")

    def stream(self, verb: str, /, **arguments: Any) -> Iterator[Message]:
        """The events of a verb that is followed, each once, until it ends.

        A stream that is cut off goes on behind the last event.
        """
        path, rest = self._path(VERBS[verb], arguments)
        wanted, seen, place = path + _query(rest), Seen(), ""
        lost: float | None = None
        while True:
            headers = {"Last-Event-ID": place} if place else {}
            try:
                with closing(self._open(Wanted("GET", wanted, headers))) as answer:
                    lost = None
                    for message in messages(answer):
                        place = message.id or place
                        if message.event == "end":
                            return
                        if message.event != "open" and seen.is_new(message):
                            yield message
            except (*_LOST, Unavailable) as error:
                lost = lost or time.monotonic()
                if time.monotonic() - lost > _PATIENCE:
                    raise self._unreachable(error) from None
                if self._away and time.monotonic() - lost > _SOON:
                    self._away()
            time.sleep(_PAUSES[1])  # a server that starts again tells nobody

    def another(self) -> HttpDoor:
        """The same with a connection of its own, for another thread or a signal."""
        return HttpDoor(self.url, self._token, self.workspace)

    def close(self) -> None:
        """Closes the connection; the next request opens another."""
        if self._kept:
            self._kept.close()
            self._kept = None

    # --- requests -------------------------------------------------------------------------

    def _path(self, verb: Verb, arguments: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """The path of a verb, and the arguments that it does not say."""
        if verb.needs != "anyone" and not self._token:
            raise Unauthenticated(f"{self.url}: set MILLWORK_TOKEN to a token of yours there")
        rest = {name: value for name, value in arguments.items() if value is not None}
        parts = []
        for part in verb.path.split("/"):
            if not part.startswith("{"):
                parts.append(part)
                continue
            name = part[1:-1]
            value = self.workspace if name == "workspace" else str(rest.pop(name))
            if value in ("", ".", ".."):
                raise BadRequest(f"{name}: {value!r} is no name")
            parts.append(quote(value, safe=""))
        return self._base + "/".join(parts), rest

    def _answered(self, wanted: Wanted) -> Any:
        def once() -> Any:
            answer = self._send(self._connection(), wanted)
            body, kind = answer.read(), answer.headers.get("Content-Type", "")
            if answer.status >= 400:
                raise error_of(self.url, answer.status, kind, body)
            return value_of(kind, body)

        return self._tried(once)

    def _tried(self, once: Callable[[], _T]) -> _T:
        """What it gives; what could not be reached is tried again after a moment."""
        begun = time.monotonic()
        for pause in self._pauses(begun):
            try:
                return self._reached(once)
            except Unavailable as error:
                if type(error) is not Unavailable:  # a full disk is still full in a moment
                    raise
                time.sleep(pause)  # nor does one that is busy, or away
        return self._reached(once)

    def _pauses(self, begun: float) -> Iterator[float]:
        yield from _PAUSES
        while self._away and time.monotonic() - begun < _PATIENCE:
            self._away()
            yield _PAUSES[-1]

    def _reached(self, once: Callable[[], _T]) -> _T:
        """What `once` gives; a lost connection becomes Unavailable, and is not used again."""
        try:
            return once()
        except _LOST as error:
            self.close()
            raise self._unreachable(error) from None

    def _unreachable(self, error: Exception) -> Unavailable:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        if isinstance(error, Unavailable):
            return error
        return Unavailable(
            f"cannot reach the server at {self.url}: {reason} (is it up? millwork up)"
        )

    def _connection(self) -> HTTPConnection:
        if self._kept is None:
            self._kept = self._connected(_ANSWER)
        return self._kept

    def _connected(self, patience: float) -> HTTPConnection:
        connection = self._kind(self._host, self._port, timeout=_CONNECT)
        connection.connect()
        connection.sock.settimeout(patience)
        return connection

    def _open(self, wanted: Wanted) -> HTTPResponse:
        """The answer on a connection of its own, to be read as it comes, and closed."""
        headers = {**wanted.headers, "Connection": "close"}
        answer = self._send(self._connected(_SILENCE), replace(wanted, headers=headers))
        if answer.status < 400:
            return answer
        with closing(answer):
            kind = answer.headers.get("Content-Type", "")
            raise error_of(self.url, answer.status, kind, answer.read())

    def _send(self, connection: HTTPConnection, wanted: Wanted) -> HTTPResponse:
        headers = dict(wanted.headers)
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        body = wanted.body
        if not isinstance(body, Path):
            connection.request(wanted.method, wanted.path, body, headers)
            return connection.getresponse()
        with body.open("rb") as file:
            headers["Content-Length"] = str(os.fstat(file.fileno()).st_size)
            connection.request(wanted.method, wanted.path, file, headers)
            return connection.getresponse()


def _clean(token: str) -> str:
    """The token without the ends of lines around it; raises BadRequest for what is none."""
    found = token.strip()
    if not (found.isascii() and found.isprintable()):
        raise BadRequest("the token holds characters that no token has: copy it once more")
    return found


def _query(arguments: Mapping[str, Any]) -> str:
    """The arguments as a query, with its `?`; empty for none."""
    pairs = [
        (name, _word(one))
        for name, value in arguments.items()
        for one in (value if isinstance(value, list | tuple) else [value])
    ]
    return f"?{urlencode(pairs)}" if pairs else ""


def _word(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
