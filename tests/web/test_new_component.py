"""A component is made of what is in Git, and with what the form has for those who know more."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.e2e.api import api_of
from tests.e2e.server import serving
from tests.e2e.test_code_source import connect, repository
from tests.web.browser import Visitor, Watch, in_browser, log_in, shot
from tests.web.canvas import SOON

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

    from tests.e2e.api import Api
    from tests.e2e.server import Server

__all__ = ["repository"]  # a fixture here, too
pytestmark = in_browser
REFUSED = r"status of 400"  # Chromium says in its console what the server has refused


@pytest.fixture
def trusting(
    tmp_path: Path, repository: tuple[str, list[str]], browser: Browser
) -> Iterator[tuple[Server, Visitor]]:
    """A server that trusts the repository's certificate, and its owner with a browser."""
    env = {"GIT_SSL_CAINFO": str(tmp_path / "certificate.pem")}
    with serving(tmp_path / "home", env=env) as server:
        connect(server, repository[0])
        watch = Watch(urlsplit(server.url).netloc)
        watch.allow(REFUSED)
        visitor = Visitor(browser, server, log_in(browser, server), watch)
        yield server, visitor
        visitor.close()
        assert watch.unexpected == []


def opened(page: Page, tab: str = "") -> Page:
    """The page of a new component, at one of its tabs."""
    page.goto("/w/default/new-component")
    if tab:
        page.get_by_role("tab", name=tab).click()
    return page


def fault_of(field: Locator) -> Locator:
    """What is said to be wrong with a field."""
    ids = (field.get_attribute("aria-describedby") or "").split()
    return field.page.locator(", ".join(f"[id='{each}']" for each in ids))


def test_a_component_is_read_from_a_commit(
    trusting: tuple[Server, Visitor], repository: tuple[str, list[str]]
) -> None:
    (server, visitor), (url, commits) = trusting, repository
    page = opened(visitor.page(), "From Git")
    read = page.get_by_role("button", name="Read the component")
    page.get_by_role("textbox", name="Repository").fill(url)
    page.get_by_role("textbox", name="File of the component").fill("nowhere.yaml")
    expect(page.get_by_role("textbox", name="Name of the source")).to_have_value("code")
    read.click()
    connection = page.get_by_role("combobox", name="Connection")
    expect(page.get_by_text("127.0.0.1 is not of the public network")).to_be_visible(timeout=SOON)
    expect(fault_of(connection)).to_contain_text(["not of the public network"])
    connection.click()
    page.get_by_role("option", name="forge").click()
    read.click()
    file = page.get_by_role("textbox", name="File of the component")
    expect(file).to_have_attribute("aria-invalid", "true", timeout=SOON)
    expect(page.get_by_text("the repository has no file nowhere.yaml")).to_be_visible()
    shot(page, "from-git-fault")
    file.fill("component.yaml")
    page.get_by_role("textbox", name="Branch, tag or commit").fill(commits[0])
    read.click()
    expect(page.get_by_role("textbox", name="Command")).to_have_value("cat word.txt", timeout=SOON)
    expect(page.get_by_text(f"at commit {commits[0][:12]}")).to_be_visible()
    page.get_by_role("button", name="Add to the library").click()
    expect(page).to_have_url(re.compile("components/from-git%401.0.0$"))
    labels = api_of(server).get("/components/from-git")["labels"]
    assert labels == {"code": "code@1", "commit": commits[0]}  # what failed has left nothing
    assert len(api_of(server).get("/codes/code/versions")["items"]) == 1


def test_without_a_file_the_code_stays_in_git(page: Page) -> None:
    opened(page, "From Git")
    page.get_by_role("textbox", name="Repository").fill("https://example.org/steps.git")
    page.get_by_role("textbox", name="Branch, tag or commit").fill("v2")
    page.get_by_role("button", name="Fill in the form").click()
    repository = page.get_by_role("textbox", name="Repository")
    expect(repository).to_have_value("https://example.org/steps.git")
    expect(page.get_by_role("textbox", name="Branch, tag or commit")).to_have_value("v2")


def test_variables_metrics_and_a_batch_are_filled_in(page: Page, api: Api) -> None:
    opened(page)
    page.get_by_role("textbox", name="Name", exact=True).first.fill("scored")
    page.get_by_role("combobox", name="Job type").click()
    page.get_by_role("option", name="ElasticBatchJob").click()
    page.get_by_role("textbox", name="Command").fill("python score.py")
    page.get_by_role("textbox", name="Name of a variable").fill("WORDS")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("textbox", name="WORDS").fill("a b")
    page.get_by_role("checkbox", name="It uses paths below /ml").uncheck()
    for what in ("Input", "Output"):
        page.get_by_role("button", name=f"+ {what}").click()
    page.get_by_role("combobox", name="Input that is cut into shards").click()
    page.get_by_role("option", name="input").click()
    page.get_by_role("combobox", name="How it is cut").click()
    page.get_by_role("option", name="So many files a shard").click()
    page.get_by_role("textbox", name="Size, keys or list").fill("10")
    page.get_by_role("textbox", name="Items that may fail").fill("many")
    page.get_by_role("button", name="+ Metric").click()
    page.get_by_role("textbox", name="Regular expression").fill("loss=(")
    page.get_by_role("button", name="Add to the library").click()
    for name in ("Items that may fail", "Regular expression"):
        expect(page.get_by_role("textbox", name=name)).to_have_attribute("aria-invalid", "true")
    shot(page, "new-component-faults")
    page.get_by_role("textbox", name="Items that may fail").fill("-1")
    page.get_by_role("textbox", name="Regular expression").fill("loss=([0-9.]+)")
    page.get_by_role("button", name="Add to the library").click()
    expect(page).to_have_url(re.compile("components/scored%401.0.0$"))
    made = api.get("/components/scored")["definition"]
    assert made["batch"]["input"] == "input"
    assert made["batch"]["error_threshold"] == -1
    assert (made["env"], made["mounts"]) == ({"WORDS": "a b"}, "none")
    assert [each["regex"] for each in made["metrics"]] == ["loss=([0-9.]+)"]


def test_a_form_that_is_half_filled_is_not_left_unasked(page: Page) -> None:
    opened(page)
    name = page.get_by_role("textbox", name="Name", exact=True).first
    page.get_by_role("link", name="Components").first.click()
    expect(page).to_have_url(re.compile("/components$"))  # nothing was filled in
    page.get_by_role("link", name="New component").first.click()
    name.fill("half")
    page.get_by_role("link", name="Components").first.click()
    asked = page.get_by_role("dialog", name="Leave this form?")
    shot(page, "leave-form")
    asked.get_by_role("button", name="Cancel").click()
    expect(name).to_have_value("half")
    page.get_by_role("link", name="Components").first.click()
    asked.get_by_role("button", name="Leave it").click()
    expect(page).to_have_url(re.compile("/components$"))
