"""How good predicted numbers and clusters are, and models beside one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from .. import tables
from ..problems import StepError, listed
from ..reports import Report
from .evaluate_metrics import (
    LOWER_IS_BETTER,
    defined,
    in_order,
    metrics_table,
    show_metrics,
    title,
    titled,
)
from .samples import category, chosen_numbers, numbers, pairs, shaped

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from .samples import Floats, shaped

RESIDUALS = {"low": pl.Float64, "high": pl.Float64, "count": pl.Int64}
CLUSTERS = {
    "cluster": pl.String,
    "rows": pl.Int64,
    "share": pl.Float64,
    "silhouette": pl.Float64,
}
_HEADLINE = ("rmse", "mae", "mape", "r2", "max_error", "rows")
_DRAWN, _RESIDUAL_BINS = 1000, 30


def evaluate_regression(
    *, table: pl.LazyFrame, label: str, prediction: str = "prediction"
) -> dict[str, Any]:
    """How far predictions of a number are from it."""
    import numpy as np
    from sklearn import metrics as library

    truth, predicted = pairs(table, label, prediction, 1)
    residual = truth - predicted
    metrics = {
        "rmse": defined(library.root_mean_squared_error, truth, predicted),
        "mse": defined(library.mean_squared_error, truth, predicted),
        "mae": defined(library.mean_absolute_error, truth, predicted),
        "median_absolute_error": defined(library.median_absolute_error, truth, predicted),
        "mape": defined(library.mean_absolute_percentage_error, truth, predicted)
        if truth.all()
        else None,
        "r2": defined(library.r2_score, truth, predicted),
        "explained_variance": defined(library.explained_variance_score, truth, predicted),
        "max_error": defined(library.max_error, truth, predicted),
        "mean_residual": float(residual.mean()),
        "rows": len(truth),
    }
    counts, edges = np.histogram(residual, _RESIDUAL_BINS)
    rows = zip(edges[:-1], edges[1:], counts, strict=True)
    report = show_metrics(Report(f"{label}: predicted numbers"), metrics, *_HEADLINE)
    _draw_residuals(report, truth, predicted, edges, counts)
    return {
        "metrics": metrics_table(metrics),
        "residuals": pl.DataFrame(list(rows), RESIDUALS, orient="row"),
        "report": report,
        "rmse": metrics["rmse"],
        "r2": metrics["r2"],
    }


def evaluate_clustering(
    *,
    table: pl.LazyFrame,
    columns: list[str] | None = None,
    cluster: str = "prediction",
    noise: str = "-1",
    most_rows: int = 10_000,
    seed: int = 0,
) -> dict[str, Any]:
    """How well clusters are apart, in the space of some columns."""
    import numpy as np
    from sklearn import metrics as library

    tables.require(table, [cluster])
    kept = chosen_numbers(table.drop(cluster) if not columns else table, columns)
    found = (
        table.select(
            category(table, cluster).alias("cluster"), numbers(*kept).name.prefix("column:")
        )
        .drop_nulls()
        .filter(pl.col("cluster") != noise)
        .collect(engine="streaming")
    )
    names, matrix = found["cluster"].to_numpy(), found.drop("cluster").to_numpy()
    sizes = found["cluster"].value_counts()
    if not 2 <= sizes.height < found.height:
        raise StepError(
            f"'{cluster}' makes {sizes.height} clusters of {found.height} rows: there must be at "
            "least 2, and fewer than rows"
        )
    if not np.isfinite(matrix).all():
        raise StepError("a column holds infinite values: filter those rows out first")
    rows = _sampled(len(matrix), most_rows, seed)
    silhouettes = _silhouettes(matrix[rows], names[rows])
    metrics = {
        "silhouette": defined(np.mean, silhouettes["silhouette"].to_numpy()),
        "davies_bouldin": defined(library.davies_bouldin_score, matrix, names),
        "calinski_harabasz": defined(library.calinski_harabasz_score, matrix, names),
        "clusters": sizes.height,
        "rows": found.height,
        "silhouette_rows": len(rows),
    }
    clusters = _clusters(sizes, silhouettes)
    return {
        "metrics": metrics_table(metrics),
        "clusters": clusters,
        "report": _cluster_report(metrics, clusters),
        "silhouette": metrics["silhouette"],
    }


def compare_models(
    *,
    first: pl.LazyFrame,
    second: pl.LazyFrame,
    third: pl.LazyFrame | None = None,
    fourth: pl.LazyFrame | None = None,
    names: str = "",
    metric: str = "",
) -> dict[str, Any]:
    """The metrics of several models beside one another, and which is best by one of them."""
    given = {"first": first, "second": second, "third": third, "fourth": fourth}
    parts = {port: frame for port, frame in given.items() if frame is not None}
    told = [name.strip() for name in names.split(",")] if names else list(parts)
    if len(told) != len(parts) or len(set(told)) < len(told) or not all(told):
        raise StepError(f"names: {len(parts)} different names with commas between are needed")
    if "metric" in told:
        raise StepError("names: 'metric' is the first column's name already: choose another")
    found = _joined(dict(zip(told, parts.values(), strict=True)))
    by = metric or found["metric"][0]
    row = found.filter(pl.col("metric") == by)
    if not row.height:
        raise StepError(f"there is no metric '{by}'; there are: {listed(found['metric'])}")
    known = {name: value for name in told if (value := row[name][0]) is not None}
    if not known:
        raise StepError(f"no model has a value of '{by}': choose another metric")
    best = (min if by in LOWER_IS_BETTER else max)(known, key=lambda name: known[name])
    report = Report(f"{len(told)} models, the best by {title(by)}: {best}")
    report.metrics("", {"Best": best, **{f"{title(by)}, {name}": known.get(name) for name in told}})
    _draw_models(report, found, told)
    return {"table": found, "report": report, "best": best}


def _draw_residuals(
    report: Report, truth: Floats, predicted: Floats, edges: Floats, counts: NDArray[Any]
) -> None:
    rows = _sampled(len(truth), _DRAWN, 0)
    ends = [float(truth.min()), float(truth.max())]
    reach = [float(predicted.min()), float(predicted.max())]
    report.add(
        "scatter",
        "Predicted against actual",
        x_label="actual",
        y_label="predicted",
        series=[
            {"name": "rows", "x": truth[rows], "y": predicted[rows]},
            {"name": "exact", "x": ends, "y": ends, "is_reference": True},
        ],
    )
    report.add(
        "scatter",
        "Residuals against predictions",
        x_label="predicted",
        y_label="actual − predicted",
        series=[
            {"name": "rows", "x": predicted[rows], "y": truth[rows] - predicted[rows]},
            {"name": "exact", "x": reach, "y": [0, 0], "is_reference": True},
        ],
    )
    series = [{"name": "", "counts": counts}]
    report.add("histogram", "Residuals", x_label="actual − predicted", edges=edges, series=series)


def _sampled(rows: int, most: int, seed: int) -> NDArray[np.int64]:
    """The numbers of at most so many rows, chosen by chance, in their order."""
    import numpy as np

    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def _silhouettes(matrix: Floats, names: NDArray[Any]) -> pl.DataFrame:
    """How much nearer each row is to its own cluster than to the next; none for one cluster."""
    from sklearn.metrics import silhouette_samples

    schema = {"cluster": pl.String, "silhouette": pl.Float64}
    if not 2 <= len(set(names)) < len(names):
        return pl.DataFrame(schema=schema)
    found = {"cluster": names, "silhouette": silhouette_samples(matrix, names)}
    return pl.DataFrame(found, schema)


def _clusters(sizes: pl.DataFrame, silhouettes: pl.DataFrame) -> pl.DataFrame:
    means = silhouettes.group_by("cluster").agg(pl.col("silhouette").mean())
    count = pl.col("count")
    found = sizes.join(means, on="cluster", how="left").with_columns(
        count.alias("rows"), (count / count.sum()).alias("share")
    )
    order = {name: place for place, name in enumerate(in_order(found["cluster"]))}
    return shaped(found, CLUSTERS)[
        sorted(range(found.height), key=lambda row: order[found["cluster"][row]])
    ]


def _cluster_report(metrics: dict[str, Any], clusters: pl.DataFrame) -> Report:
    report = Report("Clusters").metrics("", titled(metrics))
    for name, label in (("rows", "rows"), ("silhouette", "mean silhouette")):
        report.add(
            "bar",
            f"{label.capitalize()} by cluster",
            x_label="cluster",
            y_label=label,
            categories=clusters["cluster"].to_list(),
            series=[{"name": "", "y": clusters[name].to_list()}],
        )
    return report.table("Clusters", clusters.columns, clusters.rows())


def _joined(parts: dict[str, pl.LazyFrame]) -> pl.DataFrame:
    """The metrics in the order of the first that has them, a column a model."""
    found: pl.DataFrame | None = None
    for name, frame in parts.items():
        tables.chosen(frame, ["metric"], ("text",))
        tables.chosen(frame, ["value"], ("number",))
        one = frame.select(
            pl.col("metric").cast(pl.String), pl.col("value").cast(pl.Float64).alias(name)
        ).collect()
        if one["metric"].is_duplicated().any() or one["metric"].has_nulls():
            raise StepError(
                f"'{name}' is no table of metrics: each must be there once, by its name"
            )
        found = one if found is None else _beside(found, one)
    assert found is not None
    if not found.height:
        raise StepError("there are no metrics in these tables: nothing to compare")
    return found


def _beside(left: pl.DataFrame, right: pl.DataFrame) -> pl.DataFrame:
    return left.join(right, on="metric", how="full", coalesce=True, maintain_order="left_right")


def _draw_models(report: Report, found: pl.DataFrame, names: list[str]) -> None:
    """Metrics from 0 to 1 side by side; all of them in a table."""
    extent = pl.min_horizontal(names) >= 0, pl.max_horizontal(names) <= 1
    shares = found.filter(*extent, ~pl.col("metric").str.ends_with("threshold"))
    if shares.height:
        report.add(
            "bar",
            "Metrics from 0 to 1",
            x_label="",
            y_label="",
            categories=[title(name) for name in shares["metric"]],
            series=[{"name": name, "y": shares[name].to_list()} for name in names],
        )
    rows = [[title(name), *values] for name, *values in found.rows()]
    report.table("All metrics", ["metric", *names], rows)
