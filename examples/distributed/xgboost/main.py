"""Train gradient-boosted trees on the replicas of a job, each with its share of the rows."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost as xgb
from xgboost import collective
from xgboost.tracker import RabitTracker

RANK = int(os.environ.get("RANK", "0"))
WORLD_SIZE = int(os.environ.get("WORLD_SIZE", "1"))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True, help="CSV file or folder")
    parser.add_argument("--model", type=Path, required=True, help="output folder")
    parser.add_argument("--target", required=True, help="column to predict")
    parser.add_argument("--ignore", default="", help="columns not to learn from, with commas")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--max_depth", type=int, default=6)
    parser.add_argument("--learning_rate", type=float, default=0.3)
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


@contextmanager
def together() -> Iterator[None]:
    """XGBoost's collective over all replicas; rank 0 has the tracker that they meet at."""
    if WORLD_SIZE == 1:
        yield
        return
    host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    tracker = None
    if RANK == 0:
        tracker = RabitTracker(WORLD_SIZE, host_ip=host, port=port, sortby="task")
        tracker.start()
    # The tracker deals out ranks in the order of these names.
    with collective.CommunicatorContext(
        dmlc_tracker_uri=host,
        dmlc_tracker_port=port,
        dmlc_task_id=f"{RANK:06d}",
        dmlc_retry=20,
    ):
        yield
    if tracker:
        tracker.wait_for()


def read_share(path: Path) -> pd.DataFrame:
    """Every WORLD_SIZE-th row, the first of them number RANK."""
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    table = pd.concat(map(pd.read_csv, files), ignore_index=True)
    return table.select_dtypes("number").iloc[RANK::WORLD_SIZE]


def train(table: pd.DataFrame, args: argparse.Namespace) -> xgb.Booster:
    features = table.drop(columns=[args.target, *args.ignore.split(",")], errors="ignore")
    data = xgb.QuantileDMatrix(features, table[args.target], nthread=args.threads)
    settings = {
        "objective": "reg:squarederror",
        "max_depth": args.max_depth,
        "learning_rate": args.learning_rate,
        "nthread": args.threads,
    }
    return xgb.train(
        settings,
        data,
        num_boost_round=args.rounds,
        evals=[(data, "train")],
        verbose_eval=max(1, args.rounds // 5) if RANK == 0 else False,
    )


def count(booster: xgb.Booster) -> int:
    """How many different models the replicas have: XGBoost promises one."""
    digest = sha256(booster.save_raw("ubj")).digest()
    mine = np.zeros((WORLD_SIZE, len(digest)), dtype=np.int64)
    mine[RANK] = list(digest)
    every = collective.allreduce(mine, collective.Op.SUM).reshape(mine.shape)
    return len(np.unique(every, axis=0))


def main() -> None:
    args = parse_args()
    with together():
        table = read_share(args.train)
        booster = train(table, args)
        rows = collective.allreduce(np.array([len(table)]), collective.Op.SUM)[0]
        models = count(booster)
    if RANK == 0:
        print(f"replicas={WORLD_SIZE} rows={rows} models={models}")
        args.model.mkdir(parents=True, exist_ok=True)
        booster.save_model(args.model / "model.json")


if __name__ == "__main__":
    main()
