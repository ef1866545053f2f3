"""Clusterings are scikit-learn's own, and new rows get the clusters that were learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from sklearn import datasets
from sklearn.base import clone
from sklearn.cluster import DBSCAN, HDBSCAN, AgglomerativeClustering, BisectingKMeans, KMeans
from sklearn.mixture import GaussianMixture

from millwork.runtime.functions import cluster as clusters
from millwork.runtime.functions.cluster import cluster
from millwork.runtime.functions.prepare import standardise
from millwork.runtime.models import Model
from millwork.runtime.problems import StepError
from tests.catalogue.learning import features_of, kept, predicted, real

if TYPE_CHECKING:
    from pathlib import Path

PREDICTING: dict[str, Any] = {
    "kmeans": KMeans(3, n_init=10, max_iter=300, tol=1e-4, random_state=7),
    "bisecting_kmeans": BisectingKMeans(3, n_init=10, random_state=7),
    "gaussian_mixture": GaussianMixture(3, random_state=7),
}
OTHERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "dbscan": (DBSCAN(eps=0.8, min_samples=4), {"distance": 0.8, "min_points": 4}),
    "hdbscan": (HDBSCAN(min_cluster_size=7, copy=True), {"min_cluster_rows": 7}),
    "hierarchical": (
        AgglomerativeClustering(4, linkage="average", metric="manhattan"),
        {"clusters": 4, "linkage": "average", "metric": "manhattan"},
    ),
}


def iris() -> pl.DataFrame:
    return real(datasets.load_iris).drop("target")


def matrix() -> Any:
    return features_of(iris().with_columns(target=0))


def learned(name: str, table: pl.DataFrame | None = None, **more: Any) -> dict[str, Any]:
    own = {"clusters": 3, "seed": 7} if name in PREDICTING else {}
    own |= {"restarts": 10} if "kmeans" in name else {}
    return cluster(name, table=(iris() if table is None else table).lazy(), **{**own, **more})


def of(found: dict[str, Any], name: str = "cluster") -> list[int]:
    column: list[int] = found["table"].collect(engine="streaming")[name].to_list()
    return column


@pytest.mark.parametrize("name", PREDICTING)
def test_clusters_and_new_rows_are_those_of_the_library(name: str, tmp_path: Path) -> None:
    direct = clone(PREDICTING[name]).fit(matrix())
    found = learned(name)
    assert of(found) == direct.predict(matrix()).tolist()
    assert found["table"].collect().drop("cluster").equals(iris())
    centres = getattr(direct, "cluster_centers_", None)
    centres = direct.means_ if centres is None else centres
    assert found["centres"]["cluster"].to_list() == [0, 1, 2]
    assert np.array_equal(found["centres"].drop("cluster").to_numpy(), centres)
    model = kept(found["model"], tmp_path / "model")
    answers = predicted(model, iris())
    assert answers["prediction"].to_list() == of(found)
    if name == "gaussian_mixture":
        chances = direct.predict_proba(matrix()).max(axis=1)
        assert np.array_equal(answers["prediction_score"].to_numpy(), chances)


@pytest.mark.parametrize("name", OTHERS)
def test_clusters_without_a_model_are_those_of_the_library(name: str) -> None:
    estimator, options = OTHERS[name]
    found = learned(name, **options)
    assert of(found) == clone(estimator).fit_predict(matrix()).tolist()
    assert found.keys() == {"table", "report"}


def test_the_same_seed_gives_the_same_clusters() -> None:
    for name in PREDICTING:
        assert of(learned(name)) == of(learned(name))


def test_a_model_does_what_was_done_before(tmp_path: Path) -> None:
    table = iris().with_columns(pl.col("größe 0") * 1000)
    before = standardise(table=table.lazy())
    found = learned("kmeans", before["table"].collect(), transform=before["transform"])
    model = kept(found["model"], tmp_path)
    assert predicted(model, table)["prediction"].to_list() == of(found)


def test_a_model_is_kept_without_a_label_a_row() -> None:
    model = learned("kmeans")["model"]
    assert isinstance(model, Model)
    assert not hasattr(model.estimator, "labels_")


def test_other_columns_and_their_order_stay() -> None:
    table = iris().with_columns(pl.lit("x").alias("text")).head(20)
    found = learned("dbscan", table, features=["größe 0"], result_column="Gruppe 日本")
    frame = found["table"].collect()
    assert frame.columns == [*table.columns, "Gruppe 日本"]
    assert frame.drop("Gruppe 日本").equals(table)


def test_its_report_counts_the_noise() -> None:
    found = learned("dbscan", distance=0.3, min_points=4)
    content = found["report"].to_json()
    metrics = content["sections"][0]["values"]
    assert metrics["noise"] == of(found).count(-1) > 0
    assert metrics["clusters"] == len(set(of(found))) - 1
    assert sum(content["sections"][1]["series"][0]["y"]) == 150


@pytest.mark.parametrize(
    ("table", "more", "told"),
    [
        (iris().head(0), {}, "the table has no rows"),
        (iris().head(2), {}, "clusters is 3, and there are 2 rows"),
        (iris().with_columns(pl.lit(None, pl.Float64).alias("gap")), {}, "missing in 'gap'"),
        (iris().with_columns(pl.lit(1e300).alias("far")), {}, "infinite or beyond"),
        (iris().select(pl.lit("x").alias("t")), {}, "no columns of numbers"),
        (iris().with_columns(cluster=1), {}, "there is a column 'cluster' already"),
        (iris(), {"features": ["nowhere"]}, "there is no column 'nowhere'"),
    ],
)
def test_what_cannot_be_clustered_is_one_clear_line(
    table: pl.DataFrame, more: dict[str, Any], told: str
) -> None:
    with pytest.raises(StepError, match=told) as caught:
        learned("kmeans", table, **more)
    assert "\n" not in str(caught.value)


def test_ward_goes_with_its_own_distance_only() -> None:
    with pytest.raises(StepError, match="ward goes with metric euclidean"):
        learned("hierarchical", clusters=2, linkage="ward", metric="manhattan")


def test_too_many_rows_to_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "MOST_PAIRED_ROWS", 100)
    with pytest.raises(StepError, match="150 rows are too many"):
        learned("hierarchical", clusters=2)
