"""One prediction for every model, and transforms applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.catalogue.model import (
    TABLE,
    TABLE_OUT,
    Declaration,
    Example,
    PaiName,
    column,
    columns,
    integer,
    seed,
    text,
)
from millwork.catalogue.rules import chosen, fixed, fresh, require
from millwork.catalogue.shapes import (
    BOOL,
    FLOAT,
    INT,
    NULL,
    TEXT,
    UNKNOWN,
    UNKNOWN_TYPE,
    Columns,
    is_of,
)
from millwork.spec.model import Input, Output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.catalogue.rules import Given
    from millwork.catalogue.shapes import Learned, Shape

CATEGORY = "predict"

_WEIGHED = {"score": FLOAT, "detail": TEXT}
_ANSWERS: Mapping[str, Mapping[str, str]] = {
    "classify": {"result": "", **_WEIGHED},
    "regress": {"result": FLOAT},
    "cluster": {"result": INT},
    "mixture": {"result": INT, **_WEIGHED},
    "topics": {"result": INT, **_WEIGHED},
    "anomaly": {"result": BOOL, "score": FLOAT},
}
"""What models of a task answer, by role; no type: the label's. `runtime/answers.py` has it too."""
_NAMES = {"result": "prediction", "score": "prediction_score", "detail": "prediction_detail"}


def _predicted(given: Given) -> Mapping[str, Shape]:
    table, model = given.table(), given.model()
    names = chosen(table, given.names("append"))
    kept = table.open() if names is None else table.of(names)
    if model.before is not None:
        _fits(model.before(table), model)
    answers = _ANSWERS.get(model.task)
    if answers is None:
        return {"table": kept.open()}
    named = [
        (name, dtype or model.label_type)
        for role, dtype in answers.items()
        if (name := given.get(f"{role}_column", _NAMES[role]))
    ]
    added = dict(named)
    if len(added) < len(named):
        raise BadRequest("two result columns have the same name: name them differently")
    fresh(kept, added)
    return {"table": kept.plus(added)}


def _fits(table: Columns, model: Learned) -> None:
    """BadRequest if a table has not what a model needs."""
    if model.features is None:
        return
    require(table, model.features)
    if model.task == "topics":
        return
    for name in model.features:
        dtype = table.types.get(name, UNKNOWN_TYPE)
        if dtype not in (UNKNOWN_TYPE, NULL) and not is_of(dtype, ("number", "bool")):
            raise BadRequest(f"column '{name}' is {dtype}, and the model needs a number")


def _shuffled(given: Given) -> Mapping[str, Shape]:
    require(given.table(), [given.get("label", "")])
    return {"importance": Columns({"feature": TEXT, "importance": FLOAT, "deviation": FLOAT})}


def _applied(given: Given) -> Mapping[str, Shape]:
    effect = given.transform()
    return {"table": effect(given.table()) if effect else UNKNOWN}


DECLARATIONS = (
    Declaration(
        "predict",
        CATEGORY,
        "Predict",
        "Puts a model's answers behind a table's columns, whatever model it is.",
        "predict.predict",
        _predicted,
        {"table": TABLE, "model": Input("model")},
        {"table": TABLE_OUT},
        {
            "append": columns("The table's columns to keep; all if none is named"),
            "result_column": text("The prediction's column; empty: none", _NAMES["result"]),
            "score_column": text("The score's column; empty: none", _NAMES["score"]),
            "detail_column": text("The detail's column; empty: none", _NAMES["detail"]),
        },
        pai=(
            PaiName(
                "prediction",
                {
                    "appendColNames": "append",
                    "resultColName": "result_column",
                    "scoreColName": "score_column",
                    "detailColName": "detail_column",
                },
                {"inputTableName": "table", "modelName": "model"},
                {"outputTableName": "table"},
                fixed={"result_column": "prediction_result"},
            ),
        ),
        azureml=("Score Model", "Assign Data to Clusters"),
        example=Example({"table": "breast_cancer", "model": "logistic_regression.model"}),
        notes="The table is as it was before preprocessing: what a model's `transform` did in "
        "training is done here. A prediction has the label's type (a category's is text). A "
        "classifier's score is the probability of the predicted class, its detail all of them as "
        "JSON. A regression has neither. For anomalies the prediction is true or false, and the "
        "score grows with how unlike a row is. A missing value is an error unless the model "
        "learned from such.",
    ),
    Declaration(
        "apply_transform",
        CATEGORY,
        "Apply transform",
        "Does to a table what preprocessings learned of another one.",
        "predict.apply_transform",
        _applied,
        {"table": TABLE, "transform": Input("transform")},
        {"table": TABLE_OUT},
        azureml=("Apply Transformation",),
        example=Example({"table": "penguins", "transform": "standardise.transform"}),
        notes="A column that the preprocessing needs and the table has not is an error.",
    ),
    Declaration(
        "permutation_importance",
        CATEGORY,
        "Permutation importance",
        "How much worse a model gets when the values of one feature are shuffled.",
        "predict_importance.permutation_importance",
        _shuffled,
        {"table": TABLE, "model": Input("model")},
        {"importance": TABLE_OUT},
        {
            "label": column("The true answers"),
            "repeats": integer("How often each feature is shuffled", 5, 1, 1000),
            "seed": seed(),
        },
        azureml=("Permutation Feature Importance",),
        example=Example(
            {"table": "breast_cancer", "model": "logistic_regression.model"}, {"label": "diagnosis"}
        ),
        notes="Worse by accuracy for classifiers, by the coefficient of determination for "
        "regressions; the mean of all repeats and their standard deviation, largest first. The "
        "table is as it was before preprocessing; what is shuffled is the model's features. A "
        "missing label is an error, a class that the model does not know counts as wrong.",
    ),
    Declaration(
        "export_model",
        CATEGORY,
        "Export model",
        "Writes a classifier or a regression as ONNX, which other programs run.",
        "predict_export.export_model",
        fixed(onnx=None),
        {"model": Input("model")},
        {"onnx": Output("folder", description="`model.onnx` and `signature.json`")},
        example=Example({"model": "logistic_regression.model"}),
        notes="It takes one matrix of float32, rows x features, and answers a class's number (its "
        "place among the classes in `signature.json`) with the probabilities of all, or a number; "
        "they differ from `predict` by as much as float32 rounds. What was done before training "
        "is not in it. There is no exporter for generalised linear models, clusterings and "
        "anomalies: an error.",
    ),
)
