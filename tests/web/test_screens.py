"""Every screen, light and dark, wide and narrow, in both languages."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from tests.web.browser import in_browser, shot
from tests.web.looking import barriers, said, settle, strings
from tests.web.screens import SCREENS

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, ViewportSize

    from tests.web.browser import Visitor
    from tests.web.stage import Stage

pytestmark = in_browser
NARROW: ViewportSize = {"width": 1024, "height": 768}


EACH_SCREEN = pytest.mark.parametrize("name", SCREENS)


@pytest.fixture
def open_screen(visitor: Visitor, stage: Stage) -> Callable[..., Page]:
    """Opens a screen by its name, and waits until all of it is there."""

    def open_(name: str, **options: Any) -> Page:
        page = visitor.page(**options)
        page.goto(f"/w/default/{SCREENS[name].format(stage=stage)}")
        settle(page)
        return page

    return open_


@EACH_SCREEN
def test_a_screen_has_no_barrier_and_no_scroll_sideways(
    name: str, open_screen: Callable[..., Page]
) -> None:
    page = open_screen(name)
    shot(page, f"{name}-light")
    found = {"light": barriers(page)}
    page.emulate_media(color_scheme="dark")
    page.wait_for_timeout(200)  # the colours' transition
    shot(page, f"{name}-dark")
    found["dark"] = barriers(page)
    page.set_viewport_size(NARROW)
    settle(page)
    shot(page, f"{name}-narrow")
    width = page.evaluate("() => document.scrollingElement.scrollWidth")
    assert (found, width) == ({"light": [], "dark": []}, NARROW["width"])


@EACH_SCREEN
def test_a_screen_says_everything_in_the_language_that_was_chosen(
    name: str, open_screen: Callable[..., Page]
) -> None:
    page = open_screen(name, locale="zh-CN")
    shot(page, f"{name}-chinese")
    english, chinese = strings("en"), strings("zh")
    untold = {english[key] for key in english if english[key] != chinese[key]} - {*chinese.values()}
    texts = said(page)
    assert [text for text in texts if text in untold] == []
    assert any(re.search(r"[\u4e00-\u9fff]", text) for text in texts)
    _says_no_keys(texts)


@EACH_SCREEN
def test_a_screen_shows_words_and_no_keys_ids_or_gaps(
    name: str, open_screen: Callable[..., Page], stage: Stage
) -> None:
    texts = said(open_screen(name))
    _says_no_keys(texts)
    ids = [text for text in texts for run in (stage.run, stage.failed, stage.job) if run in text]
    assert ids == []


def _says_no_keys(texts: list[str]) -> None:
    keys = strings("en")
    gap = partial(re.search, r"\{\w+\}|\bundefined\b|\[object |\bNaN\b|Invalid Date")
    assert [text for text in texts if text in keys or gap(text)] == []
