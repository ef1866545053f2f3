"""Models and transforms for what takes them: learned from the very table, if it can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.runtime.functions.learn import regress
from millwork.runtime.functions.prepare import standardise
from millwork.runtime.problems import StepError

if TYPE_CHECKING:
    from random import Random

    import polars as pl


def _model(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    numbers = [name for name, dtype in table.schema.items() if dtype.is_numeric()]
    if len(numbers) < 2:
        return {}
    label, *features = random.sample(numbers, 2)
    try:
        found = regress(
            "xgboost_regressor", table=table.lazy(), label=label, features=features, trees=2
        )
    except StepError:
        return {}
    return {"model": found["model"]}


def _judged(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    given = _model(table, random)
    return {**given, "label": given["model"].signature.label, "repeats": 2} if given else {}


def _transform(table: pl.DataFrame, _random: Random) -> dict[str, Any]:
    try:
        return {"transform": standardise(table=table.lazy())["transform"]}
    except StepError:
        return {}


CASES = {
    "predict": _model,
    "export_model": _model,
    "apply_transform": _transform,
    "permutation_importance": _judged,
}
