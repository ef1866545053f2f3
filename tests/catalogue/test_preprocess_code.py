"""SQL against DuckDB called directly, what it cannot reach, and Python of the user's."""

from __future__ import annotations

from typing import Any

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from millwork.runtime.functions.preprocess_code import python_script, sql
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
