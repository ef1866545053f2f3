"""What classifiers and regressions share: their ports, their rule, their families' parameters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.base.records import dataclass, field
from millwork.catalogue.model import (
    MODEL_OUT,
    OPTIONAL_TRANSFORM,
    TABLE,
    TABLE_OUT,
    Declaration,
    Example,
    PaiName,
    choice,
    column,
    columns,
    flag,
    integer,
    number,
    seed,
    text,
)
from millwork.catalogue.rules import chosen
from millwork.catalogue.shapes import FLOAT, TEXT, UNKNOWN_TYPE, Columns, Learned, is_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.catalogue.rules import Given, Rule
    from millwork.catalogue.shapes import Shape
    from millwork.spec.model import Parameter

GBDT = {
    "treeCount": "trees",
    "shrinkage": "learning_rate",
    "maxLeafCount": "max_leaves",
    "maxDepth": "max_depth",
    "minLeafSampleCount": "min_leaf_rows",
    "sampleRatio": "row_fraction",
    "featureRatio": "column_fraction",
    "randSeed": "seed",
}
GBDT_DEFAULTS = {
    "trees": "500",
    "learning_rate": "0.05",
    "max_leaves": "32",
    "max_depth": "11",
    "min_leaf_rows": "500",
    "row_fraction": "0.6",
    "column_fraction": "0.6",
}
"""PAI's boosting: its parameters, and its defaults."""
IMPORTANCE = {"outputImportanceTableName": "importance"}
_EXPLAINED = {
    "classify": {
        "importance": {"feature": TEXT, "importance": FLOAT},
        "coefficients": {"class": TEXT, "feature": TEXT, "coefficient": FLOAT},
    },
    "regress": {
        "importance": {"feature": TEXT, "importance": FLOAT},
        "coefficients": {"feature": TEXT, "coefficient": FLOAT},
    },
}
_LABELS = {"classify": ("text", "number", "bool"), "regress": ("number",)}
_ENCODERS = "encode texts first (one_hot, ordinal_encode, target_encode)"
_GAPS = "Missing values of features are learned from as they are."
_NO_GAPS = "A missing value in a feature is an error: impute it, or filter those rows."
FEATURES = columns("The columns to learn from; all of numbers if none is named")
_COMMON = (
    "A missing label is an error. All features are numbers or true and false, and finite; no "
    "feature named: all such columns but label and weight."
)


@dataclass(frozen=True)
class Estimator:
    """An estimator of a family: a line of a module's table.

    `explained` is the port of the table that says what the features count for, if it has one.
    """

    name: str
    title: str
    summary: str
    parameters: Mapping[str, Parameter]
    explained: str = ""
    accepts_missing: bool = False
    takes_weights: bool = True
    pai: tuple[PaiName, ...] = ()
    azureml: tuple[str, ...] = ()
    example: Mapping[str, str] = field(default_factory=dict)
    notes: str = ""


def declared(task: str, estimator: Estimator, example: Example) -> Declaration:
    """The declaration of one estimator; `task` is `classify` or `regress`."""
    outputs = {"model": MODEL_OUT}
    if estimator.explained:
        outputs[estimator.explained] = TABLE_OUT
    gaps = _GAPS if estimator.accepts_missing else _NO_GAPS
    return Declaration(
        estimator.name,
        task,
        estimator.title,
        estimator.summary,
        f"learn.{task}",
        learns(task, _EXPLAINED[task].get(estimator.explained), estimator.explained),
        {"table": TABLE, "transform": OPTIONAL_TRANSFORM},
        outputs,
        {**_fields(task, estimator.takes_weights), **estimator.parameters},
        estimator.name,
        estimator.pai,
        estimator.azureml,
        Example(example.inputs, {**example.parameters, **estimator.example}),
        " ".join(filter(None, (_COMMON, gaps, estimator.notes))),
    )


def learns(task: str, explained: Mapping[str, str] | None, port: str) -> Rule:
    """A training: the model's features, the type of its prediction, what was done before."""

    def rule(given: Given) -> Mapping[str, Shape]:
        table, label = given.table(), given.get("label", "")
        chosen(table, [label], _LABELS[task])
        others = [label, *given.columns("weight", ("number",))]
        features = learned_from(table, given.names("features"), others)
        answer = _answer(table, label, task)
        shapes: dict[str, Shape] = {"model": Learned(task, features, answer, given.before())}
        if explained:
            shapes[port] = Columns(explained)
        return shapes

    return rule


def label_fields(task: str) -> dict[str, Parameter]:
    """The columns that every training is told."""
    kind = "number" if task == "regress" else ""
    what = "The number to predict" if kind else "The classes to tell apart: texts, whole numbers"
    return {
        "label": column(what, dtype=kind),
        "features": FEATURES,
    }


def weight_field() -> Parameter:
    """The column that says how much a row counts."""
    return column("How much each row counts", required=False, dtype="number")


def trained(
    pai: str,
    parameters: Mapping[str, str] | None = None,
    *,
    outputs: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    fixed: Mapping[str, str] | None = None,
) -> PaiName:
    """A training of PAI: all name table, model, label and features alike."""
    return PaiName(
        pai,
        {"labelColName": "label", "featureColNames": "features", **(parameters or {})},
        {"inputTableName": "table"},
        {"modelName": "model", **(outputs or {})},
        values or {},
        fixed or {},
    )


def forest(features: tuple[str, ...], *criteria: str) -> dict[str, Parameter]:
    """A random forest's parameters."""
    return {
        "trees": integer("How many trees", 100, 1, 100_000),
        "criterion": choice("What a split is to better", *criteria),
        "max_depth": integer("The deepest a tree grows; no bound if it is not said", None, 1),
        "min_leaf_rows": integer("The fewest rows of a leaf", 1, 1),
        "max_features": choice("Of how many features a split is drawn", *features),
        "seed": seed(),
    }


def tree(*criteria: str) -> dict[str, Parameter]:
    """A decision tree's parameters."""
    return {
        "criterion": choice("What a split is to better", *criteria),
        "max_depth": integer("The deepest it grows; no bound if it is not said", None, 1),
        "min_split_rows": integer("The fewest rows that are split", 2, 2),
        "min_leaf_rows": integer("The fewest rows of a leaf", 1, 1),
        "pruning": number("Cost of a leaf: branches that gain less are cut", 0.0, 0),
        "seed": seed(),
    }


def xgboost() -> dict[str, Parameter]:
    """The parameters of gradient boosting by xgboost."""
    return {
        "trees": integer("How many rounds of boosting", 100, 1, 100_000),
        "learning_rate": number("What each round counts", 0.3, 0, 1, above=True),
        "max_depth": integer("The deepest a tree grows", 6, 1, 64),
        "min_child_weight": number("The least weight of a leaf", 1.0, 0),
        "min_split_loss": number("The least gain of a split", 0.0, 0),
        "row_fraction": number("The share of rows of a tree", 1.0, 0, 1, above=True),
        "column_fraction": number("The share of features of a tree", 1.0, 0, 1, above=True),
        "l1": number("The penalty on the size of leaves", 0.0, 0),
        "l2": number("The penalty on their square", 1.0, 0),
        "seed": seed(),
    }


def lightgbm() -> dict[str, Parameter]:
    """The parameters of gradient boosting by lightgbm."""
    return {
        "trees": integer("How many rounds of boosting", 100, 1, 100_000),
        "learning_rate": number("What each round counts", 0.1, 0, 1, above=True),
        "max_leaves": integer("The most leaves of a tree", 31, 2, 131_072),
        "max_depth": integer("The deepest a tree grows; no bound if it is not said", None, 1, 64),
        "min_leaf_rows": integer("The fewest rows of a leaf", 20, 1),
        "row_fraction": number("The share of rows of a tree", 1.0, 0, 1, above=True),
        "column_fraction": number("The share of features of a tree", 1.0, 0, 1, above=True),
        "l1": number("The penalty on the size of leaves", 0.0, 0),
        "l2": number("The penalty on their square", 0.0, 0),
        "seed": seed(),
    }


def neural() -> dict[str, Parameter]:
    """The parameters of a multi-layer perceptron."""
    return {
        "hidden_layers": text("Sizes of the hidden layers, such as `64,32`", "100"),
        "activation": choice("What a neuron does", "relu", "tanh", "logistic", "identity"),
        "solver": choice("How it learns", "adam", "sgd", "lbfgs"),
        "l2": number("The penalty on the square of weights", 0.0001, 0),
        "learning_rate": number("What each step counts", 0.001, 0, above=True),
        "max_iterations": integer("The most rounds over all rows", 200, 1),
        "early_stopping": flag("Stop when a tenth of the rows, kept apart, gains no more"),
        "seed": seed(),
    }


def _fields(task: str, takes_weights: bool) -> dict[str, Parameter]:
    fields = label_fields(task)
    if takes_weights:
        fields["weight"] = weight_field()
    if takes_weights and task == "classify":
        fields["balanced"] = flag("Let every class count the same, however many rows it has")
    return fields


def learned_from(table: Columns, names: list[str], others: list[str]) -> tuple[str, ...] | None:
    """The features of a training, None if they are not known; BadRequest if there are none."""
    for name in names:
        if name in others:
            raise BadRequest(f"'{name}' is the label or the weight: leave it out of the features")
        if is_of(table.types.get(name, UNKNOWN_TYPE), ("text",)):
            raise BadRequest(f"feature '{name}' holds texts, and numbers are needed; {_ENCODERS}")
    found = chosen(table, names, ("number", "bool"), others)
    if found is None:
        return None
    if not found:
        raise BadRequest(f"there are no columns of numbers to learn from; {_ENCODERS}")
    return tuple(found)


def _answer(table: Columns, label: str, task: str) -> str:
    """The type of a prediction: the label's own, text of a category, a float of a decimal."""
    dtype = table.types.get(label, UNKNOWN_TYPE)
    if task == "regress" or dtype.startswith("Decimal"):
        return FLOAT
    return TEXT if is_of(dtype, ("text",)) else dtype
