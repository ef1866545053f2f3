"""Labels and features that can be learned from: whole columns, and few trees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from millwork.runtime.functions.learners import CLASSIFIERS, REGRESSORS

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    import polars as pl

_CHEAP = {"trees": 3, "max_iterations": 30, "neighbours": 1, "min_leaf_rows": 1}
_CLASSES = ("int", "small", "unsigned", "text", "category", "flag", "species", "island", "grown")


def _case(name: str) -> Callable[[pl.DataFrame, Random], dict[str, Any]]:
    from millwork.catalogue.index import declarations

    def case(table: pl.DataFrame, random: Random) -> dict[str, Any]:
        whole = [each for each in table.columns if not table[each].null_count()]
        numbers = [each for each in whole if table.schema[each].is_numeric()]
        classes = [
            each for each in whole if each.rpartition("_")[0] in _CLASSES or each in _CLASSES
        ]
        labels = classes if name in CLASSIFIERS else numbers
        if len({*labels, *numbers}) < 2 or not labels:
            return {}
        label = random.choice(labels)
        rest = [each for each in numbers if each != label]
        features = random.sample(rest, random.randint(1, len(rest))) if rest else []
        known = declarations()[name].parameters
        cheap = {word: value for word, value in _CHEAP.items() if word in known}
        given: dict[str, Any] = {"label": label, "features": features, **cheap}
        plain = {"weight": None, "link": "canonical", "distribution": "gaussian", "loss": None}
        given |= {word: value for word, value in plain.items() if word in known}
        return {**given, "family": "gaussian"} if name == "glm" else given

    return case


CASES = {name: _case(name) for name in (*CLASSIFIERS, *REGRESSORS, "glm")}
