"""Reports: JSON of a fixed set of kinds, and the same as one HTML page that needs nothing else.

A report has a title and sections. A section has a kind, a title, a note (may be empty) and the
fields of its kind:

| kind | fields; those in brackets may be missing |
|---|---|
| metrics | values: {name: number or text} |
| text | text: paragraphs, with an empty line between them |
| table | columns, rows: lists of cells |
| line | x_label, y_label, series: [{name, x, y, [low, high: a band about y], [is_reference]}] |
| scatter | x_label, y_label, series: [{name, x, y, [is_reference: a line]}] |
| bar | x_label, y_label, categories, series: [{name, y: one a category}] |
| histogram | x_label, edges: n + 1 numbers, series: [{name, counts: n}] |
| box | y_label, boxes: [{name, low, q1, median, q3, high: where the whiskers end, outliers}] |
| heatmap | x_labels, y_labels, values: a row for each of y_labels, [x_label, y_label] |

A line's x are numbers or ISO dates; a reference is what the others are held against, as chance
is. A correlation or a confusion matrix is a heatmap, importances are bars, ROC and forecasts are
lines. Numbers are JSON's: what is not finite is null. Nothing is too long to be drawn: `add` keeps
the first of too many rows and bars and says so, and takes evenly from too many points. `schema()`
is the same as a JSON Schema.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .problems import StepError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

FILE, PAGE, FORMAT = "report.json", "report.html", "millwork/report/1"
MOST_POINTS, MOST_ROWS, MOST_BARS, MOST_CELLS_ACROSS = 1000, 1000, 40, 60

_TEXT, _FLAG = {"type": "string"}, {"type": "boolean"}
_NUMBER = {"type": ["number", "null"]}
_SCALAR = {"type": ["number", "string", "boolean", "null"]}


def _list(items: Mapping[str, Any], most: int = MOST_POINTS + 1) -> dict[str, Any]:
    return {"type": "array", "items": items, "maxItems": most}


def _record(needed: Mapping[str, Any], optional: Mapping[str, Any] | None = None) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**needed, **(optional or {})},
        "required": list(needed),
        "additionalProperties": False,
    }


_TEXTS, _NUMBERS, _PLACES = _list(_TEXT), _list(_NUMBER), _list({"type": ["number", "string"]})
_LABELS = {"x_label": _TEXT, "y_label": _TEXT}
_LINE = _record(
    {"name": _TEXT, "x": _PLACES, "y": _NUMBERS},
    {"low": _NUMBERS, "high": _NUMBERS, "is_reference": _FLAG},
)
_CLOUD = _record({"name": _TEXT, "x": _NUMBERS, "y": _NUMBERS}, {"is_reference": _FLAG})
_BOX = _record(
    {
        "name": _TEXT,
        **dict.fromkeys(("low", "q1", "median", "q3", "high"), _NUMBER),
        "outliers": _NUMBERS,
    }
)


@dataclass(frozen=True)
class Kind:
    """What a section of a kind holds: JSON Schemas of its fields by their names."""

    needed: Mapping[str, Any]
    optional: Mapping[str, Any] = field(default_factory=dict)


KINDS: Mapping[str, Kind] = {
    "metrics": Kind({"values": {"type": "object", "additionalProperties": _SCALAR}}),
    "text": Kind({"text": _TEXT}),
    "table": Kind({"columns": _TEXTS, "rows": _list(_list(_SCALAR), MOST_ROWS)}),
    "line": Kind({**_LABELS, "series": _list(_LINE)}),
    "scatter": Kind({**_LABELS, "series": _list(_CLOUD)}),
    "bar": Kind(
        {**_LABELS, "categories": _TEXTS, "series": _list(_record({"name": _TEXT, "y": _NUMBERS}))}
    ),
    "histogram": Kind(
        {
            "x_label": _TEXT,
            "edges": _list({"type": "number"}),
            "series": _list(_record({"name": _TEXT, "counts": _NUMBERS})),
        }
    ),
    "box": Kind({"y_label": _TEXT, "boxes": _list(_BOX, MOST_BARS)}),
    "heatmap": Kind(
        {"x_labels": _TEXTS, "y_labels": _TEXTS, "values": _list(_NUMBERS, MOST_CELLS_ACROSS)},
        _LABELS,
    ),
}


def schema() -> dict[str, Any]:
    """The JSON Schema of a report."""
    sections = [
        _record(
            {"kind": {"const": name}, "title": _TEXT, "note": _TEXT, **kind.needed}, kind.optional
        )
        for name, kind in KINDS.items()
    ]
    content = {
        "format": {"const": FORMAT},
        "title": _TEXT,
        "sections": {"type": "array", "items": {"oneOf": sections}},
    }
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **_record(content)}


@dataclass(frozen=True)
class Section:
    """One part of a report: its kind, its heading, and the fields of that kind."""

    kind: str
    title: str
    fields: Mapping[str, Any]
    note: str = ""


@dataclass
class Report:
    """What an evaluating component shows to people; sections are added in their order."""

    title: str
    sections: list[Section] = field(default_factory=list)

    def add(self, kind: str, title: str, note: str = "", /, **fields: Any) -> Report:
        """Append a section; ValueError for fields that its kind does not have."""
        needed, optional = set(KINDS[kind].needed), set(KINDS[kind].optional)
        if not needed <= set(fields) <= needed | optional:
            raise ValueError(f"a section '{kind}' has {sorted(needed)}, not {sorted(fields)}")
        plain = finite(fields)
        cut = _cut(kind, plain)
        self.sections.append(Section(kind, title, plain, " ".join(filter(None, (note, cut)))))
        return self

    def metrics(self, title: str, values: Mapping[str, Any], note: str = "") -> Report:
        """Append numbers with names."""
        return self.add("metrics", title, note, values=dict(values))

    def table(
        self, title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]], note: str = ""
    ) -> Report:
        """Append a table for people to read."""
        return self.add("table", title, note, columns=list(columns), rows=list(rows))

    def to_json(self) -> dict[str, Any]:
        """Ready for a file."""
        sections = [
            {"kind": each.kind, "title": each.title, "note": each.note, **each.fields}
            for each in self.sections
        ]
        return {"format": FORMAT, "title": self.title, "sections": sections}

    def save(self, folder: Path) -> None:
        """Write it and its page into an output's folder."""
        from .drawing.page import page

        content = self.to_json()
        text = json.dumps(content, ensure_ascii=False, allow_nan=False)
        (folder / FILE).write_text(text, encoding="utf-8")
        (folder / PAGE).write_text(page(content), encoding="utf-8")


def read(path: Path) -> dict[str, Any]:
    """The report in a folder, as `to_json` gave it; StepError if there is none."""
    try:
        content: dict[str, Any] = json.loads((path / FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StepError(f"{path.name}: no report: {error}") from None
    return content


def finite(content: Any) -> Any:
    """The content as JSON has it: null for what is no number, text for what is a date, ..."""
    if isinstance(content, dict):
        return {str(name): finite(each) for name, each in content.items()}
    if isinstance(content, list | tuple):
        return [finite(each) for each in content]
    for as_list in ("to_list", "tolist"):  # of polars; of numpy, whose numbers have it too
        if hasattr(content, as_list):
            return finite(getattr(content, as_list)())
    if isinstance(content, Decimal):
        content = float(content)
    if isinstance(content, float):
        return content if math.isfinite(content) else None
    return content if content is None or isinstance(content, bool | int | str) else str(content)


def _cut(kind: str, fields: dict[str, Any]) -> str:
    """Take from what is too long to be drawn; the sentence that says so."""
    if kind in ("line", "scatter"):
        fields["series"] = [_thinned(series) for series in fields["series"]]
    if kind == "table":
        return _first(fields, MOST_ROWS, "rows")
    if kind == "bar":
        fields["series"] = [{**each, "y": each["y"][:MOST_BARS]} for each in fields["series"]]
        return _first(fields, MOST_BARS, "categories")
    if kind == "box":
        fields["boxes"] = [
            {**each, "outliers": _evenly(each["outliers"], MOST_POINTS // 5)}
            for each in fields["boxes"]
        ]
        return _first(fields, MOST_BARS, "boxes")
    if kind == "heatmap":
        fields["values"] = [row[:MOST_CELLS_ACROSS] for row in fields["values"][:MOST_CELLS_ACROSS]]
        cuts = [_first(fields, MOST_CELLS_ACROSS, name) for name in ("y_labels", "x_labels")]
        return next(filter(None, cuts), "")
    return ""


def _first(fields: dict[str, Any], most: int, name: str) -> str:
    everything = fields[name]
    if len(everything) <= most:
        return ""
    fields[name] = everything[:most]
    return f"The first {most:,} of {len(everything):,} are shown."


def _thinned(series: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _evenly(each, MOST_POINTS) if isinstance(each, list) else each
        for name, each in series.items()
    }


def _evenly(items: list[Any], most: int) -> list[Any]:
    """At most that many, the first and the last among them."""
    if len(items) <= most:
        return items
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]
