"""`make figures`: every figure that Millwork promises, measured here and now.

Prints a table and writes it to bench/RESULTS.md. Names of rows may be given to measure only those.
"""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.kill import runner

from bench import (
    batches,
    builtins,
    console,
    containers,
    damage,
    deaths,
    jobs,
    measure,
    schedule,
    server,
    tables,
)
from bench.measure import MILLWORK, Cost
from bench.rows import Row

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

RESULTS = Path(__file__).with_name("RESULTS.md")


def light(folder: Path) -> Iterator[Row]:
    """The command line against an empty Python."""
    home = folder / "home"
    (folder / "component.yaml").write_text(
        "apiVersion: millwork/v1\nkind: Component\nname: t\nversion: 1.0.0\ncommand: 'true'\n"
    )
    python = measure.median_cost(sys.executable, "-c", "pass", home=home, times=15).cpu
    for words, bound in (
        (("--help",), 5),
        (("run", "--", "true"), 12),
        (("run", str(folder / "component.yaml"), "--force"), 12),
    ):
        ratio = measure.median_cost(MILLWORK, *words, home=home, times=9).cpu / python
        name = " ".join(words[:-1] if words[-1] == "--force" else words).replace(str(folder), "")
        yield Row(
            f"millwork {name}, CPU", f"{ratio:.1f}x python -c pass", f"{bound}x", ratio <= bound
        )


def steps(folder: Path) -> Iterator[Row]:
    """Chain and fan-out against a bare loop, with and without the whole contract."""
    for mounts, cpu_bound, wall_bound, extra_bound in (
        ("none", 1.25, 1.35, 4.0),
        ("ml", 1.7, 1.8, 10.0),
    ):
        for name, count, parallel in (("chain", 100, 1), ("fan-out", 300, 2)):
            at = folder / f"{mounts}-{name}"
            many = measure.write_pipeline(at / "many", count, chain=name == "chain", mounts=mounts)
            one = measure.write_pipeline(at / "one", 1, chain=False, mounts=mounts)
            bare, ours = _against_bare(at, many, one, count, parallel)
            cpu, extra = ours.cpu / bare.cpu, ours.cpu - bare.cpu
            wall = ours.wall / bare.wall
            what = f"{name} of {count}, parallel {parallel}, mounts: {mounts}"
            kept = cpu <= cpu_bound and wall <= wall_bound and extra <= extra_bound
            yield Row(
                what,
                f"{cpu:.2f}x CPU, {wall:.2f}x wall, +{extra:.1f} ms",
                f"{cpu_bound}x, {wall_bound}x, {extra_bound:g} ms",
                kept,
            )
            if mounts == "ml" and (start := measure.sandbox_start(30, at / "sandbox")):
                yield _beside_sandbox(what, extra, start.cpu)


def _beside_sandbox(what: str, extra: float, start: float) -> Row:
    rest = (extra - start) / start
    measured = f"bwrap {start:.1f} ms, all else {extra - start:.1f} ms: {rest:.1f}x of it"
    return Row(f"of which one bare start of bwrap, {what}", measured, "1.5x", rest <= 1.5)


def _against_bare(at: Path, many: Path, one: Path, count: int, parallel: int) -> tuple[Cost, Cost]:
    """One step's cost bare and in a run: A B A, with the cost of a run of one step taken off."""
    home = at / "home"
    words = ("--parallel", str(parallel), "--force")
    measure.cost_of(MILLWORK, "run", str(one), *words, home=home)
    before = measure.bare_loop(60, parallel, home)
    single = measure.cost_of(MILLWORK, "run", str(one), *words, home=home)
    run = measure.cost_of(MILLWORK, "run", str(many), *words, home=home)
    after = measure.bare_loop(60, parallel, home)
    bare = Cost((before.cpu + after.cpu) / 2, (before.wall + after.wall) / 2)
    return bare, (run - single).each(count - 1)


def cached(folder: Path) -> Iterator[Row]:
    """A run of 300 steps of which none has to be done again."""
    pipeline = measure.write_pipeline(folder, 300, chain=False, mounts="none")
    home = folder / "home"
    measure.cost_of(MILLWORK, "run", str(pipeline), home=home)
    time.sleep(2.5)  # files younger than two seconds are not trusted to be what they were
    measure.cost_of(MILLWORK, "run", str(pipeline), home=home)
    seconds = measure.cost_of(MILLWORK, "run", str(pipeline), home=home).cpu / 1000
    yield Row("300 steps, all reused, CPU", f"{seconds:.2f} s", "0.5 s", seconds <= 0.5)


def memory(folder: Path) -> Iterator[Row]:
    """The loop's memory while it runs 300 steps."""
    pipeline = measure.write_pipeline(folder, 300, chain=False, mounts="none", command="true")
    process = subprocess.Popen(
        [MILLWORK, "run", str(pipeline)], env=measure.environment(folder / "home"),
        stdout=subprocess.DEVNULL,
    )  # fmt: skip
    peak = 0.0
    watcher = threading.Thread(target=process.wait)
    watcher.start()
    while watcher.is_alive():
        peak = max(peak, _pss(process.pid))
        time.sleep(0.05)
    yield Row("memory of the loop at 300 steps, PSS", f"{peak:.0f} MiB", "60 MiB", peak <= 60)


def _pss(pid: int) -> float:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (OSError, ProcessLookupError):
        return 0.0
    line = next((line for line in text.splitlines() if line.startswith("Pss:")), "Pss: 0 kB")
    return int(line.split()[1]) / 1024


def planning(folder: Path) -> Iterator[Row]:
    """From a file to the plan of every step."""
    costs = {}
    for count in (1000, 10_000):
        pipeline = measure.write_pipeline(folder / str(count), count, chain=True, mounts="ml")
        code = (
            "import time; from millwork.actions.load import load; "
            "from millwork.plan.graph import Arguments, expand; "
            f"b = time.process_time(); expand(load({str(pipeline)!r}).tree, Arguments()); "
            "print(time.process_time() - b)"
        )
        costs[count] = statistics.median(_printed(code) for _ in range(3))
    ratio = costs[10_000] / costs[1000]
    yield Row(
        "YAML to plan, 10,000 nodes, CPU", f"{costs[10_000]:.1f} s, {ratio:.1f}x of 1,000",
        "4 s, 12x", costs[10_000] <= 4 and ratio <= 12,
    )  # fmt: skip


def _printed(code: str) -> float:
    words = [sys.executable, "-c", code]
    return float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)


def scale(folder: Path) -> Iterator[Row]:
    """The cost of a step in a long run against a short one."""
    each = {}
    for count in (100, 10_000):
        at = folder / str(count)
        many = measure.write_pipeline(
            at / "many", count, chain=False, mounts="none", command="true"
        )
        one = measure.write_pipeline(at / "one", 1, chain=False, mounts="none", command="true")
        home = at / "home"
        single = measure.median_cost(MILLWORK, "run", str(one), "--force", home=home, times=3)
        run = measure.cost_of(MILLWORK, "run", str(many), "--force", home=home)
        each[count] = (run - single).each(count - 1).cpu
    ratio = each[10_000] / each[100]
    yield Row(
        "cost of a step at 10,000 steps against 100",
        f"{ratio:.2f}x ({each[10_000]:.1f} ms)", "1.3x", ratio <= 1.3,
    )  # fmt: skip


def kills(folder: Path) -> Iterator[Row]:
    """The master of a run of 200 steps killed 50 times, at random instants."""
    for parallel in (1, 4, 16):
        # As long in all for each width, so that what a restart costs is the same share of it.
        run = partial(
            runner.run_with_kills,
            steps=200,
            parallel=parallel,
            seed=parallel,
            seconds=0.2 * parallel,
        )
        calm = run(folder / f"calm{parallel}", kills=0, pause=(0, 0))
        pause = (0.05, calm.seconds / 30)
        report = run(folder / f"k{parallel}", kills=50, pause=pause)
        done = report.statuses["succeeded"]
        again = sum(report.starts.values()) - len(report.starts)
        twice = sum(report.recorded.values()) - len(report.recorded)
        ratio = report.seconds / calm.seconds
        yield Row(
            f"{report.kills} kills in 200 steps, parallel {parallel}",
            f"{done} done, {again} repeated, {twice} recorded twice, "
            f"{200 - len(report.starts)} lost, {ratio:.2f}x undisturbed",
            "200, 0, 0, 0, 1.5x",
            (done, again, twice, len(report.starts)) == (200, 0, 0, 200) and ratio <= 1.5,
        )


FIGURES: dict[str, Callable[[Path], Iterator[Row]]] = {
    "light": light,
    "steps": steps,
    "cached": cached,
    "memory": memory,
    "planning": planning,
    "scale": scale,
    "kills": kills,
    "deaths": deaths.deaths,
    "jobs": jobs.jobs,
    "containers": containers.containers,
    "batches": batches.batches,
    "server": server.server,
    "schedule": schedule.schedule,
    "builtins": builtins.figures,
    "tables": tables.tables,
    "console": console.console,
    "floods": damage.floods,
    "hogs": damage.hogs,
    "results": damage.results,
}


def main(names: list[str]) -> int:
    """Measures the named figures, or all; returns 1 if one is missed."""
    rows: list[Row] = []
    for name in names or FIGURES:
        with tempfile.TemporaryDirectory() as folder:
            for row in FIGURES[name](Path(folder)):
                rows.append(row)
                print(_line(row), flush=True)
    if not names:
        RESULTS.write_text(_page(rows))
    return 0 if all(row.kept for row in rows) else 1


def _line(row: Row) -> str:
    return f"| {row.what} | {row.measured} | {row.bound} | {'yes' if row.kept else '**no**'} |"


def _page(rows: list[Row]) -> str:
    memory_size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
    version = platform.python_version()
    kernel = ".".join(platform.release().split(".")[:2])
    machine = f"{os.cpu_count()} cores, {memory_size:.0f} GiB, Linux {kernel}"
    return "\n".join(
        [
            "# Figures",
            "",
            f"`make figures` on {datetime.now(UTC):%Y-%m-%d}: {machine}, Python {version}.",
            "Ratios are to a bare loop of subprocesses in the same run; a step is `python -S -E`",
            "writing one file.",
            "",
            "| what | measured | at most | kept |",
            "|---|---|---|---|",
            *map(_line, rows),
            "",
        ]
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
