"""How fitted preprocessings read columns of new data, and put new ones beside or in their place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
import polars.selectors as cs

from .. import tables
from ..problems import StepError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray

State = dict[str, Any]


def col(name: str) -> pl.Expr:
    """The column of that very name, which polars' `col` may take for a pattern (`*`, `^a$`)."""
    return cs.by_name(name).as_expr()


def need(frame: pl.LazyFrame, names: Iterable[str], *kinds: str) -> pl.Schema:
    """The table's types; StepError for a column that is not there, or that is of none of the
    kinds it was when this was fitted. One of nothing but nulls fits all."""
    wanted = list(names)
    tables.require(frame, wanted)
    schema = frame.collect_schema()
    for name in wanted:
        dtype = schema[name]
        if dtype != pl.Null and not any(tables.KINDS[kind](dtype) for kind in kinds):
            raise StepError(
                f"column '{name}' is {dtype}, and it was {' or '.join(kinds)} when the transform "
                "was fitted: convert it first (cast_types)"
            )
    return schema


def instead(
    frame: pl.LazyFrame, names: Collection[str], made: Mapping[str, pl.Expr], *, keep: bool
) -> pl.LazyFrame:
    """The table with new columns at its end; those they are made of go unless `keep`."""
    rest = _rest(frame, names, list(made), keep)
    return frame.select(*map(col, rest), *(each.alias(name) for name, each in made.items()))


def computed(
    frame: pl.LazyFrame,
    names: Collection[str],
    made: list[str],
    compute: Callable[[pl.DataFrame], NDArray[np.float64]],
    *,
    keep: bool,
) -> pl.LazyFrame:
    """As `instead`, with numbers that `compute` makes of a batch of rows: rows x columns."""
    rest = _rest(frame, names, made, keep)
    known = frame.collect_schema()
    schema = {**{name: known[name] for name in rest}, **dict.fromkeys(made, pl.Float64())}

    def batch(part: pl.DataFrame) -> pl.DataFrame:
        read = pl.DataFrame({name: part.get_column(name) for name in names})
        kept = {name: part.get_column(name) for name in rest}
        if not part.height:
            return pl.DataFrame(kept | {name: [] for name in made}, schema=schema)
        values = compute(read)
        new = {name: values[:, place] for place, name in enumerate(made)}
        return pl.DataFrame({**kept, **new}, schema=schema)

    return frame.map_batches(batch, schema=schema, streamable=True)


def matrix(part: pl.DataFrame) -> NDArray[np.float64]:
    """A table of numbers as float64, nulls as NaN: rows x columns."""
    return part.select(pl.all().cast(pl.Float64)).to_numpy()


def _rest(frame: pl.LazyFrame, names: Collection[str], made: list[str], keep: bool) -> list[str]:
    left_out = set() if keep else set(names)
    rest = [name for name in frame.collect_schema() if name not in left_out]
    taken = set(rest)
    for name in made:
        if name in taken:
            raise StepError(
                f"there would be two columns '{name}': rename the one that is there already"
            )
        taken.add(name)
    return rest
