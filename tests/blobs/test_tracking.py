from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from millwork.blobs.tracking import history, metrics

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.quick


@pytest.fixture
def attempt(tmp_path: Path) -> Path:
    (tmp_path / "mlflow").mkdir()
    return tmp_path


def test_nothing_logged_is_no_metric(tmp_path: Path) -> None:
    assert metrics(str(tmp_path)) == {}


def test_the_last_value_of_a_metric_counts(attempt: Path) -> None:
    lines = [
        '{"name": "a", "value": 1}',
        '{"name": "a", "value": 2.5}',
        '{"name": "b", "value": 0}',
    ]
    (attempt / "mlflow/metrics.jsonl").write_text("\n".join(lines) + "\n")
    assert metrics(str(attempt)) == {"a": 2.5, "b": 0.0}


@pytest.mark.parametrize(
    "line",
    ["", "{", "[]", "1", '{"name": "a"}', '{"name": "a", "value": "x"}',
     '{"name": "a", "value": NaN}', '{"name": "a", "value": 1', "\0\udcff", "[" * 100_000],
)  # fmt: skip
def test_a_line_that_is_no_metric_is_left_out(attempt: Path, line: str) -> None:
    text = line + '\n{"name": "b", "value": 1}\n'
    (attempt / "mlflow/metrics.jsonl").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert metrics(str(attempt)) == {"b": 1.0}


def test_metrics_of_mlflow_are_read_from_its_database(attempt: Path) -> None:
    with closing(sqlite3.connect(attempt / "mlflow/tracking.db")) as database:
        database.execute(
            "CREATE TABLE latest_metrics (key, value, timestamp, step, is_nan, run_uuid)"
        )
        rows = [
            ("loss", 3.0, 2, 0, 0, "r2"), ("loss", 1.0, 1, 0, 0, "r1"), ("x", 0, 1, 0, 1, "r1")
        ]  # fmt: skip
        database.executemany("INSERT INTO latest_metrics VALUES (?, ?, ?, ?, ?, ?)", rows)
        database.commit()
    assert metrics(str(attempt)) == {"loss": 3.0}


@pytest.mark.parametrize("content", [b"", b"no database at all, but long enough to look at" * 9])
def test_a_file_that_is_no_store_of_mlflow_is_left_out(attempt: Path, content: bytes) -> None:
    (attempt / "mlflow/tracking.db").write_bytes(content)
    assert metrics(str(attempt)) == {}


def test_every_value_of_a_metric_is_kept_in_its_order(attempt: Path) -> None:
    assert history(str(attempt), "loss") == []
    with closing(sqlite3.connect(attempt / "mlflow/tracking.db")) as database:
        database.execute(
            "CREATE TABLE metrics (key TEXT, value REAL, timestamp INT, step INT, is_nan BOOL)"
        )
        rows = [("loss", 2.0, 5, 0, 0), ("loss", 1.0, 9, 1, 0), ("loss", 0.0, 9, 2, 1)]
        rows += [("loss", 3.0, 1, 0, 0), ("auc", 0.5, 1, 0, 0)]
        database.executemany("INSERT INTO metrics VALUES (?, ?, ?, ?, ?)", rows)
        database.commit()
    assert history(str(attempt), "loss") == [3.0, 2.0, 1.0]
    lines = ['{"name": "loss", "value": 7}', '{"name": "auc", "value": 1}']
    (attempt / "mlflow/metrics.jsonl").write_text("\n".join([*lines, lines[0]]) + "\n")
    assert history(str(attempt), "loss") == [7.0, 7.0]
