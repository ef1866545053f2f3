"""Real frameworks on several replicas, each against the same work done by one process."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import EXAMPLES, run_command, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Background, Millwork

DISTRIBUTED = EXAMPLES / "distributed"
SECONDS = 600

pytestmark = pytest.mark.xdist_group("distributed")


@pytest.fixture(scope="session")
def shared_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One home for all runs, so that libraries are installed once."""
    return tmp_path_factory.mktemp("distributed") / "home"


@pytest.fixture
def home(shared_home: Path) -> Path:
    return shared_home


@pytest.fixture(scope="session")
def torch_links() -> dict[str, str]:
    """Variables with which uv takes torch's CPU build; without one the tests are skipped.

    Else uv would fetch gigabytes of CUDA. It does not look where pip finds wheels, so it is told.
    """
    env: dict[str, str] = {}
    pip = [sys.executable, "-m", "pip", "config", "list"]
    config = subprocess.run(pip, capture_output=True, text=True, check=False).stdout
    links = " ".join(re.findall(r"find-links='([^']*)'", config)).split()
    if links and "UV_FIND_LINKS" not in os.environ:
        env["UV_FIND_LINKS"] = ",".join(dict.fromkeys(links))
    uv = [str(Path(sys.executable).with_name("uv")), "pip", "compile", "--quiet"]
    words = [*uv, "--python", sys.executable, str(DISTRIBUTED / "torch-ddp" / "requirements.txt")]
    found = subprocess.run(
        words, capture_output=True, text=True, check=False, env={**os.environ, **env}
    )
    if found.returncode or re.search(r"^(nvidia|cuda|triton)", found.stdout, re.MULTILINE):
        pytest.skip("uv finds no CPU build of torch; UV_TORCH_BACKEND=cpu or UV_FIND_LINKS helps")
    return env


@pytest.fixture
def torch_cpu(torch_links: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of a step that asks for torch gets its CPU build."""
    for name, value in torch_links.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def run(millwork: Millwork) -> Callable[..., dict[str, Any]]:
    """Runs an example anew, and gives its `run --json`."""

    def run_example(file: str | Path, *words: str) -> dict[str, Any]:
        result = millwork("run", DISTRIBUTED / file, "--force", "--json", *words, timeout=SECONDS)
        assert result.code == 0, result.err
        found: dict[str, Any] = result.json
        return found

    return run_example


def metrics_of(run: dict[str, Any]) -> dict[str, float]:
    """What the run's last step measured."""
    metrics: dict[str, float] = run["steps"][-1]["metrics"]
    return metrics


# --- torch --------------------------------------------------------------------------------------


@pytest.fixture
def one_process(tmp_path: Path) -> Path:
    """A pipeline of the torch example in which torchrun starts one process."""
    component = str(DISTRIBUTED / "torch-ddp" / "component.yaml")
    node = {"component": component, "job": {"processes": 1}}
    head = {"apiVersion": "millwork/v1", "kind": "Pipeline", "name": "alone", "version": "1.0.0"}
    file = tmp_path / "alone.yaml"
    file.write_text(json.dumps({**head, "nodes": {"train": node}}))
    return file


@pytest.mark.usefixtures("torch_cpu")
def test_torchrun_on_two_replicas_of_two_processes_learns_what_one_process_learns(
    run: Callable[..., dict[str, Any]], one_process: Path
) -> None:
    """Each step sees the same images, so the models differ by the rounding of float32 sums."""
    alone = metrics_of(run(one_process))
    together = metrics_of(run("torch-ddp", "--replicas", "2"))
    assert (alone["processes"], together["processes"]) == (1, 4)
    assert together["spread"] == 0
    assert together["accuracy"] == pytest.approx(alone["accuracy"], abs=2 / 357)
    assert together["loss"] == pytest.approx(alone["loss"], abs=1e-3)
    assert together["norm"] == pytest.approx(alone["norm"], rel=1e-4)
    assert together["accuracy"] > 0.9


@pytest.mark.usefixtures("torch_cpu")
def test_a_killed_rank_costs_no_more_than_the_steps_since_the_checkpoint(
    run: Callable[..., dict[str, Any]], background: Callable[..., Background], home: Path
) -> None:
    """The gang begins again at the checkpoint, and ends with the same numbers to the last digit."""
    words = ("-p", "epochs=20", "-p", "pause=0.1", "--replicas", "2")
    whole = metrics_of(run("checkpoint", *words))
    before = set(checkpoints(home))
    process = background("run", DISTRIBUTED / "checkpoint", "--force", "--json", *words)
    until(lambda: set(checkpoints(home)) - before, SECONDS)
    os.kill(rank_of(home, 1), signal.SIGKILL)
    code, out, err = process.end(SECONDS)
    assert code == 0, err
    resumed = metrics_of(json.loads(out.splitlines()[-1]))
    assert (whole["first_step"], resumed["first_step"] > 0) == (0, True)
    assert {**resumed, "first_step": 0} == whole


def checkpoints(home: Path) -> list[Path]:
    return list((home / "attempts").rglob("checkpoint.pt"))


def rank_of(home: Path, rank: int) -> int:
    """The process of a rank that learns in this home."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            variables = (folder / "environ").read_bytes()
            command = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        ours = str(home).encode() in variables and f"RANK={rank}".encode() in variables.split(b"\0")
        if ours and command[1:2] == [b"main.py"]:
            return int(folder.name)
    raise AssertionError(f"no process of rank {rank}")


# --- XGBoost and MPI, on the flights ------------------------------------------------------------


@pytest.fixture(scope="session")
def flights(
    shared_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, Any], Path]:
    """The run of XGBoost's pipeline with two replicas, and the rows that it learned from."""
    file = str(DISTRIBUTED / "xgboost" / "pipeline.yaml")
    result = run_command(
        ["run", file, "--json"], shared_home, cwd=tmp_path_factory.mktemp("at"), timeout=SECONDS
    )
    assert result.code == 0, result.err
    return result.json, Path(result.json["outputs"]["rows"])


def test_boosted_trees_of_two_replicas_are_as_good_as_those_of_one(
    run: Callable[..., dict[str, Any]], flights: tuple[dict[str, Any], Path]
) -> None:
    """XGBoost promises all replicas one model; its cuts are approximate: 0.5 % of the error."""
    done, rows = flights
    together = metrics_of(done)
    alone = metrics_of(
        run("xgboost/component.yaml", "-i", f"train={rows}", "-p", "target=arr_delay")
    )
    assert (alone["replicas"], together["replicas"]) == (1, 2)
    assert (alone["models"], together["models"]) == (1, 1)
    assert together["rows"] == alone["rows"] == 327_346
    assert together["rmse"] == pytest.approx(alone["rmse"], rel=5e-3)


def test_mpi_adds_up_to_the_same_regression(
    run: Callable[..., dict[str, Any]], flights: tuple[dict[str, Any], Path]
) -> None:
    """Sums in another order: the error to 9 digits, the coefficients to 1e-9."""
    words = ("-i", f"train={flights[1]}", "-p", "target=arr_delay")
    together = run("mpi", *words, "--replicas", "2", "-o", "two")
    alone = run("mpi", *words, "-o", "one")
    one, two = (coefficients(found) for found in (alone, together))
    assert metrics_of(together)["processes"] == 2
    assert metrics_of(together)["rows"] == metrics_of(alone)["rows"] == 327_346
    assert metrics_of(together)["rmse"] == pytest.approx(metrics_of(alone)["rmse"], rel=1e-9)
    assert two == pytest.approx(one, abs=1e-9)


def coefficients(run: dict[str, Any]) -> dict[str, float]:
    found: dict[str, float] = json.loads(Path(run["outputs"]["model"], "model.json").read_text())
    return found


# --- TensorFlow and Spark -----------------------------------------------------------------------


@pytest.mark.slow
def test_mirrored_workers_learn_what_one_worker_learns(run: Callable[..., dict[str, Any]]) -> None:
    """Each step sees the same images, so the models differ by the rounding of float32 sums."""
    together = metrics_of(run("tensorflow", "--replicas", "2"))
    alone = metrics_of(run("tensorflow"))
    assert (alone["workers"], together["workers"]) == (1, 2)
    assert together["accuracy"] == pytest.approx(alone["accuracy"], abs=2 / 357)
    assert together["loss"] == pytest.approx(alone["loss"], abs=1e-3)
    assert together["norm"] == pytest.approx(alone["norm"], rel=1e-4)


@pytest.mark.slow
def test_parameter_server_chief_and_evaluator(run: Callable[..., dict[str, Any]]) -> None:
    """Steps come as they come, so only the accuracy is near: within 0.03 (11 of 357 images).

    The evaluator outlives the chief, until it has measured the last checkpoint.
    """
    done = run("tensorflow-ps/pipeline.yaml")
    together, alone = metrics_of(done), metrics_of(run("tensorflow-ps/component.yaml"))
    assert (together["workers"], together["servers"]) == (2, 1)
    assert together["accuracy"] == pytest.approx(alone["accuracy"], abs=0.03)
    lines = Path(done["outputs"]["evaluation"], "evaluation.jsonl").read_text().splitlines()
    last = json.loads(lines[-1])
    assert last["epoch"] == 20
    assert last["accuracy"] == pytest.approx(together["accuracy"], abs=1e-6)


@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("java"), reason="Spark needs Java")
def test_a_spark_cluster_counts_as_one_process_does(
    run: Callable[..., dict[str, Any]], flights: tuple[dict[str, Any], Path]
) -> None:
    """Counts are exact, means and correlations to 1e-6."""
    words = ("-i", f"rows={flights[1]}")
    together = run("spark", *words, "--replicas", "3")
    alone = run("spark", *words)
    assert (metrics_of(alone)["workers"], metrics_of(together)["workers"]) == (0, 2)
    one, two = (routes(found) for found in (alone, together))
    assert [row[:3] for row in two] == [row[:3] for row in one]
    assert sum(int(row[2]) for row in two) == 327_346
    for mine, theirs in zip(one, two, strict=True):
        for a, b in zip(mine[3:], theirs[3:], strict=True):
            assert a == b or float(a) == pytest.approx(float(b), abs=1e-6)


def routes(run: dict[str, Any]) -> list[list[str]]:
    with Path(run["outputs"]["routes"], "routes.csv").open() as file:
        return list(csv.reader(file))[1:]
