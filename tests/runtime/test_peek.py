"""Looks at columns: what is told, refused or left unknown, and what a look may take."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import millwork.runtime
from millwork.runtime.functions import source
from millwork.runtime.peek import answer

pytestmark = pytest.mark.quick

RUNTIME = Path(millwork.runtime.__file__).parent


def asked(function: str, inputs: dict[str, Any], **parameters: Any) -> dict[str, Any]:
    return {"function": function, "members": [], "inputs": inputs, "parameters": parameters}


def query(text: str) -> dict[str, Any]:
    columns = [["a", "Int64"], ["t", "Datetime(time_unit='us', time_zone='UTC')"]]
    return asked("preprocess_code.sql", {"t1": {"columns": columns}}, query=text)


def test_columns_of_a_query_are_told_refused_or_unknown() -> None:
    told = answer(query("SELECT t, count(*) AS n FROM t1, range(3_000_000_000) GROUP BY t"))
    zoned = "Datetime(time_unit='us', time_zone='UTC')"
    assert told == {"outputs": {"table": [["t", zoned], ["n", "Int64"]]}}
    assert list(answer(query("SELECT b FROM t1"))) == ["refused"]
    assert list(answer(query("PIVOT t1 ON a"))) == ["error"]
    assert list(answer(query("FROM read_csv('/etc/passwd')"))) == ["error"]


def test_columns_of_other_types_are_unknown() -> None:
    question = asked("preprocess_code.sql", {"t1": {"columns": [["a", "List(Int64)"]]}}, query="")
    assert list(answer(question)) == ["error"]


def test_what_is_large_is_unknown_and_not_refused(tmp_path: Path) -> None:
    for name, function, parameters in (
        ("a.csv", source.read_csv, {"encoding": "latin-1"}),
        ("a.xlsx", source.read_excel, {}),
    ):
        (tmp_path / name).write_bytes(b"a\n" * (3 << 20))
        given = {"file": {"path": str(tmp_path / name)}}
        found = answer(asked(f"source.{function.__name__}", given, **parameters))
        assert "known only when it has run" in found["error"]


def test_a_pipe_does_not_stop_a_look(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "x.csv")
    for path in (tmp_path, tmp_path / "x.csv"):
        assert list(answer({"path": str(path)})) == ["refused"]
        assert list(answer(asked("source.read_csv", {"file": {"path": str(path)}}))) == ["refused"]


def test_a_look_takes_five_seconds_and_leaves_no_file(tmp_path: Path) -> None:
    limits = (
        "import resource, runpy, sys; from atexit import register;"
        "register(lambda: print(resource.getrlimit(resource.RLIMIT_CPU)));"
        f"sys.argv = ['.', '--peek']; runpy.run_path({str(RUNTIME / '__main__.py')!r}, "
        "run_name='__main__')"
    )
    process = subprocess.run(
        [sys.executable, "-c", limits],
        input=json.dumps(query("SELECT a FROM t1 ORDER BY a")) + "\n",
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    first, last = process.stdout.splitlines()
    assert json.loads(first) == {"outputs": {"table": [["a", "Int64"]]}}
    assert last == "(5, 6)"
    assert list(tmp_path.iterdir()) == []
