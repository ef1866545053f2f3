"""Prefect: a flow of tasks against the server that it starts for itself.

That server is stopped when the program ends, with what it has not yet written. So the program waits
until every step is on record.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import closing

import one_step
from prefect import flow, task
from prefect.runtime import flow_run
from prefect.task_runners import ThreadPoolTaskRunner

KEPT = "select count(*) from task_run where flow_run_id = ? and state_type = 'COMPLETED'"


@task
def step(number: int, after: int | None) -> int:  # noqa: ARG001
    """One step; `after` is the result of the step before it."""
    return one_step.work(number)


@flow
def chain(count: int) -> str:
    """Each step takes the result of the one before."""
    after = None
    for number in range(count):
        after = step(number, after)
    return str(flow_run.id)


@flow(task_runner=ThreadPoolTaskRunner(max_workers=one_step.PARALLEL))
def fan(count: int) -> str:
    """Steps that wait for nothing, side by side."""
    for future in [step.submit(number, None) for number in range(count)]:
        future.result()
    return str(flow_run.id)


def wait_until_kept(run: str, steps: int) -> None:
    """Waits until the server has written the end of every step."""
    path = f"file:{os.environ['PREFECT_HOME']}/prefect.db?mode=ro"
    with closing(sqlite3.connect(path, uri=True)) as database:
        while database.execute(KEPT, (run,)).fetchone()[0] < steps:
            time.sleep(0.1)  # the server writes on its own time and says nothing


if __name__ == "__main__":
    shape, steps = one_step.asked()
    wait_until_kept({"chain": chain, "fan": fan}[shape](steps), steps)
