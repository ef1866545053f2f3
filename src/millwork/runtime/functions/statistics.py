"""What a table holds: a summary of each column, quantiles, and how columns go together."""

from __future__ import annotations

from functools import partial
from itertools import combinations
from typing import TYPE_CHECKING, Any

import polars as pl
from polars import selectors as cs

from .. import tables
from ..problems import StepError
from ..reports import Report
from .samples import (
    MISSING,
    QUARTILES,
    as_text,
    category,
    chosen_numbers,
    histograms,
    numbers,
    shaped,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

SUMMARY = {
    "column": pl.String,
    "type": pl.String,
    **dict.fromkeys(("count", "nulls", "distinct"), pl.Int64),
    **dict.fromkeys(
        ("mean", "std", "skewness", "kurtosis", "min", "q1", "median", "q3", "max"), pl.Float64
    ),
    **dict.fromkeys(("least", "greatest", "top"), pl.String),
    "top_count": pl.Int64,
}
QUANTILES = {"column": pl.String, "quantile": pl.Float64, "value": pl.Float64}
CROSS = {
    "row": pl.String,
    "column": pl.String,
    "count": pl.Int64,
    **dict.fromkeys(("row_share", "column_share", "share"), pl.Float64),
}
_AT_ONCE = 8  # columns in one pass: quantiles and distinct values are found in memory
_DRAWN, _DRAWN_BINS, _DRAWN_CATEGORIES, _DRAWN_CELLS = 12, 20, 10, 30
_MOST_CELLS = 100_000


def summary(*, table: pl.LazyFrame, columns: list[str] | None = None) -> dict[str, Any]:
    """A row about each column: how many values, their mean and spread, quartiles, what is most."""
    names = list(dict.fromkeys(tables.chosen(table, columns or [])))
    if not names:
        raise StepError("the table has no columns: there is nothing to summarise")
    rows: list[dict[str, Any]] = []
    for start in range(0, len(names), _AT_ONCE):
        rows += _described(table, names[start : start + _AT_ONCE])
    tops = {}
    for row in rows:
        if _kind(table, row["column"]) in ("text", "bool"):
            top = tops[row["column"]] = _frequent(table, row["column"], _DRAWN_CATEGORIES)
            row["top"], row["top_count"] = top[0] if top else (None, None)
    found = pl.DataFrame(rows, SUMMARY, orient="row")
    return {"table": found, "report": _summary_report(table, found, tops)}


def quantiles(
    *, table: pl.LazyFrame, columns: list[str] | None = None, parts: int = 100
) -> pl.DataFrame:
    """The values that divide each column's numbers into equally many parts."""
    import numpy as np

    shares = np.arange(parts + 1) / parts
    found = []
    for name in chosen_numbers(table, columns):
        values = table.select(numbers(name)).drop_nulls().collect(engine="streaming").to_series()
        at = np.quantile(values.to_numpy(), shares) if values.len() else [None] * (parts + 1)
        told = {"column": [name] * (parts + 1), "quantile": shares, "value": at}
        found.append(pl.DataFrame(told, QUANTILES))
    return pl.concat(found)


def correlation(
    *, table: pl.LazyFrame, columns: list[str] | None = None, method: str = "pearson"
) -> dict[str, Any]:
    """How columns of numbers go together, from -1 to 1, by Pearson or by Spearman (ranks)."""
    matrix = _matrix(table, columns, pl.corr, by_rank=method == "spearman")
    return {
        "table": matrix,
        "report": _matrix_report(f"Correlation ({method.capitalize()})", matrix),
    }


def covariance(*, table: pl.LazyFrame, columns: list[str] | None = None) -> dict[str, Any]:
    """How columns of numbers vary together, in their own units (of the sample: n - 1)."""
    matrix = _matrix(table, columns, pl.cov)
    return {"table": matrix, "report": _matrix_report("Covariance", matrix)}


def cross_table(*, table: pl.LazyFrame, row: str, column: str) -> dict[str, Any]:
    """How often each value of one column comes with each of another."""
    counted = (
        table.select(category(table, row).alias("row"), category(table, column).alias("column"))
        .group_by("row", "column")
        .agg(pl.len().cast(pl.Int64).alias("count"))
        .collect(engine="streaming")
    )
    cells = counted["row"].n_unique() * counted["column"].n_unique()
    if cells > _MOST_CELLS:
        raise StepError(f"{cells:,} cells, and {_MOST_CELLS:,} are the most: bin the columns first")
    axes = [
        counted.select(pl.col(name).unique().sort(nulls_last=True)) for name in ("row", "column")
    ]
    count = pl.col("count")
    told = (
        axes[0]
        .join(axes[1], how="cross")
        .join(counted, on=["row", "column"], how="left", nulls_equal=True, maintain_order="left")
        .with_columns(count.fill_null(0))
        .with_columns(
            (count / count.sum().over("row")).alias("row_share"),
            (count / count.sum().over("column")).alias("column_share"),
            (count / count.sum()).alias("share"),
        )
    )
    found = shaped(told, CROSS)
    return {"table": found, "report": _cross_report(row, column, found)}


def _kind(table: pl.LazyFrame, name: str) -> str:
    dtype = table.collect_schema()[name]
    return next((kind for kind, holds in tables.KINDS.items() if holds(dtype)), "")


def _described(table: pl.LazyFrame, names: list[str]) -> Iterator[dict[str, Any]]:
    schema = table.collect_schema()
    found = table.select(
        expression.alias(f"{index},{key}")
        for index, name in enumerate(names)
        for key, expression in _aggregates(table, name).items()
    ).collect(engine="streaming")
    for index, name in enumerate(names):
        values = {
            key: found[f"{index},{key}"][0] for key in SUMMARY if f"{index},{key}" in found.columns
        }
        yield {**dict.fromkeys(SUMMARY), "column": name, "type": str(schema[name]), **values}


def _aggregates(table: pl.LazyFrame, name: str) -> dict[str, pl.Expr]:
    """What is asked of a column of its kind; nothing but counts of lists and the like."""
    kind, dtype = _kind(table, name), table.collect_schema()[name]
    values: pl.Expr = cs.by_name(name)
    if kind in ("number", "bool"):
        values = numbers(name)
    elif kind == "text":
        values = as_text(values, dtype)
    counts = {"count": values.count(), "nulls": values.null_count()}
    if not kind:
        return counts
    counts["distinct"] = values.drop_nulls().n_unique()
    if kind in ("text", "time"):
        least, greatest = as_text(values.min(), dtype), as_text(values.max(), dtype)
        return {**counts, "least": least, "greatest": greatest}
    return {
        **counts,
        "mean": values.mean(),
        "std": values.std(),
        "skewness": values.skew(),
        "kurtosis": values.kurtosis(),
        "min": values.min(),
        **{name: values.quantile(share, "linear") for name, share in QUARTILES.items()},
        "max": values.max(),
    }


def _frequent(table: pl.LazyFrame, name: str, most: int) -> list[tuple[str, int]]:
    """The commonest values with how often they are there; of equals those first in the alphabet."""
    counted = (
        table.select(category(table, name).alias("value"))
        .drop_nulls()
        .group_by("value")
        .agg(pl.len().alias("count"))
        .sort("count", "value", descending=[True, False])
        .head(most)
    )
    return counted.collect(engine="streaming").rows()


def _summary_report(
    table: pl.LazyFrame, found: pl.DataFrame, tops: dict[str, list[tuple[str, int]]]
) -> Report:
    rows = found["count"][0] + found["nulls"][0]
    gaps = found["nulls"].sum() / (rows * found.height) if rows else None
    report = Report("Summary")
    report.metrics(
        "",
        {
            "Rows": rows,
            "Columns": found.height,
            "Missing values": found["nulls"].sum(),
            "Share missing": gaps,
        },
    )
    report.table("Columns", found.columns, found.rows())
    numeric = [name for name in found["column"] if _kind(table, name) == "number"]
    drawn = histograms(table, numeric[:_DRAWN], _DRAWN_BINS)
    for name, (edges, counts) in drawn.items():
        report.add(
            "histogram", name, x_label=name, edges=edges, series=[{"name": "", "counts": counts}]
        )
    for name, top in list(tops.items())[:_DRAWN]:
        distinct = found.row(by_predicate=pl.col("column") == name, named=True)["distinct"]
        note = f"The commonest of {distinct:,} values." if distinct > len(top) else ""
        categories, counts = [value for value, _ in top], [count for _, count in top]
        report.add(
            "bar",
            name,
            note,
            x_label=name,
            y_label="rows",
            categories=categories,
            series=[{"name": "", "y": counts}],
        )
    left_out = max(0, len(numeric) - _DRAWN) + max(0, len(tops) - _DRAWN)
    if left_out:
        report.add("text", "", text=f"{left_out:,} more columns are in the table, and not drawn.")
    return report


def _matrix(
    table: pl.LazyFrame, columns: list[str] | None, measure: Any, *, by_rank: bool = False
) -> pl.DataFrame:
    """A measure of each two columns, from the rows that have both; null where there is none."""
    names = chosen_numbers(table, columns)
    if "column" in names:
        raise StepError("a column is named 'column', as the result's first is: rename it first")
    places = [str(number) for number in range(len(names))]
    values = table.select(
        numbers(name).alias(place) for name, place in zip(names, places, strict=True)
    )
    of_two = measure
    if by_rank:
        values, of_two = _ranked(values)
    both = [(of_two, *each) for each in combinations(places, 2)]
    both += [(measure, place, place) for place in places]
    found = values.select(
        function(*_complete(first, second)).fill_nan(None).alias(f"{first},{second}")
        for function, first, second in both
    ).collect(engine="streaming")
    known = {**found.row(0, named=True)}
    rows = [[known.get(f"{a},{b}", known.get(f"{b},{a}")) for b in places] for a in places]
    return pl.DataFrame(
        {"column": names, **dict(zip(names, rows, strict=True))},
        {"column": pl.String, **dict.fromkeys(names, pl.Float64)},
    )


def _ranked(values: pl.LazyFrame) -> tuple[pl.LazyFrame, Any]:
    """Each column's ranks, if nothing is missing; else each two columns have ranks of their own."""
    gaps = values.null_count().collect(engine="streaming")
    if any(gaps.row(0)):
        return values, partial(pl.corr, method="spearman")
    return values.select(pl.all().rank()).collect().lazy(), pl.corr


def _complete(first: str, second: str) -> tuple[pl.Expr, pl.Expr]:
    a, b = pl.col(first), pl.col(second)
    return pl.when(b.is_not_null()).then(a), pl.when(a.is_not_null()).then(b)


def _matrix_report(title: str, matrix: pl.DataFrame) -> Report:
    names = matrix["column"].to_list()
    values = matrix.drop("column").rows()
    note = "From the rows that have values in both."
    return Report(title).add(
        "heatmap", "Each two columns", note, x_labels=names, y_labels=names, values=values
    )


def _cross_report(row: str, column: str, found: pl.DataFrame) -> Report:
    down, across = (
        [MISSING if value is None else value for value in found[name].unique(maintain_order=True)]
        for name in ("row", "column")
    )
    counts = found["count"].to_list()
    wide = len(across)
    rows = [counts[place * wide : (place + 1) * wide] for place in range(len(down))]
    report = Report(f"{row} by {column}")
    report.metrics("", {"Rows": sum(counts), row: len(down), column: len(across)})
    return report.add(
        "heatmap",
        "Counts",
        x_labels=across,
        y_labels=down,
        values=rows,
        x_label=column,
        y_label=row,
    ).table(
        "Table",
        [f"{row} \\ {column}", *across[:_DRAWN_CELLS], "all"],
        (
            [name, *counts[:_DRAWN_CELLS], sum(counts)]
            for name, counts in zip(down, rows, strict=True)
        ),
    )
