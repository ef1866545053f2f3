"""How well classes are predicted, from how often each comes with each prediction."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import polars as pl
from polars import selectors as cs

from .. import tables
from ..problems import StepError
from ..reports import Report
from .evaluate_metrics import (
    DETAIL,
    collected,
    counted,
    decoded,
    defined,
    in_order,
    metrics_table,
    not_detail,
    show_metrics,
)
from .samples import category, shaped

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLASSES = {
    "class": pl.String,
    "rows": pl.Int64,
    "predicted": pl.Int64,
    **dict.fromkeys(("precision", "recall", "f1"), pl.Float64),
}
CONFUSION = {"label": pl.String, "prediction": pl.String, "count": pl.Int64}
_HEADLINE = ("accuracy", "f1_macro", "auc_macro", "log_loss", "rows", "classes")
_MOST_CLASSES = 1000


def evaluate_multiclass(
    *,
    table: pl.LazyFrame,
    label: str,
    prediction: str = "prediction",
    detail: str | None = None,
) -> dict[str, Any]:
    """How often each class is found and rightly named; of probabilities also AUC and log loss."""
    names, cells = counted(table, label, prediction)
    if len(names) > _MOST_CLASSES:
        raise StepError(
            f"'{label}' has {len(names):,} classes, and {_MOST_CLASSES:,} are the most: for "
            "numbers there is evaluate_regression"
        )
    classes = _classes(names, cells)
    metrics = _class_metrics(cells)
    metrics |= _probability_metrics(table, label, detail, names)
    metrics |= {"rows": int(cells["count"].sum()), "classes": len(names)}
    return {
        "metrics": metrics_table(metrics),
        "classes": classes,
        "confusion": shaped(cells, CONFUSION),
        "report": _class_report(label, metrics, classes, cells),
        "accuracy": metrics["accuracy"],
        "f1": metrics["f1_macro"],
    }


def _codes(cells: pl.DataFrame) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Labels and predictions by their numbers, with how often they are there, as weights."""
    truth, predicted = (cells[name].to_physical().to_numpy() for name in ("label", "prediction"))
    return truth, predicted, cells["count"].to_numpy()


def _classes(names: list[str], cells: pl.DataFrame) -> pl.DataFrame:
    import numpy as np
    from sklearn.metrics import precision_recall_fscore_support

    truth, predicted, weights = _codes(cells)
    each = precision_recall_fscore_support(
        truth, predicted, labels=range(len(names)), sample_weight=weights, zero_division=0
    )
    return pl.DataFrame(
        {
            "class": names,
            "rows": np.bincount(truth, weights, len(names)).astype(int),
            "predicted": np.bincount(predicted, weights, len(names)).astype(int),
            "precision": each[0],
            "recall": each[1],
            "f1": each[2],
        },
        CLASSES,
    )


def _class_metrics(cells: pl.DataFrame) -> dict[str, Any]:
    """As scikit-learn has them for all rows: the counts are its weights."""
    from sklearn import metrics

    truth, predicted, weights = _codes(cells)

    def of(function: Any, **options: Any) -> float | None:
        return defined(function, truth, predicted, sample_weight=weights, **options)

    averages = {
        f"{name}_{average}": of(function, average=average, zero_division=0)
        for average in ("macro", "weighted")
        for name, function in (
            ("precision", metrics.precision_score),
            ("recall", metrics.recall_score),
            ("f1", metrics.f1_score),
        )
    }
    return {
        "accuracy": of(metrics.accuracy_score),
        "balanced_accuracy": of(metrics.balanced_accuracy_score),
        **averages,
        "kappa": of(metrics.cohen_kappa_score),
        "mcc": of(metrics.matthews_corrcoef),
    }


def _probability_metrics(
    table: pl.LazyFrame, label: str, detail: str | None, names: list[str]
) -> dict[str, Any]:
    """AUC of each class against the rest, and log loss: where each class has a probability."""
    import numpy as np
    from sklearn import metrics

    source = detail or DETAIL
    if not detail and source not in table.collect_schema():
        return {}
    weighed = in_order({*names, *_named(table, source)})
    labels, weights = category(table, label), decoded(table, source, weighed)
    frame = collected(table.select(labels.alias("label"), weights.alias("weights")), source)
    given = frame["weights"].struct.unnest().with_columns(frame["label"]).drop_nulls()
    truth = given["label"].cast(pl.Enum(weighed)).to_physical().to_numpy()
    matrix = given.drop("label").to_numpy()
    if not len(truth) or not np.allclose(matrix.sum(axis=1), 1) or (matrix < 0).any():
        return {"auc_macro": None, "log_loss": None}
    each = [
        defined(metrics.roc_auc_score, truth == place, matrix[:, place])
        for place in range(len(weighed))
    ]
    known = [auc for auc in each if auc is not None]
    return {
        "auc_macro": sum(known) / len(each) if len(known) == len(each) else None,
        "log_loss": defined(metrics.log_loss, truth, matrix, labels=range(len(weighed))),
    }


def _named(table: pl.LazyFrame, detail: str) -> list[str]:
    """The classes that the first row's details name."""
    tables.chosen(table, [detail], ("text",))
    first = table.select(cs.by_name(detail).cast(pl.String)).drop_nulls().head(1).collect()
    if not first.height:
        return []
    try:
        found = json.loads(first.item())
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise not_detail(detail)
    return list(found)


def _class_report(
    label: str, metrics: dict[str, Any], classes: pl.DataFrame, cells: pl.DataFrame
) -> Report:
    names = classes["class"].to_list()
    counts = {(truth, predicted): count for truth, predicted, count in cells.rows()}
    report = show_metrics(Report(f"{label}: predicted classes"), metrics, *_HEADLINE)
    report.add(
        "heatmap",
        "Confusion",
        x_labels=names,
        y_labels=names,
        values=[[counts.get((truth, predicted), 0) for predicted in names] for truth in names],
        x_label="predicted",
        y_label="actual",
    )
    report.add(
        "bar",
        "By class",
        x_label="",
        y_label="",
        categories=names,
        series=[{"name": name, "y": classes[name]} for name in ("precision", "recall", "f1")],
    )
    return report.table("Classes", classes.columns, classes.rows())
