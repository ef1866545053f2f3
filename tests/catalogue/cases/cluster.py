"""Features without gaps, and few clusters and neighbours, for clusterings and anomalies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from millwork.runtime.functions.anomaly import DETECTORS
from millwork.runtime.functions.cluster import CLUSTERERS

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

_CHEAP = {"clusters": 2, "restarts": 1, "trees": 5, "neighbours": 1, "min_cluster_rows": 2}


def _case(name: str) -> Callable[[pl.DataFrame, Random], dict[str, Any]]:
    from millwork.catalogue.index import declarations

    def case(table: pl.DataFrame, random: Random) -> dict[str, Any]:
        known = declarations()[name].parameters
        given: dict[str, Any] = {word: value for word, value in _CHEAP.items() if word in known}
        given |= {"linkage": "average"} if "linkage" in known else {}
        fitting = [
            each
            for each, dtype in table.schema.items()
            if (dtype.is_numeric() or dtype == pl.Boolean) and not table[each].null_count()
        ]
        if not fitting or random.random() < 0.1:
            return given
        return {**given, "features": random.sample(fitting, random.randint(1, len(fitting)))}

    return case


CASES = {name: _case(name) for name in (*CLUSTERERS, *DETECTORS)}
