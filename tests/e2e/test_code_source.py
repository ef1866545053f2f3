"""Code of a registered repository: one commit, fetched with a token, said in the run."""

from __future__ import annotations

import ssl
import subprocess
import threading
from base64 import b64decode
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from tests.conftest import run_command
from tests.e2e.api import api_of
from tests.e2e.server import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.server import Server

TOKEN = "s3cret-of-the-repository"
_COMPONENT = """\
apiVersion: millwork/v1
kind: Component
name: from-git
version: 1.0.0
code: .
command: cat word.txt
"""


class _Guarded(SimpleHTTPRequestHandler):
    """Serves a repository's files to who brings the token."""

    def do_GET(self) -> None:
        scheme, _, words = self.headers.get("Authorization", "").partition(" ")
        if scheme == "Basic" and b64decode(words).decode() == f"x-access-token:{TOKEN}":
            return super().do_GET()
        self.send_response(401)
        self.send_header("WWW-Authenticate", "Basic")
        self.end_headers()
        return None

    def log_message(self, *words: object) -> None:
        """Nobody reads it."""


def _git(folder: Path, *words: str) -> str:
    author = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(
        ["git", "-C", str(folder), *author, *words], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


def _certificate(folder: Path) -> Path:
    """A certificate of 127.0.0.1, signed by itself."""
    path = folder / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(folder / "key.pem"), "-out", str(path)],
        check=True, capture_output=True,
    )  # fmt: skip
    return path


@pytest.fixture
def server(home: Path, tmp_path: Path, repository: tuple[str, list[str]]) -> Iterator[Server]:
    with serving(home, env={"GIT_SSL_CAINFO": str(tmp_path / "certificate.pem")}) as started:
        yield started


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[tuple[str, list[str]]]:
    """The URL of a repository, and its two commits."""
    work = tmp_path / "work"
    work.mkdir()
    _git(work, "init", "--quiet", "-b", "main")
    commits = []
    for word in ("one", "two"):
        (work / "component.yaml").write_text(_COMPONENT)
        (work / "word.txt").write_text(word)
        _git(work, "add", ".")
        _git(work, "commit", "--quiet", "-m", word)
        commits.append(_git(work, "rev-parse", "HEAD"))
    _git(work, "switch", "--quiet", "-c", "links")
    (work / "link.yaml").symlink_to("/etc/passwd")
    (work / "steps").mkdir()
    (work / "steps" / "step.yaml").write_text(_COMPONENT.replace("code: .", "code: src"))
    _git(work, "add", ".")
    _git(work, "commit", "--quiet", "-m", "a link that leads out")
    _git(work, "switch", "--quiet", "main")
    (tmp_path / "served").mkdir()
    bare = tmp_path / "served" / "code.git"
    _git(tmp_path, "clone", "--quiet", "--bare", str(work), str(bare))
    _git(bare, "update-server-info")
    certificate = _certificate(tmp_path)
    handler = partial(_Guarded, directory=str(tmp_path / "served"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, tmp_path / "key.pem")
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"https://127.0.0.1:{server.server_address[1]}/code.git", commits
    server.shutdown()
    server.server_close()


def connect(server: Server, url: str) -> None:
    """Makes the connection `forge`, which holds the repository's token."""
    assert run_command(["secrets", "set", "git-token"], server.home, input=TOKEN).code == 0
    fields = {"url": url.removesuffix("/code.git"), "allow_private": "true"}
    wish = {"type": "git", "secret": "git-token", "fields": fields}
    api_of(server).post("/connections/forge", wish, "PUT")


def test_a_run_of_a_commit(server: Server, repository: tuple[str, list[str]]) -> None:
    url, (first, second) = repository
    api = api_of(server)
    connect(server, url)
    api.post("/codes", {"name": "code", "repository": url, "branch": "main",
                        "connection": "forge"})  # fmt: skip
    newest = str(api.post("/runs", {"code": "code", "file": "component.yaml"})["run"])
    assert api.wait(newest) == "succeeded"
    assert api.get(f"/runs/{newest}/steps/from-git/logs/last")["text"] == "two"
    api.post("/codes", {"name": "code", "repository": url, "commit": first,
                        "connection": "forge"})  # fmt: skip
    pinned = str(api.post("/runs", {"code": "code", "file": "component.yaml"})["run"])
    assert api.wait(pinned) == "succeeded"
    assert api.get(f"/runs/{pinned}/steps/from-git/logs/last")["text"] == "one"
    commits = [api.get(f"/runs/{run}")["facts"]["git"]["from-git"] for run in (newest, pinned)]
    assert [each["commit"] for each in commits] == [second, first]
    assert TOKEN not in server.log.read_text()
    assert not any(TOKEN.encode() in path.read_bytes() for path in server.home.glob("*.db*"))


def test_what_is_not_public_is_refused(server: Server, repository: tuple[str, list[str]]) -> None:
    url, _ = repository
    api = api_of(server)
    api.post("/codes", {"name": "code", "repository": url})
    status, problem = api.ask(
        "POST", "/workspaces/default/runs", {"code": "code", "file": "component.yaml"}
    )
    assert status == 400
    assert "127.0.0.1 is not of the public network" in problem["detail"]
    for path in ("../../millwork.db", "/etc/passwd", "nowhere.yaml"):
        status, _ = api.ask("POST", "/workspaces/default/runs", {"code": "code", "file": path})
        assert status in (400, 404)


def test_a_component_is_taken_from_a_commit(
    server: Server, repository: tuple[str, list[str]]
) -> None:
    url, (first, second) = repository
    api = api_of(server)
    connect(server, url)
    for version, place in (("1", {"branch": "main"}), ("2", {"commit": first})):
        code = {"name": "code", "repository": url, "connection": "forge", **place}
        assert api.post("/codes", code)["version"] == version
    newest, pinned = (
        api.post(f"/codes/code/versions/{version}/take", {"path": "component.yaml"})
        for version in ("1", "2")
    )
    assert (newest["commit"], newest["text"], newest["code"]) == (second, _COMPONENT, "code@1")
    assert (pinned["commit"], pinned["text"]) == (first, _COMPONENT)
    made = api.post("/components", {"text": pinned["text"], "bundle": pinned["bundle"]})
    run = str(api.post("/runs", {"component": f"from-git@{made['version']}"})["run"])
    assert api.wait(run) == "succeeded"
    assert api.get(f"/runs/{run}/steps/from-git/logs/last")["text"] == "one"


def test_what_is_not_in_the_repository_is_not_taken(
    server: Server, repository: tuple[str, list[str]]
) -> None:
    url, _ = repository
    api = api_of(server)
    connect(server, url)
    code = {"name": "code", "repository": url, "connection": "forge", "branch": "links"}
    api.post("/codes", code)
    take = "/workspaces/default/codes/code/versions/1/take"
    for path in ("../../millwork.db", "/etc/passwd", "nowhere.yaml", ".", "", "link.yaml"):
        status, problem = api.ask("POST", take, {"path": path})
        assert (status, problem["detail"][:5]) == (400, "path:"), path
        assert str(server.home) not in problem["detail"]
    for folder in ("..", "/etc", "nowhere", "component.yaml"):
        status, problem = api.ask("POST", take, {"path": "component.yaml", "folder": folder})
        assert (status, problem["detail"][:7]) == (400, "folder:"), folder
    status, problem = api.ask("POST", take, {"path": "steps/step.yaml"})
    assert (status, problem["detail"]) == (
        400, "folder: the repository has no folder steps/src at this commit"
    )  # fmt: skip
    assert api.ask("POST", take.replace("/1/", "/7/"), {"path": "component.yaml"})[0] == 404


def test_what_cannot_be_taken_is_not_registered(
    server: Server, repository: tuple[str, list[str]]
) -> None:
    url, (first, _) = repository
    api = api_of(server)
    connect(server, url)
    right = {"name": "code", "repository": url, "connection": "forge", "path": "component.yaml"}
    wrong = (
        ({"path": "nowhere.yaml"}, 400, "path: the repository has no file nowhere.yaml"),
        ({"folder": "nowhere"}, 400, "folder: the repository has no folder nowhere"),
        ({"connection": ""}, 400, "127.0.0.1 is not of the public network"),
        ({"connection": "none"}, 404, "there is no connection 'none'"),
        ({"branch": "nowhere"}, 400, "nowhere"),
        ({"name": "no name"}, 400, "name"),
    )
    for change, code, words in wrong:
        status, problem = api.ask("POST", "/workspaces/default/codes", right | change)
        assert (status, words in problem["detail"]) == (code, True), problem
        assert str(server.home) not in problem["detail"]
    assert api.get("/codes")["items"] == []
    assert api.post("/codes", {**right, "commit": first})["version"] == "1"
