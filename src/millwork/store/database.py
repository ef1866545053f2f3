"""What the stores ask of a database, and which one a place names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from contextlib import AbstractContextManager

    from millwork.store.facts import Facts


SCHEMES = ("postgresql://", "postgres://")


class Result(Protocol):
    """What a statement gave: rows whose columns are found by name."""

    @property
    def rowcount(self) -> int:
        """How many rows it has written."""

    def fetchone(self) -> Any:
        """The next row; None after the last."""

    def __iter__(self) -> Iterator[Any]: ...


class Database(Protocol):
    """One connection. Raises Unavailable, and NoSpace on a full disk.

    Every commit is on disk before it returns. Statements that write stand in a transaction.
    """

    def close(self) -> None:
        """Closes the connection."""

    def learn(self, queries: Mapping[str, str]) -> None:
        """Adds statements by name to those that it knows."""

    def execute(self, sql: str) -> Result:
        """One statement as it is."""

    def query(self, name: str, values: Mapping[str, Any]) -> Result:
        """A statement by its name."""

    def query_many(self, name: str, rows: Iterable[Mapping[str, Any]]) -> None:
        """A statement by its name, once for each of the rows."""

    def transaction(self) -> AbstractContextManager[None]:
        """All that is executed within is kept, or nothing of it."""

    def check_reserve(self) -> None:
        """Raises NoSpace if nothing could be set aside for the record of a run's end."""

    def release_reserve(self) -> None:
        """Frees the space set aside, so that the end of a run can be written on a full disk."""

    def facts(self, patience: float) -> Facts:
        """What it is, asked over a connection of its own that any thread may ask for.

        Raises Unavailable if it does not answer within about `patience` seconds.
        """


def open_database(
    place: str, queries: Mapping[str, str], home: str = "", patience: float = 0.0
) -> Database:
    """The database at `place`: a file, or a URL of PostgreSQL. It is made and migrated.

    `queries` are its statements by name. Of PostgreSQL, `home` is the folder whose runs this
    process may drive; a server that cannot be reached is tried for `patience` seconds.
    """
    if place.startswith(SCHEMES):
        from millwork.store.postgres import PostgresDatabase

        return PostgresDatabase(place, queries, home, patience)
    from millwork.store.sqlite import SqliteDatabase

    return SqliteDatabase(place, queries)
