"""A real browser at a real server: Debian's Chromium, and what must never happen in it."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import sync_playwright

from millwork.api import console

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page, Request

    from tests.e2e.server import Server

WEB = Path(__file__).resolve().parents[2] / "web"
RESULTS = WEB / "test-results"
PATIENCE = 15_000.0  # milliseconds that one thing on a page may take
SIZE = (1440, 900)
ASSETS = Path(console.__file__).with_name("console")
in_browser = pytest.mark.xdist_group("browser")  # one browser at a time

# A page of ours asks its own server, and what the browser makes itself.
_OURS = ("data", "blob", "about")


@dataclass
class Watch:
    """What went wrong in the pages of a test. What is `expected` (patterns) went as it should."""

    host: str
    faults: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def over(self, context: BrowserContext) -> None:
        """Listens to all pages of a context, those that are opened later among them."""
        context.on("console", self._said)
        context.on("weberror", lambda error: self.note(f"page error: {error.error}"))
        context.on("request", self._asked)
        context.on("page", self._opened)

    def allow(self, pattern: str) -> None:
        """Whatever matches is what the test is about: a refusal that it asks for."""
        self.expected.append(pattern)

    def note(self, fault: str) -> None:
        """Keeps a fault for the end of the test."""
        self.faults.append(fault)

    @property
    def unexpected(self) -> list[str]:
        """The faults that the test did not ask for."""
        return [
            fault for fault in self.faults if not any(re.search(e, fault) for e in self.expected)
        ]

    def _opened(self, page: Page) -> None:
        # A dialog of the browser's own: none of ours is one, so somebody's script has asked for it.
        page.on("dialog", self._asked_aloud)

    def _asked_aloud(self, dialog: Dialog) -> None:
        self.note(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _said(self, message: ConsoleMessage) -> None:
        # Violations of the Content-Security-Policy are told here too.
        if message.type == "error":
            self.note(f"console: {message.text} at {message.location.get('url', '')}")

    def _asked(self, request: Request) -> None:
        place = urlsplit(request.url)
        if place.scheme not in _OURS and place.netloc != self.host:
            self.note(f"foreign request: {request.method} {request.url[:200]}")


@dataclass
class Visitor:
    """Somebody with a browser, logged in as the owner of the home unless said otherwise."""

    browser: Browser
    server: Server
    state: Any
    watch: Watch
    _contexts: list[BrowserContext] = field(default_factory=list)

    def page(self, *, is_known: bool = True, **options: Any) -> Page:
        """A page in a context of its own; `options` are the context's, such as `locale`."""
        width, height = options.pop("size", SIZE)
        wanted = {
            "base_url": self.server.url,
            "viewport": {"width": width, "height": height},
            "locale": "en-GB",
            "timezone_id": "Europe/London",
            "color_scheme": "light",
            "reduced_motion": "reduce",
            **({"storage_state": self.state} if is_known else {}),
            **options,
        }
        context = self.browser.new_context(**wanted)
        context.set_default_timeout(PATIENCE)
        self._contexts.append(context)
        self.watch.over(context)
        return context.new_page()

    @contextmanager
    def visit(self, **options: Any) -> Iterator[Page]:
        """A page for as long as the block takes."""
        page = self.page(**options)
        try:
            yield page
        finally:
            page.context.close()
            self._contexts.remove(page.context)

    @property
    def pages(self) -> list[Page]:
        """All that is open."""
        return [page for context in self._contexts for page in context.pages]

    def close(self) -> None:
        """Ends all that this visitor has opened."""
        for context in self._contexts:
            context.close()


def built() -> None:
    """Goes on where the console is built; see `_need`."""
    _need((ASSETS / "index.html").exists(), "the console is not built: make console")


def chromium() -> str:
    """Where Chromium is."""
    found = shutil.which("chromium")
    _need(found is not None, "Chromium is not installed: scripts/setup-browser")
    return found or ""


def _need(is_there: bool, missing: str) -> None:
    """Skips the test without what it needs, unless that is asked for, as in CI."""
    if not is_there:
        assert "NEEDS_BROWSER" not in os.environ, missing
        pytest.skip(missing)


@contextmanager
def browsing(*more: str) -> Iterator[Browser]:
    """Chromium without a window; `more` are words of its command line."""
    built()
    program = chromium()
    words = ["--disable-gpu", *(["--no-sandbox"] if os.geteuid() == 0 else []), *more]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=words)
        try:
            yield browser
        finally:
            browser.close()


def log_in(browser: Browser, server: Server) -> Any:
    """What a browser keeps that has come by the one-time link of `millwork up`."""
    link = re.search(r"http\S+/login\?link=\S+", "".join(server.said))
    assert link is not None, server.said
    context = browser.new_context()
    context.new_page().goto(link[0])
    state = context.storage_state()
    context.close()
    return state


def shot(page: Page, name: str) -> Path:
    """Keeps what is seen now, for whoever reads the tests' output."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    path = RESULTS / f"{name}.png"
    page.screenshot(path=path, animations="disabled")
    return path
