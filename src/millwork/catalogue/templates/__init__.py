"""The templates: pipelines of built-in components on real data, each a file beside this one."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path

from millwork.base.errors import NotFound
from millwork.base.names import TEMPLATE

NAMES = ("penguins", "breast-cancer", "flight-delays", "customer-segments", "text-topics")
"""In the order in which people may want to look at them."""


def template_file(reference: str) -> str:
    """The file of `template:NAME`, or of NAME alone; NotFound if there is none."""
    name = reference.removeprefix(TEMPLATE)
    if name not in NAMES:
        near = " or ".join(get_close_matches(name, NAMES, 2, 0.5))
        hint = f"is it {near}?" if near else f"there are: {', '.join(NAMES)}"
        raise NotFound(f"there is no template '{name[:80]}': {hint}")
    return str(Path(__file__).with_name(f"{name}.yaml"))
