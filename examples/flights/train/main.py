"""Train gradient-boosted trees on a CSV table and write model.json and features.json."""

import argparse
import json
from pathlib import Path

import pandas as pd
import xgboost as xgb

OBJECTIVES = {"squared": "reg:squarederror", "absolute": "reg:absoluteerror"}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--train", type=Path, required=True, help="CSV file or folder")
    parser.add_argument("--model", type=Path, required=True, help="output folder")
    parser.add_argument("--target", required=True, help="column to predict")
    parser.add_argument("--baseline", required=True, help="column the prediction starts from")
    parser.add_argument("--ignore", required=True, help="column not to learn from")
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--max_depth", type=int, default=6)
    parser.add_argument("--learning_rate", type=float, default=0.1)
    parser.add_argument("--objective", choices=OBJECTIVES, default="squared")
    return parser.parse_args()


def read_table(path: Path) -> pd.DataFrame:
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    return pd.concat(map(pd.read_csv, files), ignore_index=True)


def find_categories(features: pd.DataFrame) -> dict[str, list[str]]:
    text = features.select_dtypes(exclude="number")
    return {name: sorted(text[name].dropna().unique()) for name in text}


def as_categories(features: pd.DataFrame, categories: dict[str, list[str]]) -> pd.DataFrame:
    return features.assign(
        **{name: pd.Categorical(features[name], levels) for name, levels in categories.items()}
    )


def train(table: pd.DataFrame, features: pd.DataFrame, args: argparse.Namespace) -> xgb.Booster:
    """Boost from the baseline: the trees learn only what the target differs from it."""
    data = xgb.QuantileDMatrix(
        features, table[args.target], base_margin=table[args.baseline], enable_categorical=True
    )
    settings = {
        "objective": OBJECTIVES[args.objective],
        "eval_metric": "rmse",
        "max_depth": args.max_depth,
        "learning_rate": args.learning_rate,
    }
    return xgb.train(
        settings,
        data,
        num_boost_round=args.rounds,
        evals=[(data, "train")],
        verbose_eval=max(1, args.rounds // 10),
    )


def main() -> None:
    args = parse_args()
    table = read_table(args.train)
    features = table.drop(columns=[args.target, args.ignore])
    categories = find_categories(features)
    booster = train(table, as_categories(features, categories), args)
    about = {
        "target": args.target,
        "baseline": args.baseline,
        "columns": list(features),
        "categories": categories,
    }
    args.model.mkdir(parents=True, exist_ok=True)
    booster.save_model(args.model / "model.json")
    (args.model / "features.json").write_text(json.dumps(about, indent=1))


if __name__ == "__main__":
    main()
