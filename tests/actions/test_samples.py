"""Samples of what steps use: taken by the engines, kept beside the logs, and read again."""

from __future__ import annotations

import json
import os
import time
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from millwork.actions import sampling
from millwork.actions.samples import usage_of
from millwork.actions.sampling import MOST, SampleFile, Sampler
from millwork.app.compose import open_context
from millwork.base.errors import NotFound
from millwork.ports import Sample
from tests.conftest import until

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.conftest import Background, Component, Millwork
    from tests.engines.subject import Subject

    Start = Callable[..., Background]

pytest_plugins = ("tests.engines.images", "tests.engines.subject")
MIB = 2**20
# Two processes; one of them holds 64 MiB and uses a core for a while.
BUSY = """python3 -c "
import time
held = b'x' * (64 * 2**20)
until = time.process_time() + 0.6
while time.process_time() < until: pass
print('busy', flush=True)
time.sleep(60)
" & wait"""
QUICK = {"quick": {"type": "String", "default": ""}}


class Hand:
    """A clock that stands where it is put."""

    def __init__(self) -> None:
        self.now = 1000.0

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


class Watcher:
    """An observer that counts."""

    def __init__(self, interval: float | None) -> None:
        self.interval, self.seen = interval, 0

    def changed(self, changes: Sequence[Any]) -> None:
        self.seen += len(changes)

    def pulse(self) -> None:
        self.seen += 1


@pytest.mark.parametrize("wishes", [{}, {"memory": 512 * MIB, "cpu": 1.0}], ids=["free", "limited"])
def test_an_engine_says_what_runs_uses(subject: Subject, wishes: dict[str, Any]) -> None:
    from millwork.spec.model import Resources

    attempt, plan = subject.plan(BUSY, resources=Resources(**wishes))
    subject.engine.furnish(attempt, plan)
    subject.engine.start(attempt, plan)
    engine = subject.engine

    def busy() -> bool:
        engine.observe(0.05)
        return b"busy" in engine.log(attempt, 0)[0]

    until(busy, 30)
    sample = engine.usage()[attempt]
    assert 0.5 < sample.cpu_seconds < 5
    assert 60 * MIB < sample.memory < 256 * MIB
    assert 2 <= sample.processes < 10
    assert sample.gpu_memory is None or sample.gpu_memory == 0
    engine.stop(attempt, 0.0)
    until(lambda: engine.observe(0.1))
    assert engine.usage() == {}


def test_samples_are_taken_when_it_is_time(subject: Subject) -> None:
    attempt, plan = subject.plan("sleep 60")
    subject.engine.furnish(attempt, plan)
    subject.engine.start(attempt, plan)
    clock, watcher = Hand(), Watcher(None)
    sampler = Sampler(subject.engine, clock, watcher)
    file = subject.home / "attempts" / attempt / "usage.jsonl"
    until(lambda: subject.engine.observe(0.05) or subject.engine.usage())
    sampler.pulse()
    assert (sampler.interval, file.exists()) == (2.0, False)
    clock.now += 2
    sampler.pulse()
    assert (sampler.interval, len(sampling.read(str(file)))) == (5.0, 1)
    for _ in range(3):
        clock.now += 5
        sampler.pulse()
        sampler.pulse()
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["time"] for line in lines] == [1002, 1007, 1012, 1017]
    assert set(lines[0]) == {"time", "cpu_seconds", "memory", "processes"}
    assert watcher.seen == 8
    again = Sampler(subject.engine, clock, Watcher(0.1))  # another master goes on with the file
    assert again.interval == 0.1
    clock.now += 5
    again.pulse()
    assert len(sampling.read(str(file))) == 5


@pytest.mark.quick
def test_a_file_stays_within_bounds_however_long_a_step_runs(tmp_path: Path) -> None:
    path = str(tmp_path / "usage.jsonl")
    file = SampleFile(path)
    longest = 0
    for number in range(10 * MOST):
        if number == 5 * MOST:
            file = SampleFile(path)  # a new master
        file.add(5.0 + 5.0 * number, Sample(0.1 * number, MIB, 1))
        longest = max(longest, file._count)
    times = [line["time"] for line in sampling.read(path)]
    assert longest == MOST
    assert MOST / 2 <= len(times) <= MOST
    assert times[0] == 5
    assert {later - earlier for earlier, later in pairwise(times)} == {80.0}
    assert os.listdir(tmp_path) == ["usage.jsonl"]
    assert os.stat(path).st_mode & 0o777 == 0o600


@pytest.mark.quick
def test_what_a_step_puts_in_its_place_does_no_harm(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text('{"time": 1, "cpu_seconds": 1, "memory": 1, "processes": 1}\n')
    path = tmp_path / "usage.jsonl"
    for kind in ("link", "fifo", "folder"):
        if kind == "link":
            path.symlink_to(secret)
        elif kind == "fifo":
            os.mkfifo(path)
        else:
            path.mkdir()
        began = time.monotonic()
        assert sampling.read(str(path)) == []
        SampleFile(str(path)).add(5.0, Sample(1.0, 1, 1))
        assert time.monotonic() - began < 1
        path.rmdir() if kind == "folder" else path.unlink()
    assert secret.read_text().count("\n") == 1
    good = '{"time": 1, "cpu_seconds": 1, "memory": 1, "processes": 1}'
    bad = [
        "[" * 100_000, "nonsense", "[]", good.replace("1,", "NaN,", 1), good.replace("1}", "true}"),
        good.replace("1}", f"{10**30}}}"), good.replace("1}", '"x"}'), good.replace("time", "t"),
    ]  # fmt: skip
    for text in bad:
        path.write_text(f"{text}\n{good}\n")
        assert sampling.read(str(path)) == [json.loads(good)], text
    path.write_bytes(b"\xff\xfe\n")
    assert sampling.read(str(path)) == []


def test_a_run_keeps_samples_of_its_steps(
    millwork: Millwork, background: Start, component: Component, home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    file = component('[ -z "$PAI_HPS_QUICK" ] || exit 0; sleep 60', parameters=QUICK)
    running = background("run", file)
    until(lambda: list(home.glob("attempts/*/usage.jsonl")), 30)
    monkeypatch.setenv("MILLWORK_HOME", str(home))
    context = open_context()
    run = context.store.runs(1)[0]
    used = usage_of(context, run, "step")
    assert (used["run"], used["attempt"], used["replicas"]) == (run.id, f"{run.id}-1", [])
    assert used["samples"][0]["processes"] >= 2
    assert abs(used["samples"][0]["time"] - time.time()) < 30
    assert usage_of(context, run, "step", "worker-0")["samples"]
    for words in (("other",), ("step", "worker-1")):
        with pytest.raises(NotFound):
            usage_of(context, run, *words)
    assert millwork("runs", "cancel", "last").code == 0
    running.end()
    assert millwork("run", file, "-p", "quick=1").code == 0
    assert usage_of(context, context.store.runs(1)[0], "step")["samples"] == []


def test_each_replica_has_samples_of_its_own(
    millwork: Millwork, background: Start, component: Component, home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    file = component("sleep 60", job_type="PyTorchJob")
    running = background("run", file, "--replicas", "3")
    until(lambda: len(list(home.glob("attempts/*/*/usage.jsonl"))) == 3, 30)
    monkeypatch.setenv("MILLWORK_HOME", str(home))
    context = open_context()
    run = context.store.runs(1)[0]
    used = usage_of(context, run, "step")
    assert used["replica"] == used["replicas"][0]
    names = used["replicas"]
    assert len(names) == 3
    assert all(usage_of(context, run, "step", name)["samples"] for name in names)
    with pytest.raises(NotFound, match=f"it has: {names[0]}"):
        usage_of(context, run, "step", "worker-7")
    assert millwork("runs", "cancel", "last").code == 0
    running.end()


def test_twenty_running_steps_cost_little(subject: Subject) -> None:
    if subject.kind != "local":
        pytest.skip("a container's groups are read as those of a process are")
    for _ in range(20):
        attempt, plan = subject.plan("sleep 60 & sleep 60")
        subject.engine.furnish(attempt, plan)
        subject.engine.start(attempt, plan)
    until(lambda: subject.engine.observe(0.05) or len(subject.engine.usage()) == 20)
    clock = Hand()
    sampler = Sampler(subject.engine, clock, Watcher(None))
    began = time.process_time()
    for _ in range(20):
        clock.now += 5
        sampler.pulse()
    spent = (time.process_time() - began) / 20
    print(f"{spent * 1000:.1f} ms each time, {spent / 5:.3%} of a core")
    assert spent / 5 < 0.01
