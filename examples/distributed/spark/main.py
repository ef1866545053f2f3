"""Delays by route: a Spark cluster out of the replicas of a job, or one process alone."""

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyspark
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as f

RANK = int(os.environ.get("RANK", "0"))
WORKERS = int(os.environ.get("WORLD_SIZE", "1")) - 1
HOST, PORT = os.environ.get("MASTER_ADDR", "127.0.0.1"), os.environ.get("MASTER_PORT", "0")
MASTER = f"spark://{HOST}:{PORT}"


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=Path, required=True, help="CSV file or folder")
    parser.add_argument("--routes", type=Path, required=True, help="output folder")
    parser.add_argument("--memory", default="1g", help="of each worker")
    parser.add_argument("--cores", type=int, default=1, help="of each worker")
    return parser.parse_args()


def spark_class(name: str, *words: str) -> list[str]:
    """The command line of one of Spark's own programs."""
    home = Path(pyspark.__file__).parent
    return [str(home / "bin" / "spark-class"), f"org.apache.spark.deploy.{name}", *words]


@contextmanager
def master() -> Iterator[None]:
    """Spark's master, where the workers look for it, while the driver is at work."""
    words = ["--host", HOST, "--port", PORT, "--webui-port", "0"]
    process = subprocess.Popen(spark_class("master.Master", *words))
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def work(args: argparse.Namespace) -> int:
    """A worker, until the master is gone; its exit code."""
    host = os.environ["WORKER_ADDRS"].split(",")[RANK - 1]
    words = ["--host", host, "--cores", str(args.cores), "--memory", args.memory]
    words += ["--webui-port", "0", MASTER]
    return subprocess.run(spark_class("worker.Worker", *words), check=False).returncode


def session(args: argparse.Namespace) -> SparkSession:
    """A driver that answers at rank 0's address, and waits two minutes for all workers."""
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.driver.host": HOST,
        "spark.driver.bindAddress": HOST,
        "spark.executor.memory": args.memory,
        "spark.executor.cores": str(args.cores),
        "spark.sql.shuffle.partitions": str(2 * max(1, WORKERS) * args.cores),
        "spark.cores.max": str(max(1, WORKERS) * args.cores),
        "spark.scheduler.minRegisteredResourcesRatio": "1.0",
        "spark.scheduler.maxRegisteredResourcesWaitingTime": "120s",
    }
    where = MASTER if WORKERS else "local[1]"
    return SparkSession.builder.master(where).config(map=settings).getOrCreate()


def by_route(rows: DataFrame) -> DataFrame:
    return (
        rows.groupBy("origin", "dest")
        .agg(
            f.count("*").alias("flights"),
            f.avg("arr_delay").alias("arr_delay"),
            f.corr("dep_delay", "arr_delay").alias("correlation"),
        )
        .orderBy("origin", "dest")
    )


def drive(args: argparse.Namespace) -> None:
    spark = session(args)
    rows = spark.read.csv(str(args.rows), header=True).withColumns(
        {name: f.col(name).cast("double") for name in ("dep_delay", "arr_delay")}
    )
    routes = by_route(rows).collect()
    spark.stop()
    print(f"workers={WORKERS} routes={len(routes)} flights={sum(r.flights for r in routes)}")
    print(f"worst={max(r.arr_delay for r in routes):.6f}")
    args.routes.mkdir(parents=True, exist_ok=True)
    with (args.routes / "routes.csv").open("w") as file:
        print("origin,dest,flights,arr_delay,correlation", file=file)
        for r in routes:
            correlation = "" if r.correlation is None else f"{r.correlation:.9f}"
            print(
                r.origin, r.dest, r.flights, f"{r.arr_delay:.9f}", correlation, sep=",", file=file
            )


def main() -> None:
    args = parse_args()
    if RANK:
        sys.exit(work(args))
    if not WORKERS:
        drive(args)
        return
    with master():
        drive(args)


if __name__ == "__main__":
    main()
