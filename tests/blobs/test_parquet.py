"""The number of rows in a footer of Parquet is what the libraries that write it say."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from millwork.blobs.parquet import rows_in

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.quick

FRAMES = [
    pl.DataFrame(),
    pl.DataFrame({"a": []}),
    pl.DataFrame({"a": [1, None, 3], "b": ["x", "", None], "c": [True, False, None]}),
    pl.DataFrame({"list": [[1, 2], [], None], "struct": [{"x": 1.5, "y": "z"}] * 3}),
    pl.DataFrame({f"column {number} ü": range(1000) for number in range(300)}),
    pl.DataFrame({"a": range(300_000)}),
]


@pytest.mark.parametrize("frame", FRAMES)
def test_rows_are_those_that_were_written(frame: pl.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "table.parquet"
    frame.write_parquet(path, row_group_size=1000)
    assert rows_in(str(path)) == frame.height


def test_another_writer_is_understood(tmp_path: Path) -> None:
    parquet: Any = pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "table.parquet"
    parquet.write_table(FRAMES[2].to_arrow(), path, version="1.0")
    assert rows_in(str(path)) == 3


@pytest.mark.parametrize("content", [b"", b"PAR1", b"a,b\n1,2\n", b"PAR1" + b"\xff" * 4 + b"PAR1"])
def test_what_is_no_parquet_has_no_number(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    assert rows_in(str(path)) is None
    assert rows_in(str(tmp_path)) is None
    assert rows_in(str(tmp_path / "absent")) is None


def test_links_and_pipes_are_left_alone(tmp_path: Path) -> None:
    FRAMES[2].write_parquet(tmp_path / "table.parquet")
    (tmp_path / "link.parquet").symlink_to(tmp_path / "table.parquet")
    os.mkfifo(tmp_path / "pipe.parquet")
    assert rows_in(str(tmp_path / "link.parquet")) is None
    assert rows_in(str(tmp_path / "pipe.parquet")) is None


def ends(path: Path, footer: bytes) -> int | None:
    """What is read of a file with this footer."""
    path.write_bytes(b"PAR1" + footer + len(footer).to_bytes(4, "little") + b"PAR1")
    return rows_in(str(path))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(st.binary(max_size=200))
def test_any_footer_is_read_to_an_end(tmp_path: Path, footer: bytes) -> None:
    found = ends(tmp_path / "file", footer)
    assert found is None or found >= 0


@pytest.mark.parametrize(
    "footer",
    [
        b"\x19\xf1" + b"\xff" * 8 + b"\x7f",  # a list of very many
        b"\x1b" + b"\xff" * 8 + b"\x7f\x11",  # a map of very many
        b"\x1c" * 2000,  # one in another, and so on
        b"\x18" + b"\xff" * 9 + b"\x00",  # a text that is longer than the file
        b"\x36\x01",  # a number below zero
    ],
)
def test_hostile_footers_are_left_early(tmp_path: Path, footer: bytes) -> None:
    assert ends(tmp_path / "file", footer) is None
