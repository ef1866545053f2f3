"""Rows by chance: split, sampled, shuffled; the same seed gives the same rows.

A row's draw is a hash of its number and the seed, so that any part of a table can be drawn on its
own, and a table of any size passes through.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from .. import tables
from ..problems import StepError, listed

if TYPE_CHECKING:
    import numpy as np

_ROW = "__row__"


def split_rows(
    *,
    table: pl.LazyFrame,
    fraction: float = 0.8,
    method: str = "random",
    column: str | None = None,
    threshold: float | None = None,
    together: str | None = None,
    seed: int = 0,
) -> dict[str, pl.LazyFrame]:
    """Two tables: each row is in one of them."""
    if together is not None and method != "random":
        raise StepError(f"`together` belongs to method random, not to {method}")
    if method == "order":
        size = round(tables.height(table) * fraction)
        return {"first": table.head(size), "second": table.slice(size)}
    if method == "threshold":
        if column is None or threshold is None:
            raise StepError("method threshold needs `column` and `threshold`")
        tables.chosen(table, [column], ("number",))
        is_first = (pl.col(column) < threshold).fill_null(value=False)
        return {"first": table.filter(is_first), "second": table.filter(~is_first)}
    numbered = _numbered(table)
    if method == "stratified":
        if column is None:
            raise StepError("method stratified needs `column`")
        tables.require(table, [column])
        is_first = _rank(seed, column) <= (pl.len().over(column) * fraction).round()
    else:
        tables.require(table, [together] if together else [])
        is_first = _draw(together or _ROW, seed) < fraction
    return {
        "first": numbered.filter(is_first).drop(_ROW),
        "second": numbered.filter(~is_first).drop(_ROW),
    }


def shuffle_rows(*, table: pl.LazyFrame, seed: int = 0) -> pl.LazyFrame:
    """The rows in a random order."""
    return _numbered(table).sort(pl.col(_ROW).hash(seed)).drop(_ROW)


def sample_rows(
    *,
    table: pl.LazyFrame,
    fraction: float = 0.1,
    count: int | None = None,
    replace: bool = False,
    seed: int = 0,
) -> pl.LazyFrame:
    """Rows by chance, all alike: about a share of them, or a number of them."""
    if count is None and not replace:
        return _numbered(table).filter(_draw(_ROW, seed) < fraction).drop(_ROW)
    rows = tables.height(table)
    size = _size(rows, count, fraction, replace=replace)
    return _taken(table, _generator(seed).choice(rows, size, replace, shuffle=False))


def sample_weighted(
    *,
    table: pl.LazyFrame,
    weights: str,
    fraction: float = 0.1,
    count: int | None = None,
    replace: bool = False,
    seed: int = 0,
) -> pl.LazyFrame:
    """Rows by chance, each as likely as its weight says."""
    tables.chosen(table, [weights], ("number",))
    found = tables.collected(table.select(pl.col(weights).cast(pl.Float64))).to_series()
    if found.null_count() or not found.is_finite().all() or (found < 0).any():
        raise StepError(f"weights in '{weights}' are missing, negative or infinite: filter those")
    possible = int((found > 0).sum())
    size = _size(found.len(), count, fraction, replace=replace)
    if size > (possible if not replace else size if possible else 0):
        raise StepError(f"{size} rows are asked for, and {possible} have a weight above 0")
    if not size:
        return table.head(0)
    shares = (found / found.sum()).to_numpy()
    return _taken(
        table, _generator(seed).choice(found.len(), size, replace, p=shares, shuffle=False)
    )


def sample_stratified(
    *,
    table: pl.LazyFrame,
    column: str,
    fraction: float = 0.1,
    count: str | None = None,
    seed: int = 0,
) -> pl.LazyFrame:
    """Of each stratum a share of its rows, or a number of them."""
    tables.chosen(table, [column], ("number", "text", "time", "bool"))
    if count is None:
        wanted = (pl.len().over(column) * fraction).round()
    else:
        sizes = _sizes(table, column, count)
        name = pl.col(column).cast(pl.String).fill_null("null")
        wanted = name.replace_strict(sizes, default=0, return_dtype=pl.UInt32)
    return _numbered(table).filter(_rank(seed, column) <= wanted).drop(_ROW)


def _numbered(table: pl.LazyFrame) -> pl.LazyFrame:
    tables.fresh(table, [_ROW])
    return table.with_row_index(_ROW)


def _draw(column: str, seed: int) -> pl.Expr:
    """A number from 0 to 1, told by a value and the seed."""
    return pl.col(column).hash(seed) / 2.0**64


def _rank(seed: int, column: str) -> pl.Expr:
    """A row's place in the random order of its stratum, from 1."""
    return pl.col(_ROW).hash(seed).rank("ordinal").over(column)


def _taken(table: pl.LazyFrame, numbers: np.ndarray[Any, Any]) -> pl.LazyFrame:
    """The rows of these numbers in the table's order, as often as each is named."""
    chosen = pl.Series(_ROW, numbers).cast(pl.UInt32).sort().to_frame().lazy()
    return _numbered(table).join(chosen, on=_ROW, maintain_order="left").drop(_ROW)


def _size(rows: int, count: int | None, fraction: float, *, replace: bool) -> int:
    size = round(rows * fraction) if count is None else count
    if size > rows and not (replace and rows):
        raise StepError(
            f"{size} rows are asked for, and there are {rows}: ask for fewer, or set replace"
        )
    return size


def _sizes(table: pl.LazyFrame, column: str, count: str) -> dict[str, int]:
    """How many rows of each stratum are wanted, told by `100` or `A:200,B:300`."""
    found = tables.collected(
        table.group_by(pl.col(column).cast(pl.String).fill_null("null")).agg(pl.len())
    )
    rows = dict(found.iter_rows())
    if count.strip().isdecimal():
        wanted = dict.fromkeys(rows, int(count))
    else:
        pairs = [each.rpartition(":") for each in count.split(",")]
        if not all(size.strip().isdecimal() for _, _, size in pairs):
            raise StepError(f"count: '{count}' is neither a number nor like A:200,B:300")
        wanted = {name.strip(): int(size) for name, _, size in pairs}
    for name, size in wanted.items():
        if name not in rows:
            raise StepError(f"there is no stratum '{name}'; there are: {listed(sorted(rows))}")
        if size > rows[name]:
            raise StepError(f"stratum '{name}' has {rows[name]} rows, and {size} are asked for")
    return wanted


def _generator(seed: int) -> np.random.Generator:
    import numpy as np

    return np.random.default_rng(seed)
