"""Reports keep to their schema, and their pages show what came from data as text only."""

from __future__ import annotations

import json
import re
from datetime import date
from decimal import Decimal
from html.parser import HTMLParser
from itertools import combinations
from typing import TYPE_CHECKING, Any

import jsonschema
import numpy as np
import polars as pl
import pytest

from millwork.runtime import reports
from millwork.runtime.drawing.page import STYLE, page
from millwork.runtime.drawing.scales import linear, shown, timely
from millwork.runtime.problems import StepError
from millwork.runtime.reports import KINDS, MOST_POINTS, Report

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.quick

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; background:url(http://evil.example/) ;'",
    "</style></title><svg onload=alert(1)>",
    "javascript:alert(1)",
    "&lt;b&gt;",
    "]]>--><!--",
    "line\nbreak\ttab\x00nul",
    "größe 日本 \u202e",
    "a" * 3000,
    "",
)
_STANDARD = jsonschema.Draft202012Validator(reports.schema())


def every_kind(name: str, size: int = 5) -> Report:
    """A report with a section of each kind, in which every text is `name`."""
    xs, labels = list(range(size)), {"x_label": name, "y_label": name}
    ys: list[float | None] = [x * 1.5 - 2 for x in xs]
    names = [f"{name}{x}" for x in xs]
    box = {"name": name, "low": 0, "q1": 1, "median": 2, "q3": 3, "high": 4, "outliers": ys}
    line = {"name": name, "x": xs, "y": ys}
    days = ["2024-01-01", *["2025-06-30"] * (size - 1)]
    bars = [{"name": name, "counts": xs[1:]}] * 2
    return (
        Report(name)
        .metrics(name, {name: 0.5, f"{name}2": name, "none": None, "yes": True})
        .add("text", name, name, text=f"{name}\n\n{name}")
        .table(name, [name, "n"], [[name, y] for y in ys], name)
        .add("line", name, name, **labels, series=[{**line, "low": ys, "high": ys}, line])
        .add("line", name, **labels, series=[{**line, "x": days}])
        .add("scatter", name, **labels, series=[line, {**line, "is_reference": True}])
        .add("bar", name, **labels, categories=names, series=[{"name": name, "y": ys}] * 2)
        .add("histogram", name, x_label=name, edges=xs, series=bars)
        .add("box", name, y_label=name, boxes=[box])
        .add("heatmap", name, x_labels=names, y_labels=[name], values=[ys], **labels)
    )  # fmt: skip


def test_there_is_an_example_of_every_kind() -> None:
    assert {each.kind for each in every_kind("x").sections} == set(KINDS)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("size", [1, 2, 30])
def test_every_kind_keeps_to_the_schema(name: str, size: int) -> None:
    _STANDARD.validate(every_kind(name, size).to_json())


def test_the_schema_refuses_what_is_not_a_report() -> None:
    good = every_kind("x").to_json()
    assert _STANDARD.is_valid(good)
    for place, section in enumerate(good["sections"]):
        for name in {*section} - {"note"}:
            if name not in KINDS[section["kind"]].optional:
                missing = {key: value for key, value in section.items() if key != name}
                assert not _STANDARD.is_valid({**good, "sections": [missing]}), (place, name)
        assert not _STANDARD.is_valid({**good, "sections": [{**section, "script": "x"}]})


class Seen(HTMLParser):
    """The elements and attributes of a page, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.add(tag)
        self.attributes |= set(attrs)

    def handle_data(self, data: str) -> None:
        self.words.append(data)


ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "main", "h1", "h2", "section", "div", "p",
    "ul", "li", "dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td", "svg", "path",
    "rect", "circle", "text", "i",
}  # fmt: skip
ATTRIBUTES = {
    "lang", "charset", "http-equiv", "content", "name", "class", "style", "data-kind",
    "tabindex", "viewbox", "role", "aria-label", "d", "x", "y", "cx", "cy", "r", "width",
    "height", "transform", "text-anchor",
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_comes_from_data_is_text_only(name: str) -> None:
    seen = Seen()
    content = page(every_kind(name).to_json())
    seen.feed(content)
    assert seen.elements <= ELEMENTS
    assert {key for key, _ in seen.attributes} <= ATTRIBUTES
    styles = {value or "" for key, value in seen.attributes if key == "style"}
    assert all(re.fullmatch(r"[a-z:;0-9.-]+", value) for value in styles)
    assert name in "".join(seen.words)


def test_a_page_needs_nothing_from_anywhere() -> None:
    content = page(every_kind("x").to_json())
    assert "<script" not in content
    assert not re.search(r"https?:|url\(|@import|src=|href=", content)
    assert "default-src 'none'" in content
    assert "prefers-color-scheme: dark" in content


EMPTY: dict[str, dict[str, Any]] = {
    "metrics": {"values": {}},
    "text": {"text": ""},
    "table": {"columns": [], "rows": []},
    "line": {"x_label": "", "y_label": "", "series": []},
    "scatter": {"x_label": "", "y_label": "", "series": [{"name": "", "x": [], "y": []}]},
    "bar": {"x_label": "", "y_label": "", "categories": [], "series": []},
    "histogram": {"x_label": "", "edges": [], "series": [{"name": "", "counts": []}]},
    "box": {"y_label": "", "boxes": []},
    "heatmap": {"x_labels": [], "y_labels": [], "values": []},
}


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_can_be_drawn(kind: str) -> None:
    report = Report("").add(kind, "", **EMPTY[kind])
    _STANDARD.validate(report.to_json())
    assert page(report.to_json())


@pytest.mark.parametrize("value", [0.0, 7.0, -1e300, 1e300, 5e-324, 1e15, None, float("nan")])
def test_any_number_can_be_drawn(value: float | None) -> None:
    series = [{"name": "", "x": [0, 1, 2], "y": [value, value, None]}]
    labels = {"x_label": "", "y_label": ""}
    box = dict.fromkeys(("low", "q1", "median", "q3", "high"), value)
    report = (
        Report("")
        .metrics("", {"value": value})
        .add("line", "", **labels, series=series)
        .add("scatter", "", **labels, series=series)
        .add("bar", "", **labels, categories=["a", "b", "c"], series=series_of_bars(value))
        .add("box", "", y_label="", boxes=[{"name": "", **box, "outliers": [value]}])
        .add("heatmap", "", x_labels=["a"], y_labels=["b"], values=[[value]])
    )
    _STANDARD.validate(report.to_json())
    content = page(report.to_json())
    assert not re.search(r'="[^"]*\b(nan|inf)\b', content)


def series_of_bars(value: float | None) -> list[dict[str, Any]]:
    return [{"name": "", "y": [value, value, None]}]


def test_what_is_too_much_is_thinned_and_said() -> None:
    many = list(range(100_000))
    report = Report("")
    labels = {"x_label": "", "y_label": ""}
    report.add("line", "", **labels, series=[{"name": "", "x": many, "y": many}])
    series = report.sections[0].fields["series"][0]
    assert len(series["x"]) == len(series["y"]) == MOST_POINTS
    assert (series["x"][0], series["x"][-1]) == (0, 99_999)
    assert series["x"] == series["y"]
    bars = [{"name": "", "y": many}]
    report.add("bar", "", "First.", **labels, categories=list(map(str, many)), series=bars)
    assert len(report.sections[1].fields["series"][0]["y"]) == reports.MOST_BARS
    assert report.sections[1].note == "First. The first 40 of 100,000 are shown."
    report.table("", ["n"], ([each] for each in many))
    assert report.sections[2].note == "The first 1,000 of 100,000 are shown."
    wide = [[1.0] * 200] * 90
    report.add("heatmap", "", x_labels=["x"] * 200, y_labels=["y"] * 90, values=wide)
    assert report.sections[3].note == "The first 60 of 90 are shown."
    _STANDARD.validate(report.to_json())
    assert len(page(report.to_json())) < 2_000_000


def test_fields_of_another_kind_are_refused() -> None:
    with pytest.raises(ValueError, match="a section 'text' has"):
        Report("").add("text", "", rows=[])
    with pytest.raises(ValueError, match="a section 'bar' has"):
        Report("").add("bar", "", categories=[])


def test_numbers_of_libraries_become_those_of_json(tmp_path: Path) -> None:
    values = {
        "numpy": np.float64(0.5),
        "whole": np.int64(3),
        "none": float("inf"),
        "decimal": Decimal("1.5"),
        "day": date(2024, 5, 6),
        "yes": np.bool_(True),
    }
    report = Report("r").metrics("", values)
    series = [{"name": "", "counts": pl.Series([1, 2])}]
    report.add("histogram", "", x_label="", edges=np.array([0, 1, 3]), series=series)
    report.save(tmp_path)
    kept = reports.read(tmp_path)
    assert kept["sections"][0]["values"] == {
        "numpy": 0.5, "whole": 3, "none": None, "decimal": 1.5, "day": "2024-05-06", "yes": True,
    }  # fmt: skip
    assert kept["sections"][1]["edges"] == [0, 1, 3]
    assert kept["sections"][1]["series"] == [{"name": "", "counts": [1, 2]}]
    assert (tmp_path / reports.PAGE).read_text().startswith("<!doctype html>")


def test_what_is_no_report_is_said(tmp_path: Path) -> None:
    with pytest.raises(StepError, match="no report"):
        reports.read(tmp_path)
    (tmp_path / reports.FILE).write_text("{")
    with pytest.raises(StepError, match="no report"):
        reports.read(tmp_path)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0.98712, "0.9871"), (0.5, "0.5"), (2007, "2007"), (12_345, "12,345"), (1234.56, "1235"),
        (1e-7, "1e-7"), (2.5e9, "2,500,000,000"), (1.23456e20, "1.235e20"), (-0.25, "-0.25"),
        (None, "–"), ("a", "a"), (True, "True"), (0.0, "0"), (123456.7, "123,457"),
    ],
)  # fmt: skip
def test_numbers_as_people_read_them(value: Any, words: str) -> None:
    assert shown(value) == words


def test_ticks_are_round() -> None:
    assert [words for _, words in linear(0, 1, 0, 100).ticks] == [
        "0",
        "0.2",
        "0.4",
        "0.6",
        "0.8",
        "1.0",
    ]
    assert [words for _, words in linear(-3, 7, 0, 100).ticks] == [
        "−4",
        "−2",
        "0",
        "2",
        "4",
        "6",
        "8",
    ]
    assert [words for _, words in linear(2.1, 2.9, 0, 1, is_tight=True).ticks] == [
        "2.2",
        "2.4",
        "2.6",
        "2.8",
    ]
    assert len(linear(3, 3, 0, 100).ticks) > 1
    year = 365 * 86400.0
    assert [words for _, words in timely(0, 5 * year, 0, 100).ticks][:2] == ["1970-01", "1971-01"]
    assert all(words[2] == ":" for _, words in timely(0, 3600, 0, 100).ticks)
    assert timely(0, 0, 0, 100).ticks


# Machado, Oliveira and Fernandes (2009), severity 1: linear RGB as those see it who are blind to it
_SEEN_BY = {
    "all": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
    "protanope": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranope": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.01182, 0.04294, 0.968881],
    ],
    "tritanope": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.3039],
    ],
}  # fmt: skip
_LIGHT, _DARK = STYLE.split("prefers-color-scheme: dark")


def linear_rgb(colour: str) -> np.ndarray[Any, Any]:
    parts = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)


def lab(rgb: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    weights = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    )
    xyz = weights @ rgb / np.array([0.9505, 1, 1.089])
    bent = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * bent[1] - 16, 500 * (bent[0] - bent[1]), 200 * (bent[1] - bent[2])])


def contrast(one: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> float:
    weights = np.array([0.2126, 0.7152, 0.0722])
    low, high = sorted((float(weights @ one), float(weights @ other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("style", [_LIGHT, _DARK], ids=["light", "dark"])
def test_colours_are_told_apart_by_everybody(style: str) -> None:
    colours = [linear_rgb(each) for each in re.findall(r"\.c\d \{ --c: (#\w{6}) }", style)]
    (card,) = re.findall(r"--card: (#\w{6})", style)
    assert len(colours) == 8
    assert min(contrast(each, linear_rgb(card)) for each in colours) > 3
    for matrix in _SEEN_BY.values():
        seen = [lab(np.clip(np.array(matrix) @ each, 0, 1)) for each in colours]
        nearest = min(float(np.linalg.norm(a - b)) for a, b in combinations(seen, 2))
        assert nearest > 10  # a difference of 2.3 is just seen


@pytest.mark.parametrize("style", [_LIGHT, _DARK], ids=["light", "dark"])
def test_words_in_cells_can_be_read(style: str) -> None:
    first = 8 if style is _LIGHT else 6  # the step from which on words have the other colour
    found = dict(re.findall(r"--(high|low|on|strong|card): (#\w{6})", style))
    card = np.array([int(found["card"][place : place + 2], 16) for place in (1, 3, 5)])
    for name in ("high", "low"):
        full = np.array([int(found[name][place : place + 2], 16) for place in (1, 3, 5)])
        for step in range(11):
            mixed = np.rint(full * step / 10 + card * (1 - step / 10)).astype(int)
            words = found["strong"] if step >= first else found["on"]
            cell = linear_rgb("#" + "".join(f"{part:02x}" for part in mixed))
            assert contrast(cell, linear_rgb(words)) > 4, (name, step)


def test_the_same_report_gives_the_same_page() -> None:
    content = json.loads(json.dumps(every_kind("x").to_json()))
    assert page(content) == page(content)
