"""Tables on disk: what is read as one, what is said of the rest, and failures while writing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import polars as pl
import pytest

from millwork.runtime import tables
from millwork.runtime.problems import StepError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.quick

FRAME = pl.DataFrame({"größe": [1, None], "日本": ["a", ""], "leer": pl.Series([None, None])})


@pytest.mark.parametrize("name", ["a.parquet", "A.CSV", "a.jsonl", "b.ndjson"])
def test_a_table_is_one_file_or_a_folder_of_them(name: str, tmp_path: Path) -> None:
    writers = {".parquet": "write_parquet", ".csv": "write_csv"}
    file = tmp_path / name
    getattr(FRAME, writers.get(file.suffix.lower(), "write_ndjson"))(file)
    for path in (file, tmp_path):
        found = tables.scan(path).collect()
        assert found.columns == FRAME.columns
        assert found["größe"].to_list() == [1, None]
    (tmp_path / "_SUCCESS").touch()
    (tmp_path / ".part.csv").touch()
    assert tables.height(tables.scan(tmp_path)) == 2


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "no table: there is no"),
        ({"notes.txt": "x"}, "no table: there is no"),
        ({"a.csv": "a\n1\n", "b.jsonl": '{"a": 1}\n'}, r"several kinds: \.csv, \.jsonl"),
        ({"a.csv": ""}, r"a\.csv is empty"),
        ({"a.parquet": "PAR1"}, r"a\.parquet cannot be read"),
        ({"a.jsonl": "no\n"}, r"a\.jsonl cannot be read"),
    ],
)
def test_what_is_no_table(files: dict[str, str], words: str, tmp_path: Path) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    with pytest.raises(StepError, match=words) as found:
        tables.scan(tmp_path)
    assert "\n" not in str(found.value)


def test_the_outputs_of_a_run_are_not_one_table(tmp_path: Path) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
        tables.write(pl.DataFrame({"x": [1]}), tmp_path / name)
    with pytest.raises(StepError, match="holds several tables: first, second; name one of them"):
        tables.scan(tmp_path)
    assert tables.scan(tmp_path / "first").collect().height == 1


def test_links_to_folders_are_followed(tmp_path: Path) -> None:
    """What a `foreach` leaves: a folder of links to each step's output."""
    left = tmp_path / "left"
    left.mkdir()
    for number in range(11):
        made = tmp_path / f"made-{number % 10}"
        made.mkdir(exist_ok=True)
        pl.DataFrame({"n": [number % 10]}).write_parquet(made / "data.parquet")
        (left / str(number)).symlink_to(made)  # the last is a result that was used again
    assert tables.scan(left).collect()["n"].to_list() == [*range(10), 0]


def test_links_without_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/up").symlink_to(tmp_path / "a")
    (tmp_path / "a/b/self").symlink_to(tmp_path / "a/b")
    (tmp_path / "a/nowhere").symlink_to(tmp_path / "c")
    (tmp_path / "a/b/x.csv").write_text("a\n1\n")
    assert tables.files_in(tmp_path) == [tmp_path / "a/b/x.csv"]
    monkeypatch.chdir(tmp_path)
    assert [str(file) for file in tables.files_in(type(tmp_path)("."))] == ["a/b/x.csv"]


def test_a_pipe_is_never_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.csv")
    for path in (tmp_path, tmp_path / "x.csv"):
        with pytest.raises(StepError, match=r"no such file|no table"):
            tables.scan(path)
    (tmp_path / "y.csv").write_text("a\n1\n")
    assert tables.height(tables.scan(tmp_path)) == 1


def test_another_file_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("a\n1\n")
    with pytest.raises(StepError, match=r"a table is a \.parquet, \.csv or \.jsonl file"):
        tables.scan(tmp_path / "a.txt")


@pytest.mark.parametrize(
    "frame",
    [
        FRAME,
        FRAME.head(0),
        pl.DataFrame(),
        pl.DataFrame({"c": pl.Series(["x"], dtype=pl.Categorical), "l": [[1]]}),
    ],
)
def test_tables_are_written_as_they_are(frame: pl.DataFrame, tmp_path: Path) -> None:
    for each in (frame, frame.lazy()):
        tables.write(each, tmp_path)
        found = tables.scan(tmp_path).collect()
        assert found.equals(frame)
        assert found.schema == frame.schema


def test_what_fails_while_writing_is_one_line(tmp_path: Path) -> None:
    table = pl.LazyFrame({"a": ["x"]}).with_columns(pl.col("a").cast(pl.Int64))
    with pytest.raises(StepError, match="conversion from `str` to `i64` failed") as found:
        tables.write(table, tmp_path)
    assert "\n" not in str(found.value)
