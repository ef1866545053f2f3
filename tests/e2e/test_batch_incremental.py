"""`--incremental`: a batch whose input has changed works on what is new alone."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conftest import Component, Millwork, Result

WORKER = """\
import os
from millwork_worker import shards
for shard in shards():
    with shard.output("lines.txt") as out:
        for path in shard.files:
            name = os.path.basename(path)
            print("worked on", name, flush=True)
            out.write(name + " " + open(path).read() + "\\n")
            with shard.output(name + ".copy") as copy:
                copy.write(open(path).read())
"""
ROWS = """\
from millwork_worker import shards
for shard in shards():
    with shard.output("lines.txt") as out:
        for row in shard.rows:
            print("worked on", row["n"], flush=True)
            out.write(row["n"] + "\\n")
"""
_STALE = 2.1  # a file that is younger is not known by its times: blobs/content


def batch(component: Component, program: str = WORKER, **fields: Any) -> Path:
    file = component(
        "python3 work.py", "batch", job_type="ElasticBatchJob",
        inputs={"data": {"type": "folder"}}, outputs={"found": {"type": "folder"}},
        **{"batch": {"input": "data", "split": {"files": 2}, "append": "lines.txt"}, **fields},
    )  # fmt: skip
    (file.parent / "work.py").write_text(program)
    return file


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    for name in "abcdef":
        (folder / name).write_text(name * 2)
    return folder


def worked_on(result: Result) -> set[str]:
    lines = (
        line.rpartition("worked on ")[2] for line in result.err.splitlines() if "worked" in line
    )
    return set(lines)


def run(millwork: Millwork, file: Path, data: Path, *words: str) -> Result:
    result = millwork("run", file, "-i", f"data={data}", "--replicas", "2", "--json", *words)
    assert result.code == 0, result.err
    return result


def output(result: Result) -> dict[str, str]:
    folder = Path(result.json["outputs"]["found"])
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_only_new_and_changed_files_are_worked_on_and_the_output_is_whole(
    millwork: Millwork, component: Component, data: Path
) -> None:
    file = batch(component)
    first = run(millwork, file, data)
    assert worked_on(first) == set("abcdef")
    time.sleep(_STALE)
    (data / "b").write_text("changed")
    (data / "g").write_text("new")
    (data / "f").unlink()
    second = run(millwork, file, data, "--incremental")
    # a and e shared a shard with what has changed or is gone
    assert worked_on(second) == set("abeg")
    assert sorted(output(second)["lines.txt"].split("\n")) == sorted(
        ["", "a aa", "b changed", "c cc", "d dd", "e ee", "g new"]
    )
    assert set(output(second)) == {"lines.txt", *(f"{name}.copy" for name in "abcdeg")}
    (tried,) = millwork("runs", "show", "last", "--json").json["steps"][0]["tries"]
    assert tried["usage"]["carried_shards"] == 1
    assert "shards carried" in " ".join(millwork("runs", "show", "last").out.split())
    (data / "h").write_text("newest")
    third = run(millwork, file, data, "--incremental")
    assert worked_on(third) == {"h"}
    assert set(output(third)) == {"lines.txt", *(f"{name}.copy" for name in "abcdegh")}
    assert output(run(millwork, file, data, "--force"))["b.copy"] == "changed"


def test_what_an_earlier_run_left_stays_as_it_is(
    millwork: Millwork, component: Component, data: Path
) -> None:
    file = batch(component)
    first = run(millwork, file, data)
    before = output(first)
    (data / "g").write_text("new")
    run(millwork, file, data, "--incremental")
    assert output(first) == before
    assert millwork("doctor", "artifacts").code == 0


def test_other_work_is_done_anew_and_says_why(
    millwork: Millwork, component: Component, data: Path
) -> None:
    run(millwork, batch(component), data)
    (data / "g").write_text("new")
    file = batch(component, WORKER + "# another program\n")
    assert worked_on(run(millwork, file, data, "--incremental")) == set("abcdefg")
    (tried,) = millwork("runs", "show", "last", "--json").json["steps"][0]["tries"]
    assert tried["usage"]["nothing_carried"] == "not the same work: code"


def test_a_table_that_has_changed_is_read_again_as_a_whole(
    millwork: Millwork, component: Component, tmp_path: Path
) -> None:
    data = tmp_path / "tables"
    data.mkdir()
    for name, first in (("a", 0), ("b", 10)):
        rows = "".join(f"{number}\n" for number in range(first, first + 10))
        (data / f"{name}.csv").write_text(f"n\n{rows}")
    file = batch(
        component, ROWS, batch={"input": "data", "split": {"rows": 5}, "append": "lines.txt"}
    )
    run(millwork, file, data)
    with (data / "b.csv").open("a") as table:
        table.write("99\n")
    second = run(millwork, file, data, "--incremental")
    assert worked_on(second) == {str(number) for number in [*range(10, 20), 99]}
    assert output(second)["lines.txt"].split() == [str(n) for n in [*range(20), 99]]


def test_shards_that_had_failed_are_tried_again(
    millwork: Millwork, component: Component, data: Path, tmp_path: Path
) -> None:
    marker = tmp_path / "mended"
    program = WORKER.replace('with shard.output("lines', 'with shard, shard.output("lines')
    fails = f"if name == 'c' and not os.path.exists({str(marker)!r}): raise ValueError(name)"
    thresholds = {"max_retries": 0, "mini_batch_error_threshold": 1, "error_threshold": 5}
    file = batch(
        component,
        program.replace("out.write", f"{fails}\n            out.write", 1),
        batch={"input": "data", "split": {"files": 2}, "append": "lines.txt", **thresholds},
    )
    first = run(millwork, file, data)
    assert "c cc" not in output(first)["lines.txt"]
    marker.write_text("")
    (data / "g").write_text("new")
    second = run(millwork, file, data, "--incremental")
    assert worked_on(second) == set("cdg")
    assert "c cc" in output(second)["lines.txt"]


def test_what_is_damaged_is_not_carried_over(
    millwork: Millwork, component: Component, data: Path
) -> None:
    file = batch(component)
    first = run(millwork, file, data)
    time.sleep(_STALE)
    (Path(first.json["outputs"]["found"]) / "a.copy").write_text("spoiled")
    (data / "g").write_text("new")
    second = run(millwork, file, data, "--incremental")
    assert worked_on(second) == set("abcdefg")
    assert output(second)["a.copy"] == "aa"
    assert "is damaged" in second.json["steps"][0]["batch"]["nothing_carried"]
