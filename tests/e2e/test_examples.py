"""The examples, run as their READMEs say."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.conftest import EXAMPLES, run_command

if TYPE_CHECKING:
    from tests.conftest import Millwork

SEED_LOG = """\
Input channel train=/ml/input/data/train
Input channel test=/ml/input/data/test/easyrec_config.config
Output channel model=/ml/output/model/
Output channel checkpoints=/ml/output/checkpoints/
Parameters param1=6
Parameters param2=0.3
Parameters param3=test1
Parameters param4=True
Parameters param5=2
job finished
"""


def test_hello(millwork: Millwork) -> None:
    result = millwork("run", EXAMPLES / "hello" / "component.yaml")
    assert (result.code, result.out) == (0, "Hello, world!\n")
    result = millwork("run", EXAMPLES / "hello", "-p", "name=Ada", "-o", "out", "--json")
    greeting = Path(result.json["outputs"]["greeting"])
    assert greeting.parts[-2:] == ("out", "greeting")
    assert (greeting / "greeting.txt").read_text() == "Hello, Ada!\n"


@pytest.mark.parametrize("name", ["component.yaml", "algorithm.json"])
def test_the_seed_s_example_prints_the_seed_s_log(
    millwork: Millwork, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "seed"
    shutil.copytree(EXAMPLES / "pai-seed", folder)
    text = (folder / name).read_text()
    assert text.count("&& sleep 150 &&") == 1
    (folder / name).write_text(text.replace("&& sleep 150 &&", "&& sleep 0.1 &&"))
    inputs = ("-i", "train=data/train", "-i", "test=data/easyrec_config.config")
    result = millwork("run", name, *inputs, cwd=folder)
    assert (result.code, result.out) == (0, SEED_LOG)


def test_a_pipeline_of_azureml(millwork: Millwork) -> None:
    result = millwork("run", EXAMPLES / "azureml" / "pipeline.yml", "--json")
    assert result.code == 0, result
    outputs = {name: Path(path) for name, path in result.json["outputs"].items()}
    assert set(json.loads((outputs["model"] / "kept").read_text())) == {"slope", "intercept"}
    report = json.loads((outputs["report"] / "report.json").read_text())
    assert report["points"] == 12
    logged = next(step for step in result.json["steps"] if step["node"] == "score.evaluate")
    assert report["mae"] == logged["metrics"]["mae"] < 1


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for all runs of the flights, so that their libraries are installed once."""
    return tmp_path_factory.mktemp("flights") / "home"


@pytest.mark.xdist_group("flights")
def test_flights_learn_more_than_the_naive_guess(shared_home: Path, tmp_path: Path) -> None:
    words = ["run", str(EXAMPLES / "flights" / "pipeline.yaml"), "-p", "rounds=20", "--json"]
    result = run_command(words, shared_home, cwd=tmp_path, timeout=300)
    assert result.code == 0, result.err
    run = result.json
    assert [step["node"] for step in run["steps"]] == [
        "extract", "features", "split", "train", "evaluate",
    ]  # fmt: skip
    assert {step["status"] for step in run["steps"]} == {"succeeded"}
    assert result.step("extract")["metrics"]["flights_rows"] == 336_776
    rows = result.step("split")["metrics"]
    assert rows["train_rows"] + rows["test_rows"] == result.step("features")["metrics"]["rows"]
    metrics = result.step("evaluate")["metrics"]
    assert metrics["rmse"] < metrics["naive_rmse"]
    assert metrics["mae"] < metrics["naive_mae"]
    assert metrics["r2"] > metrics["naive_r2"] > 0.5
    assert json.loads(Path(run["outputs"]["score"]).read_text()) == metrics["skill"] > 0
    assert json.loads(Path(run["outputs"]["model"], "features.json").read_text())["columns"]
    (page,) = Path(run["outputs"]["report"]).iterdir()
    html = page.read_text()
    assert page.name == "report.html"
    assert html.count("<svg") >= 2
    assert "<script src" not in html
    assert "@import" not in html
    link = r"""(?:(?:src|href|action|data)\s*=|url\()\s*["']?\s*(?:https?:)?//"""
    assert re.findall(link, html, re.IGNORECASE) == []


@pytest.mark.xdist_group("flights")
def test_all_flights_are_scored_shard_by_shard(shared_home: Path, tmp_path: Path) -> None:
    file = EXAMPLES / "batch" / "flights" / "pipeline.yaml"
    words = ["run", str(file), "-p", "rounds=20", "--json"]
    result = run_command(words, shared_home, cwd=tmp_path, timeout=300)
    assert result.code == 0, result.err
    metrics = result.step("measure")["metrics"]
    assert (metrics["flights"], metrics["arrived"]) == (336_776, 327_346)
    outputs = {name: Path(path) for name, path in result.json["outputs"].items()}
    assert json.loads(outputs["error"].read_text()) == metrics["error"] < 14
    with (outputs["scores"] / "scores.jsonl").open() as file_of_scores:
        days = [json.loads(line)["day"] for line in file_of_scores]
    assert days == sorted(days), "the shards are in order"
