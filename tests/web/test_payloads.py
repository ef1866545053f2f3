"""Whatever people write is shown as what they wrote: no script runs, nobody else is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.e2e.api import api_of
from tests.web.browser import in_browser, shot
from tests.web.looking import settle
from tests.web.payloads import bitten, look_at_everything, write_everywhere

if TYPE_CHECKING:
    from tests.e2e.server import Server
    from tests.web.browser import Visitor, Watch

pytestmark = in_browser


@pytest.fixture(scope="module")
def places(console: Server) -> list[str]:
    """Where the payloads are shown."""
    return write_everywhere(api_of(console))


@pytest.mark.parametrize("number", range(7))
def test_payloads_in_every_text_stay_texts(
    visitor: Visitor, places: list[str], number: int, watch: Watch
) -> None:
    watch.allow(r"status of 404 .*/versions")  # of what has not been published
    page = visitor.page()
    page.goto(f"/w/default/{places[number]}")
    settle(page)
    look_at_everything(page)
    shot(page, f"payloads-{places[number].partition('/')[0]}-{number}")
    assert bitten(page) == 0
