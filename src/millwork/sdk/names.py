"""Names of ports and parameters as Python can write them."""

from __future__ import annotations

import keyword
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable


def identifier(name: str) -> str:
    """`name` as a Python identifier: `batch-size` is `batch_size`, `lambda` is `lambda_`."""
    text = re.sub(r"\W", "_", name, flags=re.ASCII)
    if not text[:1].isidentifier():
        text = f"_{text}"
    return f"{text}_" if keyword.iskeyword(text) else text


def attributes(names: Iterable[str]) -> dict[str, str]:
    """Each name by its identifier; where two have the same, only a name that is one counts."""
    found: dict[str, str] = {}
    several = set()
    for name in names:
        word = identifier(name)
        if word in found:
            several.add(word)
        if word == name or word not in found:
            found[word] = name
    return {word: name for word, name in found.items() if word not in several or word == name}


def listed(names: Iterable[str]) -> str:
    """`a, b`, or `none`."""
    return ", ".join(names) or "none"


def nearest(name: str, names: Collection[str]) -> str:
    """`; did you mean 'x'?`, or nothing."""
    near = get_close_matches(name, names, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""
