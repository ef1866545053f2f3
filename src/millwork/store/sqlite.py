"""SQLite: a file in the Millwork home, opened, migrated, its errors told as ours."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from typing import TYPE_CHECKING, Any

from millwork.base.errors import MillworkError, NoSpace, Unavailable
from millwork.base.faultpoints import reach
from millwork.store.facts import Facts
from millwork.store.queries import migrations, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

RESERVE_SIZE = 1024 * 1024
_PATIENCE, _AGAIN = 30.0, 0.005  # seconds


class SqliteDatabase:
    """Implements `store.database.Database` on the file `path`; made and migrated when opened.

    A reserve beside the file keeps room for the record of a run's end.
    """

    def __init__(self, path: str, queries: Mapping[str, str]) -> None:
        self._path, self._reserve = path, f"{path}.reserve"
        self._queries = dict(queries)
        try:
            self._open(path)
        except NoSpace:  # looking at runs takes room too, for the index of the log
            self.release_reserve()
            self._open(path)
        self._keep_reserve()

    def _open(self, path: str) -> None:
        with _translated(path):
            self._connection = sqlite3.connect(path, timeout=_PATIENCE, isolation_level=None)
            self._connection.row_factory = sqlite3.Row
            self._log_ahead()
            self._connection.execute("PRAGMA synchronous = FULL")
            self._migrate()

    def _log_ahead(self) -> None:
        """Has the file write ahead; of several that make a new one SQLite lets none wait."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                    raise
            time.sleep(_AGAIN)  # nothing tells when the other has made it

    def close(self) -> None:
        """Closes the file."""
        self._connection.close()

    def learn(self, queries: Mapping[str, str]) -> None:
        """Adds statements by name to those that it knows."""
        self._queries.update(queries)

    def execute(self, sql: str) -> sqlite3.Cursor:
        """One statement as it is."""
        return self._connection.execute(sql)

    def query(self, name: str, values: Mapping[str, Any]) -> sqlite3.Cursor:
        """A statement by its name."""
        return self._connection.execute(self._queries[name], values)

    def query_many(self, name: str, rows: Iterable[Any]) -> None:
        """A statement by its name, once for each of the rows."""
        self._connection.executemany(self._queries[name], rows)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is executed within is kept, or nothing of it."""
        with _translated(self._reserve):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                reach("store.writing")
                self._connection.execute("COMMIT")
            except BaseException:
                # SQLite has rolled back by itself when the disk was full.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            reach("store.committed")

    def check_reserve(self) -> None:
        """Raises NoSpace if nothing could be set aside."""
        if not os.path.exists(self._reserve):
            raise NoSpace(_full(os.path.dirname(self._reserve)))

    def release_reserve(self) -> None:
        """Frees the space set aside, so that the end of a run can be written on a full disk."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._reserve)

    def facts(self, patience: float) -> Facts:
        """What it is, over a connection of its own."""
        with _translated(self._path), _opened(self._path, patience) as connection:
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
            schema = _version(connection)
        files = [name for name in (self._path, f"{self._path}-wal") if os.path.exists(name)]
        size = sum(os.path.getsize(name) for name in files)
        version = sqlite3.sqlite_version
        return Facts("SQLite", version, self._path, schema, len(migrations()), size)

    def _migrate(self) -> None:
        done = _version(self._connection)
        scripts = migrations()
        if done > len(scripts):
            raise Unavailable("this Millwork home was written by a newer version of Millwork")
        if done == len(scripts):
            return
        with self.transaction():
            done = _version(self._connection)  # another process may have been faster
            if 0 < done < len(scripts):
                from millwork.store import backups

                backups.save(self._path, done)
            for number, script in enumerate(scripts[done:], start=done + 1):
                for statement in read(script).split(";\n"):
                    self._connection.execute(statement)
                    reach("migrate.statement")
                self._connection.execute(f"PRAGMA user_version = {number}")

    def _keep_reserve(self) -> None:
        if os.path.exists(self._reserve):
            return
        try:
            with open(self._reserve, "xb") as file:
                file.write(bytes(RESERVE_SIZE))
        except OSError:
            self.release_reserve()  # a part of it would take the last room and keep nothing back


def _version(connection: sqlite3.Connection) -> int:
    """The last migration that was carried out."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextlib.contextmanager
def _opened(path: str, patience: float) -> Iterator[sqlite3.Connection]:
    """A further connection to a file that is there."""
    from urllib.parse import quote

    address = f"file:{quote(path)}?mode=rw"  # none is made where there is none
    connection = sqlite3.connect(address, timeout=patience, isolation_level=None, uri=True)
    try:
        yield connection
    finally:
        connection.close()


@contextlib.contextmanager
def _translated(path: str) -> Iterator[None]:
    """SQLite's errors as ours."""
    try:
        yield
    except sqlite3.OperationalError as error:
        raise _ours(error, os.path.dirname(path)) from error
    except sqlite3.IntegrityError as error:
        raise MillworkError(f"refused by a rule of the database: {error}") from error
    except sqlite3.DatabaseError as error:
        raise Unavailable(f"the database in {os.path.dirname(path)} is damaged: {error}") from error


def _ours(error: sqlite3.OperationalError, home: str) -> MillworkError:
    text = str(error)
    if "disk is full" in text or "disk I/O error" in text:
        return NoSpace(_full(home))
    if "locked" in text:
        return Unavailable(f"the database in {home} is locked by another process; try again")
    return Unavailable(f"the database in {home} cannot be used: {text}")


def _full(home: str) -> str:
    return f"no space left on the disk of the Millwork home {home}"
