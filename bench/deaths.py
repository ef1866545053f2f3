"""Kills and two masters, done to real runs: what is lost, repeated or left behind.

Each experiment kills something under a `millwork run` in a home of its own and counts what came of
it: by what the steps noted outside, and by the record.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections import Counter
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.kill import runner

from bench.home import NAME, NOTED, Home, left, rows, until
from millwork.engines.host import processes, recorder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from bench.rows import Row
    from millwork.ports import AttemptRow


def deaths(folder: Path) -> Iterator[Row]:
    """SIGKILL to the parts of a step, and a machine that goes down."""
    lost = "lost in 3 s, 0 left, 1 repeated, 5 succeeded"
    yield from rows(
        folder,
        ("kill -9 of a step's recorder", lost, lambda home: _lost(home, _recorder)),
        ("kill -9 of a step's whole session", lost, lambda home: _lost(home, _session)),
        (
            "kill -9 of a step",
            "failed by SIGKILL in 3 s, 0 left, 0 repeated, 3 others succeeded",
            _killed_step,
        ),
        (
            "machine down, 3 times, in 12 steps",
            "36, 0 ended repeated, the others once at most, 0 recorded twice, ok",
            _machine_down,
        ),
        (
            "4 runs, 2 of their masters killed, beside 2 resuming loops",
            "4, 2, 32, 0 repeated, 0 recorded twice, ok",
            _watched,
        ),
    )


def _recorder(folder: Path) -> list[int]:
    pid = recorder.pid_of(str(folder))
    return [pid] if pid else []


def _session(folder: Path) -> list[int]:
    """The recorder and all that did not leave its session."""
    leader = recorder.pid_of(str(folder))
    found = []
    for pid in [int(name) for name in os.listdir("/proc") if name.isdecimal()]:
        with suppress(ProcessLookupError):
            if os.getsid(pid) == leader:
                found.append(pid)
    return found


def _step(folder: Path) -> list[int]:
    return [int((folder / "ml" / "usercode" / "pid").read_text())]


def _kill_victim(home: Home, choose: Callable[[Path], list[int]]) -> tuple[AttemptRow, float, int]:
    """A run with a step that is killed: that attempt, seconds to its record, processes left.

    The step has a child and a daemon that left its session, and is limited, so that it has a
    control group where there are any. It would go on for a minute the first time.
    """
    long = "setsid sleep 60 & sleep 60 & echo $$ >pid; wait"
    victim = f'[ "$(grep -c "victim start" "$EFFECTS")" -gt 1 ] || {{ {long}; }}'
    home.component("victim", NOTED.format(victim), parameters=NAME,
                   resources={"memory": "512Mi", "processes": 50})  # fmt: skip
    home.component("other", NOTED.format("sleep 0.3"), parameters=NAME)
    nodes: dict[str, Any] = {"victim": {"parameters": {"name": "victim"}}}
    for name, after in (("a", []), ("b", ["a"]), ("c", ["b"]), ("d", ["victim"])):
        nodes[name] = {"component": "other", "parameters": {"name": name}, "after": after}
    process = home.start("run", home.pipeline(nodes), "--parallel", "2")
    until(lambda: _sizes(home, "usercode/pid"), "the step to begin")
    first = home.attempt("victim").id
    for each in choose(home.path / "attempts" / first):
        os.kill(each, signal.SIGKILL)

    def found() -> AttemptRow:
        return next(attempt for attempt in home.last()[2] if attempt.id == first)

    seconds = until(lambda: found().status != "running", "the attempt's end")
    remaining = left(first)
    with suppress(subprocess.TimeoutExpired):
        process.wait(30)
    return found(), seconds, remaining


def _sizes(home: Home, name: str) -> int:
    """The size of the files of this name below the attempts' folders, together."""
    return sum(file.stat().st_size for file in home.path.glob(f"attempts/*/ml/{name}"))


def _lost(home: Home, choose: Callable[[Path], list[int]]) -> tuple[str, bool]:
    attempt, seconds, remaining = _kill_victim(home, choose)
    starts = home.noted("start")
    again = sum(starts.values()) - len(starts)
    done = sum(step.status == "succeeded" for step in home.last()[1].values())
    measured = (
        f"{attempt.status} in {seconds:.2f} s, {remaining} left, {again} repeated, {done} succeeded"
    )
    counts = (attempt.status, remaining, starts["victim"], again, done)
    return measured, counts == ("lost", 0, 2, 1, 5) and seconds <= 3


def _killed_step(home: Home) -> tuple[str, bool]:
    attempt, seconds, remaining = _kill_victim(home, _step)
    starts = home.noted("start")
    again = sum(starts.values()) - len(starts)
    done = sum(step.status == "succeeded" for step in home.last()[1].values())
    measured = (
        f"{attempt.status} ({attempt.reason}) in {seconds:.2f} s, {remaining} left, "
        f"{again} repeated, {done} others succeeded"
    )
    counts = (attempt.status, attempt.reason, remaining, again, done)
    return measured, counts == ("failed", "killed by SIGKILL", 0, 0, 3) and seconds <= 3


def _machine_down(home: Home) -> tuple[str, bool]:
    """The home copied at one instant of a run, everything killed, and resumed on the copy."""
    total: Counter[str] = Counter()
    whole = True
    for ends in (1, 4, 8):
        place = Home(home.folder / str(ends))
        pipeline = runner.write_pipeline(place.folder, 12, 2, 0.2)
        ended = _crash(place, place.start("run", str(pipeline), "--parallel", "2"), ends)
        whole = whole and place.call("runs", "resume", "last").returncode == 0
        report = runner.report(place.folder, 0, 0)
        starts = report.starts
        total["done"] += report.statuses["succeeded"]
        total["again"] += sum(starts[step] - 1 for step in ended)
        total["once"] += sum(n == 2 for step, n in starts.items() if step not in ended)
        total["more"] += sum(n > 2 for step, n in starts.items() if step not in ended)
        total["twice"] += sum(report.recorded.values()) - len(report.recorded)
        whole = whole and report.integrity == "ok"
    measured = (
        f"{total['done']} succeeded, {total['again']} ended repeated, {total['once']} others once, "
        f"{total['more']} more often, {total['twice']} recorded twice, "
        f"integrity {'ok' if whole else 'broken'}"
    )
    bad = total["again"] + total["more"] + total["twice"]
    return measured, whole and total["done"] == 36 and bad == 0


def _crash(home: Home, process: subprocess.Popen[bytes], ends: int) -> set[str]:
    """Copies the home once so many steps ended, ends all there is, and puts the copy in its place.

    Returns the steps whose end was on the disk at that instant.
    """
    until(lambda: sum(home.noted("end").values()) >= ends, "steps to end")
    process.send_signal(signal.SIGSTOP)  # so that the files are of one instant
    attempts = home.last()[2]
    running = [attempt.id for attempt in attempts if attempt.status == "running"]
    shutil.copytree(home.path, home.folder / "copy")
    process.kill()
    process.wait()
    for attempt in running:
        processes.kill_marked(attempt)
    home.path.rename(home.folder / "gone")
    (home.folder / "copy").rename(home.path)
    return {
        attempt.step
        for attempt in attempts
        if attempt.status == "succeeded"
        or recorder.outcome_of(str(home.path / "attempts" / attempt.id))[0] is not None
    }


def _watched(home: Home) -> tuple[str, bool]:
    """Runs in one home with loops that look for interrupted ones, as two services would."""
    home.component("small", NOTED.format("sleep 0.2"), parameters=NAME)
    home.path.mkdir()
    for _ in range(2):
        home.start("runs", "resume", "--all", "--watch")
    masters = []
    for run in "abcd":
        nodes = {
            f"s{number}": {
                "component": "small",
                "parameters": {"name": f"{run}{number}"},
                "after": [f"s{number - 2}"] if number > 1 else [],
            }
            for number in range(8)
        }
        masters.append(home.start("run", home.pipeline(nodes, run), "--parallel", "2"))
    for master, step in zip(masters[:2], ("a1", "b3"), strict=True):
        until(partial(_has_ended, home, step), f"the end of {step}")
        master.kill()
    until(lambda: all(master.poll() is not None for master in masters), "the commands' end", 60)
    until(lambda: {run.status for run in home.runs()} == {"succeeded"}, "the runs' end")
    starts = home.noted("start")
    again, twice = sum(starts.values()) - len(starts), home.recorded_twice()
    taken = sum(run.epoch > 1 for run in home.runs())
    integrity = home.integrity()
    measured = (
        f"{len(home.runs())} succeeded, {taken} taken over, {len(starts)} steps started, "
        f"{again} repeated, {twice} recorded twice, integrity {integrity}"
    )
    return measured, (taken, len(starts), again, twice, integrity) == (2, 32, 0, 0, "ok")


def _has_ended(home: Home, step: str) -> bool:
    return home.noted("end")[step] > 0
