"""Classifiers against the libraries called directly, and what they refuse."""

from __future__ import annotations

import json
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

import lightgbm
import numpy as np
import polars as pl
import pytest
import xgboost
from sklearn import ensemble, linear_model, naive_bayes, neighbors, neural_network, svm, tree

from millwork.catalogue.classify import DECLARATIONS
from millwork.runtime.functions.learn import classify, fitted
from millwork.runtime.functions.learners import CLASSIFIERS
from millwork.runtime.problems import StepError
from tests.catalogue.learning import cancer, features_of, kept, learned, predicted, wine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BY_NAME = {each.name: each for each in DECLARATIONS}
NAMES = sorted(CLASSIFIERS)
WEIGHED = [name for name in NAMES if "weight" in BY_NAME[name].parameters]
BY_BLAS = {"logistic_regression": 1e-12, "linear_svm": 1e-12, "mlp_classifier": 1e-12}
"""How far scores may be off, relatively: BLAS sums the last rows of a batch in another order."""
TABLES = {"cancer": cache(cancer), "wine": cache(wine)}

DIRECT: dict[str, Callable[[], Any]] = {
    "logistic_regression": lambda: linear_model.LogisticRegression(random_state=0),
    "random_forest_classifier": lambda: ensemble.RandomForestClassifier(random_state=0),
    "xgboost_classifier": lambda: xgboost.XGBClassifier(
        n_estimators=100, max_depth=6, learning_rate=0.3, random_state=0, n_jobs=1
    ),
    "lightgbm_classifier": lambda: lightgbm.LGBMClassifier(
        random_state=0, n_jobs=1, deterministic=True, force_row_wise=True, verbosity=-1
    ),
    "linear_svm": lambda: svm.LinearSVC(random_state=0),
    "knn_classifier": lambda: neighbors.KNeighborsClassifier(),
    "naive_bayes": lambda: naive_bayes.GaussianNB(),
    "mlp_classifier": lambda: neural_network.MLPClassifier(max_iter=20, random_state=0),
    "decision_tree_classifier": lambda: tree.DecisionTreeClassifier(random_state=0),
}


def defaults(name: str, **more: Any) -> dict[str, Any]:
    """What a step gives a function whose user gave nothing but that."""
    declared = BY_NAME[name].parameters.items()
    given = {word: each.default for word, each in declared if each.default is not None}
    if name == "mlp_classifier":
        given["max_iterations"] = 20
    return {**given, **more}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("data", ["cancer", "wine"])
@pytest.mark.filterwarnings("ignore")
def test_predictions_are_those_of_the_library(name: str, data: str, tmp_path: Path) -> None:
    table = TABLES[data]()
    matrix, labels = features_of(table), table["target"].to_list()
    classes = sorted(set(labels))
    direct = DIRECT[name]().fit(matrix, [classes.index(each) for each in labels])
    model = kept(learned(name, table, **defaults(name)), tmp_path)
    found = predicted(model, table)
    expected = [classes[place] for place in direct.predict(matrix)]
    assert found["prediction"].to_list() == expected
    assert found.schema["prediction"] == table.schema["target"]
    details = [json.loads(each) for each in found["prediction_detail"]]
    weighed = np.array([list(each.values()) for each in details])
    assert all(list(each) == [str(name) for name in classes] for each in details)
    if hasattr(direct, "predict_proba"):
        told = direct.predict_proba(matrix)
    else:
        decision = direct.decision_function(matrix)
        told = decision if decision.ndim == 2 else np.column_stack((-decision, decision))
    np.testing.assert_allclose(weighed, told.astype(float), rtol=BY_BLAS.get(name, 0))
    np.testing.assert_array_equal(found["prediction_score"].to_numpy(), weighed.max(axis=1))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore")
def test_defaults_are_the_library_s(name: str) -> None:
    learner = CLASSIFIERS[name]
    common = ("label", "features", "weight", "balanced")
    given = {word: each.default for word, each in BY_NAME[name].parameters.items()}
    for word in common:
        given.pop(word, None)
    rows = np.arange(40.0).reshape(20, 2) ** 1.5
    made = fitted(learner, given, rows, np.arange(20) % 2, None)
    plain = DIRECT[name]().get_params()
    differ = {word for word, value in made.get_params().items() if plain[word] != value}
    ours = {
        "xgboost_classifier": {
            "tree_method", "verbosity", "subsample", "colsample_bytree", "min_child_weight",
            "gamma", "reg_alpha", "reg_lambda", "n_jobs",
        },
        "lightgbm_classifier": {"subsample_freq", "importance_type", "n_jobs"},
        "knn_classifier": {"metric"},
        "mlp_classifier": {"max_iter"},
    }  # fmt: skip
    nans = {word for word in differ if plain[word] != plain[word]}
    assert differ - nans <= ours.get(name, set())


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_is_taken(name: str) -> None:
    words = set(BY_NAME[name].parameters) - {"label", "features", "weight", "balanced"}
    learner = CLASSIFIERS[name]
    given = {word: BY_NAME[name].parameters[word].default for word in words}
    assert "fit" in dir(fitted(learner, given, np.eye(30), np.arange(30) % 3, None))


@pytest.mark.parametrize(
    ("name", "given", "direct"),
    [
        ("logistic_regression", {"penalty": "none"}, linear_model.LogisticRegression(C=np.inf)),
        (
            "logistic_regression",
            {"penalty": "l1", "strength": 2.0},
            linear_model.LogisticRegression(C=0.5, l1_ratio=1, solver="saga", random_state=0),
        ),
        (
            "logistic_regression",
            {"penalty": "elastic_net", "l1_ratio": 0.3, "intercept": False},
            linear_model.LogisticRegression(
                l1_ratio=0.3, solver="saga", random_state=0, fit_intercept=False
            ),
        ),
        ("naive_bayes", {"distribution": "bernoulli"}, naive_bayes.BernoulliNB()),
        (
            "naive_bayes",
            {"distribution": "bernoulli", "smoothing": 0.5},
            naive_bayes.BernoulliNB(alpha=0.5),
        ),
        ("naive_bayes", {"smoothing": 1e-3}, naive_bayes.GaussianNB(var_smoothing=1e-3)),
        (
            "knn_classifier",
            {"neighbours": 9, "weights": "distance", "metric": "manhattan"},
            neighbors.KNeighborsClassifier(9, weights="distance", metric="manhattan"),
        ),
        ("knn_classifier", {"metric": "cosine"}, neighbors.KNeighborsClassifier(metric="cosine")),
        (
            "random_forest_classifier",
            {"trees": 7, "max_features": "all", "max_depth": 3, "criterion": "entropy"},
            ensemble.RandomForestClassifier(
                7, max_features=None, max_depth=3, criterion="entropy", random_state=0
            ),
        ),
        (
            "decision_tree_classifier",
            {"pruning": 0.01, "min_split_rows": 8, "min_leaf_rows": 3},
            tree.DecisionTreeClassifier(
                ccp_alpha=0.01, min_samples_split=8, min_samples_leaf=3, random_state=0
            ),
        ),
        (
            "linear_svm",
            {"cost": 0.1, "penalty": "l1"},
            svm.LinearSVC(C=0.1, penalty="l1", random_state=0),
        ),
        (
            "mlp_classifier",
            {"hidden_layers": "8, 4", "l2": 0.01, "learning_rate": 0.01, "activation": "tanh"},
            neural_network.MLPClassifier(
                (8, 4), alpha=0.01, learning_rate_init=0.01, activation="tanh", max_iter=20,
                random_state=0,
            ),
        ),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore")
def test_parameters_mean_the_library_s(
    name: str, given: dict[str, Any], direct: Any, tmp_path: Path
) -> None:
    table = TABLES["wine"]()
    direct.fit(features_of(table), table["target"].to_numpy())
    model = kept(learned(name, table, **defaults(name, **given)), tmp_path)
    found = predicted(model, table)
    np.testing.assert_array_equal(
        found["prediction"].to_numpy(), direct.predict(features_of(table))
    )
    if hasattr(direct, "predict_proba"):
        best = direct.predict_proba(features_of(table)).max(axis=1)
        rtol = BY_BLAS.get(name, 0)
        np.testing.assert_allclose(found["prediction_score"].to_numpy(), best, rtol=rtol)


@pytest.mark.parametrize("name", WEIGHED)
@pytest.mark.filterwarnings("ignore")
def test_weights_are_the_library_s(name: str) -> None:
    table = TABLES["wine"]().with_columns(w=pl.int_range(pl.len()) % 4 + 0.5)
    weights = table["w"].to_numpy()
    direct = DIRECT[name]().fit(
        features_of(table.drop("w")), table["target"].to_numpy(), sample_weight=weights
    )
    found = predicted(learned(name, table, weight="w", **defaults(name)), table)
    expected = direct.predict(features_of(table.drop("w")))
    np.testing.assert_array_equal(found["prediction"].to_numpy(), expected)


def test_balanced_is_the_library_s_class_weight() -> None:
    table = TABLES["cancer"]()
    direct = linear_model.LogisticRegression(class_weight="balanced")
    direct.fit(features_of(table), table["target"].to_numpy())
    found = predicted(learned("logistic_regression", table, balanced=True), table)
    probabilities = direct.predict_proba(features_of(table)).max(axis=1)
    np.testing.assert_allclose(found["prediction_score"].to_numpy(), probabilities, rtol=1e-12)


def test_importance_and_coefficients_are_the_library_s() -> None:
    table = TABLES["wine"]()
    names = table.drop("target").columns
    matrix, target = features_of(table), table["target"].to_numpy()
    forest = DIRECT["random_forest_classifier"]().fit(matrix, target)
    found = classify("random_forest_classifier", table=table.lazy(), label="target", seed=0)
    told = dict(found["importance"].iter_rows())
    assert told == dict(zip(names, forest.feature_importances_, strict=True))
    assert found["importance"]["importance"].is_sorted(descending=True)
    linear = DIRECT["logistic_regression"]().fit(matrix, target)
    rows = classify("logistic_regression", table=table.lazy(), label="target")["coefficients"]
    second = rows.filter(pl.col("class") == "1")
    assert second["feature"].to_list() == ["(intercept)", *names]
    np.testing.assert_array_equal(
        second["coefficient"].to_numpy(), [linear.intercept_[1], *linear.coef_[1]]
    )
    two = classify("linear_svm", table=TABLES["cancer"]().lazy(), label="target")["coefficients"]
    assert two["class"].unique().to_list() == ["malignant"]


@pytest.mark.parametrize(
    ("values", "dtype", "answer"),
    [
        (["b", "a"], pl.String, pl.String),
        (["b", "a"], pl.Categorical, pl.String),
        (["b", "a"], pl.Enum(["b", "a"]), pl.String),
        ([True, False], pl.Boolean, pl.Boolean),
        ([-1, 1], pl.Int8, pl.Int8),
        ([3, 1], pl.UInt64, pl.UInt64),
        ([0, 1], pl.Int128, pl.Int128),
        ([1.0, 2.0], pl.Float32, pl.Float32),
        (["1.00", "2.00"], pl.Decimal(10, 2), pl.Float64),
    ],
)
def test_labels_of_every_type(values: list[Any], dtype: Any, answer: Any, tmp_path: Path) -> None:
    labels = pl.Series("label", values * 10, strict=False).cast(dtype)
    table = pl.DataFrame({"x": [0.0, 1.0] * 10, "label": labels})
    found = predicted(kept(learned("naive_bayes", table, "label"), tmp_path), table)
    assert found.schema["prediction"] == answer
    assert found["prediction"].to_list() == labels.cast(answer).to_list()


GOOD = pl.DataFrame(
    {
        "x": [1.0, 2.0, 3.0, 4.0],
        "n": [1, 2, 3, 4],
        "text": ["a", "b", "a", "b"],
        "y": ["a", "b", "a", "b"],
        "day": [date(2026, 1, 1)] * 4,
        "w": [1.0, 1.0, 1.0, 1.0],
    }
)
NULL = pl.lit(None)


@pytest.mark.parametrize(
    ("change", "given", "told"),
    [
        ({}, {"label": "z"}, "no column 'z'"),
        ({}, {"label": "day"}, "'day' is Date"),
        ({}, {"label": "x", "features": ["x"]}, "'x' is the label or the weight"),
        ({}, {"features": ["x", "text"]}, "encode texts first"),
        ({}, {"features": ["gone"]}, "no column 'gone'"),
        ({}, {"weight": "y"}, "'y' is the label: it cannot be the weight"),
        ({}, {"weight": "text"}, "'text' is String"),
        ({"y": pl.when(pl.col("n") > 1).then("y")}, {}, "label 'y' is missing in 1 rows"),
        ({"y": pl.lit("same")}, {}, "one class only ('same')"),
        ({"y": pl.col("x") / 3}, {}, "numbers with fractions"),
        ({"y": pl.lit(float("nan"))}, {}, "is missing in 4 rows"),
        ({"x": pl.lit(float("inf"))}, {}, "infinite or beyond"),
        ({"x": pl.lit(1e200)}, {}, "infinite or beyond"),
        ({"w": NULL.cast(pl.Float64)}, {"weight": "w"}, "values are missing in 'w' (4)"),
        ({"w": pl.lit(0.0)}, {"weight": "w"}, "0 in all"),
        ({"w": pl.lit(-1.0)}, {"weight": "w"}, "below 0"),
    ],
)
def test_faults_are_told(change: dict[str, pl.Expr], given: dict[str, Any], told: str) -> None:
    table = GOOD.lazy().with_columns(**change)
    with pytest.raises(StepError) as refused:
        classify("decision_tree_classifier", table=table, **{"label": "y", **given})
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore")
def test_gaps_are_learned_from_or_refused(name: str) -> None:
    gaps = GOOD.with_columns(x=pl.when(pl.col("n") > 1).then("x"))
    if CLASSIFIERS[name].accepts_missing:
        model = learned(name, gaps, "y", features=["x", "n"])
        assert predicted(model, gaps).height == 4
        return
    with pytest.raises(StepError, match=r"missing in 'x': fill them \(impute\)"):
        learned(name, gaps, "y", features=["x", "n"])
    neighbours = {"neighbours": 1} if name == "knn_classifier" else {}
    model = learned(name, GOOD, "y", features=["x", "n"], **neighbours)
    with pytest.raises(StepError, match=r"missing in 'x'"):
        predicted(model, gaps)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore")
def test_odd_tables_are_refused(name: str) -> None:
    for table, told in [
        (GOOD.head(0), "the table has no rows"),
        (GOOD.head(1), "one class only"),
        (GOOD.with_columns(x=NULL.cast(pl.Float64)), "missing"),
        (GOOD.with_columns(x=pl.Series([None] * 4)), "'x' is Null"),
    ]:
        with pytest.raises(StepError, match=told):
            learned(name, table, "y", features=["x"])
    with pytest.raises(StepError, match="no columns of numbers"):
        learned(name, GOOD.select("text", "y"), "y")


@pytest.mark.parametrize(
    ("name", "given", "told"),
    [
        ("knn_classifier", {"neighbours": 9}, "neighbours is 9, and there are 4 rows"),
        ("linear_svm", {"penalty": "l1", "loss": "hinge"}, "squared_hinge only"),
        ("mlp_classifier", {"hidden_layers": "8,x"}, "such as 64,32"),
        ("mlp_classifier", {"hidden_layers": ""}, "such as 64,32"),
        ("mlp_classifier", {"early_stopping": True}, "MLPClassifier cannot learn"),
        ("naive_bayes", {"distribution": "multinomial"}, "MultinomialNB cannot learn"),
    ],
)
@pytest.mark.filterwarnings("ignore")
def test_what_the_library_cannot_do_is_one_line(
    name: str, given: dict[str, Any], told: str
) -> None:
    with pytest.raises(StepError, match=told) as refused:
        learned(name, GOOD.with_columns(x=-pl.col("x")), "y", **given)
    assert "\n" not in str(refused.value)


def test_what_the_library_warns_of_is_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    learned("mlp_classifier", TABLES["wine"](), max_iterations=2)
    told = capsys.readouterr().err
    assert told.startswith("warning: ")
    assert told.count("\n") == 1
