"""Regressions against the libraries called directly, and what they refuse."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import lightgbm
import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
import xgboost
from sklearn import ensemble, linear_model, neural_network, tree

from millwork.catalogue.regress import DECLARATIONS
from millwork.runtime.functions.learn import classify, fitted, regress
from millwork.runtime.functions.learn_glm import glm
from millwork.runtime.functions.learners import REGRESSORS
from millwork.runtime.problems import StepError
from tests.catalogue.learning import diabetes, features_of, kept, learned, predicted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BY_NAME = {each.name: each for each in DECLARATIONS}
NAMES = sorted(REGRESSORS)
BY_BLAS = dict.fromkeys(
    ("linear_regression", "ridge", "lasso", "elastic_net", "mlp_regressor"), 1e-12
)
"""How far predictions may be off, relatively: BLAS sums a batch's last rows in another order."""
table_of = cache(diabetes)
FAMILIES = sm.families

DIRECT: dict[str, Callable[[], Any]] = {
    "linear_regression": linear_model.LinearRegression,
    "ridge": linear_model.Ridge,
    "lasso": linear_model.Lasso,
    "elastic_net": linear_model.ElasticNet,
    "random_forest_regressor": lambda: ensemble.RandomForestRegressor(random_state=0),
    "xgboost_regressor": lambda: xgboost.XGBRegressor(
        n_estimators=100, max_depth=6, learning_rate=0.3, random_state=0, n_jobs=1
    ),
    "lightgbm_regressor": lambda: lightgbm.LGBMRegressor(
        random_state=0, n_jobs=1, deterministic=True, force_row_wise=True, verbosity=-1
    ),
    "decision_tree_regressor": lambda: tree.DecisionTreeRegressor(random_state=0),
    "mlp_regressor": lambda: neural_network.MLPRegressor(max_iter=20, random_state=0),
}


def defaults(name: str, **more: Any) -> dict[str, Any]:
    """What a step gives a function whose user gave nothing but that."""
    declared = BY_NAME[name].parameters.items()
    given = {word: each.default for word, each in declared if each.default is not None}
    if name == "mlp_regressor":
        given["max_iterations"] = 20
    return {**given, **more}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.filterwarnings("ignore")
def test_predictions_are_those_of_the_library(name: str, weighed: bool, tmp_path: Path) -> None:
    table = table_of()
    matrix, target = features_of(table), table["target"].to_numpy()
    weights = np.arange(len(target)) % 4 + 0.5
    extra = {"sample_weight": weights} if weighed else {}
    direct = DIRECT[name]().fit(matrix, target, **extra)
    rows = table.with_columns(w=pl.Series(weights)) if weighed else table
    more = {"weight": "w"} if weighed else {}
    model = learned(name, rows, **defaults(name, **more))
    found = predicted(kept(model, tmp_path), table)
    assert found.columns == [*table.columns, "prediction"]
    assert found.schema["prediction"] == pl.Float64
    expected = direct.predict(matrix).astype(float)
    rtol = BY_BLAS.get(name, 0)
    np.testing.assert_allclose(found["prediction"].to_numpy(), expected, rtol=rtol)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore")
def test_every_parameter_is_taken(name: str) -> None:
    words = set(BY_NAME[name].parameters) - {"label", "features", "weight"}
    given = {word: BY_NAME[name].parameters[word].default for word in words}
    rows = np.arange(40.0).reshape(20, 2) ** 1.5
    assert "fit" in dir(fitted(REGRESSORS[name], given, rows, rows[:, 0], None))


@pytest.mark.parametrize(
    ("name", "given", "direct"),
    [
        ("ridge", {"strength": 3.0, "positive": True}, linear_model.Ridge(3.0, positive=True)),
        ("lasso", {"strength": 0.1}, linear_model.Lasso(0.1)),
        (
            "elastic_net",
            {"strength": 0.2, "l1_ratio": 0.9, "intercept": False},
            linear_model.ElasticNet(0.2, l1_ratio=0.9, fit_intercept=False),
        ),
        (
            "lightgbm_regressor",
            {"objective": "quantile", "quantile": 0.9, "min_leaf_rows": 5, "max_leaves": 7},
            lightgbm.LGBMRegressor(
                objective="quantile", alpha=0.9, min_child_samples=5, num_leaves=7, verbosity=-1,
                random_state=0, n_jobs=1, deterministic=True, force_row_wise=True,
            ),
        ),
        (
            "lightgbm_regressor",
            {"row_fraction": 0.5, "column_fraction": 0.5, "l1": 0.1, "l2": 2.0, "trees": 20},
            lightgbm.LGBMRegressor(
                n_estimators=20, subsample=0.5, subsample_freq=1, colsample_bytree=0.5,
                reg_alpha=0.1, reg_lambda=2.0, verbosity=-1, random_state=0, n_jobs=1,
                deterministic=True, force_row_wise=True,
            ),
        ),
        (
            "lightgbm_regressor",
            {"objective": "huber"},
            lightgbm.LGBMRegressor(
                objective="huber", verbosity=-1, random_state=0, n_jobs=1, deterministic=True,
                force_row_wise=True,
            ),
        ),
        (
            "xgboost_regressor",
            {"objective": "count:poisson", "trees": 20, "min_split_loss": 1.0, "l2": 5.0},
            xgboost.XGBRegressor(
                n_estimators=20, objective="count:poisson", gamma=1.0, reg_lambda=5.0,
                max_depth=6, learning_rate=0.3, random_state=0, n_jobs=1,
            ),
        ),
        (
            "random_forest_regressor",
            {"trees": 5, "max_features": "sqrt", "min_leaf_rows": 4},
            ensemble.RandomForestRegressor(
                5, max_features="sqrt", min_samples_leaf=4, random_state=0
            ),
        ),
    ],
)  # fmt: skip
def test_parameters_mean_the_library_s(name: str, given: dict[str, Any], direct: Any) -> None:
    table = table_of()
    expected = direct.fit(features_of(table), table["target"].to_numpy())
    found = predicted(learned(name, table, **defaults(name, **given)), table)
    np.testing.assert_allclose(
        found["prediction"].to_numpy(),
        expected.predict(features_of(table)).astype(float),
        rtol=BY_BLAS.get(name, 0),
    )


def test_coefficients_and_importance_are_the_library_s() -> None:
    table = table_of()
    direct = linear_model.Lasso().fit(features_of(table), table["target"].to_numpy())
    found = regress("lasso", table=table.lazy(), label="target")["coefficients"]
    assert found.columns == ["feature", "coefficient"]
    np.testing.assert_array_equal(
        found["coefficient"].to_numpy(), [direct.intercept_, *direct.coef_]
    )
    grown = DIRECT["lightgbm_regressor"]().set_params(importance_type="gain")
    grown.fit(features_of(table), table["target"].to_numpy())
    told = regress("lightgbm_regressor", table=table.lazy(), label="target", seed=0)
    shares = grown.feature_importances_ / grown.feature_importances_.sum()
    np.testing.assert_allclose(sorted(told["importance"]["importance"]), sorted(shares), rtol=1e-12)


@pytest.mark.parametrize("learned", [regress, classify])
def test_importances_of_trees_are_shares_of_1(learned: Any) -> None:
    kind = "classifier" if learned is classify else "regressor"
    table = table_of().with_columns((pl.col("target") > pl.col("target").median()).cast(pl.Int64))
    for library in ("lightgbm", "xgboost"):
        told = learned(f"{library}_{kind}", table=table.lazy(), label="target", seed=0)
        assert told["importance"]["importance"].sum() == pytest.approx(1, rel=1e-6)
    few = table.head(6)  # too few for a split of lightgbm's
    told = learned(f"lightgbm_{kind}", table=few.lazy(), label="target", seed=0)
    assert told["importance"]["importance"].to_list() == [0.0] * (table.width - 1)


LINKS = FAMILIES.links


@pytest.mark.parametrize(
    ("family", "link", "direct"),
    [
        ("gaussian", "canonical", FAMILIES.Gaussian()),
        ("gaussian", "log", FAMILIES.Gaussian(LINKS.Log())),
        ("binomial", "canonical", FAMILIES.Binomial()),
        ("binomial", "probit", FAMILIES.Binomial(LINKS.Probit())),
        ("binomial", "cloglog", FAMILIES.Binomial(LINKS.CLogLog())),
        ("poisson", "canonical", FAMILIES.Poisson()),
        ("poisson", "sqrt", FAMILIES.Poisson(LINKS.Sqrt())),
        ("gamma", "canonical", FAMILIES.Gamma()),
        ("gamma", "log", FAMILIES.Gamma(LINKS.Log())),
        ("inverse_gaussian", "canonical", FAMILIES.InverseGaussian()),
        ("negative_binomial", "canonical", FAMILIES.NegativeBinomial(alpha=1.0)),
        ("tweedie", "canonical", FAMILIES.Tweedie(var_power=1.5)),
    ],
)
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.filterwarnings("ignore")
def test_glm_is_statsmodels(
    family: str, link: str, direct: Any, intercept: bool, tmp_path: Path
) -> None:
    table = table_of().select("größe 2", "größe 8", "target").with_columns(pl.col("target") / 100)
    if family == "binomial":
        table = table.with_columns((pl.col("target") > 1.4).cast(pl.Int8))
    if family in ("gamma", "inverse_gaussian"):
        table = table.with_columns((pl.col("^größe.*$") + 9) / 20, pl.col("target") + 5)
    matrix, target = features_of(table), table["target"].to_numpy()
    design = np.column_stack((np.ones(len(matrix)), matrix)) if intercept else matrix
    expected = sm.GLM(target, design, family=direct).fit()
    found = glm(table=table.lazy(), label="target", family=family, link=link, intercept=intercept)
    given = predicted(kept(found["model"], tmp_path), table)["prediction"].to_numpy()
    np.testing.assert_allclose(given, expected.predict(design), rtol=1e-10)
    told = found["coefficients"]
    np.testing.assert_allclose(told["coefficient"].to_numpy(), expected.params, rtol=1e-10)
    np.testing.assert_allclose(told["p_value"].to_numpy(), expected.pvalues, rtol=1e-8)
    np.testing.assert_allclose(told["low"].to_numpy(), expected.conf_int()[:, 0], rtol=1e-8)


def test_a_weight_of_glm_counts_a_row_so_often() -> None:
    table = table_of().with_columns(n=pl.int_range(pl.len()) % 3 + 1)
    often = table.select(pl.all().repeat_by("n")).explode(pl.selectors.all())
    by_weight = glm(table=table.lazy(), label="target", weight="n")["coefficients"]
    by_rows = glm(table=often.drop("n").lazy(), label="target")["coefficients"]
    for column in ("coefficient", "standard_error"):
        np.testing.assert_allclose(by_weight[column], by_rows[column], rtol=1e-8)


GOOD = pl.DataFrame(
    {
        "x": [1.0, 2.0, 3.0, 5.0],
        "n": [1, 3, 2, 4],
        "text": ["a", "b", "a", "b"],
        "y": [1.5, 2.0, -3.0, 4.0],
        "flag": [True, False, True, False],
    }
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.filterwarnings("ignore")
def test_odd_tables_end_as_the_notes_say(name: str) -> None:
    null = pl.lit(None).cast(pl.Float64)
    for table, told in [
        (GOOD.head(0), "the table has no rows"),
        (GOOD.with_columns(x=null), "missing"),
        (GOOD.with_columns(x=pl.Series([None] * 4)), "'x' is Null"),
        (GOOD.with_columns(y=null), r"missing in 'y' \(4\)"),
        (GOOD.with_columns(y=pl.lit(float("nan"))), "missing in 'y'"),
        (GOOD.with_columns(y=pl.lit(float("inf"))), "infinite or beyond"),
        (GOOD.with_columns(y=pl.col("flag")), "'y' is Boolean"),
        (GOOD.with_columns(x=pl.col("text")), "encode texts first"),
        (GOOD.drop("x"), "no column 'x'"),
    ]:
        with pytest.raises(StepError, match=told):
            learned(name, table, "y", features=["x"])
    if name == "lightgbm_regressor":
        with pytest.raises(StepError, match="a minimum of 2 is required"):
            learned(name, GOOD.head(1), "y", features=["x"])
    else:
        assert predicted(learned(name, GOOD.head(1), "y", features=["x"]), GOOD).height == 4


@pytest.mark.parametrize(
    ("label", "given", "told"),
    [
        ("y", {"family": "poisson"}, "a label of 0 or more"),
        ("y", {"family": "gamma"}, "a label above 0"),
        ("n", {"family": "binomial"}, "a label from 0 to 1"),
        ("n", {"family": "poisson", "link": "logit"}, "does not go with link logit"),
        ("text", {}, "'text' is String"),
    ],
)
def test_glm_tells_faults(label: str, given: dict[str, Any], told: str) -> None:
    with pytest.raises(StepError, match=told):
        glm(table=GOOD.lazy(), label=label, features=["x"], **given)


@pytest.mark.parametrize("objective", ["count:poisson", "reg:gamma"])
def test_a_label_that_the_objective_cannot_have_is_one_line(objective: str) -> None:
    with pytest.raises(StepError, match="XGBRegressor cannot learn from these rows") as refused:
        learned("xgboost_regressor", GOOD, "y", features=["x"], objective=objective)
    assert "\n" not in str(refused.value)
