"""Tables put together: joined, one below the other, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import polars as pl

from .. import tables
from ..problems import StepError
from .preprocess import unique

if TYPE_CHECKING:
    from collections.abc import Iterable

How = Literal["inner", "left", "right", "full", "semi", "anti", "cross"]
_ORDER: dict[How, Literal["left", "right", "left_right"]] = {
    "right": "right",
    "full": "left_right",
}


def join(
    *,
    left: pl.LazyFrame,
    right: pl.LazyFrame,
    how: How = "inner",
    left_on: list[str] | None = None,
    right_on: list[str] | None = None,
    suffix: str = "_right",
) -> pl.LazyFrame:
    """The rows of two tables whose keys are equal, in the order of the left table."""
    if how == "cross":
        if left_on or right_on:
            raise StepError("a cross join pairs every row with every other: it has no keys")
        return _named(left.join(right, how="cross", suffix=suffix))
    on, other = left_on or [], right_on or left_on or []
    if not on or len(on) != len(other):
        raise StepError(f"{len(on)} keys on the left, {len(other)} on the right: name as many")
    tables.require(left, on)
    tables.require(right, other)
    types, others = left.collect_schema(), right.collect_schema()
    for mine, its in zip(on, other, strict=True):
        if types[mine] != others[its]:
            raise StepError(
                f"left '{mine}' is {types[mine]}, right '{its}' is {others[its]}: "
                "convert one of them first (cast_types)"
            )
    return _named(
        left.join(
            right,
            left_on=on,
            right_on=other,
            how=how,
            suffix=suffix,
            coalesce=True,
            maintain_order=_ORDER.get(how, "left"),
        )
    )


def union_rows(
    *, first: pl.LazyFrame, second: pl.LazyFrame, missing: str = "fail", distinct: bool = False
) -> pl.LazyFrame:
    """The rows of the first table, then those of the second; columns are matched by name."""
    schemas = first.collect_schema(), second.collect_schema()
    for mine, other, which in (*zip(schemas, schemas[::-1], ("second", "first"), strict=True),):
        lacking = [name for name in mine if name not in other]
        if lacking and missing == "fail":
            raise StepError(
                f"the {which} table has no column '{lacking[0]}': add it, or set missing=fill"
            )
    names = list(dict.fromkeys([*schemas[0], *schemas[1]]))
    common = {
        name: common_type(name, [schema[name] for schema in schemas if name in schema])
        for name in names
    }
    both = [
        frame.select(
            (pl.col(name) if name in schema else pl.lit(None)).cast(dtype).alias(name)
            for name, dtype in common.items()
        )
        for frame, schema in zip((first, second), schemas, strict=True)
    ]
    rows = pl.concat(both)
    return rows.unique(maintain_order=True) if distinct and names else rows


def merge_columns(
    *, left: pl.LazyFrame, right: pl.LazyFrame, suffix: str = "_right"
) -> pl.LazyFrame:
    """Two tables of as many rows, side by side."""
    known = left.collect_schema()
    renamed = {name: name + suffix for name in right.collect_schema() if name in known}
    unique([*known, *(renamed.get(name, name) for name in right.collect_schema())])
    rows, others = tables.height(left), tables.height(right)
    if rows != others:
        raise StepError(
            f"the left table has {rows} rows, the right one {others}: join them by a key instead"
        )
    return pl.concat([left, right.rename(renamed)], how="horizontal")


def common_type(name: str, types: Iterable[pl.DataType]) -> pl.DataType:
    """The type that holds values of several; StepError that names the column if there is none."""
    known = list(dict.fromkeys(dtype for dtype in types if dtype != pl.Null))
    if len(known) < 2:
        return known[0] if known else pl.Null()
    if all(dtype.is_integer() for dtype in known):
        return pl.Int64()
    if all(dtype.is_numeric() for dtype in known):
        return pl.Float64()
    raise StepError(
        f"'{name}' is {' and '.join(map(str, known))}: make them one type first (cast_types)"
    )


def _named(joined: pl.LazyFrame) -> pl.LazyFrame:
    """The join, whose columns have names of their own; a suffix can make one name twice."""
    with tables.told("the names of columns; choose another suffix"):
        joined.collect_schema()
    return joined
