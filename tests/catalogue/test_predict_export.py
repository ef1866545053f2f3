"""Exported models answer what `predict` answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest

from millwork.runtime.functions.learn_glm import glm
from millwork.runtime.functions.learners import CLASSIFIERS, REGRESSORS
from millwork.runtime.functions.predict_export import export_model
from millwork.runtime.problems import StepError
from millwork.runtime.step import Folder
from tests.catalogue.learning import cancer, diabetes, features_of, kept, learned, predicted, wine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

onnxruntime = pytest.importorskip("onnxruntime")


def single(table: pl.DataFrame) -> pl.DataFrame:
    """Numbers that float32 holds: a tree's question is answered alike in both."""
    return table.with_columns(pl.col(pl.Float64).cast(pl.Float32))


@pytest.mark.parametrize("name", [*CLASSIFIERS, *REGRESSORS])
@pytest.mark.parametrize("data", [cancer, wine, diabetes])
@pytest.mark.filterwarnings("ignore")
def test_onnx_answers_as_predict(
    name: str, data: Callable[[], pl.DataFrame], tmp_path: Path
) -> None:
    if (data is diabetes) != (name in REGRESSORS):
        return
    table = single(data())
    few: Any = {"trees": 5} if "forest" in name or "boost" in name else {}
    model = kept(learned(name, table, **few), tmp_path / "model")
    export_model(model=model, onnx=Folder(tmp_path))
    told = json.loads((tmp_path / "signature.json").read_text())
    assert told["features"] == table.drop("target").columns
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    answers = session.run(None, {told["input"]: features_of(table).astype(np.float32)})
    found = predicted(model, table)
    if name in REGRESSORS:
        np.testing.assert_allclose(answers[0].ravel(), found["prediction"], rtol=1e-4, atol=1e-3)
        return
    classes = [told["classes"][place] for place in answers[0].ravel()]
    assert np.mean(np.array(classes) == found["prediction"].to_numpy()) > 0.99
    if name != "linear_svm":
        best = answers[1].max(axis=1)
        np.testing.assert_allclose(best, found["prediction_score"], atol=1e-3)


def test_what_cannot_be_exported_is_told(tmp_path: Path) -> None:
    model = glm(table=diabetes().lazy(), label="target")["model"]
    with pytest.raises(StepError, match="no exporter to ONNX for glm models"):
        export_model(model=model, onnx=Folder(tmp_path))
