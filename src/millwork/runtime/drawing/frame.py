"""What every chart has about it: axes with their marks and names, and a legend."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from math import ceil
from typing import TYPE_CHECKING, Any

from .scales import Scale
from .svg import LETTER, drawing, element, label

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

COLOURS = 8  # classes c0 to c7 of the style sheet; a ninth series begins again
TOP, BOTTOM, RIGHT, ROW = 14, 50, 20, 24


@dataclass(frozen=True)
class Frame:
    """The place of a drawing between its axes; `x` and `y` tell where values are in it."""

    width: float
    height: float
    left: float
    bottom: float
    x: Scale
    y: Scale
    x_label: str
    y_label: str

    def draw(self, name: str, parts: Iterable[str]) -> str:
        """The drawing, the axes behind its parts."""
        return drawing(self.width, self.height, name, [*self._axes(), *parts])

    def _axes(self) -> Iterable[str]:
        right = self.width - RIGHT
        for mark, words in self.y.ticks:
            place = self.y(mark)
            yield element("path", class_="grid", d=f"M{self.left} {place}H{right}")
            yield label(self.left - 8, place + 4, words, "end")
        every = _every(self.x)
        for number, (mark, words) in enumerate(self.x.ticks):
            place = self.x(mark)
            yield element("path", class_="tick", d=f"M{place} {self.bottom}v5")
            if number % every == 0:
                yield label(place, self.bottom + 19, words)
        yield element("path", class_="axis", d=f"M{self.left} {self.bottom}H{right}")
        yield label((self.left + right) / 2, self.height - 8, self.x_label, class_="name", most=70)
        middle = (TOP + self.bottom) / 2
        turned = f"translate(14 {middle}) rotate(-90)"
        yield label(0, 0, self.y_label, class_="name", transform=turned)


def framed(
    size: tuple[float, float],
    x_scale: Callable[[float, float], Scale],
    y_scale: Callable[[float, float], Scale],
    x_label: str,
    y_label: str,
) -> Frame:
    """A frame with room for the marks of its axes; a scale is made of where it starts and ends."""
    width, height = size
    bottom = height - BOTTOM
    y = y_scale(bottom, TOP)
    marks = max((len(words) for _, words in y.ticks), default=0)
    left = marks * LETTER + 14 + (22 if y_label else 0)
    return Frame(width, height, left, bottom, x_scale(left, width - RIGHT), y, x_label, y_label)


@dataclass(frozen=True)
class Rows:
    """A drawing of rows that have names, over one axis of values."""

    width: float
    height: float
    left: float
    x: Scale
    x_label: str

    @property
    def bottom(self) -> float:
        """Where the axis is."""
        return self.height - BOTTOM

    def draw(self, name: str, parts: Iterable[str]) -> str:
        """The drawing, the axis behind its parts."""
        return drawing(self.width, self.height, name, [*self._axes(), *parts])

    def _axes(self) -> Iterable[str]:
        every = _every(self.x)
        for number, (mark, words) in enumerate(self.x.ticks):
            place = self.x(mark)
            yield element("path", class_="grid", d=f"M{place} {TOP}V{self.bottom}")
            if number % every == 0:
                yield label(place, self.bottom + 19, words)
        middle = (self.left + self.width - RIGHT) / 2
        yield label(middle, self.height - 8, self.x_label, class_="name", most=70)


def _every(scale: Scale) -> int:
    """Which of the ticks get their words, so that these do not touch: each, each second, ..."""
    if len(scale.ticks) < 2:
        return 1
    room = scale(scale.ticks[1][0]) - scale(scale.ticks[0][0])
    longest = max(len(words) for _, words in scale.ticks) * LETTER + 8
    return max(1, ceil(longest / room))


def rows(
    width: float,
    names: Sequence[str],
    each: float,
    scale: Callable[[float, float], Scale],
    x_label: str,
) -> Rows:
    """Rows `each` so high, with room for their names."""
    left = min(max((len(name) for name in names), default=0) * LETTER + 18, width * 0.4)
    height = TOP + each * max(1, len(names)) + BOTTOM
    return Rows(width, height, left, scale(left, width - RIGHT), x_label)


def row_name(drawn: Rows, middle: float, name: str) -> str:
    """A row's name beside it."""
    return label(drawn.left - 10, middle + 4, name, "end", most=int((drawn.left - 16) / LETTER))


def legend(series: Sequence[dict[str, Any]]) -> str:
    """Which colour is which; nothing for one series alone."""
    if len(series) < 2:
        return ""
    kinds = colours(series)
    marks = (
        element("li", words=each["name"], class_=kind)
        for each, kind in zip(series, kinds, strict=True)
    )
    return element("ul", *marks, class_="legend")


def colours(series: Sequence[dict[str, Any]]) -> list[str]:
    """The class of each series' colour; all references have one of their own."""
    numbers = count()
    return [
        "reference" if each.get("is_reference") else f"c{next(numbers) % COLOURS}"
        for each in series
    ]


def named(each: dict[str, Any], words: str) -> str:
    """Words about a series, behind its name if it has one."""
    return f"{each['name']}: {words}" if each["name"] else words
