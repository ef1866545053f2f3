"""The stand-in for `azureml.core`, run as a step would run it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from millwork import worker
from millwork.blobs import tracking

SHIM = Path(worker.__file__).parent / "shims" / "azureml"


def script(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    (folder / "mlflow").mkdir(exist_ok=True)
    env = {
        **os.environ,
        "PYTHONPATH": str(SHIM),
        "MILLWORK_METRICS": str(folder / "mlflow/metrics.jsonl"),
        "AZUREML_RUN_ID": "r-1",
        "AZUREML_ROOT_RUN_ID": "r",
    }
    words = [sys.executable, "-c", text]
    return subprocess.run(words, env=env, cwd=folder, capture_output=True, text=True, check=False)


def test_what_a_script_logs_becomes_metrics(tmp_path: Path) -> None:
    done = script(
        tmp_path,
        "from azureml.core import Run\n"
        "from azureml.core.run import Run as Same\n"
        "assert Run is Same\n"
        "run = Run.get_context(allow_offline=False)\n"
        "assert (run.id, run.parent.id) == ('r-1', 'r')\n"
        "run.log('loss', 2.5); run.log('loss', 0.5); run.log('name', 'words')\n"
        "run.log_list('list', [1, 2]); run.log_row('row', a=3)\n"
        "run.parent.log('up', 1)\n"
        "assert run.get_metrics()['loss'] == 0.5\n"
        "run.tag('a', 'b'); run.complete()\n",
    )
    assert (done.returncode, done.stderr) == (0, "")
    expected = {"loss": 0.5, "list": 2.0, "row.a": 3.0, "up": 1.0}
    assert tracking.metrics(str(tmp_path)) == expected


def test_files_are_kept_below_outputs(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    (tmp_path / "made/a.txt").write_text("a")
    done = script(
        tmp_path,
        "from azureml.core import Run\n"
        "run = Run.get_context()\n"
        "run.upload_file('outputs/model.txt', 'made/a.txt')\n"
        "run.upload_folder('folder', 'made')\n",
    )
    assert (done.returncode, done.stderr) == (0, "")
    kept = sorted(str(path.relative_to(tmp_path)) for path in (tmp_path / "outputs").rglob("*.txt"))
    assert kept == ["outputs/folder/a.txt", "outputs/model.txt"]


def test_what_needs_a_workspace_says_so(tmp_path: Path) -> None:
    for text in ("Dataset.get_by_name(1, 2)", "Workspace.from_config()", "Model('x')"):
        done = script(tmp_path, f"from azureml.core import *; {text}")
        assert done.returncode == 1
        assert "needs an AzureML workspace" in done.stderr
    asked = "from azureml.core import Run; Run.get_context().experiment.workspace"
    assert "needs an AzureML workspace" in script(tmp_path, asked).stderr
