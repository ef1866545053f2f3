"""The examples of elastic batch, run as their READMEs say; the flights are with the flights."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import EXAMPLES, until
from tests.e2e.batches import of_home

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Background, Millwork, Result

    Start = Callable[..., Background]

BATCH = EXAMPLES / "batch"
SERVICE = "millwork.api.server"
needs_perl = pytest.mark.skipif(
    not shutil.which("perl"), reason="needs perl with its core modules, to run worker.pl"
)


def output(result: Result, name: str) -> Path:
    assert result.code == 0, result.err
    return Path(result.json["outputs"][name])


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Three folders of files with names that programs stumble over."""
    folder = tmp_path / "files"
    for number in range(60):
        name = f"{number % 3}/a file ünd $(touch oops) '{number:03}'.txt"
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{number} words in\nlines\n" * number)
    return folder


def names(folder: Path) -> list[str]:
    found = [str(path.relative_to(folder)) for path in folder.rglob("*.txt")]
    return sorted(found, key=os.fsencode)


def test_a_program_that_knows_no_shards(millwork: Millwork, files: Path) -> None:
    words = ("run", BATCH / "shell" / "map", "-i", f"files={files}", "--replicas", "3", "--json")
    lines = (output(millwork(*words), "sums") / "checksums.txt").read_text().splitlines()
    wanted = [hashlib.sha256((files / name).read_bytes()).hexdigest() for name in names(files)]
    assert [line.split()[0] for line in lines] == wanted
    assert [line.partition("/files/")[2] for line in lines] == names(files)


@needs_perl
def test_a_worker_in_perl(millwork: Millwork, files: Path) -> None:
    words = ("run", BATCH / "shell" / "perl", "-i", f"files={files}", "--json")
    texts = [
        (output(millwork(*words, "--replicas", count), "words") / "words.jsonl").read_text()
        for count in ("1", "3")
    ]
    assert texts[0] == texts[1]
    rows = [json.loads(line) for line in texts[0].splitlines()]
    assert [row["file"] for row in rows] == names(files)
    assert [row["lines"] for row in rows] == [
        (files / name).read_text().count("\n") for name in names(files)
    ]
    assert sum(row["words"] for row in rows) == sum(4 * number for number in range(60))


@needs_perl
def test_a_worker_in_perl_outlives_the_service(
    background: Start, home: Path, tmp_path: Path
) -> None:
    example = shutil.copytree(BATCH / "shell" / "perl", tmp_path / "perl")
    worker = example / "worker.pl"
    text = worker.read_text()
    worker.write_text(text.replace("    make_path $folder;\n", "    make_path $folder; sleep 1;\n"))
    assert worker.read_text() != text
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(60):
        (folder / f"{number:03}.txt").write_text("word\n" * number)
    run = background("run", example, "-i", f"files={folder}", "--replicas", "2", "--json")
    until(lambda: list((home / "attempts").glob("*/ml/output/words/.parts/*")))
    (pid,) = until(lambda: of_home(home, SERVICE))
    os.kill(pid, signal.SIGKILL)
    assert run.end(60)[0] == 0
    (found,) = (home / "attempts").glob("*/ml/output/words/words.jsonl")
    rows = [json.loads(line) for line in found.read_text().splitlines()]
    assert [(row["file"], row["words"]) for row in rows] == [
        (f"{number:03}.txt", number) for number in range(60)
    ]


def test_images_as_pai_and_as_azureml_have_it(millwork: Millwork) -> None:
    result = millwork("run", BATCH / "images" / "pipeline.yaml", "--json", timeout=240)
    lines = (output(result, "features") / "features.jsonl").read_text().splitlines()
    assert len(lines) == 2317
    assert result.step("compare")["metrics"] == {"same": 2317}
    rows = [json.loads(line) for line in lines]
    assert rows[0]["image"] == "0000-0.png"
    assert rows[-1]["image"].startswith("flower-")
    assert {len(row["features"]) for row in rows} == {12}
