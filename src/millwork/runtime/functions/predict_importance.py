"""What a model leans on, found by shuffling one feature after the other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .. import tables
from ..answers import values, weights
from ..models import Model, checked, complete
from ..problems import StepError
from .predict import transformed

Array = NDArray[Any]


@dataclass(frozen=True)
class _Trained:
    """A model as scikit-learn takes estimators: only what can be fitted is one."""

    model: Model

    def fit(self, _matrix: Array, _truth: Array) -> _Trained:
        """It is trained already."""
        return self


def permutation_importance(
    *, table: pl.LazyFrame, model: Model, label: str, repeats: int = 5, seed: int = 0
) -> pl.DataFrame:
    """By how much a shuffled feature lowers the accuracy, or the coefficient of determination."""
    from sklearn.inspection import permutation_importance as measured

    if model.signature.task not in ("classify", "regress"):
        raise StepError("only classifiers and regressions have true answers to compare with")
    tables.require(table, [label])
    answers = table.select(label).collect(engine="streaming")
    after = transformed(model.transform, table).collect(engine="streaming")
    if not answers.height:
        raise StepError("the table has no rows: there is nothing to measure")
    if answers.height == 1 and model.signature.task == "regress":
        raise StepError("the table has one row: a coefficient of determination needs two")
    if after.height != answers.height:
        raise StepError("the model's transform leaves rows out: it cannot be measured by this")
    matrix, truth = model.matrix(after), _truth(answers, label, model)
    judged = _Trained(model)
    found = measured(judged, matrix, truth, scoring=_score, n_repeats=repeats, random_state=seed)
    columns = {
        "feature": list(model.signature.features),
        "importance": found.importances_mean.astype(float),
        "deviation": found.importances_std.astype(float),
    }
    return pl.DataFrame(columns).sort("importance", descending=True, maintain_order=True)


def _truth(answers: pl.DataFrame, label: str, model: Model) -> Array:
    """The true numbers, or each row's class as a number: -1 for one that the model never saw."""
    if model.signature.task == "regress":
        tables.chosen(answers.lazy(), [label], ("number",))
        return checked(complete(answers, [label]), [label])[:, 0]
    known = {name: place for place, name in enumerate(model.signature.classes)}
    found = complete(answers, [label])[label].to_list()
    return np.array([known.get(each, -1) for each in found])


def _score(judged: _Trained, matrix: Array, truth: Array) -> float:
    model = judged.model
    if model.signature.task == "classify":
        return float(np.mean(weights(model, matrix).argmax(axis=1) == truth))
    from sklearn.metrics import r2_score

    return float(r2_score(truth, values(model, matrix)))
