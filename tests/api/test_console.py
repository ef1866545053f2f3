"""The console's files: what is given out, packed and kept, and that no name leads elsewhere."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import pytest

from millwork.api import console

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.quick
SCRIPT = b"console.log('hello');" * 100
NO_NAMES = (
    "assets/../secret", "assets/..", "assets/", "assets", "", "assets/%2e%2e/secret", "secret",
    "assets/./app-1.js", "assets//app-1.js", "/assets/app-1.js", "assets/app-1.js\0", "index.html",
    "assets/app-1.js?x", "assets\\app-1.js", "assets/linked", ".vite/manifest.json",
)  # fmt: skip


@pytest.fixture
def built(tmp_path: Path) -> str:
    folder = tmp_path / "console"
    (folder / "assets" / "deeper").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html><title>Millwork</title>")
    (folder / "millwork.svg").write_text("<svg/>")
    (folder / "assets" / "app-1.js").write_bytes(SCRIPT)
    (folder / "assets" / "app-1.css").write_text("p {}")
    (folder / "assets" / "picture-1.png").write_bytes(b"\x89PNG")
    (tmp_path / "secret").write_text("a secret")
    (folder / "assets" / "linked").symlink_to(tmp_path / "no-such-file")
    return str(folder)


def test_the_page_is_the_same_wherever_one_is(built: str) -> None:
    known, unknown = console.page("ada", built), console.page("", built)
    assert bytes(known.body) == bytes(unknown.body) == b"<!doctype html><title>Millwork</title>"
    assert known.headers["content-type"].startswith("text/html")


def test_without_a_build_the_page_says_how_to_get_it(tmp_path: Path) -> None:
    page = console.page("<b>ada</b>", str(tmp_path))
    text = bytes(page.body).decode()
    assert page.status_code == 200
    assert "make console" in text
    assert "You are &lt;b&gt;ada&lt;/b&gt;." in text
    assert "Nobody is logged in." in bytes(console.page("", str(tmp_path)).body).decode()
    assert console.asset("millwork.svg", "", str(tmp_path)) is None
    assert console.asset("assets/app-1.js", "", str(tmp_path)) is None


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("assets/app-1.js", "text/javascript"),
        ("assets/app-1.css", "text/css"),
        ("assets/picture-1.png", "image/png"),
        ("millwork.svg", "image/svg+xml"),
    ],
)
def test_a_file_says_what_it_is_and_that_it_may_be_kept(built: str, path: str, kind: str) -> None:
    found = console.asset(path, "", built)
    assert found is not None
    assert found.headers["content-type"].partition(";")[0] == kind
    assert found.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in found.headers


def test_names_with_a_digest_are_kept_forever(built: str) -> None:
    found = console.asset("assets/app-1.js", "", built)
    assert found is not None
    assert found.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_texts_are_packed_for_whoever_takes_that(built: str) -> None:
    packed = console.asset("assets/app-1.js", "br, gzip", built)
    plain = console.asset("assets/app-1.js", "br", built)
    picture = console.asset("assets/picture-1.png", "gzip", built)
    assert packed is not None
    assert plain is not None
    assert picture is not None
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(bytes(packed.body)) == bytes(plain.body) == SCRIPT
    assert len(packed.body) < len(plain.body)
    assert "content-encoding" not in picture.headers


@pytest.mark.parametrize("path", NO_NAMES)
def test_no_name_leads_elsewhere(built: str, path: str) -> None:
    assert console.asset(path, "gzip", built) is None


def test_what_came_later_is_not_there(built: str, tmp_path: Path) -> None:
    assert console.asset("assets/later.js", "", built) is None
    (tmp_path / "console" / "assets" / "later.js").write_text("1")
    assert console.asset("assets/later.js", "", built) is None
