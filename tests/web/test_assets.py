"""Models and datasets: where they are found, what is said of them, where they come from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.web.browser import in_browser, shot
from tests.web.canvas import SOON
from tests.web.stage import component, draft, node, run_of

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.e2e.api import Api
    from tests.web.browser import Watch

pytestmark = in_browser


@pytest.fixture
def learned(api: Api, tmp_path: Path, request: pytest.FixtureRequest) -> str:
    """A model in two versions, each of a run that has read a dataset; its name is theirs."""
    name = f"asset-{request.node.name.replace('_', '-')[5:25]}"
    (tmp_path / "rows.csv").write_text("a,b\n1,2\n")
    uri = f"file://{tmp_path}/rows.csv"
    api.post("/datasets", {"name": name, "uri": uri, "description": "Rows of **two** columns."})
    own = component(
        api, name, command="cp $PAI_INPUT_ROWS $PAI_OUTPUT_MODEL/weights", mounts="none",
        inputs={"rows": {"type": "file"}}, outputs={"model": {"type": "model"}},
    )  # fmt: skip
    nodes = {"learn": {**node(own), "inputs": {"rows": {"path": f"dataset:{name}@v1"}}}}
    draft(api, name, nodes)
    for auc in (0.8, 0.9):
        run = run_of(api, name, name=f"{name} at {auc}")
        assert api.wait(run, 120) == "succeeded", api.get(f"/runs/{run}/result")
        source = {"run": run, "step": "learn", "port": "model"}
        api.post("/models", {"name": name, "source": source, "metrics": {"auc": auc},
                             "format": "text", "labels": {"team": "a"}})  # fmt: skip
    return name


def test_a_model_is_found_judged_and_traced(page: Page, learned: str) -> None:
    page.goto("/w/default/models")
    page.get_by_role("searchbox").fill(learned)
    page.get_by_role("main").get_by_role("link", name=learned).click()
    expect(page).to_have_url(re.compile(rf"/models/{learned}$"))
    main = page.get_by_role("main")
    expect(main.get_by_role("row", name="auc 0.9")).to_be_visible()
    expect(main.get_by_text("1 file, 8 B", exact=True)).to_be_visible()
    main.get_by_role("button", name="Change the stage").click()
    dialog = page.get_by_role("dialog", name=f"Stage of {learned} 0.2.0")
    dialog.get_by_role("combobox", name="Stage").click()
    page.get_by_role("option", name="Approved").click()
    dialog.get_by_role("textbox", name="Why").fill("It is better.")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    expect(main.get_by_text("It is better.")).to_be_visible()
    shot(page, "model")
    main.get_by_role("tab", name="Lineage").click()
    expect(main.get_by_role("link", name=f"{learned} at 0.9")).to_be_visible()
    shot(page, "model-lineage")
    main.get_by_role("link", name=f"Dataset {learned} v1").click()
    expect(page).to_have_url(re.compile(rf"/datasets/{learned}%40v1$"))
    expect(main.get_by_text("Rows of two columns.")).to_be_visible()
    main.get_by_role("tab", name="Lineage").click()
    shot(page, "dataset-lineage")
    main.get_by_role("row", name=f"{learned} at 0.8").get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"/runs/\w+"))


def test_versions_are_compared_deprecated_and_deleted(
    page: Page, api: Api, learned: str, watch: Watch
) -> None:
    main = page.get_by_role("main")
    page.goto(f"/w/default/models/{learned}@0.1.0")
    main.get_by_role("tab", name="Versions").click()
    expect(main.get_by_role("row", name=re.compile("metrics.auc"))).to_be_visible()
    main.get_by_role("row", name="0.1.0").get_by_role("button", name="Deprecate").click()
    asked = page.get_by_role("dialog", name="Deprecate version 0.1.0")
    asked.get_by_role("textbox").fill("0.2.0 is better")
    asked.get_by_role("button", name="Deprecate").click()
    expect(asked).to_be_hidden()
    expect(main.get_by_role("alert").get_by_text("0.2.0 is better")).to_be_visible()
    shot(page, "model-versions")
    assert api.get(f"/models/{learned}/versions/0.1.0")["deprecated"] == "0.2.0 is better"
    main.get_by_role("link", name="0.2.0", exact=True).click()
    expect(main.get_by_role("alert")).to_be_hidden()
    main.get_by_role("button", name=re.compile(learned)).click()
    page.get_by_role("menuitem", name="Description and labels").click()
    said = page.get_by_role("dialog")
    said.get_by_role("textbox", name="Description").fill("Said later.")
    said.get_by_role("button", name="Save").click()
    expect(said).to_be_hidden()
    expect(main.get_by_text("Said later.")).to_be_visible()
    main.get_by_role("button", name=re.compile(learned)).click()
    page.get_by_role("menuitem", name="Delete").click()
    gone = page.get_by_role("dialog", name=f"Delete {learned}?")
    gone.get_by_role("button", name="Delete").click()
    expect(page).to_have_url(re.compile("/models$"))
    expect(main.get_by_role("link", name=learned)).to_be_hidden()
    watch.allow(r"status of 404")
    page.goto(f"/w/default/models/{learned}")
    expect(page.get_by_text(f"there is no model '{learned}'")).to_be_visible(timeout=SOON)
