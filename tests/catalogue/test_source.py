"""Files and databases, written and read again, against the libraries called directly."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from millwork.catalogue.index import declarations
from millwork.catalogue.samples import SAMPLES
from millwork.runtime import tables
from millwork.runtime.functions import source, source_samples, source_sql
from millwork.runtime.problems import StepError
from millwork.runtime.step import Folder
from tests.store import server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def penguins() -> pl.DataFrame:
    return source_samples.sample_data(name="penguins")


def same(found: pl.LazyFrame | pl.DataFrame, expected: pl.DataFrame) -> None:
    assert_frame_equal(found.lazy().collect(), expected, check_exact=True)


# --- samples ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_have_the_columns_that_are_declared(name: str) -> None:
    frame = source_samples.sample_data(name=name)
    assert {column: str(dtype) for column, dtype in frame.schema.items()} == SAMPLES[name].columns
    assert frame.height > 10


def test_samples_are_those_of_their_packages() -> None:
    from sklearn import datasets

    for name, label, words in (
        ("breast_cancer", "diagnosis", ["malignant", "benign"]),
        ("wine", "cultivar", ["first", "second", "third"]),
        ("iris", "species", ["setosa", "versicolor", "virginica"]),
    ):
        frame = source_samples.sample_data(name=name)
        expected = getattr(datasets, f"load_{name}")()
        assert (frame.drop(label).to_numpy() == expected.data).all()
        assert frame[label].to_list() == [words[number] for number in expected.target]
    found = source_samples.sample_data(name="diabetes").to_numpy()
    expected = datasets.load_diabetes(scaled=False)
    assert (found[:, :-1] == expected.data).all()
    assert (found[:, -1] == expected.target).all()
    found = source_samples.sample_data(name="digits").to_numpy()
    assert (found[:, :-1] == datasets.load_digits().data).all()


def test_sizes_that_are_told() -> None:
    sizes = {"penguins": 344, "flights": 336_776, "purchases": 69_659, "air_passengers": 144}
    for name, rows in sizes.items():
        assert source_samples.sample_data(name=name).height == rows
    assert source_samples.sample_data(name="purchases")["customer"].n_unique() == 23_570
    texts = source_samples.sample_data(name="scipy_docs")
    assert texts.height > 600
    assert texts["text"].str.split(" ").list.len().min() == 20


def test_a_sample_that_is_not_there() -> None:
    with pytest.raises(StepError, match="no sample 'cars'; there are: penguins"):
        source_samples.sample_data(name="cars")


# --- CSV --------------------------------------------------------------------------------------


def test_csv_there_and_back(penguins: pl.DataFrame, tmp_path: Path) -> None:
    for delimiter in (",", ";", "tab"):
        source.write_csv(table=penguins.lazy(), file=Folder(tmp_path), delimiter=delimiter)
        same(source.read_csv(file=tmp_path / "data.csv", delimiter=delimiter), penguins)


def test_csv_options(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("made by hand\nzip;born;x\n01067;2024-01-31;NA\n20095;2024-02-01;-\n")
    options: dict[str, Any] = {"file": file, "delimiter": ";", "skip": 1, "null_values": "NA, -"}
    found = source.read_csv(**options, types="zip:text,x:float").collect()
    assert found.rows() == [("01067", date(2024, 1, 31), None), ("20095", date(2024, 2, 1), None)]
    assert found.schema["x"] == pl.Float64
    assert source.read_csv(**options, dates=False).collect_schema()["born"] == pl.String
    bare = source.read_csv(**{**options, "header": False, "skip": 2}).collect()
    assert bare.columns == ["column_0", "column_1", "column_2"]
    assert bare.height == 2


@pytest.mark.parametrize("encoding", ["latin-1", "gb18030", "utf-16", "utf-8", "utf-8-sig"])
def test_csv_in_other_letters(encoding: str, tmp_path: Path) -> None:
    text = "größe\n1\n" if encoding == "latin-1" else "größe 大小\n1\n"
    (tmp_path / "a.csv").write_text(text, encoding=encoding)
    found = source.read_csv(file=tmp_path / "a.csv", encoding=encoding).collect()
    assert found.columns == [text.splitlines()[0]]
    assert found.rows() == [(1,)]


def test_csv_of_several_files(penguins: pl.DataFrame, tmp_path: Path) -> None:
    penguins.head(100).write_csv(tmp_path / "1.csv")
    penguins.slice(100).write_csv(tmp_path / "2.csv")
    same(source.read_csv(file=tmp_path), penguins)


def test_csv_with_a_name_twice(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,a\n1,2\n")
    assert source.read_csv(file=tmp_path / "a.csv").collect().columns == ["a", "a_duplicated_0"]


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (b"", {}, "a.csv is empty"),
        (b"a\n1\n", {"delimiter": "::"}, "one character or `tab`"),
        (b"a\n1\n", {"encoding": "latin-99"}, "there is no 'latin-99'"),
        (b"a\n\xff\n", {"encoding": "gb18030"}, "cannot be read as gb18030"),
        (b"a\n1\n", {"types": "b:text"}, "no column 'b'"),
        (b"a\n1\n", {"types": "a=text"}, "is not COLUMN:TYPE"),
        (b"a\n1\n", {"types": "a:Int64"}, "one of integer, float"),
    ],
)
def test_csv_that_cannot_be_read(
    content: bytes, options: dict[str, Any], words: str, tmp_path: Path
) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(StepError, match=words):
        source.read_csv(file=tmp_path / "a.csv", **options)


@pytest.mark.parametrize("content", ["a\n" + "1\n" * 10_001 + "x\n", "a,b\n1,2,3\n"])
def test_csv_that_breaks_in_the_middle(content: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(content)
    with pytest.raises(StepError):
        tables.write(source.read_csv(file=tmp_path / "a.csv"), tmp_path)


# --- Parquet, JSON lines, Excel ---------------------------------------------------------------


def test_parquet_there_and_back(penguins: pl.DataFrame, tmp_path: Path) -> None:
    source.write_parquet(table=penguins.lazy(), files=Folder(tmp_path), compression="snappy")
    same(source.read_parquet(file=tmp_path), penguins)
    same(source.read_parquet(file=tmp_path / "data.parquet"), penguins)


def test_partitions_keep_their_types(penguins: pl.DataFrame, tmp_path: Path) -> None:
    coded = penguins.with_columns(code=pl.col("year").cast(pl.String).str.zfill(6))
    source.write_parquet(
        table=coded.lazy(), files=Folder(tmp_path), partition_by=["code", "species"]
    )
    assert (tmp_path / "code=002007" / "species=Gentoo").is_dir()
    found = source.read_parquet(file=tmp_path).collect()
    assert_frame_equal(found, coded, check_row_order=False)
    with pytest.raises(StepError, match="every column makes a partition"):
        source.write_parquet(
            table=coded.select("code").lazy(), files=Folder(tmp_path), partition_by=["code"]
        )


def test_partitions_of_others(penguins: pl.DataFrame, tmp_path: Path) -> None:
    with duckdb.connect() as database:
        database.execute(f"COPY penguins TO '{tmp_path}/p' (FORMAT parquet, PARTITION_BY (year))")
    found = tables.scan(tmp_path / "p").collect()
    assert_frame_equal(found, penguins, check_row_order=False, check_column_order=False)


def test_files_that_are_no_parquet(tmp_path: Path) -> None:
    (tmp_path / "a.parquet").write_text("no")
    for path in (tmp_path, tmp_path / "a.parquet"):
        with pytest.raises(StepError, match=r"a\.parquet cannot be read"):
            source.read_parquet(file=path)
    with pytest.raises(StepError, match="cannot be read"):
        source.read_parquet(file=tmp_path / "b.parquet")


def test_json_lines_there_and_back(penguins: pl.DataFrame, tmp_path: Path) -> None:
    source.write_jsonl(table=penguins.lazy(), file=Folder(tmp_path))
    same(source.read_jsonl(file=tmp_path / "data.jsonl"), penguins)
    (tmp_path / "data.jsonl").write_text('{"a": 1}\n{"a": \n')
    with pytest.raises(StepError):
        tables.write(source.read_jsonl(file=tmp_path / "data.jsonl"), tmp_path)


def test_excel_there_and_back(penguins: pl.DataFrame, tmp_path: Path) -> None:
    when = penguins.with_columns(seen=pl.date(pl.col("year"), 1, 31))
    source.write_excel(table=when.lazy(), file=Folder(tmp_path), sheet="Pinguine")
    for sheet in (None, "Pinguine"):
        found = source.read_excel(file=tmp_path / "data.xlsx", sheet=sheet)
        assert_frame_equal(found, when)
    with pytest.raises(StepError, match="no sheet 'x'; there are: Pinguine"):
        source.read_excel(file=tmp_path / "data.xlsx", sheet="x")
    with pytest.raises(StepError, match="sheet 'a/b'"):
        source.write_excel(table=when.lazy(), file=Folder(tmp_path), sheet="a/b")
    (tmp_path / "data.xlsx").write_text("no")
    with pytest.raises(StepError, match=r"data\.xlsx cannot be read"):
        source.read_excel(file=tmp_path / "data.xlsx")


def test_excel_with_zones_and_large_numbers(tmp_path: Path) -> None:
    when = datetime(2024, 1, 31, 12, tzinfo=UTC)
    table = pl.LazyFrame({"when": [when], "large": [1e30], "nan": [float("nan")]})
    source.write_excel(table=table, file=Folder(tmp_path))
    found = source.read_excel(file=tmp_path / "data.xlsx")
    assert found.select("when", "large").row(0) == (when.replace(tzinfo=None), 1e30)


def test_what_a_format_cannot_hold(tmp_path: Path) -> None:
    table = pl.LazyFrame({"l": [[1], [2]]})
    for function in (source.write_csv, source.write_excel):
        with pytest.raises(StepError, match=r"'l' is List\(Int64\)"):
            function(table=table, file=Folder(tmp_path))
    with pytest.raises(StepError, match="'b' is Binary, which JSON"):
        source.write_jsonl(table=pl.LazyFrame({"b": [b"x"]}), file=Folder(tmp_path))
    with pytest.raises(StepError, match="has no columns"):
        source_sql.write_sql_table(table=pl.LazyFrame(), database=Folder(tmp_path))
    long = pl.LazyFrame({"a": range(source.EXCEL_ROWS + 1)})
    with pytest.raises(StepError, match="1048576 rows"):
        source.write_excel(table=long, file=Folder(tmp_path))


# --- files, typed data ------------------------------------------------------------------------


def test_files_there_and_back(tmp_path: Path) -> None:
    rows = pl.DataFrame({"path": ["a.txt", "b/c.txt"], "text": ["größe\r\n", ""]})
    source.write_files(table=rows.lazy(), files=Folder(tmp_path))
    (tmp_path / "d.bin").write_bytes(b"\xff\xfe")
    found = source.read_files(folder=tmp_path)
    assert found.rows() == [("a.txt", 9, "größe\r\n"), ("b/c.txt", 0, ""), ("d.bin", 2, None)]
    assert source.read_files(folder=tmp_path, pattern="*.bin", content=False).rows() == [
        ("d.bin", 2)
    ]
    assert source.read_files(folder=tmp_path, pattern="*.x").height == 0


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("**/*", ["0/a.txt", "2/a.txt", "10/a.txt", "10/b/c.md", "d.txt"]),
        ("*", ["d.txt"]),
        ("*/a.txt", ["0/a.txt", "2/a.txt", "10/a.txt"]),
        ("**/*.md", ["10/b/c.md"]),
        ("10/**/*", ["10/a.txt", "10/b/c.md"]),
        ("[01]/?.txt", ["0/a.txt"]),
        ("../*", []),
    ],
)
def test_patterns_of_files(pattern: str, found: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    for name in ("made-0/a.txt", "made-2/a.txt", "made-10/a.txt", "made-10/b/c.md", "folder/d.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    for number in (0, 2, 10):
        (folder / str(number)).symlink_to(tmp_path / f"made-{number}")
    os.mkfifo(folder / "pipe.txt")
    assert source.read_files(folder=folder, pattern=pattern)["path"].to_list() == found


@pytest.mark.parametrize("pattern", ["", "/etc/*", "."])
def test_patterns_that_cannot_be(pattern: str, tmp_path: Path) -> None:
    with pytest.raises(StepError, match="pattern: "):
        source.read_files(folder=tmp_path, pattern=pattern)


def test_one_file_is_found_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "[a].txt").write_text("x")
    assert source.read_files(folder=tmp_path / "[a].txt").rows() == [("[a].txt", 1, "x")]


@pytest.mark.parametrize("reader", ["read_csv", "read_parquet", "read_jsonl", "read_excel"])
def test_only_files_are_read(reader: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StepError, match="pipe cannot be read: there"):
        getattr(source, reader)(file=tmp_path / "pipe")
    with pytest.raises(StepError, match="pipe cannot be read: there"):
        source_sql.read_sql_table(database=tmp_path / "pipe", table_name="a")


def test_files_behind_links_to_folders(penguins: pl.DataFrame, tmp_path: Path) -> None:
    """What a `foreach` leaves, for each of the readers."""
    writers = {
        "csv": source.write_csv, "parquet": source.write_parquet, "jsonl": source.write_jsonl,
        "excel": source.write_excel, "sql_table": source_sql.write_sql_table,
    }  # fmt: skip
    for kind, writer in writers.items():
        made, left = Folder(tmp_path / f"made-{kind}"), tmp_path / kind
        made.mkdir()
        left.mkdir()
        port = {"sql_table": "database", "parquet": "files"}.get(kind, "file")
        writer(table=penguins.lazy(), **{port: made})  # type: ignore[operator]
        (left / "0").symlink_to(made)
        module, more = (source_sql, {"table_name": "data"}) if kind == "sql_table" else (source, {})
        port = "database" if kind == "sql_table" else "file"
        found = getattr(module, f"read_{kind}")(**{port: left}, **more)
        assert found.lazy().collect().height == penguins.height


def test_what_is_large_is_not_read_for_its_columns(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("größe\n1\n", encoding="latin-1")
    (tmp_path / "b.csv").write_bytes(b"a\n" + b"1\n" * (3 << 20))
    file = tmp_path / "a.csv"
    assert source.read_csv_columns(file=file, encoding="latin-1").collect_schema().names() == [
        "größe"
    ]
    assert source.read_csv_columns(file=tmp_path / "b.csv").collect_schema().names() == ["a"]
    with pytest.raises(ValueError, match="it is large"):
        source.read_csv_columns(file=tmp_path / "b.csv", encoding="latin-1")
    source.write_excel(table=pl.LazyFrame({"a": [1]}), file=Folder(tmp_path))
    book = tmp_path / "data.xlsx"
    assert source.read_excel_columns(file=book, sheet="data").columns == ["a"]
    os.truncate(book, 5 << 20)
    with pytest.raises(ValueError, match="it is large"):
        source.read_excel_columns(file=book)


def test_what_writes_or_asks_others_is_done_each_time() -> None:
    each_time = {each.name for each in declarations().values() if not each.is_deterministic}
    assert {each for each in each_time if each.startswith("write_")} == {"write_sql_table"}
    assert "read_sql_table" in each_time


@pytest.mark.parametrize("path", ["../a", "/a", "", None, ".", "a/../../b"])
def test_files_stay_in_their_folder(path: str | None, tmp_path: Path) -> None:
    rows = pl.LazyFrame({"path": [path], "text": ["x"]}, {"path": pl.String, "text": pl.String})
    with pytest.raises(StepError, match="no path within"):
        source.write_files(table=rows, files=Folder(tmp_path))


def test_two_rows_for_one_file(tmp_path: Path) -> None:
    rows = pl.LazyFrame({"path": ["a", "./a"], "text": ["x", "y"]})
    with pytest.raises(StepError, match="two rows are for"):
        source.write_files(table=rows, files=Folder(tmp_path))


def test_typed_data() -> None:
    found = source.enter_data(csv="\nOrt,seit,n\nMünchen,1158-06-14,1.5\n\n")
    assert found.rows() == [("München", date(1158, 6, 14), 1.5)]
    assert source.enter_data(csv="a,b").rows() == []
    with pytest.raises(StepError, match="empty"):
        source.enter_data(csv="  ")


# --- databases --------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["duckdb", "sqlite"])
def test_databases_there_and_back(kind: str, penguins: pl.DataFrame, tmp_path: Path) -> None:
    name = 'pin"guine; DROP'
    source_sql.write_sql_table(
        table=penguins.lazy(), database=Folder(tmp_path), table_name=name, kind=kind
    )
    file = tmp_path / f"data.{kind}"
    same(source_sql.read_sql_table(database=file, table_name=name), penguins)
    query = 'SELECT count(*) AS n FROM "pin""guine; DROP" WHERE sex IS NULL'
    assert source_sql.read_sql_table(database=tmp_path, query=query).rows() == [(11,)]
    for statement in ("SELECT * FROM nowhere", "SELEC 1"):
        with pytest.raises(StepError, match=f"data.{kind}|query"):
            source_sql.read_sql_table(database=file, query=statement)
    with pytest.raises(StepError):
        source_sql.read_sql_table(database=file, query='DROP TABLE "pin""guine; DROP"')
    same(source_sql.read_sql_table(database=file, table_name=name), penguins)


def test_sqlite_keeps_times_as_texts(tmp_path: Path) -> None:
    table = pl.LazyFrame({"d": [date(2024, 1, 31)], "b": [True], "f": [1.5]})
    source_sql.write_sql_table(table=table, database=Folder(tmp_path), kind="sqlite")
    with closing(sqlite3.connect(tmp_path / "data.sqlite")) as database:
        assert database.execute("SELECT * FROM data").fetchall() == [("2024-01-31", 1, 1.5)]


def test_files_that_are_no_database(tmp_path: Path) -> None:
    (tmp_path / "a.db").write_text("no database, but a text")
    with pytest.raises(StepError, match=r"a\.db"):
        source_sql.read_sql_table(database=tmp_path / "a.db", table_name="a")
    with pytest.raises(StepError, match="a table, or give a query"):
        source_sql.read_sql_table(database=tmp_path / "a.db")


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with server.started() as database:
        yield database.url("postgres")


def test_postgres(postgres: str, penguins: pl.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    import psycopg

    with psycopg.connect(postgres) as database:
        database.execute("CREATE TABLE p (island text, mass int8, f float8, d date)")
        rows = penguins.head(5).select("island", "body_mass_g", "bill_length_mm").rows()
        for row in rows:
            database.execute("INSERT INTO p VALUES (%s, %s, %s, '2024-01-31')", row)
    monkeypatch.setenv("SHOP", postgres)
    found = source_sql.read_sql_table(table_name="p", variable="SHOP")
    assert found.rows() == [(*row, date(2024, 1, 31)) for row in rows]
    for query in ("DELETE FROM p", "SELECT colour FROM p"):
        with pytest.raises(StepError, match=r"database|query"):
            source_sql.read_sql_table(query=query, variable="SHOP")


def test_postgres_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOP", raising=False)
    with pytest.raises(StepError, match="the variable SHOP is given"):
        source_sql.read_sql_table(table_name="p", variable="SHOP")
    monkeypatch.setenv("SHOP", "mysql://user:word@127.0.0.1/a")
    with pytest.raises(StepError, match="SHOP does not begin") as found:
        source_sql.read_sql_table(table_name="p", variable="SHOP")
    assert "word" not in str(found.value)
    monkeypatch.setenv("SHOP", "postgresql://user:word@127.0.0.1:1/a")
    with pytest.raises(StepError, match="the database") as found:
        source_sql.read_sql_table(table_name="p", variable="SHOP")
    assert "word" not in str(found.value)
