"""Columns chosen by how much they tell of a label."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from .. import tables
from ..fitted.columns import col, matrix
from ..models import complete
from ..problems import StepError
from ..transforms import Fitted, Transform, outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Scores = tuple[NDArray[np.float64], NDArray[np.float64] | None]

MOST_CLASSES = 20


def select_features(
    *,
    table: pl.LazyFrame,
    label: str,
    transform: Transform | None = None,
    columns: list[str] | None = None,
    method: str = "f",
    count: int = 10,
    task: str = "auto",
    seed: int = 0,
) -> dict[str, Any]:
    """The columns with the best scores, and everybody's scores."""
    names = tables.chosen(table, columns or [], ("number", "bool"), [label])
    tables.chosen(table, [label], ("number", "text", "bool"))
    if label in names or not names:
        raise StepError("no column of numbers besides the label: there is nothing to select from")
    frame = table.select(*map(col, [*names, label])).collect(engine="streaming")
    values = matrix(complete(frame, [*names, label]).select(map(col, names)))
    _check(values, names, method)
    target, is_classes = _target(frame.get_column(label).alias(""), label, task)
    if method == "chi2" and not is_classes:
        raise StepError("chi2 is for classes: use f, mutual_information or importance")
    scores, chances = _SCORES[method](values, target, is_classes, seed)
    known = np.where(np.isnan(scores), -np.inf, scores)
    best = set(np.argsort(-known, kind="stable")[:count].tolist())
    importance = _importance(names, scores, chances, best)
    state = {
        "keep": [name for place, name in enumerate(names) if place in best],
        "drop": [name for place, name in enumerate(names) if place not in best],
    }
    return {**outcome(table, transform, Fitted("keep", state)), "importance": importance}


def _check(values: NDArray[np.float64], names: list[str], method: str) -> None:
    if len(values) < 2:
        raise StepError(f"the table has {len(values)} rows: two at least are needed")
    for place, name in enumerate(names):
        if not np.isfinite(values[:, place]).all():
            raise StepError(f"column '{name}' holds NaN or infinite values: fill or filter them")
        if np.abs(values[:, place]).max() > np.finfo(np.float32).max:
            raise StepError(f"column '{name}' holds values that are too large: scale it first")
        if method == "chi2" and values[:, place].min() < 0:
            raise StepError(f"column '{name}' has values below 0, which chi2 cannot score")


def _target(label: pl.Series, name: str, task: str) -> tuple[NDArray[Any], bool]:
    """The label as scikit-learn takes it, and whether it is classes."""
    is_number = label.dtype.is_numeric()
    if task == "regress" and not is_number:
        raise StepError(f"column '{name}' is {label.dtype}: it can only be classes")
    is_few = not label.dtype.is_float() and label.n_unique() <= MOST_CLASSES
    is_classes = task == "classify" or (task == "auto" and (not is_number or is_few))
    if label.n_unique() < 2:
        raise StepError(f"column '{name}' is the same in all rows: nothing tells of it")
    if is_classes:
        return (label if is_number else label.cast(pl.String)).rank("dense").to_numpy(), True
    target = label.cast(pl.Float64).to_numpy()
    if not np.isfinite(target).all():
        raise StepError(f"column '{name}' holds NaN or infinite values: filter them")
    return target, False


def _importance(
    names: list[str],
    scores: NDArray[np.float64],
    chances: NDArray[np.float64] | None,
    best: set[int],
) -> pl.DataFrame:
    """Every column's score, the best first."""
    p_values = [None] * len(names) if chances is None else chances.tolist()
    made = pl.DataFrame(
        {
            "column": names,
            "score": scores.astype(float).tolist(),
            "p_value": p_values,
            "is_kept": [place in best for place in range(len(names))],
        },
        schema={
            "column": pl.String,
            "score": pl.Float64,
            "p_value": pl.Float64,
            "is_kept": pl.Boolean,
        },
    ).with_columns(pl.col("score", "p_value").fill_nan(None))
    return made.sort("score", descending=True, nulls_last=True, maintain_order=True)


def _chi2(values: Any, target: Any, _is_classes: bool, _seed: int) -> Scores:
    from sklearn.feature_selection import chi2

    scores, chances = chi2(values, target)
    return scores, chances


def _f(values: Any, target: Any, is_classes: bool, _seed: int) -> Scores:
    from sklearn.feature_selection import f_classif, f_regression

    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a constant column has no score, as its page says
        scores, chances = (f_classif if is_classes else f_regression)(values, target)
    return scores, chances


def _mutual_information(values: Any, target: Any, is_classes: bool, seed: int) -> Scores:
    from sklearn.feature_selection import mutual_info_classif, mutual_info_regression

    least = np.unique(target, return_counts=True)[1].max() if is_classes else len(values) - 2
    if least < 2:
        raise StepError("mutual information needs four rows, or two of one class, at least")
    score = mutual_info_classif if is_classes else mutual_info_regression
    return score(values, target, random_state=seed), None


def _forest(values: Any, target: Any, is_classes: bool, seed: int) -> Scores:
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

    kind = RandomForestClassifier if is_classes else RandomForestRegressor
    return kind(random_state=seed).fit(values, target).feature_importances_, None


_SCORES: dict[str, Callable[[Any, Any, bool, int], Scores]] = {
    "f": _f,
    "chi2": _chi2,
    "mutual_information": _mutual_information,
    "importance": _forest,
}
