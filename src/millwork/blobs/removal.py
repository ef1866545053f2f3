"""Files and folders that go: out of sight by one rename, then removed, whatever their modes are."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

MARK = ".gone-"
"""What begins the name of a folder that is being removed: the next collection finishes it."""


def size_of(path: str) -> int:
    """Bytes of the files at and below a path; links are not followed."""
    try:
        info = os.lstat(path)
        if not stat.S_ISDIR(info.st_mode):
            return info.st_size
        with os.scandir(path) as entries:
            return sum(size_of(entry.path) for entry in entries)
    except OSError:
        return 0


def age_of(path: str, now: float) -> float:
    """Seconds since a file was written, or since something in a folder was made or removed.

    Of what is not there any more it is 0: nothing is to be done about it.
    """
    try:
        return now - os.lstat(path).st_mtime
    except FileNotFoundError:
        return 0.0


def hide(path: str) -> str:
    """Renames a folder so that nobody finds it any more, and returns its new path."""
    parent, name = os.path.split(path)
    hidden = f"{parent}/{MARK}{name.removeprefix(MARK)}"
    if hidden != path:
        with suppress(FileNotFoundError):
            remove(hidden)
        os.rename(path, hidden)
    return hidden


def remove(path: str) -> None:
    """Removes a file, a link, or a folder with all that is in it.

    Folders that forbid it are opened first. Raises OSError for what is somebody else's.
    """
    if os.path.isdir(path) and not os.path.islink(path):
        from shutil import rmtree

        rmtree(path, onerror=_open_up)
        return
    os.unlink(path)


def remove_but(folder: str, kept: Callable[[str], bool]) -> int:
    """Removes what is in a folder, but entries whose names are `kept`; returns the bytes freed."""
    freed = 0
    for name in os.listdir(folder):
        if not kept(name):
            freed += size_of(f"{folder}/{name}")
            remove(f"{folder}/{name}")
    return freed


def entries(folder: str) -> Iterable[str]:
    """The names in a folder, sorted; none if it is not there."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return sorted(os.listdir(folder))
    return []


def _open_up(action: Callable[..., Any], path: str, _error: object) -> None:
    """Tries again what a folder's mode has forbidden; what is gone already is well."""
    with suppress(FileNotFoundError):
        if action in (os.unlink, os.rmdir):
            _allow(os.path.dirname(path))
            action(path)
            return
        _allow(path)
        remove(path)


def _allow(folder: str) -> None:
    os.chmod(folder, stat.S_IMODE(os.lstat(folder).st_mode) | 0o700)
