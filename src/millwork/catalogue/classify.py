"""Classifiers."""

from __future__ import annotations

from millwork.catalogue.learning import (
    GBDT,
    GBDT_DEFAULTS,
    IMPORTANCE,
    Estimator,
    declared,
    forest,
    lightgbm,
    neural,
    trained,
    tree,
    xgboost,
)
from millwork.catalogue.model import Example, choice, flag, integer, number, seed

CATEGORY = "classify"

_WITHOUT_GAPS = Example({"table": "breast_cancer"}, {"label": "diagnosis"})
_LOGISTIC = {
    "regularizedType": "penalty",
    "regularizedLevel": "strength",
    "maxIter": "max_iterations",
    "epsilon": "tolerance",
}
_PENALTIES = {"penalty": {"None": "none", "none": "none", "l1": "l1", "l2": "l2"}}
_LOGISTIC_DEFAULTS = {"penalty": "l1", "strength": "1", "tolerance": "1e-6"}
_XGBOOST = {
    "eta": "learning_rate",
    "num_round": "trees",
    "max_depth": "max_depth",
    "min_child_weight": "min_child_weight",
    "subsample": "row_fraction",
    "colsample_bytree": "column_fraction",
    "gamma": "min_split_loss",
    "alpha": "l1",
    "lambda": "l2",
    "seed": "seed",
}
_SMART = {
    "treeCount": "trees",
    "maxDepth": "max_depth",
    "shrinkage": "learning_rate",
    "sampleRatio": "row_fraction",
    "featureRatio": "column_fraction",
    "minSplitLoss": "min_split_loss",
    "l1": "l1",
    "l2": "l2",
    "weightCol": "weight",
}

_ESTIMATORS = (
    Estimator(
        "logistic_regression",
        "Logistic regression",
        "Two classes or more by a weighted sum of the features.",
        {
            "penalty": choice("On large coefficients", "l2", "l1", "elastic_net", "none"),
            "strength": number("How strong the penalty is; 0 is none", 1.0, 0),
            "l1_ratio": number("The share of l1 in elastic_net", 0.5, 0, 1),
            "intercept": flag("Learn a constant too", default=True),
            "max_iterations": integer("The most rounds", 100, 1),
            "tolerance": number("It stops when it gains less", 0.0001, 0, above=True),
            "seed": seed(),
        },
        "coefficients",
        pai=tuple(
            trained(name, _LOGISTIC, values=_PENALTIES, fixed=_LOGISTIC_DEFAULTS)
            for name in (
                "logisticregression_binary",
                "logisticregression_multi",
                "LogisticRegression",
            )
        ),
        azureml=("Two-Class Logistic Regression", "Multiclass Logistic Regression"),
        example={"max_iterations": "5000"},
        notes="Standardise first: the penalty and the speed depend on the features' scales.",
    ),
    Estimator(
        "random_forest_classifier",
        "Random forest classifier",
        "Many trees, each of other rows and features; their mean vote.",
        forest(("sqrt", "log2", "all"), "gini", "entropy", "log_loss"),
        "importance",
        accepts_missing=True,
        pai=(
            trained(
                "randomforests",
                {
                    "treeNum": "trees",
                    "maxTreeDeep": "max_depth",
                    "minNumObj": "min_leaf_rows",
                    "weightColName": "weight",
                },
                outputs=IMPORTANCE,
                fixed={"trees": "10", "max_depth": "10", "min_leaf_rows": "2"},
            ),
        ),
        azureml=("Two-Class Decision Forest", "Multiclass Decision Forest"),
    ),
    Estimator(
        "xgboost_classifier",
        "XGBoost classifier",
        "Trees that each mend what those before got wrong, by xgboost.",
        xgboost(),
        "importance",
        accepts_missing=True,
        pai=(
            trained("xgboost", _XGBOOST),
            trained("ps_smart", _SMART, outputs=IMPORTANCE),
        ),
        notes="Importance is the mean gain of a feature's splits, all of them together 1.",
    ),
    Estimator(
        "lightgbm_classifier",
        "LightGBM classifier",
        "Trees that each mend what those before got wrong, by lightgbm.",
        lightgbm(),
        "importance",
        accepts_missing=True,
        pai=(trained("gbdt_lr", GBDT, outputs=IMPORTANCE, fixed=GBDT_DEFAULTS),),
        azureml=("Two-Class Boosted Decision Tree", "Multiclass Boosted Decision Tree"),
        notes="Importance is the gain of all splits of a feature, all of them together 1 (or 0 "
        "without a split). Set to give the same trees again (deterministic, by rows).",
    ),
    Estimator(
        "linear_svm",
        "Linear support vector machine",
        "The widest gap between classes, by a weighted sum of the features.",
        {
            "cost": number("What a row on the wrong side costs", 1.0, 0, above=True),
            "penalty": choice("On large coefficients", "l2", "l1"),
            "loss": choice("How cost grows with distance", "squared_hinge", "hinge"),
            "intercept": flag("Learn a constant too", default=True),
            "max_iterations": integer("The most rounds", 1000, 1),
            "tolerance": number("It stops when it gains less", 0.0001, 0, above=True),
            "seed": seed(),
        },
        "coefficients",
        pai=(
            trained(
                "LinearSVM",
                {"positiveCost": "cost", "epsilon": "tolerance"},
                fixed={"tolerance": "0.001"},
            ),
        ),
        azureml=("Two-Class Support Vector Machine",),
        notes="It has no probabilities: `predict` gives the distance from the boundary as the "
        "score. Penalty l1 goes with loss squared_hinge only. Standardise first.",
    ),
    Estimator(
        "knn_classifier",
        "K-nearest neighbours",
        "The class that most of the nearest rows have.",
        {
            "neighbours": integer("How many rows are asked", 5, 1),
            "weights": choice("What each counts", "uniform", "distance"),
            "metric": choice(
                "How far two rows are apart", "euclidean", "manhattan", "chebyshev", "cosine"
            ),
        },
        takes_weights=False,
        notes="The model holds the training rows. Standardise first: distances depend on scales. "
        "Of classes with as many votes the first in order is taken.",
    ),
    Estimator(
        "naive_bayes",
        "Naive Bayes",
        "How often a class has such features, each taken for itself.",
        {
            "distribution": choice(
                "Of a feature in a class", "gaussian", "multinomial", "bernoulli"
            ),
            "smoothing": number("Added to counts, or to variances (gaussian), if said", None, 0),
        },
        pai=(trained("NaiveBayes"),),
        notes="Multinomial needs counts of 0 or more.",
    ),
    Estimator(
        "mlp_classifier",
        "Neural network classifier",
        "A multi-layer perceptron.",
        neural(),
        azureml=("Two-Class Neural Network", "Multiclass Neural Network"),
        example={"max_iterations": "50"},
        notes="Standardise first.",
    ),
    Estimator(
        "decision_tree_classifier",
        "Decision tree classifier",
        "One tree of yes-or-no questions.",
        tree("gini", "entropy", "log_loss"),
        "importance",
        accepts_missing=True,
    ),
)

DECLARATIONS = tuple(declared(CATEGORY, each, _WITHOUT_GAPS) for each in _ESTIMATORS)
