"""What people come for, from beginning to end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.web import stories
from tests.web.browser import in_browser, shot
from tests.web.canvas import SOON, Canvas
from tests.web.stage import draft, node, penguins

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.e2e.api import Api
    from tests.web.browser import Visitor, Watch

pytestmark = in_browser

# What the canvas of PAI Designer saves: two nodes, one wire, and one thing that has no equal here.
PAI_DRAFT = {
    "metadata": {"name": "from-pai"},
    "nodes": [
        {
            "id": "source", "name": "Read", "position": {"x": 0, "y": 0},
            "metadata": {"identifier": "data_source", "version": "v1", "provider": "pai"},
            "properties": [{"name": "inputTableName", "value": "pai_online_project.wumai_data"}],
        },
        {
            "id": "split", "name": "Split", "position": {"x": 0, "y": 160},
            "metadata": {"identifier": "split", "version": "v1", "provider": "pai"},
            "properties": [
                {"name": "fraction", "value": "0.7"}, {"name": "lifecycle", "value": "28"},
            ],
        },
    ],
    "edges": [
        {
            "source": "source", "sourceAnchor": "outputTable",
            "target": "split", "targetAnchor": "inputTable",
        },
    ],
    "globalParams": [], "globalSettings": [],
}  # fmt: skip


def test_from_an_empty_canvas_to_a_chart_and_only_what_changed_runs_again(page: Page) -> None:
    stories.design(page)


def test_from_the_form_of_a_new_component_to_the_log_of_each_replica(page: Page) -> None:
    stories.component(page)


def test_of_two_who_change_a_draft_the_second_is_asked(
    visitor: Visitor, api: Api, watch: Watch
) -> None:
    watch.allow(r"status of 409")
    draft(api, "shared", penguins())
    canvases = [Canvas(visitor.page()) for _ in range(2)]
    for canvas in canvases:
        canvas.page.goto("/w/default/pipelines/shared")
        expect(canvas.node("split")).to_be_visible(timeout=SOON)
    for share, canvas in zip(("0.6", "0.5"), canvases, strict=True):
        canvas.open("split", "Parameters")
        canvas.fill("fraction", share)
        if share == "0.6":
            canvas.saved()
    second = canvases[1].page
    asked = second.get_by_role("dialog", name="Somebody else has saved this draft")
    expect(asked).to_be_visible(timeout=SOON)
    shot(second, "conflict")
    asked.get_by_role("button", name="Take theirs").click()
    expect(asked).to_be_hidden()
    canvases[1].open("split", "Parameters")
    expect(canvases[1].field("fraction")).to_have_value("0.6")
    text = api.get("/drafts/shared")["text"]
    assert "0.6" in text
    assert "0.5" not in text


def test_a_draft_of_pai_designer_comes_with_a_list_of_what_is_lost(
    page: Page, tmp_path: Path
) -> None:
    file = tmp_path / "experiment.json"
    file.write_text(json.dumps(PAI_DRAFT))
    page.goto("/w/default/pipelines")
    page.get_by_role("button", name="New pipeline").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("tab", name="From a file").click()
    dialog.locator("input[type=file]").set_input_files(file)
    expect(dialog.get_by_text("Read as a draft of PAI Designer")).to_be_visible()
    expect(dialog.get_by_text("not carried over")).to_be_visible()
    expect(dialog.get_by_text("lifecycle").first).to_be_visible()
    shot(page, "import-losses")


def test_a_pipeline_is_made_and_run_by_the_keyboard_alone(page: Page, api: Api) -> None:
    draft(api, "by-keys", {"data": node("builtin:sample_data", name="penguins")})
    canvas = Canvas(page)
    page.goto("/w/default/pipelines/by-keys")
    expect(canvas.node("data")).to_be_visible(timeout=SOON)
    stories.work_by_keys(page)
    shot(page, "by-keys")
    canvas.wait_for({"summary": "succeeded"})
