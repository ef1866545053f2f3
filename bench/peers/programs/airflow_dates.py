"""Airflow: a daily DAG of one task, backfilled by its command, with all the processes it needs."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import one_date

HOME = Path(os.environ["HOME"]) / "airflow"
AIRFLOW = str(Path(sys.executable).with_name("airflow"))
DAG = """\
import datetime
from airflow.sdk import dag, task

@dag(
    schedule="@daily", start_date=datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC),
    end_date=datetime.datetime(2024, 12, 31, tzinfo=datetime.UTC), catchup=False,
    is_paused_upon_creation=False,
)
def dates():
    @task
    def step(logical_date=None):
        import one_date
        one_date.work(logical_date.date().isoformat())
    step()

dates()
"""


def main() -> None:
    """Starts what Airflow consists of, asks for a backfill, and waits until each date is done."""
    count, port = int(sys.argv[1]), one_date.free_port()
    folder = HOME / "dags"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "dates.py").write_text(DAG)
    os.environ.update({
        "PYTHONPATH": str(Path(__file__).parent),  # of `one_date`, for the processes of tasks
        "AIRFLOW_HOME": str(HOME),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    })  # fmt: skip
    _airflow("db", "migrate")
    _airflow("dags", "reserialize")
    # Before anything else writes: SQLite keeps it waiting for too long otherwise.
    _airflow(
        "backfill", "create", "--dag-id", "dates", "--from-date", one_date.day(1),
        "--to-date", one_date.day(count), "--max-active-runs", "1",
    )  # fmt: skip
    parts = [subprocess.Popen([AIRFLOW, "api-server"])]
    try:
        one_date.wait_for_port(port)  # a task that finds nobody there has failed
        parts += [subprocess.Popen([AIRFLOW, each]) for each in ("scheduler", "dag-processor")]
        one_date.wait_for(count)
    finally:
        one_date.end(parts)


def _airflow(*words: str) -> None:
    subprocess.run([AIRFLOW, *words], check=True)


if __name__ == "__main__":
    main()
