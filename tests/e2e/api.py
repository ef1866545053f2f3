"""Requests to a server, by nothing but the standard library: what anybody may send."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from tests.conftest import until

if TYPE_CHECKING:
    from collections.abc import Mapping
    from http.client import HTTPResponse
    from pathlib import Path

    from tests.e2e.server import Server

WORKSPACE = "/workspaces/default"
_OVER = ("succeeded", "failed", "cancelled")


@dataclass(frozen=True)
class Api:
    """The API of a server, for whoever has this token."""

    url: str
    token: str

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """The status, and the JSON of the answer."""
        request = urllib.request.Request(f"{self.url}/api/v1{path}", method=method)
        if self.token:
            request.add_header("Authorization", f"Bearer {self.token}")
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        if body is not None:
            request.add_header("Content-Type", "application/json")
        request.data = json.dumps(body).encode() if body is not None else raw
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            return error.code, json.load(error)

    def open(self, path: str, workspace: str = WORKSPACE) -> HTTPResponse:
        """A stream about a workspace, as it comes."""
        request = urllib.request.Request(f"{self.url}/api/v1{workspace}{path}")
        request.add_header("Authorization", f"Bearer {self.token}")
        found: HTTPResponse = urllib.request.urlopen(request, timeout=60)
        return found

    def get(self, path: str) -> Any:
        """The answer to a question about the default workspace."""
        status, answer = self.ask("GET", WORKSPACE + path)
        assert status == 200, answer
        return answer

    def post(self, path: str, body: Any = None, method: str = "POST") -> Any:
        """The answer to a wish in the default workspace."""
        status, answer = self.ask(method, WORKSPACE + path, body or {})
        assert status == 200, answer
        return answer

    def bundle(self, folder: Path) -> str:
        """The files below a folder, sent; the bundle's digest."""
        files = []
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            data = path.read_bytes()
            digest = sha256(data).hexdigest()
            status, answer = self.ask("PUT", f"{WORKSPACE}/files/{digest}", raw=data)
            assert status == 200, answer
            files.append({"path": str(path.relative_to(folder)), "sha256": digest})
        return str(self.post("/bundles", {"files": files})["bundle"])

    def run(self, file: Path, **wishes: Any) -> str:
        """Asks for a run of a file, with all that lies beside it; the run's id."""
        bundle = self.bundle(file.parent)
        return str(self.post("/runs", {"bundle": bundle, "file": file.name, **wishes})["run"])

    def status(self, run: str) -> str:
        """What a run is now."""
        return str(self.get(f"/runs/{run}/result")["status"])

    def wait(self, run: str, seconds: float = 30) -> str:
        """What a run has come to, once it is over."""
        return str(until(lambda: (s := self.status(run)) in _OVER and s, seconds))


def api_of(server: Server) -> Api:
    """The API, for the owner of the home."""
    return Api(server.url, server.token)
