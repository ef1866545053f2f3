"""What all evaluations share: the table of metrics, and classes counted against predictions."""

from __future__ import annotations

import json
import warnings
from math import isnan
from typing import TYPE_CHECKING, Any

import polars as pl
from polars import selectors as cs

from .. import tables
from ..problems import StepError
from ..reports import Report, finite
from .samples import category, numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

METRICS = {"metric": pl.String, "value": pl.Float64}
LOWER_IS_BETTER = frozenset(
    (
        "log_loss",
        "brier",
        "rmse",
        "mse",
        "mae",
        "median_absolute_error",
        "mape",
        "max_error",
        "davies_bouldin",
    )
)
DETAIL = "prediction_detail"
_TITLES = {
    "auc": "AUC",
    "ks": "KS",
    "ks_threshold": "Threshold of KS",
    "best_f1": "Best F1",
    "best_f1_threshold": "Threshold of best F1",
    "f1": "F1",
    "mcc": "Matthews correlation",
    "rmse": "RMSE",
    "mse": "MSE",
    "mae": "MAE",
    "r2": "R²",
    "mape": "MAPE",
    "kappa": "Cohen's kappa",
    "davies_bouldin": "Davies-Bouldin",
    "calinski_harabasz": "Calinski-Harabasz",
    "f1_macro": "F1, mean of classes",
    "auc_macro": "AUC, mean of classes",
}


def metrics_table(values: Mapping[str, Any]) -> pl.DataFrame:
    """The metrics as a table: null for one that is not defined."""
    return pl.DataFrame(list(finite(dict(values)).items()), METRICS, orient="row")


def titled(values: Mapping[str, Any]) -> dict[str, Any]:
    """The metrics under the names that people read."""
    return {title(name): value for name, value in values.items()}


def show_metrics(report: Report, values: Mapping[str, Any], *headline: str) -> Report:
    """The headline as tiles, and the other metrics, if there are any, in a table."""
    report.metrics("", titled({name: values[name] for name in headline if name in values}))
    rest = titled({name: value for name, value in values.items() if name not in headline})
    return report.table("More metrics", ["metric", "value"], rest.items()) if rest else report


def title(name: str) -> str:
    """A metric's name for people."""
    return _TITLES.get(name) or name.replace("_", " ").capitalize()


def defined(function: Callable[..., Any], *arguments: Any, **options: Any) -> float | None:
    """What scikit-learn computes; None where it is not defined for these data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return finite(float(function(*arguments, **options)))  # type: ignore[no-any-return]
        except ValueError:
            return None


def decoded(table: pl.LazyFrame, detail: str, classes: Sequence[str]) -> pl.Expr:
    """What `predict` gave each of the classes: a struct with a number a class."""
    tables.chosen(table, [detail], ("text",))
    shape = pl.Struct(dict.fromkeys(classes, pl.Float64))
    return cs.by_name(detail).cast(pl.String).str.json_decode(shape)


def collected(frame: pl.LazyFrame, detail: str) -> pl.DataFrame:
    """The rows; StepError if the column of details is not JSON of classes and numbers."""
    try:
        return frame.collect(engine="streaming")
    except pl.exceptions.ComputeError as error:
        if "json" not in str(error).lower():
            raise
        raise not_detail(detail) from None


def not_detail(name: str) -> StepError:
    """What to say of a column that is not what `predict` writes."""
    example = json.dumps({"yes": 0.7, "no": 0.3})
    return StepError(f"'{name}' is not JSON of classes and numbers, as {example}")


def counted(table: pl.LazyFrame, label: str, prediction: str) -> tuple[list[str], pl.DataFrame]:
    """The classes, and how often each label comes with each prediction, in the classes' order.

    1 and 1.0 are one class where the columns are numbers of different types. Rows without a label
    or a prediction are not counted; StepError if no row is left.
    """
    schema, names = table.collect_schema(), {"label": label, "prediction": prediction}
    texts = {alias: category(table, name) for alias, name in names.items()}
    types = [schema[name] for name in names.values()]
    if types[0] != types[1] and all(map(_is_numeric, types)):
        texts = {alias: numbers(name).cast(pl.String) for alias, name in names.items()}
    found = (
        table.select(expression.alias(alias) for alias, expression in texts.items())
        .drop_nulls()
        .group_by(*names)
        .agg(pl.len().cast(pl.Int64).alias("count"))
        .collect(engine="streaming")
    )
    if not found.height:
        raise StepError(f"no row has both a label ('{label}') and a prediction ('{prediction}')")
    classes = in_order(set(found["label"]) | set(found["prediction"]))
    order = pl.Enum(classes)
    return classes, found.cast({"label": order, "prediction": order}).sort("label", "prediction")


def in_order(names: Iterable[str]) -> list[str]:
    """Classes as people order them: numbers by value, others by the alphabet."""
    known = sorted(names)
    try:
        numbers = [float(name) for name in known]
    except ValueError:
        return known
    return known if any(map(isnan, numbers)) else sorted(known, key=float)


def _is_numeric(dtype: pl.DataType) -> bool:
    return tables.is_number(dtype) or dtype == pl.Boolean
