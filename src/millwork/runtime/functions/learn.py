"""Models learned from a table with a label: one training for all classifiers and regressions."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from .. import tables
from ..answers import threads
from ..models import Model, Signature, checked, complete, example_of, features_of
from ..problems import StepError
from ..transforms import Transform
from .learners import CLASSIFIERS, NAMES, REGRESSORS, Learner

Array = NDArray[Any]


def classify(
    member: str,
    *,
    table: pl.LazyFrame,
    label: str,
    transform: Transform | None = None,
    features: list[str] | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Learn to tell classes apart: the model, and how much each feature counts in it.

    `options` are the member's own, and `weight` and `balanced` of those that weigh rows.
    """
    learner = CLASSIFIERS[member]
    weight, balanced = options.pop("weight", None), options.pop("balanced", False)
    rows, types = learned_rows(table, label, features, weight, ("text", "number", "bool"), member)
    classes, codes, label_type = classes_of(rows[label])
    weights = weights_of(rows, weight)
    if balanced:
        counts = np.bincount(codes)
        weights = len(codes) / (len(counts) * counts[codes]) * (1 if weights is None else weights)
    signature = Signature("classify", types, label, label_type, classes, learner.accepts_missing)
    estimator = fitted(learner, options, checked_matrix(rows, signature), codes, weights)
    model = model_of(member, learner, estimator, signature, rows, transform, options)
    return {"model": model, **_explained(learner, estimator, signature)}


def regress(
    member: str,
    *,
    table: pl.LazyFrame,
    label: str,
    transform: Transform | None = None,
    features: list[str] | None = None,
    weight: str | None = None,
    **options: Any,
) -> dict[str, Any]:
    """Learn to tell a number: the model, and how much each feature counts in it."""
    learner = REGRESSORS[member]
    rows, types = learned_rows(table, label, features, weight, ("number",), member)
    target = checked(complete(rows, [label]), [label])[:, 0]
    signature = Signature("regress", types, label, "Float64", (), learner.accepts_missing)
    matrix = checked_matrix(rows, signature)
    estimator = fitted(learner, options, matrix, target, weights_of(rows, weight))
    model = model_of(member, learner, estimator, signature, rows, transform, options)
    return {"model": model, **_explained(learner, estimator, signature)}


def learned_rows(
    table: pl.LazyFrame,
    label: str,
    features: list[str] | None,
    weight: str | None,
    kinds: tuple[str, ...],
    task: str,
) -> tuple[pl.DataFrame, dict[str, str]]:
    """The columns to learn from, read once, and the types of the features among them."""
    tables.chosen(table, [label], kinds)
    others = [label]
    if weight:
        if weight == label:
            raise StepError(f"'{weight}' is the label: it cannot be the weight too")
        others += tables.chosen(table, [weight], ("number",))
    types = features_of(table, features, others, task)
    rows = table.select(*types, *others).collect(engine="streaming")
    if not rows.height:
        raise StepError("the table has no rows: there is nothing to learn from")
    return rows, types


def classes_of(labels: pl.Series) -> tuple[tuple[Any, ...], Array, str]:
    """The classes in their order, each row's as a number, and the type of a prediction."""
    if tables.KINDS["text"](labels.dtype):
        labels = labels.cast(pl.String)
    elif labels.dtype.is_decimal():
        labels = labels.cast(pl.Float64)
    if labels.dtype.is_float():
        labels = labels.fill_nan(None)
    missing = labels.null_count()
    if missing:
        raise StepError(
            f"the label '{labels.name}' is missing in {missing} rows: filter those rows first"
        )
    if labels.dtype.is_float() and not (labels.is_finite() & (labels == labels.round())).all():
        raise StepError(
            f"the label '{labels.name}' holds numbers with fractions: a classifier needs classes; "
            "take a regression, or bin it first"
        )
    known = labels.unique().sort()
    if len(known) < 2:
        raise StepError(
            f"the label '{labels.name}' holds one class only ({known[0]!r}): a classifier needs "
            "rows of two or more"
        )
    codes = known.search_sorted(labels).to_numpy().astype(np.int64)
    return tuple(known.to_list()), codes, str(labels.dtype)


def weights_of(rows: pl.DataFrame, weight: str | None) -> Array | None:
    """How much each row counts; None for alike."""
    if not weight:
        return None
    found = checked(complete(rows, [weight]), [weight])[:, 0]
    if (found < 0).any() or not found.any():
        raise StepError(f"the weight '{weight}' is below 0 in some rows, or 0 in all: correct it")
    return found


def checked_matrix(rows: pl.DataFrame, signature: Signature) -> Array:
    """The features of the training rows."""
    names = list(signature.features)
    found = checked(rows, names, accepts_missing=signature.accepts_missing)
    if np.isnan(found).all():
        raise StepError("all values of all features are missing: there is nothing to learn from")
    return found


def fitted(
    learner: Learner, options: Mapping[str, Any], matrix: Array, target: Array | None, weights: Any
) -> Any:
    """The estimator, trained; StepError with the library's reason if it cannot be."""
    ours = learner.adjust(dict(options))
    if "neighbours" in ours and ours["neighbours"] > len(matrix):
        raise StepError(f"neighbours is {ours['neighbours']}, and there are {len(matrix)} rows")
    path = learner.path if isinstance(learner.path, str) else learner.path(dict(options))
    given = {NAMES.get(k, k) if k not in learner.names else learner.names[k]: ours[k] for k in ours}
    given = {name: value for name, value in given.items() if value is not None}
    if learner.uses_threads:
        given["n_jobs"] = threads()
    module, _, name = path.rpartition(".")
    estimator = getattr(import_module(module), name)(**learner.fixed, **given)
    extra = {} if weights is None else {"sample_weight": weights}
    heeded(name, lambda: estimator.fit(matrix, target, **extra))
    if learner.uses_threads and learner.flavour == "skops":
        estimator.n_jobs = None  # it predicts elsewhere
    return estimator


def heeded(name: str, work: Callable[[], Any]) -> Any:
    """What the library's work gives: its warnings a line each of the log, its error a StepError."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = work()
        except StepError:
            raise
        except MemoryError:
            raise
        except Exception as error:
            told = " ".join(str(error).split())[:500]
            raise StepError(f"{name} cannot learn from these rows: {told}") from None
    told_once = dict.fromkeys(
        " ".join(str(each.message).split()) for each in caught if _concerns(each.category)
    )
    for text in told_once:
        print(f"warning: {text[:500]}", file=sys.stderr)  # noqa: T201 - the step's log
    return result


def model_of(
    member: str,
    learner: Learner,
    estimator: Any,
    signature: Signature,
    rows: pl.DataFrame,
    transform: Transform | None,
    options: Mapping[str, Any],
) -> Model:
    """The model that is kept: of xgboost and lightgbm the trees alone, in their own formats."""
    booster = {"xgboost": "get_booster", "lightgbm": "booster_"}.get(learner.flavour)
    kept = getattr(estimator, booster) if booster else estimator
    return Model(
        signature,
        kept() if callable(kept) else kept,
        learner.flavour,
        member,
        transform or Transform(),
        example_of(rows, list(signature.features)),
        {"rows": rows.height, "parameters": dict(options)},
    )


def _concerns(category: type[Warning]) -> bool:
    """A library's plans for its own parameters concern nobody here."""
    return not issubclass(category, DeprecationWarning | FutureWarning)


def _explained(learner: Learner, estimator: Any, signature: Signature) -> dict[str, pl.DataFrame]:
    """The table of what the features count for, of estimators that have one."""
    names = list(signature.features)
    if hasattr(estimator, "feature_importances_"):
        found = np.asarray(estimator.feature_importances_, dtype=float)
        if learner.flavour == "lightgbm":  # the others' are shares already
            found = found / (found.sum() or 1)
        table = pl.DataFrame({"feature": names, "importance": found})
        return {"importance": table.sort("importance", descending=True, maintain_order=True)}
    if not hasattr(estimator, "coef_"):
        return {}
    slopes = np.atleast_2d(estimator.coef_)
    bases = np.broadcast_to(np.atleast_1d(estimator.intercept_), len(slopes))
    columns = {
        "feature": ["(intercept)", *names] * len(slopes),
        "coefficient": np.column_stack((bases, slopes)).ravel().astype(float),
    }
    if not signature.classes:
        return {"coefficients": pl.DataFrame(columns)}
    told = signature.classes if len(slopes) > 1 else signature.classes[1:]
    texts = pl.Series("class", [str(name) for name in told for _ in range(len(names) + 1)])
    return {"coefficients": pl.DataFrame({"class": texts, **columns})}
