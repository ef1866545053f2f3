"""redun: tasks on its local executor, with its call graph in SQLite."""

from __future__ import annotations

import os

import one_step
from redun import Scheduler, task
from redun.config import Config

CACHE = "PEERS_CACHE" in os.environ
redun_namespace = "peers"


@task()
def step(number: int, after: int | None) -> int:  # noqa: ARG001
    """One step; `after` is the result of the step before it."""
    return one_step.work(number)


@task()
def chain(count: int) -> int | None:
    """Each step takes the result of the one before."""
    after = None
    for number in range(count):
        after = step(number, after)
    return after


@task()
def fan(count: int) -> list[int]:
    """Steps that wait for nothing."""
    return [step(number, None) for number in range(count)]


if __name__ == "__main__":
    shape, steps = one_step.asked()
    executor = {"type": "local", "max_workers": str(one_step.PARALLEL)}
    config = {"backend": {"db_uri": "sqlite:///redun.db"}, "executors.default": executor}
    scheduler = Scheduler(config=Config(config))
    scheduler.load(migrate=True)
    scheduler.run({"chain": chain, "fan": fan}[shape](steps), cache=CACHE)
