"""Real runs from Python."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from millwork import BadRequest, RunFailed, RunOptions, load, pipeline
from tests.conftest import EXAMPLES
from tests.sdk import functions
from tests.sdk.functions import fail, measure, words

if TYPE_CHECKING:
    from pathlib import Path

QUIET = RunOptions(progress=False)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILLWORK_HOME", str(tmp_path / "home"))


def test_a_pipeline_of_functions(capsys: pytest.CaptureFixture[str]) -> None:
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGUSR1)]
    run = words.run(RunOptions(name="mine", tags={"a": "b"}, parallel=1), count=5)
    assert run.status == "succeeded"
    assert run.value("nested") == {"words": 10.0, "known": 5}
    assert run.value("again") == {"words": 1.5, "known": 1}
    assert run.value("count") == 5
    assert list(run.steps) == ["write", "inner.measure", "again"]
    assert run.steps["again"].attempts == 1
    assert (run.steps["write"].outputs["rows"] / "words.txt").read_text() == "\n".join(
        ["hello"] * 5
    )
    said = capsys.readouterr().err.splitlines()
    assert said[0] == f"millwork: run {run.id}: mine, 3 steps"
    assert "millwork: again: succeeded" in said
    assert str(run).splitlines()[-1] == f"run {run.id} succeeded"
    assert handlers == [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGUSR1)]


def test_results_are_used_again_unless_forced(capsys: pytest.CaptureFixture[str]) -> None:
    def tried(options: RunOptions) -> list[int]:
        return [step.attempts for step in words.run(options).steps.values()]

    assert tried(RunOptions()) == [1, 1, 1]
    assert tried(RunOptions()) == [0, 0, 0]
    assert tried(RunOptions(force=["again"])) == [0, 0, 1]
    assert tried(RunOptions(force=True)) == [1, 1, 1]
    with pytest.raises(BadRequest, match="agian"):
        words.run(RunOptions(force=["agian"]))
    assert capsys.readouterr().err


def test_one_function_by_itself_with_paths_of_ours(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text("hello you")
    run = measure.run(QUIET, rows=tmp_path, scale=1, loud=True, extra=str(tmp_path))
    assert run.value("value") == {"words": 2, "known": 1}


def test_a_component_of_a_file(tmp_path: Path) -> None:
    run = load(EXAMPLES / "hello").run(QUIET, name="Ada")
    assert (run.outputs["greeting"] / "greeting.txt").read_text() == "Hello, Ada!\n"


def test_a_run_that_fails() -> None:
    with pytest.raises(RunFailed) as caught:
        fail.run(QUIET, seen=2.5)
    lines = str(caught.value).splitlines()
    assert lines[0].endswith(" failed: step 'fail': exit code 1")
    assert lines[-1] == "RuntimeError: out of words"
    run = fail.run(RunOptions(check=False, progress=False), seen=2.5)
    assert (run.status, run.steps["fail"].reason) == ("failed", "exit code 1")


def test_arguments_are_checked_before_anything_is_done(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="count-words has no input or parameter 'cuont'; did you"):
        words.run(cuont=5)
    with pytest.raises(TypeError, match="measure is not given the required input 'rows'"):
        measure.run(scale=1)
    with pytest.raises(ValueError, match="'label': 'A' does not match the pattern"):
        words.run(label="A")
    with pytest.raises(BadRequest, match=r"there is no .*/nothing"):
        measure.run(QUIET, rows=tmp_path / "nothing", scale=1)
    with pytest.raises(TypeError, match=r"'parameters\.scale' has no value outside of"):

        @pipeline
        def running(scale: float = 1) -> None:
            measure.run(rows=tmp_path, scale=scale)


def test_other_threads_drive_no_runs() -> None:
    errors: list[Exception] = []

    def body() -> None:
        try:
            words.run(QUIET)
        except BadRequest as error:
            errors.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert "a run is driven from the main thread" in str(errors[0])


def test_nothing_is_left_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    descriptors = "/proc/self/fd"
    functions.write.run(QUIET, count=1)
    before = len(os.listdir(descriptors))
    functions.write.run(QUIET, count=2)
    assert len(os.listdir(descriptors)) <= before
    assert list(temporary.iterdir()) == []


SCRIPT = '''\
import sys
from millwork import component, load, pipeline

hello = load({hello!r})

@component{fields}
def double(number: int) -> int:
    """Doubles."""
    {body}
    return number * 2

@pipeline
def twice(number: int = 2):
    return double(number=double(number=number))

if __name__ == "__main__":
    print(twice.run().value("value"))
'''


def run_script(path: Path, **parts: Any) -> subprocess.CompletedProcess[str]:
    given = {"hello": str(EXAMPLES / "hello"), "fields": "", "body": "pass", **parts}
    path.write_text(SCRIPT.format(**given))
    return subprocess.run([sys.executable, str(path)], capture_output=True, text=True, check=False)


def test_a_script_s_own_functions_run_without_millwork(tmp_path: Path) -> None:
    body = "assert type(sys.modules['millwork']).__name__ == 'Absent'"
    done = run_script(tmp_path / "my-script.py", body=body)
    assert done.stdout == "8\n", done.stderr


def test_requirements_and_modules_beside(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("FACTOR = 1\n")
    fields = "(requirements=['six==1.16.0'], files=['beside.py'])"
    body = "import beside, six; assert six.__version__ == '1.16.0'; assert beside.FACTOR == 1"
    done = run_script(tmp_path / "script.py", fields=fields, body=body)
    assert done.stdout == "8\n", done.stderr


def test_a_module_that_the_step_has_not(tmp_path: Path) -> None:
    (tmp_path / "beside.py").write_text("FACTOR = 1\n")
    script = tmp_path / "script.py"
    text = "import beside\n" + SCRIPT.format(hello=str(EXAMPLES / "hello"), fields="", body="pass")
    script.write_text(text)
    words = [sys.executable, str(script)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (
        "millwork: the step has no module 'beside': name its package in requirements=, or its file "
        "in files= of @component in script.py" in done.stderr
    )


def test_ctrl_c_cancels_the_run(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    body = "import time; time.sleep(60)"
    script.write_text(SCRIPT.format(hello=str(EXAMPLES / "hello"), fields="", body=body))
    words = [sys.executable, str(script)]
    with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        while "double: running" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        rest = process.stderr.read()
    assert re.search(r"RunFailed: run \w+ cancelled: cancelled by the user", rest), rest


def test_a_job_has_replicas(tmp_path: Path) -> None:
    file = tmp_path / "component.yaml"
    file.write_text(
        "apiVersion: millwork/v1\nkind: Component\nname: who\nversion: 1.0.0\n"
        "job_type: PyTorchJob\ncommand: echo $RANK >$PAI_OUTPUT_RANKS/$RANK\n"
        "outputs: {ranks: {type: folder}}\n"
    )
    run = load(file).run(RunOptions(progress=False, replicas=3))
    assert sorted(os.listdir(run.outputs["ranks"])) == ["0", "1", "2"]
    with pytest.raises(BadRequest, match="no role of a PyTorchJob"):
        load(file).run(RunOptions(progress=False, replicas={"chief": 1, "worker": 1}))
