"""Ridge regression on the processes of an MPI job, each with its share of the rows."""

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd
from mpi4py import MPI

WORLD = MPI.COMM_WORLD


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True, help="CSV file or folder")
    parser.add_argument("--model", type=Path, required=True, help="output folder")
    parser.add_argument("--target", required=True, help="column to predict")
    parser.add_argument("--ignore", default="", help="columns not to learn from, with commas")
    parser.add_argument("--penalty", type=float, default=1.0)
    return parser.parse_args()


def read_share(path: Path) -> pd.DataFrame:
    """The numeric columns of every N-th row, N processes taking turns."""
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    table = pd.concat(map(pd.read_csv, files), ignore_index=True)
    return table.select_dtypes("number").iloc[WORLD.rank :: WORLD.size]


def total(mine: np.ndarray) -> np.ndarray:
    """The sum over all processes, the same to the last bit on each of them."""
    result = np.empty_like(mine, dtype=float)
    WORLD.Allreduce(mine.astype(float), result)
    return result


def standardise(features: pd.DataFrame) -> np.ndarray:
    """Mean 0 and deviation 1 over the rows of all processes, missing values 0; shape (n, k)."""
    values = features.to_numpy(float)
    known = ~np.isnan(values)
    count = total(known.sum(0))
    centred = np.where(known, values - total(np.nansum(values, 0)) / count, 0.0)
    return centred / np.sqrt(total((centred**2).sum(0)) / count)


def fit(features: np.ndarray, target: np.ndarray, penalty: float) -> np.ndarray:
    """The intercept, then the coefficients: solves (X'X + penalty) b = X'y; shape (1 + k,)."""
    design = np.column_stack([np.ones(len(features)), features])
    ridge = penalty * np.eye(design.shape[1])
    ridge[0, 0] = 0.0
    return np.linalg.solve(total(design.T @ design) + ridge, total(design.T @ target))


def main() -> None:
    args = parse_args()
    table = read_share(args.train)
    target = table[args.target].to_numpy(float)
    table = table.drop(columns=[args.target, *args.ignore.split(",")], errors="ignore")
    features = standardise(table)
    weights = fit(features, target, args.penalty)
    errors = target - weights[0] - features @ weights[1:]
    squares, rows = total(np.array([(errors**2).sum(), len(errors)]))
    if WORLD.rank == 0:
        print(f"processes={WORLD.size} rows={rows:.0f} rmse={(squares / rows) ** 0.5:.9f}")
        args.model.mkdir(parents=True, exist_ok=True)
        model = dict(zip(["intercept", *table.columns], weights.tolist(), strict=True))
        (args.model / "model.json").write_text(json.dumps(model, indent=1))


if __name__ == "__main__":
    main()
