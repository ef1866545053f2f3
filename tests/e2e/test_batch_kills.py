"""Batches whose run, service or workers are killed on the way: nothing is lost or done twice."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.conftest import listing, until
from tests.e2e.batches import Batch, assert_nothing_left, good, launched, of_home, tree

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.conftest import Background, Component, Millwork

    Start = Callable[..., Background]

COUNT = 40
SLEEP = "import time; time.sleep(0.15)"
ALL = {"rows.txt": "".join(f"{number:03}.txt\n" for number in range(COUNT))}
SERVICE = "millwork.api.server"
ONCE = {"speculates": False}
"""Without copies of what was slow, as it is while nobody answers."""


@pytest.fixture
def batch(component: Component, tmp_path: Path, home: Path, millwork: Millwork) -> Iterator[Batch]:
    found = Batch(component, tmp_path, home)
    found.files(COUNT)
    yield found
    assert_nothing_left(home)


def begun(batch: Batch, count: int) -> None:
    """Waits until so many shards were begun."""
    until(lambda: batch.tries().total() >= count, 30)


def workers(home: Path) -> list[int]:
    return of_home(home, "python3\0main.py")


def kill_service(home: Path) -> None:
    """Kills the service, and waits until it is gone."""
    (pid,) = until(lambda: of_home(home, SERVICE))
    os.kill(pid, signal.SIGKILL)
    until(lambda: pid not in of_home(home, SERVICE))


def test_a_cancelled_batch_goes_on_with_what_is_not_done(
    batch: Batch, background: Start, millwork: Millwork
) -> None:
    run = background("run", *batch.words(batch.noted(SLEEP), 3))
    begun(batch, 12)
    run.process.send_signal(signal.SIGINT)
    assert run.end()[0] == 1
    assert listing(millwork)[0]["status"] == "cancelled"
    assert batch.tries().total() < COUNT
    assert tree(good(batch.command("runs", "resume", "last", "--json"))) == ALL
    assert batch.tries().total() <= COUNT + 3, "what was in hand is begun again"


def test_a_killed_run_finds_its_workers_again(batch: Batch, background: Start, home: Path) -> None:
    run = background("run", *batch.words(batch.noted(SLEEP, batch=ONCE), 3))
    begun(batch, 12)
    run.process.kill()
    run.process.communicate()
    time.sleep(0.5)  # the time that it is given to notice
    assert not of_home(home, SERVICE), "the service ends with its master"
    assert len(workers(home)) >= 3
    assert tree(good(batch.command("runs", "resume", "last", "--json"))) == ALL
    assert set(batch.tries().values()) == {1}
    assert launched(home) == ["worker-0", "worker-1", "worker-2"]


@pytest.mark.parametrize("wait", [0.05, 0.4])
def test_a_run_that_is_killed_early(
    batch: Batch, background: Start, home: Path, wait: float
) -> None:
    run = background("run", *batch.words(batch.noted(SLEEP), 3))
    until(lambda: list((home / "attempts").glob("*")))
    time.sleep(wait)  # the instant of the kill
    run.process.kill()
    run.process.communicate()
    assert tree(good(batch.command("runs", "resume", "last", "--json"))) == ALL
    assert batch.tries().total() <= COUNT + 3


def test_a_killed_service_is_started_again(batch: Batch, background: Start, home: Path) -> None:
    run = background("run", *batch.words(batch.noted(SLEEP, batch=ONCE), 3), "--json")
    for count in (6, 16, 26):
        begun(batch, count)
        kill_service(home)
    assert run.end(30)[0] == 0
    assert set(batch.tries().values()) == {1}
    (found,) = (home / "attempts").glob("*/ml/output/found")
    assert tree(found) == ALL


def test_killed_workers_are_started_again(batch: Batch, background: Start, home: Path) -> None:
    file = batch.noted(SLEEP, run_policy={"restarts": 1000})
    run = background("run", *batch.words(file, 3), "--json")
    chance = random.Random(7)
    for count in (5, 10, 15, 20, 25, 30):
        begun(batch, count)
        os.kill(chance.choice(until(lambda: workers(home))), signal.SIGKILL)
    assert run.end(30)[0] == 0
    (found,) = (home / "attempts").glob("*/ml/output/found")
    assert tree(found) == ALL
    assert "worker-0~1" in launched(home) or len(launched(home)) > 3


def test_a_worker_that_hangs_is_overtaken(batch: Batch, background: Start, home: Path) -> None:
    run = background("run", *batch.words(batch.noted(SLEEP), 3), "--json")
    begun(batch, 20)
    os.kill(workers(home)[0], signal.SIGSTOP)
    assert run.end(20)[0] == 0
    (found,) = (home / "attempts").glob("*/ml/output/found")
    assert tree(found) == ALL


@pytest.mark.slow
def test_a_worker_that_hangs_loses_its_leases(batch: Batch, background: Start, home: Path) -> None:
    file = batch.noted(SLEEP, batch={"speculates": False})
    began = time.monotonic()
    run = background("run", *batch.words(file, 3), "--json")
    begun(batch, 20)
    os.kill(workers(home)[0], signal.SIGSTOP)
    assert run.end(120)[0] == 0
    assert 25 < time.monotonic() - began < 100
    (found,) = (home / "attempts").glob("*/ml/output/found")
    assert tree(found) == ALL


@pytest.mark.slow
def test_a_storm_changes_nothing(batch: Batch, background: Start, home: Path) -> None:
    """A worker each second, and the service ten times."""
    batch.files(300)
    file = batch.noted("import time; time.sleep(0.2)", run_policy={"restarts": 1000})
    run = background("run", *batch.words(file, 4), "--json")
    begun(batch, 4)
    chance, kills = random.Random(3), 0
    while run.process.poll() is None:
        time.sleep(1.0)  # the rhythm of the deaths
        kills += 1
        there = workers(home)
        wanted = [chance.choice(there)] if there else []
        wanted += of_home(home, SERVICE) if kills % 2 == 0 and kills <= 20 else []
        for pid in wanted:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    code, _, err = run.end()
    assert code == 0, err
    assert kills >= 15
    (found,) = (home / "attempts").glob("*/ml/output/found")
    assert tree(found)["rows.txt"] == "".join(f"{number:03}.txt\n" for number in range(300))


def test_a_layout_that_is_damaged_fails_the_run(
    batch: Batch, background: Start, home: Path
) -> None:
    run = background("run", *batch.words(batch.noted(SLEEP), 2), "--json")
    begun(batch, 4)
    (layout,) = (home / "attempts").glob("*/shards.jsonl")
    layout.write_bytes(b"\xff" * 50)
    kill_service(home)
    code, out, err = run.end(30)
    assert code == 1, err
    assert "the lease service ended with exit code 1" in out
