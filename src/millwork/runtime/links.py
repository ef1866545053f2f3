"""Generalised linear models as plain coefficients: the mean is the inverse link of a weighted sum.

`{"link": "log", "intercept": 0.5, "coefficients": [...]}`, in the order of the features.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Array = NDArray[Any]


def predicted(content: dict[str, Any], matrix: Array) -> Array:
    """The mean that a model expects for each row."""
    import numpy as np

    eta = matrix @ np.asarray(content["coefficients"], dtype=float) + content["intercept"]
    with np.errstate(all="ignore"):
        return INVERSE[content["link"]](eta)


def _logit(eta: Array) -> Array:
    import numpy as np

    return np.asarray(1 / (1 + np.exp(-eta)))


def _probit(eta: Array) -> Array:
    import numpy as np
    from scipy.special import ndtr

    return np.asarray(ndtr(eta))


def _cloglog(eta: Array) -> Array:
    import numpy as np

    return np.asarray(1 - np.exp(-np.exp(eta)))


def _log(eta: Array) -> Array:
    import numpy as np

    return np.asarray(np.exp(eta))


INVERSE: dict[str, Callable[[Array], Array]] = {
    "identity": lambda eta: eta,
    "log": _log,
    "logit": _logit,
    "probit": _probit,
    "cloglog": _cloglog,
    "inverse_power": lambda eta: 1 / eta,
    "inverse_squared": lambda eta: eta**-0.5,
    "sqrt": lambda eta: eta**2,
}
