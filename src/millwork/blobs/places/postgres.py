"""A table in a PostgreSQL database."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from millwork.blobs.places.model import StorageError, missing_library
from millwork.blobs.places.sql import quoted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.base.uris import Uri
    from millwork.blobs.places.model import Access

_ROWS = 20_000
# The types of columns on the way out; what is not listed arrives as text.
_ARROW = {
    "bool": "bool", "int2": "int16", "int4": "int32", "int8": "int64", "float4": "float32",
    "float8": "float64", "date": "date32", "bytea": "binary",
}  # fmt: skip


class PostgresTable:
    """Implements `tables.Database`."""

    def __init__(self, access: Access, uri: Uri, table: str) -> None:
        self._access, self._uri, self._table = access, uri, quoted(table)

    def describe(self) -> tuple[int, str]:
        """The rows. What would change with them cannot be told: nothing is used again."""
        with self._open() as database:
            rows = database.execute(f"SELECT count(*) FROM {self._table}").fetchone()[0]  # noqa: S608
        return rows, ""

    def save(self, path: str) -> int:
        """Streams the rows through a cursor of the server's into a Parquet file."""
        arrow, parquet = _pyarrow()
        count = 0
        with self._open() as database, database.cursor("millwork") as cursor:
            cursor.itersize = _ROWS
            cursor.execute(f"SELECT * FROM {self._table}")  # noqa: S608
            types = [_type_of(arrow, database, column) for column in cursor.description]
            names = [column.name for column in cursor.description]
            schema = arrow.schema(list(zip(names, types, strict=True)))
            with parquet.ParquetWriter(path, schema) as writer:
                while rows := cursor.fetchmany(_ROWS):
                    columns = [
                        arrow.array([_plain(arrow, value, kind) for value in values], kind)
                        for values, kind in zip(zip(*rows, strict=True), types, strict=True)
                    ]
                    writer.write_table(arrow.Table.from_arrays(columns, schema=schema))
                    count += len(rows)
        return count

    def load(self, files: list[str]) -> int:
        """Makes the table anew and copies the rows into it, in one transaction."""
        arrow, _ = _pyarrow()
        count, made = 0, False
        with self._open() as database:
            for batch in _batches(files):
                if not made:
                    self._make(database, arrow, batch.schema)
                    made = True
                with database.cursor().copy(f"COPY {self._table} FROM STDIN") as copy:
                    for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                        copy.write_row(row)
                count += batch.num_rows
            if not made:
                raise StorageError(self._uri.text, "refused", "the files have no columns")
        return count

    def try_write(self) -> None:
        """In a transaction that is taken back."""
        with self._open() as database:
            database.execute("CREATE TABLE millwork_check (x INTEGER)")
            database.rollback()

    def _make(self, database: Any, arrow: Any, schema: Any) -> None:
        columns = ", ".join(
            f'"{_column(field.name)}" {_sql(arrow, field.type)}' for field in schema
        )
        database.execute(f"DROP TABLE IF EXISTS {self._table}")
        database.execute(f"CREATE TABLE {self._table} ({columns})")

    @contextmanager
    def _open(self) -> Iterator[Any]:
        try:
            import psycopg
        except ImportError:
            raise missing_library("postgres", "table") from None
        login: dict[str, Any] = {"password": self._access.secret} if self._access.secret else {}
        place = self._access.get("url")
        try:
            with psycopg.connect(place, connect_timeout=10, **login) as database:
                yield database
        except psycopg.errors.UndefinedTable as error:
            raise StorageError(self._uri.text, "missing", _first(error)) from None
        except psycopg.errors.InsufficientPrivilege as error:
            advice = "grant it to the connection's user"
            raise StorageError(self._uri.text, "denied", _first(error), advice=advice) from None
        except psycopg.OperationalError as error:
            is_login = "authentication" in str(error) or "password" in str(error)
            kind = "secret" if is_login else "unreachable"
            advice = "mend the connection's url, or its secret"
            raise StorageError(self._uri.text, kind, _first(error), advice=advice) from None
        except psycopg.Error as error:
            raise StorageError(self._uri.text, "refused", _first(error)) from None


def _pyarrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa
        import pyarrow.parquet as parquet
    except ImportError:
        raise missing_library("tables", "table") from None
    return pa, parquet


def _batches(files: list[str]) -> Iterator[Any]:
    from pyarrow import csv, json, parquet

    for file in files:
        if file.lower().endswith(".parquet"):
            yield from parquet.ParquetFile(file).iter_batches(_ROWS)
        elif file.lower().endswith(".csv"):
            yield from csv.read_csv(file).to_batches(_ROWS)
        else:
            yield from json.read_json(file).to_batches(_ROWS)


def _type_of(arrow: Any, database: Any, column: Any) -> Any:
    found = database.adapters.types.get(column.type_code)
    name = found.name if found else ""
    if name in ("timestamp", "timestamptz"):
        return arrow.timestamp("us", tz="UTC" if name == "timestamptz" else None)
    return getattr(arrow, _ARROW.get(name, "string"))()


def _plain(arrow: Any, value: Any, kind: Any) -> Any:
    if value is None or not arrow.types.is_string(kind) or isinstance(value, str):
        return value
    if isinstance(value, dict | list):
        import json

        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _sql(arrow: Any, kind: Any) -> str:
    types = arrow.types
    found = (
        (types.is_boolean, "boolean"), (types.is_integer, "bigint"),
        (types.is_floating, "double precision"), (types.is_decimal, "numeric"),
        (types.is_date, "date"), (types.is_timestamp, "timestamptz" if getattr(kind, "tz", None)
                                  else "timestamp"), (types.is_binary, "bytea"),
    )  # fmt: skip
    return next((name for fits, name in found if fits(kind)), "text")


def _column(name: str) -> str:
    return name.replace('"', '""')


def _first(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
