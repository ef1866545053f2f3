"""Labels with predictions as `predict` writes them, and tables of metrics."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from random import Random


def _binary(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    labels = _labelled(table, random)
    if random.random() < 0.5:
        return {"table": labels, "label": "label", "score": None, "detail": None}
    return {"table": labels, "label": "label", "score": "score", "detail": None}


def _multiclass(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    labels = _labelled(table, random)
    prediction = random.choice(("prediction", "label"))
    return {"table": labels, "label": "label", "prediction": prediction, "detail": None}


def _labelled(table: pl.DataFrame, random: Random) -> pl.DataFrame:
    if not table.height:
        return table.with_columns(
            pl.lit(None, pl.String).alias(name)
            for name in ("label", "prediction", "prediction_detail")
        ).with_columns(pl.lit(None, pl.Float64).alias("score"))
    draw = [random.random() for _ in range(table.height)]
    words = {True: "yes", False: "no"}
    return table.with_columns(
        pl.Series("label", [words[random.random() < 0.5] for _ in draw]),
        pl.Series("prediction", [words[each > 0.5] for each in draw]),
        pl.Series(
            "prediction_detail", [json.dumps({"yes": each, "no": 1 - each}) for each in draw]
        ),
        pl.Series("score", draw),
    )


def _numbers(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    numbers = [name for name, dtype in table.schema.items() if dtype.is_numeric()]
    return {"label": random.choice(numbers), "prediction": random.choice(numbers)}


def _clusters(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    found = [random.randint(-1, 3) for _ in range(table.height)]
    marked = table.with_columns(pl.Series("prediction", found, pl.Int64))
    return {"table": marked, "cluster": "prediction"}


def _models(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    names = ["auc", "rmse", "größe"]
    given: dict[str, Any] = {}
    for port in ("first", "second", "third", "fourth")[: random.randint(2, 4)]:
        values = [random.random() for _ in names]
        given[port] = pl.DataFrame({"metric": names, "value": values})
    given |= {port: None for port in ("third", "fourth") if port not in given}
    told = ",".join(f"model {port}" for port, frame in given.items() if frame is not None)
    return {**given, "names": random.choice((told, "")), "metric": random.choice(("", "rmse"))}


CASES = {
    "evaluate_binary": _binary,
    "evaluate_multiclass": _multiclass,
    "evaluate_regression": _numbers,
    "evaluate_clustering": _clusters,
    "compare_models": _models,
}
