"""Batches for real: every kind of worker and of split, and what becomes of shards that fail."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.batches import Batch, assert_nothing_left, good, launched, reason, tree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.conftest import Component, Millwork, Pipeline

LOOP = """\
import os
from millwork_worker import shards
for shard in shards():
    with shard.output("rows.txt") as out:
        for path in shard.files:
            print(os.path.basename(path), open(path).read(), file=out)
    with shard.output(f"each/{shard.id}.txt") as out:
        out.write("of " + shard.id)
"""
WITH = """\
import os
from millwork_worker import shards
for shard in shards():
    with shard, shard.output("rows.txt") as out:
        for path in shard.files:
            print(os.path.basename(path), open(path).read(), file=out)
        with shard.output(f"each/{shard.id}.txt") as other:
            other.write("of " + shard.id)
"""
FUNCTION = """\
import os
from millwork_worker import run
def work(shard):
    with shard.output("rows.txt") as out:
        for path in shard.files:
            print(os.path.basename(path), open(path).read(), file=out)
    with shard.output(f"each/{shard.id}.txt") as out:
        out.write("of " + shard.id)
run(work, threads=THREADS)
"""
SHELL = """\
while line=$(millwork shard next --wait); do
    field() { echo "$line" | sed "s/.*\\"$1\\": \\"\\([^\\"]*\\)\\".*/\\1/"; }
    staged=$(field staged) shard=$(field id)
    mkdir -p "$staged/each"
    printf 'of %s' "$shard" >"$staged/each/$shard.txt"
    echo "$line" | grep -o '/[^"]*[.]txt' |
        while read -r path; do echo "${path##*/} $(cat "$path")"; done >"$staged/rows.txt"
    millwork shard done "$(field token)" --ok 2 || exit 1
done
"""
MAP = (
    "millwork shard map --to rows.txt --"
    """ sh -c 'mkdir -p "$MILLWORK_STAGED/each"
               printf "of $MILLWORK_SHARD" >"$MILLWORK_STAGED/each/$MILLWORK_SHARD.txt"
               echo "$(basename "$1") $(cat "$1")"' sh {}"""
)


@pytest.fixture
def batch(component: Component, tmp_path: Path, home: Path, millwork: Millwork) -> Iterator[Batch]:
    yield Batch(component, tmp_path, home)
    assert_nothing_left(home)


WORKERS = {
    "loop": {"program": LOOP},
    "with": {"program": WITH},
    "function": {"program": FUNCTION.replace("THREADS", "0")},
    "threads": {"program": FUNCTION.replace("THREADS", "3")},
    "shell": {"program": "", "command": SHELL},
    "map": {"program": "", "command": MAP},
}


@pytest.mark.parametrize(
    ("worker", "count"),
    [*((worker, 2) for worker in WORKERS), ("loop", 1), ("loop", 5), ("function", 5)],
)
def test_output_is_the_same_however_many_work_and_however(
    batch: Batch, worker: str, count: int
) -> None:
    batch.files(13)
    found = tree(good(batch.run(batch.write(**WORKERS[worker]), count)))
    rows = "".join(f"{number:03}.txt text {number}\n" for number in range(13))
    assert found == {"rows.txt": rows, **{f"each/{n}.txt": f"of {n}" for n in range(7)}}


ROWS = """\
import json
from millwork_worker import shards
for shard in shards():
    with shard.output("rows.txt") as out:
        if shard.key:
            print(json.dumps(shard.key), [f.rpartition("/")[2] for f in shard.files], file=out)
            continue
        for row in shard.rows:
            print(json.dumps(row, sort_keys=True), file=out)
"""


def test_rows_of_csv_and_jsonl(batch: Batch) -> None:
    batch.given.mkdir()
    table = "n,text\n" + "".join(f'{n},"line\n{n}"\n' for n in range(40))
    (batch.given / "a.csv").write_text(table)
    found = good(batch.run(batch.write(ROWS, batch={"split": {"rows": 7}})))
    rows = [json.loads(line) for line in (found / "rows.txt").read_text().splitlines()]
    assert rows == [{"n": str(n), "text": f"line\n{n}"} for n in range(40)]

    (batch.given / "a.csv").unlink()
    for name in ("a", "b"):
        lines = "".join(f'{{"n": {n}, "of": "{name}"}}\n' for n in range(30))
        (batch.given / f"{name}.jsonl").write_text(lines)
    found = good(batch.run(batch.write(ROWS, batch={"split": {"rows": 7}}), 5))
    rows = [json.loads(line) for line in (found / "rows.txt").read_text().splitlines()]
    assert rows == [{"n": n, "of": name} for name in "ab" for n in range(30)]


def test_partition_keys(batch: Batch) -> None:
    for year in (2023, 2024):
        for month in (1, 2):
            folder = batch.given / f"year={year}" / f"month={month}"
            folder.mkdir(parents=True)
            (folder / "a.csv").write_text("n\n1\n")
            (folder / "b.csv").write_text("n\n1\n")
    found = good(batch.run(batch.write(ROWS, batch={"split": {"keys": ["year", "month"]}})))
    lines = (found / "rows.txt").read_text().splitlines()
    assert len(lines) == 4
    assert json.loads(lines[1].partition("}")[0] + "}") == {"year": "2023", "month": "2"}
    assert lines[1].endswith("['a.csv', 'b.csv']")


@pytest.mark.parametrize("split", ["auto", {"bytes": "20"}, {"list": "which.txt"}])
def test_splits_of_files(batch: Batch, split: Any) -> None:
    batch.files(12)
    wanted = range(12)
    if "list" in split:
        wanted = range(3, 6)
        (batch.given / "which.txt").write_text("003.txt\t004.txt\n005.txt\n")
    found = good(batch.run(batch.write(LOOP, batch={"split": split})))
    rows = "".join(f"{number:03}.txt text {number}\n" for number in wanted)
    assert (found / "rows.txt").read_text() == rows


def test_no_more_workers_than_shards_are_launched(batch: Batch, home: Path) -> None:
    batch.files(2)
    good(batch.run(batch.noted("import time; time.sleep(0.5)"), 6))
    assert launched(home) == ["worker-0", "worker-1"]
    assert batch.tries() == {0: 1, 1: 1}


@pytest.mark.parametrize("split", ["auto", {"files": 3}, {"bytes": "1Ki"}])
def test_an_empty_input_is_done_at_once(batch: Batch, home: Path, split: Any) -> None:
    batch.files(0)
    found = tree(good(batch.run(batch.noted("", batch={"split": split}), 3)))
    assert found == {"rows.txt": ""}
    assert launched(home) == []


@pytest.mark.parametrize(
    ("split", "told"),
    [
        ({"keys": ["year"]}, "no folder above it is named 'year=...'"),
        ({"rows": 10}, "000.bin"),
        ({"list": "which.txt"}, "which.txt"),
    ],
)
def test_an_input_that_cannot_be_cut_starts_no_worker(
    batch: Batch, home: Path, split: Any, told: str
) -> None:
    batch.given.mkdir()
    (batch.given / "000.bin").write_bytes(bytes(range(256)))
    failed = batch.run(batch.noted("", batch={"split": split}), 3)
    assert told in reason(failed)
    assert launched(home) == []


def test_an_input_that_is_not_given(batch: Batch, millwork: Millwork) -> None:
    refused = millwork("run", batch.noted(""))
    assert refused.code == 2
    assert "given" in refused.err


@pytest.mark.parametrize(
    ("program", "told"),
    [
        ("print('nothing to do')", "the workers have ended, and none has asked for a shard"),
        ("import no_such_module", ": exit code 1; the limit of 3 restarts is reached"),
    ],
)
def test_a_program_that_never_asks_ends_the_run_soon(batch: Batch, program: str, told: str) -> None:
    batch.files(6)
    began = time.monotonic()
    assert told in reason(batch.run(batch.write(program), 2))
    assert time.monotonic() - began < 20


BAD = """\
if name == "003.txt":
    raise ValueError("003 is bad")
"""


def failed_shards(home: Path) -> list[dict[str, Any]]:
    (file,) = (home / "attempts").glob("*/failed_shards.jsonl")
    return [json.loads(line) for line in file.read_text().splitlines()]


def test_a_bad_shard_is_tried_elsewhere_and_then_recorded(batch: Batch, home: Path) -> None:
    batch.files(8)
    act = f"{BAD}import time; time.sleep(0.3)"
    failed = batch.run(batch.noted(act), 3)
    assert "shard 3 failed: 1 item, error_threshold is 0; ValueError: 003 is bad" in reason(failed)
    assert batch.tries()[3] == 3
    names = {line.split()[1] for line in batch.effects.read_text().splitlines()
             if line.startswith("3 ")}  # fmt: skip
    assert len(names) == 3, "another worker has tried each time"
    (entry,) = failed_shards(home)
    assert (entry["shard"], entry["attempts"], entry["files"]) == (3, 3, ["003.txt"])
    assert "ValueError: 003 is bad" in entry["error"]
    assert {name.partition("/")[0] for name in entry["workers"]} == names
    log, _, place = entry["log"].rpartition(":")
    assert "ValueError: 003 is bad" in Path(log).read_text()[: int(place)]


@pytest.mark.parametrize(
    "allowed",
    [
        {"error_threshold": 1, "mini_batch_error_threshold": 1, "allowed_failed_percent": 13},
        {"error_threshold": -1, "mini_batch_error_threshold": -1},
    ],
)
def test_what_may_fail_is_left_out(batch: Batch, home: Path, allowed: Any) -> None:
    batch.files(8)
    found = good(batch.run(batch.noted(BAD, batch={"max_retries": 0, **allowed})))
    names = [f"{number:03}.txt\n" for number in range(8) if number != 3]
    assert (found / "rows.txt").read_text() == "".join(names)
    assert batch.tries()[3] == 1
    assert [entry["shard"] for entry in failed_shards(home)] == [3]


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        ({"error_threshold": 0}, "1 item, error_threshold is 0"),
        ({"mini_batch_error_threshold": 0}, "mini_batch_error_threshold is 0"),
        ({"allowed_failed_percent": 12}, "1 of 8 shards, allowed_failed_percent is 12"),
    ],
)
def test_beyond_a_threshold_the_others_are_stopped(batch: Batch, limit: Any, told: str) -> None:
    batch.files(8)
    act = f"{BAD}import time; time.sleep(30 if int(name[:3]) > 3 else 0.1)"
    any_number = {"error_threshold": -1, "mini_batch_error_threshold": -1, "max_retries": 0}
    began = time.monotonic()
    failed = batch.run(batch.noted(act, batch={**any_number, **limit}), 3)
    assert f"shard 3 failed: {told}" in reason(failed)
    assert time.monotonic() - began < 8


def test_a_shard_that_kills_its_worker_is_given_up(batch: Batch) -> None:
    batch.files(8)
    act = 'if name == "003.txt":\n    os.kill(os.getpid(), 9)'
    allowed = {"error_threshold": 1, "mini_batch_error_threshold": 1}
    found = good(batch.run(batch.noted(act, batch=allowed), 2))
    assert len((found / "rows.txt").read_text().splitlines()) == 7
    tries = batch.tries()
    assert tries.pop(3) == 7
    assert set(tries.values()) <= {1, 2}, "what the first death took with it is done again"


SCORE = """\
import argparse, os
def init():
    global factor
    parser = argparse.ArgumentParser()
    parser.add_argument("--factor", type=int)
    factor = parser.parse_known_args()[0].factor
    with open(os.environ["TMPDIR_OF_TEST"] + "/init", "a") as file:
        file.write("x")
def run(mini_batch):
    return [f"{os.path.basename(path)} {len(open(path).read()) * factor}" for path in mini_batch]
def shutdown():
    with open(os.environ["TMPDIR_OF_TEST"] + "/shutdown", "a") as file:
        file.write("x")
"""
PARALLEL = """\
$schema: https://azuremlschemas.azureedge.net/latest/parallelComponent.schema.json
type: parallel
name: digits
version: 1
inputs:
  images: {type: uri_folder}
  factor: {type: integer, default: 2}
outputs:
  scores: {type: uri_file}
input_data: ${{inputs.images}}
mini_batch_size: "3"
max_concurrency_per_instance: 2
resources: {instance_count: 2}
task:
  type: run_function
  code: ./src
  entry_script: score.py
  environment: {image: python}
  program_arguments: --factor ${{inputs.factor}}
  append_row_to: ${{outputs.scores}}
"""
JOB = """\
$schema: https://azuremlschemas.azureedge.net/latest/pipelineJob.schema.json
type: pipeline
inputs:
  pictures: {type: uri_folder}
outputs:
  all: {type: uri_file}
jobs:
  digits:
    type: parallel
    component: ./digits.yml
    inputs: {images: "${{parent.inputs.pictures}}", factor: 3}
    outputs: {scores: "${{parent.outputs.all}}"}
"""


def test_azureml_parallel(batch: Batch, write: Any, tmp_path: Path) -> None:
    batch.files(10)
    script = SCORE.replace('os.environ["TMPDIR_OF_TEST"]', repr(str(tmp_path)))
    write("src/score.py", script)
    file = write("digits.yml", PARALLEL)
    done = batch.command("run", file, "-i", f"images={batch.given}", "--json")
    assert done.code == 0, done.err
    rows = "".join(f"{number:03}.txt 12\n" for number in range(10))
    found = Path(done.json["outputs"]["scores"])
    assert [path.read_text() for path in found.iterdir()] == [rows]
    started = len((tmp_path / "init").read_text())
    assert 1 <= started <= 4
    assert len((tmp_path / "shutdown").read_text()) == started

    job = write("job.yml", JOB)
    done = batch.command("run", job, "-i", f"pictures={batch.given}", "--json")
    assert done.code == 0, done.err
    (scores,) = Path(done.json["outputs"]["all"]).iterdir()
    assert scores.read_text() == rows.replace(" 12", " 18")


def test_batches_in_a_pipeline(
    batch: Batch, component: Component, pipeline: Pipeline, tmp_path: Path
) -> None:
    command = 'for n in 1 2 3 4 5; do echo $n >"$PAI_OUTPUT_FILES$n.txt"; done'
    words = """; echo '["x", "y"]' >"$PAI_OUTPUT_WORDS\""""
    component(command + words, "make", outputs={"files": {}, "words": {"type": "value"}})
    batch.write(LOOP, parameters={"word": {"type": "String", "default": ""}})
    component('cat "$PAI_INPUT_ONE"/rows.txt "$PAI_INPUT_MANY"/*/rows.txt', "read",
              inputs={"one": {}, "many": {}})  # fmt: skip
    given = {"inputs": {"given": {"from": "make.files"}}, "replicas": 2}
    score = {"component": "./score/component.yaml", **given}
    nodes = {
        "make": {},
        "one": score,
        "many": {**score, "foreach": {"from": "make.words", "into": "word"}},
        "read": {"inputs": {"one": {"from": "one.found"}, "many": {"from": "many.found"}}},
    }
    file = pipeline(nodes)
    done = batch.command("run", file, "--parallel", "8", "--json")
    assert done.code == 0, done.err
    rows = [f"{number}.txt {number}" for number in range(1, 6)]
    log = batch.command("runs", "logs", "last/read").out
    assert [line for line in log.splitlines() if line] == rows * 3
    again = batch.command("run", file, "--json")
    assert {step["attempts"] for step in again.json["steps"]} == {0}, "all of it is reused"
    (batch.folder / "score" / "main.py").write_text(LOOP + "# changed\n")
    assert batch.command("run", file, "--json").step("one")["attempts"] == 1


def test_a_second_attempt_goes_on_with_what_is_not_done(batch: Batch, pipeline: Pipeline) -> None:
    batch.files(8)
    act = """\
if name == "003.txt" and not os.path.exists(os.environ["EFFECTS"] + ".again"):
    open(os.environ["EFFECTS"] + ".again", "w")
    shard.fail("not at first", retryable=False)
    import time; time.sleep(60)
"""
    batch.noted(act)
    nodes = {"score": {"inputs": {"given": {"from": "inputs.given"}}, "retries": 1}}
    file = pipeline(nodes, inputs={"given": {}}, outputs={"found": {"from": "score.found"}})
    done = batch.command("run", file, "-i", f"given={batch.given}", "--json")
    found = tree(good(done))
    assert done.step("score")["attempts"] == 2
    assert found["rows.txt"] == "".join(f"{number:03}.txt\n" for number in range(8))
    assert batch.tries()[3] == 2
    assert batch.tries().total() <= 10
