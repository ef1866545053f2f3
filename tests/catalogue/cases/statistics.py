"""Two groups for the tests that want just two; shares that name a column's own values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from random import Random


def _two_groups(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    """A column of two values if there is one; true and false if there are."""
    numbers = [name for name, dtype in table.schema.items() if dtype.is_numeric()]
    pairs = [
        name
        for name, dtype in table.schema.items()
        if (dtype in (pl.String, pl.Boolean)) and table[name].drop_nulls().n_unique() == 2
    ]
    if not pairs:
        return {}
    return {"column": random.choice(numbers), "group": random.choice(pairs)}


def _t_test(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    kind = random.choice(("one", "two", "paired", "groups"))
    numbers = [name for name, dtype in table.schema.items() if dtype.is_numeric()]
    nothing = {"other": None, "group": None, "paired": False}
    if kind == "groups":
        return {**nothing, **_two_groups(table, random)}
    column, other = random.choice(numbers), random.choice(numbers)
    if kind == "one" or column == other:
        return {**nothing, "column": column}
    return {**nothing, "column": column, "other": other, "paired": kind == "paired"}


def _chi_square(table: pl.DataFrame, random: Random) -> dict[str, Any]:
    texts = [name for name, dtype in table.schema.items() if dtype == pl.String]
    column = random.choice(texts)
    values = table[column].drop_nulls().unique().sort()
    if random.random() < 0.5 or any("," in value for value in values):
        return {"column": column, "expected": ""}
    shares = ",".join(f"{value}:{random.random() + 0.1}" for value in values)
    return {"column": column, "other": None, "expected": shares}


CASES = {
    "mann_whitney": _two_groups,
    "ks_test": _two_groups,
    "t_test": _t_test,
    "chi_square_test": _chi_square,
}
