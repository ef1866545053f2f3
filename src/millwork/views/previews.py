"""The beginning of a file, as people can read it: text, or rows of a table.

Nothing of it is run, imported or unpickled; what is neither text nor CSV is told by its size.
"""

from __future__ import annotations

import csv
import io
import json
from typing import Literal, TypedDict

_READ = 65_536
ROWS = 100
_COLUMNS, _CELL = 100, 500


class Preview(TypedDict):
    """The beginning of a file: `text`, or `rows` below `columns`; `is_whole` if that is all."""

    path: str
    size: int
    kind: Literal["text", "table", "binary"]
    text: str
    columns: list[str]
    rows: list[list[str]]
    is_whole: bool


def preview_of(place: str, path: str, size: int) -> Preview:
    """What can be shown of the file at `place`, which is called `path`."""
    with open(place, "rb") as file:
        data = file.read(_READ)
    is_whole = len(data) == size
    found: Preview = {
        "path": path, "size": size, "kind": "binary", "text": "", "columns": [], "rows": [],
        "is_whole": is_whole,
    }  # fmt: skip
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
        return {**found, "kind": "table", "columns": columns, "rows": rest[:ROWS],
                "is_whole": is_all}  # fmt: skip
    return {**found, "kind": "text", "text": text}


def with_rows(preview: Preview, columns: list[str], rows: list[list[str]], most: int) -> Preview:
    """The preview of a table that somebody else has read, its first `most` rows at the most."""
    is_all = len(rows) <= most
    shown = [_cut(row) for row in rows[:most]]
    return {**preview, "kind": "table", "columns": _cut(columns), "rows": shown, "is_whole": is_all}


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
