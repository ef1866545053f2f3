"""What is on a page: whether it has settled, what it says, what axe finds."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from tests.web.browser import PATIENCE, WEB

if TYPE_CHECKING:
    from playwright.sync_api import Page

# Nothing is being loaded, and nothing has been drawn anew for so many milliseconds.
_SETTLED = """([patience, quiet]) => new Promise((done, fail) => {
  const began = performance.now();
  let last = began;
  const observer = new MutationObserver(() => { last = performance.now(); });
  observer.observe(document.body, { childList: true, subtree: true });
  const look = setInterval(() => {
    const now = performance.now();
    const loading = document.querySelector(
      "[role=status][aria-label], .mantine-Loader-root, .mantine-Skeleton-root[data-visible]",
    );
    const empty = !(document.querySelector("main") ?? document.body).innerText.trim();
    const isOver = now - began > patience;
    if (loading || empty || now - last <= quiet) {
      if (!isOver) return;
      fail(new Error(loading ? "it is loading" : empty ? "it is empty" : "it never rests"));
    } else done(true);
    clearInterval(look);
    observer.disconnect();
  }, 50);
})"""

_SAID = """() => {
  const found = [document.title];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    if (!node.parentElement.closest("script, style")) found.push(node.data.trim());
  for (const name of ["aria-label", "title", "placeholder", "alt", "aria-description"])
    for (const each of document.querySelectorAll(`[${name}]`)) found.push(each.getAttribute(name));
  return found.filter(Boolean);
}"""

_AXE = """() => axe.run(document, {
  resultTypes: ["violations"],
  runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
})"""


def settle(page: Page, quiet: int = 400) -> None:
    """Waits until the page shows all that it is going to show by itself."""
    page.evaluate(_SETTLED, [PATIENCE, quiet])


def said(page: Page) -> list[str]:
    """Every text that the page shows or says to a screen reader."""
    return [str(text) for text in page.evaluate(_SAID)]


@cache
def _axe() -> str:
    return (WEB / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")


def barriers(page: Page) -> list[str]:
    """What axe calls serious or critical, each with the first places where it is."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_axe())  # by the debugger's door: the page's policy lets no such script in
    found: dict[str, Any] = page.evaluate(_AXE)
    return [
        f"{each['impact']} {each['id']}: {_place(each['nodes'])}"
        for each in found["violations"]
        if each["impact"] in ("serious", "critical")
    ]


def _place(nodes: list[dict[str, Any]]) -> str:
    shown = [f"{' '.join(map(str, node['target']))} {node['html'][:160]}" for node in nodes[:3]]
    return f"{len(nodes)} of {shown}"


@cache
def strings(language: str) -> dict[str, str]:
    """The console's texts by key, as its sources have them."""
    found = {}
    for path in sorted((WEB / "src" / "strings" / language).glob("*.ts")):
        text = path.read_text(encoding="utf-8")
        for key, value in re.findall(r'"([\w.-]+)":\s*("(?:[^"\\]|\\.)*")', text):
            found[key] = str(json.loads(value))
    return found
