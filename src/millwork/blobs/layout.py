"""The layout file of a batch: which part of the input each shard is, a line a shard.

A line is a JSON object: `files`, paths relative to the input (the empty one is the input itself),
or `rows`, ranges of tables: bytes of text, row groups of Parquet. `key` holds the values of a
partition's keys, and `items` comes last: how many files or rows there are, where that is known.
"""

from __future__ import annotations

import errno
import json
import os
from array import array
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from millwork.base.errors import NoSpace
from millwork.blobs.folders import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import BinaryIO

_BUFFER = 1 << 20
_TAIL = len('"items": 18446744073709551615}\n')
_MOST = (1 << 32) - 1
_FULL = (errno.ENOSPC, errno.EDQUOT)


class Layout:
    """A layout file, open for reading: `total` shards, and the `items` of each.

    `items` is one number if all are alike, else an array; an unknown number counts as 1. Only
    where the lines begin is kept in memory, 8 bytes a shard, so threads may share it.
    """

    def __init__(self, path: str) -> None:
        self._ends = array("Q", [0])
        items = array("I")
        with open(path, "rb", _BUFFER) as file:
            at = 0
            for line in file:
                at += len(line)
                self._ends.append(at)
                items.append(_items_at_end(line))
        self.total = len(items)
        first = items[0] if items else 1
        self.items: array[int] | int = first if items.count(first) == len(items) else items
        self._file = open(path, "rb", buffering=0)  # noqa: SIM115 - open as long as we

    def entry(self, first: int, count: int = 1, root: str = "") -> dict[str, Any]:
        """Shards `first` up to `first + count` as one; `root` is where the input is for the step.

        Files follow one another, neighbouring ranges of one file become one, items are added up,
        and the key is the first one's. Raises IndexError for shards that are not there.
        """
        if not 0 <= first < first + count <= self.total:
            raise IndexError(f"there are {self.total} shards, not {first} to {first + count - 1}")
        start, end = self._ends[first], self._ends[first + count]
        shards = [json.loads(line) for line in self._read(start, end - start).split(b"\n") if line]
        found: dict[str, Any] = {}
        files = [_below(root, path) for shard in shards for path in shard.get("files", ())]
        if files:
            found["files"] = files
        ranges = [
            {**one, "file": _below(root, one["file"])}
            for shard in shards
            for one in shard.get("rows", ())
        ]
        if ranges:
            found["rows"] = _merged(ranges)
        if "key" in shards[0]:
            found["key"] = shards[0]["key"]
        if any("items" in shard for shard in shards):
            found["items"] = sum(shard.get("items", 1) for shard in shards)
        return found

    def close(self) -> None:
        """Closes the file; `total` and `items` stay."""
        self._file.close()

    def _read(self, at: int, size: int) -> bytes:
        found = b""
        while len(found) < size:
            block = os.pread(self._file.fileno(), size - len(found), at + len(found))
            if not block:
                raise OSError(0, "the layout file of a batch was cut short")
            found += block
        return found


class Writer:
    """Writes shards to a layout file, one after the other."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def add_files(self, files: Iterable[str], key: dict[str, str] | None = None) -> None:
        """Writes a shard of whole files as they come; without any there is none."""
        count = 0
        for path in files:
            self._file.write(b"," if count else b'{"files":[')
            self._file.write(_json(path))
            count += 1
        if count:
            shown = b',"key":' + _json(key) if key is not None else b""
            self._file.write(b']%s,"items":%d}\n' % (shown, count))

    def add_rows(self, ranges: list[tuple[str, int, int]], items: int) -> None:
        """Writes a shard of ranges: file, start and end."""
        rows = [{"file": file, "start": start, "end": end} for file, start, end in ranges]
        self._file.write(_json({"rows": rows, "items": items}) + b"\n")


@contextmanager
def writing(path: str) -> Iterator[Writer]:
    """A layout file that is there, whole and on the disk, once the block has ended well.

    Raises NoSpace when the disk is full.
    """
    folder, name = os.path.split(os.path.abspath(path))
    spare = os.path.join(folder, f".{name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with open(spare, "xb", _BUFFER) as file:
            yield Writer(file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(spare, path)
        sync_folder(folder)
    except OSError as error:
        if error.errno in _FULL:
            raise NoSpace(f"no space left on the disk while writing {path}") from error
        raise
    finally:
        if os.path.exists(spare):
            os.unlink(spare)


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _items_at_end(line: bytes) -> int:
    """The number that a line ends with; a quote within a name is escaped, so none looks like it.

    Parsing the lines would take five times as long.
    """
    number = line[-_TAIL:].rpartition(b'"items":')[2].rstrip(b"}\n").strip()
    return min(int(number), _MOST) if number.isdigit() else 1


def _below(root: str, path: str) -> str:
    if not root or not path:
        return root or path
    return f"{root.rstrip('/')}/{path}"


def _merged(ranges: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one in ranges:
        last = found[-1] if found else None
        if last and last["file"] == one["file"] and last["end"] == one["start"]:
            last["end"] = one["end"]
        else:
            found.append(one)
    return found
