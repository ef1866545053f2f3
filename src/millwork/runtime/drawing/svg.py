"""The elements of a drawing: whatever comes from data is escaped here, and only here."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LEAST = 0.75  # of its width: it scrolls before its words get too small to read
LETTER = 7.0  # the width of a letter at the size of labels, with room to spare


def element(name: str, /, *content: str, words: str = "", **attributes: str | float | None) -> str:
    """`<name attributes>words content</name>`; `content` is markup already, `words` is text.

    `class_` is `class`, `stroke_width` is `stroke-width`; what is None is left out.
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_text(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{told}>{escape(words)}{''.join(content)}</{name}>"


def label(
    x: float, y: float, words: str, anchor: str = "middle", *, most: int = 40, **more: str
) -> str:
    """A text at a place, shortened if it is long; the whole is shown when pointed at."""
    short = shortened(words, most)
    full = title(words) if short != words else ""
    more.setdefault("class_", "label")
    return element("text", full, words=short, x=x, y=y, text_anchor=anchor, **more)


def title(words: str) -> str:
    """What is shown when the element that holds it is pointed at."""
    return element("title", words=words)


def drawing(width: float, height: float, name: str, parts: Iterable[str]) -> str:
    """The whole drawing, with a name for those who do not see it."""
    return element(
        "svg",
        *parts,
        viewBox=f"0 0 {_text(width)} {_text(height)}",
        style=f"max-width:{_text(width)}px;min-width:{_text(width * _LEAST)}px",
        role="img",
        aria_label=name,
    )


def path(points: Iterable[tuple[float, float] | None]) -> str:
    """A line through points, with a gap at None."""
    words, is_begun = [], False
    for point in points:
        if point is None:
            is_begun = False
            continue
        words.append(f"{'L' if is_begun else 'M'}{_text(point[0])} {_text(point[1])}")
        is_begun = True
    return "".join(words)


def shortened(words: str, most: int) -> str:
    """The words, with dots where they go on."""
    return words if len(words) <= most else words[: most - 1].rstrip() + "…"


def _text(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")
