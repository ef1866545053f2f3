"""Measure a delay model on unseen flights and write a score and a report page."""

import argparse
import json
from pathlib import Path

import pandas as pd
import xgboost as xgb
from report import render


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--test", type=Path, required=True, help="CSV file or folder")
    parser.add_argument("--model", type=Path, required=True, help="folder that training wrote")
    parser.add_argument("--report", type=Path, required=True, help="output folder")
    parser.add_argument("--score", type=Path, required=True, help="output file")
    return parser.parse_args()


def read_table(path: Path) -> pd.DataFrame:
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    return pd.concat(map(pd.read_csv, files), ignore_index=True)


def as_categories(features: pd.DataFrame, categories: dict[str, list[str]]) -> pd.DataFrame:
    """Text columns as the categories of training; a value it never saw counts as missing."""
    known = {name: features[name].isin(levels) for name, levels in categories.items()}
    return features.assign(
        **{
            name: pd.Categorical(features[name].where(known[name]), levels)
            for name, levels in categories.items()
        }
    )


def predict(table: pd.DataFrame, folder: Path) -> tuple[pd.DataFrame, pd.Series]:
    """The table with columns `actual`, `model` and `naive`, and each feature's total gain."""
    about = json.loads((folder / "features.json").read_text())
    booster = xgb.Booster(model_file=folder / "model.json")
    baseline = table[about["baseline"]]
    data = xgb.DMatrix(
        as_categories(table[about["columns"]], about["categories"]),
        base_margin=baseline,
        enable_categorical=True,
    )
    actual = table[about["target"]]
    naive = baseline + (actual - baseline).mean()
    flights = table.assign(actual=actual, model=booster.predict(data), naive=naive)
    return flights, pd.Series(booster.get_score(importance_type="total_gain"))


def measure(flights: pd.DataFrame) -> dict[str, float]:
    error = flights.model - flights.actual
    naive_error = flights.naive - flights.actual
    mse, naive_mse, variance = (error**2).mean(), (naive_error**2).mean(), flights.actual.var()
    return {
        "rmse": mse**0.5,
        "mae": error.abs().mean(),
        "r2": 1 - mse / variance,
        "naive_rmse": naive_mse**0.5,
        "naive_mae": naive_error.abs().mean(),
        "naive_r2": 1 - naive_mse / variance,
        "skill": 1 - mse / naive_mse,
    }


def main() -> None:
    args = parse_args()
    flights, gains = predict(read_table(args.test), args.model)
    metrics = measure(flights)
    for name, value in metrics.items():
        print(f"{name}={value:.4f}")
    args.score.write_text(json.dumps(round(metrics["skill"], 4)))
    args.report.mkdir(parents=True, exist_ok=True)
    (args.report / "report.html").write_text(render(flights, metrics, gains), encoding="utf-8")


if __name__ == "__main__":
    main()
