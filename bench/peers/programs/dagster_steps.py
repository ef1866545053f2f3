"""Dagster: a job of ops, by its default executor or the in-process one: `PEERS_EXECUTOR`."""

from __future__ import annotations

import os
from pathlib import Path

import one_step
from dagster import (
    DagsterInstance,
    In,
    JobDefinition,
    Nothing,
    execute_job,
    in_process_executor,
    job,
    multiprocess_executor,
    op,
    reconstructable,
)


def build() -> JobDefinition:
    """The job of `PEERS_SHAPE` and `PEERS_COUNT`; a step's own process builds it again."""
    shape, count = os.environ["PEERS_SHAPE"], int(os.environ["PEERS_COUNT"])
    several = os.environ["PEERS_EXECUTOR"] == "multiprocess"
    executor = multiprocess_executor if several else in_process_executor

    @job(executor_def=executor)
    def steps() -> None:
        after = None
        for number in range(count):
            made = _op(number, waits=after is not None)
            done = made(after) if after is not None else made()
            after = done if shape == "chain" else None

    return steps


def _op(number: int, *, waits: bool):
    @op(name=f"step{number}", ins={"after": In(Nothing)} if waits else {})
    def step() -> int:
        return one_step.work(number)

    return step


def main() -> None:
    """Runs the job that the command line asks for, with its events in DAGSTER_HOME."""
    shape, count = one_step.asked()
    os.environ.update(PEERS_SHAPE=shape, PEERS_COUNT=str(count))
    Path(os.environ["DAGSTER_HOME"], "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    config = {}
    if os.environ["PEERS_EXECUTOR"] == "multiprocess":
        config = {"execution": {"config": {"max_concurrent": one_step.PARALLEL}}}
    with DagsterInstance.get() as instance:
        result = execute_job(reconstructable(build), instance=instance, run_config=config)
    if not result.success:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
