"""Charts over two axes: lines, points, bars and histograms."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from .frame import COLOURS, ROW, TOP, Frame, colours, framed, legend, named, row_name, rows
from .scales import Scale, linear, seconds, shown, spread, timely
from .svg import LETTER, element, label, path, title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    Section = dict[str, Any]
    Series = dict[str, Any]

HEIGHT = 340
_MARKS, _HOVERS = 30, 80  # so few points are marked; so many of a line can be pointed at


def line(section: Section, width: float) -> str:
    """Lines through points; bands about those that have one."""
    told = section["series"]
    is_time = any(isinstance(x, str) for each in told for x in each["x"])
    drawn = [_placed(each) for each in told] if is_time else told
    ends = [
        value for each in drawn for name in ("y", "low", "high") for value in each.get(name, ())
    ]
    frame = _frame(section, width, drawn, ends, timely if is_time else linear)
    kinds = colours(told)
    parts = [
        part for each, kind in zip(drawn, kinds, strict=True) for part in _line(frame, each, kind)
    ]
    for each, original, kind in zip(drawn, told, kinds, strict=True):
        parts += _hovers(frame, each, original["x"], kind)
    return legend(told) + frame.draw(section["title"], parts)


def scatter(section: Section, width: float) -> str:
    """Points; of several series the last lies on top."""
    told = section["series"]
    frame = _frame(section, width, told, [value for each in told for value in each["y"]], linear)
    parts: list[str] = []
    for each, kind in zip(told, colours(told), strict=True):
        parts += _line(frame, each, kind) if each.get("is_reference") else _dots(frame, each, kind)
    return legend(told) + frame.draw(section["title"], parts)


def bar(section: Section, width: float) -> str:
    """Bars: upright where their names have room, else lying, one below the other."""
    names, told = section["categories"], section["series"]
    room = (width - 90) / max(1, len(names))
    longest = max((len(name) for name in names), default=0) * LETTER
    draw = _upright if longest < room and len(names) * len(told) <= COLOURS * 3 else _lying
    return legend(told) + draw(section, width)


def histogram(section: Section, width: float) -> str:
    """How many values lie between two edges; several series lie over one another."""
    edges, told = section["edges"], section["series"]
    highest = max((count or 0 for each in told for count in each["counts"]), default=0)
    frame = framed(
        (width, HEIGHT),
        partial(linear, *spread(edges), count=8, is_tight=True),
        partial(linear, 0, highest or 1),
        section["x_label"],
        "rows",
    )
    form = "bar" if len(told) == 1 else "bar over"
    bars = (
        element(
            "rect",
            title(named(each, f"{shown(low)} to {shown(high)}: {shown(count)}")),
            class_=f"{form} {kind}",
            x=frame.x(low) + 0.5,
            y=frame.y(count),
            width=max(0.8, frame.x(high) - frame.x(low) - 1),
            height=frame.bottom - frame.y(count),
        )
        for each, kind in zip(told, colours(told), strict=True)
        for low, high, count in zip(edges, edges[1:], each["counts"], strict=False)
        if count
    )
    return legend(told) + frame.draw(section["title"], bars)


def _frame(
    section: Section, width: float, series: list[Series], ends: list[float | None], x_scale: Any
) -> Frame:
    places = spread(x for each in series for x in each["x"])
    return framed(
        (width, HEIGHT),
        partial(x_scale, *places),
        partial(linear, *spread(ends)),
        section["x_label"],
        section["y_label"],
    )


def _placed(series: Series) -> Series:
    return {**series, "x": [seconds(str(x)) for x in series["x"]]}


def _line(frame: Frame, series: Series, kind: str) -> Iterator[str]:
    xs = series["x"]
    if "low" in series and "high" in series:
        lower, upper = _points(frame, xs, series["low"]), _points(frame, xs, series["high"])
        known = [(a, b) for a, b in zip(lower, upper, strict=True) if a and b]
        around = path([a for a, _ in known] + [b for _, b in reversed(known)])
        if around:
            yield element("path", class_=f"band {kind}", d=f"{around}Z")
    points = _points(frame, xs, series["y"])
    yield element("path", class_=f"line {kind}", d=path(points))
    if len(xs) <= _MARKS and not series.get("is_reference"):
        for point in filter(None, points):
            yield element("circle", class_=f"mark {kind}", cx=point[0], cy=point[1], r=3)


def _dots(frame: Frame, series: Series, kind: str) -> Iterator[str]:
    for x, y in zip(series["x"], series["y"], strict=True):
        if x is not None and y is not None:
            words = title(named(series, f"{shown(x)}, {shown(y)}"))
            at, height = frame.x(x), frame.y(y)
            yield element("circle", words, class_=f"dot {kind}", r=3.2, cx=at, cy=height)


def _points(
    frame: Frame, xs: list[float], ys: list[float | None]
) -> list[tuple[float, float] | None]:
    return [None if y is None else (frame.x(x), frame.y(y)) for x, y in zip(xs, ys, strict=True)]


def _hovers(frame: Frame, series: Series, told: list[Any], kind: str) -> Iterator[str]:
    """Dots that appear, with words, where they are pointed at."""
    if series.get("is_reference"):
        return
    every = max(1, len(told) // _HOVERS)
    for index in range(0, len(told), every):
        y = series["y"][index]
        if y is not None:
            words = named(series, f"{shown(told[index])}, {shown(y)}")
            x = frame.x(series["x"][index])
            yield element("circle", title(words), class_=f"hover {kind}", r=5, cx=x, cy=frame.y(y))


def _values(section: Section) -> Iterator[tuple[int, int, str, float]]:
    """Each bar: its category, its series, what is said of it, and its value."""
    for number, each in enumerate(section["series"]):
        for place, (name, y) in enumerate(zip(section["categories"], each["y"], strict=True)):
            if y is not None:
                yield place, number, named(each, f"{name}: {shown(y)}"), y


def _extent(section: Section) -> tuple[float, float]:
    return spread((y for each in section["series"] for y in each["y"]), 0.0)


def _upright(section: Section, width: float) -> str:
    names, count = section["categories"], max(1, len(section["series"]))

    def band(start: float, end: float) -> Scale:
        ticks = tuple((number + 0.5, name) for number, name in enumerate(names))
        return Scale(0, max(1, len(names)), start, end, ticks)

    frame = framed(
        (width, HEIGHT),
        band,
        partial(linear, *_extent(section)),
        section["x_label"],
        section["y_label"],
    )
    room = frame.x(1) - frame.x(0)
    thick = min(56.0, room * 0.76 / count)

    def parts() -> Iterable[str]:
        for place, number, words, y in _values(section):
            start = frame.x(place + 0.5) + (number - count / 2) * thick
            top, end = sorted((frame.y(y), frame.y(0)))
            yield element(
                "rect",
                title(words),
                class_=f"bar c{number % COLOURS}",
                x=start + 0.5,
                y=top,
                width=thick - 1,
                height=max(0.8, end - top),
            )
            told = shown(y, 3)
            if count == 1 and len(told) * LETTER < room:
                yield label(start + thick / 2, top - 5 if y >= 0 else end + 14, told)

    return frame.draw(section["title"], parts())


def _lying(section: Section, width: float) -> str:
    names, count = section["categories"], max(1, len(section["series"]))
    each = max(ROW, 14 * count + 8)
    told = shown if count == 1 else None
    drawn = rows(width, names, each, partial(linear, *_extent(section)), section["y_label"])
    thick = (each - 6) / count

    def parts() -> Iterable[str]:
        for place, name in enumerate(names):
            yield row_name(drawn, TOP + (place + 0.5) * each, name)
        for place, number, words, value in _values(section):
            top = TOP + place * each + 3 + number * thick
            start, end = sorted((drawn.x(value), drawn.x(0)))
            yield element(
                "rect",
                title(words),
                class_=f"bar c{number % COLOURS}",
                x=start,
                y=top,
                width=max(0.8, end - start),
                height=thick - 1,
            )
            if told:
                yield _beside(drawn.width, start, end, top + thick / 2 + 4, told(value), value < 0)

    return drawn.draw(section["title"], parts())


def _beside(width: float, start: float, end: float, y: float, words: str, is_left: bool) -> str:
    """A bar's value behind its end; inside it where there is no room."""
    if is_left:
        return label(start - 5, y, words, "end")
    if end + len(words) * LETTER + 10 > width:
        return label(end - 5, y, words, "end", class_="label within")
    return label(end + 5, y, words, "start")
