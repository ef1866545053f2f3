"""The choice of features against scikit-learn on real data."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.feature_selection import (
    SelectKBest,
    chi2,
    f_classif,
    f_regression,
    mutual_info_classif,
    mutual_info_regression,
)

from millwork.runtime.functions.features_select import select_features
from millwork.runtime.problems import StepError


def loaded(found: Any) -> pl.DataFrame:
    table = pl.DataFrame(found.data, schema=list(map(str, found.feature_names)))
    return table.with_columns(target=pl.Series(found.target), note=pl.lit("kept"))


CANCER, DIABETES = loaded(load_breast_cancer()), loaded(load_diabetes())


@pytest.mark.parametrize(
    ("table", "method", "score"),
    [
        (CANCER, "f", f_classif),
        (CANCER, "chi2", chi2),
        (CANCER, "mutual_information", lambda x, y: mutual_info_classif(x, y, random_state=3)),
        (DIABETES, "f", f_regression),
        (DIABETES, "mutual_information", lambda x, y: mutual_info_regression(x, y, random_state=3)),
    ],
)
def test_the_best_are_those_of_scikit_learn(table: pl.DataFrame, method: str, score: Any) -> None:
    features = table.drop("target", "note")
    wanted = SelectKBest(score, k=4).fit(features.to_numpy(), table["target"].to_numpy())
    made = select_features(table=table.lazy(), label="target", method=method, count=4, seed=3)
    chosen = [features.columns[place] for place in wanted.get_support(indices=True)]
    assert made["table"].collect().columns == [*chosen, "target", "note"]
    scores = dict(made["importance"].select("column", "score").iter_rows())
    assert [scores[name] for name in features.columns] == wanted.scores_.tolist()
    assert made["importance"]["score"].is_sorted(descending=True)
    if wanted.pvalues_ is not None:
        chances = dict(made["importance"].select("column", "p_value").iter_rows())
        assert [chances[name] for name in features.columns] == wanted.pvalues_.tolist()


@pytest.mark.parametrize(
    ("table", "kind"), [(CANCER, RandomForestClassifier), (DIABETES, RandomForestRegressor)]
)
def test_importances_are_those_of_scikit_learns_forest(table: pl.DataFrame, kind: Any) -> None:
    features = table.drop("target", "note").select(pl.nth(range(5)))
    forest = kind(random_state=3).fit(features.to_numpy(), table["target"].to_numpy())
    made = select_features(
        table=table.lazy(), label="target", columns=features.columns, method="importance", seed=3
    )
    found = dict(made["importance"].select("column", "score").iter_rows())
    assert [found[name] for name in features.columns] == forest.feature_importances_.tolist()
    assert made["table"].collect().equals(table)


def test_equal_and_absent_scores() -> None:
    table = pl.DataFrame(
        {"same": [1] * 6, "b": [1, 2, 1, 4, 5, 4], "a": [1, 2, 1, 4, 5, 4], "y": list("uuuvvv")}
    )
    made = select_features(table=table.lazy(), label="y", count=1)
    assert made["table"].collect().columns == ["b", "y"]
    assert made["importance"]["column"].to_list() == ["b", "a", "same"]
    assert made["importance"]["score"].to_list()[2] is None


def test_whether_the_label_is_classes() -> None:
    """Whole numbers of few kinds are, unless it is said that they are not."""
    values = np.arange(40) % 4
    table = pl.DataFrame({"x": values * 1.5, "z": values[::-1] * 1.0, "y": values})

    def scores(**given: Any) -> list[float]:
        made = select_features(table=table.lazy(), label="y", **given)
        found = dict(made["importance"].select("column", "score").iter_rows())
        return [found["x"], found["z"]]

    features = table.select("x", "z").to_numpy()
    with np.errstate(all="ignore"):
        assert scores() == f_classif(features, values)[0].tolist()
        assert scores(task="regress") == f_regression(features, values)[0].tolist()


@pytest.mark.parametrize(
    ("table", "given", "message"),
    [
        (CANCER.head(0), {}, "0 rows"),
        (CANCER.head(1), {}, "1 rows"),
        (CANCER.select("target", "note"), {}, "nothing to select from"),
        (CANCER, {"columns": ["target"]}, "nothing to select from"),
        (CANCER, {"columns": ["note"]}, "'note' is String"),
        (CANCER, {"label": "note"}, "the same in all rows"),
        (CANCER, {"label": "no"}, "no column 'no'"),
        (CANCER.with_columns(target=None), {}, "'target' is Null"),
        (CANCER.with_columns(x=float("nan")), {}, "'x' holds NaN"),
        (CANCER.with_columns(x=1e300), {"method": "importance"}, "'x' holds values .* too large"),
        (CANCER.with_columns(x=pl.lit(None, pl.Int8)), {}, r"missing in 'x' \(569\)"),
        (CANCER.with_columns(x=-1), {"method": "chi2"}, "'x' has values below 0"),
        (DIABETES, {"method": "chi2", "columns": ["age"]}, "below 0|for classes"),
        (CANCER.with_columns(target=pl.lit("a")), {"task": "regress"}, "can only be classes"),
        (DIABETES.head(3), {"method": "mutual_information"}, "four rows"),
    ],
)
def test_what_cannot_be_selected_from(
    table: pl.DataFrame, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(StepError, match=message):
        select_features(table=table.lazy(), **({"label": "target"} | given))
