"""What nodes say of results: how many rows there are, and which are of an earlier run."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests.web.browser import in_browser, shot
from tests.web.canvas import OVER, SOON, Canvas
from tests.web.stage import component, draft, node

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.api import Api

pytestmark = in_browser


def split(seed: int) -> dict[str, Any]:
    """Four nodes; another seed is other work, which no earlier run has done."""
    return {
        "data": node("builtin:sample_data", name="penguins"),
        "split": node("builtin:split_rows", {"table": "data.table"}, fraction=0.5, seed=seed),
        "first": node("builtin:summary", {"table": "split.first"}),
        "second": node("builtin:summary", {"table": "split.second"}),
    }


def rows(canvas: Canvas, end: str) -> int:
    """How many rows an output says that it has, once it does."""
    port = canvas.port(end, "out")
    expect(port).to_have_attribute("data-label", re.compile(r"^\d+ rows$"), timeout=SOON)
    return int((port.get_attribute("data-label") or "").removesuffix(" rows"))


def test_outputs_say_how_many_rows_they_have(page: Page, api: Api) -> None:
    draft(api, "counted", split(1))
    canvas = Canvas(page)
    page.goto("/w/default/pipelines/counted")
    expect(canvas.node("split")).to_be_visible(timeout=SOON)
    expect(canvas.port("data.table", "out")).to_have_attribute("data-label", "table")
    canvas.run()
    canvas.wait_for({"second": "succeeded"})
    first, second = rows(canvas, "split.first"), rows(canvas, "split.second")
    assert first + second == rows(canvas, "data.table") == 344
    shot(page, "row-counts")
    page.reload()
    assert rows(canvas, "split.second") == second


def test_nodes_outside_of_a_partial_run_stand_as_they_stood(page: Page, api: Api) -> None:
    draft(api, "in-part", split(2))
    canvas = Canvas(page)
    page.goto("/w/default/pipelines/in-part")
    expect(canvas.node("split")).to_be_visible(timeout=SOON)
    canvas.run()
    canvas.wait_for({"first": "succeeded", "second": "succeeded"})
    canvas.open("split", "Parameters")
    canvas.fill("fraction", "0.25")
    canvas.saved()
    canvas.node("first").click(position={"x": 12, "y": 12})
    page.keyboard.press("r")
    past = canvas.node("second").locator("[data-past=true]")
    expect(past).to_contain_text("Earlier run", timeout=OVER)
    expect(canvas.node("first").locator("[data-past=true]")).to_have_count(0)
    shot(page, "earlier-run")
    page.reload()
    expect(past).to_contain_text("Earlier run", timeout=SOON)
    expect(canvas.node("first").locator("[data-past=true]")).to_have_count(0)


def test_it_is_foretold_what_the_next_run_takes_as_it_is(page: Page, api: Api) -> None:
    draft(api, "foretold", split(3))
    canvas = Canvas(page)
    page.goto("/w/default/pipelines/foretold")
    expect(canvas.node("split")).to_be_visible(timeout=SOON)
    canvas.run()
    canvas.wait_for({"first": "succeeded", "second": "succeeded"})
    canvas.open("split", "Parameters")
    reused = canvas.panel.get_by_text("The next run takes this result as it is.")
    expect(reused).to_be_visible(timeout=SOON)
    canvas.fill("fraction", "0.75")
    expect(canvas.panel.get_by_text("The next run does it anew: it was changed.")).to_be_visible()
    canvas.open("first")
    expect(canvas.panel.get_by_text("anew if split, which it reads")).to_be_visible()
    shot(page, "foretold")
    canvas.open("data")
    expect(reused).to_be_visible()


def test_run_from_here_does_anew_what_follows_and_takes_what_is_before(
    page: Page, api: Api
) -> None:
    says = component(
        api, "says-on", command="echo $PAI_HPS_WORD >$PAI_OUTPUT_OUT/word", mounts="none",
        inputs={"in": {"type": "folder", "required": False}}, outputs={"out": {"type": "folder"}},
        parameters={"word": {"type": "String", "required": True}},
    )  # fmt: skip
    chain = {"one": {}, "two": {"in": "one.out"}, "three": {"in": "two.out"}, "other": {}}
    draft(api, "from-here", {name: node(says, wires, word=name) for name, wires in chain.items()})
    canvas = Canvas(page)
    page.goto("/w/default/pipelines/from-here")
    expect(canvas.node("three")).to_be_visible(timeout=SOON)
    canvas.run()
    canvas.wait_for(dict.fromkeys(("one", "two", "three", "other"), "succeeded"))
    canvas.run()  # nothing has changed: all of it is taken from the cache
    canvas.wait_for(dict.fromkeys(("one", "two", "three", "other"), "reused"))
    reused = page.locator("[data-run]").get_attribute("data-run")
    canvas.open("two")
    page.get_by_role("button", name="Other ways to run").click()
    page.get_by_role("menuitem", name="Run from here").click()
    expect(page.locator("[data-run]")).not_to_have_attribute("data-run", reused or "")
    canvas.wait_for({"two": "succeeded", "three": "succeeded"})
    shot(page, "run-from-here")
    run = page.locator("[data-run]").get_attribute("data-run") or ""
    assert api.wait(run) == "succeeded"
    steps = {each["node"]: each["attempts"] for each in api.get(f"/runs/{run}")["steps"]}
    assert steps == {"one": 0, "two": 1, "three": 1}
    assert api.get(f"/runs/{run}/steps/two/why")["verdict"] == "forced"
