"""Arguments of texts: few topics for small tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars.selectors as cs

if TYPE_CHECKING:
    from random import Random

    import polars as pl


def _column(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    return {"column": random.choice(table.select(cs.string() | cs.categorical()).columns)}


def _topics(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    return {**_column(table, random), "topics": random.randint(1, 2), "iterations": 5}


CASES = {"tfidf": _column, "topic_model": _topics, "word_counts": _column}
