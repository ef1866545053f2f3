"""Full disks, floods, hogs and damaged results, done to real runs.

Each experiment breaks something under a `millwork run` in a home of its own and counts what came
of it. One that does not come to its end in time is a row that is not kept.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.home import NAME, NOTED, Home, Late, left, rows, until
from millwork.engines.host import processes
from millwork.engines.local import limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bench.rows import Row

MIB = 2**20


# --- too much of something --------------------------------------------------------------------


def floods(folder: Path) -> Iterator[Row]:
    """A disk that is full, and a log without end."""
    yield from rows(
        folder,
        (
            "a step that fills the disk (64 MiB)",
            "failed for that, 0 ends unknown, record readable, then 3, 0, 0, ok",
            _full_disk,
        ),
        (
            "a log of 1 GiB, its last 100 MiB one line",
            "32 MiB kept, all told, succeeded, 2x a plain file, +50 MiB in the loop",
            _flood,
        ),
    )


@contextmanager
def small_disk(path: Path, size: int) -> Iterator[bool]:
    """A file system of so many MiB at the path, if mounting is allowed."""
    path.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}m,mode=700", "millwork-bench", str(path)]
    allowed = os.geteuid() == 0
    allowed = allowed and not subprocess.run(words, capture_output=True, check=False).returncode
    try:
        yield allowed
    finally:
        if allowed:
            subprocess.run(["umount", "--lazy", str(path)], check=True)


def _full_disk(home: Home) -> tuple[str, bool]:
    home.component("small", NOTED.format('echo 1 >"${PAI_OUTPUT_O}f"'), parameters=NAME,
                   outputs={"o": {}})  # fmt: skip
    fill = 'cat /dev/zero >"${PAI_OUTPUT_O}big"; cat /dev/zero >"${PAI_OUTPUT_O}rest"'
    once = f'[ -e "$EFFECTS.full" ] || {{ touch "$EFFECTS.full"; {fill}; }}'
    home.component("fill", NOTED.format(once), parameters=NAME, outputs={"o": {}})
    nodes: dict[str, Any] = {
        "before": {"component": "small", "parameters": {"name": "before"}},
        "fill": {"parameters": {"name": "fill"}, "after": ["before"]},
        "last": {"component": "small", "parameters": {"name": "last"}, "after": ["fill"]},
    }
    with small_disk(home.path, 64) as mounted:
        if not mounted:
            return "not measured here: no mounting", False
        failed = home.call("run", home.pipeline(nodes), "--json")
        shown = home.call("runs", "show", "last", "--json")
        readable = shown.returncode == home.call("runs", "list").returncode == 0
        kept = _events(home)
        for file in home.path.glob("attempts/*/ml/output/o/*"):
            if file.name in ("big", "rest"):
                file.unlink()
        resumed = home.call("runs", "resume", "last")
        lost = len(set(kept) - set(_events(home)))
        run, steps, _ = home.last()
        integrity = home.integrity()
    starts = home.noted("start")
    done = sum(step.status == "succeeded" for step in steps.values())
    unknown = shown.stdout.count('"status": "lost"')
    named = "no space left" in failed.stdout.lower()
    measured = (
        f"{'failed for that' if named else 'failed'}, {unknown} ends unknown, "
        f"record {'readable' if readable else 'not readable'}, then {done} succeeded, "
        f"{starts['before'] - 1} ended repeated, {lost} rows lost, integrity {integrity}"
    )
    good = (failed.returncode, resumed.returncode, run.status) == (1, 0, "succeeded")
    counts = (unknown, done, starts["before"], lost, integrity)
    return measured, good and named and readable and counts == (0, 3, 1, 0, "ok")


def _events(home: Home) -> list[tuple[Any, ...]]:
    """Every event on record, read past Millwork, which may free its reserve when it looks."""
    with closing(sqlite3.connect(f"file:{home.path}/millwork.db?mode=ro", uri=True)) as database:
        return database.execute("SELECT * FROM event").fetchall()


def _flood(home: Home) -> tuple[str, bool]:
    """The same 1 GiB to nowhere, to a plain file and to the log, one after the other."""
    size, line = 1024 * MIB, 100 * MIB
    lines = f"yes 'epoch 1, batch 2, loss 0.123456, and so on' | head -c {size - line}"
    print_all = f"{{ {lines}; head -c {line} /dev/zero | tr '\\0' x; }}"
    for name, target in (("null", ">/dev/null"), ("plain", ">plain; rm plain"), ("log", "")):
        home.component(name, f"{print_all} {target}", resources={"processes": 20})
    nodes: dict[str, Any] = {"null": {}, "plain": {"after": ["null"]}, "log": {"after": ["plain"]}}
    process = home.start("run", home.pipeline(nodes), "--parallel", "1")
    until(lambda: list(home.path.glob("attempts/*-3")), "the last step to begin", 60)
    before = peak = _peak(process.pid)
    while process.poll() is None:
        peak = max(peak, _peak(process.pid))
        time.sleep(0.02)  # a peak is looked for by sampling
    _, steps, attempts = home.last()
    last = home.attempt("log")
    seconds = {each.step: (each.ended or 0) - (each.launched or 0) for each in attempts}
    log = home.path / "attempts" / last.id / "log"
    kept = log.stat().st_blocks * 512
    printed = home.call("runs", "logs", "last/log").stdout
    dropped = int(last.usage.get("log_bytes_dropped", 0))
    note = f"\n[{dropped:,} bytes of the log were dropped here]\n"
    told = note in printed and len(printed) - len(note) + dropped == size
    told = told and printed.startswith("epoch 1") and printed.endswith("xxx")
    ratio, plain = seconds["log"] / seconds["null"], seconds["log"] / seconds["plain"]
    status, grown = steps["log"].status, (peak - before) / 1024
    measured = (
        f"{kept / MIB:.1f} MiB kept, {'all' if told else 'not all'} told, {status}, "
        f"{plain:.1f}x a plain file, {ratio:.1f}x /dev/null, +{grown:.0f} MiB in the loop"
    )
    good = told and status == "succeeded" and kept <= 33 * MIB
    return measured, good and plain <= 2 and grown <= 50


def _peak(pid: int) -> int:
    """The most KiB of memory that a process has had."""
    lines: list[str] = []
    with suppress(OSError):
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM:")), 0)


# --- hogs -------------------------------------------------------------------------------------

_BOMB = """
import os, time
made = depth = 0
end = time.monotonic() + 60
while time.monotonic() < end:
    if made < 8 and depth < 3:
        try:
            if os.fork() == 0:
                made, depth = 0, depth + 1
            else:
                made += 1
        except OSError:
            pass
"""
"""Every process forks eight and then spins. Without a limit it would stop at 585 of them."""


def hogs(folder: Path) -> Iterator[Row]:
    """Steps that take more processes and more memory than they may."""
    yield from rows(
        folder,
        (
            "a fork bomb limited to 64 processes, half a core",
            "64, others 1.5x as slow and succeeded, 0 left 10 s after cancelling",
            _bomb,
        ),
        (
            "a step that takes twice its memory",
            "it alone failed for that, 3 others succeeded, the next run too",
            _hog,
        ),
    )


def _bomb(home: Home) -> tuple[str, bool]:
    limiter = limits.detect()
    if "processes" not in limiter.controls:
        return f"not measured here: {limiter.name} does not limit processes", False
    home.component(
        "bomb", f"exec {sys.executable} -S -E bomb.py", resources={"processes": 64, "cpu": 0.5}
    )
    (home.folder / "bomb" / "bomb.py").write_text(_BOMB)
    work = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"
    home.component("small", NOTED.format(work), parameters=NAME)
    chain: dict[str, Any] = {}
    for number in range(10):
        after = [f"s{number - 1}"] if number else []
        parameters = {"name": f"s{number}"}
        chain[f"s{number}"] = {"component": "small", "parameters": parameters, "after": after}
    calm = home.call("run", home.pipeline(chain), "--parallel", "2")
    usual = _median_step(home)
    # The bomb comes first in the file, and so is at work when the chain begins.
    both = home.pipeline({"bomb": {}, **chain}, "both")
    process = home.start("run", both, "--force", "--parallel", "2")
    until(lambda: home.noted("end")["s9"] >= 2 or process.poll() is not None, "the chain's end", 60)
    attempt = home.attempt("bomb").id
    most = len(limiter.reopen(attempt).pids()) or len(processes.marked(attempt))
    during = _median_step(home)
    began = time.monotonic()
    home.call("runs", "cancel", "last")
    until(lambda: not left(attempt), "the bomb's end")
    seconds = time.monotonic() - began
    until(lambda: process.poll() is not None, "the command's end")
    statuses = Counter(step.status for step in home.last()[1].values())
    again = home.call("run", home.pipeline(chain), "--force", "--parallel", "2")
    slower = during / statistics.mean((usual, _median_step(home)))
    measured = (
        f"{most} processes ({limiter.name}), {statuses['succeeded']} others {slower:.2f}x as slow, "
        f"0 left {seconds:.1f} s after cancelling"
    )
    good = calm.returncode == again.returncode == 0 and statuses == {
        "succeeded": 10,
        "cancelled": 1,
    }
    return measured, good and 50 < most <= 64 and slower <= 1.5 and seconds <= 10


def _median_step(home: Home) -> float:
    """The median time of the chain's steps in the newest run."""
    tried = home.last()[2]
    return statistics.median(
        each.ended - each.launched
        for each in tried
        if each.step != "bomb" and each.ended and each.launched
    )


def _hog(home: Home) -> tuple[str, bool]:
    limiter = limits.detect()
    hog = f"{sys.executable} -S -E -c 'x = bytearray({128 * MIB}); print(len(x))'"
    home.component("hog", hog, resources={"memory": "64Mi"})
    home.component("small", NOTED.format("sleep 0.3"), parameters=NAME)
    nodes: dict[str, Any] = {"hog": {}}
    for name in ("a", "b", "c"):
        nodes[name] = {"component": "small", "parameters": {"name": name}}
    code = home.call("run", home.pipeline(nodes), "--parallel", "4").returncode
    _, steps, _ = home.last()
    statuses = Counter(step.status for name, step in steps.items() if name != "hog")
    following = home.call("run", "--", "true").returncode
    well = "succeeded" if following == 0 else "failed"
    measured = (
        f"{steps['hog'].status}: {steps['hog'].reason} ({limiter.name}), "
        f"{statuses['succeeded']} others succeeded, the next run {well}"
    )
    # Without control groups the allocation is refused, and how the step takes that is its own.
    named = limiter.name == "rlimit" or steps["hog"].reason.startswith("out of memory")
    good = (code, following, steps["hog"].status, statuses["succeeded"]) == (1, 0, "failed", 3)
    return measured, good and named


# --- damaged results --------------------------------------------------------------------------


def results(folder: Path) -> Iterator[Row]:
    """Files of results that are no longer what was recorded."""
    yield from rows(
        folder,
        (
            "5 results flipped, cut, deleted or swapped",
            "5 named and done again, 0 wrong, 1 sound one reused",
            _damaged,
        ),
        (
            "a byte flipped, size and mtime restored",
            "found by doctor artifacts, done again, 0 wrong",
            _hidden,
        ),
        (
            "a result spoiled before --only, before resuming, by a step beside",
            "read by 0 of 3 without a word, 0 of 3 wrong in the next run",
            _spoiled,
        ),
    )


_MADE = ("flipped", "cut", "deleted", "swapped", "swapped2", "sound")


def _make(home: Home) -> str:
    """Steps that each leave one file, of equal sizes and different bytes, and a reader of one."""
    _components(home)
    nodes: dict[str, Any] = {
        name: {"component": "make", "parameters": {"n": number}}
        for number, name in enumerate(_MADE)
    }
    nodes["read"] = {"inputs": {"i": {"from": f"{_MADE[0]}.o"}}}
    return home.pipeline(nodes)


def _components(home: Home) -> None:
    make = 'head -c 65536 /dev/zero | tr "\\0" "$PAI_HPS_N" >"${PAI_OUTPUT_O}f"'
    home.component("make", make, outputs={"o": {}}, parameters={"n": {"type": "Int"}})
    read = 'cat "$PAI_INPUT_I"/* >"${PAI_OUTPUT_O}f"'
    home.component("read", read, inputs={"i": {}}, outputs={"o": {}})


def _files(home: Home) -> dict[str, Path]:
    """The file in each result of the newest run."""
    steps = home.last()[1]
    return {
        name: Path(step.outputs["o"]["path"]) / "f" for name, step in steps.items() if step.outputs
    }


def _wrong(home: Home) -> int:
    """How many files of the newest run are not what their step writes."""
    files = _files(home)
    wanted = {name: str(number).encode() * 65536 for number, name in enumerate(_MADE)}
    wanted["read"] = wanted["flipped"]
    return sum(files[name].read_bytes() != content for name, content in wanted.items())


def _flip(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"x")


def _kept_results(home: Home) -> tuple[str, dict[str, Path]]:
    """A pipeline of which every step is reused, and its files. Raises Late if one is not."""
    pipeline = _make(home)
    home.call("run", pipeline)
    time.sleep(2.1)  # files younger than two seconds are read in any case
    home.call("run", pipeline)
    home.call("run", pipeline)
    if home.last()[2]:
        raise Late("results that nobody touched were not reused")
    return pipeline, _files(home)


def _damaged(home: Home) -> tuple[str, bool]:
    pipeline, files = _kept_results(home)
    _flip(files["flipped"])
    os.truncate(files["cut"], 100)
    files["deleted"].unlink()
    aside = files["swapped"].with_name("aside")
    files["swapped"].rename(aside)
    files["swapped2"].rename(files["swapped"])
    aside.rename(files["swapped2"])
    # The reader is forced, so that what it is given is really read.
    code = home.call("run", pipeline, "--force", "read").returncode
    _, steps, attempts = home.last()
    again = {attempt.step for attempt in attempts} - {"read"}
    named = {name for name in again if "damaged: o: f" in steps[name].verdict}
    wrong = _wrong(home)
    measured = (
        f"{len(again)} done again, {len(named)} of them named, {wrong} wrong, "
        f"{len(_MADE) - len(again)} reused"
    )
    return measured, (code, again, named, wrong) == (0, {*_MADE[:5]}, again, 0)


def _hidden(home: Home) -> tuple[str, bool]:
    pipeline, files = _kept_results(home)
    times = files["flipped"].stat()
    _flip(files["flipped"])
    os.utime(files["flipped"], ns=(times.st_atime_ns, times.st_mtime_ns))
    examined = home.call("doctor", "artifacts", "--json")
    found = [each for each in json.loads(examined.stdout) if "not used again" in each["says"]]
    code = home.call("run", pipeline).returncode
    again = {attempt.step for attempt in home.last()[2]}
    wrong = _wrong(home)
    measured = f"{len(found)} found by doctor artifacts, {len(again)} done again, {wrong} wrong"
    good = (code, examined.returncode, len(found), again, wrong) == (0, 1, 1, {"flipped"}, 0)
    return measured, good


def _spoiled(home: Home) -> tuple[str, bool]:
    """A result that changes after it was recorded, read by a later step, and the run after that."""
    silent = wrong = 0
    for way in (_before_only, _before_resuming, _by_a_step):
        place = Home(home.folder / way.__name__)
        _components(place)
        make = {"component": "make", "parameters": {"n": 0}}
        reader = {"inputs": {"i": {"from": "made.o"}}}
        whole = place.pipeline({"made": make, "read": reader})
        way(place, whole, make, reader)
        silent += _has_read_wrong(place)
        place.call("run", whole)
        wrong += _has_read_wrong(place)
    measured = f"read by {silent} of 3 without a word, {wrong} of 3 wrong in the next run"
    return measured, (silent, wrong) == (0, 0)


def _before_only(home: Home, whole: str, _make: Any, _reader: Any) -> None:
    home.call("run", whole)
    _flip(_files(home)["made"])
    home.call("run", whole, "--only", "read", "--force")


def _before_resuming(home: Home, _whole: str, make: Any, reader: Any) -> None:
    home.component("gate", 'test -e "$EFFECTS"')
    nodes = {"made": make, "gate": {"after": ["made"]}, "read": {**reader, "after": ["gate"]}}
    home.call("run", home.pipeline(nodes, "gated"))
    _flip(_files(home)["made"])
    home.effects.touch()
    home.call("runs", "resume", "last")


def _by_a_step(home: Home, _whole: str, make: Any, reader: Any) -> None:
    # Without /ml the inputs are links to the data, and nothing stops a step that writes there.
    home.component("spoil", 'printf x >>"$PAI_INPUT_I/f"', inputs={"i": {}}, mounts="none")
    nodes = {"made": make, "spoil": reader, "read": {**reader, "after": ["spoil"]}}
    home.call("run", home.pipeline(nodes, "spoiled"))


def _has_read_wrong(home: Home) -> bool:
    """Whether the reader of the newest run has succeeded with other bytes than were made."""
    files = _files(home)
    return "read" in files and files["read"].read_bytes() != b"0" * 65536
