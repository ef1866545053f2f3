"""Rows of parts of files: wherever a file is cut, each row is in exactly one part."""

from __future__ import annotations

import csv
import importlib
import io
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .shards_service import SHIM, Place, place

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["place"]
sys.path.append(str(SHIM))
rows: Any = importlib.import_module("millwork_worker.rows")
sys.path.remove(str(SHIM))

quick = pytest.mark.quick
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=5)


def read(file: Path, cuts: list[int]) -> list[dict[str, Any]]:
    ends = [*sorted(cuts), file.stat().st_size]
    starts = [0, *ends[:-1]]
    parts = [rows.Part(str(file), start, end) for start, end in zip(starts, ends, strict=True)]
    return [row for part in parts for row in rows.read(part)]


@quick
@settings(max_examples=200, deadline=None)
@given(st.lists(TEXT, max_size=8), st.lists(st.integers(0, 80), max_size=5), st.booleans())
def test_each_json_line_is_in_one_part(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], cuts: list[int], bom: bool
) -> None:
    file = tmp_path_factory.getbasetemp() / "a.jsonl"
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text in texts]
    file.write_bytes(bom * b"\xef\xbb\xbf" + "\n".join(lines).encode())
    size = file.stat().st_size
    found = read(file, [min(cut, size) for cut in cuts])
    assert [row["text"] for row in found] == texts


@quick
@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(TEXT, TEXT), max_size=8),
    st.lists(st.integers(0, 120), max_size=5),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["a.csv", "a.TSV"]),
)
def test_each_line_of_csv_is_in_one_part(
    tmp_path_factory: pytest.TempPathFactory,
    pairs: list[tuple[str, str]],
    cuts: list[int],
    end: str,
    name: str,
) -> None:
    file = tmp_path_factory.getbasetemp() / name
    text = io.StringIO()
    writer = csv.writer(text, delimiter="," if name == "a.csv" else "\t", lineterminator=end)
    writer.writerows([("one", "zwei €"), *pairs])
    file.write_bytes(b"\xef\xbb\xbf" + text.getvalue().encode())
    size = file.stat().st_size
    found = read(file, [min(cut, size) for cut in cuts])
    assert found == [{"one": one, "zwei €": two} for one, two in pairs]


@quick
def test_a_line_break_in_quotes_is_read_if_the_cut_spares_it(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    first = b'a,b\n1,"two\nlines"\n'
    file.write_bytes(first + b'2,"and\nmore"\n')
    found = read(file, [len(first)])
    assert found == [{"a": "1", "b": "two\nlines"}, {"a": "2", "b": "and\nmore"}]
    with pytest.raises(rows.Unreadable, match="byte 11: 1 fields, the header has 2"):
        list(rows.read(rows.Part(str(file), 8, 18)))
    with pytest.raises(rows.Unreadable, match="byte 25: 1 fields"):
        list(rows.read(rows.Part(str(file), 20, None)))


@quick
def test_what_is_wrong_is_said_with_its_place(tmp_path: Path) -> None:
    for name, content, message in (
        ("a.jsonl", b'{"a": 1}\n\n{"a": \n', "a.jsonl: byte 10: Expecting value"),
        ("b.jsonl", b"[1]\n", "b.jsonl: byte 0: a line that is no JSON object"),
        ("c.jsonl", b'{"a": "\xff"}\n', "c.jsonl: byte 7: not UTF-8: invalid start byte"),
        ("d.csv", b"a,b\n1\n", "d.csv: byte 4: 1 fields, the header has 2"),
        ("e.csv", b'a,b\n1,"2\n', "e.csv: byte 4: unexpected end of data"),
        ("f.txt", b"a", "f.txt: rows are read from .csv, .jsonl"),
    ):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(rows.Unreadable) as caught:
            list(rows.read(rows.Part(str(tmp_path / name))))
        assert message in str(caught.value)


@quick
def test_empty_files_have_no_rows(tmp_path: Path) -> None:
    for name in ("a.csv", "a.jsonl"):
        (tmp_path / name).write_bytes(b"")
        assert list(rows.read(rows.Part(str(tmp_path / name)))) == []
    (tmp_path / "a.csv").write_bytes(b"a,b\n\n\n")
    assert list(rows.read(rows.Part(str(tmp_path / "a.csv")))) == []


@quick
def test_a_header_may_have_several_lines_and_blank_ones_before(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes(b'\xef\xbb\xbf\r\n"a\n1",b"\r\n1,2\r\n3,4\r\n')
    assert read(file, [18, 21]) == [{"a\n1": "1", 'b"': "2"}, {"a\n1": "3", 'b"': "4"}]


@quick
def test_long_fields_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n" + "x" * 300_000 + "\n")
    assert len(next(rows.read(rows.Part(str(tmp_path / "a.csv"))))["a"]) == 300_000


def test_shards_have_rows(place: Place) -> None:
    file = place.folder / "a.csv"
    file.write_text("n\n" + "".join(f"{n}\n" for n in range(100)))
    parts = [{"file": str(file), "start": at, "end": at + 100} for at in range(0, 300, 100)]
    book = place.serve(*({"rows": [part]} for part in parts), {"files": [str(file)]})
    text = "for shard in shards(): print(*(row['n'] for row in shard.rows))"
    out = place.run_script(text)[1].split()
    assert out == [str(n) for n in range(100)] * 2
    assert sum(book.done[n]["ok"] for n in range(3)) == 100
    assert book.done[3]["ok"] == 100


def test_a_shard_has_ranges_of_several_files(place: Place) -> None:
    parts = []
    for name, rows in (("a.csv", "1\n2\n3\n"), ("b.csv", "4\n5\n")):
        (place.folder / name).write_text("n\n" + rows)
        parts.append({"file": str(place.folder / name), "start": 0, "end": None})
    first, second = {**parts[0], "end": 4}, {**parts[0], "start": 4}
    place.serve({"rows": [first, second, parts[1]]})
    text = (
        "for shard in shards():\n"
        "    print(*(row['n'] for row in shard.rows))\n"
        "    print(*map(os.path.basename, shard.files), len(shard.ranges), len(shard.parts()))\n"
    )
    assert place.run_script("import os\n" + text)[1] == "1 2 3 4 5\na.csv b.csv 3 3\n"


def test_parquet_without_pyarrow_is_an_error_that_says_so(place: Place) -> None:
    book = place.serve({"rows": [{"file": "a.parquet", "start": 0, "end": 2}]}, retries=0)
    text = "import sys; sys.modules['pyarrow'] = None\nrun(lambda shard: list(shard.rows))"
    place.run_script(text)
    assert "a.parquet: Parquet is read with pyarrow, which cannot be imported" in book.failed[0]


def test_parquet_is_read_by_row_groups(tmp_path: Path) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    parquet = importlib.import_module("pyarrow.parquet")
    file = str(tmp_path / "a.parquet")
    parquet.write_table(pyarrow.table({"n": list(range(10))}), file, row_group_size=3)
    found = [[row["n"] for row in rows.read(rows.Part(file, at, at + 2))] for at in (0, 2, 4)]
    assert found == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9], []]
    assert [row["n"] for row in rows.read(rows.Part(file))] == list(range(10))


def test_frames_hold_the_rows_of_a_part(tmp_path: Path) -> None:
    pytest.importorskip("pandas")
    file = tmp_path / "a.csv"
    file.write_text("\ufeffn,t\n" + "".join(f"{n},x\n" for n in range(50)))
    frames = [rows.frame(rows.Part(str(file), at, at + 50)) for at in range(0, 250, 50)]
    assert [list(frame.columns) for frame in frames] == [["n", "t"]] * 5
    assert [n for frame in frames for n in frame["n"]] == list(range(50))
    lines = tmp_path / "a.jsonl"
    lines.write_text('{"n": 1}\n{"n": 2}\n')
    assert list(rows.frame(rows.Part(str(lines), 3))["n"]) == [2]
    assert len(rows.frame(rows.Part(str(lines), 12))) == 0
