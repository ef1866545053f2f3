"""Evaluations against scikit-learn called directly, on real models of real data; and odd tables.

Equal to 1e-12 relative: the same functions, of all rows or of their counts as weights.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import numpy as np
import polars as pl
import pytest
from sklearn import metrics
from sklearn.cluster import KMeans
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from millwork.runtime import reports
from millwork.runtime.drawing.page import page
from millwork.runtime.functions.evaluate import (
    compare_models,
    evaluate_clustering,
    evaluate_regression,
)
from millwork.runtime.functions.evaluate_binary import evaluate_binary
from millwork.runtime.functions.evaluate_multiclass import evaluate_multiclass
from millwork.runtime.functions.source_samples import sample_data
from millwork.runtime.problems import StepError

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLOSE: dict[str, Any] = {"rel": 1e-12, "abs": 1e-12}
_STANDARD = jsonschema.Draft202012Validator(reports.schema())


def classified(name: str, label: str, features: int) -> tuple[pl.DataFrame, NDArray[Any], Any]:
    """A sample with what a model says of it as `predict` writes it, its labels, and the weights."""
    table = sample_data(name=name)
    matrix, truth = table.drop(label).to_numpy()[:, :features], table[label].to_numpy()
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.05)).fit(matrix, truth)
    given = model.predict_proba(matrix)
    detail = [json.dumps(dict(zip(model.classes_, row, strict=True))) for row in given.tolist()]
    told = table.with_columns(
        pl.Series("prediction", model.predict(matrix)),
        pl.Series("prediction_score", given.max(axis=1)),
        pl.Series("prediction_detail", detail),
    )
    return told, truth, given


CANCER, SICK, CHANCES = classified("breast_cancer", "diagnosis", 2)
IS_SICK, SCORE = SICK == "malignant", CHANCES[:, 1]
WINE, CULTIVAR, WEIGHTS = classified("wine", "cultivar", 3)


def drawn(result: dict[str, Any]) -> dict[str, float | None]:
    """The metrics of a result whose report keeps to the schema and can be drawn."""
    content = result["report"].to_json()
    _STANDARD.validate(content)
    assert page(content).startswith("<!doctype html>")
    told = [each for each in content["sections"] if each["kind"] == "metrics"]
    assert all(len(each["values"]) <= 6 for each in told)
    found = dict(result["metrics"].rows())
    for name in {"auc", "ks", "f1", "accuracy", "rmse", "r2", "silhouette"} & result.keys():
        assert result[name] == found["f1_macro" if "f1_macro" in found and name == "f1" else name]
        json.dumps(result[name], allow_nan=False)
    return found


def test_binary_metrics_are_those_of_scikit_learn() -> None:
    found = drawn(evaluate_binary(table=CANCER.lazy(), label="diagnosis"))
    false, true, _ = metrics.roc_curve(IS_SICK, SCORE, drop_intermediate=False)
    predicted = SCORE >= 0.5
    wanted = {
        "auc": metrics.roc_auc_score(IS_SICK, SCORE),
        "gini": 2 * metrics.roc_auc_score(IS_SICK, SCORE) - 1,
        "ks": (true - false).max(),
        "average_precision": metrics.average_precision_score(IS_SICK, SCORE),
        "threshold": 0.5,
        "accuracy": metrics.accuracy_score(IS_SICK, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(IS_SICK, predicted),
        "precision": metrics.precision_score(IS_SICK, predicted),
        "recall": metrics.recall_score(IS_SICK, predicted),
        "specificity": metrics.recall_score(~IS_SICK, ~predicted),
        "f1": metrics.f1_score(IS_SICK, predicted),
        "mcc": metrics.matthews_corrcoef(IS_SICK, predicted),
        "log_loss": metrics.log_loss(IS_SICK, SCORE),
        "brier": metrics.brier_score_loss(IS_SICK, SCORE),
        "rows": 569,
        "positives": 212,
    }
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, **CLOSE), name
    best = max(metrics.f1_score(IS_SICK, each <= SCORE) for each in SCORE)
    assert found["best_f1"] == pytest.approx(best, **CLOSE)


def test_a_report_has_a_headline_and_each_metric_once() -> None:
    numbers = pl.LazyFrame({"y": [1.0, 2.0, 3.0], "prediction": [1.0, 2.0, 4.0]})
    results = {
        "AUC": evaluate_binary(table=CANCER.lazy(), label="diagnosis"),
        "Accuracy": evaluate_multiclass(table=WINE.lazy(), label="cultivar"),
        "RMSE": evaluate_regression(table=numbers, label="y"),
    }
    for first, result in results.items():
        tiles, more = result["report"].sections[:2]
        assert next(iter(tiles.fields["values"])) == first
        assert (more.kind, more.title) == ("table", "More metrics")
        shown = [*tiles.fields["values"].items(), *map(tuple, more.fields["rows"])]
        assert len(shown) == result["metrics"].height == len(dict(shown))
        assert sorted(map(str, dict(shown).values())) == sorted(
            str(int(each) if name in ("rows", "positives", "classes") else each)
            for name, each in result["metrics"].rows()
        )


THRESHOLD_SCORES = {
    "precision": metrics.precision_score,
    "recall": metrics.recall_score,
    "f1": metrics.f1_score,
    "accuracy": metrics.accuracy_score,
}


def test_each_threshold_is_what_scikit_learn_makes_of_it() -> None:
    result = evaluate_binary(table=CANCER.lazy(), label="diagnosis")
    assert result["thresholds"].height == len(set(SCORE))
    for row in result["thresholds"].rows(named=True)[::25]:
        predicted = row["threshold"] <= SCORE
        counts = metrics.confusion_matrix(IS_SICK, predicted).ravel().tolist()
        names = ("true_negatives", "false_positives", "false_negatives", "true_positives")
        assert [row[name] for name in names] == counts
        assert row["precision"] == pytest.approx(
            metrics.precision_score(IS_SICK, predicted), **CLOSE
        )
        assert row["recall"] == pytest.approx(metrics.recall_score(IS_SICK, predicted), **CLOSE)
        assert row["f1"] == pytest.approx(metrics.f1_score(IS_SICK, predicted), **CLOSE)
        assert row["accuracy"] == pytest.approx(metrics.accuracy_score(IS_SICK, predicted), **CLOSE)


def test_gains_add_up() -> None:
    gains = evaluate_binary(table=CANCER.lazy(), label="diagnosis", bins=7)["gains"]
    assert gains["rows"].sum() == 569
    assert gains["positives"].sum() == 212
    assert gains["gain"][-1] == gains["cumulative_lift"][-1] == 1.0
    first = np.argsort(-SCORE, kind="stable")[: gains["rows"][0]]
    assert gains["lift"][0] == pytest.approx(IS_SICK[first].mean() / IS_SICK.mean(), **CLOSE)
    assert gains["lowest"][0] == SCORE[first].min()


def test_the_positive_label_is_chosen() -> None:
    lazy = CANCER.lazy()
    other = evaluate_binary(table=lazy, label="diagnosis", positive="benign")
    assert other["auc"] == pytest.approx(metrics.roc_auc_score(~IS_SICK, CHANCES[:, 0]), **CLOSE)
    scored = evaluate_binary(table=lazy, label="diagnosis", score="mean_radius")
    radius = CANCER["mean_radius"].to_numpy()
    assert scored["auc"] == pytest.approx(metrics.roc_auc_score(IS_SICK, radius), **CLOSE)
    told = drawn(scored)
    assert (told["threshold"], told["log_loss"]) == (0.0, None)
    cultivar = evaluate_binary(table=WINE.lazy(), label="cultivar", positive="second")
    wanted = metrics.roc_auc_score(CULTIVAR == "second", WEIGHTS[:, 1])
    assert cultivar["auc"] == pytest.approx(wanted, **CLOSE)


@pytest.mark.parametrize(
    ("labels", "positive", "chosen"),
    [
        ([True, False], None, "true"),
        ([0, 1], None, "1"),
        ([1.0, 0.0], "1", "1.0"),
        ([9, 10], None, "10"),
        ([2, 1], "1.0", "1"),
        (["<b>", "a"], "<b>", "<b>"),
    ],
)
def test_labels_of_every_type(labels: list[Any], positive: str | None, chosen: str) -> None:
    table = pl.LazyFrame({"label": labels * 3, "score": [0.9, 0.2, 0.8, 0.3, 0.4, 0.4]})
    result = evaluate_binary(table=table, label="label", score="score", positive=positive)
    drawn(result)
    assert result["report"].title == f"label: {chosen} against the rest"


def test_many_rows_are_thinned_and_the_area_is_of_all() -> None:
    random = np.random.default_rng(5)
    score = random.random(50_000)
    truth = random.random(50_000) < score
    table = pl.LazyFrame({"label": truth, "score": score})
    result = evaluate_binary(table=table, label="label", score="score")
    found = drawn(result)
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(truth, score), **CLOSE)
    assert 990 < result["thresholds"].height <= 1000
    assert found["best_f1"] in result["thresholds"]["f1"]
    assert found["ks"] in result["thresholds"]["ks"]
    for section in result["report"].sections:
        for series in section.fields.get("series", ()):
            assert len(series.get("x", ())) <= 1000


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"label": [], "score": []}, "holds no labels"),
        ({"label": [None, None], "score": [1.0, 2.0]}, "holds no labels"),
        ({"label": ["a", "a"], "score": [1.0, 2.0]}, "is 'a' in all rows"),
        ({"label": ["a", "b", "c"], "score": [1.0, 2.0, 3.0]}, "say which one is positive"),
        ({"label": ["a", "b"], "score": [1.0, None]}, "all rows with a score are not 'b'"),
        ({"label": ["a", "b"], "score": [None, None]}, "has no score of 'b'"),
        ({"label": ["a", "b"], "score": [1.0, float("inf")]}, "infinite values"),
        ({"label": ["a", "b"], "score": ["x", "y"]}, "is String, and number is needed"),
        ({"label": ["a", "b"], "other": [1, 2]}, "there is no column 'score'"),
    ],
)
def test_binary_evaluation_of_odd_tables(table: dict[str, Any], message: str) -> None:
    frame = pl.DataFrame(table).with_columns(pl.col(pl.Null).cast(pl.Float64))
    with pytest.raises(StepError, match=message):
        evaluate_binary(table=frame.lazy(), label="label", score="score")


@pytest.mark.parametrize("detail", ["nope", "[1, 2]", '{"a": 1, "b": "high"}', "7"])
def test_details_that_are_none(detail: str) -> None:
    labels = {"label": ["a", "b"], "prediction": ["a", "b"]}
    table = pl.LazyFrame({**labels, "prediction_detail": detail})
    for evaluate in (evaluate_binary, evaluate_multiclass):
        with pytest.raises(StepError, match="is not JSON of classes and numbers"):
            evaluate(table=table, label="label")


def test_details_of_other_classes() -> None:
    table = pl.LazyFrame({"label": ["a", "b"], "prediction_detail": '{"c": 0.5, "d": 0.5}'})
    with pytest.raises(StepError, match="has no score of 'b'"):
        evaluate_binary(table=table, label="label")
    with pytest.raises(StepError, match="run predict first"):
        evaluate_binary(table=table.select("label"), label="label")
    with pytest.raises(StepError, match="is nowhere 'c'; its labels are: a, b"):
        evaluate_binary(table=table, label="label", positive="c")


def test_multiclass_metrics_are_those_of_scikit_learn() -> None:
    result = evaluate_multiclass(table=WINE.lazy(), label="cultivar")
    found, predicted = drawn(result), WINE["prediction"].to_numpy()
    wanted = {
        "accuracy": metrics.accuracy_score(CULTIVAR, predicted),
        "balanced_accuracy": metrics.balanced_accuracy_score(CULTIVAR, predicted),
        "kappa": metrics.cohen_kappa_score(CULTIVAR, predicted),
        "mcc": metrics.matthews_corrcoef(CULTIVAR, predicted),
        "auc_macro": metrics.roc_auc_score(CULTIVAR, WEIGHTS, multi_class="ovr"),
        "log_loss": metrics.log_loss(CULTIVAR, WEIGHTS),
        "rows": 178,
        "classes": 3,
    }
    for average in ("macro", "weighted"):
        each = metrics.precision_recall_fscore_support(CULTIVAR, predicted, average=average)
        for name, value in zip(("precision", "recall", "f1"), each[:3], strict=True):
            wanted[f"{name}_{average}"] = value
    for name, value in wanted.items():
        assert found[name] == pytest.approx(value, **CLOSE), name
    matrix = metrics.confusion_matrix(CULTIVAR, predicted)
    cells = {(label, told): count for label, told, count in result["confusion"].rows()}
    names = result["classes"]["class"].to_list()
    assert [[cells.get((a, b), 0) for b in names] for a in names] == matrix.tolist()
    precision, recall, f1, support = metrics.precision_recall_fscore_support(CULTIVAR, predicted)
    classes = result["classes"]
    assert classes["precision"].to_list() == pytest.approx(precision, **CLOSE)
    assert classes["recall"].to_list() == pytest.approx(recall, **CLOSE)
    assert classes["f1"].to_list() == pytest.approx(f1, **CLOSE)
    assert classes["rows"].to_list() == support.tolist()
    assert classes["predicted"].to_list() == matrix.sum(axis=0).tolist()


def test_classes_of_two_types_are_compared_by_value() -> None:
    table = pl.LazyFrame({"label": [1, 2, 10, None], "prediction": [1.0, 2.0, 2.0, 1.0]})
    result = evaluate_multiclass(table=table, label="label")
    found = drawn(result)
    assert found["accuracy"] == pytest.approx(2 / 3)
    assert found["rows"] == 3
    assert result["classes"]["class"].to_list() == ["1.0", "2.0", "10.0"]


def test_a_class_that_is_only_predicted() -> None:
    labels = {"label": ["a", "b"], "prediction": ["a", "c"]}
    detail = '{"a": 0.5, "b": 0.25, "c": 0.25}'
    table = pl.LazyFrame({**labels, "prediction_detail": detail})
    found = drawn(evaluate_multiclass(table=table, label="label"))
    assert found["auc_macro"] is None
    assert found["log_loss"] == pytest.approx(-np.log([0.5, 0.25]).mean())


def test_multiclass_evaluation_of_odd_tables() -> None:
    empty = pl.LazyFrame({"label": ["a", None], "prediction": [None, "b"]})
    with pytest.raises(StepError, match="no row has both a label"):
        evaluate_multiclass(table=empty, label="label")
    many = pl.LazyFrame({"label": range(1001), "prediction": range(1001)})
    with pytest.raises(StepError, match="there is evaluate_regression"):
        evaluate_multiclass(table=many, label="label")
    one = drawn(evaluate_multiclass(table=many.head(1), label="label"))
    assert one["accuracy"] == 1.0


def regressed() -> tuple[pl.DataFrame, NDArray[Any], NDArray[Any]]:
    table = sample_data(name="diabetes")
    matrix, truth = table.to_numpy()[:, :-1], table[table.columns[-1]].to_numpy()
    predicted = Ridge().fit(matrix, truth).predict(matrix)
    return table.with_columns(pl.Series("prediction", predicted)), truth, predicted


def test_regression_metrics_are_those_of_scikit_learn() -> None:
    table, truth, predicted = regressed()
    result = evaluate_regression(table=table.lazy(), label="progression")
    found = drawn(result)
    wanted = {
        "rmse": metrics.root_mean_squared_error(truth, predicted),
        "mse": metrics.mean_squared_error(truth, predicted),
        "mae": metrics.mean_absolute_error(truth, predicted),
        "median_absolute_error": metrics.median_absolute_error(truth, predicted),
        "mape": metrics.mean_absolute_percentage_error(truth, predicted),
        "r2": metrics.r2_score(truth, predicted),
        "explained_variance": metrics.explained_variance_score(truth, predicted),
        "max_error": metrics.max_error(truth, predicted),
        "mean_residual": (truth - predicted).mean(),
        "rows": 442,
    }
    assert found == pytest.approx(wanted, **CLOSE)
    counts, _ = np.histogram(truth - predicted, 30)
    assert result["residuals"]["count"].to_list() == counts.tolist()


def test_regression_of_odd_tables() -> None:
    one = drawn(evaluate_regression(table=pl.LazyFrame({"y": [0], "prediction": [2]}), label="y"))
    assert (one["rmse"], one["r2"], one["mape"]) == (2.0, None, None)
    nothing = pl.DataFrame({"y": [None, 1.0], "prediction": [1.0, float("nan")]})
    with pytest.raises(StepError, match="'y' has 0 values"):
        evaluate_regression(table=nothing.lazy(), label="y")
    with pytest.raises(StepError, match="there is no column 'prediction'"):
        evaluate_regression(table=nothing.select("y").lazy(), label="y")
    text = pl.LazyFrame({"y": ["a"], "prediction": [1.0]})
    with pytest.raises(StepError, match="'y' is String, and number is needed"):
        evaluate_regression(table=text, label="y")


def test_clustering_metrics_are_those_of_scikit_learn() -> None:
    columns = WINE.columns[:5]
    matrix = WINE.select(columns).to_numpy()
    clusters = KMeans(11, random_state=0).fit_predict(matrix)
    table = WINE.with_columns(pl.Series("prediction", clusters))
    result = evaluate_clustering(table=table.lazy(), columns=columns)
    found = drawn(result)
    assert found["silhouette"] == pytest.approx(metrics.silhouette_score(matrix, clusters), **CLOSE)
    assert found["davies_bouldin"] == pytest.approx(
        metrics.davies_bouldin_score(matrix, clusters), **CLOSE
    )
    assert found["calinski_harabasz"] == pytest.approx(
        metrics.calinski_harabasz_score(matrix, clusters), **CLOSE
    )
    assert result["clusters"]["cluster"].to_list() == [str(number) for number in range(11)]
    assert result["clusters"]["rows"].to_list() == np.bincount(clusters).tolist()
    each = metrics.silhouette_samples(matrix, clusters)
    wanted = [each[clusters == number].mean() for number in range(11)]
    assert result["clusters"]["silhouette"].to_list() == pytest.approx(wanted, **CLOSE)


def test_noise_is_in_no_cluster_and_many_rows_are_sampled() -> None:
    random = np.random.default_rng(1)
    clusters = random.integers(-1, 3, 3000)
    matrix = random.normal(size=(3000, 2)) + clusters[:, None]
    table = pl.LazyFrame({"x": matrix[:, 0], "y": matrix[:, 1], "prediction": clusters})
    found = drawn(evaluate_clustering(table=table, most_rows=500))
    kept = clusters >= 0
    wanted = metrics.calinski_harabasz_score(matrix[kept], clusters[kept])
    assert found["calinski_harabasz"] == pytest.approx(wanted, **CLOSE)
    assert (found["clusters"], found["rows"], found["silhouette_rows"]) == (3, kept.sum(), 500)
    again = drawn(evaluate_clustering(table=table, most_rows=500))
    assert again == found
    assert drawn(evaluate_clustering(table=table, noise=""))["clusters"] == 4


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"x": [], "prediction": []}, "makes 0 clusters of 0 rows"),
        ({"x": [1.0, 2.0], "prediction": ["a", "a"]}, "makes 1 clusters of 2 rows"),
        ({"x": [1.0, 2.0], "prediction": ["a", "b"]}, "makes 2 clusters of 2 rows"),
        ({"x": ["a"], "prediction": ["a"]}, "no column holds numbers"),
        ({"x": [1.0]}, "there is no column 'prediction'"),
        ({"x": [1.0, float("inf"), 3.0], "prediction": ["a", "b", "a"]}, "infinite values"),
    ],
)
def test_clustering_of_odd_tables(table: dict[str, Any], message: str) -> None:
    types = {"x": pl.Float64, "prediction": pl.String} if not table["x"] else None
    with pytest.raises(StepError, match=message):
        evaluate_clustering(table=pl.DataFrame(table, types).lazy())


def told(**values: float | None) -> pl.LazyFrame:
    types = {"metric": pl.String, "value": pl.Float64}
    return pl.LazyFrame({"metric": list(values), "value": list(values.values())}, types)


def test_models_stand_beside_one_another() -> None:
    result = compare_models(
        first=told(auc=0.8, rmse=3.0), second=told(rmse=2.0, auc=0.9, ks=0.5), names="old, <new>"
    )
    _STANDARD.validate(result["report"].to_json())
    assert page(result["report"].to_json())
    assert result["table"].rows() == [("auc", 0.8, 0.9), ("rmse", 3.0, 2.0), ("ks", None, 0.5)]
    assert result["table"].columns == ["metric", "old", "<new>"]
    assert result["best"] == "<new>"
    losses: dict[str, Any] = {
        "first": told(auc=0.8, rmse=1.0),
        "second": told(auc=0.9, rmse=2.0),
    }
    by = compare_models(**losses, metric="rmse")
    assert by["best"] == "first"
    three = compare_models(first=told(a=1.0), second=told(a=3.0), fourth=told(a=2.0))
    assert three["table"].columns == ["metric", "first", "second", "fourth"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"names": "one"}, "2 different names"),
        ({"names": "a,a"}, "2 different names"),
        ({"names": "metric,b"}, "'metric' is the first column's name"),
        ({"metric": "auc2"}, "there is no metric 'auc2'; there are: auc"),
        ({"second": pl.LazyFrame({"x": [1]})}, "there is no column 'metric'"),
        ({"second": pl.LazyFrame({"metric": ["auc", "auc"], "value": [1.0, 2.0]})}, "once"),
        ({"first": told(auc=None), "second": told(auc=None)}, "no model has a value of 'auc'"),
        ({"first": told(), "second": told()}, "there are no metrics"),
    ],
)
def test_models_that_cannot_be_compared(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(StepError, match=message):
        compare_models(**{"first": told(auc=0.8), "second": told(auc=0.9), **arguments})
