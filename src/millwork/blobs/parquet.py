"""How many rows a file of Parquet has, as its footer says.

The libraries that know are not there where this is asked: polars is in the environment of the
built-ins alone, pyarrow an extra that a server need not have. A step may have written the file, so
at most 4 MB of the footer are read, 16 levels deep; each value takes a byte of it or more, and what
says that it is longer ends the reading (1.5 s at worst, where a whole footer is nothing else).

Source: the Parquet format's `FileMetaData`, written in Thrift's compact protocol.
"""

from __future__ import annotations

import os

_MAGIC = b"PAR1"
_MOST = 4 << 20  # bytes of a footer: the number stands behind the columns, before the row groups
_DEEPEST = 16
_ROWS = 3  # the field `num_rows`
_BOOLEANS, _BYTE, _NUMBERS, _DOUBLE, _BINARY = (1, 2), 3, (4, 5, 6), 7, 8
_LISTS, _MAP, _STRUCT = (9, 10), 11, 12


def rows_in(path: str) -> int | None:
    """The rows of the file at `path`; None if it cannot be read, or is no Parquet."""
    try:
        with open(path, "rb", opener=_opened) as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(size - 8, 0))
            end = file.read(8)
            length = int.from_bytes(end[:4], "little")
            if end[4:] != _MAGIC or length + 12 > size:
                return None
            file.seek(size - 8 - length)
            return _Footer(file.read(min(length, _MOST))).rows()
    except (OSError, IndexError, ValueError):
        return None


def _opened(path: str, flags: int) -> int:
    """What may have come in the place of a file is neither followed nor waited for."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK)


class _Footer:
    """Reads a footer from its beginning; IndexError where it ends too early, or ValueError."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def rows(self) -> int:
        field = 0
        while kind := self._byte():
            field = field + (kind >> 4) if kind >> 4 else self._number()
            if field == _ROWS and kind & 15 in _NUMBERS:
                rows = self._number()
                if rows < 0:
                    break
                return rows
            self._skip(kind & 15, 0)
        raise ValueError("it says no number of rows")

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _varint(self) -> int:
        value = shift = 0
        while True:
            byte = self._byte()
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value
            if shift > 63:
                raise ValueError("a number is too long")

    def _number(self) -> int:
        """A number whose last bit is its sign."""
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def _skip(self, kind: int, depth: int, *, is_element: bool = False) -> None:
        if depth > _DEEPEST:
            raise ValueError("it is too deep")
        if kind in _BOOLEANS:
            self._at += is_element  # the value of a field is in its kind
        elif kind == _BYTE:
            self._at += 1
        elif kind in _NUMBERS:
            self._varint()
        elif kind == _DOUBLE:
            self._at += 8
        elif kind == _BINARY:
            length = self._varint()
            self._at += length
        elif kind in _LISTS:
            self._skip_list(depth)
        elif kind == _MAP:
            self._skip_map(depth)
        elif kind == _STRUCT:
            self._skip_struct(depth)
        else:
            raise ValueError(f"there is no kind {kind}")

    def _skip_list(self, depth: int) -> None:
        head = self._byte()
        count = head >> 4 if head >> 4 < 15 else self._varint()
        for _ in range(count):
            self._skip(head & 15, depth + 1, is_element=True)
            self._data[self._at - 1]  # a list may say that it is longer than the file

    def _skip_map(self, depth: int) -> None:
        count = self._varint()
        kinds = self._byte() if count else 0
        for _ in range(count):
            self._skip(kinds >> 4, depth + 1, is_element=True)
            self._skip(kinds & 15, depth + 1, is_element=True)
            self._data[self._at - 1]

    def _skip_struct(self, depth: int) -> None:
        while kind := self._byte():
            if not kind >> 4:
                self._number()
            self._skip(kind & 15, depth + 1)
