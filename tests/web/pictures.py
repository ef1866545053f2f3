"""Draws the pictures of the console in the docs: `python -m tests.web.pictures`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tests.docs.generate import ROOT
from tests.e2e.api import api_of
from tests.e2e.server import serving
from tests.web.browser import Visitor, Watch, browsing, log_in
from tests.web.canvas import Canvas
from tests.web.looking import settle
from tests.web.stage import set_up
from tests.web.stories import chart

if TYPE_CHECKING:
    from playwright.sync_api import Page

IMAGES = ROOT / "docs" / "images"
SIZE = (1280, 800)
MOST = 150_000  # bytes of a picture


def main() -> int:
    """Draws both; returns 1 if one is larger than it may be."""
    with tempfile.TemporaryDirectory() as folder, serving(Path(folder) / "home") as server:
        api = api_of(server)
        stage = set_up(api)
        with browsing() as browser:
            watch = Watch(urlsplit(server.url).netloc)
            visitor = Visitor(browser, server, log_in(browser, server), watch)
            with visitor.visit(size=SIZE) as page:
                page.goto(f"/w/default/pipelines/{stage.draft}")
                settle(page)
                chart(Canvas(page), "evaluate")
                sizes = [draw(page, "console-canvas")]
            with visitor.visit(size=SIZE) as page:
                page.goto(f"/w/default/runs/{stage.run}?view=graph&task=evaluate&tab=data")
                sizes.append(draw(page, "console-run"))
    return int(any(size > MOST for size in sizes))


def draw(page: Page, name: str) -> int:
    """Keeps what is seen as a picture of the docs; its size in bytes."""
    settle(page)
    data = page.screenshot(animations="disabled")
    (IMAGES / f"{name}.png").write_bytes(data)
    print(f"{name}.png: {len(data) / 1000:.0f} KB")
    return len(data)


if __name__ == "__main__":
    sys.exit(main())
