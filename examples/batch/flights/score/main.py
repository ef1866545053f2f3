"""Score flights, shard by shard: a line of JSON for each row."""

import json
import os
from pathlib import Path

import pandas as pd
import xgboost as xgb
from millwork_worker import shards

MODEL = Path(os.environ["PAI_INPUT_MODEL"])
ABOUT = json.loads((MODEL / "features.json").read_text())
SHOWN = ["day", "carrier", "origin", "dest", "sched_dep", "actual", "predicted"]


def typed(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of text with numbers where the model wants them, and the categories of training."""
    categories = ABOUT["categories"]
    numbers = [*{*ABOUT["columns"], ABOUT["target"]} - {*categories}]
    rows[numbers] = rows[numbers].apply(pd.to_numeric)
    for name, levels in categories.items():
        rows[name] = pd.Categorical(rows[name].where(rows[name].isin(levels)), levels)
    return rows


def scored(rows: pd.DataFrame, booster: xgb.Booster) -> pd.DataFrame:
    left = rows[ABOUT["baseline"]].fillna(0)
    features = rows[ABOUT["columns"]]
    data = xgb.DMatrix(features, base_margin=left, enable_categorical=True)
    return rows.assign(actual=rows[ABOUT["target"]], predicted=booster.predict(data).round(1))


def main() -> None:
    booster = xgb.Booster(model_file=MODEL / "model.json")
    for shard in shards():
        rows = scored(typed(pd.DataFrame(shard.rows)), booster)
        with shard.output("scores.jsonl") as out:
            rows[SHOWN].to_json(out, orient="records", lines=True)
        print(f"shard {shard.id}: {len(rows):,} flights", flush=True)


if __name__ == "__main__":
    main()
