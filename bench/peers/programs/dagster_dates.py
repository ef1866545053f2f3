"""Dagster: a job with daily partitions, backfilled by its command, with its daemon."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import one_date

HOME = Path(os.environ["DAGSTER_HOME"])
BIN = Path(sys.executable).parent
JOB = """\
from dagster import DailyPartitionsDefinition, Definitions, in_process_executor, job, op

@op
def step(context):
    import one_date
    one_date.work(context.partition_key)

@job(partitions_def=DailyPartitionsDefinition("2024-01-01"), executor_def=in_process_executor)
def dates():
    step()

defs = Definitions(jobs=[dates])
"""
SETTINGS = """\
telemetry: {enabled: false}
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
  config: {max_concurrent_runs: 1, dequeue_interval_seconds: 1}
"""


def main() -> None:
    """Starts the daemon, asks for a backfill, and waits until each date is done."""
    count = int(sys.argv[1])
    os.environ["PYTHONPATH"] = str(Path(__file__).parent)  # of `one_date`, for runs' processes
    (HOME / "dates.py").write_text(JOB)
    (HOME / "dagster.yaml").write_text(SETTINGS)
    # Of two processes that make the database at once, one fails.
    subprocess.run([BIN / "dagster", "instance", "migrate"], check=True)
    where = ("-f", str(HOME / "dates.py"))
    daemon = subprocess.Popen([BIN / "dagster-daemon", "run", *where], cwd=HOME)
    try:
        days = ",".join(one_date.day(number) for number in range(1, count + 1))
        subprocess.run(
            [BIN / "dagster", "job", "backfill", *where, "-j", "dates", "--partitions", days,
             "--noprompt"], check=True, cwd=HOME,
        )  # fmt: skip
        one_date.wait_for(count)
    finally:
        one_date.end([daemon])


if __name__ == "__main__":
    main()
