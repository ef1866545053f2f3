"""The beginning of a file, as people can look at it: text, rows of a table, an image, a report.

Nothing of it is run, imported or unpickled; what is none of these is told by its size. An image
is one by its first bytes; SVG, which may hold scripts, is text.
"""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any, Literal, TypedDict

from millwork.views.statistics import ColumnStatistics, guessed, statistics_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_READ, _READ_JSON = 65_536, 4 << 20
ROWS = 100
_COLUMNS, _CELL = 100, 500
_IMAGES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg",
           b"GIF87a": "image/gif", b"GIF89a": "image/gif"}  # fmt: skip
Kind = Literal["text", "table", "binary", "image", "json", "report", "model"]
_FORMATS: Mapping[str, Kind] = {"millwork/report/": "report", "millwork/model/": "model"}
CARDS = ("report.json", "model.json")
"""The files that tell what lies beside them, of built-ins' reports and models."""


class Preview(TypedDict):
    """The beginning of a file; `is_whole` if that is all.

    Of a table there are the first `rows` below `columns` with their `types`, as polars writes
    them, `statistics` of these rows, and `total_rows` if that is known. An image has a `media`
    type. JSON, reports and models are whole in `text`.
    """

    path: str
    size: int
    kind: Kind
    text: str
    columns: list[str]
    rows: list[list[str]]
    is_whole: bool
    total_rows: int | None
    types: dict[str, str]
    statistics: dict[str, ColumnStatistics]
    media: str


def preview_of(place: str, path: str, size: int) -> Preview:
    """What can be shown of the file at `place`, which is called `path`."""
    with open(place, "rb") as file:
        data = file.read(_READ_JSON if path.endswith(".json") else _READ)
    is_whole = len(data) == size
    found: Preview = {
        "path": path, "size": size, "kind": "binary", "text": "", "columns": [], "rows": [],
        "is_whole": is_whole, "total_rows": None, "types": {}, "statistics": {}, "media": "",
    }  # fmt: skip
    media = _media(data)
    if media:
        return {**found, "kind": "image", "media": media}
    try:
        # The last character may be cut.
        text = data.decode() if is_whole else data[: data.rfind(b"\n") + 1 or len(data)].decode()
    except UnicodeDecodeError:
        return found
    if "\0" in text:
        return found
    rows = _rows(path, text)
    if rows:
        columns, *rest = rows
        is_all = is_whole and len(rest) <= ROWS
        return _as_table(
            {**found, "is_whole": is_all, "total_rows": len(rest) if is_all else None},
            columns, rest[:ROWS],
        )  # fmt: skip
    kind = _kind(text) if is_whole and path.endswith(".json") else "text"
    return {**found, "kind": kind, "text": text}


def with_rows(
    preview: Preview, types: Sequence[tuple[str, str]], rows: list[list[str]], total: int | None
) -> Preview:
    """The preview of a table that somebody else has read, its first rows at the most."""
    names = _cut([name for name, _ in types])
    known = dict(zip(names, (dtype for _, dtype in types), strict=False))
    shown = [_cut(row) for row in rows[:ROWS]]
    is_all = len(rows) <= ROWS
    return _as_table({**preview, "is_whole": is_all, "total_rows": total}, names, shown, known)


def _as_table(
    found: Preview, columns: list[str], rows: list[list[str]], types: dict[str, str] | None = None
) -> Preview:
    if types is None:
        cells = {
            name: [row[at] for row in rows if at < len(row)] for at, name in enumerate(columns)
        }
        types = {name: guessed(column) for name, column in cells.items()}
    whole = [[*row, *[""] * (len(columns) - len(row))][: len(columns)] for row in rows]
    is_plain = len(types) == len(columns)
    statistics = statistics_of(whole, types) if is_plain else {}
    return {**found, "kind": "table", "columns": columns, "rows": rows, "types": types,
            "statistics": statistics}  # fmt: skip


def _media(data: bytes) -> str:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((media for magic, media in _IMAGES.items() if data.startswith(magic)), "")


def _kind(text: str) -> Kind:
    """What a JSON file is; text if it is no JSON."""
    try:
        document: Any = json.loads(text)
    except (ValueError, RecursionError):
        return "text"
    said = document.get("format") if isinstance(document, dict) else None
    named = (kind for begin, kind in _FORMATS.items() if str(said).startswith(begin))
    return next(named, "json")


def _rows(path: str, text: str) -> list[list[str]]:
    """The rows of a table, its columns first; empty if it is none."""
    try:
        if path.endswith((".csv", ".tsv")):
            dialect = "excel-tab" if path.endswith(".tsv") else "excel"
            reader = csv.reader(io.StringIO(text), dialect)
            return [_cut(row) for row, _ in zip(reader, range(ROWS + 2), strict=False)]
        if path.endswith((".jsonl", ".ndjson")):
            return _of_lines(text)
    except (csv.Error, ValueError, RecursionError):
        return []
    return []


def _of_lines(text: str) -> list[list[str]]:
    lines = [json.loads(line) for line in text.splitlines()[: ROWS + 1] if line.strip()]
    if not lines or not all(isinstance(line, dict) for line in lines):
        return []
    columns = list(dict.fromkeys(str(name) for line in lines for name in line))
    rows = [[_text(line.get(name)) for name in columns] for line in lines]
    return [_cut(columns), *(_cut(row) for row in rows)]


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value, ensure_ascii=False)


def _cut(row: list[str]) -> list[str]:
    return [cell[:_CELL] for cell in row[:_COLUMNS]]
