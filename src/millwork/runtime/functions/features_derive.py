"""Columns made of others: bins, principal components, products, parts of dates."""

from __future__ import annotations

from collections import Counter
from itertools import combinations, combinations_with_replacement
from math import comb, inf
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from .. import tables
from ..fitted.columns import col, matrix
from ..fitted.derive import DATE_PARTS, TIME_PARTS
from ..models import complete
from ..problems import StepError, listed
from ..reports import Report
from ..transforms import Fitted, Transform, outcome

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_TERMS = 5000


def bin_columns(
    *,
    table: pl.LazyFrame,
    transform: Transform | None = None,
    columns: list[str] | None = None,
    method: str = "quantile",
    bins: int = 10,
    label: str | None = None,
    min_share: float = 0.05,
    suffix: str = "",
) -> dict[str, Any]:
    """Each column's values by the number of their bin."""
    labels = [label] if label else []
    if labels:
        tables.chosen(table, labels, ("text", "bool", "number"))
    names = tables.chosen(table, columns or [], ("number",), labels)
    if not names:
        raise StepError("no column holds numbers: nothing to put into bins")
    if method == "tree":
        if not label:
            raise StepError("the method 'tree' needs a label: name its column")
        edges = _tree_edges(table, names, label, bins, min_share)
    else:
        edges = _plain_edges(table, names, method, bins)
    state = {"columns": edges, "suffix": suffix}
    return outcome(table, transform, Fitted("bins", state))


def _plain_edges(
    table: pl.LazyFrame, names: list[str], method: str, bins: int
) -> dict[str, list[float]]:
    """The edges between the bins; equal ones are one."""
    shares = [place / bins for place in range(1, bins)] if method == "quantile" else []
    values = {name: _number(name) for name in names}
    found = table.select(
        pl.concat_list(
            values[name].min(),
            values[name].max(),
            *(values[name].quantile(share, "linear") for share in shares),
        ).alias(name)
        for name in names
    ).collect(engine="streaming")
    edges: dict[str, list[float]] = {}
    for name in names:
        low, high, *inner = found.get_column(name)[0].to_list()
        if low is None:
            edges[name] = []
            continue
        if low == -inf or high == inf:
            raise StepError(f"column '{name}' holds infinite values: replace or filter them")
        if method == "width":
            inner = np.linspace(low, high, bins + 1)[1:-1].tolist()
        edges[name] = sorted({edge for edge in inner if low < edge <= high})
    return edges


def _tree_edges(
    table: pl.LazyFrame, names: list[str], label: str, bins: int, min_share: float
) -> dict[str, list[float]]:
    """The thresholds of a small decision tree that tells the label by that column alone."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    if label in names:
        raise StepError(f"column '{label}' is the label: it cannot be put into bins by itself")
    is_number = table.collect_schema()[label].is_numeric()
    kind = DecisionTreeRegressor if is_number else DecisionTreeClassifier
    target = _number(label) if is_number else col(label).cast(pl.String)
    frame = table.select(*map(_number, names), target).collect(engine="streaming")
    edges: dict[str, list[float]] = {}
    for name in names:
        known = frame.select(col(name).alias("value"), col(label).alias("label")).drop_nulls()
        if known.height < 2:
            edges[name] = []
            continue
        values, labels = known["value"].to_numpy().reshape(-1, 1), known["label"].to_numpy()
        for each, numbers in ((name, values), (label, labels if is_number else np.zeros(1))):
            if np.abs(numbers).max() > np.finfo(np.float32).max:
                raise StepError(f"column '{each}' holds infinite or too large values: filter them")
        tree = kind(max_leaf_nodes=bins, min_samples_leaf=min_share, random_state=0)
        found = tree.fit(values, labels).tree_
        # a tree sends what equals a threshold to the left, a bin holds its lower edge
        thresholds = found.threshold[found.feature == 0]
        edges[name] = sorted({float(np.nextafter(edge, inf)) for edge in thresholds})
    return edges


def _number(name: str) -> pl.Expr:
    return col(name).cast(pl.Float64).fill_nan(None)


def pca(
    *,
    table: pl.LazyFrame,
    transform: Transform | None = None,
    columns: list[str] | None = None,
    components: int = 2,
    share: float | None = None,
    scale: bool = False,
    prefix: str = "pc",
    keep: bool = False,
) -> dict[str, Any]:
    """The directions in which the rows differ most, and each row's place along them."""
    from sklearn.decomposition import PCA

    names = tables.chosen(table, columns or [], ("number", "bool"))
    if not names:
        raise StepError("no column holds numbers: there are no components")
    frame = table.select(map(col, names)).collect(engine="streaming")
    values = _finite(frame, names)
    most = min(values.shape)
    wanted = most if share is not None else components
    if values.shape[0] < 2 or wanted > most:
        raise StepError(
            f"{wanted} components need as many columns and rows, and two rows at least: there "
            f"are {len(names)} columns and {values.shape[0]} rows"
        )
    with np.errstate(over="ignore"):
        mean = values.mean(axis=0)
        spread = values.std(axis=0) if scale else np.ones(len(names))
    spread[spread == 0] = 1.0
    if not np.isfinite(mean + spread).all():
        raise StepError("the columns hold values that are too large: scale them first")
    with np.errstate(invalid="ignore"):  # columns without spread have no shares of it
        fitted = PCA(wanted, svd_solver="full").fit((values - mean) / spread)
    ratios = np.nan_to_num(fitted.explained_variance_ratio_)
    if share is not None:
        wanted = min(int(np.searchsorted(ratios.cumsum(), share - 1e-12)) + 1, most)
    state = {
        "columns": names,
        "mean": mean.tolist(),
        "scale": spread.tolist(),
        "components": fitted.components_[:wanted].tolist(),
        "names": [f"{prefix}{place}" for place in range(1, wanted + 1)],
        "keep": keep,
    }
    report = _pca_report(state, ratios[:wanted].tolist())
    return {**outcome(table, transform, Fitted("pca", state)), "report": report}


def _finite(frame: pl.DataFrame, names: list[str]) -> NDArray[np.float64]:
    values = matrix(complete(frame, names))
    for place, name in enumerate(names):
        if not np.isfinite(values[:, place]).all():
            raise StepError(f"column '{name}' holds NaN or infinite values: fill or filter them")
    return values


def _pca_report(state: dict[str, Any], ratios: list[float]) -> Report:
    names = state["names"]
    report = Report("Principal components")
    report.add(
        "bar",
        "Share of the variance",
        x_label="component",
        y_label="share of the variance",
        categories=names,
        series=[{"name": "share", "y": ratios}],
    )
    rows = zip(names, ratios, np.cumsum(ratios).tolist(), strict=True)
    report.table("Shares", ["component", "share", "together"], rows)
    loadings = zip(state["columns"], *state["components"], strict=True)
    return report.table("Weights of the columns", ["column", *names], loadings)


def polynomial_features(
    *,
    table: pl.LazyFrame,
    transform: Transform | None = None,
    columns: list[str] | None = None,
    degree: int = 2,
    interaction_only: bool = False,
) -> dict[str, Any]:
    """Products of the columns, up to so many factors, beside them."""
    names = tables.chosen(table, columns or [], ("number", "bool"))
    if not names:
        raise StepError("no column holds numbers: there are no products")
    choose = combinations if interaction_only else combinations_with_replacement
    count = sum(
        comb(len(names) + (0 if interaction_only else n - 1), n) for n in range(2, degree + 1)
    )
    if count > MOST_TERMS:
        raise StepError(f"there would be {count} new columns, more than {MOST_TERMS}: name fewer")
    products = [each for n in range(2, degree + 1) for each in choose(names, n)]
    terms = {_term(factors): list(factors) for factors in products}
    if len(terms) < len(products):
        raise StepError("two products would have the same name: rename the columns")
    state = {"columns": names, "terms": terms}
    return outcome(table, transform, Fitted("polynomial", state))


def _term(factors: tuple[str, ...]) -> str:
    """`a b`, `a^2 b`, as scikit-learn names it."""
    powers = Counter(factors).items()
    return " ".join(name if power == 1 else f"{name}^{power}" for name, power in powers)


def datetime_parts(
    *,
    table: pl.LazyFrame,
    transform: Transform | None = None,
    columns: list[str] | None = None,
    parts: str = "year,month,day,weekday,hour",
    keep: bool = False,
) -> dict[str, Any]:
    """Parts of dates and times as numbers; each column has those that its type has."""
    wanted = [part.strip() for part in parts.split(",") if part.strip()]
    known = [*DATE_PARTS, *TIME_PARTS]
    for part in wanted:
        if part not in known:
            raise StepError(f"there is no part '{part}'; there are: {listed(known)}")
    schema = table.collect_schema()
    names = tables.chosen(table, columns or [], ("time",))
    learned = {
        name: [part for part in dict.fromkeys(wanted) if part in _parts(schema[name])]
        for name in names
    }
    without = [name for name, found in learned.items() if not found]
    if columns and without:
        raise StepError(f"column '{without[0]}' is {schema[without[0]]}: it has no {parts}")
    learned = {name: found for name, found in learned.items() if found}
    if not learned:
        raise StepError("no column holds dates or times with these parts: convert one (cast_types)")
    return outcome(table, transform, Fitted("datetime_parts", {"columns": learned, "keep": keep}))


def _parts(dtype: pl.DataType) -> set[str]:
    if dtype == pl.Duration:
        return set()
    dates = set() if dtype == pl.Time else set(DATE_PARTS)
    return dates if dtype == pl.Date else dates | set(TIME_PARTS)
