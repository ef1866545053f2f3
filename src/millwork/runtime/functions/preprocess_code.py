"""Code of the user's own: SQL over tables, and a Python function."""

from __future__ import annotations

import inspect
import json
import tempfile
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from .. import tables
from ..problems import StepError, listed
from .preprocess_code_types import duckdb_type, polars_type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from duckdb import DuckDBPyConnection, DuckDBPyRelation

TABLES = ("t1", "t2", "t3", "t4")


def sql(
    *,
    t1: pl.LazyFrame | None = None,
    t2: pl.LazyFrame | None = None,
    t3: pl.LazyFrame | None = None,
    t4: pl.LazyFrame | None = None,
    query: str,
) -> pl.DataFrame:
    """What a query says of the tables t1 to t4; it can reach nothing but them."""
    given = _given(t1, t2, t3, t4)
    with tempfile.TemporaryDirectory() as folder:
        for name, frame in given.items():
            place = Path(folder, name)
            place.mkdir()
            tables.write(frame, place)
        return _answer(folder, list(given), query)


def sql_columns(*, query: str, **given: pl.LazyFrame) -> pl.DataFrame:
    """A table without rows that has the columns `sql` would give; nothing is executed.

    ValueError where only a run can tell them: PIVOT, of which DuckDB makes several statements.
    """
    import duckdb

    with _isolated() as database:
        for name, table in given.items():
            database.execute(f"CREATE VIEW {name} AS {_rowless(table)}")
        try:
            kinds = [each.type for each in database.extract_statements(query)]
            if not kinds:
                raise StepError(_NOTHING)
            if kinds != [duckdb.StatementType.SELECT]:
                raise ValueError("its columns are known only when it has run")
            answer = _storable(database.sql(query))
        except (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException) as error:
            raise StepError(_refusal(error)) from None
        types = map(polars_type, map(str, answer.types))
        return pl.DataFrame(schema=dict(zip(answer.columns, types, strict=True)))


def python_script(
    *,
    t1: pl.LazyFrame | None = None,
    t2: pl.LazyFrame | None = None,
    t3: pl.LazyFrame | None = None,
    t4: pl.LazyFrame | None = None,
    script: str,
    parameters: str = "{}",
) -> pl.LazyFrame:
    """What the script's function `main` returns; it is given what its arguments name."""
    main = _main(script)
    try:
        values = json.loads(parameters)
    except ValueError as error:
        raise StepError(f"parameters: not JSON: {error}") from None
    known: dict[str, Any] = {**_given(t1, t2, t3, t4), "parameters": values}
    wanted = inspect.signature(main).parameters
    lacking = [
        name
        for name, each in wanted.items()
        if name not in known and each.default is each.empty and each.kind not in _ANY
    ]
    if lacking:
        raise StepError(f"main wants {listed(lacking)}; there are: {listed(known)}")
    takes_all = any(each.kind is each.VAR_KEYWORD for each in wanted.values())
    try:
        result = main(**{n: each for n, each in known.items() if takes_all or n in wanted})
        frame = result if isinstance(result, pl.LazyFrame) else pl.DataFrame(result).lazy()
        frame.collect_schema()
    except (Exception, SystemExit) as error:
        raise StepError(f"script: {_where(error)}{_said(error)}") from None
    if result is None:
        raise StepError("script: main returns nothing: it has to return a table")
    return frame


_ANY = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
_FILE = "<script>"
_NOTHING = "query: it selects nothing: end with a SELECT"
_STORED = {
    "HUGEINT": "BIGINT",
    "UHUGEINT": "BIGINT",
    "INTERVAL": "VARCHAR",
    "UUID": "VARCHAR",
    "TIME WITH TIME ZONE": "VARCHAR",
}
"""Types that Parquet or polars do not have, and what becomes of them."""


def _given(*frames: pl.LazyFrame | None) -> dict[str, pl.LazyFrame]:
    return {name: frame for name, frame in zip(TABLES, frames, strict=True) if frame is not None}


def _answer(folder: str, names: list[str], query: str) -> pl.DataFrame:
    import duckdb

    with _isolated(folder) as database:
        for name in names:
            file = f"{folder}/{name}/{tables.FILE}"
            database.execute(f"CREATE VIEW {name} AS FROM read_parquet('{file}')")
        try:
            answer = database.sql(query)
            if answer is None:
                raise StepError(_NOTHING)
            return selected(answer, Path(folder, "answer.parquet"))
        except duckdb.Error as error:
            raise StepError(_refusal(error)) from None


@contextmanager
def _isolated(folder: str = "") -> Iterator[DuckDBPyConnection]:
    """A database in memory that reaches nothing but a folder, if one is named."""
    import duckdb

    with duckdb.connect() as database:
        database.execute(f"SET temp_directory = '{folder}'")
        if folder:
            database.execute(f"SET allowed_directories = ['{folder}']")
        database.execute("SET enable_external_access = false")
        database.execute("SET lock_configuration = true")
        yield database


def _rowless(table: pl.LazyFrame) -> str:
    """A SELECT with a table's columns and none of its rows."""
    columns = [
        f"CAST(NULL AS {duckdb_type(dtype)}) AS {quoted(name)}"
        for name, dtype in table.collect_schema().items()
    ]
    return f"SELECT {', '.join(columns)} WHERE false"


def _refusal(error: Exception) -> str:
    return f"query: {' '.join(str(error).split())[:500]}"


def selected(answer: DuckDBPyRelation, file: Path) -> pl.DataFrame:
    """What a query selects, by way of a Parquet file: DuckDB's own way needs pyarrow."""
    _storable(answer).write_parquet(str(file))
    with tables.told("query"):
        return pl.read_parquet(file)


def _storable(answer: DuckDBPyRelation) -> DuckDBPyRelation:
    """With types that a Parquet file can hold; StepError for a name that two columns have."""
    if len(set(answer.columns)) < len(answer.columns):
        raise StepError("query: two columns have one name: name one differently (AS)")
    kinds = zip(answer.columns, map(str, answer.types), strict=True)
    casts = [
        f"CAST({quoted(name)} AS {_STORED[kind]}) AS {quoted(name)}"
        for name, kind in kinds
        if kind in _STORED
    ]
    return answer.project(f"* REPLACE ({', '.join(casts)})") if casts else answer


def quoted(name: str) -> str:
    """A name as SQL writes it, whatever letters it has."""
    return '"' + name.replace('"', '""') + '"'


def _main(script: str) -> Callable[..., Any]:
    module: dict[str, Any] = {"__name__": "script"}
    try:
        exec(compile(script, _FILE, "exec"), module)  # noqa: S102 - the user's code, in a step
    except (Exception, SystemExit) as error:
        raise StepError(f"script: {_where(error)}{_said(error)}") from None
    main = module.get("main")
    if not callable(main):
        raise StepError("script: it defines no function `main`: def main(t1): return t1")
    function: Callable[..., Any] = main
    return function


def _where(error: BaseException) -> str:
    """The script's line in which an error came up."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == _FILE]
    return f"line {lines[-1]}: " if lines else ""


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:500]}"
