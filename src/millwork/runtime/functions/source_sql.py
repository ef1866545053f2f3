"""Tables of databases."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import polars as pl

from .. import tables
from ..problems import StepError, listed
from ..step import Folder
from .preprocess_code import quoted, selected

_SQLITE = b"SQLite format 3\0"
_ROWS = 20_000
_DATABASES = ("postgresql://", "postgres://")


def read_sql_table(
    *,
    database: Path | None = None,
    table_name: str | None = None,
    query: str | None = None,
    variable: str = "DATABASE_URL",
) -> pl.DataFrame:
    """A table, or what a query selects, of a DuckDB or SQLite file, or of PostgreSQL."""
    if bool(table_name) == bool(query):
        raise StepError("name a table, or give a query: one of them")
    statement = query or f"SELECT * FROM {quoted(table_name or '')}"  # noqa: S608 - quoted
    if database is None:
        return _of_postgres(_url(variable), statement)
    file = _file(database)
    with file.open("rb") as content:
        is_sqlite = content.read(len(_SQLITE)) == _SQLITE
    return _of_sqlite(file, statement) if is_sqlite else _of_duckdb(file, statement)


def write_sql_table(
    *, table: pl.LazyFrame, database: Folder, table_name: str = "data", kind: str = "duckdb"
) -> None:
    """The table as the only one of a new database's file."""
    if not table.collect_schema():
        raise StepError("the table has no columns")
    if kind == "sqlite":
        tables.plain(table, "SQLite")
        _to_sqlite(table, database / "data.sqlite", table_name)
    else:
        _to_duckdb(table, database / "data.duckdb", table_name)


def _of_duckdb(file: Path, statement: str) -> pl.DataFrame:
    import duckdb

    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            duckdb.connect(file, read_only=True) as connection,
        ):
            connection.execute(f"SET allowed_directories = ['{folder}']")
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            answer = connection.sql(statement)
            if answer is None:
                raise StepError("query: it selects nothing: end with a SELECT")
            return selected(answer, Path(folder, tables.FILE))
    except duckdb.Error as error:
        raise StepError(f"{file.name}: {_said(error)}") from None


def _of_sqlite(file: Path, statement: str) -> pl.DataFrame:
    try:
        with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return _read(connection, statement)
    except sqlite3.Error as error:
        raise StepError(f"{file.name}: {_said(error)}") from None


def _of_postgres(url: str, statement: str) -> pl.DataFrame:
    import psycopg

    try:
        with psycopg.connect(url, connect_timeout=10) as connection:
            connection.read_only = True
            return _read(connection, statement)
    except psycopg.Error as error:
        raise StepError(f"the database: {_said(error)}") from None


def _read(connection: Any, statement: str) -> pl.DataFrame:
    try:
        return pl.read_database(statement, connection, infer_schema_length=None)
    except (pl.exceptions.PolarsError, TypeError, ValueError) as error:
        raise StepError(f"query: {_said(error)}") from None


def _to_duckdb(table: pl.LazyFrame, file: Path, name: str) -> None:
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        tables.write(table, Path(folder))
        rows = f"FROM read_parquet('{folder}/{tables.FILE}')"
        try:
            with duckdb.connect(file) as connection:
                connection.execute(f"CREATE TABLE {quoted(name)} AS {rows}")
        except duckdb.Error as error:
            raise StepError(f"table '{name}': {_said(error)}") from None


def _to_sqlite(table: pl.LazyFrame, file: Path, name: str) -> None:
    """SQLite has no types for dates and times: they become texts, as ISO 8601 writes them."""
    schema = table.collect_schema()
    columns = ", ".join(f"{quoted(each)} {_affinity(dtype)}" for each, dtype in schema.items())
    places = ", ".join("?" * len(schema))
    plain = table.with_columns(
        pl.col(each).dt.to_string("iso")
        if dtype.is_temporal()
        else pl.col(each).cast(_plain(dtype))
        for each, dtype in schema.items()
    )
    rows = tables.collected(plain)
    try:
        with closing(sqlite3.connect(file)) as connection, connection:
            connection.execute(f"CREATE TABLE {quoted(name)} ({columns})")
            connection.executemany(
                f"INSERT INTO {quoted(name)} VALUES ({places})",  # noqa: S608 - quoted
                rows.iter_rows(buffer_size=_ROWS),
            )
    except (sqlite3.Error, OverflowError) as error:
        raise StepError(f"table '{name}': {_said(error)}") from None


def _affinity(dtype: pl.DataType) -> str:
    if dtype.is_integer() or dtype == pl.Boolean:
        return "INTEGER"
    return "REAL" if dtype.is_numeric() else "TEXT"


def _plain(dtype: pl.DataType) -> pl.DataType:
    if dtype.is_integer() or dtype == pl.Boolean:
        return pl.Int64()
    return pl.Float64() if dtype.is_numeric() else pl.String()


def _url(variable: str) -> str:
    url = os.environ.get(variable, "")
    if not url:
        raise StepError(
            f"neither a database file nor the variable {variable} is given: wire a file, or set "
            f"env: {{{variable}: {{secret: NAME}}}} on the node"
        )
    if not url.startswith(_DATABASES):
        raise StepError(f"{variable} does not begin with {listed(_DATABASES)}")
    return url


def _file(path: Path) -> Path:
    if not path.is_dir():
        return tables.regular(path)
    found = tables.files_in(path)
    if len(found) != 1:
        raise StepError(f"{path.name}: a database is one file, and there are {len(found)}")
    return found[0]


def _said(error: Exception) -> str:
    return " ".join(str(error).split())[:500]
