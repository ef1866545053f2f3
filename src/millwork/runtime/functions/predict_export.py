"""Models in a format that other programs run."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from ..answers import task_of
from ..models import Model
from ..problems import StepError
from ..step import Folder

if TYPE_CHECKING:
    from collections.abc import Callable

INPUT = "features"  # the name of the matrix that an exported model takes


def export_model(*, model: Model, onnx: Folder) -> None:
    """Write the model as `model.onnx`, and `signature.json`, which says what goes in and out."""
    convert = _CONVERTERS.get(model.flavour)
    if convert is None or model.signature.task not in ("classify", "regress"):
        raise StepError(f"there is no exporter to ONNX for {model.algorithm} models")
    try:
        made = convert(model, len(model.signature.features))
    except Exception as error:  # whatever an exporter says of what it does not know
        told = " ".join(str(error).split())[:300]
        raise StepError(f"{model.algorithm} cannot be exported to ONNX: {told}") from None
    if model.transform.steps:
        print(  # noqa: T201 - the step's log
            "warning: what was done before training is not in the ONNX file; signature.json has it",
            file=sys.stderr,
        )
    (onnx / "model.onnx").write_bytes(made.SerializeToString())
    text = json.dumps(_signature(model), indent=1, ensure_ascii=False)
    (onnx / "signature.json").write_text(text, encoding="utf-8")


def _signature(model: Model) -> dict[str, Any]:
    signature = model.signature
    columns = task_of(model).columns(signature.label_type)
    return {
        "input": INPUT,
        "input_type": "float32, rows x features",
        "features": list(signature.features),
        "prediction": {role: str(dtype) for role, dtype in columns.items()},
        "classes": list(signature.classes),
        "transform": model.transform.to_json(),
    }


def _of_sklearn(model: Model, width: int) -> Any:
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType

    has_probabilities = hasattr(model.estimator, "predict_proba")
    plain = {id(model.estimator): {"zipmap": False}} if has_probabilities else None
    types = [(INPUT, FloatTensorType([None, width]))]
    return to_onnx(model.estimator, initial_types=types, options=plain)


def _of_xgboost(model: Model, width: int) -> Any:
    from onnxmltools.convert import convert_xgboost
    from onnxmltools.convert.common.data_types import FloatTensorType

    types = [(INPUT, FloatTensorType([None, width]))]
    return convert_xgboost(model.estimator, initial_types=types)


def _of_lightgbm(model: Model, width: int) -> Any:
    from onnxmltools.convert import convert_lightgbm
    from onnxmltools.convert.common.data_types import FloatTensorType

    types = [(INPUT, FloatTensorType([None, width]))]
    return convert_lightgbm(model.estimator, initial_types=types, zipmap=False)


_CONVERTERS: dict[str, Callable[[Model, int], Any]] = {
    "skops": _of_sklearn,
    "xgboost": _of_xgboost,
    "lightgbm": _of_lightgbm,
}
