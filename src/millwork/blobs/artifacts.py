"""An output as one attempt left it: a manifest of files with sizes and sha256."""

from __future__ import annotations

import json
import os
import stat
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from millwork.base.errors import BadRequest, MillworkError
from millwork.base.records import dataclass
from millwork.blobs.folders import (
    copy_file,
    folder_beside,
    hash_file,
    link_inside,
    put_in_place,
    sync_folder,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


class BadOutput(MillworkError):
    """An output holds something that cannot be published."""


class Item(NamedTuple):
    """One file of an artifact: its path with `/`, bytes, sha256.

    A link inside the artifact has `link` (its text) and no sha256; the path of an empty folder
    ends with `/`.
    """

    path: str
    size: int
    sha256: str
    link: str = ""


@dataclass(frozen=True)
class Manifest:
    """What an output consists of, sorted by path.

    `digest` is the content's alone: two attempts that wrote the same bytes have the same.
    `size` is the sum of the files in bytes.
    """

    files: tuple[Item, ...]
    digest: str
    size: int

    @classmethod
    def of(cls, items: Iterable[Item]) -> Manifest:
        """The manifest of these items, in whatever order they come."""
        files = tuple(sorted(items))
        digest = sha256()
        for item in files:
            digest.update(os.fsencode(f"{item.path}\0{item.size}\0{item.sha256}\0{item.link}\n"))
        return cls(files, digest.hexdigest(), sum(item.size for item in files))

    def to_json(self) -> str:
        """A compact list of `[path, size, sha256]` or `[path, 0, "", link]`."""
        rows = [item if item.link else item[:3] for item in self.files]
        return json.dumps(rows, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Manifest:
        """Read what `to_json` wrote; BadOutput for a path that would leave the artifact."""
        items = [Item(*row) for row in json.loads(text)]
        for item in items:
            if item.path.startswith("/") or ".." in item.path.split("/"):
                raise BadOutput(f"a manifest names a file outside its artifact: {item.path}")
        return cls.of(items)


def seal(folder: str, seen_as: str = "") -> Manifest:
    """Read a finished output once, and bring every byte and name of it to the disk.

    `seen_as` is the folder's path as the step saw it (`/ml/output/model`): links that use it,
    like any absolute link inside, are made relative. The entry of `folder` in its own parent is
    the caller's to sync. BadOutput for links that lead outside, devices, sockets, unreadable
    files, and files that something still writes to.
    """
    root = folder
    items: list[Item] = []
    folders = [root]
    try:
        for current in folders:
            with os.scandir(current) as found:
                entries = list(found)
            prefix = "" if current == root else os.path.relpath(current, root) + "/"
            if prefix and not entries:
                items.append(Item(prefix, 0, ""))
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    folders.append(entry.path)
                else:
                    items.append(_seal_entry(root, prefix + entry.name, entry, seen_as))
        for current in reversed(folders):
            sync_folder(current)
    except OSError as error:
        raise BadOutput(f"cannot read the output: {error.filename}: {error.strerror}") from error
    return Manifest.of(items)


def _seal_entry(root: str, path: str, entry: os.DirEntry[str], seen_as: str) -> Item:
    if entry.is_symlink():
        return Item(path, 0, "", _seal_link(root, path, seen_as))
    before = entry.stat(follow_symlinks=False)
    if not stat.S_ISREG(before.st_mode):
        raise BadOutput(
            f"{path} is neither a file, a folder nor a link: remove it when the step ends"
        )
    digest, after = hash_file(entry.path, sync=True)
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise BadOutput(f"{path} changed while it was read: something still writes to it")
    return Item(path, after.st_size, digest)


def _seal_link(root: str, path: str, seen_as: str) -> str:
    root = os.path.realpath(root)
    place = os.path.join(root, path)
    text = os.readlink(place)
    inside = link_inside(root, path, text, seen_as)
    if inside is None:
        raise BadOutput(f"{path} is a link to {text}, outside the output: copy the file instead")
    if inside != text:
        spare = f"{place}.{os.urandom(4).hex()}"
        os.symlink(inside, spare)
        os.rename(spare, place)
    return inside


def verify(folder: str, manifest: Manifest, *, quick: bool = False) -> list[str]:
    """What is wrong with an artifact on disk, one sentence a file; empty when all is well.

    Missing, truncated and changed files, and files that do not belong. `quick` looks at names
    and sizes and reads nothing.
    """
    root = os.path.realpath(folder)
    faults = [fault for item in manifest.files if (fault := _fault(root, item, quick=quick))]
    known = {item.path for item in manifest.files}
    for current, folders, names in os.walk(root):
        links = [name for name in folders if os.path.islink(os.path.join(current, name))]
        for name in (*names, *links):
            path = os.path.relpath(os.path.join(current, name), root)
            if path not in known:
                faults.append(f"{path}: does not belong to the artifact")
    return faults


def _fault(root: str, item: Item, *, quick: bool) -> str | None:
    place = os.path.join(root, item.path)
    try:
        info = os.lstat(place)
        if item.link:
            text = os.readlink(place) if stat.S_ISLNK(info.st_mode) else "a file"
            return None if text == item.link else f"{item.path}: links to {text}, not {item.link}"
        if item.path.endswith("/"):
            return None
        if not stat.S_ISREG(info.st_mode):
            return f"{item.path}: is not a file any more"
        if info.st_size != item.size:
            return f"{item.path}: has {info.st_size} bytes, not {item.size}"
        digest = item.sha256 if quick else hash_file(place)[0]
    except (FileNotFoundError, NotADirectoryError):
        return f"{item.path}: is missing"
    except OSError as error:
        return f"{item.path}: cannot be read: {error.strerror}"
    if digest != item.sha256:
        return f"{item.path}: changed: sha256 is {digest}, not {item.sha256}"
    return None


def export(folder: str, manifest: Manifest, target: str) -> None:
    """Copy an artifact to a user's folder, which appears whole or not at all.

    `target` must be absent or an empty folder: BadRequest otherwise, or where nothing can be
    written. BadOutput when the artifact itself is damaged, NoSpace when the disk is full.
    """
    source, target = os.path.realpath(folder), os.path.realpath(target)
    if os.path.lexists(target) and not (os.path.isdir(target) and not os.listdir(target)):
        raise BadRequest(f"{target} is not an empty folder: name a new one")
    if faults := verify(source, manifest, quick=True):
        raise BadOutput(f"the output is damaged: {faults[0]}")
    try:
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with folder_beside(target) as temporary:
            for item in manifest.files:
                _place(source, temporary, item)
            if not put_in_place(temporary, target):
                raise BadRequest(f"{target} is not an empty folder: name a new one")
    except OSError as error:
        raise BadRequest(f"cannot write {target}: {error.strerror}") from error


def _place(source: str, target: str, item: Item) -> None:
    origin, place = os.path.join(source, item.path), os.path.join(target, item.path)
    os.makedirs(os.path.dirname(place), exist_ok=True)
    if item.link:
        os.symlink(item.link, place)
    elif not item.path.endswith("/"):
        executable = os.stat(origin).st_mode & 0o111
        if copy_file(origin, place, 0o666 | executable) != item.size:
            raise BadOutput(f"the output is damaged: {item.path} is not {item.size} bytes")
