"""The door of the console: who comes in and how, where they are led, and what is kept for them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.web.browser import in_browser, shot

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.e2e.api import Api
    from tests.e2e.server import Server
    from tests.web.browser import Visitor, Watch

pytestmark = in_browser
PASSWORD = "a long sentence for the tests"
REFUSED = r"status of 401"  # Chromium says in its console what an unknown visitor is answered
LEADING_OFF = (
    "https://evil.example/", "//evil.example/", "/\\evil.example/", "/w//evil.example",
    "javascript:alert(1)", "/w/../../evil",
)  # fmt: skip


@pytest.fixture
def stranger(visitor: Visitor, watch: Watch, api: Api) -> Page:
    """A page of somebody who is not logged in yet; their name is ada."""
    watch.allow(REFUSED)
    status, answer = api.ask("POST", "/people", {"person": "ada", "password": PASSWORD})
    assert status in (200, 409), answer
    api.post("/members/ada", {"role": "developer"}, "PUT")
    return visitor.page(is_known=False)


def enter(page: Page, password: str = PASSWORD) -> None:
    page.get_by_role("textbox", name="Name").fill("ada")
    page.get_by_role("textbox", name="Password").fill(password)
    page.get_by_role("button", name="Log in").click()


def test_a_stranger_is_led_to_the_door_and_then_where_they_wanted(stranger: Page) -> None:
    stranger.goto("/w/default/runs?status=failed")
    expect(stranger).to_have_url(re.compile(r"/enter\?to="))
    shot(stranger, "login")
    enter(stranger)
    expect(stranger).to_have_url(re.compile(r"/w/default/runs\?status=failed$"))
    expect(stranger.get_by_role("button", name="Account")).to_have_text("ada")


def test_who_mistypes_is_told_so_and_stays(stranger: Page) -> None:
    stranger.goto("/enter")
    enter(stranger, "something else entirely")
    expect(stranger.get_by_role("alert")).to_be_visible()
    expect(stranger).to_have_url(re.compile(r"/enter$"))
    shot(stranger, "login-refused")


def test_nobody_is_led_off_by_what_an_address_says(stranger: Page, console: Server) -> None:
    for place in LEADING_OFF:
        stranger.goto("/enter")
        stranger.evaluate("to => history.replaceState({}, '', '/enter?to=' + "
                          "encodeURIComponent(to))", place)  # fmt: skip
        stranger.reload()
        enter(stranger)
        expect(stranger.get_by_role("button", name="Account")).to_be_visible()
        assert stranger.url.startswith(f"{console.url}/w/"), (place, stranger.url)


def test_who_logs_out_is_a_stranger_again(stranger: Page) -> None:
    stranger.goto("/enter")
    enter(stranger)
    stranger.get_by_role("button", name="Account").click()
    stranger.get_by_role("menuitem", name="Log out").click()
    expect(stranger).to_have_url(re.compile(r"/enter$"))
    stranger.goto("/w/default/components")
    expect(stranger).to_have_url(re.compile(r"/enter\?to="))


def test_the_link_of_the_terminal_lets_its_owner_in(page: Page) -> None:
    page.goto("/")
    expect(page).to_have_url(re.compile(r"/w/default/components$"))
    expect(page.get_by_role("button", name="Account")).to_be_visible()


def test_the_language_is_kept(page: Page) -> None:
    page.goto("/w/default/components")
    places = page.get_by_role("navigation").first
    expect(places).to_contain_text("Components")
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menu").get_by_text("中文", exact=True).click()
    expect(places).to_contain_text("组件")
    assert page.evaluate("document.documentElement.lang") == "zh"
    page.reload()
    expect(places).to_contain_text("组件")
    assert page.evaluate("document.documentElement.lang") == "zh"


def test_a_browser_that_speaks_chinese_is_spoken_to_so(visitor: Visitor) -> None:
    page = visitor.page(locale="zh-CN")
    page.goto("/w/default/runs")
    expect(page.get_by_role("navigation").first).to_contain_text("运行")


def test_the_appearance_is_kept_and_follows_the_system_until_then(page: Page) -> None:
    root = page.locator("html")
    page.goto("/w/default/components")
    expect(root).to_have_attribute("data-mantine-color-scheme", "light")
    page.emulate_media(color_scheme="dark")
    expect(root).to_have_attribute("data-mantine-color-scheme", "dark")
    page.get_by_role("button", name="Account").click()
    page.get_by_role("menu").get_by_text("Light", exact=True).click()
    expect(root).to_have_attribute("data-mantine-color-scheme", "light")
    page.reload()
    expect(root).to_have_attribute("data-mantine-color-scheme", "light")


def test_a_place_that_is_none_says_so_and_leads_back(page: Page) -> None:
    page.goto("/w/default/no-such-place")
    expect(page.get_by_text("There is no such page")).to_be_visible()
    page.get_by_role("link", name="To the components").click()
    expect(page).to_have_url(re.compile(r"/components$"))


def test_the_palette_leads_to_every_place_by_the_keyboard(page: Page) -> None:
    page.goto("/w/default/components")
    expect(page.get_by_role("navigation").first).to_be_visible()
    page.keyboard.press("Control+k")
    page.get_by_label("What do you want to do?").fill("go runs")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"/runs$"))
