"""Asks a server as a program does: JSON over one connection, with a token."""

from __future__ import annotations

import hashlib
import http.client
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.server import Server

_PATIENCE = 60.0


class Refused(Exception):
    """An answer that is none: its status, and the problem it tells."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"{status}: {text}")
        self.status = status


@dataclass
class Asker:
    """The owner of a home, who asks one server."""

    url: str
    token: str
    _connection: http.client.HTTPConnection = field(init=False)

    def __post_init__(self) -> None:
        place = urlsplit(self.url)
        assert place.hostname is not None
        self._connection = http.client.HTTPConnection(place.hostname, place.port, timeout=_PATIENCE)

    @classmethod
    def of(cls, server: Server) -> Asker:
        """One who asks this server."""
        return cls(server.url, server.token)

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """The answer; `body` is sent as JSON, or as it is if it is bytes. Raises Refused."""
        status, data = self.raw(method, path, body)
        if status >= 400:
            raise Refused(status, data.decode("utf-8", "replace"))
        return json.loads(data) if data else None

    def raw(self, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """The status and the bytes of an answer."""
        headers = {"Authorization": f"Bearer {self.token}"}
        data = body if isinstance(body, bytes) else None
        if body is not None and data is None:
            data, headers["Content-Type"] = json.dumps(body).encode(), "application/json"
        try:
            return self._answer(method, f"/api/v1{path}", data, headers)
        except http.client.RemoteDisconnected:  # it was idle for too long
            return self._answer(method, f"/api/v1{path}", data, headers)

    def _answer(
        self, method: str, path: str, data: bytes | None, headers: dict[str, str]
    ) -> tuple[int, bytes]:
        try:
            self._connection.request(method, path, data, headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()  # the next request opens it anew
            raise

    def upload(self, folder: Path, workspace: str = "default") -> str:
        """The bundle of a folder's files."""
        files = []
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            data = path.read_bytes()
            digest = hashlib.sha256(data).hexdigest()
            self.ask("PUT", f"/workspaces/{workspace}/files/{digest}", data)
            files.append({"path": str(path.relative_to(folder)), "sha256": digest})
        answer = self.ask("POST", f"/workspaces/{workspace}/bundles", {"files": files})
        return str(answer["bundle"])

    def run(self, bundle: str, file: str, workspace: str = "default", **wishes: Any) -> str:
        """The id of a run that was asked for."""
        wish = {"bundle": bundle, "file": file, **wishes}
        return str(self.ask("POST", f"/workspaces/{workspace}/runs", wish)["run"])
