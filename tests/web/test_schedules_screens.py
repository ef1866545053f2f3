"""Every screen of the schedules, light and dark, wide and narrow, in both languages."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.conftest import until
from tests.web.browser import in_browser, shot
from tests.web.looking import barriers, said, settle, strings
from tests.web.scheduling import before, pipeline, schedule

if TYPE_CHECKING:
    from playwright.sync_api import Page, ViewportSize

    from tests.e2e.api import Api
    from tests.web.browser import Visitor, Watch

pytestmark = in_browser
NARROW: ViewportSize = {"width": 1024, "height": 768}
NOWHERE = "http://127.0.0.1:9/hook"  # nobody listens there

SCREENS = {
    "schedules": "schedules",
    "instances": "schedules?tab=instances",
    "backfills": "schedules?tab=backfills",
    "alerts": "schedules?tab=alerts",
    "test-run": "schedules?tab=test&schedule=seen-daily",
    "plan": "schedules?tab=backfills&new=1&schedule=seen-daily",
    "schedule": "schedules/seen-daily",
    "new-schedule": "new-schedule?pipeline=seen",
    "instance": "instances/{instance}",
    "backfill": "backfills/{backfill}",
}
EACH_SCREEN = pytest.mark.parametrize("name", SCREENS)


@pytest.fixture(scope="module")
def seen() -> dict[str, str]:
    """Ids of what the screens show, once they are there."""
    return {}


@pytest.fixture
def places(api: Api, seen: dict[str, str]) -> dict[str, str]:
    """What the screens are looked at with, made once."""
    if not seen:
        pipeline(api, "seen", "echo 1 > $PAI_OUTPUT_OUT")
        schedule(api, "seen-daily", "seen", at="04:00", timezone="Europe/Berlin", retries=1)
        schedule(api, "seen-after", "seen", at="05:00", depends_on=["seen-daily", "self"])
        pipeline(api, "seen-bad", "exit 3")
        schedule(api, "seen-told", "seen-bad", at="23:59", alerts=[{"on": "failed", "to": NOWHERE}])
        api.post("/schedules/seen-told/trigger")
        wish = {"ranges": [{"first": before(5), "last": before(2)}], "downstream": "all"}
        made = api.post("/backfills", {"schedule": "seen-daily", "parallel": 4, **wish})
        rows = until(
            lambda: api.get("/instances?schedule=seen-after&status=succeeded")["items"], 30
        )
        until(lambda: api.get(f"/backfills/{made['id']}")["ended"], 30)
        until(lambda: api.get("/alerts")["items"], 30)
        seen |= {"backfill": made["id"], "instance": rows[0]["id"]}
    return seen


def opened(visitor: Visitor, name: str, places: dict[str, str], **options: Any) -> Page:
    page = visitor.page(**options)
    page.goto(f"/w/default/{SCREENS[name].format(**places)}")
    settle(page)
    return page


@EACH_SCREEN
def test_a_screen_has_no_barrier_and_no_scroll_sideways(
    name: str, visitor: Visitor, places: dict[str, str]
) -> None:
    page = opened(visitor, name, places)
    shot(page, f"{name}-light")
    found = {"light": barriers(page)}
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(200)  # the colours' transition
    shot(page, f"{name}-dark")
    found["dark"] = barriers(page)
    page.set_viewport_size(NARROW)
    settle(page)
    shot(page, f"{name}-narrow")
    found["narrow"] = barriers(page)
    width = page.evaluate("() => document.scrollingElement.scrollWidth")
    assert (found, width) == ({"light": [], "dark": [], "narrow": []}, NARROW["width"])


@EACH_SCREEN
def test_a_screen_says_everything_in_the_language_that_was_chosen(
    name: str, visitor: Visitor, places: dict[str, str]
) -> None:
    page = opened(visitor, name, places, locale="zh-CN")
    shot(page, f"{name}-chinese")
    english, chinese = strings("en"), strings("zh")
    untold = {english[key] for key in english if english[key] != chinese[key]} - {*chinese.values()}
    texts = said(page)
    assert [text for text in texts if text in untold] == []
    assert any("\u4e00" <= letter <= "\u9fff" for text in texts for letter in text)


@EACH_SCREEN
def test_a_screen_shows_words_and_no_keys_ids_or_gaps(
    name: str, visitor: Visitor, places: dict[str, str]
) -> None:
    texts = said(opened(visitor, name, places))
    keys = strings("en")
    gap = partial(re.search, r"(?<!\$)\{\w+\}|\bundefined\b|\[object |\bNaN\b|Invalid Date")
    assert [text for text in texts if text in keys or gap(text)] == []
    assert [text for text in texts for each in places.values() if each in text] == []


def test_a_page_of_schedules_is_one_request(page: Page, places: dict[str, str]) -> None:
    assert places
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto("/w/default/schedules")
    settle(page)
    expect(page.get_by_role("row")).not_to_have_count(0)
    assert len([url for url in asked if "/default/schedules" in url and "/api/" in url]) == 1


def test_a_workspace_without_schedules_says_what_to_do(page: Page, api: Api) -> None:
    status, said_ = api.ask("POST", "/workspaces", {"name": "bare"})
    assert status == 200, said_
    for tab, words in {
        "list": "No schedules yet", "instances": "No schedule is deployed",
        "backfills": "No backfills yet", "alerts": "Nobody was told anything yet",
    }.items():  # fmt: skip
        page.goto(f"/w/bare/schedules?tab={tab}")
        expect(page.get_by_text(words)).to_be_visible()
        shot(page, f"schedules-none-{tab}")
        assert barriers(page) == []


def test_what_cannot_be_shown_says_why(page: Page, watch: Watch) -> None:
    watch.allow(r"status of 404")
    for place, words in {
        "schedules/absent": "schedule 'absent'", "instances/absent": "no instance 'absent'",
        "backfills/absent": "no backfill 'absent'",
    }.items():  # fmt: skip
        page.goto(f"/w/default/{place}")
        expect(page.get_by_role("alert").filter(has_text=words)).to_be_visible()
