"""Rows and columns of one table; all of it lazy, so that data of any size pass through."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Literal

import polars as pl

from .. import tables
from ..problems import StepError, listed

if TYPE_CHECKING:
    from collections.abc import Callable

ORDERED = ("number", "text", "time", "bool")


def select_columns(
    *,
    table: pl.LazyFrame,
    columns: list[str] | None = None,
    exclude: list[str] | None = None,
) -> pl.LazyFrame:
    """The columns that are named, in that order; or all but those to be left out."""
    tables.require(table, exclude or [])
    return table.select(
        name for name in tables.chosen(table, columns or []) if name not in (exclude or [])
    )


def filter_rows(*, table: pl.LazyFrame, condition: str) -> pl.LazyFrame:
    """The rows for which an SQL expression is true."""
    return table.filter(_condition(table, condition))


def rename_columns(
    *,
    table: pl.LazyFrame,
    columns: list[str] | None = None,
    names: str | None = None,
    prefix: str = "",
    suffix: str = "",
) -> pl.LazyFrame:
    """Columns under new names, in their places."""
    old = tables.chosen(table, columns or [])
    new = [name.strip() for name in names.split(",")] if names else old
    if len(new) != len(old):
        raise StepError(f"{len(old)} columns, and {len(new)} new names: name each, in their order")
    renamed = {before: f"{prefix}{after}{suffix}" for before, after in zip(old, new, strict=True)}
    unique([renamed.get(name, name) for name in table.collect_schema()])
    return table.rename(renamed)


def append_id(*, table: pl.LazyFrame, name: str, start: int) -> pl.LazyFrame:
    """A first column that numbers the rows."""
    tables.fresh(table, [name])
    return table.with_row_index(name).with_columns(pl.col(name).cast(pl.Int64) + start)


def drop_duplicates(
    *,
    table: pl.LazyFrame,
    columns: list[str] | None = None,
    keep: Literal["first", "last", "none"] = "first",
) -> pl.LazyFrame:
    """One row of those that are alike in some columns, or none of them."""
    names = tables.chosen(table, columns or [])
    return table.unique(names, keep=keep, maintain_order=True) if names else table


def sort_rows(
    *,
    table: pl.LazyFrame,
    by: list[str],
    descending: list[str] | None = None,
    nulls_last: bool = True,
    limit: int | None = None,
) -> pl.LazyFrame:
    """The rows in the order of columns; rows that are alike in those keep their order."""
    names = tables.chosen(table, by)
    falling = set(descending or [])
    if falling - set(names):
        raise StepError(f"descending, and not among `by`: {listed(sorted(falling - set(names)))}")
    ordered = table.sort(
        names,
        descending=[name in falling for name in names],
        nulls_last=nulls_last,
        maintain_order=True,
    )
    return ordered if limit is None else ordered.head(limit)


def clip_values(
    *,
    table: pl.LazyFrame,
    columns: list[str] | None = None,
    by: str,
    lower: float | None = None,
    upper: float | None = None,
    outside: str = "bound",
) -> pl.LazyFrame:
    """Numbers below a lower and above an upper bound become the bound, or missing."""
    names = tables.chosen(table, columns or [], ("number",))
    if lower is None and upper is None:
        raise StepError("neither lower nor upper is given: nothing to clip")
    if lower is not None and upper is not None and lower > upper:
        raise StepError(f"lower ({lower}) is above upper ({upper})")
    bounds = dict.fromkeys(names, (lower, upper))
    if by == "quantile":
        bounds = _quantiles(table, names, lower, upper)
    schema = table.collect_schema()
    return table.with_columns(
        _clipped(name, schema[name], *bounds[name], outside) for name in names
    )


def math_operation(
    *,
    table: pl.LazyFrame,
    columns: list[str] | None = None,
    operation: str,
    value: float | None = None,
    other: str | None = None,
    suffix: str = "",
) -> pl.LazyFrame:
    """A function of each column, or of each with a number or another column."""
    names = tables.chosen(table, columns or [], ("number", "bool"))
    if suffix:
        tables.fresh(table, (name + suffix for name in names))
    if operation in BINARY and value is None and other is None:
        raise StepError(f"'{operation}' needs a `value`, or an `other` column")
    operands = []
    if operation in BINARY:
        tables.chosen(table, [other] if other else [], ("number", "bool"))
        operands = [pl.col(other).cast(pl.Float64) if other else pl.lit(value)]
    function = FUNCTIONS[operation]
    return table.with_columns(
        function(pl.col(name).cast(pl.Float64), *operands).alias(name + suffix) for name in names
    )


UNARY: dict[str, Callable[[pl.Expr], pl.Expr]] = {
    "absolute": pl.Expr.abs,
    "negate": pl.Expr.neg,
    "sign": pl.Expr.sign,
    "round": pl.Expr.round,
    "floor": pl.Expr.floor,
    "ceiling": pl.Expr.ceil,
    "square": lambda x: x * x,
    "square_root": pl.Expr.sqrt,
    "exponential": pl.Expr.exp,
    "log": pl.Expr.log,
    "log2": lambda x: x.log(2),
    "log10": pl.Expr.log10,
    "log1p": pl.Expr.log1p,
    "reciprocal": lambda x: 1 / x,
}
BINARY: dict[str, Callable[[pl.Expr, pl.Expr], pl.Expr]] = {
    "add": pl.Expr.add,
    "subtract": pl.Expr.sub,
    "multiply": pl.Expr.mul,
    "divide": pl.Expr.truediv,
    "modulo": pl.Expr.mod,
    "power": pl.Expr.pow,
}
FUNCTIONS: dict[str, Callable[..., pl.Expr]] = {**UNARY, **BINARY}
_QUOTED = re.compile(r"""('|").*?\1""", re.DOTALL)
_SUBQUERY = re.compile(r"\bselect\b|\(\s*(?:from|values|with|table)\b", re.IGNORECASE)
_NO_SUBQUERY = "condition: it is no query: compare columns and values; other tables go to join"


def unique(names: list[str]) -> None:
    """StepError for a name that two columns would have."""
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            raise StepError(f"two columns would be named '{name}': name one differently")


def _condition(table: pl.LazyFrame, text: str) -> pl.Expr:
    """An SQL expression that is true or false of each row; StepError for any other.

    It is tried on a table without rows, so that what does not fit is said before data are read.
    A subquery could read any file, some as soon as it is parsed: it is looked for before that, and
    after it too, since SQL has more ways of quoting than are known here.
    """
    if _SUBQUERY.search(_QUOTED.sub("''", text)):
        raise StepError(_NO_SUBQUERY)
    empty = pl.DataFrame(schema=table.collect_schema())
    with tables.told("condition"):
        found = pl.sql_expr(text)
        if '"SubPlan":' in found.meta.serialize(format="json"):  # no text: its quotes are escaped
            raise StepError(_NO_SUBQUERY)
        types = empty.lazy().select(found).collect().dtypes
    if types != [pl.Boolean]:
        told = listed(map(str, types))
        raise StepError(f"condition: it is {told}, not true or false; compare it with something")
    return found


def _quantiles(
    table: pl.LazyFrame, names: list[str], lower: float | None, upper: float | None
) -> dict[str, tuple[float | None, float | None]]:
    for share in (lower, upper):
        if share is not None and not 0 <= share <= 1:
            raise StepError(f"a quantile is between 0 and 1, not {share}")
    if not names:
        return {}
    values = pl.col(names).cast(pl.Float64)
    low, high = (
        tables.collected(table.select(values.quantile(share, "linear"))).row(0)
        if share is not None
        else (None,) * len(names)
        for share in (lower, upper)
    )
    return {name: (low[place], high[place]) for place, name in enumerate(names)}


def _clipped(
    name: str, dtype: pl.DataType, lower: float | None, upper: float | None, outside: str
) -> pl.Expr:
    value = pl.col(name)
    if outside == "missing":
        inside = pl.lit(value=True)
        inside = inside if lower is None else inside & (value >= lower)
        inside = inside if upper is None else inside & (value <= upper)
        return pl.when(inside).then(value)
    if dtype.is_integer():
        lower, upper = _whole(name, dtype, lower, upper)
    return value.clip(
        None if lower is None else pl.lit(lower).cast(dtype),
        None if upper is None else pl.lit(upper).cast(dtype),
    )


def _whole(
    name: str, dtype: pl.DataType, lower: float | None, upper: float | None
) -> tuple[int | None, int | None]:
    """The bounds as whole numbers that the column's type can hold: whole numbers stay whole."""
    held = pl.lit(None, dtype)
    least, most = pl.select(held.lower_bound(), held.upper_bound().alias("most")).row(0)
    low = None if lower is None else max(math.ceil(lower), least)
    high = None if upper is None else min(math.floor(upper), most)
    if (low is not None and low > most) or (high is not None and high < least):
        raise StepError(
            f"column '{name}' is {dtype}, which cannot hold the bound: cast_types first"
        )
    if low is not None and high is not None and low > high:
        raise StepError(f"column '{name}': no whole number lies between {lower} and {upper}")
    return low, high
