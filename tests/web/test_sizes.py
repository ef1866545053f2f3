"""What is loaded before a page can be used stays small; these figures are exact."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.web.browser import built, in_browser
from tests.web.crowd import MOST_ELEMENTS, crowded, elements, open_crowd
from tests.web.sizes import DESIGNER, MOST, SHELL, manifest, needed, sizes

if TYPE_CHECKING:
    from tests.e2e.api import Api
    from tests.web.browser import Visitor

pytestmark = in_browser
HEAVY = ("echarts", "codemirror", "react-markdown", "yaml", "xyflow", "dagre")


@pytest.mark.parametrize("part", MOST)
def test_a_part_is_no_larger_than_it_may_be(part: str) -> None:
    built()
    assert sizes()[part] <= MOST[part]


def test_what_is_heavy_is_loaded_when_it_is_wanted() -> None:
    """The names of chunks are those of what they were split off for."""
    built()
    chunks = manifest()
    shell = {chunks[name]["file"] for name in needed(SHELL)}
    assert not [file for file in shell for heavy in HEAVY if heavy in file.lower()]
    late = needed(DESIGNER)
    assert not [name for name in late if "echarts" in name or "Editor" in name]


def test_a_large_pipeline_is_mounted_where_it_is_looked_at(visitor: Visitor, api: Api) -> None:
    crowded(api, 1000)
    page = visitor.page()
    open_crowd(page, 1000)
    assert page.locator("[data-node]").count() > 0
    assert elements(page) <= MOST_ELEMENTS
