"""Jobs of several replicas: ranks that die, first causes, the start of a gang, and fixed ports."""

from __future__ import annotations

import os
import random
import signal
import statistics
import sys
import time
from collections import Counter
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from bench.home import Home, left, rows, until
from millwork.engines.host import recorder
from millwork.engines.local import limits
from millwork.engines.local.sandbox import Sandbox

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from bench.rows import Row

RANKS, GANG, JOBS = 4, 8, 10
PYTHON = f"exec {sys.executable} -S -E main.py"

_TRAIN = """
import json, os, time
rank, job = os.environ["RANK"], os.environ["PAI_TRAINING_JOB_ID"]
path = os.environ["PAI_OUTPUT_STATE"] + rank
step, total = json.load(open(path)) if os.path.exists(path) else (0, int(rank))
with open("pid" + rank, "w") as file:
    file.write(str(os.getpid()))
while step < 15:
    time.sleep(0.1)  # the work: long enough to be killed in
    step, total = step + 1, (total * 31 + step) % 1_000_003
    with open(path + ".new", "w") as file:
        json.dump([step, total], file)
    os.replace(path + ".new", path)
    with open(os.environ["EFFECTS"], "a") as file:
        file.write(f"{job} {rank} {step}\\n")
print(f"total{rank}=", total)
"""
"""Fifteen steps of 0.1 s, each kept and then noted; the sum depends on the order of all of them."""


def jobs(folder: Path) -> Iterator[Row]:
    """Gangs on this machine."""
    causes = tuple(
        (f"a job of {RANKS} ends: {what}", f"failed for {cause}, peers gone in 5 s", experiment)
        for what, cause, experiment in (
            ("the limit of restarts is reached", "the first cause", _limit_reached),
            ("a permanent exit code", "the first cause", _permanent),
            ("out of memory", "the first cause", _out_of_memory),
            ("a hang", "it", _hang),
        )
    )
    what = f"a gang of {GANG} that sleep 1 s, mounts: {{}}, AttemptOpened to the last one's output"
    yield from rows(
        folder,
        (
            f"kill -9 of one rank of {RANKS}, in {JOBS} jobs, at random instants",
            f"{JOBS} restarted, {JOBS} with the undisturbed metrics, 0 steps repeated, 0 left",
            _killed_ranks,
        ),
        *causes,
        *(
            (
                what.format(mounts),
                f"3x of {GANG} recorders alone",
                partial(_gang_start, mounts=mounts),
            )
            for mounts in ("none", "ml")
        ),
        (
            f"two jobs of {GANG} at once, every replica listening on the same port",
            f"2 succeeded, {2 * GANG} at once",
            _same_ports,
        ),
    )


def _job(home: Home, command: str, replicas: int, script: str = "", **fields: Any) -> str:
    """Writes a pipeline whose one node is a job, and what its replicas run."""
    fields = {"job_type": "PyTorchJob", "is_deterministic": False, **fields}
    home.component("train", command, **fields)
    if script:
        (home.folder / "train" / "main.py").write_text(script)
    return home.pipeline({"train": {"replicas": replicas}})


def _wait(*commands: subprocess.Popen[bytes]) -> None:
    until(lambda: all(command.poll() is not None for command in commands), "the jobs' end", 60)


def _remaining(home: Home) -> int:
    """How many processes of any attempt live."""
    return sum(map(left, home.process_ids()))


# --- ranks that die ---------------------------------------------------------------------------


def _killed_ranks(home: Home) -> tuple[str, bool]:
    names = [f"total{rank}" for rank in range(RANKS)]
    metrics = [{"name": name, "regex": rf"{name}= (\d+)"} for name in names]
    outputs = {"state": {"type": "checkpoint"}}
    pipeline = _job(home, PYTHON, RANKS, _TRAIN, outputs=outputs, metrics=metrics)
    home.call("run", pipeline)
    wanted = home.last()[1]["train"].metrics
    chance, total = random.Random(4), Counter[str]()
    for _ in range(JOBS):
        rank = chance.randrange(RANKS)
        _wait(_kill_rank(home, pipeline, rank, chance.uniform(0, 1.2)))
        _, steps, attempts = home.last()
        total["again"] += [each.status for each in attempts] == ["failed", "succeeded"]
        name = f"worker-{rank - 1}" if rank else "master-0"
        total["named"] += attempts[0].reason.startswith(f"{name}: killed by SIGKILL")
        total["same"] += steps["train"].metrics == wanted
    noted = Counter(home.effects.read_text().splitlines())
    repeated, remaining = sum(noted.values()) - len(noted), _remaining(home)
    measured = (
        f"{total['again']} restarted, {total['named']} of them for it, {total['same']} with the "
        f"undisturbed metrics, {repeated} steps repeated, {remaining} left"
    )
    counts = (total["again"], total["named"], total["same"], repeated, remaining)
    return measured, counts == (JOBS, JOBS, JOBS, 0, 0) and set(wanted) == set(names)


def _kill_rank(home: Home, pipeline: str, rank: int, seconds: float) -> subprocess.Popen[bytes]:
    """A run of which one rank is killed so long after it began."""
    pids = f"attempts/*/ml/usercode/pid{rank}"
    earlier = set(home.path.glob(pids))
    command = home.start("run", pipeline)

    def found() -> list[Path]:
        return [file for file in home.path.glob(pids) if file not in earlier and file.read_text()]

    until(found, "the rank to begin")
    pid = int(found()[0].read_text())
    time.sleep(seconds)  # the random instant
    os.kill(pid, signal.SIGKILL)
    return command


# --- first causes -----------------------------------------------------------------------------

_PEERS = """
case "$RANK" in
2) echo $$ >pid; {ends};;
1) until [ -s pid ]; do sleep 0.02; done
   while kill -0 "$(cat pid)" 2>/dev/null; do sleep 0.02; done
   sleep 0.05; exit 1;;
3) trap "" TERM; sleep 60;;
*) sleep 60;;
esac
"""
"""Of the others one fails because the first did, one does not hear SIGTERM, and one just works."""


def _limit_reached(home: Home) -> tuple[str, bool]:
    pipeline = _job(home, _PEERS.format(ends="kill -KILL $$"), RANKS, run_policy={"restarts": 1})
    reason = "worker-1: killed by SIGKILL; the limit of 1 restart"
    return _first_cause(home, pipeline, reason, attempts=2)


def _permanent(home: Home) -> tuple[str, bool]:
    policy = {"restart_policy": "ExitCode"}
    pipeline = _job(home, _PEERS.format(ends="exit 3"), RANKS, run_policy=policy)
    return _first_cause(home, pipeline, "worker-1: exit code 3")


def _out_of_memory(home: Home) -> tuple[str, bool]:
    limiter = limits.detect()
    if limiter.name == "rlimit":
        return "not measured here: no control groups", False
    hog = f"{sys.executable} -S -E -c 'x = bytearray(300_000_000); print(len(x))'"
    policy = {"restart_policy": "ExitCode", "memory_restarts": 0}
    pipeline = _job(
        home, _PEERS.format(ends=hog), RANKS, run_policy=policy, resources={"memory": "60Mi"}
    )
    return _first_cause(home, pipeline, "worker-1: out of memory (limit 60.0 MiB)")


def _hang(home: Home) -> tuple[str, bool]:
    policy = {"hang_timeout": "1s", "restarts": 0}
    pipeline = _job(home, _PEERS.format(ends="sleep 60"), RANKS, run_policy=policy)
    return _first_cause(home, pipeline, "no output from any replica for 1 s")


def _first_cause(home: Home, pipeline: str, reason: str, attempts: int = 1) -> tuple[str, bool]:
    """A run that fails: its reason, and how long peers lived on after a failure was recorded."""
    command = home.start("run", pipeline)
    slowest = 0.0
    for number in range(attempts):
        slowest = max(slowest, _seconds_to_clear(home, number))
    _wait(command)
    run, steps, tries = home.last()
    told, remaining = steps["train"].reason, _remaining(home)
    measured = f"{run.status}: {told}, peers gone in {slowest:.1f} s, {remaining} left"
    kept = told.startswith(reason) and slowest <= 5
    return measured, kept and (run.status, len(tries), remaining) == ("failed", attempts, 0)


def _seconds_to_clear(home: Home, number: int) -> float:
    """Seconds from the first failure on record in an attempt to the end of its last process."""
    until(lambda: len(_failures(home)) > number, "the failure")
    attempt, at = list(_failures(home).items())[number]
    until(lambda: not sum(map(left, home.process_ids(attempt))), "the end of the peers")
    return time.time() - at


def _failures(home: Home) -> dict[str, float]:
    """When the first failure of each attempt of the newest run was recorded, or its verdict."""
    found: dict[str, float] = {}
    for event in home.events():
        if event["kind"] in ("ReplicaClosed", "JobJudged"):
            found.setdefault(event["data"]["attempt"], event["time"])
    return found


# --- the start of a gang ----------------------------------------------------------------------

_TELL = "echo; exec sleep 1"
"""Its first output is the time at which the kernel changed the log."""
_PAIRS = 7


def _gang_start(home: Home, mounts: str) -> tuple[str, bool]:
    """A gang and recorders alone in turns, so that the machine's other work is the same to both."""
    pipeline = _job(home, _TELL, GANG, mounts=mounts)
    home.call("run", pipeline)
    ours, bare = [], []
    for number in range(_PAIRS):
        place = home.folder / f"bare{number}"
        bare.append(_recorders_start(place, home, mounts))
        home.call("run", pipeline)
        attempt = home.attempt("train")
        ours.append(_last_output(home.path / "attempts" / attempt.id) - attempt.created)
    usual, alone = statistics.median(ours), statistics.median(bare)
    ratio = usual / alone
    measured = f"{usual * 1000:.0f} ms, {GANG} recorders {alone * 1000:.0f} ms: {ratio:.2f}x"
    return measured, ratio <= 3


def _last_output(folder: Path) -> float:
    """When the last of the processes in a folder began to print; none has printed twice."""
    return max(log.stat().st_mtime for log in folder.glob("*/log"))


def _recorders_start(folder: Path, home: Home, mounts: str) -> float:
    """Seconds from the first spawn until the last program's first output."""
    ml = folder / "ml"
    for name in ("usercode", "input/config"):
        (ml / name).mkdir(parents=True)
    places = [folder / str(number) for number in range(GANG)]
    for place in places:
        place.mkdir()
    sandbox = Sandbox(str(home.path / "sandbox.json"))
    words = [*(sandbox.wrap(str(ml), ()) if mounts == "ml" else ()), "sh", "-c", _TELL, "sh"]
    began = time.time()
    pids = [
        recorder.spawn(str(place), str(ml / "usercode"), words, home.env, recorder.Confinement())
        for place in places
    ]
    try:
        until(lambda: all((place / "log").stat().st_size for place in places), "the recorders")
    finally:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return _last_output(folder) - began


# --- fixed ports ------------------------------------------------------------------------------

_LISTEN = """
import os, socket, threading, time
job, rank = os.environ["PAI_TRAINING_JOB_ID"], int(os.environ["RANK"])
port = int(os.environ["WORKER_PORT"])
hosts = [os.environ["MASTER_ADDR"], *os.environ["WORKER_ADDRS"].split(",")]
server = socket.create_server((hosts[rank], port))

def tell():
    for _ in hosts[1:]:
        with server.accept()[0] as peer:
            peer.sendall(job.encode())

def ask(host):
    for _ in range(300):
        try:
            with socket.create_connection((host, port)) as peer:
                return peer.recv(100).decode()
        except ConnectionRefusedError:
            time.sleep(0.05)  # a peer that does not listen yet gives no event

teller = threading.Thread(target=tell)
teller.start()
assert all(ask(host) == job for number, host in enumerate(hosts) if number != rank)
teller.join()
time.sleep(2)  # so that all sixteen run at once
"""
"""Every replica asks every other one, all at one port, which job it belongs to."""


def _same_ports(home: Home) -> tuple[str, bool]:
    pipeline = _job(home, PYTHON, GANG, _LISTEN, job_type="XGBoostJob")
    commands = [home.start("run", pipeline) for _ in range(2)]
    _wait(*commands)
    succeeded = sum(command.returncode == 0 for command in commands)
    each = [row for run in home.runs() for row in home.replicas(run.id)]
    first_end = min(row.ended or 0.0 for row in each)
    at_once = sum((row.launched or first_end) < first_end for row in each)
    measured = f"{succeeded} succeeded, {at_once} at once"
    return measured, (succeeded, at_once) == (2, 2 * GANG)
