"""Rows that are unlike the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .. import tables
from ..fitted.columns import col
from ..models import Signature, checked
from ..problems import StepError
from ..transforms import Transform
from .cluster import features_read
from .learn import fitted, model_of
from .learners import Learner

DETECTORS: Mapping[str, Learner] = {
    "isolation_forest": Learner(
        "sklearn.ensemble.IsolationForest",
        names={"sample_rows": "max_samples"},
        uses_threads=True,
    ),
    "local_outlier_factor": Learner(
        "sklearn.neighbors.LocalOutlierFactor", fixed={"novelty": True}, uses_threads=True
    ),
    "one_class_svm": Learner("sklearn.svm.OneClassSVM", names={"offset": "coef0"}),
}


def detect(
    member: str,
    *,
    table: pl.LazyFrame,
    transform: Transform | None = None,
    features: list[str] | None = None,
    result_column: str = "is_anomaly",
    score_column: str = "anomaly_score",
    **options: Any,
) -> dict[str, Any]:
    """The table with what is an anomaly and how much of one behind its columns, and the model."""
    _named(table, result_column, score_column)
    learner = DETECTORS[member]
    rows, types = features_read(table, features, member)
    matrix = checked(rows, list(types))
    estimator = fitted(learner, options, matrix, None, None)
    scores = _scores(estimator, matrix)
    added = {result_column: scores < estimator.offset_, score_column: -scores}
    model = model_of(
        member, learner, estimator, Signature("anomaly", types), rows, transform, options
    )
    return {
        "table": pl.concat([table, pl.DataFrame(added).lazy()], how="horizontal"),
        "model": model,
    }


def mark_outliers(
    *,
    table: pl.LazyFrame,
    columns: list[str] | None = None,
    method: str = "box_plot",
    threshold: float | None = None,
    result_column: str = "is_anomaly",
    score_column: str = "anomaly_score",
) -> pl.LazyFrame:
    """The table with what lies far outside a column's values behind its columns."""
    _named(table, result_column, score_column)
    names = tables.chosen(table, columns or [], ("number",))
    if not names:
        raise StepError("there are no columns of numbers to look at")
    distance, usual = _DISTANCES[method]
    least = usual if threshold is None else threshold
    score = pl.max_horizontal([distance(_plain(name)) for name in names])
    return table.with_columns(
        (score > least).fill_null(value=False).alias(result_column), score.alias(score_column)
    )


def _named(table: pl.LazyFrame, result: str, score: str) -> None:
    if result == score:
        raise StepError("two result columns have the same name: name them differently")
    tables.fresh(table, [result, score])


def _scores(estimator: Any, matrix: NDArray[Any]) -> NDArray[np.float64]:
    """How like the others each row is: of neighbours, without itself among them."""
    known = getattr(estimator, "negative_outlier_factor_", None)
    found = estimator.score_samples(matrix) if known is None else known
    return np.asarray(found, dtype=np.float64)


def _plain(name: str) -> pl.Expr:
    """A column's numbers; null for what is none."""
    return col(name).cast(pl.Float64).fill_nan(None)


def _beyond_box(values: pl.Expr) -> pl.Expr:
    """How many interquartile ranges outside of the quartiles."""
    low, high = (values.quantile(share, "linear") for share in (0.25, 0.75))
    outside = pl.max_horizontal(low - values, values - high).clip(lower_bound=0)
    return _in(outside, high - low)


def _from_mean(values: pl.Expr) -> pl.Expr:
    """How many standard deviations from the mean."""
    return _in((values - values.mean()).abs(), values.std())


def _from_median(values: pl.Expr) -> pl.Expr:
    """How many deviations from the median, each such that a normal distribution's is 1."""
    away = (values - values.median()).abs()
    return _in(away * 0.6745, away.median())


def _in(distance: pl.Expr, unit: pl.Expr) -> pl.Expr:
    """0 where there is no distance, were the unit 0 too."""
    found = pl.when(distance == 0).then(0.0).otherwise(distance / unit)
    return pl.when(distance.is_not_null()).then(found)


_DISTANCES = {
    "box_plot": (_beyond_box, 1.5),
    "z_score": (_from_mean, 3.0),
    "median": (_from_median, 3.5),
}
"""How a value's distance is measured, and from which on it is an outlier if nothing is said."""
