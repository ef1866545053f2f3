"""A batch's output, made of what its shards have staged when the batch is over.

The stages, each of which may be repeated: the plan is written; then come the append file, the
files of an earlier run, moves, the record; `.parts` is removed, and at last the plan. Where a plan
is found, it is carried on with: its targets were free when it was made, so what is there is ours.
"""

from __future__ import annotations

import errno
import filecmp
import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from millwork.base.errors import NoSpace, RunFailed
from millwork.blobs.folders import copy_file
from millwork.blobs.published import (
    PARTS,
    Carried,
    Line,
    Part,
    is_folder,
    make_plan,
    mode_of,
    new_file,
    read_plan,
    write_line,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

__all__ = ["Carried", "Part", "plan_of", "publish", "report_failed"]

_BLOCK = 1 << 18


def publish(
    output: str, accepted: Iterable[Part], append: str, record: str, carried: Carried | None = None
) -> None:
    """Make the folder `output` of the staged parts, which come in the order of their shards.

    The files called `append` (empty: none) become one file, in the order of the shards. The other
    files and links are moved to the same path in `output`, with the shard's number in the name
    where several shards staged that path; empty folders are dropped. What is valid of an earlier
    run comes before. `record` is a path outside `output`; a line of it is
    `{"shard": 12, "append": [start, end] or null, "files": [...]}` for a shard that published
    anything. That it is there, and no `record.plan`, says that all is done.

    Call it again with the same arguments after a crash; `accepted` may be streamed and is read
    only if there is no plan yet. Nothing else may write to `output` or the parts meanwhile. The
    plan, the append file, the record and what is copied between disks are synced here. The
    workers have synced staged files; `artifacts.seal` must sync the folders and the copies of
    an earlier run's files afterwards.

    RunFailed, before anything is moved, for what cannot be published and for files of the step's
    own in the way; NoSpace when the disk is full: then the same call can go on.
    """
    plan, parts = plan_of(record), os.path.join(output, PARTS)
    with _os_errors(output):
        if mode_of(record) and not mode_of(plan):
            return
        if not is_folder(parts):
            os.makedirs(parts)
        if not mode_of(plan):
            make_plan(plan, output, accepted, append, carried)
        if append:
            _join(plan, output, append)
        for line in read_plan(plan):
            _place(line, output)
        _write_record(plan, record)
        _clear(parts)
        os.unlink(plan)


def plan_of(record: str) -> str:
    """The file of a publication that has begun, and not ended."""
    return f"{record}.plan"


def report_failed(path: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write `failed_shards.jsonl`, a line a row, whole or not at all. NoSpace, RunFailed."""
    with _os_errors(path), new_file(path) as file:
        for row in rows:
            write_line(file, dict(row))


@contextmanager
def _os_errors(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        place = error.filename or what
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise NoSpace(f"no space left on the disk while writing {place}") from error
        raise RunFailed(f"the batch's output cannot be made: {place}: {error.strerror}") from error


def _spare(output: str) -> str:
    return os.path.join(output, PARTS, ".spare")


# --- the append file and the record -----------------------------------------------------------


def _join(plan: str, output: str, append: str) -> None:
    target = os.path.join(output, append)
    if mode_of(target):
        return
    os.makedirs(os.path.dirname(target), exist_ok=True)
    with new_file(target, _spare(output)) as file:
        for line in read_plan(plan):
            if line.size:
                _copy_bytes(os.path.join(line.folder, append), line, file.fileno())


def _copy_bytes(source: str, line: Line, writer: int) -> None:
    reader = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        at, end = line.offset, line.offset + line.size
        while at < end:
            count = _copy_some(reader, writer, at, end - at)
            if not count:
                raise RunFailed(f"{source} has become shorter since its shard was done")
            at += count
    finally:
        os.close(reader)


def _copy_some(reader: int, writer: int, at: int, most: int) -> int:
    try:
        if count := os.copy_file_range(reader, writer, min(most, 1 << 30), at):
            return count
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
    # Some filesystems refuse the call above or answer 0.
    return os.write(writer, os.pread(reader, min(most, _BLOCK), at))


def _write_record(plan: str, record: str) -> None:
    end = 0
    with new_file(record) as file:
        for line in read_plan(plan):
            start, end = end, end + line.size
            span = [start, end] if line.size else None
            names = [target for _, target in line.files]
            write_line(file, {"shard": line.shard, "append": span, "files": names})


# --- other files ------------------------------------------------------------------------------


def _place(line: Line, output: str) -> None:
    for path, name in line.files:
        source, target = os.path.join(line.folder, path), os.path.join(output, name)
        if "/" in name:
            os.makedirs(os.path.dirname(target), exist_ok=True)
        if line.carried:
            _copy_carried(source, target, output)
        else:
            _move(source, target, output)


def _copy_carried(source: str, target: str, output: str) -> None:
    # Copies are not synced here: after a power cut one may be short.
    if not mode_of(target) or (
        mode_of(source) and os.lstat(source).st_size != os.lstat(target).st_size
    ):
        _copy(source, target, output, sync=False)


def _move(source: str, target: str, output: str) -> None:
    if mode_of(target):
        if not mode_of(source):
            return
        # A copy to another disk may have been cut off before its source was removed.
        if not _same(source, target):
            raise RunFailed(f"something wrote {target} while the batch's output was made")
        os.unlink(source)
        return
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        _copy(source, target, output, sync=True)
        os.unlink(source)


def _same(one: str, other: str) -> bool:
    if os.path.islink(one) and os.path.islink(other):
        return os.readlink(one) == os.readlink(other)
    kinds = {stat.S_IFMT(mode_of(one)), stat.S_IFMT(mode_of(other))}
    return kinds == {stat.S_IFREG} and filecmp.cmp(one, other, shallow=False)


def _copy(source: str, target: str, output: str, *, sync: bool) -> None:
    spare = _spare(output)
    with suppress(FileNotFoundError):
        os.unlink(spare)
    try:
        if os.path.islink(source):
            os.symlink(os.readlink(source), spare)
        else:
            copy_file(source, spare, stat.S_IMODE(mode_of(source)) & 0o777, sync=sync)
        os.rename(spare, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(spare)
        raise


# --- what is left -----------------------------------------------------------------------------


def _clear(folder: str) -> None:
    """Remove a folder that may have a million entries, without a list of them."""
    found = True
    while found:
        found = False
        with os.scandir(folder) as entries:
            for entry in entries:
                found = True
                if entry.is_dir(follow_symlinks=False):
                    _remove(entry.path)
                else:
                    os.unlink(entry.path)
    os.rmdir(folder)


def _remove(folder: str) -> None:
    try:
        os.rmdir(folder)
    except OSError:
        from shutil import rmtree

        try:
            rmtree(folder)
        except PermissionError:
            _open_up(folder)
            rmtree(folder)


def _open_up(folder: str) -> None:
    os.chmod(folder, 0o700)
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                _open_up(entry.path)
