"""What `millwork up` serves at `/` to whoever asks, and what the browser is told with it."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from millwork.api.guard import HEADERS
from tests.docs.generate import ROOT
from tests.web.browser import ASSETS, built, in_browser

if TYPE_CHECKING:
    from pathlib import Path

    from tests.e2e.server import Server

pytestmark = in_browser
ELSEWHERE = (
    "/assets/../index.html", "/assets/%2e%2e/index.html", "/assets/..%2findex.html",
    "/assets/%2e%2e%2f%2e%2e%2fconsole.py", "/assets/..%5cconsole.py", "/assets//etc/passwd",
    "/assets/%00", "/assets/.vite/manifest.json", "/.vite/manifest.json", "/index.html",
    "/console.py", "/millwork.svg/../console.py",
)  # fmt: skip


def get(server: Server, path: str, **headers: str) -> tuple[int, http.client.HTTPMessage, bytes]:
    """What anybody is answered, by nothing but the standard library: the path is sent as it is."""
    place = urlsplit(server.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=30)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


@pytest.fixture(autouse=True)
def _is_built() -> None:
    built()


@pytest.mark.parametrize("path", ["/", "/enter", "/w/default/runs", "/w/a/b/c?d=e"])
def test_anybody_gets_the_page_and_every_place_is_one(console: Server, path: str) -> None:
    status, headers, body = get(console, path)
    assert status == 200
    assert headers.get_content_type() == "text/html"
    assert body == (ASSETS / "index.html").read_bytes()
    for name, value in HEADERS.items():
        assert headers[name] == value


def test_every_file_of_the_build_is_given_to_anybody_packed_and_kept(console: Server) -> None:
    for file in sorted((ASSETS / "assets").iterdir()):
        status, headers, body = get(console, f"/assets/{file.name}", **{"Accept-Encoding": "gzip"})
        assert status == 200
        assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert headers["Content-Security-Policy"] == HEADERS["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        if file.suffix in (".js", ".css"):
            assert headers["Content-Encoding"] == "gzip"
            body = gzip.decompress(body)
        assert body == file.read_bytes()


def test_the_page_asks_for_nothing_that_its_policy_forbids() -> None:
    text = (ASSETS / "index.html").read_text(encoding="utf-8")
    assert not re.findall(r"<script(?![^>]* src=)", text)
    assert not re.findall(r"\bon\w+=", text)
    places = re.findall(r'(?:src|href)="([^"]+)"', text)
    assert places
    assert all(re.match(r"/(assets/|millwork\.svg$)", place) for place in places)


@pytest.mark.parametrize("path", ELSEWHERE)
def test_no_path_leads_elsewhere(console: Server, path: str) -> None:
    status, headers, body = get(console, path)
    assert status in (401, 404)
    assert headers.get_content_type() == "application/problem+json"
    assert b"import" not in body


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The package as a release has it."""
    folder = tmp_path_factory.mktemp("wheel")
    build = "from hatchling.build import build_wheel; print(build_wheel({!r}))"
    words = [sys.executable, "-c", build.format(str(folder))]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True)
    return folder / done.stdout.splitlines()[-1]


def test_the_wheel_carries_the_console(wheel: Path) -> None:
    files = {path.relative_to(ASSETS) for path in ASSETS.rglob("*") if path.is_file()}
    with zipfile.ZipFile(wheel) as archive:
        inside = set(archive.namelist())
    assert {f"millwork/api/console/{file}" for file in files} <= inside
    assert not [name for name in inside if "node_modules" in name or name.startswith("web/")]
    manifest = json.loads((ASSETS / ".vite" / "manifest.json").read_text())
    for chunk in manifest.values():
        assert f"millwork/api/console/{chunk['file']}" in inside
