"""The promise: whatever becomes of the scheduler, each cycle is done once."""

from __future__ import annotations

import signal
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from millwork.store.runs import RunStore
from tests.e2e.server import serving
from tests.kill import backlog, schedulers

if TYPE_CHECKING:
    from pathlib import Path

    from tests.store.server import Server as Postgres


def test_kills_at_random_instants(tmp_path: Path) -> None:
    report = schedulers.killed_at_random(
        tmp_path, schedules=4, count=50, kills=12, seed=1, patience=120
    )
    assert report.outcome.is_whole, report
    assert report.kills == 12


@pytest.mark.slow
def test_fifty_kills_in_two_thousand_cycles(tmp_path: Path) -> None:
    report = schedulers.killed_at_random(
        tmp_path, schedules=10, count=200, kills=50, seed=2, patience=600
    )
    assert report.outcome.is_whole, report
    assert report.kills == 50


def test_the_schedulers_of_two_servers_are_killed(tmp_path: Path, postgres: Postgres) -> None:
    report = schedulers.killed_at_random(
        tmp_path, schedules=4, count=25, kills=8, seed=3, patience=120,
        database=postgres.new(), servers=2,
    )  # fmt: skip
    assert report.outcome.is_whole, report
    assert report.kills == 8


POINTS = (
    "schedule.made", "schedule.claimed", "schedule.asked", "store.writing", "store.committed",
)  # fmt: skip


@pytest.mark.parametrize("point", POINTS)
def test_each_cycle_is_done_once_wherever_the_scheduler_dies(tmp_path: Path, point: str) -> None:
    home, effects = tmp_path / "home", tmp_path / "effects"
    home.mkdir()
    names = ["a", "b"]
    with backlog.opened(home) as context:
        backlog.keep_noting_pipeline(context, effects)
        for name in names:
            backlog.deploy(context, name, **backlog.minutes(3))
        backlog.make_due(context)
    with closing(RunStore(f"{home}/millwork.db", str(home))) as store:

        def all_asked() -> bool:
            return backlog.statuses(store)["running"] == 6

        codes = [
            schedulers.schedule_alone(home, all_asked, fault=f"{point}:kill:{nth}")
            for nth in range(1, 6)
        ]
        assert codes[0] == -signal.SIGKILL
        with serving(home):
            _until_over(store, 6)
        came = backlog.outcome(store, names, 3, effects)
    assert came.is_whole, (codes, came)


def _until_over(store: RunStore, count: int) -> None:
    deadline = time.monotonic() + 60
    while backlog.statuses(store)["succeeded"] < count:
        assert time.monotonic() < deadline, backlog.statuses(store)
        time.sleep(0.05)  # what another process does gives no event
