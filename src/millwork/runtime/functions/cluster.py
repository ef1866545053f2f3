"""Rows put into groups of rows that are alike."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .. import tables
from ..fitted.columns import col
from ..models import Signature, checked, features_of
from ..problems import StepError
from ..reports import Report
from ..transforms import Transform
from .learn import fitted, model_of
from .learners import Learner, Options

Array = NDArray[Any]

MOST_PAIRED_ROWS = 30_000  # of which all distances, a number a pair, take 3.6 GB
_NAMES = {"clusters": "n_clusters", "restarts": "n_init"}


def _linked(options: Options) -> Options:
    if options.get("linkage", "ward") == "ward" and options.get("metric") not in (
        None,
        "euclidean",
    ):
        raise StepError("linkage ward goes with metric euclidean only: change one of them")
    return options


CLUSTERERS: Mapping[str, Learner] = {
    "kmeans": Learner("sklearn.cluster.KMeans", names=_NAMES),
    "bisecting_kmeans": Learner("sklearn.cluster.BisectingKMeans", names=_NAMES),
    "gaussian_mixture": Learner(
        "sklearn.mixture.GaussianMixture",
        names={"clusters": "n_components", "restarts": "n_init", "least_variance": "reg_covar",
               "covariance": "covariance_type"},
    ),
    "dbscan": Learner(
        "sklearn.cluster.DBSCAN",
        names={"distance": "eps", "min_points": "min_samples"},
        uses_threads=True,
    ),
    "hdbscan": Learner(
        "sklearn.cluster.HDBSCAN",
        names={"min_cluster_rows": "min_cluster_size", "min_points": "min_samples",
               "method": "cluster_selection_method"},
        fixed={"copy": True},
        uses_threads=True,
    ),
    "hierarchical": Learner(
        "sklearn.cluster.AgglomerativeClustering", names=_NAMES, adjust=_linked
    ),
}  # fmt: skip
_TASKS = {"kmeans": "cluster", "bisecting_kmeans": "cluster", "gaussian_mixture": "mixture"}
"""What the models do of those that can say the cluster of a new row."""


def cluster(
    member: str,
    *,
    table: pl.LazyFrame,
    transform: Transform | None = None,
    features: list[str] | None = None,
    result_column: str = "cluster",
    **options: Any,
) -> dict[str, Any]:
    """The table with each row's cluster behind its columns, and what is known of the clusters."""
    tables.fresh(table, [result_column])
    learner = CLUSTERERS[member]
    rows, types = features_read(table, features, member)
    matrix = checked(rows, list(types))
    _possible(member, options, len(matrix))
    estimator = fitted(learner, options, matrix, None, None)
    found = _labels(estimator, matrix)
    column = pl.Series(result_column, found, pl.Int64).to_frame().lazy()
    made: dict[str, Any] = {
        "table": pl.concat([table, column], how="horizontal"),
        "report": _report(member, estimator, list(types), matrix, found),
    }
    centres = _centres(estimator)
    if centres is not None:
        numbers = pl.DataFrame({result_column: np.arange(len(centres), dtype=np.int64)})
        made["centres"] = numbers.hstack(pl.DataFrame(centres, list(types)))
    if member in _TASKS:
        signature = _signature(_TASKS[member], types, centres)
        lean = _lean(estimator)
        made["model"] = model_of(member, learner, lean, signature, rows, transform, options)
    return made


def features_read(
    table: pl.LazyFrame, features: list[str] | None, task: str
) -> tuple[pl.DataFrame, dict[str, str]]:
    """The features of a table without a label, read once, and their types."""
    types = features_of(table, features, [], task)
    rows = tables.collected(table.select([col(name) for name in types]))
    if not rows.height:
        raise StepError("the table has no rows: there is nothing to learn from")
    return rows, types


def _possible(member: str, options: Options, rows: int) -> None:
    """StepError for what the rows are too few or too many for."""
    clusters = options.get("clusters", 1)
    if clusters > rows:
        raise StepError(f"clusters is {clusters}, and there are {rows} rows")
    if member == "hierarchical" and rows > MOST_PAIRED_ROWS:
        raise StepError(
            f"{rows:,} rows are too many to compare each with each; {MOST_PAIRED_ROWS:,} are the "
            "most: take a sample (sample_rows), or kmeans"
        )


def _labels(estimator: Any, matrix: Array) -> Array:
    """Each row's cluster."""
    found = getattr(estimator, "labels_", None)
    answer = estimator.predict(matrix) if found is None else found
    return np.asarray(answer, dtype=np.int64)


def _lean(estimator: Any) -> Any:
    """The estimator without what only its training needs: a label a row, a function."""
    for attribute in ("labels_", "_kmeans_single"):
        vars(estimator).pop(attribute, None)
    return estimator


def _centres(estimator: Any) -> Array | None:
    """Clusters x features, of methods whose clusters have a centre."""
    for attribute in ("cluster_centers_", "means_"):
        if hasattr(estimator, attribute):
            return np.asarray(getattr(estimator, attribute), dtype=np.float64)
    return None


def _signature(task: str, types: dict[str, str], centres: Array | None) -> Signature:
    known = range(len(centres)) if centres is not None else ()
    return Signature(task, types, label_type="Int64", classes=tuple(known))


def _report(member: str, estimator: Any, names: list[str], matrix: Array, found: Array) -> Report:
    """How many rows each cluster has, and in what it differs from all rows."""
    known, places, counts = np.unique(found, return_inverse=True, return_counts=True)
    texts = ["noise" if number < 0 else str(number) for number in known]
    figures = {"rows": len(found), "clusters": int((known >= 0).sum()), "features": len(names)}
    figures |= {"noise": int((found < 0).sum())} if (known < 0).any() else {}
    report = Report(f"Clusters by {member}").metrics(
        "What was found", {**figures, **_measures(estimator, matrix)}
    )
    report.add(
        "bar",
        "Rows of each cluster",
        x_label="cluster",
        y_label="rows",
        categories=texts,
        series=[{"name": "rows", "y": counts}],
    )
    middle, spread = matrix.mean(axis=0), matrix.std(axis=0)
    sums = np.zeros((len(known), len(names)))
    np.add.at(sums, places, matrix)
    means = sums / counts[:, None]
    report.add(
        "heatmap",
        "What the clusters are like",
        "A cluster's mean of a feature, in standard deviations from the mean of all rows.",
        x_labels=names,
        y_labels=texts,
        values=((means - middle) / np.where(spread > 0, spread, 1)).round(2),
        x_label="feature",
        y_label="cluster",
    )
    return report


def _measures(estimator: Any, matrix: Array) -> dict[str, float]:
    """How well the clusters fit, as the method itself measures it."""
    if hasattr(estimator, "bic"):
        likelihood = float(estimator.lower_bound_)
        return {"mean log-likelihood": likelihood, "BIC": float(estimator.bic(matrix))}
    return {"inertia": float(estimator.inertia_)} if hasattr(estimator, "inertia_") else {}
