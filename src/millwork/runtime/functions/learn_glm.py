"""Generalised linear models, by statsmodels; what is kept of one is its coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..models import Model, Signature, checked, complete, example_of
from ..problems import StepError
from ..savers import installed
from ..transforms import Transform
from .learn import checked_matrix, heeded, learned_rows, weights_of

Array = NDArray[Any]

_FAMILIES = {
    "gaussian": "Gaussian",
    "binomial": "Binomial",
    "poisson": "Poisson",
    "gamma": "Gamma",
    "inverse_gaussian": "InverseGaussian",
    "negative_binomial": "NegativeBinomial",
    "tweedie": "Tweedie",
}
_LINKS = {
    "identity": "Identity",
    "log": "Log",
    "logit": "Logit",
    "probit": "Probit",
    "cloglog": "CLogLog",
    "inverse_power": "InversePower",
    "inverse_squared": "InverseSquared",
    "sqrt": "Sqrt",
}
_CANONICAL = {
    "gaussian": "identity",
    "binomial": "logit",
    "poisson": "log",
    "gamma": "inverse_power",
    "inverse_gaussian": "inverse_squared",
    "negative_binomial": "log",
    "tweedie": "log",
}  # statsmodels' own defaults
_LEAST = {"poisson": 0.0, "negative_binomial": 0.0, "tweedie": 0.0, "binomial": 0.0}


def glm(
    *,
    table: pl.LazyFrame,
    label: str,
    transform: Transform | None = None,
    features: list[str] | None = None,
    weight: str | None = None,
    family: str = "gaussian",
    link: str = "canonical",
    power: float = 1.5,
    dispersion: float = 1.0,
    intercept: bool = True,
    max_iterations: int = 100,
    tolerance: float = 1e-8,
) -> dict[str, Any]:
    """A generalised linear model, and the table of its coefficients with their intervals."""
    rows, types = learned_rows(table, label, features, weight, ("number",), "glm")
    target = checked(complete(rows, [label]), [label])[:, 0]
    _allowed(target, label, family)
    signature = Signature("regress", types, label, "Float64")
    matrix = checked_matrix(rows, signature)
    if intercept:
        matrix = np.column_stack((np.ones(len(matrix)), matrix))
    link = _CANONICAL[family] if link == "canonical" else link
    distribution, weights = _family(family, link, power, dispersion), weights_of(rows, weight)
    result = heeded(
        "GLM",
        lambda: _fitted(target, matrix, weights, distribution, max_iterations, tolerance),
    )
    names = ["(intercept)", *types] if intercept else list(types)
    model = Model(
        signature,
        _kept(np.asarray(result.params, dtype=float), family, link, intercept),
        "json",
        "glm",
        transform or Transform(),
        example_of(rows, list(types)),
        {"rows": rows.height, "parameters": {"family": family, "link": link}},
        installed(("statsmodels", "numpy")),
    )
    return {"model": model, "coefficients": _coefficients(result, names)}


def _kept(found: Array, family: str, link: str, intercept: bool) -> dict[str, Any]:
    if not np.isfinite(found).all():
        raise StepError("no finite coefficients were found: take fewer features, or another link")
    base, slopes = (found[0], found[1:]) if intercept else (0.0, found)
    return {
        "family": family,
        "link": link,
        "intercept": float(base),
        "coefficients": slopes.tolist(),
    }


def _fitted(
    target: Array, matrix: Array, weights: Any, family: Any, iterations: int, tolerance: float
) -> Any:
    from statsmodels.genmod.generalized_linear_model import GLM

    made = GLM(target, matrix, family=family, freq_weights=weights)
    return made.fit(maxiter=iterations, tol=tolerance)


def _family(family: str, link: str, power: float, dispersion: float) -> Any:
    from statsmodels.genmod import families

    made = getattr(families, _FAMILIES[family])
    more = {
        "tweedie": {"var_power": power},
        "negative_binomial": {"alpha": dispersion},
    }.get(family, {})
    chosen = getattr(families.links, _LINKS[link])()
    if not isinstance(chosen, tuple(made.links)):
        raise StepError(f"family {family} does not go with link {link}: choose another link")
    return made(link=chosen, **more)


def _allowed(target: Array, label: str, family: str) -> None:
    """StepError for a label that a family cannot have."""
    if family in _LEAST and (target < _LEAST[family]).any():
        raise StepError(f"family {family} needs a label of 0 or more: '{label}' is below in places")
    if family in ("gamma", "inverse_gaussian") and (target <= 0).any():
        raise StepError(f"family {family} needs a label above 0: '{label}' is not in places")
    if family == "binomial" and (target > 1).any():
        raise StepError(f"family binomial needs a label from 0 to 1: '{label}' is above in places")


def _coefficients(result: Any, names: list[str]) -> pl.DataFrame:
    interval = np.asarray(result.conf_int(), dtype=float)
    columns = {
        "coefficient": result.params,
        "standard_error": result.bse,
        "z": result.tvalues,
        "p_value": result.pvalues,
        "low": interval[:, 0],
        "high": interval[:, 1],
    }
    floats = {name: np.asarray(each, dtype=float) for name, each in columns.items()}
    return pl.DataFrame({"feature": names, **floats}).fill_nan(None)
