"""Many instances that are due in the same minute, and the queue that lets their runs start."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from millwork.actions.scheduling import Scheduling
from millwork.ports import Master
from millwork.ports.changes import RunChanged
from millwork.queue.admission import admit
from millwork.queue.records import Quota, Room, Running, Waiting
from millwork.schedule.loop import Scheduler
from tests.kill import backlog

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from millwork.actions.context import Context
    from millwork.store.runs import RunStore

PARALLEL = 20
_ME = Master(1, "1", "boot")
_TICK = 0.001
_WIDE = Room(1e6, 1 << 60)  # a machine that keeps nobody waiting: the quota does


@dataclass
class Ticking:
    """A clock on which no two things happen at once."""

    now: float

    def wall(self) -> float:
        self.now += _TICK
        return self.now

    def monotonic(self) -> float:
        return self.wall()


def keep_crowd(home: Path, count: int, seed: int) -> None:
    """So many schedules, of all priorities, that were due at 10:00 yesterday, and a quota of 20."""
    chance = random.Random(seed)
    day = backlog.yesterday().isoformat()
    with backlog.opened(home) as context:
        backlog.store_of(context).database.execute("PRAGMA synchronous = OFF")
        backlog.keep_pipeline(context)
        for number in range(count):
            backlog.deploy(
                context, f"s{number}", every="day", at="10:00", first=day, last=day,
                catch_up="all", priority=chance.randint(1, 9),
            )  # fmt: skip
        backlog.ask(context, "workspaces.change", quota={"runs": PARALLEL})
        backlog.make_due(context)


def play(context: Context, seed: int) -> None:
    """The scheduler asks for runs while others end and the queue lets the next ones start.

    All go by one clock; which runs end is chance, which follows from the seed.
    """
    chance, clock = random.Random(seed), Ticking(context.clock.wall())
    context.clock = clock
    going: dict[str, int] = {}

    def step() -> None:
        """What happens between one run that is asked for and the next."""
        for run in [each for each in going if chance.random() < 0.02]:
            context.store.commit(run, going.pop(run), clock.wall(), [RunChanged("succeeded")])
        decide = partial(admit, machine=_WIDE)
        going.update(context.admissions().admit(decide, _ME, clock.wall()))

    context.nudge = step
    scheduler = Scheduler(context.schedules(), Scheduling(context))
    scheduler.look(clock.wall())
    while going:
        step()
    scheduler.look(clock.wall())


def recorded(store: RunStore) -> Iterator[tuple[float, str, str, int]]:
    """When each run began to wait, to run, and ended: time, run, status and priority, in order."""
    rows = store.database.execute(
        "SELECT event.time, event.run, event.data, run.priority, run.created FROM event "
        "JOIN run ON run.id = event.run WHERE event.kind = 'RunChanged' "
        "ORDER BY event.time, event.run"
    )
    for row in rows:
        yield row["time"], row["run"], json.loads(row["data"])["status"], row["priority"]


def replayed(store: RunStore) -> tuple[int, int]:
    """How many runs were admitted, and how many at once at most; each when the queue says.

    The recorded events are gone through in order. Whenever runs begin, the queue is asked who may,
    with who waits and runs by then.
    """
    waiting: dict[str, Waiting] = {}
    running: dict[str, Running] = {}
    admitted, most, quotas = 0, 0, {"default": Quota(runs=PARALLEL)}
    expected: list[str] = []
    for time, run, status, priority in recorded(store):
        if status == "running":
            if not expected:
                found = admit(waiting.values(), running.values(), quotas, _WIDE)
                expected = sorted(each.run for each in found)  # all that begin at one instant
            assert run == expected.pop(0), f"{run} began at {time}, out of its turn"
            del waiting[run]
            running[run] = Running(run, "default")
            admitted, most = admitted + 1, max(most, len(running))
            continue
        assert not expected, f"{expected} should have begun before {time}"
        if status == "queued":
            waiting[run] = Waiting(run, "default", priority, time)
        else:
            del running[run]
    assert not expected
    assert not waiting
    return admitted, most
