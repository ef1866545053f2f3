"""The run contract, probed through the engine port: every engine answers alike."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from millwork.base.errors import BadRequest
from millwork.engines.host import recorder
from millwork.plan.model import Artifact
from millwork.spec.model import (
    ReplicaGroup,
    Resources,
    Secret,
)
from tests.engines.subject import CANARY
from tests.engines.test_container_tool import HOSTILE

if TYPE_CHECKING:
    from tests.engines.subject import Subject

pytest_plugins = ("tests.engines.images", "tests.engines.subject")
MIB = 2**20

# --- what a step finds ------------------------------------------------------------------------


def test_folders_variables_and_files_are_those_of_the_contract(
    subject: Subject, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a").write_text("folder")
    (tmp_path / "one.csv").write_text("file")
    data = {
        "train-set": Artifact(str(tmp_path / "data")),
        "one": Artifact(str(tmp_path / "one.csv"), is_file=True),
    }
    script = """
import json, os, sys
config = json.load(open(os.environ["PAI_CONFIG_DIR"] + "hyperparameters.json"))
job = json.load(open("/ml/input/config/training_job.json"))
read = {name: open(os.environ[name] + end).read()
        for name, end in (("PAI_INPUT_TRAIN_SET", "/a"), ("PAI_INPUT_ONE", ""))}
names = ("PAI_WORKING_DIR", "PAI_OUTPUT_OUT", "PAI_HPS", "PAI_USER_ARGS", "PAI_HPS_A_B",
         "PAI_TRAINING_JOB_ID", "MINE", "PAI_INPUT_ONE", "PAI_INPUT_TRAIN_SET")
print(json.dumps([os.getcwd(), config, job["TrainingJobId"], read, sys.stdin.read(),
                  os.listdir(os.environ["PAI_OUTPUT_OUT"]), os.access(".", os.W_OK),
                  {name: os.environ[name] for name in names}]))
"""
    values = {"a.b": "7"}
    outcome, log = subject.run(
        'python3 -c "$SCRIPT"',
        data=data, values=values, env={"MINE": "x=y $z", "SCRIPT": script},
    )  # fmt: skip
    assert outcome.code == 0, log
    assert json.loads(log) == [
        "/ml/usercode", {"a.b": "7"}, "run",
        {"PAI_INPUT_TRAIN_SET": "folder", "PAI_INPUT_ONE": "file"}, "", [], True,
        {
            "PAI_WORKING_DIR": "/ml/usercode/", "PAI_OUTPUT_OUT": "/ml/output/out/",
            "PAI_HPS": '{"a.b": "7"}', "PAI_USER_ARGS": "--a.b 7", "PAI_HPS_A_B": "7",
            "PAI_TRAINING_JOB_ID": "run", "MINE": "x=y $z",
            "PAI_INPUT_ONE": "/ml/input/data/one/one.csv",
            "PAI_INPUT_TRAIN_SET": "/ml/input/data/train-set",
        },
    ]  # fmt: skip
    assert not os.path.lexists("/ml")


def test_inputs_and_configuration_cannot_be_written(subject: Subject, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "one").write_text("as it was")
    data = {
        "folder": Artifact(str(tmp_path / "data")),
        "file": Artifact(str(tmp_path / "one"), is_file=True),
    }
    command = """
for place in $PAI_INPUT_FOLDER/x $PAI_INPUT_FILE ${PAI_CONFIG_DIR}hyperparameters.json; do
  (echo changed >$place) && exit 9
done
rm -f ${PAI_CONFIG_DIR}hyperparameters.json && exit 9
mkdir ${PAI_CONFIG_DIR}more && exit 9
exit 0"""
    outcome, log = subject.run(command, data=data)
    assert outcome.code == 0, log
    assert log.count("Read-only") == 5
    assert not list((tmp_path / "data").iterdir())
    assert (tmp_path / "one").read_text() == "as it was"


def test_outputs_are_the_callers_own(subject: Subject) -> None:
    attempt = subject.start("mkdir ${PAI_OUTPUT_OUT}d && echo made >${PAI_OUTPUT_OUT}d/f; echo x>y")
    assert subject.end().code == 0
    for path in (subject.out(attempt) / "d", subject.out(attempt) / "d" / "f"):
        assert (path.stat().st_uid, path.stat().st_gid) == (os.geteuid(), os.getegid())
    assert (subject.out(attempt) / "d" / "f").read_text() == "made\n"
    assert Path(subject.engine.folder(attempt), "usercode", "y").read_text() == "x\n"
    shutil.rmtree(subject.engine.folder(attempt))  # nothing in it is another's


def test_values_of_any_kind_arrive_as_they_are(subject: Subject) -> None:
    values = {f"p{number}": text for number, text in enumerate(HOSTILE)}
    script = "import json, os, sys; print(json.dumps([sys.argv[1:], dict(os.environ)]))"
    outcome, log = subject.run(
        'python3 -c "$SCRIPT" "$@"', values=values, env={"SCRIPT": script, "STAR": "*", "EMPTY": ""}
    )
    assert outcome.code == 0, log
    words, env = json.loads(log)
    assert words == [word for name, text in values.items() for word in (f"--{name}", text)]
    assert {name: env[f"PAI_HPS_{name.upper()}"] for name in values} == values
    assert (env["STAR"], env["EMPTY"]) == ("*", "")


def test_data_at_paths_of_any_name_is_found(subject: Subject, tmp_path: Path) -> None:
    data = {}
    for number, name in enumerate(HOSTILE):
        (tmp_path / "data" / name).mkdir(parents=True)
        (tmp_path / "data" / name / "f").write_text(name)
        data[f"i{number}"] = Artifact(str(tmp_path / "data" / name))
    command = "for f in /ml/input/data/*/f; do cat $f; echo; done; ls /ml/input/data"
    outcome, log = subject.run(command, data=data)
    assert outcome.code == 0, log
    for name in HOSTILE:
        assert name in log


# --- how it ends ------------------------------------------------------------------------------


def test_exit_codes_and_both_streams_come_back(subject: Subject) -> None:
    outcome, log = subject.run("echo out; echo err >&2; echo out; exit 3")
    assert (outcome.kind, outcome.code, outcome.reason) == ("exited", 3, "exit code 3")
    assert log == "out\nerr\nout\n"
    assert outcome.at == pytest.approx(time.time(), abs=30)


@pytest.mark.parametrize("code", [125, 127])
def test_codes_that_clients_use_too_are_the_steps(subject: Subject, code: int) -> None:
    outcome, _ = subject.run(f"exit {code}")
    assert outcome.code == code
    assert outcome.reason.startswith(f"exit code {code}")


def test_death_by_a_signal_is_named(subject: Subject) -> None:
    outcome, _ = subject.run("kill -KILL $$")
    assert (outcome.code, outcome.reason) == (137, "killed by SIGKILL")


def test_a_command_that_is_not_there_is_named(subject: Subject) -> None:
    outcome, log = subject.run("no-such-program-here")
    assert (outcome.code, outcome.reason) == (127, "exit code 127: a command was not found")
    assert "no-such-program-here" in log


def test_children_in_the_background_end_with_the_step(subject: Subject) -> None:
    script = "import os, time; os.setsid(); os.fork() or time.sleep(300); time.sleep(300)"
    attempt = subject.start('python3 -c "$SCRIPT" & sleep 0.3; exit 4', env={"SCRIPT": script})
    assert subject.end(10).code == 4
    assert subject.left(attempt) == []


def test_a_long_log_is_whole(subject: Subject) -> None:
    script = "import sys\nfor n in range(16384): print(f'{n:063d}')"
    attempt = subject.start('python3 -u -c "$SCRIPT"', env={"SCRIPT": script})
    assert subject.end().code == 0
    lines = subject.log(attempt).splitlines()
    assert [int(line) for line in lines] == list(range(16384))
    assert os.stat(f"{subject.home}/attempts/{attempt}/log").st_size == MIB
    assert subject.engine.silence(attempt) < 60


def test_cpu_time_is_known(subject: Subject) -> None:
    outcome, _ = subject.run("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done")
    assert 0.02 < outcome.usage["cpu_seconds"] < 20


# --- stopping ---------------------------------------------------------------------------------


def test_a_step_that_is_stopped_may_tidy_up(subject: Subject) -> None:
    command = "trap 'echo tidy; exit 5' TERM; echo ready; while :; do sleep 0.05; done"
    attempt = subject.start(command)
    subject.until(attempt)
    subject.engine.stop(attempt, 8.0)
    began = time.monotonic()
    assert subject.end().code == 5
    assert time.monotonic() - began < 7
    assert "tidy\n" in subject.log(attempt)
    assert subject.left(attempt) == []


def test_what_ignores_the_stop_and_what_has_run_away_is_ended(subject: Subject) -> None:
    script = (
        "import os, signal, time; signal.signal(15, signal.SIG_IGN); "
        "os.setsid() if os.fork() == 0 else print('ready', flush=True); time.sleep(300)"
    )
    command = 'trap "" TERM; python3 -c "$SCRIPT"; echo it ended'
    attempt = subject.start(command, env={"SCRIPT": script})
    subject.until(attempt)
    subject.engine.stop(attempt, 0.3)
    outcome = subject.end(15)
    assert (outcome.code, outcome.reason) == (137, "killed by SIGKILL")
    assert subject.left(attempt) == []


@pytest.mark.parametrize("grace", [0.0, 0.5])
@pytest.mark.parametrize("wait", [0.0, 0.15])
def test_a_stop_while_it_starts_leaves_nothing(subject: Subject, grace: float, wait: float) -> None:
    attempt = subject.start("sleep 300")
    time.sleep(wait)  # the instant of the stop
    subject.engine.stop(attempt, grace)
    assert subject.end(15).code != 0
    assert subject.left(attempt) == []


# --- limits -----------------------------------------------------------------------------------


def test_memory_beyond_the_limit_is_called_by_its_name(subject: Subject) -> None:
    hog = "python3 -c 'x = bytearray(400_000_000); print(len(x))'"
    outcome, _ = subject.run(hog, resources=Resources(memory=64 * MIB))
    if outcome.usage["limits"] in ("none", "rlimit"):
        pytest.skip("memory is not limited here")
    assert outcome.reason == "out of memory (limit 64.0 MiB)"
    assert outcome.usage["out_of_memory"] is True
    assert outcome.usage["peak_memory"] == 64 * MIB


def test_processes_beyond_the_limit_are_refused(subject: Subject) -> None:
    script = """
import os, time
count = 0
try:
    while count < 30:
        if os.fork() == 0:
            time.sleep(300)
        count += 1
except BlockingIOError:
    print("refused")
print(count)
"""
    limit = Resources(processes=12)
    outcome, log = subject.run('python3 -c "$SCRIPT"', env={"SCRIPT": script}, resources=limit)
    if outcome.usage["limits"] in ("none", "rlimit"):
        pytest.skip("processes are not limited here")
    said, forked = log.split()
    # The shell and Python are two of the twelve, bubblewrap's monitor a third.
    assert said == "refused"
    assert int(forked) in (9, 10)


# --- masters that die -------------------------------------------------------------------------


def test_a_step_goes_on_without_its_engine_and_is_adopted(subject: Subject) -> None:
    attempt = subject.start("echo ready; sleep 0.7; echo done; exit 7")
    subject.until(attempt)
    second = subject.open()
    second.adopt(attempt)
    outcome = subject.end(engine=second)
    assert (outcome.kind, outcome.code) == ("exited", 7)
    assert subject.log(attempt, second) == "ready\ndone\n"
    third = subject.open()
    third.adopt(attempt)
    assert subject.end(2.0, third).code == 7


def test_an_adopted_step_can_be_stopped(subject: Subject) -> None:
    attempt = subject.start("echo ready; sleep 300")
    subject.until(attempt)
    second = subject.open()
    second.adopt(attempt)
    second.stop(attempt, 0.0)
    assert subject.end(10, second).reason == "killed by SIGKILL"
    assert subject.left(attempt) == []


def test_what_never_began_is_lost(subject: Subject) -> None:
    subject.engine.adopt("never-1")
    assert subject.end(5.0).kind == "lost"


def test_a_killed_recorder_loses_the_step_and_leaves_nothing(subject: Subject) -> None:
    attempt = subject.start("echo ready; sleep 300")
    subject.until(attempt)
    pid = recorder.find(f"{subject.home}/attempts/{attempt}")
    assert pid
    os.kill(pid, signal.SIGKILL)
    assert subject.end(10).kind == "lost"
    assert subject.left(attempt) == []


# --- secrets ----------------------------------------------------------------------------------


def test_a_secret_is_the_steps_alone(subject: Subject) -> None:
    command = (
        "trap 'echo asked; exit 6' TERM; echo $TOKEN; echo plain; echo ready;"
        ' test "$TOKEN" = "$(echo c4nary-that-nobody)-may-see" && while :; do sleep 0.05; done'
    )
    attempt = subject.start(command, env={"TOKEN": Secret("token")})
    subject.until(attempt)
    shown = b""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            shown += path.read_bytes()
        except OSError:
            continue
    assert CANARY.encode() not in shown
    files = Path(subject.home, "attempts", attempt).rglob("*")
    assert not any(CANARY.encode() in file.read_bytes() for file in files if file.is_file())
    subject.engine.stop(attempt, 8.0)
    assert subject.end().code == 6
    log = subject.log(attempt)
    assert log.startswith("***\nplain\nready\n")
    assert log.endswith("asked\n")
    assert subject.left(attempt) == []


# --- jobs -------------------------------------------------------------------------------------

_TALK = """
import os, socket, sys
address = (os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"]))
if os.environ["RANK"] == "0":
    server = socket.create_server(address)
    print("listening", flush=True)
    print(server.accept()[0].recv(99).decode())
else:
    socket.create_connection(address, 20).sendall(b"rank " + os.environ["RANK"].encode())
open(os.environ["PAI_OUTPUT_OUT"] + os.environ["RANK"], "w").close()
"""


def test_replicas_find_one_another_and_share_ml(subject: Subject) -> None:
    attempt, plan = subject.plan(
        'python3 -c "$TALK"', env={"TALK": _TALK}, job_type="PyTorchJob",
        replicas={"worker": ReplicaGroup(2)},
    )  # fmt: skip
    subject.engine.furnish(attempt, plan)
    names = [f"{attempt}/{replica.name}" for replica in plan.replicas]
    subject.engine.start(names[0], plan, 0)
    subject.until(names[0], "listening")
    subject.engine.start(names[1], plan, 1)
    assert [outcome.code for outcome in subject.ends(2)] == [0, 0], subject.log(names[1])
    assert subject.log(names[0]) == "listening\nrank 1\n"
    assert sorted(os.listdir(subject.out(attempt))) == ["0", "1"]


# --- what only containers have ----------------------------------------------------------------


def test_without_a_network_there_is_none(contained: Subject) -> None:
    contained.network = "none"
    script = "import socket; print([name for _, name in socket.if_nameindex()])"
    outcome, log = contained.run('python3 -c "$SCRIPT"', env={"SCRIPT": script})
    assert (outcome.code, log) == (0, "['lo']\n")
    with pytest.raises(BadRequest, match=r"container.network in settings.yaml is none, not host"):
        contained.plan("true", job_type="PyTorchJob", replicas={"worker": ReplicaGroup(2)})


def test_an_image_that_has_gone_says_so_and_ends(contained: Subject) -> None:
    attempt, plan = contained.plan("true")
    contained.engine.furnish(attempt, plan)
    contained.engine.start(attempt, replace(plan, image="sha256:" + "0" * 64))
    outcome = contained.end()
    assert outcome.code == 125
    assert outcome.reason.startswith("the container was not started: ")
    assert contained.left(attempt) == []
