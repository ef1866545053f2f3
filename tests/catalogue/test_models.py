"""Models in folders: what is in them, what is refused, and what is warned of."""

from __future__ import annotations

import io
import json
import os
import zipfile
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
import skops.io
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from millwork.runtime.functions.learn_glm import glm
from millwork.runtime.functions.learners import CLASSIFIERS, REGRESSORS
from millwork.runtime.models import Model, Signature
from millwork.runtime.problems import StepError
from millwork.runtime.savers import SAVERS
from millwork.runtime.transforms import Fitted, Transform
from tests.catalogue.learning import kept, learned, predicted

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TABLE = pl.DataFrame(
    {
        "höhe": [1.0, 2.0, 3.5, 4.0, 5.0, 7.0],
        "n": [3, 1, 4, 1, 5, 9],
        "y": [0, 1, 0, 1, 1, 1],
        "colour": ["red", "blue", "red", "blue", "blue", "blue"],
    }
)


def small(name: str) -> Model:
    cheap: dict[str, Any] = {"trees": 3} if "forest" in name or "boost" in name else {}
    if name == "knn_classifier":
        cheap = {"neighbours": 2}
    return learned(name, TABLE, "y", features=["höhe", "n"], **cheap)


@pytest.mark.parametrize("name", [*CLASSIFIERS, *REGRESSORS])
@pytest.mark.filterwarnings("ignore")
def test_a_model_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    model = small(name)
    again = kept(model, tmp_path)
    assert again.signature == model.signature
    assert again.example == {"höhe": 1.0, "n": 3}
    assert again.algorithm == name
    assert again.training["rows"] == 6
    assert predicted(again, TABLE).equals(predicted(model, TABLE))


@pytest.mark.parametrize("name", [*CLASSIFIERS, *REGRESSORS])
@pytest.mark.filterwarnings("ignore")
def test_nothing_in_a_folder_is_pickled(name: str, tmp_path: Path) -> None:
    kept(small(name), tmp_path)
    told = json.loads((tmp_path / "model.json").read_text())
    assert {each.name for each in tmp_path.iterdir()} == {
        "model.json",
        "example.json",
        told["file"],
    }
    assert told["file"] in ("model.skops", "model.ubj", "model.txt")
    assert {"numpy", "python"} < told["libraries"].keys()
    if told["flavour"] == "skops":
        with zipfile.ZipFile(tmp_path / told["file"]) as archive:
            for member in archive.namelist():
                assert member == "schema.json" or archive.read(member)[:6] == b"\x93NUMPY"


def test_glm_is_coefficients_that_a_person_can_read(tmp_path: Path) -> None:
    kept(glm(table=TABLE.lazy(), label="n", features=["höhe"], family="poisson")["model"], tmp_path)
    told = json.loads((tmp_path / "coefficients.json").read_text())
    assert told.keys() == {"family", "link", "intercept", "coefficients"}
    libraries = json.loads((tmp_path / "model.json").read_text())["libraries"]
    assert libraries.keys() == {"statsmodels", "numpy", "python"}


def test_its_transform_goes_with_it(tmp_path: Path) -> None:
    scale = {"columns": {"höhe": {"shift": 1.0, "factor": 2.0}}, "suffix": ""}
    done = Transform((Fitted("scale", scale),))
    model = learned("naive_bayes", TABLE, "y", features=["höhe"], transform=done)
    assert kept(model, tmp_path).transform == done


@pytest.mark.parametrize("function", [os.system, eval, print, json.dumps, os.path.join])
def test_functions_in_a_file_are_not_loaded(function: Any, tmp_path: Path) -> None:
    skops.io.dump(FunctionTransformer(func=function), tmp_path / "model.skops")
    with pytest.raises(StepError, match="the model holds what is not loaded"):
        SAVERS["skops"].load(tmp_path)


@pytest.mark.parametrize(
    ("module", "name", "loader"),
    [
        ("builtins", "eval", ""),
        ("builtins", "exec", "FunctionNode"),
        ("builtins", "getattr", "TypeNode"),
        ("builtins", "getattr", "MethodNode"),
        ("posix", "system", "FunctionNode"),
        ("subprocess", "Popen", ""),
        ("numpy", "load", "FunctionNode"),
        ("numpy.testing", "rundocs", "FunctionNode"),
        ("sklearn.externals.joblib", "load", "FunctionNode"),
        ("sklearn.datasets", "load_files", ""),
        ("sklearn.utils._testing", "SkipTest", ""),
        ("operator", "attrgetter", "OperatorFuncNode"),
    ],
)
def test_a_forged_file_is_not_loaded(module: str, name: str, loader: str, tmp_path: Path) -> None:
    def forge(schema: dict[str, Any]) -> None:
        schema["__module__"], schema["__class__"] = module, name
        schema["__loader__"] = loader or schema["__loader__"]

    forged(tmp_path, forge)
    with pytest.raises(StepError, match=r"is not loaded|cannot be read"):
        SAVERS["skops"].load(tmp_path)


def test_a_function_deep_in_an_estimator_is_not_loaded(tmp_path: Path) -> None:
    def forge(schema: dict[str, Any]) -> None:
        schema["content"]["content"]["C"] = {
            "__class__": "system",
            "__module__": "posix",
            "__loader__": "FunctionNode",
            "__id__": 1,
            "content": {"module_path": "posix", "function": "system"},
        }

    forged(tmp_path, forge)
    with pytest.raises(StepError, match=r"is not loaded|cannot be read"):
        SAVERS["skops"].load(tmp_path)


def test_a_file_without_an_estimator_is_refused(tmp_path: Path) -> None:
    skops.io.dump({"a": 1}, tmp_path / "model.skops")
    with pytest.raises(StepError, match="holds a dict, and no estimator"):
        SAVERS["skops"].load(tmp_path)


def test_other_estimators_of_the_library_are_loaded(tmp_path: Path) -> None:
    made = HistGradientBoostingClassifier(max_iter=2).fit([[0], [1]] * 30, [0, 1] * 30)
    SAVERS["skops"].save(made, tmp_path)
    assert SAVERS["skops"].load(tmp_path).predict([[1]]) == [1]


@pytest.mark.parametrize("name", ["naive_bayes", "xgboost_classifier", "lightgbm_classifier"])
@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04rest"])
def test_a_damaged_file_is_one_line(name: str, content: bytes, tmp_path: Path) -> None:
    kept(small(name), tmp_path)
    file = tmp_path / json.loads((tmp_path / "model.json").read_text())["file"]
    file.write_bytes(content)
    with pytest.raises(StepError, match="cannot be read") as refused:
        Model.load(tmp_path)
    assert "\n" not in str(refused.value)
    file.unlink()
    with pytest.raises(StepError, match=r"the model's file .* is missing"):
        Model.load(tmp_path)


READS_A_FILE = {
    "kind": "impute",
    "state": {
        "columns": {"a": {"value": 1, "type": "read_csv(source='x.csv')", "kind": "number"}},
        "indicator": False,
    },
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"format": "millwork/model/9"}, "not a model of this version"),
        ({"flavour": "pickle"}, "is damaged"),
        ({"features": None}, "is damaged"),
        ({"libraries": 3}, "is damaged"),
        ({"libraries": ["abc"]}, "is damaged"),
        ({"label_type": "read_csv"}, r"^\S+: model\.json is damaged: .*'read_csv' is no type"),
        ({"label_type": ""}, "is damaged"),
        ({"label_type": ["Int64"]}, "is damaged"),
        (
            {"transform": {"format": "millwork/transform/1", "steps": [READS_A_FILE]}},
            r"^model\.json is damaged: .*is no type",
        ),
        ({"transform": {"format": "other"}}, "not a transform of this version"),
    ],
)
def test_a_damaged_description_is_one_line(
    change: dict[str, Any], told: str, tmp_path: Path
) -> None:
    kept(small("naive_bayes"), tmp_path)
    described(tmp_path, lambda kept: kept.update(change))
    with pytest.raises(StepError, match=told):
        Model.load(tmp_path)


def test_a_folder_without_a_model_is_told(tmp_path: Path) -> None:
    with pytest.raises(StepError, match="no model"):
        Model.load(tmp_path)
    (tmp_path / "model.json").write_text("[]")
    (tmp_path / "example.json").write_text("{}")
    with pytest.raises(StepError, match="not a model"):
        Model.load(tmp_path)


@pytest.mark.parametrize(("name", "warns"), [("naive_bayes", True), ("xgboost_classifier", False)])
def test_another_version_of_scikit_learn_is_warned_of(
    name: str, warns: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept(small(name), tmp_path)
    assert "warning" not in capsys.readouterr().err

    def older(kept: dict[str, Any]) -> None:
        kept["libraries"] = {"scikit-learn": "1.2.3", "xgboost": "1.0.0", "numpy": "1.0.0"}

    described(tmp_path, older)
    assert Model.load(tmp_path).libraries["numpy"] == "1.0.0"
    told = capsys.readouterr().err
    assert ("trained with scikit-learn 1.2.3, and " in told) == warns
    assert told.count("\n") == warns


def test_an_unknown_task_is_told() -> None:
    model = Model(Signature("dance", {"n": "Int64"}), None, "json", "x")
    with pytest.raises(StepError, match="knows no models that dance"):
        predicted(model, TABLE)


def forged(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """A file as skops writes it, in which a schema was changed."""
    data = skops.io.dumps(LogisticRegression().fit([[0], [1]], [0, 1]))
    source = zipfile.ZipFile(io.BytesIO(data))
    schema = json.loads(source.read("schema.json"))
    change(schema)
    with zipfile.ZipFile(folder / "model.skops", "w") as archive:
        for name in source.namelist():
            content = json.dumps(schema) if name == "schema.json" else source.read(name)
            archive.writestr(name, content)


def described(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    """Another model.json."""
    file = folder / "model.json"
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))
