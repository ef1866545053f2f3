"""How good a model is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.catalogue.model import (
    REPORT_OUT,
    TABLE,
    TABLE_OUT,
    TABLES,
    Declaration,
    Example,
    PaiName,
    column,
    columns,
    integer,
    number,
    seed,
    text,
)
from millwork.catalogue.rules import checked
from millwork.catalogue.shapes import EVERY_KIND, FLOAT, INT, TEXT, Columns
from millwork.spec.model import Input, Output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.catalogue.rules import Given
    from millwork.catalogue.shapes import Shape

CATEGORY = "evaluate"

_NUMBERS, _TEXTS = ("number",), ("text",)
_VALUE = Output("value")
_OPTIONAL = Input("table", required=False, description="Another model's metrics")

_METRICS = {"metric": TEXT, "value": FLOAT}
_THRESHOLDS = {
    "threshold": FLOAT,
    **dict.fromkeys(
        ("true_positives", "false_positives", "true_negatives", "false_negatives"), INT
    ),
    **dict.fromkeys(
        ("precision", "recall", "false_positive_rate", "specificity", "f1", "accuracy", "ks"), FLOAT
    ),
}
_GAINS = {
    **dict.fromkeys(("bin", "rows", "positives"), INT),
    **dict.fromkeys(
        ("lowest", "highest", "positive_rate", "lift", "gain", "cumulative_lift"), FLOAT
    ),
}
_CLASSES = {
    "class": TEXT,
    "rows": INT,
    "predicted": INT,
    **dict.fromkeys(("precision", "recall", "f1"), FLOAT),
}
_CONFUSION = {"label": TEXT, "prediction": TEXT, "count": INT}
_RESIDUALS = {"low": FLOAT, "high": FLOAT, "count": INT}
_CLUSTERS = {"cluster": TEXT, "rows": INT, "share": FLOAT, "silhouette": FLOAT}

_PREDICTION = column("The column with the prediction", default="prediction")
_DETAIL = column(
    "The column with the JSON of all classes' probabilities; `prediction_detail` if it is there",
    required=False,
)
_LEFT_OUT = "Rows without a label or a prediction are left out."
_IN = {"inputTableName": "table"}


def _beside(given: Given) -> Mapping[str, Shape]:
    names = [name.strip() for name in given.get("names", "").split(",") if name.strip()]
    told = names or [
        name for name in ("first", "second", "third", "fourth") if name in given.inputs
    ]
    table = Columns({"metric": TEXT, **dict.fromkeys(told, FLOAT)})
    return {"table": table, "report": None, "best": None}


DECLARATIONS = (
    Declaration(
        "evaluate_binary",
        CATEGORY,
        "Evaluate two classes",
        "Tells how well scores tell one label from the rest: ROC, KS, lift, every threshold.",
        "evaluate_binary.evaluate_binary",
        checked(
            {"label": EVERY_KIND, "score": _NUMBERS, "detail": _TEXTS},
            metrics=_METRICS,
            thresholds=_THRESHOLDS,
            gains=_GAINS,
            report=None,
            auc=None,
            ks=None,
            f1=None,
        ),
        TABLES,
        {
            "metrics": TABLE_OUT,
            "thresholds": TABLE_OUT,
            "gains": TABLE_OUT,
            "report": REPORT_OUT,
            "auc": _VALUE,
            "ks": _VALUE,
            "f1": _VALUE,
        },
        {
            "label": column("The column with the true label"),
            "score": column(
                "The column with the positive label's score; without it, `detail` is read",
                required=False,
                dtype="number",
            ),
            "detail": _DETAIL,
            "positive": text("The positive label; the greater of two if none is named"),
            "threshold": number(
                "The score from which on a row is taken for positive; by default 0.5 for "
                "probabilities, else 0"
            ),
            "bins": integer("How many bins the rows are in for lift and gain", 10, 1, 1000),
        },
        pai=(
            PaiName(
                "evaluate",
                {
                    "labelColName": "label",
                    "scoreColName": "score",
                    "positiveLabel": "positive",
                    "binCount": "bins",
                },
                _IN,
                {"outputMetricTableName": "metrics", "outputDetailTableName": "thresholds"},
            ),
            PaiName(
                "roc",
                {
                    "labelColName": "label",
                    "predictionScoreName": "score",
                    "goodValue": "positive",
                },
                _IN,
                {"outputTableName": "thresholds"},
            ),
        ),
        azureml=("Evaluate Model",),
        example=Example({"table": "predict.table"}, {"label": "diagnosis"}),
        notes="Rows without a label or a score are left out. AUC and KS are of all rows; of more "
        "than 1,000 thresholds 1,000 are kept, the best among them. Rows with equal scores stand "
        "in their order for lift and gain. One label alone is an error.",
    ),
    Declaration(
        "evaluate_multiclass",
        CATEGORY,
        "Evaluate classes",
        "Tells how often each class is found and rightly named.",
        "evaluate_multiclass.evaluate_multiclass",
        checked(
            {"label": EVERY_KIND, "prediction": EVERY_KIND, "detail": _TEXTS},
            metrics=_METRICS,
            classes=_CLASSES,
            confusion=_CONFUSION,
            report=None,
            accuracy=None,
            f1=None,
        ),
        TABLES,
        {
            "metrics": TABLE_OUT,
            "classes": TABLE_OUT,
            "confusion": TABLE_OUT,
            "report": REPORT_OUT,
            "accuracy": _VALUE,
            "f1": _VALUE,
        },
        {
            "label": column("The column with the true class"),
            "prediction": _PREDICTION,
            "detail": _DETAIL,
        },
        pai=(
            PaiName(
                "MultiClassEvaluation",
                {
                    "labelColName": "label",
                    "predictionColName": "prediction",
                    "predictionDetailColName": "detail",
                },
                _IN,
                {"outputTableName": "metrics"},
            ),
            PaiName(
                "confusionmatrix",
                {"labelColName": "label", "predictionColName": "prediction"},
                _IN,
                {"outputTableName": "confusion"},
            ),
        ),
        azureml=("Evaluate Model",),
        example=Example({"table": "predict.table"}, {"label": "diagnosis"}),
        notes=f"{_LEFT_OUT} A class that is never predicted has precision 0. With probabilities "
        "there are also `auc_macro` (null if a class has no rows) and `log_loss`. 1,000 classes "
        "are the most.",
    ),
    Declaration(
        "evaluate_regression",
        CATEGORY,
        "Evaluate numbers",
        "Tells how far predictions of a number are from it.",
        "evaluate.evaluate_regression",
        checked(
            {"label": _NUMBERS, "prediction": _NUMBERS},
            metrics=_METRICS,
            residuals=_RESIDUALS,
            report=None,
            rmse=None,
            r2=None,
        ),
        TABLES,
        {
            "metrics": TABLE_OUT,
            "residuals": TABLE_OUT,
            "report": REPORT_OUT,
            "rmse": _VALUE,
            "r2": _VALUE,
        },
        {
            "label": column("The column with the true number", dtype="number"),
            "prediction": _PREDICTION,
        },
        pai=(
            PaiName(
                "regression_evaluation",
                {"yColName": "label", "predictionColName": "prediction"},
                _IN,
                {"indexOutputTableName": "metrics", "residualOutputTableName": "residuals"},
            ),
        ),
        azureml=("Evaluate Model",),
        example=Example(
            {"table": "penguins"}, {"label": "bill_length_mm", "prediction": "bill_depth_mm"}
        ),
        notes=f"{_LEFT_OUT} `mape` is null where a true number is 0, `r2` for one row alone.",
    ),
    Declaration(
        "evaluate_clustering",
        CATEGORY,
        "Evaluate clusters",
        "Tells how well clusters are apart.",
        "evaluate.evaluate_clustering",
        checked(
            {"columns": _NUMBERS, "cluster": EVERY_KIND},
            metrics=_METRICS,
            clusters=_CLUSTERS,
            report=None,
            silhouette=None,
        ),
        TABLES,
        {
            "metrics": TABLE_OUT,
            "clusters": TABLE_OUT,
            "report": REPORT_OUT,
            "silhouette": _VALUE,
        },
        {
            "columns": columns(
                "The columns that make the space; all of numbers but `cluster` if none is named",
                dtype="number",
            ),
            "cluster": column("The column with the cluster", default="prediction"),
            "noise": text("Rows of this cluster are in none, and left out", "-1"),
            "most_rows": integer("Of more rows, so many count for the silhouette", 10_000, 2),
            "seed": seed(),
        },
        pai=(
            PaiName(
                "cluster_evaluation",
                {"selectedColNames": "columns"},
                _IN,
                {"outputTableName": "metrics"},
            ),
        ),
        azureml=("Evaluate Model",),
        example=Example(
            {"table": "penguins"},
            {"columns": "bill_length_mm,bill_depth_mm", "cluster": "species"},
        ),
        notes="Rows with a missing value are left out. Fewer than two clusters are an error. "
        "Scale columns first (standardise): what is large counts most.",
    ),
    Declaration(
        "compare_models",
        CATEGORY,
        "Compare models",
        "Puts the metrics of several models beside one another, and says which is best.",
        "evaluate.compare_models",
        _beside,
        {"first": TABLE, "second": TABLE, "third": _OPTIONAL, "fourth": _OPTIONAL},
        {"table": TABLE_OUT, "report": REPORT_OUT, "best": _VALUE},
        {
            "names": text("What the models are called, with commas; else as the inputs are"),
            "metric": text("What the best is chosen by; else the first metric"),
        },
        azureml=("Evaluate Model",),
        example=Example(
            {"first": "evaluate_binary.metrics", "second": "evaluate_binary.metrics"},
            {"names": "old,new", "metric": "auc"},
        ),
        notes="The inputs are tables `metrics` of evaluations. `best` is a name; of errors and "
        "losses the least is best.",
    ),
)
