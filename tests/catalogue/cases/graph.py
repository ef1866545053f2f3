"""Edges between columns of one kind, and a vertex to start from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars.selectors as cs

from millwork.runtime.functions.graph import MEMBERS

if TYPE_CHECKING:
    from random import Random

    import polars as pl


def _edges(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    kind = cs.integer() if random.random() < 0.5 else cs.string() | cs.categorical()
    ends = [n for n in table.select(kind).columns if not table[n].null_count()]
    if not ends:
        return {}
    source, target = random.choice(ends), random.choice(ends)
    given = {"edges": table, "source": source, "target": target, "weight": None}
    start = str(table[source][0]) if table.height else "nowhere"
    return {**given, "start": start}


CASES = dict.fromkeys(MEMBERS, _edges)
