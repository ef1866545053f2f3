"""Pipelines of many nodes on the canvas, and logs of many lines."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from tests.web.browser import PATIENCE
from tests.web.looking import settle
from tests.web.stage import component, draft, node, run_of

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.api import Api

MOST_ELEMENTS = 1500  # mounted with 1,000 nodes at their real size
MOST_ROWS = 400  # of a log
COLUMNS = 25


def nodes(count: int) -> dict[str, Any]:
    """Nodes in a lattice, each reading the one to the left, every second one also that above."""
    made = {"n0": node("builtin:sample_data", name="penguins")}
    for number in range(1, count):
        left, above = f"n{number - 1}.table", f"n{max(0, number - COLUMNS)}.table"
        if number % 2:
            made[f"n{number}"] = node("builtin:union_rows", {"first": left, "second": above})
        else:
            made[f"n{number}"] = node("builtin:sort_rows", {"table": left}, by="species")
    return made


def crowded(api: Api, count: int) -> str:
    """Saves a draft of so many nodes; its name."""
    name = f"crowd-{count}"
    layout = {f"n{n}": [n % COLUMNS * 260, n // COLUMNS * 140] for n in range(count)}
    draft(api, name, nodes(count), layout=layout)
    return name


def open_crowd(page: Page, count: int) -> float:
    """Opens such a draft as one who was there before, at its real size; seconds until it is drawn.

    A canvas that is opened for the first time may show all of a small pipeline: that is not what
    is compared.
    """
    page.add_init_script(_VIEW.replace("NAME", f"crowd-{count}"))
    page.goto(f"/w/default/pipelines/crowd-{count}")
    return ready(page)


def ready(page: Page) -> float:
    """Seconds from the beginning of the navigation to the first drawing of the graph."""
    page.wait_for_function(f"() => ({_READY})() > 0", timeout=6 * PATIENCE)
    return float(page.evaluate(_READY)) / 1000


def printed(api: Api, lines: int) -> str:
    """A run that has printed so many lines; its id."""
    name = f"prints-{lines}"
    said = f"seq -f 'line %.0f of a log that somebody reads' {lines}"
    reference = component(api, name, command=said, mounts="none")
    draft(api, name, {"print": node(reference)})
    run = run_of(api, name)
    assert api.wait(run, 120) == "succeeded"
    return run


def open_log(page: Page, run: str, lines: int) -> float:
    """Opens the log of such a run at its end; seconds from asking for it to its last line."""
    page.goto(f"/w/default/runs/{run}?task=print&tab=overview")
    settle(page)
    tab = page.get_by_role("tab", name="Log")
    began = time.perf_counter()
    tab.click()
    page.get_by_role("log").get_by_text(f"line {lines} of a log").wait_for()
    return time.perf_counter() - began


def elements(page: Page) -> int:
    """How many elements the page has, all told."""
    return int(page.evaluate("() => document.querySelectorAll('*').length"))


_READY = "() => performance.getEntriesByName('graph-ready')[0]?.startTime ?? 0"
_VIEW = """for (const key of ["default/NAME", "NAME"])
  localStorage.setItem(`millwork.view.${key}`, JSON.stringify({ x: 20, y: 20, zoom: 1 }));"""
