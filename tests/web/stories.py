"""What people do from beginning to end; the tests tell these stories, and so do the figures."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.web.browser import shot
from tests.web.canvas import SOON, Canvas

if TYPE_CHECKING:
    from playwright.sync_api import Page

# What is dragged where, and what is wired to what.
PLACED = {
    "sample_data": ("Sample data", (180, 70)),
    "filter_rows": ("Filter rows", (180, 200)),
    "split_rows": ("Split rows", (180, 330)),
    "decision_tree_classifier": ("Decision tree classifier", (140, 470)),
    "predict": ("Predict", (440, 570)),
    "evaluate_multiclass": ("Evaluate classes", (440, 700)),
}
WIRED = (
    ("sample_data.table", "filter_rows.table"),
    ("filter_rows.table", "split_rows.table"),
    ("split_rows.first", "decision_tree_classifier.table"),
    ("split_rows.second", "predict.table"),
    ("decision_tree_classifier.model", "predict.model"),
    ("predict.table", "evaluate_multiclass.table"),
)
ANEW = ("decision_tree_classifier", "predict", "evaluate_multiclass")


def design(page: Page) -> None:
    """Empty canvas, six nodes dragged and wired, columns picked, run, chart, change, run again."""
    own = _own()
    canvas = Canvas(page)
    canvas.begin(f"penguins-{own}")
    shot(page, "design-1-empty")
    for name, (title, place) in PLACED.items():
        canvas.drag(name, title, place)
        expect(canvas.node(name)).to_be_visible()
    for start, end in WIRED:
        canvas.wire(start, end)
    shot(page, "design-2-wired")
    canvas.open("sample_data", "Parameters")
    canvas.pick("name", "penguins")
    canvas.open("filter_rows", "Parameters")
    canvas.fill("condition", "bill_length_mm > 0")
    canvas.open("split_rows", "Parameters")
    canvas.fill("seed", own)
    canvas.open("decision_tree_classifier", "Fields")
    canvas.pick("label", "species")
    canvas.pick("features", "bill_length_mm", "bill_depth_mm")
    canvas.open("evaluate_multiclass", "Fields")
    canvas.pick("label", "species")
    shot(page, "design-3-columns")
    canvas.saved()
    canvas.run()
    # What comes before the split may have been done for somebody else already.
    canvas.wait_for(dict.fromkeys(("split_rows", *ANEW), "succeeded"))
    chart(canvas, "evaluate_multiclass")
    shot(page, "design-4-chart")
    canvas.hide_drawer()
    canvas.open("decision_tree_classifier", "Parameters")
    canvas.fill("max_depth", "2")
    canvas.saved()
    canvas.run()
    reused = {name: "reused" for name in PLACED if name not in ANEW}
    canvas.wait_for({**reused, **dict.fromkeys(ANEW, "succeeded")})
    shot(page, "design-5-run-again")


def _own() -> str:
    """A number of this telling's own: what an earlier one has left is not taken for its results."""
    return str(time.time_ns() % 10**9)


def chart(canvas: Canvas, node: str) -> None:
    """Looks at the charts of a node's report."""
    canvas.open(node)
    drawn = canvas.drawer("Charts").locator("canvas").first
    expect(drawn).to_be_visible(timeout=SOON)


def component(page: Page) -> None:
    """New component by its form, library, canvas, two replicas, run, the log of each."""
    name = f"say-who-{_own()}"
    page.goto("/w/default/components")
    page.get_by_role("link", name="New component").click()
    write_component(page, name)
    expect(page.get_by_text("Say who 1.0.0").first).to_be_visible()  # it has been checked
    shot(page, "component-1-form")
    page.get_by_role("button", name="Add to the library").click()
    page.wait_for_url(f"**/components/{name}*")
    shot(page, "component-2-page")
    page.goto("/w/default/components")
    page.get_by_role("searchbox").fill(name)
    expect(page.get_by_role("main").get_by_text("Say who").first).to_be_visible()
    shot(page, "component-3-library")
    canvas = Canvas(page)
    canvas.begin(f"{name}-twice")
    canvas.drag(name, "Say who", (300, 200))
    canvas.open(name, "Resources")
    canvas.panel.get_by_label("Replicas: worker").fill("2")
    canvas.panel.get_by_label("Replicas: worker").blur()
    canvas.saved()
    canvas.run()
    canvas.wait_for({name: "succeeded"})
    canvas.open(name)
    drawer = canvas.drawer("Log")
    for replica in (0, 1):
        drawer.get_by_role("combobox", name="Replica").click()
        page.get_by_role("option", name=re.compile(r"^\w+-\d$")).nth(replica).click()
        expect(drawer.get_by_role("log")).to_contain_text(f"Hello from {replica}", timeout=SOON)
        shot(page, f"component-4-log-{replica}")


def work_with_many(page: Page, name: str) -> None:
    """Finds a node among thousands, selects it, edits it and takes that back."""
    canvas = Canvas(page)
    canvas.graph.click(position={"x": 5, "y": 5})
    page.keyboard.press("/")
    page.get_by_role("combobox", name="Find a node by name, component or value").fill(name)
    page.get_by_role("option", name=name).first.click()
    expect(canvas.node(name)).to_be_visible()
    field = canvas.panel.get_by_role("textbox", name="Name of the node")
    expect(field).to_have_value(name)
    field.fill("renamed")
    field.press("Enter")
    expect(canvas.node("renamed")).to_be_visible(timeout=SOON)
    page.get_by_role("button", name="Undo").click()
    expect(canvas.node(name)).to_be_visible(timeout=SOON)


def work_by_keys(page: Page) -> None:
    """Adds a node to the one called `data`, connects the two and runs both: no pointer is used."""
    canvas = Canvas(page)
    page.keyboard.press("Control+k")
    choose(page, "What do you want to do?", "Find a node")
    choose(page, "Find a node by name, component or value", "data")
    expect(canvas.panel.get_by_role("textbox", name="Name of the node")).to_have_value("data")
    page.keyboard.press("a")
    choose(page, "Add a node", "Summary")
    expect(canvas.node("summary")).to_be_visible()
    page.keyboard.press("/")
    choose(page, "Find a node by name, component or value", "data")
    page.keyboard.press("c")
    choose(page, "which port?", "table")
    choose(page, "Connect “table” to", "table")
    expect(canvas.graph.locator(".react-flow__edge")).to_have_count(1)
    canvas.saved()
    page.keyboard.press("Control+Enter")


def choose(page: Page, label: str, words: str) -> None:
    """Types into a list that has the keyboard, and takes the first that is found."""
    field = page.get_by_label(label).and_(page.locator("input"))
    expect(field).to_be_focused()
    page.keyboard.type(words)
    page.wait_for_timeout(300)  # what is found is shown a moment later
    page.keyboard.press("Enter")


def write_component(page: Page, name: str) -> None:
    """Fills in the form of a new component."""
    page.get_by_role("textbox", name="Name").first.fill(name)
    page.get_by_role("textbox", name="Display name").first.fill("Say who")
    page.get_by_role("textbox", name="Description").first.fill("Says **which** replica it is.")
    page.get_by_role("combobox", name="Job type").click()
    page.get_by_role("option", name="PyTorchJob").click()
    page.get_by_role("textbox", name="Command").fill('echo "$PAI_HPS_WORD from $RANK"')
    page.get_by_role("button", name="Hyperparameter").click()
    row = page.get_by_role("group").filter(has=page.get_by_label("Default")).last
    row.get_by_role("textbox", name="Name").first.fill("word")
    row.get_by_label("Default").fill("Hello")
