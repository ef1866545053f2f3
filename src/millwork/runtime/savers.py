"""How each kind of estimator is written and read, without pickle."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from platform import python_version
from typing import TYPE_CHECKING, Any

from .problems import StepError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_TRUSTED = frozenset(
    {
        "sklearn.cluster._bisect_k_means._BisectingTree",
        "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
        "sklearn.metrics._dist_metrics.ChebyshevDistance64",
        "sklearn.metrics._dist_metrics.EuclideanDistance64",
        "sklearn.metrics._dist_metrics.ManhattanDistance64",
        "sklearn.metrics._dist_metrics.MinkowskiDistance64",
        "sklearn.neighbors._ball_tree.BallTree",
        "sklearn.neighbors._kd_tree.KDTree",
        "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
        "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
        "sklearn.tree._tree.Tree",
    }
)
"""What real models hold besides the estimators and arrays that skops itself knows to be safe."""

_MODULES = {"scikit-learn": "sklearn"}  # where a library's module has another name


@dataclass(frozen=True)
class Saver:
    """How one flavour is kept: in `file`, written by `write` and read by `read`.

    `libraries` are those whose versions are noted; the file is bound to the version of those in
    `bound_to`.
    """

    file: str
    write: Callable[[Any, str], None]
    read: Callable[[str], Any]
    libraries: tuple[str, ...]
    bound_to: tuple[str, ...] = ()

    def save(self, estimator: Any, folder: Path) -> None:
        """Write the estimator into a folder."""
        self.write(estimator, str(folder / self.file))

    def load(self, folder: Path) -> Any:
        """The estimator in a folder; StepError if its file is missing or not what it should be."""
        path = folder / self.file
        if not path.is_file():
            raise StepError(f"the model's file {self.file} is missing")
        try:
            return self.read(str(path))
        except StepError:
            raise
        except Exception as error:  # whatever a library says of a damaged file
            told = str(error).strip().partition("\n")[0]
            raise StepError(f"the model's file {self.file} cannot be read: {told[:300]}") from None


def installed(libraries: Iterable[str]) -> dict[str, str]:
    """The versions of those libraries here, and Python's."""
    found = {name: import_module(_MODULES.get(name, name)).__version__ for name in libraries}
    return {**found, "python": python_version()} if found else {}


def _write_skops(estimator: Any, path: str) -> None:
    from skops import io

    io.dump(estimator, path)


def _read_skops(path: str) -> Any:
    """Only estimators of scikit-learn, and what they are made of; StepError for anything else."""
    import warnings

    from sklearn.base import BaseEstimator
    from sklearn.exceptions import InconsistentVersionWarning
    from skops import io

    unknown = io.get_untrusted_types(file=path)
    foreign = sorted(set(unknown) - _TRUSTED)
    if foreign:
        raise StepError(f"the model holds what is not loaded: {', '.join(foreign)[:500]}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", InconsistentVersionWarning)  # `models` says it once
        estimator = io.load(path, trusted=unknown)
    if not isinstance(estimator, BaseEstimator):
        raise StepError(f"the model's file holds a {type(estimator).__name__}, and no estimator")
    return estimator


def _write_native(estimator: Any, path: str) -> None:
    estimator.save_model(path)


def _read_xgboost(path: str) -> Any:
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(path)
    return booster


def _read_lightgbm(path: str) -> Any:
    import lightgbm

    return lightgbm.Booster(model_file=path)


def _write_json(content: Any, path: str) -> None:
    text = json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1)
    Path(path).write_text(text, encoding="utf-8")


def _read_json(path: str) -> Any:
    return json.loads(Path(path).read_text(encoding="utf-8"))


SAVERS = {
    "skops": Saver(
        "model.skops", _write_skops, _read_skops, ("scikit-learn", "numpy"), ("scikit-learn",)
    ),
    "xgboost": Saver("model.ubj", _write_native, _read_xgboost, ("xgboost", "numpy")),
    "lightgbm": Saver("model.txt", _write_native, _read_lightgbm, ("lightgbm", "numpy")),
    "json": Saver("coefficients.json", _write_json, _read_json, ("numpy",)),
}
