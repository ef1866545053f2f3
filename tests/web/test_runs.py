"""What is done with runs: stopped, retried, run again, cloned, compared, tagged and deleted."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from playwright.sync_api import expect

from tests.web.browser import in_browser, shot
from tests.web.canvas import SOON, Canvas
from tests.web.looking import barriers, settle
from tests.web.stage import component, draft, node, run_of
from tests.web.stories import choose

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.e2e.api import Api

pytestmark = in_browser
OUT = {"out": {"type": "value"}}


def begun(api: Api, name: str, nodes: dict[str, str], **wishes: Any) -> str:
    """A run of steps with these commands, one after the other; its id."""
    made: dict[str, Any] = {}
    for step, command in nodes.items():
        own = component(api, f"{name}-{step}", command=command, mounts="none", outputs=OUT)
        made[step] = {"component": own, "after": list(made)[-1:]}
    draft(api, name, made)
    return run_of(api, name, name=name, **wishes)


def opened(page: Page, run: str, **search: str) -> Locator:
    """Opens a run; its header."""
    words = "&".join(f"{name}={value}" for name, value in search.items())
    page.goto(f"/w/default/runs/{run}?{words}")
    settle(page)
    return page.locator("main header")


def press(page: Page, name: str) -> None:
    page.locator("main").get_by_role("button", name=name, exact=True).click()


def task(page: Page, name: str) -> Locator:
    """A task in the list of a run's tasks."""
    tasks = page.get_by_role("toolbar", name="Tasks").locator("button[data-task]")
    return tasks.filter(has=page.get_by_text(name, exact=True))


def test_a_run_is_stopped_goes_on_and_is_deleted(page: Page, api: Api) -> None:
    run = begun(api, "stopped", {"first": "echo 1 > $PAI_OUTPUT_OUT", "second": "sleep 600"})
    header = opened(page, run)
    expect(header.get_by_text("Running", exact=True)).to_be_visible(timeout=SOON)
    expect(task(page, "first")).to_be_visible()
    press(page, "Stop")
    expect(header.get_by_text("Cancelled", exact=True)).to_be_visible(timeout=SOON)
    shot(page, "run-stopped")
    press(page, "Resume")
    expect(header.get_by_text("Running", exact=True)).to_be_visible(timeout=SOON)
    page.keyboard.press("Control+k")
    choose(page, "What do you want to do?", "Stop")
    expect(header.get_by_text("Cancelled", exact=True)).to_be_visible(timeout=SOON)
    press(page, "More")
    page.get_by_role("menuitem", name="Delete…").click()
    asked = page.get_by_role("dialog", name="Delete stopped?")
    shot(page, "run-delete")
    assert barriers(page) == []
    asked.get_by_role("button", name="Delete…").click()
    page.wait_for_url("**/w/default/runs")
    settle(page)
    expect(page.get_by_role("link", name="stopped", exact=True)).to_have_count(0)
    assert api.ask("GET", f"/workspaces/default/runs/{run}")[0] == 404


def test_what_failed_is_tried_again(page: Page, api: Api, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    fails = f"test -e {flag} || {{ echo 'no flag'; exit 3; }}; echo 1 > $PAI_OUTPUT_OUT"
    run = begun(api, "retried", {"good": "echo 1 > $PAI_OUTPUT_OUT", "bad": fails})
    assert api.wait(run) == "failed"
    header = opened(page, run)
    expect(header.get_by_text("Failed in bad")).to_be_visible()
    expect(page.get_by_role("log")).to_contain_text("no flag")  # what failed first is shown
    flag.touch()
    press(page, "Retry failed")
    expect(header.get_by_text("Succeeded", exact=True)).to_be_visible(timeout=SOON)
    page.get_by_role("tab", name="Attempts").click()
    expect(page.get_by_text("Attempt 2")).to_be_visible()
    expect(page.get_by_text("exit code 3").first).to_be_visible()
    shot(page, "run-retried")


def test_a_run_is_done_again_from_a_step_on(page: Page, api: Api) -> None:
    steps = {name: f"echo {name}; echo 1 > $PAI_OUTPUT_OUT" for name in ("one", "two", "three")}
    run = begun(api, "again", steps, tags={"team": "a"})
    assert api.wait(run) == "succeeded"
    header = opened(page, run)
    press(page, "Run again")
    page.wait_for_url(lambda url: "/runs/" in url and run not in url)
    expect(header.get_by_text("Succeeded", exact=True)).to_be_visible(timeout=SOON)
    expect(header.get_by_text("team: a")).to_be_visible()
    expect(task(page, "three")).to_be_visible()
    opened(page, run)
    task(page, "two").click()
    press(page, "Run again from here")
    page.wait_for_url(lambda url: "/runs/" in url and run not in url)
    expect(header.get_by_text("Succeeded", exact=True)).to_be_visible(timeout=SOON)
    fresh = page.url.rpartition("/runs/")[2].partition("?")[0]
    attempts = {each["node"]: each["attempts"] for each in api.get(f"/runs/{fresh}")["steps"]}
    assert attempts == {"one": 0, "two": 1, "three": 1}
    drafts = {each["name"] for each in api.get("/drafts?limit=200")["items"]}
    assert not [name for name in drafts if name.startswith("again-")]


def test_a_run_is_opened_on_a_canvas(page: Page, api: Api) -> None:
    run = begun(api, "cloned", {"one": "echo 1 > $PAI_OUTPUT_OUT", "two": "exit 0"})
    api.wait(run)
    opened(page, run)
    press(page, "Clone to a canvas")
    page.wait_for_url("**/w/default/pipelines/cloned-*")
    canvas = Canvas(page)
    for name in ("one", "two"):
        expect(canvas.node(name)).to_be_visible(timeout=SOON)


def test_a_run_is_given_another_name_and_tags(page: Page, api: Api) -> None:
    run = begun(api, "tagged", {"one": "true"}, tags={"team": "a", "gone": "soon"})
    header = opened(page, run)
    expect(header.get_by_text("gone: soon")).to_be_visible()
    press(page, "More")
    page.get_by_role("menuitem", name="Name, tags, note").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="Name").fill("renamed")
    tags = dialog.get_by_label("Tags").and_(page.locator("input:not([type=hidden])"))
    tags.press("Backspace")  # the last one
    tags.fill("nonsense")
    tags.press("Enter")
    expect(dialog.get_by_text("“nonsense”: expected NAME=VALUE")).to_be_visible()
    expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    tags.press("Backspace")
    tags.fill("stage=final=1")
    tags.press("Enter")
    shot(page, "run-tags")
    assert barriers(page) == []
    dialog.get_by_role("button", name="Save").click()
    expect(header.get_by_role("heading", name="renamed")).to_be_visible()
    expect(header.get_by_text("stage: final=1")).to_be_visible()
    expect(header.get_by_text("gone: soon")).to_have_count(0)
    assert api.get(f"/runs/{run}")["tags"] == {"team": "a", "stage": "final=1"}
    page.goto("/w/default/runs?tag=stage%3Dfinal%3D1")
    expect(page.get_by_role("link", name="renamed", exact=True)).to_be_visible()


def mark(page: Page, name: str) -> None:
    page.get_by_role("checkbox", name=f"Choose {name}").first.check()


def test_runs_are_chosen_to_be_compared_and_to_be_stopped(page: Page, api: Api) -> None:
    for name in ("long-1", "long-2"):
        begun(api, name, {"first": "echo 1 > $PAI_OUTPUT_OUT", "second": "sleep 600"})
    page.goto("/w/default/runs")
    rows = page.get_by_role("row").filter(has_text=re.compile("long-"))
    expect(rows).to_have_count(2, timeout=SOON)
    for row in range(2):
        expect(rows.nth(row).get_by_text("1/2", exact=True)).to_be_visible(timeout=SOON)
    shot(page, "runs-progress")
    mark(page, "long-1")
    bar = page.get_by_role("status").filter(has_text="chosen")
    expect(bar.get_by_text("1 run chosen")).to_be_visible()
    expect(bar.get_by_role("button", name="Compare")).to_be_disabled()
    mark(page, "long-2")
    shot(page, "runs-chosen")
    bar.get_by_role("button", name="Compare").click()
    page.wait_for_url("**/compare/**")
    settle(page)
    expect(page.get_by_role("link", name="long-1")).to_be_visible()
    expect(page.get_by_role("link", name="long-2")).to_be_visible()
    page.go_back()
    settle(page)
    for name in ("long-1", "long-2"):
        mark(page, name)
    bar.get_by_role("button", name="Stop").click()
    for row in range(2):
        expect(rows.nth(row).get_by_text("Cancelled", exact=True)).to_be_visible(timeout=SOON)
    expect(bar).to_be_hidden()


def test_a_run_is_compared_with_another_of_its_kind(page: Page, api: Api) -> None:
    draft(api, "alike", {"data": node("builtin:sample_data", name="iris")})
    runs = [run_of(api, "alike", name=f"alike {number}") for number in (1, 2)]
    for run in runs:
        assert api.wait(run, 120) == "succeeded"
    opened(page, runs[1])
    press(page, "More")
    page.get_by_role("menuitem", name="Compare with…").click()
    settle(page)
    assert barriers(page) == []
    page.get_by_role("dialog").get_by_role("button", name="alike 1").click()
    page.wait_for_url(f"**/compare/{runs[0]}/{runs[1]}")
    settle(page)
    expect(page.get_by_role("link", name="alike 1")).to_be_visible()
