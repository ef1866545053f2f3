"""A report as one HTML page: no script, no font, no address of anybody."""

from __future__ import annotations

from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .charts import bar, histogram, line, scatter
from .grids import box, heatmap
from .scales import shown
from .svg import element

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Section = dict[str, Any]

HALF, WHOLE = 560, 1148
_TILES, _LONG = 6, 9  # at most so many in a line; letters above which a tile writes small
STYLE = Path(__file__).with_name("style.css").read_text(encoding="utf-8")
_NOTHING_ELSE = "default-src 'none'; style-src 'unsafe-inline'"  # not even if something slipped in

_CHARTS: dict[str, Callable[[Section, float], str]] = {
    "line": line,
    "scatter": scatter,
    "bar": bar,
    "histogram": histogram,
    "box": box,
    "heatmap": heatmap,
}


def page(report: dict[str, Any]) -> str:
    """The page of a report as `Report.to_json` gives it."""
    head = (
        '<meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_NOTHING_ELSE}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"{element('title', words=report['title'])}<style>{STYLE}</style>"
    )
    body = element("h1", words=report["title"]) + "".join(_rows(report["sections"]))
    return (
        f'<!doctype html><html lang="en"><head>{head}</head><body><main>{body}</main></body></html>'
    )


def _rows(sections: list[Section]) -> Iterable[str]:
    """The sections; charts stand in pairs where two that follow each other need half a line."""
    waiting: list[Section] = []
    for section in sections:
        if not _is_half(section):
            yield from _pair(waiting)
            waiting = []
            yield _section(section, WHOLE)
            continue
        waiting.append(section)
        if len(waiting) == 2:
            yield from _pair(waiting)
            waiting = []
    yield from _pair(waiting)


def _pair(sections: list[Section]) -> Iterable[str]:
    if len(sections) == 1:
        yield _section(sections[0], WHOLE)
    elif sections:
        yield element("div", *(_section(each, HALF) for each in sections), class_="pair")


def _is_half(section: Section) -> bool:
    kind = section["kind"]
    if kind == "table":
        return len(section["columns"]) <= 4 and len(section["rows"]) <= 12
    return kind in _CHARTS and not (kind == "heatmap" and len(section["x_labels"]) > 8)


def _section(section: Section, width: float) -> str:
    heading = element("h2", words=section["title"]) if section["title"] else ""
    note = element("p", words=section["note"], class_="note") if section["note"] else ""
    draw = _CHARTS.get(section["kind"])
    if draw:
        content = element("div", draw(section, width - 40), class_="chart")
    else:
        content = _WORDS[section["kind"]](section)
    return element("section", heading, content, note, data_kind=section["kind"])


def _metrics(section: Section) -> str:
    values = {name: shown(value) for name, value in section["values"].items()}
    tiles = (
        element(
            "div",
            element("dt", words=name),
            element("dd", words=value, class_="long" if len(value) > _LONG else None),
        )
        for name, value in values.items()
    )
    lines = ceil(len(values) / _TILES)
    return element("dl", *tiles, style=f"--tiles:{ceil(len(values) / max(1, lines))}")


def _text(section: Section) -> str:
    return "".join(element("p", words=each) for each in section["text"].split("\n\n"))


def _table(section: Section) -> str:
    if not section["rows"]:
        return element("p", words="No rows.", class_="note")
    numeric = [
        all(isinstance(row[place], int | float | None) for row in section["rows"])
        for place in range(len(section["columns"]))
    ]

    def cell(name: str, place: int, words: str) -> str:
        return element(name, words=words, class_="number" if numeric[place] else None)

    head = element(
        "tr", *(cell("th", place, name) for place, name in enumerate(section["columns"]))
    )
    body = (
        element("tr", *(cell("td", place, shown(value)) for place, value in enumerate(row)))
        for row in section["rows"]
    )
    table = element("table", element("thead", head), element("tbody", *body))
    return element("div", table, class_="scroll", tabindex="0")


_WORDS: dict[str, Callable[[Section], str]] = {
    "metrics": _metrics,
    "text": _text,
    "table": _table,
}
