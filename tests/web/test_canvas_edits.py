"""What is done to a pipeline on the canvas besides dragging and wiring one node after the other."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from playwright.sync_api import expect

from tests.web.browser import in_browser, shot
from tests.web.canvas import SOON, Canvas
from tests.web.stage import component, draft, node

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.e2e.api import Api
    from tests.web.browser import Visitor, Watch

pytestmark = in_browser
LAYOUT = {"data": [40, 40], "split": [40, 180], "sum": [300, 320]}


def three() -> dict[str, Any]:
    """Three nodes in a row."""
    return {
        "data": node("builtin:sample_data", name="penguins"),
        "split": node("builtin:split_rows", {"table": "data.table"}, fraction=0.5),
        "sum": node("builtin:summary", {"table": "split.first"}),
    }


def opened(page: Page, api: Api, name: str, nodes: dict[str, Any], **fields: Any) -> Canvas:
    """The canvas of a new draft."""
    draft(api, name, nodes, **fields)
    canvas = Canvas(page)
    page.goto(f"/w/default/pipelines/{name}")
    expect(canvas.node(next(iter(nodes)))).to_be_visible(timeout=SOON)
    return canvas


def text_of(api: Api, name: str) -> str:
    """What is kept of a draft."""
    return str(api.get(f"/drafts/{name}")["text"])


def kept(api: Api, name: str) -> dict[str, Any]:
    """What a draft says."""
    found: dict[str, Any] = yaml.safe_load(text_of(api, name))
    return found


def write(editor: Locator, text: str) -> None:
    """Puts a text in the place of what stands in an editor."""
    editor.click()
    editor.page.keyboard.press("Control+a")
    editor.page.keyboard.insert_text(text)


def undo(canvas: Canvas) -> None:
    canvas.page.get_by_role("button", name=re.compile("^Undo")).click()


def test_the_file_is_written_as_text_with_its_comments(page: Page, api: Api) -> None:
    canvas = opened(page, api, "as-text", three(), layout=LAYOUT)
    page.keyboard.press("Control+j")
    expect(page.get_by_role("region", name="Data, charts and log")).to_be_visible()
    drawer = canvas.drawer("YAML")
    editor = drawer.get_by_role("textbox", name="YAML")
    apply = drawer.get_by_role("button", name="Apply")
    expect(editor).to_contain_text("builtin:summary")
    write(editor, "nodes: [")
    expect(apply).to_be_disabled()
    expect(drawer.get_by_role("alert")).to_be_visible()
    drawer.get_by_role("button", name="Discard").click()
    expect(editor).to_contain_text("builtin:summary")
    added = {**three(), "more": node("builtin:summary", {"table": "split.second"})}
    head = {"apiVersion": "millwork/v1", "kind": "Pipeline", "name": "as-text", "version": "1.0.0"}
    text = yaml.safe_dump({**head, "nodes": added}, sort_keys=False)
    write(editor, text.replace("nodes:", "# what it is made of\nnodes:"))
    apply.click()
    expect(canvas.node("more")).to_be_visible()
    canvas.saved()
    assert "# what it is made of" in text_of(api, "as-text")
    undo(canvas)
    expect(canvas.node("more")).to_be_hidden()


def test_a_node_is_written_as_text(page: Page, api: Api) -> None:
    canvas = opened(page, api, "node-as-text", three(), layout=LAYOUT)
    canvas.open("split")
    drawer = canvas.drawer("YAML")
    editor = drawer.get_by_role("textbox", name="YAML")
    expect(editor).to_contain_text("builtin:split_rows")
    written = node("builtin:split_rows", {"table": "data.table"}, fraction=0.25)
    write(editor, yaml.safe_dump(written))
    drawer.get_by_role("button", name="Apply").click()
    canvas.open("split", "Parameters")
    expect(canvas.field("fraction")).to_have_value("0.25")


def test_the_way_back_to_an_earlier_version(page: Page, api: Api) -> None:
    draft(api, "back", three(), layout=LAYOUT)
    revision = api.get("/drafts/back")["revision"]
    api.post("/drafts/back/publish", {"revision": revision})
    canvas = Canvas(page)
    page.goto("/w/default/pipelines/back")
    expect(canvas.node("split")).to_be_visible(timeout=SOON)
    canvas.open("split", "Parameters")
    canvas.fill("fraction", "0.9")
    canvas.saved()
    canvas.rail.get_by_role("tab", name="Versions").click()
    canvas.rail.get_by_role("button", name="Compare").click()
    dialog = page.get_by_role("dialog", name="Versions of back")
    expect(dialog.get_by_text("0.9")).to_be_visible()
    shot(page, "versions-compare")
    dialog.get_by_role("button", name="Open 1.0.0 on the canvas").click()
    canvas.open("split", "Parameters")
    expect(canvas.field("fraction")).to_have_value("0.5")
    canvas.saved()
    assert kept(api, "back")["nodes"]["split"]["parameters"]["fraction"] == 0.5
    undo(canvas)
    expect(canvas.field("fraction")).to_have_value("0.9")


def test_several_nodes_are_moved_and_deleted_as_one(page: Page, api: Api) -> None:
    canvas = opened(page, api, "several", three(), layout=LAYOUT)
    canvas.node("data").click(position={"x": 12, "y": 12})
    canvas.node("sum").click(position={"x": 12, "y": 12}, modifiers=["Control"])
    expect(canvas.panel.get_by_text("2 nodes")).to_be_visible()
    shot(page, "several-nodes")
    box = canvas.node("sum").bounding_box()
    assert box is not None
    x, y = box["x"] + 12, box["y"] + 12
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 40, y + 20, steps=4)
    page.mouse.move(x + 120, y + 60, steps=4)
    page.mouse.up()
    canvas.saved()
    layout = kept(api, "several")["layout"]
    moved = {name: [layout[name][at] - LAYOUT[name][at] for at in (0, 1)] for name in LAYOUT}
    assert moved["split"] == [0, 0]
    assert moved["data"] == moved["sum"] != [0, 0]
    undo(canvas)
    canvas.saved()
    canvas.graph.click(position={"x": 5, "y": 5})
    page.keyboard.press("Control+a")
    expect(canvas.panel.get_by_text("3 nodes")).to_be_visible()
    canvas.panel.get_by_label("Retries").fill("2")
    canvas.panel.get_by_role("button", name="Set for all").click()
    canvas.saved()
    assert [each["retries"] for each in kept(api, "several")["nodes"].values()] == [2, 2, 2]
    canvas.node("split").click(position={"x": 12, "y": 12}, modifiers=["Control"])
    page.keyboard.press("Delete")  # the one that was let go of is not among them
    expect(canvas.node("data")).to_be_hidden()
    expect(canvas.node("sum")).to_be_hidden()
    expect(canvas.node("split")).to_be_visible()
    undo(canvas)
    expect(canvas.node("sum")).to_be_visible()
    expect(canvas.graph.locator(".react-flow__edge")).to_have_count(2)
    canvas.graph.click(position={"x": 5, "y": 5})
    page.keyboard.press("Control+a")
    canvas.node("data").click(position={"x": 12, "y": 12})  # of several it is selected alone
    expect(canvas.panel.get_by_role("textbox", name="Name of the node")).to_have_value("data")


def test_a_node_runs_once_for_each_item(page: Page, api: Api) -> None:
    lists = component(
        api, "lists", command="echo '[\"a\", \"b\"]' > $PAI_OUTPUT_ITEMS", mounts="none",
        outputs={"items": {"type": "value"}},
    )  # fmt: skip
    says = component(
        api, "says", command="echo it is $PAI_HPS_WORD", mounts="none",
        parameters={"word": {"type": "String", "required": True}},
    )  # fmt: skip
    canvas = opened(page, api, "for-each", {"lists": node(lists), "says": node(says)})
    canvas.open("says", "Resources")
    canvas.panel.get_by_role("combobox", name="For each item of").click()
    page.get_by_role("option", name="lists.items").click()
    into = canvas.panel.get_by_role("combobox", name="Sets the parameter")
    expect(into).to_have_value("word")
    canvas.saved()
    shot(page, "for-each")
    assert kept(api, "for-each")["nodes"]["says"]["foreach"] == {
        "into": "word", "from": "lists.items"
    }  # fmt: skip
    canvas.run()
    canvas.wait_for({"lists": "succeeded", "says": "succeeded"})
    canvas.panel.get_by_role("tab", name="Resources").click()
    canvas.panel.get_by_role("combobox", name="For each item of").click()
    page.get_by_role("option", name="lists.items").click()  # what is chosen again is chosen no more
    canvas.saved()
    assert "foreach" not in kept(api, "for-each")["nodes"]["says"]


def test_a_file_is_imported_beside_an_open_draft(
    page: Page, api: Api, tmp_path: Path, watch: Watch
) -> None:
    watch.allow(r"status of 422")
    canvas = opened(page, api, "importing", three())
    head = {"apiVersion": "millwork/v1", "kind": "Pipeline", "name": "brought", "version": "1.0.0"}
    (tmp_path / "brought.json").write_text(json.dumps({**head, "nodes": three()}))
    (tmp_path / "broken.yaml").write_text("nodes: [")
    chosen = page.locator("input[type=file][aria-label='Import a file…']")
    chosen.set_input_files(tmp_path / "broken.yaml")
    expect(page.get_by_text("The file cannot be read")).to_be_visible()
    chosen.set_input_files(tmp_path / "brought.json")
    dialog = page.get_by_role("dialog", name="Import brought.json")
    expect(dialog.get_by_text("Nothing is lost.")).to_be_visible()
    dialog.get_by_role("button", name="Open as a new draft").click()
    expect(page).to_have_url(re.compile("/pipelines/brought$"))
    expect(canvas.node("split")).to_be_visible(timeout=SOON)
    expect(dialog).to_be_hidden()
    canvas.open("split", "Parameters")
    canvas.fill("fraction", "0.3")
    canvas.saved()
    assert kept(api, "brought")["nodes"]["split"]["parameters"]["fraction"] == 0.3
    assert kept(api, "importing")["nodes"]["split"]["parameters"]["fraction"] == 0.5


def test_of_two_who_change_a_draft_the_second_keeps_a_copy(
    visitor: Visitor, api: Api, watch: Watch
) -> None:
    watch.allow(r"status of 409")
    draft(api, "ours", three(), layout=LAYOUT)
    canvas = Canvas(visitor.page())
    canvas.page.goto("/w/default/pipelines/ours")
    expect(canvas.node("split")).to_be_visible(timeout=SOON)
    theirs = {**three(), "theirs": node("builtin:sample_data", name="penguins")}
    head = {"apiVersion": "millwork/v1", "kind": "Pipeline", "name": "ours", "version": "1.0.0"}
    text = json.dumps({**head, "nodes": theirs})
    api.post("/drafts/ours", {"text": text, "revision": 1}, "PUT")
    canvas.open("split", "Parameters")
    canvas.fill("fraction", "0.4")
    asked = canvas.page.get_by_role("dialog", name="Somebody else has saved this draft")
    asked.get_by_role("button", name="Keep mine as a copy").click()
    expect(canvas.page).not_to_have_url(re.compile("/pipelines/ours$"))
    copy = canvas.page.url.rpartition("/")[2]
    expect(asked).to_be_hidden()
    canvas.open("split", "Parameters")
    expect(canvas.field("fraction")).to_have_value("0.4", timeout=SOON)
    assert kept(api, copy)["nodes"]["split"]["parameters"]["fraction"] == 0.4
    assert "theirs" in kept(api, "ours")["nodes"]
    canvas.fill("fraction", "0.45")
    canvas.saved()
    assert kept(api, copy)["nodes"]["split"]["parameters"]["fraction"] == 0.45


def test_a_wire_that_does_not_fit_is_mended_with_one_click(page: Page, api: Api) -> None:
    def made(name: str, **ports: str) -> str:
        lists = {
            f"{way}puts": {"port": {"type": kind}} for way, kind in ports.items()
        }  # fmt: skip
        return component(api, name, command="true", mounts="none", **lists)

    saves, shows = made("saves", out="checkpoint"), made("shows", **{"in": "report"})
    made("tells-of", **{"in": "checkpoint", "out": "report"})
    layout = {"saves": [60, 40], "shows": [60, 360]}
    nodes = {"saves": node(saves), "shows": node(shows)}
    canvas = opened(page, api, "mended", nodes, layout=layout)
    canvas.stretch("saves.port", "shows.port")
    told = page.get_by_role("alert").filter(has_text="This wire does not fit")
    expect(told).to_contain_text("The output is a checkpoint")
    shot(page, "wire-refused")
    told.get_by_role("button", name="Insert “tells-of”").click()
    expect(canvas.node("tells-of")).to_be_visible()
    expect(canvas.graph.locator(".react-flow__edge")).to_have_count(2)
    canvas.saved()
    wires = {name: each.get("inputs") for name, each in kept(api, "mended")["nodes"].items()}
    assert wires["tells-of"] == {"port": {"from": "saves.port"}}
    assert wires["shows"] == {"port": {"from": "tells-of.port"}}
    undo(canvas)
    expect(canvas.node("tells-of")).to_be_hidden()


def test_what_is_cut_is_pasted_with_its_wires(visitor: Visitor, api: Api) -> None:
    page = visitor.page(permissions=["clipboard-read", "clipboard-write"])
    canvas = opened(page, api, "cut", three(), layout=LAYOUT)
    canvas.node("split").click(position={"x": 12, "y": 12})
    canvas.node("sum").click(position={"x": 12, "y": 12}, modifiers=["Control"])
    page.keyboard.press("Control+x")
    expect(canvas.node("split")).to_be_hidden()
    expect(canvas.node("sum")).to_be_hidden()
    page.keyboard.press("Control+v")
    expect(canvas.node("split")).to_be_visible()
    expect(canvas.node("sum")).to_be_visible()
    canvas.saved()
    nodes = kept(api, "cut")["nodes"]
    assert nodes["sum"]["inputs"] == {"table": {"from": "split.first"}}
    for _ in range(2):
        undo(canvas)
    expect(canvas.graph.locator(".react-flow__edge")).to_have_count(2)


@pytest.mark.parametrize("way", ["bigger", "smaller"])
def test_a_note_is_resized(page: Page, api: Api, way: str) -> None:
    notes = [{"text": "Read **this**", "at": [320, 40], "size": [200, 120]}]
    name = f"noted-{way}"
    canvas = opened(page, api, name, three(), layout=LAYOUT, notes=notes)
    note = canvas.graph.locator("[data-note='0']")
    note.hover()
    corner = canvas.graph.locator(".react-flow__resize-control.handle.bottom.right")
    box = corner.bounding_box()
    assert box is not None
    by = 60 if way == "bigger" else -40
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + by / 2, y + by / 2, steps=4)
    page.mouse.move(x + by, y + by, steps=4)
    page.mouse.up()
    canvas.saved()
    shot(page, f"note-{way}")
    (found,) = kept(api, name)["notes"]
    assert found["at"] == [320, 40]
    grown = [found["size"][0] - 200, found["size"][1] - 120]
    assert all(0.6 < each / by < 1.7 for each in grown), found
    undo(canvas)
    canvas.saved()
    assert kept(api, name)["notes"][0]["size"] == [200, 120]


# A file that is dropped on the canvas, as a browser tells of it.
_DROP = """([name, rows]) => {
  const lines = Array.from({ length: rows }, (_, row) => `${row},${"x".repeat(30)}`);
  const data = new DataTransfer();
  data.items.add(new File([["number,word", ...lines, ""].join("\\n")], name));
  const graph = document.querySelector("[data-testid=graph]");
  const { left, top } = graph.getBoundingClientRect();
  const at = { bubbles: true, dataTransfer: data, clientX: left + 200, clientY: top + 120 };
  for (const kind of ["dragover", "drop"]) graph.dispatchEvent(new DragEvent(kind, at));
}"""


def test_a_csv_file_that_is_dropped_becomes_a_node(page: Page, api: Api) -> None:
    canvas = opened(page, api, "dropped", {"data": node("builtin:sample_data", name="penguins")})
    page.evaluate(_DROP, ["Few.csv", 3])
    expect(canvas.node("Few")).to_be_visible()
    canvas.saved()
    assert kept(api, "dropped")["nodes"]["Few"]["component"] == "builtin:enter_data"
    page.evaluate(_DROP, ["Many Orders.csv", 10_000])
    node_of = canvas.graph.locator("[data-node^='data-many-orders-']")
    expect(node_of).to_be_visible(timeout=SOON)
    expect(page.get_by_text("Many Orders.csv is kept in this workspace")).to_be_visible()
    shot(page, "csv-dropped")
    page.evaluate(_DROP, ["Many Orders.csv", 10_000])
    expect(node_of).to_have_count(2, timeout=SOON)
    canvas.saved()
    nodes = kept(api, "dropped")["nodes"]
    (reference,) = {each["component"] for name, each in nodes.items() if "many" in name}
    name = reference.partition("@")[0]
    assert api.get(f"/components/{name}")["definition"]["display_name"] == "Many Orders.csv"
    canvas.run()
    canvas.wait_for({name: "succeeded"})
    node_of.first.click(position={"x": 12, "y": 12})
    drawer = canvas.drawer("Data")
    expect(drawer.get_by_role("columnheader", name="number").first).to_be_visible(timeout=SOON)


def test_columns_are_promoted_to_a_parameter_of_the_pipeline(page: Page, api: Api) -> None:
    filled = node("builtin:impute", {"table": "data.table"}, columns="bill_length_mm")
    nodes = {"data": node("builtin:sample_data", name="penguins"), "fill": filled}
    canvas = opened(page, api, "promoted", nodes)
    canvas.open("fill", "Fields")
    columns = canvas.panel.locator("[data-parameter='columns']")
    columns.get_by_role("button", name=re.compile("^What can be done")).click()
    page.get_by_role("menuitem", name="Make it a parameter of the pipeline").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox").fill("measures")
    dialog.get_by_role("button", name="Promote").click()
    expect(columns).to_contain_text("measures = bill_length_mm")
    canvas.saved()
    found = kept(api, "promoted")
    assert found["parameters"]["measures"]["type"] == "String"
    assert found["nodes"]["fill"]["parameters"] == {"columns": {"from": "parameters.measures"}}
    expect(canvas.panel.get_by_text("does not fit")).to_be_hidden()
    shot(page, "columns-promoted")
    page.get_by_role("button", name="Other ways to run").click()
    page.get_by_role("menuitem", name="Run with parameters").click()
    asked = page.get_by_role("dialog", name="Run with parameters")
    asked.get_by_role("textbox", name="Measures").fill("bill_depth_mm, body_mass_g")
    asked.get_by_role("button", name="Run", exact=True).click()
    canvas.wait_for({"fill": "succeeded"})
    run = page.locator("[data-run]").get_attribute("data-run")
    command = api.get(f"/runs/{run}/steps/fill/command")
    assert "bill_depth_mm,body_mass_g" in json.dumps(command)


def test_nodes_with_scheduling_parameters_are_grouped_and_taken_apart(page: Page, api: Api) -> None:
    says = component(
        api, "says-day", command="echo the day is $PAI_HPS_DAY", mounts="none",
        parameters={"day": {"type": "String", "required": True}},
    )  # fmt: skip
    nodes = {"first": node(says, day="${day}"), "second": {**node(says, day="x"),
             "after": ["first"]}}  # fmt: skip
    dates = {"day": "of-2031"}
    canvas = opened(page, api, "dated", nodes, scheduling_parameters=dates)
    canvas.open("first", "Parameters")
    canvas.panel.get_by_role("button", name=re.compile("^What can be done")).first.click()
    page.get_by_role("menuitem", name="Make it a parameter of the pipeline").click()
    refused = page.get_by_role("dialog")
    expect(refused.get_by_text("names a scheduling parameter")).to_be_visible()
    expect(refused.get_by_role("button", name="Promote")).to_be_disabled()
    page.keyboard.press("Escape")
    canvas.open("first")
    page.keyboard.press("Control+g")
    dialog = page.get_by_role("dialog", name="Group into a pipeline")
    dialog.get_by_role("textbox").first.fill("its-day")
    dialog.get_by_role("button", name="Publish and group").click()
    expect(canvas.node("its-day")).to_be_visible(timeout=SOON)
    canvas.saved()
    text = api.get("/pipelines/its-day")["document"]["text"]
    assert yaml.safe_load(text)["scheduling_parameters"] == dates
    canvas.run()
    canvas.wait_for({"its-day": "succeeded", "second": "succeeded"})
    run = page.locator("[data-run]").get_attribute("data-run")
    log = api.get(f"/runs/{run}/steps/its-day.first/logs/last")["text"]
    assert log.strip() == "the day is of-2031"
    canvas.node("its-day").click(position={"x": 12, "y": 12})
    page.keyboard.press("Control+Shift+g")
    expect(canvas.node("first")).to_be_visible(timeout=SOON)
    canvas.saved()
    after = kept(api, "dated")
    assert after["scheduling_parameters"] == dates
    assert after["nodes"]["first"]["parameters"] == {"day": "${day}"}
    assert after["nodes"]["second"]["after"] == ["first"]
    assert api.get("/drafts/dated")["faults"] == []
