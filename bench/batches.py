"""Elastic batch: sleeping work of known length, deaths, and what a shard costs."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import measure
from bench.home import Home, rows, until
from bench.peers.venvs import python_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bench.measure import Cost
    from bench.rows import Row

WORKERS = 4
LIGHT, HEAVY = 0.04, 0.4
SHARDS = 400
_BYTES = 1 << 20
_MILLION = 1_000_000

WORKER = """
import json, os, time
{imports}
slow = {slow} if os.environ["MILLWORK_WORKER_NAME"].startswith("worker-3") else 1.0
times = open(os.environ["TIMES"], "a")
for shard in {shards}:
    seconds = float(open(shard.files[0]).read()) * slow
    began = time.monotonic()
    time.sleep(seconds)  # the work, of known length
    ended = time.monotonic()
    {staged}
    times.write(json.dumps([shard.id, began, ended]) + "\\n")
    times.flush()
"""
"""Sleeps as long as the shard's file says, and notes when."""
LEASED = {"imports": "from millwork_worker import shards", "shards": "shards()"}
STAGED = (
    "with shard.output('lines.txt') as out: "
    "out.write(shard.id + ' ' + open(shard.files[0]).read() + '\\n')"
)
STATIC = {
    "imports": "from pathlib import Path; from types import SimpleNamespace as Shard",
    "shards": "[Shard(id=path, files=[path]) for path in json.loads(os.environ['PART'])]",
}
NOTHING = """
from millwork_worker import shards
for shard in shards(prefetch={prefetch}):
    pass
"""


def batches(folder: Path) -> Iterator[Row]:
    """Leased shards against a static split, an ideal, Dask, and deaths of workers and service."""
    what = f"{WORKERS} workers, {SHARDS} shards, every tenth 10x"
    yield from rows(
        folder,
        (f"{what}, adjacent", "2.2x a contiguous static split", partial(_heavy, least=2.2)),
        (f"{what}, shuffled", "1x a contiguous static split", partial(_heavy, seed=4, least=1.0)),
        ("makespan, longest shard 1 % of it", "1.05x of total / workers", _makespan),
        (f"one of {WORKERS} workers 5x slower", "1.10x of the ideal for the mix", _straggler),
        (
            "kill -9 of a random worker every second of a run",
            "every shard accepted once, the same bytes, 0 left",
            partial(_killed, service=0),
        ),
        (
            "kill -9 of the lease service, 10 times, besides",
            "the same",
            partial(_killed, service=10),
        ),
        (
            "a shard of `pass`, 8 workers, leases of 8, all processes",
            "1.2 ms CPU, 1,500 a second",
            partial(_overhead, prefetch=8, most=1.2, least=1500),
        ),
        (
            "the same, single leases",
            "3 ms CPU",
            partial(_overhead, prefetch=1, most=3.0, least=0),
        ),
        (f"{_MILLION:,} shards: cut, leased and listed", "200 MiB", _million),
        ("Dask's as-completed queue on the same shuffled work", "1.05x of Dask", _dask),
    )


# --- work of known length ---------------------------------------------------------------------


def _heavy(home: Home, least: float, seed: int | None = None) -> tuple[str, bool]:
    lengths = _lengths(seed)
    ours, static = _leased(home, lengths), _static(home, lengths)
    ratio = _span(static) / _span(ours)
    return f"{ratio:.2f}x ({_span(ours):.2f} s, split {_span(static):.2f} s)", ratio >= least


def _lengths(seed: int | None = None) -> list[float]:
    """The seconds of each shard: the heavy ones first, or anywhere."""
    heavy = SHARDS // 10
    lengths = [HEAVY] * heavy + [LIGHT] * (SHARDS - heavy)
    if seed is not None:
        random.Random(seed).shuffle(lengths)
    return lengths


def _makespan(home: Home) -> tuple[str, bool]:
    chance = random.Random(4)
    lengths = [chance.uniform(0.01, 0.03) for _ in range(2400)]
    times = _leased(home, lengths)
    ideal = sum(ended - began for _, began, ended in times) / WORKERS
    ratio, longest = _span(times) / ideal, max(ended - began for _, began, ended in times) / ideal
    return f"{ratio:.3f}x, longest {longest:.1%}", ratio <= 1.05


def _straggler(home: Home) -> tuple[str, bool]:
    lengths = [2 * LIGHT] * SHARDS
    times = _leased(home, lengths, slow=5.0)
    ideal = sum(lengths) / (WORKERS - 1 + 1 / 5.0)
    ratio = _span(times) / ideal
    return f"{ratio:.3f}x ({_span(times):.2f} s)", ratio <= 1.10


def _leased(home: Home, lengths: Sequence[float], **options: Any) -> list[tuple[str, float, float]]:
    """When each shard was worked on, by workers that lease them."""
    _write(home, lengths, **options)
    done = home.call("run", *_words(home))
    assert done.returncode == 0, done.stderr
    return _times(home)


def _static(home: Home, lengths: Sequence[float]) -> list[tuple[str, float, float]]:
    """The same by as many processes, each of which has its part from the start."""
    files = [str(path) for path in sorted((home.folder / "data").iterdir())]
    (home.folder / "times").write_text("")
    size = len(lengths) // WORKERS
    program = WORKER.format(slow=1.0, staged="pass", **STATIC)
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", program],
            env={
                **home.env,
                "TIMES": str(home.folder / "times"),
                "MILLWORK_WORKER_NAME": f"worker-{number}",
                "PART": json.dumps(files[number * size : (number + 1) * size]),
            },
        )
        for number in range(WORKERS)
    ]
    assert [worker.wait() for worker in workers] == [0] * WORKERS
    return _times(home)


def _write(
    home: Home, lengths: Sequence[float], slow: float = 1.0, staged: str = "pass", **fields: Any
) -> None:
    """The component, its program and its data: a file a shard."""
    data = home.folder / "data"
    data.mkdir(exist_ok=True)
    for number, seconds in enumerate(lengths):
        (data / f"{number:06}").write_text(str(seconds))
    (home.folder / "times").write_text("")
    program = WORKER.format(slow=slow, staged=staged, **LEASED)
    _component(
        home, program, {"files": 1}, append="lines.txt" if staged != "pass" else "", **fields
    )


def _component(
    home: Home, program: str, split: dict[str, Any], append: str = "", **fields: Any
) -> None:
    batch = {"input": "data", "split": split, **({"append": append} if append else {})}
    home.component(
        "batch",
        f"exec {sys.executable} main.py",
        job_type="ElasticBatchJob",
        inputs={"data": {"type": "folder"}},
        outputs={"out": {"type": "folder"}},
        batch=batch,
        env={"TIMES": str(home.folder / "times")},
        is_deterministic=False,
        mounts="none",
        **fields,
    )
    (home.folder / "batch" / "main.py").write_text(program)


def _words(home: Home, replicas: int = WORKERS) -> tuple[str, ...]:
    data = f"data={home.folder}/data"
    return str(home.folder / "batch"), "-i", data, "--replicas", str(replicas)


def _times(home: Home) -> list[tuple[str, float, float]]:
    lines = (home.folder / "times").read_text().splitlines()
    return [tuple(json.loads(line)) for line in lines]


def _span(times: Sequence[tuple[str, float, float]]) -> float:
    """From the first shard's begin to the last one's end."""
    return max(ended for _, _, ended in times) - min(began for _, began, _ in times)


# --- deaths -----------------------------------------------------------------------------------


def _killed(home: Home, service: int) -> tuple[str, bool]:
    """Workers killed every second, and the service so many times; against an undisturbed run."""
    policy = {"run_policy": {"restarts": 1000}}
    _write(home, [0.1] * SHARDS, staged=STAGED, **policy)
    assert home.call("run", *_words(home)).returncode == 0
    calm = _output(home)
    process, chance, kills = home.start("run", *_words(home)), random.Random(4), [0, 0]
    until(lambda: _pids("main.py", home) and _pids("api.server", home), "the batch to begin")
    began = time.monotonic()
    while process.poll() is None:
        time.sleep(1.0 if kills[1] >= service else 0.5)  # the rhythm of the deaths
        kills[0] += time.monotonic() - began >= kills[0] and _kill(chance, _pids("main.py", home))
        kills[1] += kills[1] < service and _kill(chance, _pids("api.server", home))
    rows_ = _accepted(home)
    same, once = _output(home) == calm, rows_ == SHARDS
    left = len(_pids("main.py", home)) + len(_pids("api.server", home))
    measured = (
        f"{kills[0]} workers and {kills[1]} services killed, {rows_} of {SHARDS} accepted once, "
        f"{'the same bytes' if same else 'other bytes'}, {left} left"
    )
    enough = kills[0] >= 5 and kills[1] == service
    return measured, process.returncode == 0 and same and once and not left and enough


def _kill(chance: random.Random, pids: list[int]) -> int:
    """Kills one of them, if there is any; how many."""
    if not pids:
        return 0
    try:
        os.kill(chance.choice(pids), signal.SIGKILL)
    except ProcessLookupError:
        return 0
    return 1


def _pids(word: str, home: Home) -> list[int]:
    """The Python processes of this home that run a program of this name."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                words = (entry / "cmdline").read_bytes().split(b"\0")
                env = (entry / "environ").read_bytes()
            except OSError:
                continue
            is_it = any(word.encode() in each for each in words[1:4]) and b"python" in words[0]
            if is_it and os.fsencode(str(home.path)) in env:
                found.append(int(entry.name))
    return found


def _output(home: Home) -> str:
    """The digest of the newest run's output."""
    _, steps, _ = home.last()
    path = Path(steps["batch"].outputs["out"]["path"]) / "lines.txt"
    return sha256(path.read_bytes()).hexdigest()


def _accepted(home: Home) -> int:
    """How many shards of the newest run are done; each has one row."""
    run = home.last()[0].id
    query = (
        "SELECT count(*) FROM shard JOIN batch ON batch.id = shard.batch "
        "WHERE batch.run = ? AND shard.status = 'done'"
    )
    return int(home.ask(query, run)[0])


# --- costs ------------------------------------------------------------------------------------


def _overhead(home: Home, prefetch: int, most: float, least: float) -> tuple[str, bool]:
    """The slope from few shards to many: what starts and ends a run is in both."""
    few, many = 500, 8500
    _component(home, NOTHING.format(prefetch=prefetch), {"rows": 1})
    costs = {}
    for count in (few, many):
        (home.folder / "data").mkdir(exist_ok=True)
        (home.folder / "data" / "rows.jsonl").write_text("{}\n" * count)
        costs[count] = _cost(home)
    each = (costs[many] - costs[few]).each(many - few)
    rate = 1000 / each.wall
    measured = f"{each.cpu:.2f} ms CPU, {rate:,.0f} a second"
    return measured, each.cpu <= most and rate >= least


def _cost(home: Home) -> Cost:
    words = (measure.MILLWORK, "run", *_words(home, 8))
    return measure.cost_of(*words, home=home.path)


def _million(home: Home) -> tuple[str, bool]:
    """The service's peak, of a batch of which 2,000 shards are worked on and the rest is left."""
    (home.folder / "data").mkdir()
    (home.folder / "data" / "rows.jsonl").write_text("{}\n" * _MILLION)
    program = NOTHING.format(prefetch=8).replace("    pass", "    if int(shard.id) > 2000: break")
    _component(home, program, {"rows": 1})
    process = home.start("run", *_words(home, 1))
    peak = 0
    while process.poll() is None:
        peak = max([peak, *map(_peak, _pids("api.server", home))])
        time.sleep(0.05)  # a peak of memory gives no event
    listed = json.loads(home.call("runs", "show", "last", "--json").stdout)
    size = len(json.dumps(listed))
    return f"{peak / _BYTES:.0f} MiB, shown in {size:,} bytes", 0 < peak <= 200 * _BYTES


def _peak(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    line = next((line for line in text.splitlines() if line.startswith("VmHWM:")), "VmHWM: 0 kB")
    return int(line.split()[1]) * 1024


# --- a peer -----------------------------------------------------------------------------------

_DASK = """
import json, sys, time
from dask.distributed import Client, LocalCluster, as_completed
def work(seconds):
    began = time.monotonic()
    time.sleep(seconds)  # the same work of known length
    return began, time.monotonic()
if __name__ == "__main__":
    lengths = json.loads(sys.argv[1])
    with LocalCluster(n_workers={workers}, threads_per_worker=1, dashboard_address=None) as cluster:
        with Client(cluster) as client:
            client.gather(client.map(work, [0.0] * {workers}, pure=False))
            futures = client.map(work, lengths, pure=False)
            times = [future.result() for future in as_completed(futures)]
    print(json.dumps([["", *each] for each in times]))
"""


def _dask(home: Home) -> tuple[str, bool]:
    lengths = _lengths(seed=4)
    python = python_of("dask", ("distributed",))
    program = home.folder / "dask_queue.py"
    program.write_text(_DASK.format(workers=WORKERS))
    done = subprocess.run(
        [str(python), str(program), json.dumps(lengths)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        return f"Dask: {done.stderr.strip().splitlines()[-1:]}", False
    theirs = _span([tuple(each) for each in json.loads(done.stdout.splitlines()[-1])])
    ours = _span(_leased(home, lengths))
    return f"{ours / theirs:.3f}x ({ours:.2f} s, Dask {theirs:.2f} s)", ours <= 1.05 * theirs
