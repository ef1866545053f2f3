"""Rows of a part of a file, without reading the file whole.

A part of CSV, TSV or JSON lines is a range of bytes, cut anywhere: a line belongs to the part that
its first byte lies in. The first record of CSV and TSV is the header and belongs to none. Where a
quoted field holds a line break, a cut must not lie within it: whoever cuts sees to that, and a row
that was torn is an error. A part of Parquet is a range of row groups. An end of None is the file's.
"""

from __future__ import annotations

import csv
import io
import json
import os
from typing import TYPE_CHECKING, NamedTuple

from .errors import Told

if TYPE_CHECKING:
    from typing import Any, BinaryIO, Dict, Iterator, List, Optional

_BOM = b"\xef\xbb\xbf"
_KINDS = {
    ".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
_LONGEST_FIELD = 1 << 27  # characters; the csv module's own limit is 128 KiB


class Unreadable(Told):
    """Why rows cannot be read: the file, the place in it, and the reason."""


class Part(NamedTuple):
    """From `start` up to `end` of a file: bytes, or row groups."""

    file: str
    start: int = 0
    end: Optional[int] = None

    @property
    def kind(self) -> str:
        """`csv`, `tsv`, `jsonl` or `parquet`, by the file's name. Raises Unreadable."""
        ending = os.path.splitext(self.file)[1].lower()
        if ending not in _KINDS:
            known = ", ".join(sorted(_KINDS))
            raise Unreadable("{}: rows are read from {}".format(self.file, known))
        return _KINDS[ending]


def read(part: Part) -> Iterator[Dict[str, Any]]:
    """The rows as dicts: of text for CSV and TSV, of JSON's and Parquet's values for the others."""
    if part.kind == "parquet":
        return _parquet(part)
    return _json(part) if part.kind == "jsonl" else _csv(part)


def frame(part: Part) -> Any:
    """The rows as a pandas DataFrame, with the types that pandas finds in this part."""
    pandas = load_pandas()
    if part.kind == "parquet":
        parquet = _parquet_file(part)
        return parquet.read_row_groups(list(_groups(parquet, part))).to_pandas()
    with open(part.file, "rb") as file:
        lines = _Lines(file, part)
        text = io.BytesIO(lines.header + b"".join(lines))
    if part.kind == "jsonl":
        return pandas.read_json(text, lines=True) if text.getvalue().strip() else pandas.DataFrame()
    return pandas.read_csv(text, sep=_separator(part))


def load_pandas() -> Any:
    """The module pandas. Raises Unreadable if it is not there."""
    try:
        import pandas as pd
    except ImportError as error:
        text = "a mini-batch of rows is a DataFrame, and pandas cannot be imported: {}"
        raise Unreadable(text.format(error)) from None
    return pd


class _Lines:
    """The lines of a part, in bytes; `at` is where in the file the next one begins.

    It goes on to the file's end, as a record may have several lines: the reader stops at `end`.
    """

    def __init__(self, file: BinaryIO, part: Part) -> None:
        self._file = file
        self.header = b""
        self.names: List[str] = []
        self.at = 0
        if part.kind != "jsonl":
            self._take_header(part)
        elif file.read(len(_BOM)) == _BOM:
            self.at = len(_BOM)
        else:
            file.seek(0)
        if part.start > self.at:
            # What ends at or after the byte before is of the part before.
            self.at = file.seek(part.start - 1)
            self._next()
        self.end = os.fstat(file.fileno()).st_size if part.end is None else part.end

    def __iter__(self) -> Iterator[bytes]:
        while self.at < self.end:
            line = self._next()
            if not line:
                return
            yield line

    def record(self) -> Iterator[bytes]:
        """All that follows, for a reader that asks for no more lines than it needs."""
        return iter(self._next, b"")

    def _take_header(self, part: Part) -> None:
        def lines() -> Iterator[str]:
            for line in self.record():
                at, self.header = len(self.header), self.header + line
                yield _header(part, at, line)

        _allow_long_fields()
        reader = csv.reader(lines(), delimiter=_separator(part))
        while not self.names:  # blank lines come before it
            names = _record(part, 0, reader)
            if names is None:
                return
            self.names = names

    def _next(self) -> bytes:
        line = self._file.readline()
        self.at += len(line)
        return line


def _separator(part: Part) -> str:
    return "\t" if part.kind == "tsv" else ","


def _csv(part: Part) -> Iterator[Dict[str, Any]]:
    with open(part.file, "rb") as file:
        lines = _Lines(file, part)
        if not lines.names:
            return
        reader = csv.reader(_decoded(part, lines), delimiter=_separator(part), strict=True)
        while lines.at < lines.end:
            at = lines.at
            row = _record(part, at, reader)
            if row is None:
                return
            if row:  # not an empty line
                yield _named(part, at, lines.names, row)


def _allow_long_fields() -> None:
    """Lifts the csv module's limit."""
    if csv.field_size_limit() < _LONGEST_FIELD:
        csv.field_size_limit(_LONGEST_FIELD)


def _header(part: Part, at: int, line: bytes) -> str:
    text = _text(part, at, line)
    return text[1:] if at == 0 and text.startswith("\ufeff") else text


def _record(part: Part, at: int, reader: Iterator[List[str]]) -> Optional[List[str]]:
    try:
        return next(reader, None)
    except csv.Error as error:
        raise Unreadable("{}: byte {}: {}".format(part.file, at, error)) from None


def _decoded(part: Part, lines: _Lines) -> Iterator[str]:
    at = lines.at
    for line in lines.record():
        yield _text(part, at, line)
        at = lines.at


def _named(part: Part, at: int, names: List[str], row: List[str]) -> Dict[str, Any]:
    if len(row) == len(names):
        return dict(zip(names, row))  # noqa: B905 - Python 3.8
    text = "{}: byte {}: {} fields, the header has {}; is a quoted line break cut there?"
    raise Unreadable(text.format(part.file, at, len(row), len(names)))


def _json(part: Part) -> Iterator[Dict[str, Any]]:
    with open(part.file, "rb") as file:
        lines = _Lines(file, part)
        at = lines.at
        for line in lines:
            if line.strip():
                yield _object(part, at, line)
            at = lines.at


def _object(part: Part, at: int, line: bytes) -> Dict[str, Any]:
    try:
        found = json.loads(_text(part, at, line))
    except ValueError as error:
        raise Unreadable("{}: byte {}: {}".format(part.file, at, error)) from None
    if not isinstance(found, dict):
        raise Unreadable("{}: byte {}: a line that is no JSON object".format(part.file, at))
    return found


def _text(part: Part, at: int, line: bytes) -> str:
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError as error:
        text = "{}: byte {}: not UTF-8: {}"
        raise Unreadable(text.format(part.file, at + error.start, error.reason)) from None


def _parquet(part: Part) -> Iterator[Dict[str, Any]]:
    parquet = _parquet_file(part)
    groups = list(_groups(parquet, part))
    if groups:
        for batch in parquet.iter_batches(row_groups=groups):
            yield from batch.to_pylist()


def _parquet_file(part: Part) -> Any:
    try:
        from pyarrow.parquet import ParquetFile
    except ImportError as error:
        text = "{}: Parquet is read with pyarrow, which cannot be imported: {}"
        raise Unreadable(text.format(part.file, error)) from None
    return ParquetFile(part.file)


def _groups(parquet: Any, part: Part) -> range:
    last = parquet.num_row_groups
    return range(part.start, last if part.end is None else min(part.end, last))
