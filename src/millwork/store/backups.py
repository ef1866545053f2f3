"""Copies of the database of a home, made before it is migrated."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time

from millwork.base.errors import Unavailable
from millwork.base.faultpoints import reach

_OWN = ".new"


def save(path: str, schema: int) -> str:
    """Copies the database at `path`, all that is committed, and returns the copy's path.

    It is whole and on disk, or it is not there. Who calls keeps others from writing meanwhile.
    Raises Unavailable if it cannot be made.
    """
    folder = _folder(path)
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    target = f"{folder}/millwork-{schema:04}-{moment}.db"
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        _copy(path, f"{folder}/{_OWN}")
        reach("migrate.copied")
        os.rename(f"{folder}/{_OWN}", target)
        _sync(folder)
    except (OSError, sqlite3.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise Unavailable(
            f"{path} must be migrated, and no backup of it could be made in {folder}: {reason}. "
            "Nothing was changed: make room there, or see to it that the folder can be written"
        ) from error
    reach("migrate.saved")
    return target


def listed(path: str) -> list[str]:
    """The copies of the database at `path`, oldest first."""
    folder = _folder(path)
    if not os.path.isdir(folder):
        return []
    names = [name for name in os.listdir(folder) if name.endswith(".db") and name[0] != "."]
    return sorted((f"{folder}/{name}" for name in names), key=os.path.getmtime)


def _folder(path: str) -> str:
    return os.path.join(os.path.dirname(path), "backups")


def _copy(path: str, own: str) -> None:
    for end in ("", "-journal", "-wal", "-shm"):  # of one that was cut
        with contextlib.suppress(FileNotFoundError):
            os.unlink(own + end)
    os.close(os.open(own, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    source, copy = sqlite3.connect(path), sqlite3.connect(own, isolation_level=None)
    with contextlib.closing(source), contextlib.closing(copy):
        source.backup(copy)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file that stands alone
        found = copy.execute("PRAGMA quick_check(1)").fetchone()[0]
        if found != "ok":
            raise sqlite3.DatabaseError(f"the copy is damaged: {found}")
    _sync(own)


def _sync(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
