"""Jobs of several replicas, for real: order, addresses, logs, restarts, ends, and kills."""

from __future__ import annotations

import os
import signal
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from millwork.engines.host.processes import marked
from millwork.engines.local.limits import detect
from tests.conftest import listing, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Background, Component, Millwork, Pipeline, Result

SERVE = """\
import os, socket, sys
host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
if os.environ["RANK"] == "0":
    server = socket.create_server((host, port))
    for _ in range(int(os.environ["WORLD_SIZE"]) - 1):
        server.accept()[0].sendall(b"hello")
    print("served", flush=True)
else:
    import time
    for _ in range(100):
        try:
            print(socket.create_connection((host, port)).recv(5).decode(), flush=True)
            break
        except ConnectionRefusedError:
            time.sleep(0.05)
"""
TRAIN = """\
import json, os, time
rank, folder = os.environ["RANK"], os.environ["PAI_OUTPUT_STATE"]
path = f"{folder}{rank}.json"
step = json.load(open(path))["step"] if os.path.exists(path) else 0
print("begins at", step, flush=True)
while step < 15:
    step += 1
    with open(f"{path}.new", "w") as file:
        json.dump({"step": step, "total": step * (step + 1) // 2}, file)
    os.replace(f"{path}.new", path)
    time.sleep(0.1)
print("total=", json.load(open(path))["total"], flush=True)
"""


def job(component: Component, command: str, job_type: str = "PyTorchJob", **fields: Any) -> Path:
    return component(command, "train", job_type=job_type, is_deterministic=False, **fields)


def shown(millwork: Millwork) -> dict[str, Any]:
    page: dict[str, Any] = millwork("runs", "show", "last", "--json").json
    return page


def replicas(page: dict[str, Any], attempt: int = -1) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = page["steps"][0]["tries"][attempt]["replicas"]
    return found


def process_ids(home: Path, replica: str, program: str) -> list[int]:
    """Those of one replica of the newest attempt that run this program."""
    folders = sorted((home / "attempts").glob(f"*/{replica}*"), key=os.path.getmtime)
    if not folders:
        return []
    name = f"{folders[-1].parent.name}/{folders[-1].name}"
    return [pid for pid in marked(name) if _comm(pid) == program]


def _comm(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def assert_nothing_runs(home: Path) -> None:
    for folder in (home / "attempts").glob("*/*-*"):
        assert marked(f"{folder.parent.name}/{folder.name}") == []


def script(file: Path, text: str) -> None:
    (file.parent / "main.py").write_text(text)


def test_replicas_find_one_another_and_each_line_has_its_name(
    millwork: Millwork, component: Component
) -> None:
    file = job(component, "python main.py")
    script(file, SERVE)
    result = millwork("run", file, "--replicas", "4")
    assert (result.code, Counter(result.out.splitlines())) == (
        0,
        Counter(["master-0 | served", "worker-0 | hello", "worker-1 | hello", "worker-2 | hello"]),
    )
    assert millwork("runs", "logs", "last/train/worker-1").out == "hello\n"
    assert sorted(millwork("runs", "logs", "last").out.splitlines()) == sorted(
        result.out.splitlines()
    )
    page = millwork("runs", "logs", "last", "--json").json
    assert page["logs"]["worker-2"] == "hello\n"
    unknown = millwork("runs", "logs", "last/train/worker-9")
    assert unknown.code == 2
    assert "it has: master-0, worker-0, worker-1, worker-2" in unknown.err
    table = millwork("runs", "show", "last").out
    assert "  worker-2  succeeded" in table


def test_a_command_needs_no_file(millwork: Millwork) -> None:
    words = ["--job", "PyTorchJob", "--replicas", "3", "--", "echo rank=$RANK of $WORLD_SIZE"]
    result = millwork("run", *words)
    assert sorted(result.out.splitlines()) == [
        "master-0 | rank=0 of 3",
        "worker-0 | rank=1 of 3",
        "worker-1 | rank=2 of 3",
    ]
    one = millwork("run", "--job", "PyTorchJob", "--", "echo rank=$RANK of $WORLD_SIZE")
    assert one.out == "rank=0 of 1\n"


def test_two_jobs_of_eight_share_their_ports(
    millwork: Millwork, component: Component, background: Callable[..., Background]
) -> None:
    file = job(component, "python main.py")
    script(file, SERVE)
    runs = [background("run", file, "--replicas", "8") for _ in range(2)]
    for run in runs:
        code, out, err = run.end(60)
        assert (code, out.count("hello")) == (0, 7), err


def test_servers_start_first_and_are_ended_with_the_job(
    millwork: Millwork, component: Component, home: Path
) -> None:
    is_server = """case "$TF_CONFIG" in *'"type": "ps"'*) true;; *) false;; esac"""
    command = f'if {is_server}; then echo server; sleep 60; else echo "$TF_CONFIG"; fi'
    file = job(component, command, "TFJob")
    result = millwork("run", file, "--replicas", "chief=1,worker=1,ps=2")
    assert result.code == 0, result.err
    rows = {row["replica"]: row for row in replicas(shown(millwork))}
    assert [rows[name]["status"] for name in ("ps-0", "ps-1")] == ["cancelled"] * 2
    assert rows["chief-0"]["launched"] > max(rows[name]["launched"] for name in ("ps-0", "ps-1"))
    assert_nothing_runs(home)


def test_a_node_has_roles_and_an_own_policy(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    job(component, 'echo "$WORLD_SIZE ${PET_NNODES-none} $MASTER_PORT"; exit 3')
    node = {
        "replicas": {"worker": 2},
        "job": {"processes": 2, "master_port": 23456},
        "run_policy": {"restart_policy": "Never"},
    }
    result = millwork("run", pipeline({"train": node}), "--json")
    assert result.code == 1
    assert result.step("train")["reason"].endswith("exit code 3")
    assert "2 2 23456" in result.err


def test_a_killed_replica_starts_the_gang_again_from_its_checkpoint(
    millwork: Millwork,
    component: Component,
    background: Callable[..., Background],
    home: Path,
) -> None:
    file = job(
        component,
        "python main.py",
        outputs={"state": {"type": "checkpoint"}},
        metrics=[{"name": "total", "regex": r"total= (\d+)"}],
    )
    script(file, TRAIN)
    run = background("run", file, "--replicas", "4")
    (pid,) = until(lambda: process_ids(home, "worker-1", "python"))
    until(lambda: (home / "attempts").glob("*/ml/output/state/2.json"))
    time.sleep(0.4)
    os.kill(pid, signal.SIGKILL)
    code, out, err = run.end(40)
    assert code == 0, err
    assert "worker-1: killed by SIGKILL; restart 1 of 3" in err
    begins = [int(line.rpartition(" ")[2]) for line in out.splitlines() if "begins" in line]
    assert begins[:4] == [0] * 4
    assert len(begins) == 8
    assert min(begins[4:]) > 0
    page = shown(millwork)
    step = page["steps"][0]
    assert (step["attempts"], step["metrics"]) == (2, {"total": 120.0})
    assert step["tries"][0]["verdict"]["verdict"] == "again"
    first = min(replicas(page, 0), key=lambda row: row["ended"])
    assert (first["replica"], first["status"], first["code"]) == ("worker-1", "failed", 137)
    assert {row["status"] for row in replicas(page, 0)} == {"failed", "cancelled"}
    assert "attempt 1  failed" in millwork("runs", "show", "last").out
    assert_nothing_runs(home)


def failed(result: Result, home: Path, reason: str) -> None:
    assert result.code == 1
    assert reason in result.json["steps"][0]["reason"], result.json["steps"][0]["reason"]
    assert_nothing_runs(home)


def rank_two(ends: str) -> str:
    return f'if [ "$RANK" = 2 ]; then {ends}; else sleep 60; fi'


def test_a_permanent_exit_code_ends_the_job_and_its_peers(
    millwork: Millwork, component: Component, home: Path
) -> None:
    file = job(component, rank_two("exit 3"), run_policy={"restart_policy": "ExitCode"})
    began = time.monotonic()
    result = millwork("run", file, "--replicas", "4", "--json")
    assert time.monotonic() - began < 6
    failed(result, home, "worker-1: exit code 3")
    assert shown(millwork)["steps"][0]["attempts"] == 1


def test_the_limit_of_restarts_names_the_first_cause(
    millwork: Millwork, component: Component, home: Path
) -> None:
    file = job(component, rank_two("kill -KILL $$"), run_policy={"restarts": 1})
    result = millwork("run", file, "--replicas", "4", "--json")
    failed(result, home, "worker-1: killed by SIGKILL; the limit of 1 restart is reached")
    assert shown(millwork)["steps"][0]["attempts"] == 2


def test_no_output_is_a_hang(millwork: Millwork, component: Component, home: Path) -> None:
    policy = {"hang_timeout": "1s", "restarts": 0}
    file = job(component, "echo begun; sleep 60", run_policy=policy)
    began = time.monotonic()
    result = millwork("run", file, "--replicas", "3", "--json")
    assert time.monotonic() - began < 6
    failed(result, home, "no output from any replica for 1 s")


def test_output_of_one_replica_is_no_hang(millwork: Millwork, component: Component) -> None:
    talk = "for i in 1 2 3 4 5 6; do echo $i; sleep 0.4; done"
    command = f"if [ $RANK = 1 ]; then {talk}; else sleep 2.5; fi"
    file = job(component, command, run_policy={"hang_timeout": "1s", "restarts": 0})
    assert millwork("run", file, "--replicas", "2").code == 0


def test_out_of_memory_is_told_apart(millwork: Millwork, component: Component, home: Path) -> None:
    if "memory" not in detect().controls or detect().name == "rlimit":
        pytest.skip("no control group can be written here")
    hog = 'python -c "x = bytearray(300_000_000); print(len(x))"'
    policy = {"restart_policy": "ExitCode", "memory_restarts": 0}
    file = job(component, rank_two(hog), resources={"memory": "60Mi"}, run_policy=policy)
    result = millwork("run", file, "--replicas", "3", "--json")
    failed(result, home, "worker-1: out of memory (limit 60.0 MiB)")


def test_cancelling_ends_all_replicas(
    millwork: Millwork, component: Component, background: Callable[..., Background], home: Path
) -> None:
    run = background("run", job(component, "sleep 60"), "--replicas", "3")
    until(lambda: len(list((home / "attempts").glob("*/*-*/lock"))) == 3)
    run.process.send_signal(signal.SIGINT)
    assert run.end()[0] == 1
    assert listing(millwork)[0]["status"] == "cancelled"
    assert {row["status"] for row in replicas(shown(millwork))} == {"cancelled"}
    assert_nothing_runs(home)


def test_a_timeout_ends_all_replicas(millwork: Millwork, component: Component, home: Path) -> None:
    file = job(component, "sleep 60", timeout="1s")
    failed(millwork("run", file, "--replicas", "3", "--json"), home, "timed out after 1 s")


@pytest.mark.parametrize("wait", [0.05, 0.5, 1.2])
def test_a_job_outlives_its_master(
    millwork: Millwork,
    component: Component,
    background: Callable[..., Background],
    home: Path,
    wait: float,
) -> None:
    file = job(component, "python main.py", outputs={"state": {"type": "checkpoint"}})
    script(file, TRAIN)
    run = background("run", file, "--replicas", "3")
    until(lambda: list((home / "attempts").glob("*/master-0/lock")))
    time.sleep(wait)
    run.process.kill()
    run.process.communicate()
    time.sleep(0.3)
    resumed = millwork("runs", "resume", "last", "--json")
    assert resumed.code == 0, resumed.err
    page = shown(millwork)
    ends = [row["status"] for row in replicas(page)]
    assert ends == ["succeeded"] * 3
    assert_nothing_runs(home)


def test_a_failure_that_nobody_saw_is_judged_when_the_run_is_resumed(
    millwork: Millwork, component: Component, background: Callable[..., Background], home: Path
) -> None:
    file = job(component, rank_two("sleep 0.5; exit 3"), run_policy={"restart_policy": "Never"})
    run = background("run", file, "--replicas", "4")
    until(lambda: list((home / "attempts").glob("*/worker-2/lock")))
    run.process.kill()
    run.process.communicate()
    time.sleep(1.0)
    resumed = millwork("runs", "resume", "last", "--json")
    failed(resumed, home, "worker-1: exit code 3")


def test_a_replica_that_cannot_be_started_takes_none_with_it(
    millwork: Millwork, component: Component, home: Path
) -> None:
    long = "x" * 140_000
    file = job(component, "sleep 60", parameters={"text": {"type": "String", "default": long}})
    began = time.monotonic()
    result = millwork("run", file, "--replicas", "3", "--json")
    assert time.monotonic() - began < 8
    failed(result, home, "Argument list too long")


def test_a_job_waits_for_room_and_not_for_ever(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    component("sleep 3", "first", is_deterministic=False)
    component("true", "second", job_type="PyTorchJob", is_deterministic=False)
    nodes = {
        "first": {},
        "second": {"replicas": 2, "run_policy": {"pending_timeout": "1s"}},
    }
    result = millwork("run", pipeline(nodes), "--parallel", "1", "--json")
    reason = "there was no room to start it for 1 s"
    assert result.step("second")["reason"] == reason


def test_more_gpus_than_there_are_start_nothing(millwork: Millwork, component: Component) -> None:
    file = job(component, "true", resources={"gpu": 1})
    refused = millwork("run", file, "--replicas", "4")
    assert refused.code == 3
    assert "needs 4 GPU" in refused.err


def test_a_checkpoint_survives_retries_and_a_resumed_run(
    millwork: Millwork, component: Component, pipeline: Pipeline
) -> None:
    command = 'echo x >>"$PAI_OUTPUT_STATE"/tries; test "$(wc -l <"$PAI_OUTPUT_STATE"/tries)" -ge 3'
    component(command, "train", outputs={"state": {"type": "checkpoint"}, "other": {}})
    file = pipeline({"train": {"retries": 1}}, outputs={"state": {"from": "train.state"}})
    assert millwork("run", file).code == 1
    resumed = millwork("runs", "resume", "last", "--json")
    assert resumed.code == 0
    assert (Path(resumed.json["outputs"]["state"]) / "tries").read_text() == "x\n" * 3
    assert millwork("run", file, "--force").code == 1, "another run begins anew"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--replicas", "0"), "--replicas worker=0: a number from 1 to 10000 is expected"),
        (("--replicas", "chief=1"), "'chief' is no role of a PyTorchJob"),
        (("--replicas", "worker"), "--replicas worker: expected N, or ROLE=N,..."),
        (("--replicas", "master=2,worker=1"), "a PyTorchJob has one master at most"),
    ],
)
def test_replicas_that_cannot_be(
    millwork: Millwork, component: Component, words: tuple[str, ...], told: str
) -> None:
    refused = millwork("run", job(component, "true"), *words)
    assert (refused.code, refused.out) == (2, "")
    assert told in refused.err
