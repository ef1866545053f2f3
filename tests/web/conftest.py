"""One server and one browser for all tests of the console; a context of its own for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.e2e.api import Api, api_of
from tests.e2e.server import Server, serving
from tests.web.browser import Visitor, Watch, browsing, log_in, shot
from tests.web.stage import Stage, set_up

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from playwright.sync_api import Browser, Page

HAS_FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Chromium, once for all."""
    with browsing() as found:
        yield found


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on a home of the console's own; what a test makes there has a name of its own."""
    with serving(tmp_path_factory.mktemp("console") / "home") as server:
        yield server


@pytest.fixture
def api(console: Server) -> Api:
    """The API that the console asks, for what a test needs to be there already."""
    return api_of(console)


@pytest.fixture(scope="session")
def stage(console: Server) -> Stage:
    """What all screens are looked at with, made once."""
    return set_up(api_of(console))


@pytest.fixture(scope="session")
def state(browser: Browser, console: Server) -> Any:
    """What a browser keeps that is logged in."""
    return log_in(browser, console)


@pytest.fixture
def watch(console: Server) -> Iterator[Watch]:
    """Fails the test for an error, a foreign request or a script that a page has let in."""
    watch = Watch(urlsplit(console.url).netloc)
    yield watch
    assert watch.unexpected == []


@pytest.fixture
def visitor(
    browser: Browser, console: Server, state: Any, watch: Watch, request: pytest.FixtureRequest
) -> Iterator[Visitor]:
    """Somebody with a browser; what they saw last is kept if the test fails."""
    visitor = Visitor(browser, console, state, watch)
    yield visitor
    if request.node.stash.get(HAS_FAILED, False):
        for number, page in enumerate(visitor.pages):
            shot(page, f"failed-{request.node.name}-{number}")
    visitor.close()


@pytest.fixture
def page(visitor: Visitor) -> Page:
    """A page of the owner's, 1440 by 900, light, in English."""
    return visitor.page()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, Any]:
    """Lets fixtures know at their end whether the test has failed."""
    report = yield
    if report.when == "call":
        item.stash[HAS_FAILED] = report.failed
    return report
