"""A table in a file of DuckDB."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from millwork.blobs.places.model import StorageError, missing_library
from millwork.blobs.places.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.base.uris import Uri
    from millwork.blobs.places.model import Access

_READERS = {".parquet": "read_parquet", ".csv": "read_csv", ".jsonl": "read_json"}


class DuckdbTable:
    """Implements `tables.Database`."""

    def __init__(self, access: Access, uri: Uri, table: str) -> None:
        self._path, self._uri, self._table = access.get("path"), uri, quoted(table)

    def describe(self) -> tuple[int, str]:
        """The rows, and the state of the file: any change to it counts."""
        with self._open(read_only=True) as database:
            rows = database.execute(f"SELECT count(*) FROM {self._table}").fetchone()[0]  # noqa: S608
        info = os.stat(self._path)
        return rows, f"file:{info.st_ino}.{info.st_size}.{info.st_mtime_ns}"

    def save(self, path: str) -> int:
        """Lets DuckDB write the Parquet file."""
        with self._open(read_only=True) as database:
            copy = f"COPY (SELECT * FROM {self._table}) TO {_text(path)} (FORMAT parquet)"  # noqa: S608
            return int(database.execute(copy).fetchone()[0])

    def load(self, files: list[str]) -> int:
        """One statement, which is one transaction."""
        reader = _READERS[os.path.splitext(files[0])[1].lower()]
        listed = ", ".join(map(_text, files))
        with self._open() as database:
            database.execute(
                f"CREATE OR REPLACE TABLE {self._table} AS SELECT * FROM {reader}([{listed}])"  # noqa: S608
            )
            return int(database.execute(f"SELECT count(*) FROM {self._table}").fetchone()[0])  # noqa: S608

    def try_write(self) -> None:
        """In a transaction that is taken back."""
        with self._open() as database:
            database.execute("BEGIN; CREATE TABLE millwork_check (x INTEGER); ROLLBACK")

    @contextmanager
    def _open(self, *, read_only: bool = False) -> Iterator[Any]:
        try:
            import duckdb
        except ImportError:
            raise missing_library("duckdb", "table") from None
        if read_only and not os.path.exists(self._path):
            says = f"there is no file {self._path}"
            raise StorageError(self._uri.text, "missing", says, advice="mend the connection's path")
        try:
            with duckdb.connect(self._path, read_only=read_only) as database:
                yield database
        except duckdb.CatalogException as error:
            raise StorageError(self._uri.text, "missing", _first(error)) from None
        except duckdb.IOException as error:
            advice = "another process has it open for writing, or this user may not"
            raise StorageError(self._uri.text, "denied", _first(error), advice=advice) from None
        except duckdb.Error as error:
            raise StorageError(self._uri.text, "refused", _first(error)) from None


def _text(path: str) -> str:
    return "'" + path.replace("'", "''") + "'"


def _first(error: Exception) -> str:
    return str(error).splitlines()[0]
