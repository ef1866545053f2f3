"""Regular files and links in folders: hashed, copied, and put in place by one rename."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager, nullcontext
from hashlib import sha256
from typing import TYPE_CHECKING

from millwork.base.errors import NoSpace

if TYPE_CHECKING:
    from collections.abc import Iterator

_BLOCK, _LARGE = 1 << 18, 1 << 22
_FULL = (errno.ENOSPC, errno.EDQUOT)
_TAKEN = (errno.ENOTEMPTY, errno.EEXIST)


def hash_file(path: str, *, sync: bool = False) -> tuple[str, os.stat_result]:
    """The sha256 of a regular file, and its stat after the last byte was read.

    With `sync` its bytes are on the disk when this returns.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        digest = sha256()
        with _syncing(descriptor) if sync else nullcontext():
            while block := os.read(descriptor, _BLOCK):
                digest.update(block)
        return digest.hexdigest(), os.fstat(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _syncing(descriptor: int) -> Iterator[None]:
    """A file's bytes are on the disk after the block; if there are many, on their way meanwhile."""
    if os.fstat(descriptor).st_size < _LARGE:
        yield
        os.fsync(descriptor)
        return
    from threading import Thread  # what is small does not pay for it

    faults: list[OSError] = []

    def bring() -> None:
        try:
            os.fsync(descriptor)
        except OSError as error:
            faults.append(error)

    thread = Thread(target=bring)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    if faults:
        raise faults[0]


def copy_file(source: str, target: str, mode: int, *, sync: bool = False) -> int:
    """Copy bytes and modification time into the new file `target`; its size in bytes.

    `mode` is narrowed by the umask. Blocks are shared where the filesystem can. NoSpace when
    the disk is full; what was written so far stays.
    """
    reader = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        writer = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        try:
            size = _pump(reader, writer)
            info = os.fstat(reader)
            os.utime(writer, ns=(info.st_atime_ns, info.st_mtime_ns))
            if sync:
                os.fsync(writer)
        finally:
            os.close(writer)
    except OSError as error:
        if error.errno in _FULL:
            raise NoSpace(f"no space left on the disk while writing {target}") from error
        raise
    finally:
        os.close(reader)
    return size


def _pump(reader: int, writer: int) -> int:
    size = 0
    try:
        while count := os.copy_file_range(reader, writer, 1 << 30):
            size += count
    except OSError as error:
        if error.errno in _FULL:
            raise
    # Some filesystems refuse the call above or answer 0: this finds what is left, if anything.
    while block := os.read(reader, _BLOCK):
        view = memoryview(block)
        while view:
            view = view[os.write(writer, view) :]
        size += len(block)
    return size


def sync_folder(path: str) -> None:
    """Bring a folder's own entries (names, not contents) to the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def folder_beside(target: str) -> Iterator[str]:
    """A new empty folder next to `target`, removed unless the block puts it in place."""
    parent, name = os.path.split(target)
    path = os.path.join(parent, f".{name}.{os.getpid()}.{os.urandom(4).hex()}")
    os.mkdir(path)
    try:
        yield path
    finally:
        if os.path.isdir(path):
            from shutil import rmtree

            rmtree(path, ignore_errors=True)


def put_in_place(folder: str, target: str) -> bool:
    """Rename `folder` to `target`, which may be an empty folder; False if it is a full one."""
    try:
        os.rename(folder, target)
    except OSError as error:
        if error.errno in _TAKEN:
            return False
        raise
    return True


def within(path: str, folder: str) -> bool:
    """Whether the normalised `path` is `folder` or below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def link_inside(root: str, path: str, text: str, seen_as: str = "") -> str | None:
    """The text of the link at `path` (relative to `root`), relative, if it stays inside `root`.

    `root` is a real path. A text that already is relative comes back as it is. `seen_as` is
    another absolute name of `root`, such as the `/ml/output/model` of a step. None: outside.
    """
    parent, alias = os.path.dirname(path), seen_as.rstrip("/")
    if alias and within(text, alias):
        target = root + text[len(alias) :]
    else:
        target = os.path.join(root, parent, text)
    real = os.path.realpath(target)
    if not within(real, root):
        return None
    climbs = os.path.normpath(os.path.join(parent, text)).split("/")[0] == ".."
    if not os.path.isabs(text) and not climbs:
        return text
    plain = os.path.normpath(target)
    return os.path.relpath(plain if within(plain, root) else real, os.path.join(root, parent))
