"""Distributions drawn: histograms, box plots, scatter plots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl
from polars import selectors as cs

from .. import tables
from ..problems import StepError
from ..reports import MOST_BARS, MOST_POINTS, Report
from .samples import (
    MISSING,
    MOST_GROUPS,
    NUMBERS,
    QUARTILES,
    category,
    chosen_numbers,
    histograms,
    numbers,
    shaped,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

BINS = {
    "column": pl.String,
    "bin": pl.Int64,
    "low": pl.Float64,
    "high": pl.Float64,
    "count": pl.Int64,
    "share": pl.Float64,
}
BOXES = {
    "column": pl.String,
    "group": pl.String,
    "count": pl.Int64,
    **dict.fromkeys(("min", "low", "q1", "median", "q3", "high", "max", "mean"), pl.Float64),
    "outliers": pl.Int64,
}
_DRAWN, _DRAWN_GROUPS = 24, 8


def histogram(
    *, table: pl.LazyFrame, columns: list[str] | None = None, bins: int = 10
) -> dict[str, Any]:
    """How many values of each column lie in each of some equal intervals."""
    found = histograms(table, chosen_numbers(table, columns), bins)
    if not found:
        raise StepError("no column holds a value: there is nothing to count")
    rows = [
        (name, number + 1, edges[number], edges[number + 1], count, count / sum(counts))
        for name, (edges, counts) in found.items()
        for number, count in enumerate(counts)
    ]
    report = Report("Histograms")
    for name, (edges, counts) in list(found.items())[:_DRAWN]:
        series = [{"name": "", "counts": counts}]
        report.add("histogram", name, x_label=name, edges=edges, series=series)
    return {"table": pl.DataFrame(rows, BINS, orient="row"), "report": report}


def box_plot(
    *,
    table: pl.LazyFrame,
    columns: list[str] | None = None,
    group: str | None = None,
    whiskers: float = 1.5,
) -> dict[str, Any]:
    """Quartiles of each column, how far its values reach, and which lie far outside."""
    names = chosen_numbers(table, columns)
    by = category(table, group) if group else pl.lit(None, pl.String)
    report, found = Report("Box plots"), []
    note = f"Whiskers end at the farthest value within {whiskers:g} box lengths of the box."
    for name in names:
        values = table.select(by.alias("group"), numbers(name).alias("value")).drop_nulls("value")
        boxes, outside = _boxes(values, whiskers)
        if boxes.height > MOST_GROUPS:
            raise StepError(
                f"'{group}' makes {boxes.height:,} groups, and {MOST_GROUPS} are the most"
            )
        found.append(boxes.select(pl.lit(name).alias("column"), pl.exclude("column")))
        drawn = list(_drawn(boxes, outside, name))
        if drawn and len(report.sections) < _DRAWN:
            title = f"{name} by {group}" if group else name
            first = "" if report.sections else note
            report.add("box", title, first, y_label=name, boxes=drawn)
    return {"table": shaped(pl.concat(found), BOXES), "report": report}


def scatter_plot(
    *,
    table: pl.LazyFrame,
    x: str,
    y: str,
    group: str | None = None,
    points: int = MOST_POINTS,
    seed: int = 0,
) -> Report:
    """Two columns against each other, drawn from a sample of the rows."""
    tables.chosen(table, [x, y], NUMBERS)
    by = category(table, group).fill_null(MISSING) if group else pl.lit("")
    complete = table.select(
        numbers(x).alias("x"), numbers(y).alias("y"), by.alias("group")
    ).drop_nulls()
    told = complete.select(
        pl.len().alias("rows"),
        pl.corr("x", "y").fill_nan(None).alias("pearson"),
    ).collect(engine="streaming")
    if not told["rows"][0]:
        raise StepError(f"no row has a value in both '{x}' and '{y}'")
    draw = pl.col("row").hash(seed)
    drawn = complete.with_row_index("row").with_columns(draw.alias("draw"))
    shown = drawn.bottom_k(points, by="draw").sort("row").collect(engine="streaming")
    return (
        Report(f"{y} against {x}")
        .metrics(
            "",
            {"Rows": told["rows"][0], "Drawn": shown.height, "Correlation": told["pearson"][0]},
        )
        .add("scatter", f"{y} against {x}", x_label=x, y_label=y, series=_clouds(shown))
    )


def _boxes(values: pl.LazyFrame, whiskers: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The boxes of each group, and the values outside its whiskers."""
    value, reach = pl.col("value"), whiskers * (pl.col("q3") - pl.col("q1"))
    boxes = values.group_by("group").agg(
        pl.len().alias("count"),
        value.min().alias("min"),
        value.max().alias("max"),
        value.mean().alias("mean"),
        *(value.quantile(share, "linear").alias(name) for name, share in QUARTILES.items()),
    )
    known = boxes.collect(engine="streaming")
    inside = value.is_between(pl.col("q1") - reach, pl.col("q3") + reach)
    placed = values.join(known.lazy(), on="group", nulls_equal=True).with_columns(
        inside.alias("is_inside")
    )
    kept = pl.col("value").filter("is_inside")
    ends = placed.group_by("group").agg(
        kept.min().alias("low"),
        kept.max().alias("high"),
        pl.col("is_inside").not_().sum().alias("outliers"),
    )
    outside = placed.filter(~pl.col("is_inside")).select("group", "value")
    joined = known.join(ends.collect(engine="streaming"), on="group", nulls_equal=True)
    return joined.sort("group", nulls_last=True), outside.collect(engine="streaming")


def _drawn(boxes: pl.DataFrame, outside: pl.DataFrame, name: str) -> Iterator[dict[str, Any]]:
    for row in boxes.head(MOST_BARS).rows(named=True):
        far = outside.filter(pl.col("group").eq_missing(row["group"]))["value"].sort()
        label = name if boxes.height == 1 and row["group"] is None else row["group"] or MISSING
        ends = {key: row[key] for key in ("low", "q1", "median", "q3", "high")}
        yield {"name": label, **ends, "outliers": far.to_list()}


def _clouds(shown: pl.DataFrame) -> list[dict[str, Any]]:
    """The points of each group; the smaller groups are one together if there are many."""
    common = shown["group"].value_counts(sort=True).head(_DRAWN_GROUPS - 1)["group"]
    if shown["group"].n_unique() > _DRAWN_GROUPS:
        others = (
            pl.when(cs.by_name("group").is_in(common.implode()))
            .then("group")
            .otherwise(pl.lit("others"))
        )
        shown = shown.with_columns(others.alias("group"))
    return [
        {"name": part["group"][0], "x": part["x"].to_list(), "y": part["y"].to_list()}
        for part in shown.sort("group", maintain_order=True).partition_by(
            "group", maintain_order=True
        )
    ]
