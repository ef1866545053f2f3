"""Schedulers that are killed at random while a backlog of cycles is begun and ended."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from millwork.app.compose import DATABASE
from millwork.app.faults import VARIABLE
from millwork.store.runs import RunStore
from tests.conftest import environment
from tests.e2e.server import serving
from tests.kill import backlog
from tests.kill.failover import children_of, command_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SCHEDULER = "millwork.app.scheduler"
WORDS = (sys.executable, "-P", "-m", SCHEDULER)


@dataclass(frozen=True)
class Report:
    """What came of it, after so many kills, in so many seconds."""

    outcome: backlog.Outcome
    kills: int
    seconds: float


def killed_at_random(
    folder: Path,
    *,
    schedules: int,
    count: int,
    kills: int,
    seed: int,
    patience: float,
    database: str = "",
    servers: int = 1,
) -> Report:
    """Has `schedules` of `count` cycles each done, their schedulers killed `kills` times.

    Of every second schedule each cycle waits for the one before it, so that there is something to
    begin all the time. `servers` of them share a home, and a PostgreSQL named by `database`.
    """
    home, effects, chance = folder / "home", folder / "effects", random.Random(seed)
    home.mkdir(parents=True)
    names = _keep(home, database, effects, schedules, count)
    began, done = time.monotonic(), 0
    words = ("--database", database) if database else ()
    with ExitStack() as stack:
        pids = [stack.enter_context(serving(home, *words)).process.pid for _ in range(servers)]
        store = stack.enter_context(closing(RunStore(database or f"{home}/millwork.db", str(home))))
        while backlog.statuses(store)["succeeded"] < schedules * count:
            assert time.monotonic() - began < patience, backlog.statuses(store)
            time.sleep(chance.uniform(0.02, 1.0))  # the instants of kills follow from nothing
            victims = [pid for server in pids for pid in schedulers_of(server)]
            if done < kills and victims:
                with suppress(ProcessLookupError):
                    os.kill(chance.choice(victims), signal.SIGKILL)
                    done += 1
        seconds = time.monotonic() - began
        return Report(backlog.outcome(store, names, count, effects), done, seconds)


def _keep(home: Path, database: str, effects: Path, schedules: int, count: int) -> list[str]:
    names = [f"s{number}" for number in range(schedules)]
    with backlog.opened(home, database) as context:
        backlog.keep_noting_pipeline(context, effects)
        for number, name in enumerate(names):
            waits = {"depends_on": [{"schedule": "self"}], "priority": 9} if number % 2 else {}
            backlog.deploy(context, name, **backlog.minutes(count, **waits))
        backlog.make_due(context)
    return names


def schedulers_of(server: int) -> list[int]:
    """The scheduler's process of a server, if it has one now."""
    with suppress(OSError):
        return [pid for pid in children_of(server) if SCHEDULER in command_of(pid)]
    return []


def schedule_alone(
    home: Path, is_done: Callable[[], bool], *, fault: str = "", database: str = ""
) -> int | None:
    """A scheduler without a server, until it dies or all is done; its exit code if it has died."""
    named = {VARIABLE: fault, DATABASE: database}
    env = environment(home, {name: said for name, said in named.items() if said})
    process = subprocess.Popen(
        WORDS, env=env, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    try:
        while process.poll() is None and not is_done():
            time.sleep(0.02)  # what another process does gives no event
        return process.poll()
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate()
