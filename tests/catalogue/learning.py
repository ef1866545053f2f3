"""Tables with labels for the tests of models, and models that went through a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
from sklearn import datasets

from millwork.runtime.functions.learn import classify, regress
from millwork.runtime.functions.learners import CLASSIFIERS
from millwork.runtime.functions.predict import predict
from millwork.runtime.models import Model

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray


def real(loader: Callable[[], Any]) -> pl.DataFrame:
    """A data set of scikit-learn: its features standardised, and `target`."""
    found = loader()
    values = (found.data - found.data.mean(axis=0)) / found.data.std(axis=0)
    names = [f"größe {place}" for place in range(values.shape[1])]
    return pl.DataFrame(values, names).with_columns(target=pl.Series(found.target))


def cancer() -> pl.DataFrame:
    """Two classes, with names whose order is not that of the numbers."""
    kind = pl.col("target").replace_strict({0: "malignant", 1: 'bé"nin'})
    return real(datasets.load_breast_cancer).with_columns(target=kind)


def wine() -> pl.DataFrame:
    return real(datasets.load_wine)


def diabetes() -> pl.DataFrame:
    return real(datasets.load_diabetes)


def features_of(table: pl.DataFrame) -> NDArray[np.float64]:
    return np.ascontiguousarray(table.drop("target").to_numpy())


def learned(name: str, table: pl.DataFrame, label: str = "target", **more: Any) -> Model:
    """The model of a built-in's training."""
    function = classify if name in CLASSIFIERS else regress
    found: Model = function(name, table=table.lazy(), label=label, **more)["model"]
    return found


def kept(model: Model, folder: Path) -> Model:
    """The model as it comes out of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder)
    return Model.load(folder)


def predicted(model: Model, table: pl.DataFrame, **more: Any) -> pl.DataFrame:
    return predict(table=table.lazy(), model=model, **more).collect(engine="streaming")
