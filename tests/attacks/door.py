"""What attackers have: requests to a real server, put together by hand if need be."""

from __future__ import annotations

import hashlib
import json
import socket
import threading
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urlsplit

from tests.conftest import until
from tests.e2e.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from tests.e2e.server import Server

PASSWORD = "correct horse battery staple"
DEFAULT = "/workspaces/default"
STATUSES = frozenset({"succeeded", "failed", "cancelled"})


@dataclass(frozen=True)
class Answer:
    """An answer, with the names of its headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def without_request(self) -> Any:
        """What it says, but for the id of the request."""
        return {name: said for name, said in self.json.items() if name != "request"}


@dataclass
class Door:
    """A server, and a way in to it: `token` is sent with what says nothing else."""

    server: Server
    token: str = ""
    _own: threading.local = field(default_factory=threading.local)

    @property
    def place(self) -> tuple[str, int]:
        parts = urlsplit(self.server.url)
        return parts.hostname or "", parts.port or 0

    @property
    def host(self) -> str:
        return "{}:{}".format(*self.place)

    def as_(self, token: str) -> Door:
        """The same server for another's token; empty for nobody's."""
        return Door(self.server, token)

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        /,
        **query: Any,
    ) -> Answer:
        """A request below /api/v1; a body that is not bytes is sent as JSON."""
        words = f"?{urlencode(query)}" if query else ""
        return self.page(method, f"/api/v1{path}{words}", body, headers)

    def page(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """A request for any path of the server; the path goes out as it is."""
        sent = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        if body is not None and not isinstance(body, bytes):
            body, sent["Content-Type"] = json.dumps(body).encode(), "application/json"
        sent.update(headers or {})
        try:
            return self._exchange(method, path, body, sent)
        except (ConnectionError, OSError):  # a connection that was kept is closed after a while
            self._own.connection = None
            return self._exchange(method, path, body, sent)

    def _exchange(self, method: str, path: str, body: Any, headers: Mapping[str, str]) -> Answer:
        connection = getattr(self._own, "connection", None) or HTTPConnection(*self.place, 60)
        self._own.connection = connection
        connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name, value.encode("latin-1"))
        if body is not None and "Content-Length" not in headers:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        found = connection.getresponse()
        said = {name.lower(): value for name, value in found.getheaders()}
        is_stream = said.get("content-type", "").startswith("text/event-stream")
        if is_stream or found.will_close:
            self._own.connection = None
        if is_stream:
            found.close()
            return Answer(found.status, said, b"")
        return Answer(found.status, said, found.read())

    def raw(self, data: bytes, seconds: float = 10) -> bytes:
        """What the server answers to these bytes, until it closes or says nothing more."""
        with closing(socket.create_connection(self.place, timeout=seconds)) as connection:
            said = b""
            try:
                connection.sendall(data)
                while part := connection.recv(65_536):
                    said += part
            except (TimeoutError, ConnectionError):
                pass
            return said

    # --- what there is to attack ----------------------------------------------------------

    def hire(self, name: str, role: str = "", workspace: str = "default") -> Door:
        """A person with a token of their own, a member of the workspace if they have a role."""
        good(self.ask("POST", "/people", {"person": name, "password": PASSWORD}))
        if role:
            self.make_member(name, role, workspace)
        return self.as_(self.log_in(name).mint())

    def make_member(self, name: str, role: str, workspace: str = "default") -> None:
        good(self.ask("PUT", f"/workspaces/{workspace}/members/{name}", {"role": role}))

    def log_in(self, name: str, password: str = PASSWORD) -> Session:
        """A session, as a browser has it."""
        answer = self.as_("").ask("POST", "/login", {"person": name, "password": password})
        return Session(self.server, cookie=good(answer).headers["set-cookie"].partition(";")[0])

    def log_in_by_link(self, link: str) -> Session:
        """A session of the owner's, by a one-time link."""
        answer = self.as_("").page("GET", f"/login?link={link}")
        assert answer.status == 303, answer
        return Session(self.server, cookie=answer.headers["set-cookie"].partition(";")[0])

    def bundle(self, files: Mapping[str, str | bytes], workspace: str = "default") -> str:
        """The digest of a bundle of these files."""
        there = f"/workspaces/{workspace}"
        listed = []
        for path, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            digest = hashlib.sha256(data).hexdigest()
            good(self.ask("PUT", f"{there}/files/{digest}", data))
            listed.append({"path": path, "sha256": digest})
        found: str = good(self.ask("POST", f"{there}/bundles", {"files": listed})).json["bundle"]
        return found

    def run(
        self, files: Mapping[str, str | bytes], /, workspace: str = "default", **said: Any
    ) -> str:
        """The id of a run of `component.yaml` in these files."""
        bundle = self.bundle(files, workspace)
        wish = {"bundle": bundle, "file": "component.yaml", **said}
        answer = good(self.ask("POST", f"/workspaces/{workspace}/runs", wish))
        run: str = answer.json["run"]
        return run

    def finished(self, run: str, workspace: str = "default", seconds: float = 60) -> Any:
        """What is known of a run that is over."""
        path = f"/workspaces/{workspace}/runs/{run}"

        def over() -> Any:
            page = good(self.ask("GET", path)).json
            return page if page["status"] in STATUSES else None

        return until(over, seconds)


@dataclass
class Session(Door):
    """A browser's way in."""

    cookie: str = ""

    def page(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        return super().page(method, path, body, {"Cookie": self.cookie, **(headers or {})})

    def mint(self, **said: Any) -> str:
        """The secret of a new token."""
        wish = {"name": "test", "scope": "admin", **said}
        secret: str = good(self.ask("POST", "/me/tokens", wish)).json["secret"]
        return secret


def good(answer: Answer) -> Answer:
    """The answer, which must be one to what was well asked."""
    assert answer.status == 200, (answer.status, answer.body[:2000])
    return answer


def text(command: str, name: str = "step", **fields: Any) -> str:
    """The text of a component."""
    head = {"apiVersion": "millwork/v1", "kind": "Component", "name": name, "version": "1.0.0"}
    return json.dumps({**head, "command": command, **fields})


def spell(path: str) -> str:
    """A path percent-encoded whole, slashes too."""
    return quote(path, safe="")


@contextmanager
def opened(home: Path, *words: str) -> Iterator[Door]:
    """A server whose people trust each other, for the owner."""
    with serving(home, "--shared-trust", *words) as server:
        yield Door(server, server.token)
