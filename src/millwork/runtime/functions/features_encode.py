"""Categories as numbers: what is learned of each column's categories."""

from __future__ import annotations

import math
from typing import Any

import polars as pl

from .. import tables
from ..fitted.columns import col
from ..fitted.encode import KINDS, category
from ..problems import StepError
from ..transforms import Fitted, Transform, outcome


def one_hot(
    *,
    table: pl.LazyFrame,
    transform: Transform | None = None,
    columns: list[str] | None = None,
    unseen: str = "zero",
    drop_first: bool = False,
    min_count: int = 1,
    limit: int = 1000,
    keep: bool = False,
) -> dict[str, Any]:
    """A column of 0 and 1 for each category."""
    names = _encoded(table, columns)
    learned = {}
    for name in names:
        learned[name] = _indicators(name, _categories(table, name), min_count, drop_first)
        count = len(learned[name]["indicators"])
        if count > limit:
            raise StepError(
                f"column '{name}' would give {count} columns, more than the limit of {limit}: "
                "raise min_count, or use hash_features or target_encode"
            )
    state = {"columns": learned, "unseen": unseen, "keep": keep}
    return outcome(table, transform, Fitted("one_hot", state))


def _indicators(name: str, seen: pl.DataFrame, least: int, drop_first: bool) -> dict[str, Any]:
    """The new columns with the categories that each stands for; rare ones share one."""
    common = seen.filter(pl.col("count") >= least)["category"].to_list()
    rare = seen.filter(pl.col("count") < least)["category"].to_list()
    made = {f"{name}_{each}": [each] for each in common}
    if rare:
        if f"{name}_rare" in made:
            raise StepError(f"column '{name}' has a category 'rare' of its own: set min_count to 1")
        made[f"{name}_rare"] = rare
    dropped = made.pop(next(iter(made))) if drop_first and made else []
    return {"indicators": made, "dropped": dropped}


def ordinal_encode(
    *,
    table: pl.LazyFrame,
    transform: Transform | None = None,
    columns: list[str] | None = None,
    order: str = "value",
    unseen: str = "-1",
    suffix: str = "",
) -> dict[str, Any]:
    """A number for each category, in the order of the values or by how many there are."""
    learned = {}
    for name in _encoded(table, columns):
        seen = _categories(table, name)
        if order == "frequency":
            seen = seen.sort("count", descending=True, maintain_order=True)
        learned[name] = seen["category"].to_list()
    new = -1 if unseen == "-1" else None
    state = {"columns": learned, "unseen": new, "suffix": suffix}
    return outcome(table, transform, Fitted("ordinal", state))


def target_encode(
    *,
    table: pl.LazyFrame,
    label: str,
    transform: Transform | None = None,
    columns: list[str] | None = None,
    positive: str = "",
    smoothing: float | None = None,
    suffix: str = "",
) -> dict[str, Any]:
    """For each category the mean of the label, drawn towards the mean of all."""
    tables.chosen(table, [label], KINDS)
    names = _encoded(table, columns, without=[label])
    schema = table.collect_schema()
    known = table.with_columns(_target(table, label, positive).alias("__target__"))
    known = known.filter(pl.col("__target__").is_not_null())
    every = known.select(
        pl.col("__target__").mean().alias("mean"), pl.col("__target__").var(ddof=0).alias("spread")
    ).collect(engine="streaming")
    mean, spread = every["mean"][0], every["spread"][0]
    if mean is None:
        raise StepError(f"column '{label}' holds no value: there is no label to learn from")
    if not math.isfinite(mean + spread):
        raise StepError(f"column '{label}' holds infinite or too large values: filter them")
    grouped = [
        known.group_by(category(name, schema[name]).alias("category")).agg(
            pl.len().alias("count"),
            pl.col("__target__").mean().alias("mean"),
            pl.col("__target__").var(ddof=0).alias("spread"),
        )
        for name in names
    ]
    learned = {}
    for name, found in zip(names, pl.collect_all(grouped, engine="streaming"), strict=True):
        values = {
            each["category"]: _encoding(each, mean, spread, smoothing)
            for each in found.sort("category").iter_rows(named=True)
        }
        learned[name] = {"missing": values.pop(None, mean), "values": values}
    state = {"columns": learned, "mean": mean, "suffix": suffix}
    return outcome(table, transform, Fitted("target", state))


def _target(table: pl.LazyFrame, label: str, positive: str) -> pl.Expr:
    """The label as a number: 1 for the positive class, else 0, where it is no number."""
    dtype = table.collect_schema()[label]
    if dtype.is_numeric() and not positive:
        return col(label).cast(pl.Float64).fill_nan(None)
    value = category(label, dtype)
    if not positive:
        classes = _categories(table, label)["category"].to_list()
        if len(classes) > 2:
            raise StepError(
                f"column '{label}' has {len(classes)} classes: say which is the positive one"
            )
        positive = classes[-1] if classes else ""
    return (value == positive).cast(pl.Float64)


def _encoding(group: dict[str, Any], mean: float, spread: float, smoothing: float | None) -> float:
    """The group's mean and that of all, weighed by the group's size (as scikit-learn's)."""
    if smoothing is None:  # empirical Bayes: the more a group's labels agree, the more it counts
        weight, against = group["count"] * spread, group["spread"]
    else:
        weight, against = group["count"], smoothing
    share = weight / (weight + against) if weight + against > 0 else 0.0
    encoded: float = share * group["mean"] + (1 - share) * mean
    return encoded


def hash_features(
    *,
    table: pl.LazyFrame,
    transform: Transform | None = None,
    columns: list[str] | None = None,
    count: int = 32,
    prefix: str = "hash",
    keep: bool = False,
) -> dict[str, Any]:
    """So many columns, into which the values of any number of categories are hashed."""
    state = {"columns": _encoded(table, columns), "count": count, "prefix": prefix, "keep": keep}
    return outcome(table, transform, Fitted("hash", state))


def _encoded(
    table: pl.LazyFrame, columns: list[str] | None, without: list[str] | None = None
) -> list[str]:
    """The columns named, of any kind that has categories; by default all of text."""
    names = tables.chosen(table, columns or [], KINDS if columns else ("text",), without or [])
    if not names:
        raise StepError("no column holds text: name the columns to encode")
    return names


def _categories(table: pl.LazyFrame, name: str) -> pl.DataFrame:
    """Each category of a column with its count, numbers in their order and texts in theirs."""
    dtype = table.collect_schema()[name]
    place = col(name).cast(pl.Float64) if dtype.is_numeric() else pl.lit(0.0)
    grouped = table.select(category(name, dtype).alias("category"), place.alias("place"))
    return (
        grouped.filter(pl.col("category").is_not_null())
        .group_by("category")
        .agg(pl.len().alias("count"), pl.col("place").min())
        .sort("place", "category")
        .collect(engine="streaming")
    )
