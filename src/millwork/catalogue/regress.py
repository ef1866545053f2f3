"""Regressions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.catalogue.learning import (
    GBDT,
    GBDT_DEFAULTS,
    IMPORTANCE,
    Estimator,
    declared,
    forest,
    label_fields,
    learns,
    lightgbm,
    neural,
    trained,
    tree,
    weight_field,
    xgboost,
)
from millwork.catalogue.model import (
    MODEL_OUT,
    OPTIONAL_TRANSFORM,
    TABLE,
    TABLE_OUT,
    Declaration,
    Example,
    choice,
    flag,
    integer,
    number,
)
from millwork.catalogue.shapes import FLOAT, TEXT

if TYPE_CHECKING:
    from millwork.spec.model import Parameter

CATEGORY = "regress"

_EXAMPLE = Example({"table": "diabetes"}, {"label": "progression"})
_INTERCEPT = flag("Learn a constant too", default=True)
_POSITIVE = flag("No coefficient below 0")
_STRENGTH = number("How strong the penalty is; 0 is none", 1.0, 0)


def _descent() -> dict[str, Parameter]:
    """The parameters of what is found step by step."""
    return {
        "strength": _STRENGTH,
        "intercept": _INTERCEPT,
        "positive": _POSITIVE,
        "max_iterations": integer("The most rounds", 1000, 1),
        "tolerance": number("It stops when it gains less", 0.0001, 0, above=True),
    }


_ESTIMATORS = (
    Estimator(
        "linear_regression",
        "Linear regression",
        "The weighted sum of the features with the least squares.",
        {"intercept": _INTERCEPT, "positive": _POSITIVE},
        "coefficients",
        pai=(trained("linearregression"),),
        azureml=("Linear Regression",),
    ),
    Estimator(
        "ridge",
        "Ridge regression",
        "Least squares with a penalty on the square of coefficients.",
        {"strength": _STRENGTH, "intercept": _INTERCEPT, "positive": _POSITIVE},
        "coefficients",
        notes="Standardise first: the penalty depends on the features' scales.",
    ),
    Estimator(
        "lasso",
        "Lasso",
        "Least squares with a penalty on the size of coefficients: many become 0.",
        _descent(),
        "coefficients",
        notes="Standardise first: the penalty depends on the features' scales.",
    ),
    Estimator(
        "elastic_net",
        "Elastic net",
        "Least squares with both penalties.",
        {**_descent(), "l1_ratio": number("The share of lasso's penalty", 0.5, 0, 1)},
        "coefficients",
        notes="Standardise first: the penalty depends on the features' scales.",
    ),
    Estimator(
        "random_forest_regressor",
        "Random forest regression",
        "Many trees, each of other rows; their mean.",
        forest(("all", "sqrt", "log2"), "squared_error", "absolute_error", "poisson"),
        "importance",
        accepts_missing=True,
        azureml=("Decision Forest Regression",),
    ),
    Estimator(
        "xgboost_regressor",
        "XGBoost regression",
        "Trees that each mend what those before got wrong, by xgboost.",
        {
            **xgboost(),
            "objective": choice(
                "What is made small",
                "reg:squarederror",
                "reg:absoluteerror",
                "reg:pseudohubererror",
                "count:poisson",
                "reg:gamma",
                "reg:tweedie",
            ),
        },
        "importance",
        accepts_missing=True,
        notes="Importance is the mean gain of a feature's splits, all of them together 1.",
    ),
    Estimator(
        "lightgbm_regressor",
        "LightGBM regression",
        "Trees that each mend what those before got wrong, by lightgbm.",
        {
            **lightgbm(),
            "objective": choice(
                "What is made small",
                "regression",
                "regression_l1",
                "huber",
                "quantile",
                "poisson",
                "gamma",
                "tweedie",
            ),
            "quantile": number(
                "The quantile that the objective `quantile` predicts", 0.5, 0, 1, above=True
            ),
        },
        "importance",
        accepts_missing=True,
        pai=(trained("GBDT", GBDT, outputs=IMPORTANCE, fixed=GBDT_DEFAULTS),),
        azureml=("Boosted Decision Tree Regression", "Fast Forest Quantile Regression"),
        notes="Importance is the gain of all splits of a feature, all of them together 1 (or 0 "
        "without a split). Set to give the same trees again (deterministic, by rows).",
    ),
    Estimator(
        "decision_tree_regressor",
        "Decision tree regression",
        "One tree of yes-or-no questions.",
        tree("squared_error", "absolute_error", "poisson"),
        "importance",
        accepts_missing=True,
    ),
    Estimator(
        "mlp_regressor",
        "Neural network regression",
        "A multi-layer perceptron.",
        neural(),
        azureml=("Neural Network Regression",),
        example={"max_iterations": "50"},
        notes="Standardise first.",
    ),
)

_COEFFICIENTS = {
    "feature": TEXT,
    "coefficient": FLOAT,
    "standard_error": FLOAT,
    "z": FLOAT,
    "p_value": FLOAT,
    "low": FLOAT,
    "high": FLOAT,
}
_GLM = Declaration(
    "glm",
    CATEGORY,
    "Generalised linear model",
    "The mean of a distribution by a weighted sum of the features, with tests of each.",
    "learn_glm.glm",
    learns("regress", _COEFFICIENTS, "coefficients"),
    {"table": TABLE, "transform": OPTIONAL_TRANSFORM},
    {"model": MODEL_OUT, "coefficients": TABLE_OUT},
    {
        **label_fields("regress"),
        "weight": weight_field(),
        "family": choice(
            "The label's distribution",
            "gaussian",
            "binomial",
            "poisson",
            "gamma",
            "inverse_gaussian",
            "negative_binomial",
            "tweedie",
        ),
        "link": choice(
            "What of the mean is the weighted sum; canonical: the family's own",
            "canonical",
            "identity",
            "log",
            "logit",
            "probit",
            "cloglog",
            "inverse_power",
            "inverse_squared",
            "sqrt",
        ),
        "power": number("The power of the variance of tweedie", 1.5, 1, 2),
        "dispersion": number("The dispersion of negative_binomial", 1.0, 0, above=True),
        "intercept": _INTERCEPT,
        "max_iterations": integer("The most rounds", 100, 1),
        "tolerance": number("It stops when it gains less", 1e-8, 0, above=True),
    },
    azureml=("Poisson Regression",),
    example=Example({"table": "diabetes"}, {"label": "progression", "family": "poisson"}),
    notes="A missing label or feature is an error. A weight counts a row so often. The model is "
    "its coefficients as JSON, and predicts the mean.",
)

DECLARATIONS = (*(declared(CATEGORY, each, _EXAMPLE) for each in _ESTIMATORS), _GLM)
