"""Anomalies are those that scikit-learn finds, in the table and by predict."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from sklearn.base import clone
from sklearn.ensemble import IsolationForest
from sklearn.neighbors import LocalOutlierFactor
from sklearn.svm import OneClassSVM

from millwork.runtime.functions.anomaly import detect, mark_outliers
from millwork.runtime.functions.source_samples import sample_data
from millwork.runtime.problems import StepError
from tests.catalogue.learning import cancer, features_of, kept, predicted

if TYPE_CHECKING:
    from pathlib import Path

DETECTORS: dict[str, tuple[Any, dict[str, Any]]] = {
    "isolation_forest": (IsolationForest(random_state=3), {"seed": 3}),
    "local_outlier_factor": (
        LocalOutlierFactor(15, contamination=0.1),
        {"neighbours": 15, "contamination": 0.1},
    ),
    "one_class_svm": (OneClassSVM(nu=0.07), {"nu": 0.07}),
}


def rows() -> pl.DataFrame:
    return cancer().drop("target")


def matrix() -> Any:
    return features_of(cancer())


@pytest.mark.parametrize("name", DETECTORS)
def test_anomalies_are_those_of_the_library(name: str) -> None:
    estimator, options = DETECTORS[name]
    direct = clone(estimator)
    marks = direct.fit_predict(matrix()) == -1
    scores = getattr(direct, "negative_outlier_factor_", None)
    scores = direct.score_samples(matrix()) if scores is None else scores
    found = detect(name, table=rows().lazy(), **options)["table"].collect(engine="streaming")
    assert found.columns == [*rows().columns, "is_anomaly", "anomaly_score"]
    assert found["is_anomaly"].to_list() == marks.tolist()
    assert found["is_anomaly"].sum() > 0
    assert np.array_equal(found["anomaly_score"].to_numpy(), -scores)


@pytest.mark.parametrize("name", DETECTORS)
def test_new_rows_are_judged_as_the_library_does(name: str, tmp_path: Path) -> None:
    estimator, options = DETECTORS[name]
    direct = clone(estimator)
    if name == "local_outlier_factor":
        direct.set_params(novelty=True)
    direct.fit(matrix()[:400])
    found = detect(name, table=rows().head(400).lazy(), **options)
    answers = predicted(kept(found["model"], tmp_path), rows().tail(169))
    unseen = matrix()[400:]
    assert answers["prediction"].to_list() == (direct.predict(unseen) == -1).tolist()
    scores = -direct.score_samples(unseen)
    assert np.allclose(answers["prediction_score"].to_numpy(), scores, rtol=1e-12, atol=0)


def test_too_few_rows_for_the_neighbours() -> None:
    with pytest.raises(StepError, match="neighbours is 20, and there are 5 rows"):
        detect("local_outlier_factor", table=rows().head(5).lazy(), neighbours=20)


def test_a_missing_value_is_named() -> None:
    table = rows().with_columns(pl.lit(None, pl.Float64).alias("gap"))
    with pytest.raises(StepError, match="missing in 'gap'"):
        detect("isolation_forest", table=table.lazy())


def test_results_need_two_names_of_their_own() -> None:
    with pytest.raises(StepError, match="the same name"):
        detect("isolation_forest", table=rows().lazy(), result_column="a", score_column="a")
    table = rows().with_columns(is_anomaly=1)
    with pytest.raises(StepError, match="'is_anomaly' already"):
        mark_outliers(table=table.lazy())


def _penguins() -> pl.DataFrame:
    return sample_data(name="penguins").lazy().collect()


@pytest.mark.parametrize("method", ["box_plot", "z_score", "median"])
def test_outliers_of_a_column_are_numpys(method: str) -> None:
    table = _penguins().select("body_mass_g", "bill_length_mm", "species")
    found = mark_outliers(table=table.lazy(), method=method, threshold=1.2).collect()
    values = table.select("body_mass_g", "bill_length_mm").to_numpy().astype(float)
    if method == "box_plot":
        low, high = np.nanquantile(values, (0.25, 0.75), axis=0)
        away = np.maximum(np.maximum(low - values, values - high), 0) / (high - low)
    elif method == "z_score":
        away = abs(values - np.nanmean(values, axis=0)) / np.nanstd(values, axis=0, ddof=1)
    else:
        apart = abs(values - np.nanmedian(values, axis=0))
        away = 0.6745 * apart / np.nanmedian(apart, axis=0)
    whole = ~np.isnan(away).all(axis=1)
    score = np.nanmax(away[whole], axis=1)
    assert np.allclose(found["anomaly_score"].drop_nulls().to_numpy(), score, rtol=1e-12)
    assert found["anomaly_score"].null_count() == (~whole).sum() == 2
    assert found["is_anomaly"].to_numpy()[whole].tolist() == (score > 1.2).tolist()
    assert not found["is_anomaly"].to_numpy()[~whole].any()


def test_a_column_that_does_not_vary_has_no_outliers() -> None:
    table = pl.LazyFrame({"a": [3, 3, 3, 3, 3, 3], "b": [1.0, None, float("nan"), 1, 1, 1]})
    for method in ("box_plot", "z_score", "median"):
        assert mark_outliers(table=table, method=method).collect()["anomaly_score"].sum() == 0
    odd = pl.LazyFrame({"a": [3, 3, 3, 3, 3, 9]})
    found = mark_outliers(table=odd).collect()
    assert found["is_anomaly"].to_list() == [False] * 5 + [True]
    assert found["anomaly_score"][5] == float("inf")


def test_an_empty_table_has_no_outliers() -> None:
    found = mark_outliers(table=pl.LazyFrame(schema={"a": pl.Float64})).collect()
    assert found.schema == {"a": pl.Float64, "is_anomaly": pl.Boolean, "anomaly_score": pl.Float64}
    with pytest.raises(StepError, match="no columns of numbers"):
        mark_outliers(table=pl.LazyFrame({"t": ["x"]}))
