"""Menus as a screen reader has them: they are drawn only when somebody opens them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.web.browser import in_browser, shot
from tests.web.looking import barriers, settle
from tests.web.scheduling import pipeline, schedule

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.api import Api

pytestmark = in_browser


@pytest.fixture
def schedules(page: Page, api: Api) -> Page:
    """The list of schedules, with one in it."""
    if not api.get("/schedules?text=menus-daily")["items"]:
        pipeline(api, "menus", "echo 1 > $PAI_OUTPUT_OUT")
        schedule(api, "menus-daily", "menus", at="02:00")
    page.goto("/w/default/schedules")
    settle(page)
    return page


@pytest.mark.parametrize(
    ("button", "role"),
    [
        ("owner: Account", "menuitemradio"),
        ("On: State of menus-daily", "menuitemradio"),
        ("What can be done with menus-daily", "menuitem"),
    ],
    ids=["account", "state", "actions"],
)
def test_an_open_menu_has_no_barrier(schedules: Page, button: str, role: str) -> None:
    schedules.get_by_role("button", name=button).click()
    menu = schedules.get_by_role("menu")
    expect(menu.locator(f"[role={role}]").first).to_be_visible()
    settle(schedules)
    shot(schedules, f"menu-{button.partition(' ')[0].rstrip(':')}")
    found = {"light": barriers(schedules)}
    schedules.emulate_media(color_scheme="dark")
    schedules.wait_for_timeout(200)  # the colours' transition
    found["dark"] = barriers(schedules)
    assert found == {"light": [], "dark": []}


def test_what_is_chosen_in_a_menu_is_said_to_be(schedules: Page) -> None:
    schedules.get_by_role("button", name="On: State of menus-daily").click()
    chosen = schedules.get_by_role("menuitemradio", checked=True)
    expect(chosen).to_have_count(1)
    expect(chosen).to_contain_text("On")
    schedules.keyboard.press("ArrowDown")
    schedules.keyboard.press("Enter")
    expect(schedules.get_by_role("menu")).to_have_count(0)
    expect(schedules.get_by_role("button", name="Skipping: State of menus-daily")).to_be_visible()
    schedules.get_by_role("button", name="State of menus-daily").click()
    schedules.get_by_role("menuitemradio", name="On").click()
    expect(schedules.get_by_role("button", name="On: State of menus-daily")).to_be_visible()
