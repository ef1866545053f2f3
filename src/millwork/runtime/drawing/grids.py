"""Boxes in rows, and cells in rows and columns."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from .frame import RIGHT, TOP, row_name, rows
from .scales import linear, shown, spread
from .svg import LETTER, drawing, element, label, title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from .frame import Rows

    Section = dict[str, Any]

LEVELS = 10  # classes h1 to h10 (above 0) and l1 to l10 (below) of the style sheet
_FENCES = ("low", "q1", "median", "q3", "high")
_SLANT = 0.64  # the height of a letter's width at 40 degrees


def box(section: Section, width: float) -> str:
    """Boxes from quartile to quartile, the median in them, whiskers, and what lies outside."""
    boxes = section["boxes"]
    ends = [each[name] for each in boxes for name in _FENCES]
    extent = spread(ends + [value for each in boxes for value in each["outliers"]])
    names = [each["name"] for each in boxes]
    high = _room(len(boxes), 36, 64)
    drawn = rows(width, names, high, partial(linear, *extent), section["y_label"])
    parts = (
        part
        for number, each in enumerate(boxes)
        for part in _box(drawn, TOP + (number + 0.5) * high, each)
    )
    return drawn.draw(section["title"], parts)


def _box(drawn: Rows, middle: float, each: dict[str, Any]) -> Iterator[str]:
    yield row_name(drawn, middle, each["name"])
    if any(each[name] is None for name in _FENCES):
        return
    low, q1, median, q3, high = (drawn.x(each[name]) for name in _FENCES)
    told = ", ".join(f"{name} {shown(each[name])}" for name in _FENCES)
    yield element("path", class_="whisker", d=f"M{low} {middle}H{q1}M{q3} {middle}H{high}")
    yield element("path", class_="whisker", d=f"M{low} {middle - 5}v10M{high} {middle - 5}v10")
    yield element(
        "rect",
        title(f"{each['name']}: {told}"),
        class_="quartiles c0",
        x=q1,
        y=middle - 11,
        width=max(1, q3 - q1),
        height=22,
    )
    yield element("path", class_="median", d=f"M{median} {middle - 11}v22")
    for value in each["outliers"]:
        if value is not None:
            yield element(
                "circle",
                title(shown(value)),
                class_="dot c1",
                cx=drawn.x(value),
                cy=middle,
                r=2.8,
            )


def heatmap(section: Section, width: float) -> str:
    """Cells whose colour is their value: one colour for what is above 0, another for below."""
    across, down, values = section["x_labels"], section["y_labels"], section["values"]
    longest = max((len(name) for name in down), default=0)
    left = min(longest * LETTER + 14, width * 0.3) + (20 if section.get("y_label") else 0)
    each = min(150.0, (width - left - RIGHT) / max(1, len(across)))
    high = max(18.0, min(each, _room(len(down), 40, 76)))
    bottom = TOP + high * len(down)
    slanted = max((len(name) for name in across), default=0) * LETTER > each - 4
    deep = min(max((len(name) for name in across), default=0), 22) * LETTER * _SLANT
    height = bottom + (deep + 22 if slanted else 26) + (24 if section.get("x_label") else 0)
    most = max((abs(value) for row in values for value in row if value is not None), default=0)
    parts = [
        *_cells(section, (left, each, high), most),
        *(
            label(
                left - 8,
                TOP + (place + 0.5) * high + 4,
                name,
                "end",
                most=int(width * 0.3 / LETTER),
            )
            for place, name in enumerate(down)
        ),
        *_below(across, left, each, bottom, slanted),
        *_axis_names(section, left + each * len(across) / 2, height, (TOP + bottom) / 2),
    ]
    ramp = _ramp(values, most)
    return ramp + drawing(width, height, section["title"], parts)


def _room(count: int, least: float, most: float) -> float:
    """How high a row is: the fewer, the higher."""
    return min(most, max(least, 240 / max(1, count)))


def level(value: float | None, most: float) -> str:
    """The class of a cell's colour: of ten steps up to the greatest value, or down."""
    if value is None or not most:
        return "h0"
    step = round(abs(value) / most * LEVELS)
    return f"{'l' if value < 0 else 'h'}{step}"


def _cells(section: Section, sizes: tuple[float, float, float], most: float) -> Iterable[str]:
    left, each, high = sizes
    for place, (row, name) in enumerate(zip(section["values"], section["y_labels"], strict=True)):
        for column, (value, other) in enumerate(zip(row, section["x_labels"], strict=True)):
            x, y, kind = left + column * each, TOP + place * high, level(value, most)
            words = _cell_words(value, most)
            yield element(
                "rect",
                title(f"{name}, {other}: {shown(value)}"),
                class_=f"cell {kind}",
                x=x + 0.5,
                y=y + 0.5,
                width=each - 1,
                height=high - 1,
            )
            if len(words) * LETTER < each - 4:
                kinds = f"label value {kind}"
                yield label(x + each / 2, y + high / 2 + 4, words, class_=kinds)


def _cell_words(value: float | None, most: float) -> str:
    if value is None:
        return "–"
    return f"{value:.2f}".replace("-", "−") if most <= 1 else shown(value)


def _below(
    names: list[str], left: float, each: float, bottom: float, slanted: bool
) -> Iterable[str]:
    for place, name in enumerate(names):
        x = left + (place + 0.5) * each
        if slanted:
            turned = f"translate({x + 4} {bottom + 14}) rotate(-40)"
            yield label(0, 0, name, "end", most=22, transform=turned)
        else:
            yield label(x, bottom + 18, name)


def _axis_names(section: Section, centre: float, height: float, middle: float) -> Iterable[str]:
    if section.get("x_label"):
        yield label(centre, height - 6, section["x_label"], class_="name")
    if section.get("y_label"):
        turned = f"translate(14 {middle}) rotate(-90)"
        yield label(0, 0, section["y_label"], class_="name", transform=turned)


def _ramp(values: list[list[float | None]], most: float) -> str:
    """What the colours mean."""
    has_negative = any(value is not None and value < 0 for row in values for value in row)
    steps = range(-LEVELS if has_negative else 0, LEVELS + 1, 2)
    swatches = [
        element("i", class_=f"swatch {level(step * most / LEVELS, most)}") for step in steps
    ]
    low = f"−{shown(most)}" if has_negative else "0"
    return element("p", f"{low} ", *swatches, f" {shown(most)}", class_="ramp")
