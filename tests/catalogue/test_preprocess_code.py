"""SQL against DuckDB called directly, what it cannot reach, and Python of the user's."""

from __future__ import annotations

import time
from typing import Any

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from millwork.catalogue.index import builtin
from millwork.runtime.functions.preprocess_code import python_script, sql, sql_columns
from millwork.runtime.functions.source_samples import sample_data
from millwork.runtime.problems import StepError

pytestmark = pytest.mark.quick


@pytest.fixture(scope="module")
def penguins() -> pl.DataFrame:
    return sample_data(name="penguins")


def test_a_query_says_what_duckdb_says(penguins: pl.DataFrame) -> None:
    query = "SELECT species, sex, avg(body_mass_g) m FROM t1 GROUP BY ALL ORDER BY ALL"
    found = sql(t1=penguins.lazy(), query=query)
    with duckdb.connect() as database:
        expected = database.execute(query.replace("t1", "penguins")).fetchall()
    assert found.rows() == expected


def test_tables_are_joined(penguins: pl.DataFrame) -> None:
    other = pl.LazyFrame({"art": ["Adelie", "Gentoo"], "größe": [1, 2]})
    found = sql(
        t1=penguins.lazy(), t3=other,
        query='SELECT t1.*, "größe" FROM t1 JOIN t3 ON species = art ORDER BY ALL',
    )  # fmt: skip
    expected = penguins.lazy().join(other, left_on="species", right_on="art").collect()
    assert_frame_equal(found, expected, check_row_order=False)


def test_types_that_polars_has_not() -> None:
    found = sql(
        t1=pl.LazyFrame({"a": [1, 2]}),
        query="SELECT sum(a) AS s, INTERVAL 1 DAY AS i, max(uuid()) AS u, NULL AS n FROM t1",
    )
    assert found.schema["s"] == pl.Int64
    assert found.schema["u"] == pl.String
    assert found.select("s", "i").row(0) == (3, "1 day")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM read_text('/etc/passwd')",
        "SELECT * FROM glob('/*')",
        "FROM '/etc/passwd'",
        "COPY t1 TO '/tmp/stolen.csv'",
        "ATTACH '/tmp/other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "RESET lock_configuration",
        "SET allowed_directories = ['/']",
        "SELECT getenv('HOME')",
        "SELECT * FROM 'https://127.0.0.1/a.parquet'",
    ],
)
def test_a_query_reaches_nothing_but_its_tables(query: str) -> None:
    with pytest.raises(StepError, match="query: "):
        sql(t1=pl.LazyFrame({"a": [1]}), query=query)


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("SELEC 1", "syntax error"),
        ("SELECT colour FROM t1", 'column "colour" not found'),
        ("SELECT * FROM t2", "t2 does not exist"),
        ("SELECT 1 AS a, 2 AS a", "two columns have one name"),
        ("", "selects nothing"),
        ("SELECT CAST('x' AS INTEGER)", "Could not convert"),
        ("SELECT sum(9223372036854775807) FROM range(3)", "out of range"),
    ],
)
def test_queries_that_cannot_be(query: str, words: str) -> None:
    with pytest.raises(StepError, match=words) as found:
        sql(t1=pl.LazyFrame({"a": [1]}), query=query)
    assert "\n" not in str(found.value)


# --- the columns of a query, without its being executed ---------------------------------------

TYPES: dict[str, pl.DataType] = {
    **{str(each): each() for each in (pl.Int8, pl.Int16, pl.Int32, pl.Int64, pl.Float32)},
    **{str(each): each() for each in (pl.UInt8, pl.UInt16, pl.UInt32, pl.UInt64, pl.Float64)},
    **{str(each): each() for each in (pl.Boolean, pl.String, pl.Binary, pl.Date, pl.Time)},
    **{str(each): each() for each in (pl.Null, pl.Categorical)},
    **{f"time {each}": pl.Datetime(each) for each in ("ms", "us", "ns")},
    **{f"zoned {each}": pl.Datetime(each, "Europe/Berlin") for each in ("ms", "us", "ns")},
    **{f"duration {each}": pl.Duration(each) for each in ("ms", "us", "ns")},
    "decimal": pl.Decimal(9, 2),
    "INT8": pl.Int8(),  # but for its case a name as another
}


@pytest.mark.parametrize(
    "query",
    [
        "FROM t1",
        "SELECT * EXCLUDE (Int8), sum(Int64) AS s, avg(Int64) AS a FROM t1 GROUP BY ALL",
        "SELECT t.* FROM (VALUES (1)) LEFT JOIN t1 AS t ON true",
        "SELECT count(*) AS n, NULL AS e, 1.5 AS d, list(Int32) AS l, max(decimal) AS m FROM t1",
        "SELECT INTERVAL 1 DAY AS i, uuid() AS u, now() AS w, 'a'::ENUM('a') AS e, '1'::BIT AS b",
        "SELECT 1::HUGEINT AS h, '01:00:00'::TIME AS t, '01:00:00+01'::TIMETZ AS z",
        "WITH x AS (SELECT String, Date FROM t1) SELECT DISTINCT * FROM x ORDER BY 1",
        "SUMMARIZE SELECT Int8 FROM t1",
    ],
)
def test_the_columns_are_those_of_a_run(query: str) -> None:
    table = pl.LazyFrame(schema=TYPES)
    told = sql_columns(t1=table, query=query)
    found = sql(t1=table, query=query)
    assert (dict(told.schema), told.height) == (dict(found.schema), 0)


@pytest.mark.parametrize(
    "query",
    [
        "SELECT count(*) AS n FROM range(3_000_000_000)",
        "SELECT * FROM range(20_000_000) AS r(n)",
        "WITH RECURSIVE x AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM x) FROM x",
        "SELECT CAST(error('now') AS BIGINT) AS n FROM t1",
    ],
)
def test_nothing_is_executed_for_the_columns(query: str) -> None:
    started = time.process_time()
    assert sql_columns(t1=pl.LazyFrame({"a": [1]}), query=query).columns == ["n"]
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "query",
    [
        "PIVOT t1 ON a USING count(*)",
        "WITH x AS (PIVOT t1 ON a USING count(*)) FROM x",
        "FROM (PIVOT (FROM range(30_000_000)) ON range % 3 USING sum(range))",
        "CREATE TABLE x AS FROM range(3_000_000_000); FROM x",
        "COPY t1 TO '/tmp/stolen.csv'",
        "FROM duckdb_settings()",
    ],
)
def test_columns_that_only_a_run_tells(query: str) -> None:
    with pytest.raises(ValueError, match="known only when it has run"):
        sql_columns(t1=pl.LazyFrame({"a": [1]}), query=query)


@pytest.mark.parametrize("query", ["SELEC 1", "SELECT colour FROM t1", "FROM t2", "", "FROM table"])
def test_what_is_refused_is_what_a_run_refuses(query: str) -> None:
    table = pl.LazyFrame({"a": [1]})
    with pytest.raises(StepError) as told:
        sql_columns(t1=table, query=query)
    with pytest.raises(StepError) as said:
        sql(t1=table, query=query)
    assert str(told.value) == str(said.value)


@pytest.mark.parametrize(
    "query", ["FROM read_csv('/etc/passwd')", "FROM glob('/*')", "FROM '/etc/passwd'"]
)
def test_the_columns_of_a_file_are_not_told(query: str) -> None:
    with pytest.raises((StepError, duckdb.Error)):
        sql_columns(t1=pl.LazyFrame({"a": [1]}), query=query)


# --- Python -----------------------------------------------------------------------------------


def test_code_of_ones_own_is_run_each_time() -> None:
    assert not builtin("builtin:python_script").is_deterministic


@pytest.mark.parametrize(
    "script",
    [
        "def main(t1):\n    return t1.head(2)",
        "def main(t1):\n    return t1.collect().head(2)",
        "def main(t1):\n    return t1.head(2).collect().to_dict(as_series=False)",
        "def main(**given):\n    return given['t1'].head(given['parameters']['n'])",
        "def main(t1, parameters, t2=None):\n    return t1.head(parameters['n'])",
    ],
)
def test_a_script_returns_a_table(script: str, penguins: pl.DataFrame) -> None:
    table = penguins.lazy().select("year", "island")
    found = python_script(t1=table, script=script, parameters='{"n": 2}')
    assert found.collect().rows() == penguins.select("year", "island").rows()[:2]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"script": "x ="}, "SyntaxError"),
        ({"script": "import nowhere_at_all"}, "line 1: ModuleNotFoundError"),
        ({"script": "x = 1"}, "no function `main`"),
        ({"script": "def main(t9): pass"}, "main wants t9; there are: t1, parameters"),
        ({"script": "def main(t1):\n    return t1.collect()['red']"}, "line 2: ColumnNotFound"),
        ({"script": "def main(t1):\n    raise SystemExit(3)"}, "line 2: SystemExit"),
        ({"script": "def main(t1): pass"}, "returns nothing"),
        ({"script": "def main(t1): return 5"}, "unsupported type 'int'"),
        ({"script": "def main(t1): return t1", "parameters": "{"}, "parameters: not JSON"),
    ],
)
def test_scripts_that_cannot_be(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(StepError, match=words) as found:
        python_script(t1=pl.LazyFrame({"a": [1]}), **arguments)
    assert "\n" not in str(found.value)
