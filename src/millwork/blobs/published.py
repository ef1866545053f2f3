"""The plan of a batch's publication: which staged file of which shard gets which name.

It is made whole before anything is moved, and kept in a file: after a crash the same is done again.
"""

from __future__ import annotations

import json
import os
import re
import stat
from array import array
from bisect import bisect_left, bisect_right
from contextlib import contextmanager, suppress
from hashlib import blake2b
from typing import TYPE_CHECKING, NamedTuple

from millwork.base.errors import RunFailed
from millwork.base.records import dataclass
from millwork.blobs.folders import sync_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence, Set
    from typing import IO, Any

PARTS = ".parts"
_encode = json.JSONEncoder(separators=(",", ":")).encode
_NUMBER = re.compile(r"-[0-9]{5,}\Z")


class Part(NamedTuple):
    """What the accepted lease of a shard has staged; the folder may be absent."""

    shard: int
    folder: str


@dataclass(frozen=True)
class Carried:
    """What stays valid of an earlier run: its published folder, its record, which shards.

    `shards` is a set of numbers or a list of ranges that do not overlap. `next` is the number of
    shards of the earlier run: new shards count on from it.
    """

    output: str
    record: str
    shards: Set[int] | Sequence[range]
    next: int


class Line(NamedTuple):
    """A line of the plan: what one shard publishes.

    `size` bytes from `offset` of its append file, and files as (path in `folder`, path in the
    output). `carried`: it is copied from an earlier run, and not moved.
    """

    shard: int
    folder: str
    carried: bool
    offset: int
    size: int
    files: Sequence[tuple[str, str]]


@contextmanager
def new_file(target: str, spare: str = "") -> Iterator[IO[bytes]]:
    """A file that appears at `target`, synced and whole, when the block ends without an error.

    It is written at `spare` (default: beside the target); what was left there is removed.
    """
    spare = spare or f"{target}.new"
    with suppress(FileNotFoundError):
        os.unlink(spare)
    try:
        with open(os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.rename(spare, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(spare)
        raise
    sync_folder(os.path.dirname(target) or ".")


def write_line(file: IO[bytes], value: object) -> None:
    """Write a value as one line of JSON; a file's name may hold any bytes."""
    file.write(_encode(value).encode("ascii") + b"\n")


def mode_of(path: str) -> int:
    """The mode of what is at a path, be it a link; 0 if nothing is. OSError if nobody can say."""
    try:
        return os.lstat(path).st_mode
    except FileNotFoundError:
        return 0


def is_folder(path: str) -> bool:
    """Whether a folder is there; RunFailed for anything else, and for links to folders."""
    mode = mode_of(path)
    # What a link leads to is not the step's to give away.
    if mode and not stat.S_ISDIR(mode):
        raise RunFailed(f"{path} is no folder: a batch's files cannot be there")
    return bool(mode)


def read_plan(path: str) -> Iterator[Line]:
    """The lines of a plan, one at a time."""
    with open(path, "rb") as file:
        for text in file:
            yield _line(text)


def _line(text: bytes) -> Line:
    return Line(*json.loads(text.decode("ascii")))


class Names:
    """A set of paths that knows which were added twice; 8 bytes a path, and no path itself.

    Two paths are taken for the same once in some 10 million batches of a million files.
    """

    def __init__(self) -> None:
        self._buckets = [array("Q") for _ in range(256)]

    def add(self, path: str) -> None:
        """Add a path; not once `sort` was called."""
        code = _code(path)
        self._buckets[code >> 56].append(code)

    def sort(self) -> None:
        """To be called once, between the additions and the questions."""
        for number, bucket in enumerate(self._buckets):
            self._buckets[number] = array("Q", sorted(bucket))

    def __contains__(self, path: str) -> bool:
        return self._count(path) > 0

    def has_twice(self, path: str) -> bool:
        """Whether a path was added more than once."""
        return self._count(path) > 1

    def _count(self, path: str) -> int:
        code = _code(path)
        bucket = self._buckets[code >> 56]
        first = bisect_left(bucket, code)
        return bisect_right(bucket, code, lo=first) - first


def _code(path: str) -> int:
    return int.from_bytes(blake2b(os.fsencode(path), digest_size=8).digest(), "big")


def make_plan(
    plan: str, output: str, accepted: Iterable[Part], append: str, carried: Carried | None
) -> None:
    """Write the plan for `output` and change nothing else.

    RunFailed, naming it, for anything staged that cannot be published, and for a file of the
    step's own where one is to be put.
    """
    from tempfile import TemporaryFile

    namer, room = _Namer(append), _Room(output)
    # A file without a name: no kill leaves it behind.
    with TemporaryFile(dir=os.path.dirname(plan) or ".") as draft:
        for line in _gather(accepted, append, carried):
            namer.see(line)
            if line.size or line.files:
                write_line(draft, line)
        namer.sort()
        if append:
            room.check(append)
        draft.seek(0)
        with new_file(plan) as file:
            for text in draft:
                line = _line(text)
                files = [(path, namer.target(path, line)) for path, _ in line.files]
                for _, target in files:
                    room.check(target)
                write_line(file, line._replace(files=files))


def _gather(accepted: Iterable[Part], append: str, carried: Carried | None) -> Iterator[Line]:
    first, above = 0, ""
    if carried:
        yield from _carried_lines(carried, append)
        first = carried.next
    for part in accepted:
        if (folder := os.path.dirname(part.folder)) != above:
            is_folder(folder)
            above = folder
        size, paths = _staged(part.folder, append)
        files = [(path, path) for path in sorted(paths)]
        yield Line(first + part.shard, part.folder, False, 0, size, files)


def _carried_lines(carried: Carried, append: str) -> Iterator[Line]:
    is_valid, whole = chooser(carried.shards), 0
    if append:
        with suppress(FileNotFoundError):
            whole = os.lstat(os.path.join(carried.output, append)).st_size
    with open(carried.record, "rb") as file:
        for text in file:
            row: dict[str, Any] = json.loads(text)
            if not is_valid(row["shard"]):
                continue
            start, end = row["append"] or (0, 0)
            files = [(path, path) for path in row["files"]]
            lost = [path for path, _ in files if not mode_of(os.path.join(carried.output, path))]
            if lost or end > whole:
                what = (*lost, append or "its appended bytes")[0]
                raise RunFailed(f"the earlier output {carried.output} has lost {what}")
            yield Line(row["shard"], carried.output, True, start, end - start, files)


def chooser(shards: Set[int] | Sequence[range]) -> Callable[[int], bool]:
    """Whether a number is among these, found in logarithmic time."""
    ranges = sorted((each for each in shards if isinstance(each, range)), key=lambda r: r.start)
    starts = [each.start for each in ranges]
    if not ranges:
        return lambda number: number in shards
    return lambda number: number in ranges[max(0, bisect_right(starts, number) - 1)]


def _staged(folder: str, append: str) -> tuple[int, list[str]]:
    """The size of a part's append file in bytes, and the paths of its other files and links."""
    size, paths, below = 0, [], [""]
    if not is_folder(folder):
        return 0, []
    for prefix in below:
        place = folder if not prefix else os.path.join(folder, prefix)
        if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
            raise RunFailed(f"files cannot be moved out of {place}: its mode forbids it")
        with os.scandir(place) as entries:
            for entry in entries:
                path = prefix + entry.name
                if path == append:
                    _check_entry(entry)
                    size = entry.stat(follow_symlinks=False).st_size
                elif path == PARTS:
                    raise RunFailed(f"{entry.path}: no output may be called {PARTS}")
                elif entry.is_dir(follow_symlinks=False):
                    below.append(path + "/")
                else:
                    if not entry.is_symlink():
                        _check_entry(entry)
                    paths.append(path)
    return size, paths


def _check_entry(entry: os.DirEntry[str]) -> None:
    if not entry.is_file(follow_symlinks=False):
        raise RunFailed(f"{entry.path} is no plain file: it cannot be published")
    if not os.access(entry.path, os.R_OK):
        raise RunFailed(f"{entry.path} cannot be read: it cannot be published")


class _Namer:
    """Gives staged files their names: with the shard's number where the name alone is taken."""

    def __init__(self, append: str) -> None:
        self._staged, self._carried = Names(), Names()
        self._reserved = Names()  # the append file, and folders
        self._bases = Names()  # carried files' names without their number
        self._highest = 0
        if append:
            self._reserved.add(append)
            self._reserve_folders(append)

    def see(self, line: Line) -> None:
        """Take notice of a shard's files; all shards come before the first name is given."""
        self._highest = max(self._highest, line.shard)
        for path, _ in line.files:
            self._reserve_folders(path)
            if line.carried:
                self._carried.add(path)
                if base := _unnumbered(path):
                    self._bases.add(base)
            else:
                self._staged.add(path)

    def sort(self) -> None:
        """All were seen."""
        for names in (self._staged, self._carried, self._reserved, self._bases):
            names.sort()
        self._width = max(5, len(str(self._highest)))

    def target(self, path: str, line: Line) -> str:
        """The path in the output of a shard's file; RunFailed if another has it."""
        if line.carried:
            if path in self._reserved:
                raise RunFailed(f"{path} of the earlier run is a folder or the append file now")
            return path
        if not self._is_taken(path):
            return path
        target = _numbered(path, line.shard, self._width)
        if target in self._carried or target in self._reserved:
            raise RunFailed(f"shard {line.shard} staged {path}: another has the name {target}")
        return target

    def _is_taken(self, path: str) -> bool:
        others = (self._carried, self._reserved, self._bases)
        if self._staged.has_twice(path) or any(path in names for names in others):
            return True
        # The name may be what another shard's file is called once that has its number.
        base = _unnumbered(path)
        return bool(base) and base in self._staged and self._is_taken(base)

    def _reserve_folders(self, path: str) -> None:
        while path := os.path.dirname(path):
            self._reserved.add(path)


def _numbered(path: str, shard: int, width: int) -> str:
    stem, suffix = os.path.splitext(path)
    return f"{stem}-{shard:0{width}}{suffix}"


def _unnumbered(path: str) -> str:
    """The path without the number at the end of its stem; empty if it has none."""
    stem, suffix = os.path.splitext(path)
    short = _NUMBER.sub("", stem)
    return short + suffix if short != stem else ""


class _Room:
    """Where files of the output are to be put: nothing of the step's own may be there."""

    def __init__(self, output: str) -> None:
        self._output, self._checked = output, ""

    def check(self, target: str) -> None:
        """RunFailed if something is at `target`, or a folder above it is no folder."""
        folder = os.path.dirname(target)
        if folder != self._checked:
            self._check_folders(folder)
            self._checked = folder
        if mode_of(os.path.join(self._output, target)):
            raise RunFailed(f"the step itself wrote {target}, where staged output is to be put")

    def _check_folders(self, folder: str) -> None:
        while folder:
            is_folder(os.path.join(self._output, folder))
            folder = os.path.dirname(folder)
