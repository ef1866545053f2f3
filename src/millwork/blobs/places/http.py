"""Files of web servers, which are only read.

What a name resolves to is looked at when the connection is made, so that a name cannot lead to
this machine or its network, unless that was allowed (attacks: reference reliability.md, 4).
"""

from __future__ import annotations

import hashlib
import os
import socket
import ssl
from base64 import b64encode
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPResponse, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin, urlsplit

from millwork.base.addresses import is_public
from millwork.base.sizes import format_size, parse_size
from millwork.blobs.places.attempts import patiently
from millwork.blobs.places.model import Check, Entry, Listing, StorageError, read_only

if TYPE_CHECKING:
    from typing import NoReturn

    from millwork.base.uris import Uri
    from millwork.blobs.places.model import Access

_TIMEOUT, _BLOCK, _REDIRECTS = 30.0, 1 << 20, 5
_LARGEST = "100Gi"


class _Passing(Exception):
    """The server is in trouble, and may be out of it soon."""


class Web:
    """Files by `http:` and `https:`, with the token or password of a connection, if it has one."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def find(self, uri: Uri, limit: int = 0) -> Listing:  # noqa: ARG002
        """The one file that there is at an address."""
        with self._asked(uri, "HEAD") as answer:
            return Listing((self._entry(uri, answer),), is_file=True)

    def get(self, uri: Uri, target: str) -> Listing:
        """Streams it to the file `target`."""
        spare = f"{target}.millwork-part"
        os.makedirs(os.path.dirname(target) or ".", exist_ok=True)
        try:
            entry = patiently(
                lambda: self._fetch(uri, spare), _is_passing, self._access.patience,
                self._access.tell,
            )  # fmt: skip
            os.rename(spare, target)
        except (OSError, HTTPException, _Passing) as error:
            self._fail(uri, error)
        finally:
            if os.path.lexists(spare):
                os.unlink(spare)
        return Listing((entry,), is_file=True)

    def put(self, source: str, uri: Uri) -> Listing:  # noqa: ARG002
        """Raises BadRequest: nothing is written."""
        raise read_only(uri)

    def check(self, uri: Uri) -> list[Check]:
        """Whether the file can be read."""
        try:
            found = self.find(uri)
        except StorageError as error:
            return [Check("read", False, str(error), error.kind)]
        return [
            Check("read", True, f"{uri.text} can be read ({format_size(found.size)})"),
            Check("write", True, "nothing is written by http, and nothing was tried"),
        ]

    def _fetch(self, uri: Uri, target: str) -> Entry:
        largest = parse_size(self._access.get("max_size", _LARGEST))
        with self._open(uri, "GET") as answer, open(target, "wb") as file:
            entry, size, digest = self._entry(uri, answer), 0, hashlib.sha256()
            if entry.size > largest:
                self._too_large(uri, largest)
            while block := answer.read(_BLOCK):
                size += len(block)
                if size > largest:
                    self._too_large(uri, largest)
                file.write(block)
                digest.update(block)
        if answer.getheader("Content-Length") and size != entry.size:
            raise _Passing(f"the connection broke off after {size} of {entry.size} bytes")
        return Entry(entry.path, size, entry.version, digest.hexdigest(), entry.modified)

    def _too_large(self, uri: Uri, largest: int) -> NoReturn:
        says = f"it is larger than {format_size(largest)}"
        raise StorageError(uri.text, "refused", says, advice="a connection's max_size allows more")

    def _asked(self, uri: Uri, method: str) -> HTTPResponse:
        try:
            return patiently(
                lambda: self._open(uri, method), _is_passing, self._access.patience,
                self._access.tell,
            )  # fmt: skip
        except (OSError, HTTPException, _Passing) as error:
            self._fail(uri, error)

    def _open(self, uri: Uri, method: str) -> HTTPResponse:
        """The answer, after redirects within the same host."""
        address = uri.text
        for _ in range(_REDIRECTS):
            answer = self._request(address, method)
            if answer.status not in (301, 302, 303, 307, 308):
                return self._good(uri, answer)
            answer.close()
            before, address = address, urljoin(address, answer.getheader("Location", ""))
            if urlsplit(address)[:2] != urlsplit(before)[:2]:
                raise StorageError(
                    uri.text, "refused", f"it leads to another host: {address[:200]}",
                    str(answer.status), "name that address, if it is to be trusted",
                )  # fmt: skip
        raise StorageError(uri.text, "refused", f"more than {_REDIRECTS} redirects")

    def _request(self, address: str, method: str) -> HTTPResponse:
        allow_private = self._access.allows("allow_private")
        connection = connection_to(address, _TIMEOUT, allow_private=allow_private)
        headers = {"User-Agent": "millwork", **self._login()}
        connection.request(method, path_of(address), headers=headers)
        return connection.getresponse()

    def _login(self) -> dict[str, str]:
        if not self._access.secret:
            return {}
        user = self._access.get("user")
        if not user:
            return {"Authorization": f"Bearer {self._access.secret}"}
        pair = b64encode(f"{user}:{self._access.secret}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}

    def _good(self, uri: Uri, answer: HTTPResponse) -> HTTPResponse:
        if answer.status < 300:
            return answer
        answer.close()
        status = f"{answer.status} {answer.reason}"
        if answer.status >= 500 or answer.status == 429:
            raise _Passing(f"the server answers {status}")
        if answer.status in (401, 403):
            advice = "a connection of type http with a secret logs in: docs/storage.md"
            raise StorageError(uri.text, "denied", "this may not be read", status, advice)
        if answer.status in (404, 410):
            raise StorageError(uri.text, "missing", "there is nothing there", status)
        raise StorageError(uri.text, "refused", "the server refuses", status)

    def _entry(self, uri: Uri, answer: HTTPResponse) -> Entry:
        name = unquote(urlsplit(uri.text).path.rpartition("/")[2])
        tag, at = answer.getheader("ETag", ""), answer.getheader("Last-Modified", "")
        version = f"etag:{tag}" if tag else f"modified:{at}" if at else ""
        if tag.startswith("W/"):  # the same for what is only alike
            version = ""
        size = answer.getheader("Content-Length", "0")
        return Entry(_name(name), int(size) if size.isdigit() else 0, version, modified=_time(at))

    def _fail(self, uri: Uri, error: Exception) -> NoReturn:
        host = urlsplit(uri.text).hostname
        says = f"{host} cannot be reached, or broke off: {error}"
        advice = "look whether the address is right and answers from this machine"
        raise StorageError(uri.text, "unreachable", says, advice=advice) from None


def connection_to(address: str, timeout: float, *, allow_private: bool) -> HTTPConnection:
    """A connection to the server of an `http:` or `https:` address, made with the first request.

    It raises StorageError (`refused`) instead if the name leads into a network that is not public,
    and that is not allowed. All addresses of a name are tried within `timeout` seconds.
    """
    parts = urlsplit(address)
    kind, usual = (_Secure, 443) if parts.scheme == "https" else (_Plain, 80)
    # Without a port http.client would look for one at the end of an IPv6 address.
    connection = kind(parts.hostname or "", parts.port or usual, timeout=timeout)
    connection.allow_private = allow_private
    return connection


def path_of(address: str) -> str:
    """What an address asks of its server."""
    parts = urlsplit(address)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


class _Plain(HTTPConnection):
    """Connects to an address that it has looked at."""

    allow_private = False

    def connect(self) -> None:
        self.sock = _connected(self.host, self.port, self.timeout or _TIMEOUT, self.allow_private)


class _Secure(HTTPSConnection):
    """As `_Plain`; the certificate is checked against the host's name."""

    allow_private = False

    def __init__(self, host: str, port: int | None, timeout: float) -> None:
        self._tls = ssl.create_default_context()
        super().__init__(host, port, timeout=timeout, context=self._tls)

    def connect(self) -> None:
        plain = _connected(self.host, self.port, self.timeout or _TIMEOUT, self.allow_private)
        secured = self._tls.wrap_socket(
            plain, server_hostname=self.host, do_handshake_on_connect=False
        )
        self.sock = secured  # who limits the whole may break off the handshake
        secured.do_handshake()


def _connected(host: str, port: int, patience: float, allow_private: bool) -> socket.socket:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    for *_, place in found:
        address = str(place[0])
        if not allow_private and not is_public(address):
            raise StorageError(
                f"http://{host}", "refused", f"{host} is {address}, an address of this network",
                advice="a connection of type http with allow_private: true allows it",
            )  # fmt: skip
    # What was looked at is what is connected to: the name is not resolved again.
    last: OSError | None = None
    for family, kind, protocol, _, place in found:
        made = socket.socket(family, kind, protocol)
        made.settimeout(patience / len(found))
        try:
            made.connect(place)
        except OSError as error:
            made.close()
            last = error
            continue
        made.settimeout(patience)
        return made
    raise last or OSError("no address")


def _is_passing(error: Exception) -> bool:
    if isinstance(error, socket.gaierror):
        return error.errno == socket.EAI_AGAIN
    return isinstance(error, _Passing | ConnectionError | TimeoutError | HTTPException)


def _name(name: str) -> str:
    return "data" if not name or name in (".", "..") or "/" in name or "\0" in name else name


def _time(text: str) -> float:
    try:
        return parsedate_to_datetime(text).timestamp()
    except ValueError:
        return 0.0
