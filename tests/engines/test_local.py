"""The local engine with real processes: starting, ending, stopping, adopting."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

import pytest

from millwork.engines.host import logs, processes, recorder
from millwork.engines.local.engine import LocalEngine
from millwork.plan.contract import Job, make_plan
from millwork.plan.model import Artifact, Step
from millwork.spec.model import Component, Input, Output, Resources

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from millwork.ports import Ended, Outcome


FIRST = f"a{os.getpid()}-1"
"""An attempt's id: processes are found by it, and other tests run beside these."""


def no_code(_digest: str, _target: str) -> None:
    raise AssertionError("no code was asked for")


@pytest.fixture
def engine(tmp_path: Path) -> LocalEngine:
    return LocalEngine(str(tmp_path), no_code)


def start(
    engine: LocalEngine,
    command: str,
    attempt: str = FIRST,
    *,
    mounts: str = "none",
    resources: Resources | None = None,
    data: Mapping[str, Artifact] | None = None,
) -> str:
    component = Component(
        "c", "1.0.0", command, mounts=mounts, outputs={"out": Output()},
        inputs={name: Input() for name in data or {}},
    )  # fmt: skip
    step = Step("s", component, resources=resources or Resources())
    root = engine.root(attempt, mounts)
    plan = make_plan(step, data or {}, {}, Job("run", attempt), root)
    engine.furnish(attempt, plan)
    return engine.start(attempt, plan)


def wait(engine: LocalEngine, seconds: float = 20.0) -> Ended:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ended = engine.observe(seconds)
        if ended:
            return ended[0]
    raise AssertionError("the attempt did not end")


def run(engine: LocalEngine, command: str, **more: object) -> tuple[Outcome, str]:
    attempt = start(engine, command, **more)  # type: ignore[arg-type]
    outcome = wait(engine).outcome
    return outcome, engine.log(attempt, 0)[0].decode()


def until(condition: object, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.01)


@pytest.mark.parametrize("mounts", ["ml", "none"])
def test_exit_codes_and_output_come_back(engine: LocalEngine, mounts: str) -> None:
    outcome, log = run(engine, "echo out; echo err >&2; exit 3", mounts=mounts)
    assert (outcome.kind, outcome.code, outcome.reason) == ("exited", 3, "exit code 3")
    assert log == "out\nerr\n"


@pytest.mark.parametrize("mounts", ["ml", "none"])
def test_death_by_a_signal_is_named(engine: LocalEngine, mounts: str) -> None:
    outcome, _ = run(engine, "kill -KILL $$", mounts=mounts)
    assert (outcome.code, outcome.reason) == (137, "killed by SIGKILL")


def test_an_unknown_command_is_named(engine: LocalEngine) -> None:
    outcome, log = run(engine, "no-such-program-here")
    assert "not found" in outcome.reason
    assert "no-such-program-here" in log


def test_ml_is_real_for_the_step_and_absent_on_the_host(engine: LocalEngine) -> None:
    if not engine.sandbox.works:
        pytest.skip(engine.sandbox.reason)
    outcome, log = run(engine, "pwd; echo made > /ml/output/out/file; id -u", mounts="ml")
    assert outcome.code == 0
    assert log.splitlines() == ["/ml/usercode", str(os.getuid())]
    assert not os.path.exists("/ml")
    with open(f"{engine.folder(FIRST)}/output/out/file", encoding="utf-8") as file:
        assert file.read() == "made\n"


def test_inputs_cannot_be_written_within_ml(engine: LocalEngine, tmp_path: Path) -> None:
    if not engine.sandbox.works:
        pytest.skip(engine.sandbox.reason)
    (tmp_path / "data").mkdir()
    data = {"in": Artifact(str(tmp_path / "data"))}
    outcome, log = run(engine, "touch /ml/input/data/in/x", mounts="ml", data=data)
    assert outcome.code != 0
    assert "Read-only" in log
    assert not list((tmp_path / "data").iterdir())


def test_cpu_time_is_known(engine: LocalEngine) -> None:
    outcome, _ = run(engine, "i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done")
    assert 0.02 < outcome.usage["cpu_seconds"] < 20


def test_a_background_child_does_not_outlive_its_step(engine: LocalEngine) -> None:
    run(engine, "sleep 300 & echo started")
    assert processes.marked(FIRST) == []


def test_a_process_with_threads_is_found_once(engine: LocalEngine) -> None:
    code = "import threading, time; threading.Thread(target=time.sleep, args=(60,)).start(); "
    attempt = start(engine, f"exec {sys.executable} -S -c '{code}print(1, flush=True)'")
    until(lambda: b"1" in engine.log(attempt, 0)[0])
    recorder_pid = recorder.find(f"{engine._attempts_folder}/{attempt}")
    found = processes.marked(attempt, after=recorder_pid)
    assert sorted(found) == sorted(processes.marked(attempt))
    assert len(found) == len(set(found)) >= 2
    engine.stop(attempt, 0.0)
    assert wait(engine).outcome.reason == "killed by SIGKILL"


def test_stop_asks_first_and_the_step_may_tidy_up(engine: LocalEngine) -> None:
    command = "trap 'echo tidy; exit 0' TERM; echo ready; while :; do sleep 0.05; done"
    for mounts in ("none", "ml"):
        attempt = start(engine, command, f"{FIRST}-{mounts}", mounts=mounts)
        until(lambda at=attempt: b"ready" in engine.log(at, 0)[0])
        engine.stop(attempt, 5.0)
        assert wait(engine).outcome.code == 0
        assert b"tidy" in engine.log(attempt, 0)[0]


def test_stop_ends_what_ignores_it_and_what_has_run_away(engine: LocalEngine) -> None:
    command = (
        "trap '' TERM; setsid sh -c 'trap \"\" TERM; while :; do sleep 0.05; done' & "
        "echo ready; while :; do sleep 0.05; done"
    )
    for mounts in ("none", "ml"):
        attempt = start(engine, command, f"{FIRST}-{mounts}", mounts=mounts)
        until(lambda at=attempt: b"ready" in engine.log(at, 0)[0])
        began = time.monotonic()
        engine.stop(attempt, 0.3)
        assert wait(engine).outcome.reason == "killed by SIGKILL"
        assert time.monotonic() - began < 5
        assert processes.marked(attempt) == []


def test_a_step_goes_on_when_its_engine_is_gone_and_is_adopted(
    engine: LocalEngine, tmp_path: Path
) -> None:
    attempt = start(engine, "sleep 0.5; echo done; exit 7")
    second = LocalEngine(str(tmp_path), no_code)
    second.adopt(attempt)
    outcome = wait(second).outcome
    assert (outcome.kind, outcome.code) == ("exited", 7)
    assert second.log(attempt, 0)[0] == b"done\n"


def test_an_attempt_that_is_over_when_adopted_is_told_at_once(
    engine: LocalEngine, tmp_path: Path
) -> None:
    run(engine, "exit 5")
    second = LocalEngine(str(tmp_path), no_code)
    second.adopt(FIRST)
    assert wait(second, 2.0).outcome.code == 5


def test_an_attempt_that_never_began_is_lost(engine: LocalEngine) -> None:
    engine.adopt(f"{FIRST}-9")
    assert wait(engine, 2.0).outcome.kind == "lost"


@pytest.mark.parametrize("mounts", ["ml", "none"])
def test_a_killed_recorder_loses_the_attempt_and_its_step_with_it(
    engine: LocalEngine, mounts: str
) -> None:
    attempt = start(engine, "echo ready; sleep 300", mounts=mounts)
    until(lambda: b"ready" in engine.log(attempt, 0)[0])
    pid = recorder.find(f"{engine._attempts_folder}/{attempt}")
    assert pid
    os.kill(pid, signal.SIGKILL)
    outcome = wait(engine, 3.0).outcome
    assert outcome.kind == "lost"
    assert processes.marked(attempt) == []


def test_half_an_outcome_is_none(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("12\n0 en")
    assert recorder.outcome_of(str(tmp_path)) == (None, None)
    (tmp_path / "lock").write_text("12\n0 end\n0m0.10s 0m0.20s\n0m1.00s 0m0.50s\n")
    code, cpu = recorder.outcome_of(str(tmp_path))
    assert code == 0
    assert cpu == pytest.approx(1.8)


def test_memory_beyond_the_limit_is_called_by_its_name(engine: LocalEngine) -> None:
    if engine._limits().name == "rlimit":
        pytest.skip("no control group can be written here")
    hog = "python3 -c 'x = bytearray(400_000_000); print(len(x))'"
    outcome, _ = run(engine, hog, resources=Resources(memory=64 * 1024 * 1024))
    assert outcome.reason == "out of memory (limit 64.0 MiB)"
    assert outcome.usage["limits"].startswith("cgroup")


def test_the_limits_of_an_attempt_are_gone_with_it(engine: LocalEngine) -> None:
    run(engine, "true", resources=Resources(memory=64 * 1024 * 1024, processes=50))
    box = engine._box(engine._folder(FIRST), FIRST)
    assert box is not None
    assert not any(os.path.exists(group) for group in box.groups)


def test_a_flood_is_kept_to_its_head_and_tail(engine: LocalEngine) -> None:
    megabytes = 120
    command = f"echo first; head -c {megabytes}M /dev/zero | tr '\\0' x; echo; echo last"
    attempt = start(engine, command)
    outcome = wait(engine, 60.0).outcome
    assert outcome.code == 0
    folder = engine._folder(attempt)
    assert os.stat(f"{folder}/log").st_blocks * 512 <= logs.HEAD + logs.TAIL + 8192
    text, offset = b"", 0
    while True:
        data, offset = engine.log(attempt, offset)
        if not data:
            break
        text += data
    assert text.startswith(b"first\nxxx")
    assert text.endswith(b"x\nlast\n")
    dropped = outcome.usage["log_bytes_dropped"]
    assert f"[{dropped:,} bytes of the log were dropped here]".encode() in text
    assert dropped > (megabytes - 40) * 1024 * 1024
    assert engine.extent(attempt) == (offset, (logs.HEAD, logs.HEAD + dropped))


def test_waking_ends_the_wait_early(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    engine = LocalEngine(str(tmp_path), no_code, wake=reading)
    os.write(writing, b"\0")
    began = time.monotonic()
    assert engine.observe(30.0) == []
    assert time.monotonic() - began < 5


@pytest.mark.parametrize("mounts", ["ml", "none"])
def test_a_stop_before_the_step_has_begun_is_heard(engine: LocalEngine, mounts: str) -> None:
    for number in range(5):
        attempt = f"a{os.getpid()}-early{number}"
        start(engine, "sleep 60", attempt, mounts=mounts)
        engine.stop(attempt, 30.0)
        began = time.monotonic()
        assert wait(engine).outcome.code == 143
        assert time.monotonic() - began < 10
