"""What is shown of a file: which kind it is, its rows, and small statistics of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from millwork.views.previews import ROWS, preview_of, with_rows
from millwork.views.statistics import guessed, statistics_of

if TYPE_CHECKING:
    from pathlib import Path

    from millwork.views.previews import Preview

pytestmark = pytest.mark.quick

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


def shown(folder: Path, name: str, data: bytes) -> Preview:
    (folder / name).write_bytes(data)
    return preview_of(str(folder / name), name, len(data))


@pytest.mark.parametrize(
    ("name", "data", "kind", "media"),
    [
        ("x", b"\x89PNG\r\n\x1a\nrest", "image", "image/png"),
        ("x.svg", b"\xff\xd8\xff\xe0", "image", "image/jpeg"),
        ("x", b"GIF89a", "image", "image/gif"),
        ("x", b"RIFF\0\0\0\0WEBPVP8 ", "image", "image/webp"),
        ("x", b"RIFF\0\0\0\0WAVE", "binary", ""),
        ("x.png", b"not one", "text", ""),
        ("x.svg", SVG, "text", ""),
        ("x.html", b"<script>", "text", ""),
        ("x.json", b'{"a": 1}', "json", ""),
        ("x.json", b'{"a": ', "text", ""),
        ("x.json", b"[" * 100_000, "text", ""),
        ("x.txt", b'{"a": 1}', "text", ""),
        ("x", b"", "text", ""),
        ("x", b"\xff\xfe\0", "binary", ""),
    ],
)
def test_the_kind_is_told_by_what_is_in_it(
    tmp_path: Path, name: str, data: bytes, kind: str, media: str
) -> None:
    found = shown(tmp_path, name, data)
    assert (found["kind"], found["media"]) == (kind, media)
    assert bool(found["text"]) == (kind in ("text", "json") and bool(data))


@pytest.mark.parametrize("kind", ["report", "model"])
def test_reports_and_models_of_built_ins_are_whole(tmp_path: Path, kind: str) -> None:
    document = {"format": f"millwork/{kind}/1", "sections": ["x" * 1000] * 500}
    found = shown(tmp_path, f"{kind}.json", json.dumps(document).encode())
    assert (found["kind"], found["is_whole"]) == (kind, True)
    assert json.loads(found["text"]) == document


def test_json_that_is_too_long_is_shown_as_text(tmp_path: Path) -> None:
    found = shown(tmp_path, "x.json", json.dumps(["x" * 100] * 50_000, indent=0).encode())
    assert (found["kind"], found["is_whole"]) == ("text", False)


def test_a_csv_has_types_and_statistics_of_what_is_shown(tmp_path: Path) -> None:
    text = "name,n,rate,is_new,short\n" + "".join(
        f"row{i},{i},{i / 2 if i else ''},{i > 5}\n" for i in range(ROWS + 50)
    )
    found = shown(tmp_path, "x.csv", text.encode())
    assert found["types"] == {
        "name": "String", "n": "Int64", "rate": "Float64", "is_new": "Boolean", "short": "String",
    }  # fmt: skip
    assert found["statistics"]["n"] == {
        "missing": 0, "distinct": 100, "minimum": "0", "maximum": "99", "mean": 49.5,
        "histogram": [10] * 10,
    }  # fmt: skip
    assert found["statistics"]["rate"]["missing"] == 1
    assert found["statistics"]["short"]["missing"] == 100
    assert found["statistics"]["is_new"]["distinct"] == 2
    assert (found["total_rows"], len(found["rows"])) == (None, ROWS)
    assert shown(tmp_path, "y.csv", b"a,b\n1,2\n")["total_rows"] == 1


def test_a_table_that_others_have_read_keeps_its_types(tmp_path: Path) -> None:
    empty = shown(tmp_path, "x.parquet", b"PAR1\0")
    types: Any = [["a", "Int64"], ["b", "String"]]
    found = with_rows(empty, types, [["2", "10"], ["10", "9"], ["", ""]], 3)
    assert (found["kind"], found["total_rows"], found["is_whole"]) == ("table", 3, True)
    assert (found["statistics"]["a"]["minimum"], found["statistics"]["b"]["minimum"]) == ("2", "10")
    assert with_rows(empty, types, [], 0)["statistics"]["a"]["distinct"] == 0


@pytest.mark.parametrize(
    ("cells", "dtype"),
    [
        ([], "String"), (["", ""], "String"), (["1", "", "-2"], "Int64"), (["1", "2.5"], "Float64"),
        (["1e3"], "Float64"), (["nan"], "String"), (["inf"], "String"), (["1_000"], "String"),
        (["true", "False"], "Boolean"), (["x"], "String"), (["1" * 30], "Float64"),
    ],
)  # fmt: skip
def test_types_are_guessed_from_cells(cells: list[str], dtype: str) -> None:
    assert guessed(cells) == dtype


@pytest.mark.parametrize(
    ("cells", "mean", "histogram"),
    [
        (["5", "5"], 5.0, [2]), (["nan", "inf", "x"], None, []), (["NaN", "1"], 1.0, [1]),
        (["-1.7e308", "1.7e308"], 0.0, [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        (["1.7e308", "1.7e308"], 1.7e308, [2]),
    ],
)  # fmt: skip
def test_numbers_that_are_none_or_huge_spoil_nothing(
    cells: list[str], mean: float | None, histogram: list[int]
) -> None:
    found = statistics_of([[cell] for cell in cells], {"x": "Float64"})["x"]
    assert (found["mean"], found["histogram"]) == (mean, histogram)
