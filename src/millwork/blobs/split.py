"""Cuts the input of a batch into shards: whole files, ranges of tables, partitions, or a list.

Files are taken in the order of their paths' bytes. Names that begin with `.`, Hadoop's mark
`_SUCCESS` and AzureML's `MLTable` are left out, with all below such folders; links are followed.
"""

from __future__ import annotations

import os
import re
import stat
from bisect import bisect_left
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from millwork.base.errors import BadRequest, Unavailable
from millwork.base.records import dataclass
from millwork.blobs.layout import writing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from typing import BinaryIO

    from millwork.blobs.layout import Writer
    from millwork.spec.model import Split

TABLES = {
    ".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
"""The kinds of tables by their ending, as the worker's `rows.py` has them."""
ATOM = 1 << 20
"""Bytes: so long is a range of rows, about, where its length is chosen later."""
_BLOCK = 1 << 18
_LONGEST = 1 << 26  # bytes of a record, which must be in memory as a whole
_BOM = b"\xef\xbb\xbf"
_MARKS = (b"_SUCCESS", b"MLTable")


def _records(comma: bytes) -> re.Pattern[bytes]:
    """Matches once a record that is no blank line; one without the group has not ended.

    As Python's csv module has it: a quote opens only at the beginning of a field, and two of them
    in a quoted field are one.
    """
    field = rb'(?:"(?:[^"]++|"")*+(?:"|\Z))?+[^\n%s]*+' % comma
    return re.compile(rb"(?=[^\r\n])%s(?:%s%s)*+(\n)?+" % (field, comma, field))


_RECORDS = {
    "csv": _records(b","),
    "tsv": _records(b"\t"),
    "jsonl": re.compile(rb"\S[^\n]*+(\n)?+"),
}


@dataclass(frozen=True)
class _Input:
    """A file or folder; of a folder, `only` these files if they are given."""

    path: str
    only: frozenset[str] | None

    @property
    def is_folder(self) -> bool:
        return os.path.isdir(self.path)

    def place(self, name: str) -> str:
        """The path of a file by its name; the empty one is the input itself."""
        return os.path.join(self.path, name) if name else self.path

    def shown(self, name: str) -> str:
        """A name for messages."""
        return name or os.path.basename(self.path)

    def kind(self, name: str) -> str | None:
        """The kind of table by the file's ending; None if it is no table."""
        return TABLES.get(os.path.splitext(self.shown(name))[1].lower())

    def files(self) -> Iterator[str]:
        """The names of the files, sorted; BadRequest for what is no readable file."""
        if not self.is_folder:
            with self.reading(""):
                _check_regular(os.stat(self.path))
            yield from self._wanted([""])
            return
        yield from self.below(b"")

    def below(self, folder: bytes) -> Iterator[str]:
        """The names of the files in a folder within and below it, sorted."""
        yield from self._wanted(_text(name) for name in _walk(self, folder))

    def _wanted(self, names: Iterable[str]) -> Iterator[str]:
        return (name for name in names if self.only is None or name in self.only)

    @contextmanager
    def reading(self, name: str) -> Iterator[None]:
        """Says of which file an error is. Raises BadRequest for OSError."""
        try:
            yield
        except OSError as error:
            raise BadRequest(f"{self.shown(name)}: {error.strerror or error}") from None


def cut(source: str, split: Split, to: str, only: Collection[str] | None = None) -> None:
    """Writes the layout file `to` for the file or folder `source`, or for `only` these files of it.

    It is there as a whole or not at all. Of what is in memory, only the names in the largest
    folder grow with the input. Raises BadRequest, with the file's path within the input, for what
    cannot be cut so; Unavailable if Parquet needs pyarrow; NoSpace.
    """
    given = _Input(source, None if only is None else frozenset(only))
    with writing(to) as layout:
        _CUTS[split.by](given, split, layout)


# --- whole files --------------------------------------------------------------------------------


def _by_files(given: _Input, split: Split, layout: Writer) -> None:
    shard: list[str] = []
    for name in given.files():
        shard.append(name)
        if len(shard) >= (split.size or 1):
            layout.add_files(shard)
            shard = []
    layout.add_files(shard)


def _by_bytes(given: _Input, split: Split, layout: Writer) -> None:
    shard: list[str] = []
    size = 0
    for name in given.files():
        with given.reading(name):
            size += os.stat(given.place(name)).st_size
        shard.append(name)
        if size >= (split.size or 1):
            layout.add_files(shard)
            shard, size = [], 0
    layout.add_files(shard)


def _by_list(given: _Input, split: Split, layout: Writer) -> None:
    if not given.is_folder:
        raise BadRequest(f"{given.shown('')}: a split by list is of a folder that holds the list")
    name = _inside(split.list)
    if name is None:
        raise BadRequest(f"the list {split.list} leads outside of the input")
    with given.reading(name), open(given.place(name), "rb") as file:
        for number, line in enumerate(file, 1):
            text = line.removeprefix(_BOM) if number == 1 else line
            if text.strip() and not text.startswith(b"#"):
                names = _listed(given, f"{name}:{number}", text.rstrip(b"\r\n"))
                layout.add_files([one for one in names if given.only is None or one in given.only])


def _listed(given: _Input, at: str, line: bytes) -> list[str]:
    found = []
    for word in filter(None, line.split(b"\t")):
        try:
            text = word.decode()
            name = _inside(text)
            if name is None:
                raise BadRequest(f"{at}: {text} leads outside of the input")
            _check_regular(os.stat(given.place(name)))
        except UnicodeDecodeError:
            raise BadRequest(f"{at}: {word!r} is not UTF-8") from None
        except (OSError, ValueError) as error:
            reason = (error.strerror if isinstance(error, OSError) else "") or error
            raise BadRequest(f"{at}: {text}: {reason}") from None
        found.append(name)
    return found


def _inside(name: str) -> str | None:
    """The name, normalised; None if it leads outside."""
    path = os.path.normpath(name)
    return None if os.path.isabs(path) or path.split("/")[0] == ".." else path


# --- partitions ---------------------------------------------------------------------------------


def _by_keys(given: _Input, split: Split, layout: Writer) -> None:
    """A shard for each combination of the keys' values, in their order.

    Only the folders are kept in memory.
    """
    if not given.is_folder:
        raise BadRequest(f"{given.shown('')}: a split by keys is of a folder, and this is a file")
    folders: dict[tuple[str, ...], list[bytes]] = {}
    for folder, values in _partitions(given, split.keys):
        folders.setdefault(values, []).append(folder)
    for values in sorted(folders):
        names = (name for folder in folders[values] for name in given.below(folder))
        layout.add_files(names, dict(zip(split.keys, values, strict=True)))


def _partitions(given: _Input, keys: tuple[str, ...]) -> list[tuple[bytes, tuple[str, ...]]]:
    """The topmost folders whose path has all the keys, with the values.

    Raises BadRequest for a file that is in none of them.
    """
    found: list[tuple[bytes, tuple[str, ...]]] = []

    def is_whole(folder: bytes) -> bool:
        there = _keys(folder)
        if any(key not in there for key in keys):
            return False
        found.append((folder, tuple(there[key] for key in keys)))
        return True

    for name in _walk(given, b"", is_whole):
        text = _text(name)
        if given.only is None or text in given.only:
            there = _keys(os.path.dirname(name))
            missing = next(key for key in keys if key not in there)
            listed = ", ".join(there) or "none"
            raise BadRequest(
                f"{text}: no folder above it is named '{missing}=...'; keys there: {listed}"
            )
    return found


def _keys(folder: bytes) -> dict[str, str]:
    """The keys and values that the names of a folder and those above it hold."""
    from urllib.parse import unquote_to_bytes

    found = {}
    for part in folder.split(b"/"):
        key, equals, value = part.partition(b"=")
        if equals:
            found[_text(unquote_to_bytes(key))] = _text(unquote_to_bytes(value))
    return found


# --- rows of tables -----------------------------------------------------------------------------


def _by_rows(given: _Input, split: Split, layout: Writer) -> None:
    _cut_tables(given, _Rows(layout, split.size or 1, counts_rows=True))


def _automatically(given: _Input, split: Split, layout: Writer) -> None:
    if split.size:
        _cut_tables(given, _Rows(layout, split.size, counts_rows=False))
    elif all(given.kind(name) for name in given.files()):
        _cut_tables(given, _Rows(layout, ATOM, counts_rows=False, is_atomic=True))
    else:
        for name in given.files():
            layout.add_files([name])


def _cut_tables(given: _Input, rows: _Rows) -> None:
    for name in given.files():
        kind = given.kind(name)
        if kind is None:
            known = ", ".join(sorted(TABLES))
            raise BadRequest(f"{given.shown(name)}: only tables have rows: {known}")
        with given.reading(name):
            if kind == "parquet":
                rows.take_groups(name, _groups(given, name))
            else:
                with open(given.place(name), "rb") as file:
                    rows.take_text(name, _record_ends(file, kind, given.shown(name)))
    rows.end()


class _Rows:
    """Fills shards with rows until each has its size: of rows, or of bytes.

    Where they are atoms, none reaches over the end of a file, or of a row group.
    """

    def __init__(
        self, layout: Writer, size: int, *, counts_rows: bool, is_atomic: bool = False
    ) -> None:
        self._layout, self._size, self._counts_rows = layout, size, counts_rows
        self._is_atomic = is_atomic
        self._ranges: list[tuple[str, int, int]] = []
        self._items = 0
        self._room = size

    def end(self) -> None:
        """Writes the shard that was begun."""
        if self._ranges:
            self._layout.add_rows(self._ranges, self._items)
        self._ranges, self._items, self._room = [], 0, self._size

    def take_text(self, name: str, blocks: Iterable[list[int]]) -> None:
        """Takes a file of text, given where its records end, block by block."""
        start = rows = last = 0
        for ends in blocks:
            at = 0
            while at < len(ends):
                if self._counts_rows:
                    final = at + self._room - rows - 1
                else:
                    final = bisect_left(ends, start + self._room, at)
                count = min(final + 1, len(ends)) - at
                rows, at = rows + count, at + count
                last = ends[at - 1]
                if final < len(ends):
                    self._add(name, start, last, rows, rows if self._counts_rows else last - start)
                    start, rows = last, 0
        if rows:
            self._add(name, start, last, rows, rows if self._counts_rows else last - start)
        if self._is_atomic:
            self.end()

    def take_groups(self, name: str, groups: Iterable[tuple[int, int]]) -> None:
        """Takes a file of Parquet, given the rows and bytes of its row groups."""
        for at, (rows, size) in enumerate(groups):
            if rows:
                self._add(name, at, at + 1, rows, rows if self._counts_rows else max(size, 1))
                if self._is_atomic:
                    self.end()

    def _add(self, name: str, start: int, end: int, rows: int, cost: int) -> None:
        before = self._ranges[-1] if self._ranges else None
        if before and before[0] == name and before[2] == start:
            self._ranges[-1] = (name, before[1], end)
        else:
            self._ranges.append((name, start, end))
        self._items += rows
        self._room -= cost
        if self._room <= 0:
            self.end()


def _record_ends(file: BinaryIO, kind: str, shown: str) -> Iterator[list[int]]:
    """Where the records of a file of text end, block by block, without the header and blank lines.

    Raises BadRequest for a record of more than 64 MiB.
    """
    records = _RECORDS[kind].finditer
    first = file.read(len(_BOM))
    at = len(_BOM) if first == _BOM else 0
    block = first[at:] + file.read(_BLOCK)
    has_header = kind != "jsonl"
    while block:
        ends, done = [], 0
        for record in records(block):
            if record[1]:
                done = record.end()
                ends.append(at + done)
        rest = block[done:]
        if len(rest) > _LONGEST:
            raise BadRequest(
                f"{shown}: the record at byte {at + done} has more than {_LONGEST >> 20} MiB;"
                " is there a quote without its end?"
            )
        # Twice as much each time, or a long record would be looked through again and again.
        more = file.read(max(_BLOCK, len(rest)))
        if not more and any(records(rest)):  # the last line need not end
            ends.append(at + len(block))
        yield ends[1:] if has_header and ends else ends
        has_header = has_header and not ends
        at += done
        block = rest + more if more else b""


def _groups(given: _Input, name: str) -> Iterator[tuple[int, int]]:
    """The rows and bytes of the row groups, from the footer alone."""
    from importlib import import_module

    try:
        parquet: Any = import_module("pyarrow.parquet")
    except ImportError:
        raise Unavailable(
            f"{given.shown(name)}: Parquet is cut into rows with pyarrow, which is not installed:"
            " pip install 'millwork[tables]'"
        ) from None
    try:
        found = parquet.read_metadata(given.place(name))
    except ValueError as error:  # pyarrow's own, for what is no Parquet
        raise BadRequest(f"{given.shown(name)}: {error}") from None
    for at in range(found.num_row_groups):
        group = found.row_group(at)
        yield group.num_rows, group.total_byte_size


# --- the files that are there -------------------------------------------------------------------


def _walk(
    given: _Input, folder: bytes, is_end: Callable[[bytes], bool] = lambda _: False
) -> Iterator[bytes]:
    """The files below a folder, as names within the input, in the order of their bytes.

    It does not go into folders that `is_end` is true for.
    """
    stack: list[tuple[bytes, list[bytes], tuple[int, int]]] = []

    def enter(name: bytes) -> None:
        with given.reading(os.fsdecode(name)):
            info = os.stat(os.path.join(os.fsencode(given.path), name))
            this = (info.st_dev, info.st_ino)
            if any(this == above for _, _, above in stack):
                raise OSError(0, "a link to a folder above it")
            stack.append((name and name + b"/", _entries(given, name), this))

    enter(folder)
    while stack:
        above, names, _ = stack[-1]
        if not names:
            stack.pop()
            continue
        name = above + names.pop()
        if not name.endswith(b"/"):
            yield name
        elif not is_end(name[:-1]):
            enter(name[:-1])


def _entries(given: _Input, folder: bytes) -> list[bytes]:
    """The names in a folder, the last first; those of folders end with `/`."""
    names = []
    with os.scandir(os.path.join(os.fsencode(given.path), folder)) as entries:
        for entry in entries:
            name = entry.name
            if name.startswith(b".") or name in _MARKS:
                continue
            if entry.is_dir():
                names.append(name + b"/")
            elif entry.is_file():
                names.append(name)
            else:
                shown = os.fsdecode(os.path.join(folder, name))
                raise BadRequest(f"{shown}: not a regular file, or a link that leads nowhere")
    names.sort(reverse=True)
    return names


def _text(name: bytes) -> str:
    """The name, which goes into JSON. Raises BadRequest if it is not UTF-8."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        raise BadRequest(f"the name {name!r} is not UTF-8; a batch cannot hand it out") from None


def _check_regular(info: os.stat_result) -> None:
    if not stat.S_ISREG(info.st_mode):
        raise OSError(0, "not a regular file")


_CUTS: dict[str, Callable[[_Input, Split, Writer], None]] = {
    "auto": _automatically,
    "files": _by_files,
    "bytes": _by_bytes,
    "rows": _by_rows,
    "keys": _by_keys,
    "list": _by_list,
}
