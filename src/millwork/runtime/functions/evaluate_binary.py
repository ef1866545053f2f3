"""How well scores tell one label from the others."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import polars as pl

from .. import tables
from ..problems import StepError, listed
from ..reports import MOST_POINTS, Report
from .evaluate_metrics import (
    DETAIL,
    collected,
    decoded,
    defined,
    in_order,
    metrics_table,
    show_metrics,
)
from .samples import NUMBERS, category, enough, numbers, shaped

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from .samples import Floats, shaped

THRESHOLDS = {
    "threshold": pl.Float64,
    **dict.fromkeys(
        ("true_positives", "false_positives", "true_negatives", "false_negatives"), pl.Int64
    ),
    **dict.fromkeys(
        ("precision", "recall", "false_positive_rate", "specificity", "f1", "accuracy", "ks"),
        pl.Float64,
    ),
}
GAINS = {
    **dict.fromkeys(("bin", "rows", "positives"), pl.Int64),
    **dict.fromkeys(
        ("lowest", "highest", "positive_rate", "lift", "gain", "cumulative_lift"), pl.Float64
    ),
}
_HEADLINE = ("auc", "ks", "f1", "accuracy", "rows", "positives")
_DRAWN_BINS, _TOLD = 20, 21


@dataclass(frozen=True)
class Scored:
    """Rows with whether their label is the positive one, and their score."""

    positive: str
    is_positive: NDArray[np.bool_]
    score: Floats

    @cached_property
    def thresholds(self) -> pl.DataFrame:
        """What comes of each score that there is as the threshold, the highest first."""
        from sklearn.metrics import roc_curve

        false_rate, true_rate, at = roc_curve(self.is_positive, self.score, drop_intermediate=False)
        positives = int(self.is_positive.sum())
        negatives = len(self.score) - positives
        true, false = pl.col("true_positives"), pl.col("false_positives")
        found = pl.DataFrame(
            {
                "threshold": at[1:],
                "true_positives": (true_rate[1:] * positives).round(),
                "false_positives": (false_rate[1:] * negatives).round(),
            }
        ).with_columns(
            (negatives - false).alias("true_negatives"),
            (positives - true).alias("false_negatives"),
            (true / (true + false)).alias("precision"),
            (true / positives).alias("recall"),
            (false / negatives).alias("false_positive_rate"),
            (1 - false / negatives).alias("specificity"),
            (2 * true / (positives + true + false)).alias("f1"),
            ((true + negatives - false) / len(self.score)).alias("accuracy"),
            (true / positives - false / negatives).alias("ks"),
        )
        return shaped(found, THRESHOLDS)


def evaluate_binary(
    *,
    table: pl.LazyFrame,
    label: str,
    score: str | None = None,
    detail: str | None = None,
    positive: str | None = None,
    threshold: float | None = None,
    bins: int = 10,
) -> dict[str, Any]:
    """ROC, KS, lift and what comes of each threshold, for one label against the others."""
    chosen = _positive(table, label, positive)
    scored = _scored(table, label, chosen, score, detail)
    is_probability = bool(((scored.score >= 0) & (scored.score <= 1)).all())
    if threshold is None:
        threshold = 0.5 if is_probability else 0.0
    metrics = _metrics(scored, threshold, is_probability)
    gains = _gains(scored, min(bins, len(scored.score)))
    return {
        "metrics": metrics_table(metrics),
        "thresholds": _few(scored.thresholds),
        "gains": gains,
        "report": _report(scored, metrics, gains, label),
        **{name: metrics[name] for name in ("auc", "ks", "f1")},
    }


def _positive(table: pl.LazyFrame, label: str, positive: str | None) -> str:
    """The positive label: the one that is named, or the greater of two, as scikit-learn has it."""
    found = table.select(category(table, label).alias("label")).unique().collect(engine="streaming")
    labels = in_order(found["label"].drop_nulls())
    if not labels:
        raise StepError(f"'{label}' holds no labels: there is nothing to evaluate against")
    if len(labels) == 1:
        raise StepError(f"'{label}' is '{labels[0]}' in all rows: two labels are needed")
    if positive is None:
        if len(labels) > 2:
            raise StepError(
                f"'{label}' holds {len(labels)} labels ({listed(labels, 5)}): say which one is "
                "positive, or use evaluate_multiclass"
            )
        return labels[1]
    same = [name for name in labels if name == positive or _number(name) == _number(positive)]
    if not same:
        raise StepError(f"'{label}' is nowhere '{positive}'; its labels are: {listed(labels, 10)}")
    return same[0]


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text


def _scored(
    table: pl.LazyFrame, label: str, positive: str, score: str | None, detail: str | None
) -> Scored:
    """The rows that have a label and a score; StepError if one label is not among them."""
    if score:
        tables.chosen(table, [score], NUMBERS)
        source, scores = score, numbers(score)
    else:
        source = detail or DETAIL
        if source not in table.collect_schema():
            raise StepError(f"no '{source}': run predict first, or name the column of the scores")
        scores = decoded(table, source, [positive]).struct.field(positive).fill_nan(None)
    labels = category(table, label).alias("label")
    frame = collected(table.select(labels, scores.alias("score")).drop_nulls(), source)
    if not frame.height:
        raise StepError(f"'{source}' has no score of '{positive}' in a row that has a label")
    is_positive = (frame["label"] == positive).to_numpy()
    if is_positive.all() or not is_positive.any():
        raise StepError(
            f"all rows with a score are {'' if is_positive.all() else 'not '}'{positive}'"
        )
    return Scored(positive, is_positive, enough(source, frame["score"], 1))


def _metrics(scored: Scored, threshold: float, is_probability: bool) -> dict[str, Any]:
    from sklearn import metrics

    truth, score, at = scored.is_positive, scored.score, scored.thresholds
    best, apart = at.row(at["f1"].arg_max() or 0, named=True), at["ks"].arg_max() or 0
    cells = [1, 1, 0, 0], [1, 0, 1, 0]  # label and prediction, with how often as the weight
    predicted = score >= threshold
    found, called = int((truth & predicted).sum()), int(predicted.sum())
    positives = int(truth.sum())
    rest = len(score) - positives - (called - found)
    weights = [found, positives - found, called - found, rest]

    def of(function: Callable[..., float], **options: Any) -> float | None:
        return defined(function, *cells, sample_weight=weights, **options)

    auc = float(metrics.roc_auc_score(truth, score))
    return {
        "auc": auc,
        "gini": 2 * auc - 1,
        "ks": at["ks"][apart],
        "ks_threshold": at["threshold"][apart],
        "average_precision": float(metrics.average_precision_score(truth, score)),
        "threshold": threshold,
        "accuracy": of(metrics.accuracy_score),
        "balanced_accuracy": of(metrics.balanced_accuracy_score),
        "precision": of(metrics.precision_score, zero_division=float("nan")),
        "recall": of(metrics.recall_score),
        "specificity": of(metrics.recall_score, pos_label=0),
        "f1": of(metrics.f1_score),
        "mcc": of(metrics.matthews_corrcoef),
        "best_f1": best["f1"],
        "best_f1_threshold": best["threshold"],
        "log_loss": defined(metrics.log_loss, truth, score) if is_probability else None,
        "brier": defined(metrics.brier_score_loss, truth, score) if is_probability else None,
        "rows": len(score),
        "positives": positives,
    }


def _gains(scored: Scored, bins: int) -> pl.DataFrame:
    """Equally many rows a bin, the highest scores first; of equal scores the first row first."""
    import numpy as np

    order = np.argsort(-scored.score, kind="stable")
    overall = scored.is_positive.mean()
    rows, seen, found = 0, 0, []
    for number, part in enumerate(np.array_split(order, bins), 1):
        positives = int(scored.is_positive[part].sum())
        rows, seen = rows + len(part), seen + positives
        found.append(
            {
                "bin": number,
                "rows": len(part),
                "positives": positives,
                "lowest": scored.score[part].min(),
                "highest": scored.score[part].max(),
                "positive_rate": positives / len(part),
                "lift": positives / len(part) / overall,
                "gain": seen / scored.is_positive.sum(),
                "cumulative_lift": seen / rows / overall,
            }
        )
    return pl.DataFrame(found, GAINS)


def _few(thresholds: pl.DataFrame, most: int = MOST_POINTS) -> pl.DataFrame:
    """At most so many of the thresholds, evenly chosen, the best ones among them."""
    import numpy as np

    evenly = np.linspace(0, thresholds.height - 1, min(most - 2, thresholds.height)).round()
    best = [thresholds[name].arg_max() or 0 for name in ("f1", "ks")]
    return thresholds[sorted({*evenly.astype(int).tolist(), *best})]


def _report(scored: Scored, metrics: dict[str, Any], gains: pl.DataFrame, label: str) -> Report:
    report = Report(f"{label}: {scored.positive} against the rest")
    show_metrics(report, metrics, *_HEADLINE)
    _draw_curves(report, scored, metrics)
    _draw_gains(report, gains)
    _draw_scores(report, scored, metrics["threshold"])
    few = _few(scored.thresholds, _TOLD)
    return report.table(
        "Thresholds",
        few.columns,
        few.rows(),
        f"{few.height:,} of {scored.thresholds.height:,}; more are in the table 'thresholds'.",
    )


def _draw_curves(report: Report, scored: Scored, metrics: dict[str, Any]) -> None:
    at = scored.thresholds
    name, share = scored.positive, metrics["positives"] / metrics["rows"]
    chosen = (at["true_positives"] + at["false_positives"]) / metrics["rows"]
    begun = pl.Series([0.0])
    true, false = begun.append(at["recall"]), pl.Series([0.0]).append(at["false_positive_rate"])
    chosen = pl.Series([0.0]).append(chosen)
    chance = {"name": "chance", "x": [0, 1], "y": [0, 1], "is_reference": True}
    report.add(
        "line",
        f"ROC curve, AUC {metrics['auc']:.4f}",
        x_label="false positive rate",
        y_label="true positive rate",
        series=[{"name": name, "x": false.to_list(), "y": true.to_list()}, chance],
    )
    report.add(
        "line",
        f"Precision and recall, mean precision {metrics['average_precision']:.4f}",
        x_label="recall",
        y_label="precision",
        series=[
            {"name": name, "x": at["recall"].to_list(), "y": at["precision"].to_list()},
            {"name": "chance", "x": [0, 1], "y": [share, share], "is_reference": True},
        ],
    )
    report.add(
        "line",
        f"KS {metrics['ks']:.4f} at {metrics['ks_threshold']:.4g}",
        x_label="share of the rows, highest scores first",
        y_label="share found",
        series=[
            {"name": name, "x": chosen.to_list(), "y": true.to_list()},
            {"name": "the rest", "x": chosen.to_list(), "y": false.to_list()},
        ],
    )


def _draw_gains(report: Report, gains: pl.DataFrame) -> None:
    report.add(
        "bar",
        "Lift",
        f"Each bin has a share of 1 in {gains.height} of the rows, the highest scores first.",
        x_label="bin",
        y_label="lift",
        categories=gains["bin"].cast(pl.String).to_list(),
        series=[{"name": "", "y": gains["lift"].to_list()}],
    )


def _draw_scores(report: Report, scored: Scored, threshold: float) -> None:
    import numpy as np
    from sklearn.metrics import confusion_matrix

    edges = np.histogram_bin_edges(scored.score, _DRAWN_BINS)
    parts = {scored.positive: scored.is_positive, "the rest": ~scored.is_positive}
    report.add(
        "histogram",
        "Scores",
        x_label="score",
        edges=edges,
        series=[
            {"name": name, "counts": np.histogram(scored.score[rows], edges)[0]}
            for name, rows in parts.items()
        ],
    )
    names = list(parts)
    report.add(
        "heatmap",
        f"Confusion at {threshold:.4g}",
        x_labels=names,
        y_labels=names,
        values=confusion_matrix(scored.is_positive, scored.score >= threshold, labels=[1, 0]),
        x_label="predicted",
        y_label="actual",
    )
