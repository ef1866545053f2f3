"""The library: how often a thing is used, and what is said of it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.web.browser import in_browser, shot
from tests.web.stage import component, node

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.api import Api
    from tests.web.browser import Watch

pytestmark = in_browser


def publish(api: Api, name: str, component: str) -> None:
    head = {"apiVersion": "millwork/v1", "kind": "Pipeline", "name": name, "version": "1.0.0"}
    text = json.dumps({**head, "description": "As it began", "nodes": {"a": node(component)}})
    api.post("/pipelines", {"text": text, "labels": {"team": "risk"}})


def test_a_row_says_in_how_many_pipelines_a_component_is(page: Page, api: Api) -> None:
    often = component(api, "often", command="true", mounts="none")
    component(api, "seldom", command="true", mounts="none")
    for name in ("uses-often", "uses-often-too"):
        publish(api, name, often)
    page.goto("/w/default/components")
    page.get_by_role("searchbox").fill("often")
    row = page.get_by_role("listitem").filter(has=page.get_by_text("often", exact=True))
    expect(row.get_by_text("in 2 pipelines")).to_be_visible()
    shot(page, "library-used")
    page.get_by_role("searchbox").fill("seldom")
    expect(page.get_by_text("seldom", exact=True)).to_be_visible()
    expect(page.get_by_text(re.compile(r"^in \d+ pipeline"))).to_have_count(0)


def test_description_and_labels_of_a_published_pipeline_are_changed(
    page: Page, api: Api, watch: Watch
) -> None:
    watch.allow(r"status of 400")
    publish(api, "said-of", component(api, "spoken", command="true", mounts="none"))
    page.goto("/w/default/components/said-of@1.0.0")
    expect(page.get_by_text("team=risk")).to_be_visible()
    page.get_by_role("button", name="What can be done with said-of").click()
    page.get_by_role("menuitem", name="Description and labels").click()
    dialog = page.get_by_role("dialog", name="About said-of")
    dialog.get_by_role("textbox", name="Description").fill("Now it says **more**.")
    labels = dialog.get_by_role("textbox", name="Labels").or_(
        dialog.get_by_role("combobox", name="Labels")
    )
    labels.first.fill("no name=x")
    labels.first.press("Enter")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_text("labels: the name 'no name'")).to_be_visible()
    shot(page, "labels-fault")
    labels.first.press("Backspace")
    labels.first.fill("template")
    labels.first.press("Enter")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("strong").filter(has_text="more")).to_be_visible()
    expect(page.get_by_text("template", exact=True)).to_be_visible()
    assert api.get("/pipelines/said-of")["labels"] == {"team": "risk", "template": ""}
    page.goto("/w/default/pipelines")
    page.get_by_role("button", name="New pipeline").first.click()
    begin = page.get_by_role("dialog")
    begin.get_by_role("tab", name="From the team").click()
    expect(begin.get_by_text("said-of")).to_be_visible()
