"""Tests of hypotheses: each gives its statistic and its p-value, as scipy computes them."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import polars as pl

from ..problems import StepError
from ..reports import Report
from .samples import category, chosen_numbers, groups, pairs, sample, shaped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .samples import Floats, shaped

TEST = {
    "test": pl.String,
    **dict.fromkeys(("statistic", "p_value", "degrees_of_freedom", "residual_degrees"), pl.Float64),
}
T_TEST = {**TEST, **dict.fromkeys(("estimate", "low", "high"), pl.Float64)}
GROUPS = {
    "group": pl.String,
    "count": pl.Int64,
    **dict.fromkeys(("mean", "std", "min", "median", "max"), pl.Float64),
}
CELLS = {
    "row": pl.String,
    "column": pl.String,
    "observed": pl.Int64,
    "expected": pl.Float64,
    "residual": pl.Float64,
}
NORMALITY = {
    "column": pl.String,
    "test": pl.String,
    "statistic": pl.Float64,
    "p_value": pl.Float64,
    "count": pl.Int64,
}
SHAPIRO_MOST = 5000  # above it scipy's p-value is not to be relied on
_MOST_CELLS, _DRAWN = 100_000, 12


@dataclass(frozen=True)
class Comparison:
    """A test of groups: its name for people, its function in scipy.stats, how many groups it takes
    (0: two or more), and its degrees of freedom by the groups' sizes."""

    title: str
    function: str
    exactly: int = 0
    freedom: Callable[[Sequence[int]], Mapping[str, float]] = lambda _sizes: {}


COMPARISONS: Mapping[str, Comparison] = {
    "anova": Comparison(
        "One-way analysis of variance",
        "f_oneway",
        freedom=lambda sizes: {
            "degrees_of_freedom": len(sizes) - 1,
            "residual_degrees": sum(sizes) - len(sizes),
        },
    ),
    "kruskal_wallis": Comparison(
        "Kruskal-Wallis test",
        "kruskal",
        freedom=lambda sizes: {"degrees_of_freedom": len(sizes) - 1},
    ),
    "mann_whitney": Comparison("Mann-Whitney U test", "mannwhitneyu", 2),
    "ks_test": Comparison("Kolmogorov-Smirnov test", "ks_2samp", 2),
}


def compare_groups(
    member: str, /, *, table: pl.LazyFrame, column: str, group: str
) -> dict[str, Any]:
    """Whether a column's values differ between groups of rows, by a test of COMPARISONS."""
    return _comparison(member, table, column, group, {})


def compare_two(
    member: str, /, *, table: pl.LazyFrame, column: str, group: str, alternative: str = "two-sided"
) -> dict[str, Any]:
    """Whether a column's values differ between two groups, or are less or greater in the first."""
    return _comparison(member, table, column, group, {"alternative": alternative})


def t_test(
    *,
    table: pl.LazyFrame,
    column: str,
    other: str | None = None,
    group: str | None = None,
    paired: bool = False,
    equal_variance: bool = False,
    mean: float = 0.0,
    alternative: str = "two-sided",
    confidence: float = 0.95,
) -> dict[str, Any]:
    """Whether a mean, or the difference of two, is what is supposed (Student's t, or Welch's)."""
    from scipy import stats

    found = _t_samples(table, column, other, group, paired)
    first, *second = found.values()
    sided: dict[str, Any] = {"alternative": alternative}
    if not second:
        name, shift = "one_sample", 0.0
        result = _quietly(stats.ttest_1samp, first, mean, **sided)
    elif paired:
        name, shift = "paired", mean
        result = _quietly(stats.ttest_rel, first - mean, *second, **sided)
    else:
        name, shift = ("two_sample" if equal_variance else "welch"), mean
        result = _quietly(stats.ttest_ind, first - mean, *second, equal_var=equal_variance, **sided)
    answer = _answer(result)
    interval = result.confidence_interval(confidence)
    row = {
        "test": name,
        **answer,
        "degrees_of_freedom": float(result.df),
        "estimate": first.mean() - sum(values.mean() for values in second),
        "low": interval.low + shift,
        "high": interval.high + shift,
    }
    against = f"and {other or group}" if second else f"against {mean:g}"
    return _compared(f"t-test: {column} {against}", row, T_TEST, column, found)


def chi_square_test(
    *,
    table: pl.LazyFrame,
    column: str,
    other: str | None = None,
    expected: str = "",
    correction: bool = True,
) -> dict[str, Any]:
    """Whether two columns go together; or whether one column's values are as often as expected."""
    if other and expected:
        raise StepError("'expected' is for one column: leave it or 'other' out")
    row, cells = (
        _independence(table, column, other, correction)
        if other
        else _goodness(table, column, expected)
    )
    report = Report(f"Chi-square test: {column}" + (f" and {other}" if other else ""))
    report.metrics(
        "",
        {
            "p-value": row["p_value"],
            "Chi-square": row["statistic"],
            "Degrees of freedom": row["degrees_of_freedom"],
            "Rows": cells["observed"].sum(),
        },
    )
    report.table("Observed and expected", cells.columns, cells.rows())
    return {
        "table": pl.DataFrame([row], TEST),
        "detail": cells,
        "report": report,
        "p_value": row["p_value"],
    }


def normality_test(*, table: pl.LazyFrame, columns: list[str] | None = None) -> dict[str, Any]:
    """Whether columns of numbers come from a normal distribution, by four tests."""
    rows: list[dict[str, Any]] = []
    report = Report("Normality")
    names = chosen_numbers(table, columns)
    for name in names:
        values = sample(table, name, 3)
        if values.min() == values.max():
            raise StepError(f"'{name}' has one value only: it has no distribution to test")
        rows += [{"column": name, "count": len(values), **each} for each in _normality(values)]
    found = pl.DataFrame(rows, NORMALITY)
    report.table("Tests", found.columns, found.rows(), _NORMALITY_NOTE)
    for name in names[:_DRAWN]:
        _draw_quantiles(report, name, sample(table, name))
    return {"table": found, "report": report}


_NORMALITY_NOTE = (
    "A small p-value speaks against a normal distribution. That of Anderson-Darling is between "
    "0.01 and 0.15; that of Kolmogorov-Smirnov is too large, since mean and deviation are taken "
    "from the same values."
)


def _normality(values: Floats) -> list[dict[str, Any]]:
    from scipy import stats

    fitted = (float(values.mean()), float(values.std(ddof=1)))
    tests: dict[str, Callable[[], Any]] = {
        "shapiro": lambda: stats.shapiro(values),
        "anderson": lambda: stats.anderson(values, method="interpolate"),
        "ks": lambda: stats.kstest(values, "norm", fitted),
        "dagostino": lambda: stats.normaltest(values),
    }
    if len(values) > SHAPIRO_MOST:
        del tests["shapiro"]
    if len(values) < 8:
        del tests["dagostino"]
    return [{"test": name, **_answer(_quietly(test))} for name, test in tests.items()]


def _draw_quantiles(report: Report, name: str, values: Floats) -> None:
    import numpy as np
    from scipy import stats

    shares = (np.arange(1, len(values) + 1) - 0.5) / len(values)
    theory, ends = stats.norm.ppf(shares), stats.norm.ppf(shares[[0, -1]])
    straight = values.mean() + values.std(ddof=1) * ends
    report.add(
        "scatter",
        f"{name}: quantiles",
        x_label="of a normal distribution",
        y_label=name,
        series=[
            {"name": name, "x": theory, "y": np.sort(values)},
            {"name": "normal", "x": ends, "y": straight, "is_reference": True},
        ],
    )


def _comparison(
    member: str, table: pl.LazyFrame, column: str, group: str, options: dict[str, str]
) -> dict[str, Any]:
    from scipy import stats

    test = COMPARISONS[member]
    found = groups(table, column, group, 2, test.exactly)
    result = _quietly(getattr(stats, test.function), *found.values(), **options)
    sizes = [len(values) for values in found.values()]
    row = {"test": member, **_answer(result), **test.freedom(sizes)}
    return _compared(f"{test.title}: {column} by {group}", row, TEST, column, found)


def _t_samples(
    table: pl.LazyFrame, column: str, other: str | None, group: str | None, paired: bool
) -> dict[str, Floats]:
    """The one or two samples of a t-test, by their names."""
    if other and group:
        raise StepError("choose one of 'other' and 'group': the second sample is there only once")
    if paired and not other:
        raise StepError("a paired test needs 'other': the column with the second value of each row")
    if group:
        return groups(table, column, group, 2, 2)
    if not other:
        return {column: sample(table, column, 2)}
    if other == column:
        raise StepError(f"'{column}' cannot be compared with itself: choose another column")
    if paired:
        return dict(zip((column, other), pairs(table, column, other), strict=True))
    return {column: sample(table, column, 2), other: sample(table, other, 2)}


def _compared(
    title: str,
    row: Mapping[str, Any],
    schema: Mapping[str, Any],
    column: str,
    found: Mapping[str, Floats],
) -> dict[str, Any]:
    """What a test of groups returns: the test, the groups, a report, and the p-value alone."""
    import numpy as np

    result = pl.DataFrame([row], schema)
    told = [
        {
            "group": name,
            "count": len(values),
            "mean": values.mean(),
            "std": values.std(ddof=1),
            "min": values.min(),
            "median": np.median(values),
            "max": values.max(),
        }
        for name, values in found.items()
    ]
    detail = pl.DataFrame(told, GROUPS)
    report = Report(title).metrics(
        "", {"p-value": row["p_value"], "Statistic": row["statistic"], "Test": row["test"]}
    )
    report.add("box", "Groups", y_label=column, boxes=[_box(*each) for each in found.items()])
    report.table("Groups in numbers", detail.columns, detail.rows())
    return {"table": result, "detail": detail, "report": report, "p_value": row["p_value"]}


def _box(name: str, values: Floats) -> dict[str, Any]:
    """A box whose whiskers reach the least and the greatest value."""
    import numpy as np

    ends = np.quantile(values, [0, 0.25, 0.5, 0.75, 1])
    keys = ("low", "q1", "median", "q3", "high")
    return {"name": name, **dict(zip(keys, ends, strict=True)), "outliers": []}


def _independence(
    table: pl.LazyFrame, column: str, other: str, correction: bool
) -> tuple[dict[str, Any], pl.DataFrame]:
    from scipy import stats

    counted = _counts(table, {"row": column, "column": other})
    rows, across = (counted[name].unique().sort() for name in ("row", "column"))
    if rows.len() < 2 or across.len() < 2:
        raise StepError(f"'{column}' and '{other}' need two values each for this test")
    if rows.len() * across.len() > _MOST_CELLS:
        raise StepError(f"more than {_MOST_CELLS:,} cells: bin the columns first")
    cells = (
        pl.DataFrame({"row": rows})
        .join(pl.DataFrame({"column": across}), how="cross")
        .join(counted, on=["row", "column"], how="left", maintain_order="left")
        .with_columns(pl.col("observed").fill_null(0))
    )
    observed = cells["observed"].to_numpy().reshape(rows.len(), across.len())
    result = stats.chi2_contingency(observed, correction=correction)
    row = {
        "test": "independence",
        "statistic": float(result.statistic),
        "p_value": float(result.pvalue),
        "degrees_of_freedom": float(result.dof),
    }
    return row, _with_residuals(cells, result.expected_freq.ravel())


def _goodness(
    table: pl.LazyFrame, column: str, expected: str
) -> tuple[dict[str, Any], pl.DataFrame]:
    from scipy import stats

    counted = _counts(table, {"row": column}).sort("row")
    if not counted.height:
        raise StepError(f"'{column}' has no values to count")
    shares = _shares(expected) if expected else dict.fromkeys(counted["row"], 1.0)
    unseen = [name for name in counted["row"] if name not in shares]
    if unseen:
        raise StepError(f"'expected' says nothing of '{unseen[0]}', which is in '{column}'")
    if len(shares) < 2:
        raise StepError(f"'{column}' needs two values for this test")
    cells = pl.DataFrame({"row": list(shares)}).join(
        counted, on="row", how="left", maintain_order="left"
    )
    cells = cells.with_columns(
        pl.lit(None, pl.String).alias("column"), pl.col("observed").fill_null(0)
    )
    rows = int(counted["observed"].sum())
    frequencies = [share / sum(shares.values()) * rows for share in shares.values()]
    result = stats.chisquare(cells["observed"].to_numpy(), frequencies)
    row = {
        "test": "goodness_of_fit",
        **_answer(result),
        "degrees_of_freedom": float(len(shares) - 1),
    }
    return row, _with_residuals(cells, frequencies)


def _counts(table: pl.LazyFrame, columns: Mapping[str, str]) -> pl.DataFrame:
    """How often each value is there, or each two; rows with a missing one are left out."""
    return (
        table.select(category(table, name).alias(alias) for alias, name in columns.items())
        .drop_nulls()
        .group_by(*columns)
        .agg(pl.len().cast(pl.Int64).alias("observed"))
        .collect(engine="streaming")
    )


def _with_residuals(cells: pl.DataFrame, expected: Any) -> pl.DataFrame:
    """Pearson's residuals beside what was observed and expected."""
    difference = pl.col("observed") - pl.col("expected")
    residual = (difference / pl.col("expected").sqrt()).alias("residual")
    told = cells.with_columns(pl.Series("expected", expected, pl.Float64)).with_columns(residual)
    return shaped(told, CELLS)


def _shares(text: str) -> dict[str, float]:
    """`a:0.3,b:0.7` as a mapping; StepError if it is not so, or a share is not above 0."""
    found: dict[str, float] = {}
    for each in text.split(","):
        name, _, share = each.rpartition(":")
        try:
            found[name.strip()] = float(share)
        except ValueError:
            raise StepError(f"expected: '{each}' is no value with its share, as in a:0.3") from None
        if not (isfinite(found[name.strip()]) and found[name.strip()] > 0):
            raise StepError(f"expected: the share of '{name.strip()}' must be above 0")
    return found


def _quietly(function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """What a test of scipy gives; what it would warn of is said by its numbers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return function(*arguments, **options)


def _answer(result: Any) -> dict[str, float]:
    """A test's statistic and p-value; StepError if there is none."""
    found = {"statistic": float(result.statistic), "p_value": float(result.pvalue)}
    if not all(map(isfinite, found.values())):
        raise StepError("the test has no result: the values do not vary")
    return found
