"""The server: long lists, many listeners, its start, and the death of one of two."""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from tests.e2e.asker import Asker
from tests.e2e.server import serving
from tests.kill.failover import children_of, command_of, fail_over
from tests.store import server as postgres

from bench import crowd, measure
from bench.rows import Row
from millwork.app.process import LocalMasters
from millwork.ports.changes import StepChanged
from millwork.ports.store import RunRow, StepRow
from millwork.store.runs import RunStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.server import Server

STEPS = 20  # of each run in a long list
REQUESTS = 200
RUNS, SECONDS, RATE = 10, 20, 200  # that write while clients listen
CLIENTS, CUTS = 20, 20
_RUNS = "/workspaces/default/runs"
_COMPONENT = """\
apiVersion: millwork/v1
kind: Component
name: prints
version: 1.0.0
mounts: none
command: for n in $(seq 2000); do echo "line $n of a log that somebody reads"; done; echo x >"$PAI_OUTPUT_OUT/x"
outputs: {out: {type: any}}
parameters: {n: {type: Int, default: 0}}
"""  # noqa: E501


def server(folder: Path) -> Iterator[Row]:
    """A row for each figure of the server."""
    yield from _long_lists(folder)
    yield from _listeners(folder / "listeners")
    yield _cut_off(folder / "cut")
    yield _start(folder / "start")
    yield from _fail_overs(folder)


# --- long lists -------------------------------------------------------------------------------


def _long_lists(folder: Path) -> Iterator[Row]:
    """100,000 runs against 1,000: asked in turn, so that whatever else is busy slows both."""
    few, many = 1000, 100_000
    runs = {count: _crowded(folder / str(count), count) for count in (few, many)}
    with ExitStack() as stack:
        servers = {
            count: stack.enter_context(serving(folder / str(count) / "home")) for count in runs
        }
        askers = {count: Asker.of(found) for count, found in servers.items()}
        pids = {count: api_of(found) for count, found in servers.items()}
        for what, paths in (
            ("list page", partial(_pages, "")),
            ("open run", _opened),
            ("filter by status", _filtered),
            ("log page", _logs),
        ):
            asked = {count: paths(askers[count], runs[count], count) for count in runs}
            walls: dict[int, list[float]] = {few: [], many: []}
            for count in runs:  # what is made once is not what is measured
                for _ in range(10):
                    _ask(askers[count], next(asked[count]))
            before = {count: cpu_of(pid) for count, pid in pids.items()}
            for _ in range(REQUESTS):
                for count in runs:
                    walls[count].append(_ask(askers[count], next(asked[count])))
            costs = [(cpu_of(pids[count]) - before[count]) / REQUESTS * 1000 for count in runs]
            ratio = _p95(walls[many]) / _p95(walls[few])
            yield Row(
                f"{what}, {many:,} runs of {STEPS} steps against {few:,}",
                f"p95 {ratio:.2f}x ({_p95(walls[many]) * 1000:.0f} ms), {max(costs):.1f} ms CPU",
                "3x, 50 ms CPU",
                ratio <= 3 and max(costs) <= 50,
            )


def _crowded(folder: Path, count: int) -> str:
    """A home with so many runs; the id of the one that was really done."""
    home = folder / "home"
    home.mkdir(parents=True)
    pipeline = measure.write_pipeline(folder / "code", STEPS, chain=True, mounts="none")
    (folder / "code" / "c" / "component.yaml").write_text(_COMPONENT)
    with serving(home) as found:
        asker = Asker.of(found)
        run = asker.run(asker.upload(folder / "code"), pipeline.name)
        while (status := asker.ask("GET", f"{_RUNS}/{run}/result")["status"]) != "succeeded":
            assert status in ("queued", "running"), status
            time.sleep(0.1)  # a run that is waited for over HTTP tells nobody
    crowd.copy_run(home / "millwork.db", run, count, LocalMasters().me())
    return run


def _pages(words: str, asker: Asker, _run: str, _count: int) -> Iterator[str]:
    """One page after the other, and from the first again."""
    after = ""
    while True:
        path = f"{_RUNS}?limit=50{words}"
        yield f"{path}&after={after}" if after else path
        after = asker.ask("GET", f"{path}&after={after}" if after else path)["next"] or ""


def _filtered(asker: Asker, run: str, count: int) -> Iterator[str]:
    statuses = ("succeeded", "failed", "cancelled", "queued", "running")
    by_status = [_pages(f"&status={status}", asker, run, count) for status in statuses]
    for pages in cycle(by_status):
        yield next(pages)


def _opened(_asker: Asker, _run: str, count: int) -> Iterator[str]:
    ids = crowd.copies(count)
    for number in cycle(range(0, len(ids), max(1, len(ids) // 97))):
        yield f"{_RUNS}/{ids[number]}"


def _logs(_asker: Asker, run: str, _count: int) -> Iterator[str]:
    for number in cycle(range(STEPS)):
        yield f"{_RUNS}/{run}/steps/n{number}/logs/last?offset={number * 1000}"


def _ask(asker: Asker, path: str) -> float:
    """Seconds that an answer took."""
    began = time.perf_counter()
    asker.ask("GET", path)
    return time.perf_counter() - began


def _p95(seconds: list[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.95)]


# --- listeners --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Heard:
    """What each client was told, by run, and how many cuts it had left; what was written.

    `share` of a core and `memory` in MiB are those of the API's process, `rate` is events a second.
    """

    clients: list[tuple[dict[str, list[int]], int]]
    written: dict[str, list[int]]
    share: float
    memory: float
    rate: float


def _listeners(folder: Path) -> Iterator[Row]:
    """Clients that are told of every event, and what that costs the API's process."""
    heard = _streamed(folder, CLIENTS, cuts=0)
    wrong = sum(told != heard.written for told, _ in heard.clients)
    events = sum(map(len, heard.written.values()))
    yield Row(
        f"{CLIENTS} listeners, {RATE} events a second in {RUNS} runs, {SECONDS} s",
        f"{events:,} events at {heard.rate:.0f} a second, {wrong} clients lost one or had one "
        f"out of order, {heard.share:.0%} of a core",
        "all at all of them, in order, 30 %",
        not wrong and heard.share <= 0.30 and heard.rate >= 0.9 * RATE,
    )
    yield Row(
        f"memory of the API's process with {CLIENTS} listeners, RSS",
        f"{heard.memory:.0f} MiB", "150 MiB", heard.memory <= 150,
    )  # fmt: skip


def _cut_off(folder: Path) -> Row:
    heard = _streamed(folder, 1, cuts=CUTS)
    told, left = heard.clients[0]
    once = {run: sorted(set(numbers)) for run, numbers in told.items()}
    repeats = sum(map(len, told.values())) - sum(map(len, once.values()))
    return Row(
        f"a listener cut off {CUTS} times, which comes back with Last-Event-ID",
        f"cut off {CUTS - left} times, {'all' if once == heard.written else 'not all'} told, "
        f"{repeats} once more",
        "all told", once == heard.written and left == 0,
    )  # fmt: skip


def _streamed(folder: Path, clients: int, cuts: int) -> Heard:
    """Listeners at a server, to whose runs another process writes meanwhile: this one."""
    home = folder / "home"
    home.mkdir(parents=True)
    with serving(home) as found, closing(RunStore(str(home / "millwork.db"), str(home))) as store:
        words = [sys.executable, "-m", "bench.streams", found.url, str(home / "token")]
        listening = subprocess.Popen(
            [*words, str(clients), str(cuts)], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        assert listening.stdout is not None
        assert listening.stdout.readline() == "open\n"
        pid = api_of(found)
        before, began = cpu_of(pid), time.monotonic()
        written = _write(store)
        passed = time.monotonic() - began
        share, memory = (cpu_of(pid) - before) / passed, resident(pid)
        time.sleep(2.0)  # what is later than this counts as lost
        said, _ = listening.communicate("")
    told = [(by_run, left) for by_run, left in json.loads(said)]
    return Heard(told, written, share, memory, SECONDS * RATE / passed)


def _write(store: RunStore) -> dict[str, list[int]]:
    """RATE events a second, each in a transaction of its own; their numbers by run."""
    written: dict[str, list[int]] = {}
    runs = [f"run{number:07}" for number in range(RUNS)]
    for run in runs:
        store.create_run(_run(run), [StepRow("s", 0, "pending")], {})
    began = time.monotonic()
    for number in range(SECONDS * RATE):
        run = runs[number % RUNS]
        store.commit(run, 1, time.time(), [StepChanged("s", "running", f"change {number}")])
        written.setdefault(run, []).append(number // RUNS + 1)
        time.sleep(max(0.0, began + number / RATE - time.monotonic()))  # the rhythm of events
    return written


def _run(run: str) -> RunRow:
    """A run that this process drives, as the server sees it."""
    return RunRow(
        run, "written", "written", "1.0.0", "running", time.time(), master=LocalMasters().me(),
        epoch=1,
    )  # fmt: skip


# --- its start --------------------------------------------------------------------------------


def _start(folder: Path) -> Row:
    """`millwork up` until it says that it is ready, against a bare Python, in turn."""
    folder.mkdir()
    home = folder / "home"
    ratios = []
    for _ in range(6):
        python = min(_bare() for _ in range(3))
        process = subprocess.Popen(
            [measure.MILLWORK, "up", "--port", "0"], env=measure.environment(home), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert process.stdout is not None
        while not process.stdout.readline().startswith("ready"):
            pass
        ratios.append((cpu_of(process.pid) + sum(map(cpu_of, children_of(process.pid)))) / python)
        process.send_signal(signal.SIGTERM)
        process.communicate()
    ratio = sorted(ratios[1:])[2]  # the first one makes the home
    return Row(
        "millwork up to ready, all its processes, CPU",
        f"{ratio:.1f}x python -c pass", "40x", ratio <= 40,
    )  # fmt: skip


def _bare() -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


# --- the death of one -------------------------------------------------------------------------


def _fail_overs(folder: Path) -> Iterator[Row]:
    with postgres.started() as database:
        for with_drivers in (False, True):
            at = folder / f"failover{int(with_drivers)}"
            came = fail_over(
                at, database, runs=25, steps=200, restarts=5, with_drivers=with_drivers,
                patience=240,
            )  # fmt: skip
            what = "with its drivers" if with_drivers else "alone"
            yield Row(
                f"{came.steps:,} steps queued on PostgreSQL, one of two servers killed {what}, "
                f"the database restarted {came.restarts} times",
                f"{came.succeeded:,} succeeded, {came.lost} lost, {came.doubled} doubled, "
                f"{came.recorded_twice} recorded twice, {came.seconds:.0f} s",
                "0 lost, 0 doubled, 0 recorded twice",
                came.is_whole,
            )


# --- processes --------------------------------------------------------------------------------


def api_of(found: Server) -> int:
    """The process of a server's API."""
    (pid,) = (
        pid for pid in children_of(found.process.pid) if "millwork.api.main" in command_of(pid)
    )
    return pid


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used, in all its threads."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads) / 1e9


def resident(pid: int) -> float:
    """MiB that a process has in memory."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / (1 << 20)
