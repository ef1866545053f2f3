"""The estimators that classify and regress: which class, and what our parameters are called there.

Both tables say only what differs from NAMES: most libraries call the same thing the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..problems import StepError

Options = dict[str, Any]

NAMES: Mapping[str, str] = {
    "trees": "n_estimators",
    "min_leaf_rows": "min_samples_leaf",
    "min_split_rows": "min_samples_split",
    "pruning": "ccp_alpha",
    "row_fraction": "subsample",
    "column_fraction": "colsample_bytree",
    "min_split_loss": "gamma",
    "l1": "reg_alpha",
    "l2": "reg_lambda",
    "max_leaves": "num_leaves",
    "strength": "alpha",
    "cost": "C",
    "max_iterations": "max_iter",
    "tolerance": "tol",
    "intercept": "fit_intercept",
    "neighbours": "n_neighbors",
    "hidden_layers": "hidden_layer_sizes",
    "seed": "random_state",
}
"""Our parameters by what they are called in scikit-learn and its like; others are called alike."""


@dataclass(frozen=True)
class Learner:
    """An estimator: its class, or how it is chosen by the options; `names` and `fixed` are the
    library's words for our options and what is always given; `adjust` makes of our options others,
    where a name is not enough."""

    path: str | Callable[[Options], str]
    flavour: str = "skops"
    names: Mapping[str, str] = field(default_factory=dict)
    fixed: Mapping[str, Any] = field(default_factory=dict)
    adjust: Callable[[Options], Options] = dict
    accepts_missing: bool = False
    takes_weights: bool = True
    uses_threads: bool = False


def _linear_penalty(options: Options) -> Options:
    """`penalty` and `strength` as scikit-learn has them: C, l1_ratio, and a solver that can."""
    kinds = {"l1": 1.0, "l2": 0.0, "elastic_net": options.pop("l1_ratio", 0.5), "none": 0.0}
    penalty, strength = options.pop("penalty", "l2"), options.pop("strength", 1.0)
    ratio = kinds[penalty]
    free = penalty == "none" or strength == 0
    cost = float("inf") if free else 1 / strength
    return {**options, "C": cost, "l1_ratio": ratio, "solver": "saga" if ratio else "lbfgs"}


def _support(options: Options) -> Options:
    if options.get("penalty") == "l1" and options.get("loss") == "hinge":
        raise StepError("penalty l1 goes with loss squared_hinge only: change one of them")
    return options


def _drawn(options: Options) -> Options:
    """All columns at every split are a share of 1.0 in scikit-learn."""
    if options.get("max_features") == "all":
        options["max_features"] = 1.0
    return options


def _layers(options: Options) -> Options:
    """`64,32` as sizes of layers."""
    words = str(options.pop("hidden_layers", "100")).replace(" ", "").split(",")
    if not all(word.isdigit() and 0 < int(word) <= 100_000 for word in words):
        raise StepError("hidden_layers are sizes with commas between them, such as 64,32")
    return {**options, "hidden_layers": tuple(int(word) for word in words)}


def _bayes(options: Options) -> str:
    kinds = {"gaussian": "GaussianNB", "multinomial": "MultinomialNB", "bernoulli": "BernoulliNB"}
    return f"sklearn.naive_bayes.{kinds[options.get('distribution', 'gaussian')]}"


def _smoothed(options: Options) -> Options:
    is_gaussian = options.pop("distribution", "gaussian") == "gaussian"
    smoothing = options.pop("smoothing", None)
    name = "var_smoothing" if is_gaussian else "alpha"
    return {**options, name: smoothing}


def _objective(options: Options) -> Options:
    """The quantile is of one objective only; others would take it for something else."""
    if options.get("objective") != "quantile":
        options.pop("quantile", None)
    return options


_FOREST = Learner("", accepts_missing=True, adjust=_drawn, uses_threads=True)
_TREE = Learner("", accepts_missing=True)
_XGBOOST = Learner(
    "",
    "xgboost",
    fixed={"tree_method": "hist", "verbosity": 0},
    accepts_missing=True,
    uses_threads=True,
)
_LIGHTGBM = Learner(
    "",
    "lightgbm",
    {"min_leaf_rows": "min_child_samples", "quantile": "alpha"},
    {
        "verbosity": -1,
        "subsample_freq": 1,
        "importance_type": "gain",
        "deterministic": True,
        "force_row_wise": True,
    },
    adjust=_objective,
    accepts_missing=True,
    uses_threads=True,
)
_NEURAL: dict[str, Any] = {
    "adjust": _layers,
    "names": {"l2": "alpha", "learning_rate": "learning_rate_init"},
}

CLASSIFIERS: Mapping[str, Learner] = {
    "logistic_regression": Learner(
        "sklearn.linear_model.LogisticRegression", adjust=_linear_penalty
    ),
    "random_forest_classifier": replace(_FOREST, path="sklearn.ensemble.RandomForestClassifier"),
    "xgboost_classifier": replace(_XGBOOST, path="xgboost.XGBClassifier"),
    "lightgbm_classifier": replace(_LIGHTGBM, path="lightgbm.LGBMClassifier"),
    "linear_svm": Learner("sklearn.svm.LinearSVC", adjust=_support),
    "knn_classifier": Learner(
        "sklearn.neighbors.KNeighborsClassifier", takes_weights=False, uses_threads=True
    ),
    "naive_bayes": Learner(_bayes, adjust=_smoothed),
    "mlp_classifier": Learner("sklearn.neural_network.MLPClassifier", **_NEURAL),
    "decision_tree_classifier": replace(_TREE, path="sklearn.tree.DecisionTreeClassifier"),
}

REGRESSORS: Mapping[str, Learner] = {
    "linear_regression": Learner("sklearn.linear_model.LinearRegression"),
    "ridge": Learner("sklearn.linear_model.Ridge"),
    "lasso": Learner("sklearn.linear_model.Lasso"),
    "elastic_net": Learner("sklearn.linear_model.ElasticNet"),
    "random_forest_regressor": replace(_FOREST, path="sklearn.ensemble.RandomForestRegressor"),
    "xgboost_regressor": replace(_XGBOOST, path="xgboost.XGBRegressor"),
    "lightgbm_regressor": replace(_LIGHTGBM, path="lightgbm.LGBMRegressor"),
    "decision_tree_regressor": replace(_TREE, path="sklearn.tree.DecisionTreeRegressor"),
    "mlp_regressor": Learner("sklearn.neural_network.MLPRegressor", **_NEURAL),
}
