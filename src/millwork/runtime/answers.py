"""What a model answers for the rows of a table: by task, whatever library it is of."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from . import dtypes, links
from .problems import StepError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from .models import Model

    Array = NDArray[Any]


@dataclass(frozen=True)
class Answer:
    """For each row: the prediction, how sure it is of it, and all it weighed, as JSON; None for
    what a task does not have."""

    prediction: pl.Series
    score: pl.Series | None = None
    detail: pl.Series | None = None


@dataclass(frozen=True)
class Task:
    """What the models of a task answer: the types of its columns, by role, and the answer itself.

    `prediction` is None where it is the label's own type.
    """

    answer: Callable[[Model, Array], Answer]
    prediction: pl.DataType | None
    has_score: bool = False
    has_detail: bool = False

    def columns(self, label_type: str) -> dict[str, pl.DataType]:
        """The types of the result columns by their role: `result`, `score`, `detail`."""
        found = {"result": self.prediction or dtypes.named(label_type)}
        if self.has_score:
            found["score"] = pl.Float64()
        if self.has_detail:
            found["detail"] = pl.String()
        return found


def answer(model: Model, matrix: Array) -> Answer:
    """What a model answers for the rows of a matrix."""
    return task_of(model).answer(model, matrix)


def task_of(model: Model) -> Task:
    """The task of a model; StepError for one that is not known here."""
    found = TASKS.get(model.signature.task)
    if found is None:
        raise StepError(f"this version of Millwork knows no models that {model.signature.task}")
    return found


def threads() -> int:
    """How many threads a library may use: OMP_NUM_THREADS, or else the cores of this process."""
    told = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    if told.isdigit() and int(told) > 0:
        return int(told)
    return len(os.sched_getaffinity(0))


def values(model: Model, matrix: Array) -> Array:
    """One number a row, or one class's index."""
    if model.flavour == "json":
        return links.predicted(model.estimator, matrix)
    if model.flavour == "skops":
        return _one_a_row(model.estimator.predict(matrix))
    return _one_a_row(_boosted(model, matrix))


def weights(model: Model, matrix: Array) -> Array:
    """What it gives each of the classes, rows x classes: probabilities, or for a model that has
    none of them distances from the boundary between the classes."""
    import numpy as np

    if model.flavour != "skops":
        found = _boosted(model, matrix)
        return found if found.ndim == 2 else np.column_stack((1 - found, found))
    for method in ("predict_proba", "decision_function", "transform"):
        if hasattr(model.estimator, method):
            found = getattr(model.estimator, method)(matrix)
            return found if found.ndim == 2 else np.column_stack((-found, found))
    raise StepError(f"a model of {model.algorithm} has no probabilities")


def _weighed(model: Model, matrix: Array) -> Answer:
    """The class of the largest weight, that weight, and all of them."""
    import numpy as np

    classes = model.signature.classes
    given = weights(model, matrix)
    best = given.argmax(axis=1)
    known = pl.Series("", classes, dtypes.named(model.signature.label_type))
    names = [name if isinstance(name, str) else json.dumps(name) for name in classes]
    detail = pl.DataFrame(given, names).cast(pl.Float64)
    score = given[np.arange(len(best)), best]
    return Answer(
        known.gather(best),
        pl.Series("", score).cast(pl.Float64),
        detail.select(pl.struct(pl.all()).struct.json_encode()).to_series(),
    )


def _number(model: Model, matrix: Array) -> Answer:
    return Answer(pl.Series("", values(model, matrix)).cast(pl.Float64))


def _group(model: Model, matrix: Array) -> Answer:
    return Answer(pl.Series("", values(model, matrix)).cast(pl.Int64))


def _unlike(model: Model, matrix: Array) -> Answer:
    """Whether a row is unlike those learned, and how much: the more, the less it is like them."""
    scores = model.estimator.score_samples(matrix)
    return Answer(pl.Series("", scores < model.estimator.offset_), pl.Series("", -scores))


def _boosted(model: Model, matrix: Array) -> Array:
    if model.flavour == "lightgbm":
        found = model.estimator.predict(matrix, num_threads=threads())
    else:
        model.estimator.set_param({"nthread": threads()})
        found = model.estimator.inplace_predict(matrix)
    return found  # type: ignore[no-any-return]


def _one_a_row(found: Array) -> Array:
    return found.reshape(len(found))


TASKS = {
    "classify": Task(_weighed, None, has_score=True, has_detail=True),
    "regress": Task(_number, pl.Float64()),
    "cluster": Task(_group, pl.Int64()),
    "mixture": Task(_weighed, pl.Int64(), has_score=True, has_detail=True),
    "topics": Task(_weighed, pl.Int64(), has_score=True, has_detail=True),
    "anomaly": Task(_unlike, pl.Boolean(), has_score=True),
}
"""`mixture` and `topics` are clusterings with a weight for each group: classes 0, 1, ..."""
