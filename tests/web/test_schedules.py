"""Schedules and the operation centre: made, deployed, failed, run again, backfilled, looked at."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.conftest import until
from tests.e2e.api import WORKSPACE
from tests.web.browser import in_browser, shot
from tests.web.canvas import SOON
from tests.web.looking import barriers, settle
from tests.web.scheduling import HEAD, before, operated, pipeline, schedule, today
from tests.web.stage import draft

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from tests.e2e.api import Api

pytestmark = in_browser
_LATER = 60_000.0  # milliseconds that a month's backfill may take


def cell(page: Page, name: str, day: str) -> Locator:
    """A cell of the grid, by its schedule and business date."""
    return page.get_by_role("gridcell", name=re.compile(rf"^{re.escape(name)}, {day}: "))


def pick(page: Page, label: str, words: str) -> None:
    """Finds something in a list by a part of its name, and takes it."""
    field = page.get_by_role("combobox", name=label, exact=True)
    field.click()
    field.fill(words)
    page.get_by_role("option", name=words).first.click()


def field(page: Page, name: str) -> Locator:
    """A field of text, by its label."""
    return page.get_by_role("textbox", name=name, exact=True)


def test_a_schedule_is_made_deployed_fails_and_is_made_up_for(
    page: Page, api: Api, tmp_path: Path
) -> None:
    flag = tmp_path / "flag"
    pipeline(api, "story-extract", f"test -e {flag} || exit 3; echo 1 > $PAI_OUTPUT_OUT")
    pipeline(api, "story-load", "echo 1 > $PAI_OUTPUT_OUT")
    make(page)
    schedule(api, "story-load-daily", "story-load", at="03:00", depends_on=["story-extract-daily"])
    look_ahead(page, api)
    fail(page, api)
    flag.touch()
    run_again(page, api)
    backfill_a_month(page, api)


def make(page: Page) -> None:
    """A new schedule of a pipeline found by its name: its faults, its preview, published, put in
    force."""
    page.goto("/w/default/schedules")
    page.get_by_role("link", name="New schedule").first.click()
    pick(page, "Pipeline", "story-extract")
    expect(field(page, "Name")).to_have_value("story-extract-daily")
    zone = page.get_by_role("combobox", name="Zone")
    zone.fill("Nowhere/Atlantis")
    fault = "there is no zone 'Nowhere/Atlantis'; one is Europe/Berlin"
    expect(page.get_by_role("complementary").get_by_text(fault)).to_be_visible()
    expect(page.get_by_role("main").get_by_text(fault).first).to_be_visible()
    shot(page, "schedules-fault")
    zone.fill("UTC")
    field(page, "At").fill("02:30, 2:45")
    expect(page.get_by_text("'2:45' is no time of day such as 02:30").first).to_be_visible()
    field(page, "At").fill("02:30")
    field(page, "Label").fill("day ${yyyy-mm-dd}")
    field(page, "bizdate").fill("${yyyymmdd-1}")
    ahead = page.get_by_role("region", name="Next times and values")
    expect(ahead.get_by_text("every day at 02:30, UTC")).to_be_visible()
    first = ahead.get_by_role("row").nth(1)
    expect(first).to_contain_text("02:30")
    value = first.get_by_role("cell").nth(2)
    expect(value).to_have_text(re.compile(r"^\d{8}$"))
    bizdate = date.fromisoformat(first.get_by_role("cell").nth(1).inner_text())
    assert value.inner_text() == f"{bizdate - timedelta(days=1):%Y%m%d}"
    shot(page, "schedules-new")
    page.get_by_role("button", name="Publish and deploy").click()
    dialog = page.get_by_role("dialog", name="Deploy story-extract-daily 1.0.0")
    expect(dialog.get_by_text("Nothing is in force there yet.")).to_be_visible()
    shot(page, "schedules-deploy")
    dialog.get_by_role("button", name="Deploy", exact=True).click()
    page.wait_for_url("**/schedules/story-extract-daily")
    expect(page.get_by_role("button", name="On: State of")).to_be_visible()


def look_ahead(page: Page, api: Api) -> None:
    """The instances that are to come are in the grid; one says what it waits for, and why."""
    ahead = until(lambda: operated(api, "story-load-daily"), 20)
    day = max(ahead)
    page.goto(f"/w/default/schedules?tab=instances&text=story&last={day}")
    expect(cell(page, "story-extract-daily", day)).to_be_visible(timeout=SOON)
    shot(page, "schedules-ahead")
    cell(page, "story-load-daily", day).press("Enter")
    page.wait_for_url("**/instances/*")
    expect(page.get_by_role("heading", name=f"story-load-daily · {day} · 03:00")).to_be_visible()
    if ahead[day] == "waiting":
        why = page.get_by_role("alert").filter(has_text="Why it waits")
        expect(why.get_by_text("Its time has not come")).to_be_visible()
        expect(why.get_by_text(f"story-extract-daily, business date {day}")).to_be_visible()
    settle(page)
    shot(page, "schedules-waiting")


def fail(page: Page, api: Api) -> None:
    """A backfill of one day with all that waits for it: it fails, and holds up the other."""
    page.goto("/w/default/schedules?tab=backfills")
    page.get_by_role("button", name="New backfill").click()
    dialog = page.get_by_role("dialog", name="Plan a backfill")
    pick(page, "Schedule", "story-extract-daily")
    for field in ("From", "To"):
        dialog.get_by_label(field, exact=True).fill(before(3))
    dialog.get_by_role("checkbox", name="Also all that waits for it").check()
    expect(dialog.get_by_text("2 of 2 cycles to do")).to_be_visible()
    rows = dialog.get_by_role("row")
    expect(rows.nth(1)).to_contain_text("story-extract-daily")
    expect(rows.nth(2)).to_contain_text("story-load-daily")
    shot(page, "schedules-plan")
    dialog.get_by_role("button", name="Begin 2 cycles").click()
    page.wait_for_url("**/backfills/*")
    expect(page.get_by_role("main").get_by_text("2 failed")).to_be_visible(timeout=SOON)
    shot(page, "schedules-failed")
    page.goto("/w/default/schedules?tab=instances&text=story")
    expect(
        page.get_by_role("gridcell", name=f"story-extract-daily, {before(3)}: Failed")
    ).to_be_visible()
    shot(page, "schedules-grid")


def run_again(page: Page, api: Api) -> None:
    """What failed is run again from its page, with what waits for it."""
    cell(page, "story-extract-daily", before(3)).click()
    page.wait_for_url("**/instances/*")
    expect(page.get_by_text("Its run has failed").first).to_be_visible()
    expect(page.get_by_role("link", name="Run 1")).to_be_visible()
    page.get_by_role("button", name="Run again…").click()
    dialog = page.get_by_role("dialog", name="Run again")
    dialog.get_by_role("checkbox", name="All that waits for the same instance").check()
    shot(page, "schedules-rerun")
    dialog.get_by_role("button", name="Run again").click()
    expect(page.get_by_role("link", name="Run 2")).to_be_visible(timeout=SOON)
    done = {name: {"succeeded"} for name in ("story-extract-daily", "story-load-daily")}
    until(
        lambda: {name: {operated(api, name)[before(3)]} for name in done} == done,
        30,
    )
    expect(page.get_by_role("main").get_by_text("Succeeded").first).to_be_visible(timeout=SOON)
    log = page.get_by_role("list").last
    expect(log.get_by_text("To run again, version 1.0.0")).to_be_visible(timeout=SOON)
    expect(page.get_by_text(f"{date.fromisoformat(before(4)):%Y%m%d}").first).to_be_visible()
    shot(page, "schedules-again")
    page.get_by_role("link", name="Run 2").click()
    page.wait_for_url("**/runs/*")
    expect(page.locator("main header").get_by_text("Succeeded")).to_be_visible(timeout=SOON)


def backfill_a_month(page: Page, api: Api) -> None:
    """The whole of last month, ten at once: paused, resumed, and done to its last day."""
    page.goto("/w/default/schedules?tab=backfills&new=1&schedule=story-extract-daily")
    dialog = page.get_by_role("dialog", name="Plan a backfill")
    dialog.get_by_role("button", name="Last month").click()
    dialog.get_by_label("At once").fill("2")
    dialog.get_by_label("Name").fill("All of last month")
    last = today().replace(day=1) - timedelta(days=1)
    done = operated(api, "story-extract-daily")
    todo = sum(
        f"{last:%Y-%m}-{day:02}" not in done or done[f"{last:%Y-%m}-{day:02}"] == "waiting"
        for day in range(1, last.day + 1)
    )
    expect(dialog.get_by_text(f"{todo} of {last.day} cycles to do")).to_be_visible()
    dialog.get_by_role("button", name=f"Begin {todo} cycles").click()
    page.wait_for_url("**/backfills/*")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_text("Paused", exact=True)).to_be_visible(timeout=SOON)
    shot(page, "schedules-paused")
    page.get_by_role("button", name="Resume").click()
    page.get_by_label("At once").fill("10")
    expect(page.get_by_role("main").get_by_text(f"{todo} of {todo}")).to_be_visible(timeout=_LATER)
    expect(page.locator("header").get_by_text("Succeeded", exact=True)).to_be_visible()
    shot(page, "schedules-month")
    page.goto(f"/w/default/schedules?tab=instances&text=story-extract&last={last}&days=31")
    for day in (last.replace(day=1), last):
        expect(
            page.get_by_role("gridcell", name=f"story-extract-daily, {day}: Succeeded")
        ).to_be_visible()


def test_a_schedule_is_switched_tried_out_and_given_a_new_version(page: Page, api: Api) -> None:
    pipeline(api, "switched", "echo 1 > $PAI_OUTPUT_OUT")
    schedule(api, "switched-daily", "switched", at="02:00")
    page.goto("/w/default/schedules")
    page.get_by_role("searchbox", name="Find a schedule").fill("switched")
    rows = page.get_by_role("row").filter(has=page.get_by_role("cell"))
    expect(rows).to_have_count(1)
    row = rows.first
    row.get_by_role("button", name="All next times of switched-daily").click()
    expect(page.get_by_role("listitem")).to_have_count(5)
    page.keyboard.press("Escape")
    row.get_by_role("button", name="State of switched-daily").click()
    shot(page, "schedules-switch")
    page.get_by_role("menuitemradio", name="Frozen").click()
    expect(row.get_by_role("button", name="Frozen: State of")).to_be_visible(timeout=SOON)
    assert api.get("/schedules/switched-daily")["in_force"]["state"] == "frozen"
    try_out(page)
    page.goto("/w/default/new-schedule?from=switched-daily")
    expect(field(page, "Version")).to_have_value("1.0.1")
    page.get_by_text("Week", exact=True).click()
    page.get_by_text("Fri", exact=True).click()
    page.get_by_role("button", name="Publish", exact=True).click()
    page.wait_for_url("**/schedules/switched-daily")
    page.get_by_role("button", name="Deploy 1.0.1").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("row", name="every day week")).to_be_visible()
    shot(page, "schedules-newer")
    dialog.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.get_by_text("at 02:00 every Monday and Friday, UTC")).to_be_visible(timeout=SOON)
    page.get_by_role("tab", name="Versions").click()
    page.get_by_role("button", name="Roll back to 1.0.0").click()
    dialog.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.get_by_role("button", name="Roll back to 1.0.0")).to_have_count(0)
    assert api.get("/schedules/switched-daily")["in_force"]["version"] == "1.0.0"
    page.get_by_role("button", name="What can be done with switched-daily").click()
    page.get_by_role("menuitem", name="Withdraw…").click()
    page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    expect(page.get_by_text("Not deployed").first).to_be_visible(timeout=SOON)


def try_out(page: Page) -> None:
    """A test run of a business date: what its expressions come to, then its instance and run."""
    page.goto("/w/default/schedules?tab=test&schedule=switched-daily")
    page.get_by_label("Business date").fill("2026-02-28")
    row = page.get_by_role("row").filter(has_text="$bizdate")
    expect(row.get_by_text("20260228")).to_be_visible()
    shot(page, "schedules-test")
    page.get_by_role("button", name="Start the test run").click()
    page.wait_for_url("**/instances/*")
    expect(page.get_by_role("heading", name="switched-daily · 2026-02-28 · 02:00")).to_be_visible()
    expect(page.get_by_role("cell", name="20260228").first).to_be_visible()
    expect(page.get_by_role("link", name="Run 1")).to_be_visible(timeout=SOON)


def test_what_is_chosen_is_operated_and_what_is_not_done_is_told(page: Page, api: Api) -> None:
    pipeline(api, "chosen", "echo 1 > $PAI_OUTPUT_OUT")
    for name in ("chosen-a", "chosen-b"):
        schedule(api, name, "chosen", at="23:59", depends_on=["self"])
    wish = {"schedule": "chosen-a", "ranges": [{"first": before(6), "last": before(3)}]}
    api.post("/backfills", {**wish, "parallel": 4})
    until(
        lambda: (
            sorted(operated(api, "chosen-a").values()).count("succeeded") == 4
            and operated(api, "chosen-b")
        ),
        30,
    )
    last = max(operated(api, "chosen-a"))
    page.goto(f"/w/default/schedules?tab=instances&text=chosen&last={last}")
    page.get_by_role("switch", name="Choose several").check()
    page.get_by_role("button", name="Choose all of chosen-a").click()
    count = len(operated(api, "chosen-a"))
    expect(page.get_by_text(f"{count} instances chosen")).to_be_visible()
    page.get_by_role("button", name="Freeze").click()
    answer = page.get_by_role("status").filter(has_text="left as they are")
    expect(answer).to_contain_text(f"{count - 4} instance")
    expect(answer).to_contain_text("4 × it does not wait any more: it has succeeded")
    shot(page, "schedules-chosen")
    assert barriers(page) == []
    page.get_by_role("button", name="Close the answer").click()
    page.get_by_role("button", name="Clear").click()
    # By the keyboard: to the cell beside, chosen, and opened.
    first = cell(page, "chosen-a", before(6))
    first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.get_by_text("1 instance chosen")).to_be_visible()
    expect(cell(page, "chosen-a", before(5))).to_have_attribute("aria-selected", "true")
    page.get_by_role("button", name="Run again…").click()
    page.get_by_role("dialog").get_by_role("button", name="Run again").click()
    expect(page.get_by_text("1 instance changed")).to_be_visible(timeout=SOON)
    cell(page, "chosen-a", before(5)).press("Enter")
    page.wait_for_url("**/instances/*")
    expect(page.get_by_role("link", name="Run 2")).to_be_visible(timeout=SOON)


def test_a_dependency_is_removed_and_an_instance_is_set_to_succeeded(page: Page, api: Api) -> None:
    pipeline(api, "needy", "echo 1 > $PAI_OUTPUT_OUT")
    schedule(api, "needed-daily", "needy", at="23:58")
    schedule(api, "needy-daily", "needy", at="23:59", depends_on=["needed-daily", "self"])
    found = until(lambda: api.get("/instances?schedule=needy-daily")["items"], 20)
    page.goto(f"/w/default/instances/{found[0]['id']}")
    page.get_by_role("button", name="Remove the dependency on needed-daily").click()
    expect(page.get_by_text("Removed", exact=True)).to_be_visible(timeout=SOON)
    expect(page.get_by_text("Waits no longer for needed-daily")).to_be_visible(timeout=SOON)
    shot(page, "schedules-removed")
    page.get_by_role("button", name="Freeze").click()
    expect(page.get_by_role("button", name="Thaw")).to_be_visible(timeout=SOON)
    page.get_by_role("button", name="Set to succeeded").click()
    expect(page.get_by_text("Set to succeeded by").first).to_be_visible(timeout=SOON)


def test_a_schedule_goes_to_production_with_all_that_it_is_made_of(page: Page, api: Api) -> None:
    pipeline(api, "moved", "echo 1 > $PAI_OUTPUT_OUT")
    schedule(api, "moved-daily", "moved", at="02:00", is_deployed=False)
    status, said_ = api.ask("POST", "/workspaces", {"name": "moved-to", "stage": "production"})
    assert status == 200, said_
    page.goto("/w/default/schedules/moved-daily")
    page.get_by_role("button", name="What can be done with moved-daily").click()
    page.get_by_role("menuitem", name="Deploy to another workspace…").click()
    dialog = page.get_by_role("dialog", name="Deploy moved-daily 1.0.0")
    dialog.get_by_role("combobox", name="Workspace").click()
    page.get_by_role("option", name="moved-to").click()
    for each in (
        "component moved-step 1.0.0",
        "pipeline moved 1.0.0",
        "schedule moved-daily 1.0.0",
    ):
        expect(dialog.get_by_text(each)).to_be_visible()
    shot(page, "schedules-production")
    dialog.get_by_role("button", name="Deploy", exact=True).click()
    expect(page.get_by_text("moved-daily 1.0.0 is in force in moved-to")).to_be_visible()
    page.goto("/w/moved-to/schedules")
    expect(page.get_by_role("link", name="moved-daily")).to_be_visible()


def test_a_published_pipeline_is_scheduled_from_its_canvas(page: Page, api: Api) -> None:
    pipeline(api, "drawn", "echo 1 > $PAI_OUTPUT_OUT")
    for name in ("drawn", "undrawn"):
        draft(api, name, {"work": {"component": "drawn-step@1.0.0"}})
    page.goto("/w/default/pipelines/undrawn")
    expect(page.get_by_role("button", name="Publish")).to_be_visible()
    settle(page)
    expect(page.get_by_role("link", name="Schedule", exact=True)).to_have_count(0)
    page.goto("/w/default/pipelines/drawn")
    page.get_by_role("link", name="Schedule", exact=True).click()
    expect(page.get_by_role("combobox", name="Pipeline", exact=True)).to_have_value("drawn")
    expect(field(page, "Name")).to_have_value("drawn-daily")


def test_what_is_in_production_is_run_in_the_operation_centre(page: Page, api: Api) -> None:
    pipeline(api, "live", "echo 1 > $PAI_OUTPUT_OUT")
    schedule(api, "live-daily", "live", at="02:00", is_deployed=False)
    for name in ("live-place", "calm-place"):
        wish = {"name": name, "stage": "production" if name == "live-place" else ""}
        assert api.ask("POST", "/workspaces", wish)[0] == 200
        assert api.ask("POST", f"{WORKSPACE}/schedules/live-daily/deploy", {"to": name})[0] == 200
        nodes = {"work": {"component": "live-step@1.0.0"}}
        for each in ("live", "other"):
            text = json.dumps({**HEAD, "kind": "Pipeline", "name": each, "nodes": nodes})
            made = api.ask("PUT", f"/workspaces/{name}/drafts/{each}", {"text": text})
            assert made[0] == 200, made
    runs = page.get_by_role("button", name="Run", exact=True)
    for place in ("live-place/pipelines/other", "calm-place/pipelines/live"):
        page.goto(f"/w/{place}")
        expect(runs).to_be_visible()
    page.goto("/w/live-place/pipelines/live")
    expect(page.get_by_text("Run in production by live-daily")).to_be_visible()
    expect(runs).to_have_count(0)
    settle(page)
    shot(page, "schedules-no-run")
    page.keyboard.press("Control+Enter")
    page.get_by_role("link", name="operation centre").click()
    expect(page.get_by_role("button", name="Start the test run")).to_be_visible()
    assert api.ask("GET", "/workspaces/live-place/runs")[1]["items"] == []
