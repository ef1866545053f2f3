"""The content of files by sha256, remembered by what the file system says of them.

A file whose device, inode, size, mtime and ctime are as they were is not read again. One that
was written less than two seconds before it was read is not remembered: a later write could
leave the same times (DESIGN decision 16).
"""

from __future__ import annotations

import os
import stat
import time
from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from millwork.blobs.folders import hash_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.blobs.artifacts import Manifest

_YOUNG = 2_000_000_000

Stamp = tuple[int, int, int, int, int]
"""Device, inode, size, mtime and ctime in ns."""


class Memo(Protocol):
    """Where hashes are remembered."""

    def recall(self, stamp: Stamp) -> str | None:
        """The sha256 of the file with this stamp."""

    def remember(self, stamp: Stamp, digest: str) -> None:
        """Keeps it; may be written later."""


def digest_of(path: str, memo: Memo) -> tuple[str, dict[str, str]]:
    """The digest of a file, or of a folder, and the sha256 of each file by its name.

    Raises OSError if something cannot be read.
    """
    if os.path.isdir(path):
        files = {name: hash_of(file, memo) for name, file in listing(path)}
    else:
        files = {os.path.basename(path): hash_of(path, memo)}
    digest = sha256()
    for name, file_digest in files.items():
        digest.update(f"{name}\0{file_digest}\n".encode("utf-8", "surrogateescape"))
    return digest.hexdigest(), files


def listing(folder: str) -> Iterator[tuple[str, str]]:
    """The files below a folder, as names relative to it and paths, sorted."""
    found: list[tuple[str, str]] = []
    for parent, folders, files in os.walk(folder, followlinks=True):
        folders.sort()
        for file in files:
            path = os.path.join(parent, file)
            found.append((os.path.relpath(path, folder), path))
    yield from sorted(found)


def hash_of(path: str, memo: Memo) -> str:
    """The sha256 of a file, read only if it has changed since it was remembered."""
    info = os.stat(path)
    if not stat.S_ISREG(info.st_mode):
        raise OSError(0, "not a regular file", path)
    stamp = stamp_of(info)
    known = memo.recall(stamp)
    if known:
        return known
    digest, after = hash_file(os.path.realpath(path))
    if stamp_of(after) == stamp and time.time_ns() - max(stamp[3:]) > _YOUNG:
        memo.remember(stamp, digest)
    return digest


def fault_of(folder: str, manifest: Manifest, memo: Memo) -> str:
    """What is wrong with an artifact's files; empty if every byte is as it was sealed.

    Files that the memo vouches for are not read.
    """
    for item in manifest.files:
        path = os.path.join(folder, item.path)
        if item.link or item.path.endswith("/"):
            if not os.path.lexists(path):
                return f"{item.path} is missing"
            continue
        try:
            if os.stat(path).st_size != item.size:
                return f"{item.path} has another size"
            found = hash_of(path, memo)
        except OSError as error:
            return f"{item.path}: {error.strerror}"
        if found != item.sha256:
            return f"{item.path} has the sha256 {found[:12]}, not {item.sha256[:12]}"
    return ""


def stamp_of(info: os.stat_result) -> Stamp:
    """What stands for a file's content as long as it does not change."""
    return (info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)
