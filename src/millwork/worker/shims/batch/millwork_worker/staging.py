"""Where a lease's output waits until the service has accepted its shard.

It is OUTPUT/.parts/SHARD.TOKEN/, with the first eight characters of the lease's token: two leases
of one shard never write into the same folder, and the service knows which of them it accepted.
"""

from __future__ import annotations

import os
import re
import stat

TYPE_CHECKING = False  # as in __init__.py
if TYPE_CHECKING:
    from typing import Dict, Iterable, List, Optional, Set

PARTS = ".parts"
_PREFIX = 8  # characters of the token
_VARIABLE = "PAI_OUTPUT_"


class Staging:
    """The staged files of one lease, by output."""

    def __init__(self, shard: str, token: str) -> None:
        self._name = name(shard, token)
        self._folders: Dict[str, str] = {}

    def folder(self, output: Optional[str] = None) -> str:
        """The folder for an output of the component, made when it is first asked for."""
        root = root_of(output)
        if root not in self._folders:
            folder = os.path.join(root, PARTS, self._name)
            os.makedirs(folder, exist_ok=True)
            self._folders[root] = folder
        return self._folders[root]

    def path(self, file: str, output: Optional[str] = None) -> str:
        """Where to write a file, whose folder is there. Raises ValueError if it leads elsewhere."""
        if not file or os.path.isabs(file) or ".." in file.split("/") or file.endswith("/"):
            raise ValueError("'{}' is no name of a file within an output".format(file))
        path = os.path.join(self.folder(output), file)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def sync(self) -> Set[str]:
        """Brings the files to disk; the folders that hold them are still to be synced.

        Raises OSError where that cannot be.
        """
        for folder in self._folders.values():
            _sync_below(folder)
        return {place for root in self._folders for place in (os.path.join(root, PARTS), root)}

    def discard(self) -> None:
        """Removes all of it."""
        from shutil import rmtree

        for folder in self._folders.values():
            rmtree(folder, ignore_errors=True)
        self._folders.clear()


def name(shard: str, token: str) -> str:
    """The folder's name. Raises ValueError for an id or token that is no part of a file's name."""
    found = "{}.{}".format(shard, token[:_PREFIX])
    if not re.match(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\Z", found):
        raise ValueError("shard '{}' or its token cannot be a file's name".format(shard))
    return found


def find(token: str) -> List[str]:
    """The folders that were staged under a token, whatever the shard."""
    found = []
    for root in {path for path in _outputs().values() if os.path.isdir(path)}:
        parts = os.path.join(root, PARTS)
        entries = os.listdir(parts) if os.path.isdir(parts) else []
        end = "." + token[:_PREFIX]
        found += [os.path.join(parts, entry) for entry in entries if entry.endswith(end)]
    return sorted(found)


def root_of(output: Optional[str] = None) -> str:
    """An output's folder: of that name, else of the batch, else the component's only one.

    Raises ValueError where there is none, or more than one.
    """
    there = _outputs()
    wanted = output or os.environ.get("MILLWORK_SHARDS_OUTPUT")
    if wanted:
        variable = _VARIABLE + re.sub("[^a-zA-Z0-9_]", "_", wanted).upper()
        if variable not in there:
            raise ValueError("no output '{}': {} is not set".format(wanted, variable))
        return there[variable]
    if len(there) != 1:
        listed = ", ".join(sorted(there)) or "none is set"
        raise ValueError("say which output it is for ({}*: {})".format(_VARIABLE, listed))
    return next(iter(there.values()))


def sync(places: Iterable[str]) -> None:
    """Brings folders to disk, without what is below them. Raises OSError."""
    for place in places:
        _sync(place)


def sync_whole(folder: str) -> None:
    """Brings a staged folder, all below it and the two above it to disk. Raises OSError."""
    _sync_below(folder)
    parts = os.path.dirname(folder)
    sync((parts, os.path.dirname(parts)))


def _sync_below(folder: str) -> None:
    for place, _, files in os.walk(folder, onerror=_raise):
        sync(os.path.join(place, file) for file in files)
        _sync(place)


def _raise(error: OSError) -> None:
    raise error


def _outputs() -> Dict[str, str]:
    return {key: value for key, value in os.environ.items() if key.startswith(_VARIABLE)}


def _sync(path: str) -> None:
    kind = os.lstat(path).st_mode
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
