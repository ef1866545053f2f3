"""What a scheduler keeps when it is killed, whom it lets start, and what a date costs with it."""

from __future__ import annotations

import os
import subprocess
import time
from collections import defaultdict
from contextlib import closing, suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from tests.conftest import environment
from tests.e2e.backfills import backfill, keep_daily, most_at_once
from tests.e2e.server import serving
from tests.kill import backlog, schedulers
from tests.kill.failover import children_of, command_of
from tests.scheduler.crowded import PARALLEL, keep_crowd, play, replayed
from tests.store import server as postgres

from bench import measure
from bench.rows import Row
from bench.server import cpu_of
from millwork.actions.usage import room_for_runs
from millwork.app.compose import this_machine
from millwork.store.runs import RunStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.e2e.server import Server

CROWD = 1000
DATES = 150  # fewer than one driver is given
_TICKS = os.sysconf("SC_CLK_TCK")


def with_schedulers(folder: Path) -> Iterator[Row]:
    """A row for each figure that is measured with real schedulers."""
    yield from _kills(folder)
    yield _order(folder / "order")
    yield _scheduling(folder / "crowd")
    for parallel, dates in ((1, 5), (3, 12), (10, 30)):
        yield _at_once(folder / f"parallel{parallel}", parallel, dates)
    yield date_row(folder / "dates")


# --- kills ------------------------------------------------------------------------------------


def _kills(folder: Path) -> Iterator[Row]:
    came = schedulers.killed_at_random(
        folder / "kills", schedules=10, count=200, kills=50, seed=1, patience=600
    )
    yield _kill_row("the scheduler", came)
    with postgres.started() as database:
        came = schedulers.killed_at_random(
            folder / "two", schedules=10, count=200, kills=50, seed=2, patience=900,
            database=database.new(), servers=2,
        )  # fmt: skip
    yield _kill_row("the schedulers of two servers on one PostgreSQL", came)


def _kill_row(what: str, came: schedulers.Report) -> Row:
    found = came.outcome
    return Row(
        f"{what} killed {came.kills} times in {found.due:,} instances",
        f"{found.statuses.get('succeeded', 0):,} done, {found.missing} missing, "
        f"{found.doubled} doubled, {found.left} runs of none, {came.seconds:.0f} s",
        "0 missing, 0 doubled",
        found.is_whole,
    )


# --- the same minute --------------------------------------------------------------------------


def _order(folder: Path) -> Row:
    """The runs of 1,000 instances: each begins when the queue says so of what was recorded."""
    home = folder / "home"
    home.mkdir(parents=True)
    keep_crowd(home, CROWD, 1)
    what = f"{CROWD:,} instances due in the same minute, parallel {PARALLEL}"
    with backlog.opened(home) as context:
        play(context, 1)
        with closing(RunStore(f"{home}/millwork.db", str(home))) as store:
            try:
                admitted, most = replayed(store)
            except AssertionError as error:
                return Row(what, str(error), "the order of the queue", kept=False)
    return Row(
        what, f"{admitted:,} began in the order of the queue, {most} at once at most",
        "the order of the queue", (admitted, most) == (CROWD, PARALLEL),
    )  # fmt: skip


def _scheduling(folder: Path) -> Row:
    """The CPU of the scheduler's process, less that of one with nothing to do."""
    home = folder / "home"
    home.mkdir(parents=True)
    keep_crowd(home, CROWD, 1)
    with closing(RunStore(f"{home}/millwork.db", str(home))) as store:

        def are(status: str) -> Callable[[], bool]:
            return lambda: backlog.statuses(store)[status] == CROWD

        begun = _cpu_until(home, are("running"))
        idle = _cpu_until(home, are("running"))
        with store.database.transaction():
            store.database.execute("UPDATE run SET status = 'succeeded', began = 1, ended = 2")
        ended = _cpu_until(home, are("succeeded"))
    each = [(cost - idle) / CROWD * 1000 for cost in (begun, ended)]
    return Row(
        "scheduling one of them, CPU of the scheduler's process",
        f"{sum(each):.1f} ms (made and begun {each[0]:.1f}, ended {each[1]:.1f})", "5 ms",
        sum(each) <= 5,
    )  # fmt: skip


def _cpu_until(home: Path, is_done: Callable[[], bool]) -> float:
    """Seconds of CPU of a scheduler that is started, until all is done and a second later."""
    process = subprocess.Popen(
        schedulers.WORDS, env=environment(home), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    try:
        while not is_done():
            time.sleep(0.1)  # what another process does gives no event
        time.sleep(1.0)  # the look behind the last end is counted, too
        return cpu_of(process.pid)
    finally:
        process.terminate()
        process.communicate()


# --- backfills --------------------------------------------------------------------------------


def _at_once(folder: Path, parallel: int, dates: int) -> Row:
    """How many steps of a backfill run at once, by what they tell themselves."""
    room = room_for_runs(this_machine()).runs or parallel
    expected = min(parallel, room)
    most, done = most_at_once(folder, parallel, expected, dates)
    less = f"; this machine has room for {room}" if room < parallel else ""
    return Row(
        f"a backfill of {dates} dates, parallel {parallel}, by what its steps tell",
        f"{most} at once at most, {done} done{less}", f"{parallel}, never more",
        (most, done) == (expected, dates),
    )  # fmt: skip


def date_row(folder: Path) -> Row:
    """The CPU of all of a server's processes for one date, against a bare loop of its step."""
    bare, parts = date_cost(folder)
    whole = sum(parts.values())
    told = ", ".join(f"{name} {cost:.1f}" for name, cost in parts.items())
    return Row(
        f"a backfilled date of one trivial step, {DATES} of them, parallel 1, CPU",
        f"{whole / bare:.2f}x the bare step ({whole:.1f} ms: {told}; bare {bare:.1f})", "1.7x",
        whole / bare <= 1.7,
    )  # fmt: skip


def date_cost(folder: Path) -> tuple[float, Mapping[str, float]]:
    """The bare step's CPU and what a date costs in each of a server's processes, milliseconds."""
    home = folder / "home"
    home.mkdir(parents=True)
    code = measure.OURS.replace("\\", "")
    keep_daily(home, f"{' '.join(measure.STEP)} '{code}' ${{day}}")
    with serving(home) as found:
        backfill(found, date(2024, 1, 1), 10, 1)  # what is done once does not count
        bares = [measure.bare_loop(60, 1, home)]
        before = _spent(found)
        backfill(found, date(2025, 1, 1), DATES, 1)
        after = _spent(found)
        bares.append(measure.bare_loop(60, 1, home))
    bare = sum(each.cpu for each in bares) / len(bares)
    return bare, {name: (after[name] - before[name]) / DATES * 1000 for name in after}


_NAMES = {
    "millwork.app.drive": "driver", "millwork.app.scheduler": "scheduler",
    "millwork.api.main": "API",
}  # fmt: skip


def _spent(found: Server) -> Mapping[str, float]:
    """Seconds of CPU of a server's processes, by what they are; steps are their drivers' children.

    What has ended since is the server's own child, and counted as a step.
    """
    spent: defaultdict[str, float] = defaultdict(float)
    for pid in (found.process.pid, *children_of(found.process.pid)):
        words = command_of(pid)
        name = next((_NAMES[word] for word in words if word in _NAMES), "server")
        with suppress(OSError):
            spent[name] += cpu_of(pid)
            spent["step"] += _of_children(pid)
    return dict(sorted(spent.items()))


def _of_children(pid: int) -> float:
    """Seconds of CPU of what a process has started and waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[13:15])) / _TICKS
