"""Files of this machine, and mounts of it that have a name: `file:`, `nas:` and `cpfs:`."""

from __future__ import annotations

import os
from functools import partial
from hashlib import sha256
from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.blobs import content
from millwork.blobs.artifacts import BadOutput, export, seal
from millwork.blobs.folders import copy_file, hash_file
from millwork.blobs.places.model import Check, Entry, Listing, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from millwork.base.uris import Uri
    from millwork.blobs.places.model import Access


class Files:
    """The machine's own files, or with a connection's `path` those of one mount."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def path_of(self, uri: Uri) -> str:
        """The path that a URI stands for; StorageError if links lead out of the mount."""
        root = self._access.get("path")
        if not root:
            return "/" + uri.path
        if not os.path.isdir(root):
            raise StorageError(
                uri.text, "unreachable", f"the mount '{uri.host}' is not there: {root}",
                advice="mount it, or mend its path",
            )  # fmt: skip
        root = os.path.realpath(root)
        found = os.path.realpath(f"{root}/{uri.path}")
        if found != root and not found.startswith(root.rstrip("/") + "/"):
            raise StorageError(uri.text, "refused", f"it leads out of the mount '{uri.host}'")
        return found

    def find(self, uri: Uri, limit: int = 0) -> Listing:
        """The file, or all files below the folder."""
        path = self.path_of(uri)
        if os.path.isfile(path):
            return Listing((_entry(os.path.basename(path), path),), is_file=True)
        if not os.path.isdir(path):
            raise StorageError(uri.text, "missing", f"there is no {path}")
        try:
            entries: list[Entry] = []
            for name, file in content.listing(path):
                if limit and len(entries) == limit:
                    return Listing(tuple(entries), whole=False)
                entries.append(_entry(name, file))
        except OSError as error:
            raise _told(uri, error) from None
        return Listing(tuple(entries))

    def get(self, uri: Uri, target: str) -> Listing:
        """Copies the file to `target`, or the folder's files below it."""
        path, found = self.path_of(uri), self.find(uri)
        try:
            if not found.is_file:
                os.makedirs(target, exist_ok=True)
            for entry in found.entries:
                place = target if found.is_file else f"{target}/{entry.path}"
                os.makedirs(os.path.dirname(place) or ".", exist_ok=True)
                copied = copy_file(path if found.is_file else f"{path}/{entry.path}", place, 0o666)
                if copied != entry.size:
                    raise StorageError(
                        uri.text, "changed", f"{entry.path} changed while it was read"
                    )
        except OSError as error:
            raise _told(uri, error) from None
        return found

    def put(self, source: str, uri: Uri) -> Listing:
        """Copies it there; it appears whole or not at all. A folder must be new or empty."""
        path = self.path_of(uri)
        try:
            if os.path.isdir(source):
                export(source, seal(source), path)
                return self.find(uri)
            place = f"{path}/{os.path.basename(source)}" if uri.is_folder else path
            os.makedirs(os.path.dirname(place), exist_ok=True)
            spare = f"{place}.millwork-{os.urandom(4).hex()}"
            try:
                copy_file(source, spare, 0o666)
                wanted, found = hash_file(source)[0], hash_file(spare, sync=True)[0]
                if wanted != found:
                    says = f"wrong checksum: the sha256 sent was {wanted}, there it is {found}"
                    raise StorageError(uri.text, "checksum", says)
                os.rename(spare, place)
            finally:
                if os.path.lexists(spare):
                    os.unlink(spare)
        except OSError as error:
            raise _told(uri, error) from None
        except (BadOutput, BadRequest) as error:
            raise StorageError(uri.text, "taken", str(error)) from None
        return Listing((_entry(os.path.basename(place), place),), is_file=True)

    def check(self, uri: Uri) -> list[Check]:
        """Whether it can be listed, read and written by this user."""
        try:
            path = self.path_of(uri)
            found = self.find(uri, limit=1)
        except StorageError as error:
            return [Check("list", False, str(error), error.kind)]
        checks = [Check("list", True, f"{path} can be listed")]
        folder = os.path.dirname(path) if found.is_file else path
        for entry in found.entries[:1]:
            file = path if found.is_file else f"{path}/{entry.path}"
            checks.append(_tried("read", file, partial(_open, file)))
        spare = f"{folder}/.millwork-check-{os.urandom(6).hex()}"

        def write() -> None:
            os.close(os.open(spare, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            os.unlink(spare)

        return [*checks, _tried("write", folder, write)]


def _open(file: str) -> None:
    open(file, "rb").close()


def _tried(what: str, path: str, action: Callable[[], None]) -> Check:
    try:
        action()
    except OSError as error:
        mend = "chmod or chown it, or run as a user who may"
        return Check(what, False, f"{path}: {error.strerror}; {mend}", "denied")
    return Check(what, True, f"{path} can be {'read' if what == 'read' else 'written'}")


def _entry(name: str, path: str) -> Entry:
    info = os.stat(path)
    stamp = f"{info.st_dev}.{info.st_ino}.{info.st_size}.{info.st_mtime_ns}.{info.st_ctime_ns}"
    version = f"file:{sha256(stamp.encode()).hexdigest()[:16]}"
    return Entry(name, info.st_size, version, modified=info.st_mtime)


def _told(uri: Uri, error: OSError) -> StorageError:
    kind = "denied" if isinstance(error, PermissionError) else "refused"
    return StorageError(uri.text, kind, f"{error.filename or ''}: {error.strerror}".lstrip(": "))
