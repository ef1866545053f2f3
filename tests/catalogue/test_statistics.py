"""Statistics against numpy and scipy called directly, on penguins and wine; and odd tables.

Exact where the library is called; 1e-12 relative where polars computes what numpy or scipy would.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jsonschema
import numpy as np
import polars as pl
import pytest
from palmerpenguins import load_penguins
from scipy import stats

from millwork.runtime import reports
from millwork.runtime.drawing.page import page
from millwork.runtime.functions import statistics, statistics_charts, statistics_tests
from millwork.runtime.functions.source_samples import sample_data
from millwork.runtime.problems import StepError
from millwork.runtime.reports import Report

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

CLOSE: dict[str, Any] = {"rel": 1e-12, "abs": 1e-12}
PENGUINS = pl.from_pandas(load_penguins())
WINE = sample_data(name="wine")
NUMBERS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
NAN = float("nan")
_STANDARD = jsonschema.Draft202012Validator(reports.schema())


def column(name: str, **where: str) -> NDArray[np.float64]:
    frame = PENGUINS.filter(True, *(pl.col(key) == value for key, value in where.items()))
    return frame[name].drop_nulls().drop_nans().cast(pl.Float64).to_numpy()


def drawn(result: Any) -> dict[str, Any]:
    """A result whose report keeps to the schema and can be drawn."""
    report = result if isinstance(result, Report) else result["report"]
    content = report.to_json()
    _STANDARD.validate(content)
    assert page(content).startswith("<!doctype html>")
    return {} if isinstance(result, Report) else result


def row_of(result: dict[str, Any]) -> dict[str, Any]:
    drawn(result)
    assert result["table"].height == 1
    row: dict[str, Any] = result["table"].row(0, named=True)
    assert result["p_value"] == row["p_value"]
    return row


def test_summary_is_what_numpy_and_scipy_say() -> None:
    found = drawn(statistics.summary(table=PENGUINS.lazy()))["table"]
    assert found["column"].to_list() == PENGUINS.columns
    for name in NUMBERS:
        row, values = found.row(by_predicate=pl.col("column") == name, named=True), column(name)
        assert (row["count"], row["nulls"]) == (342, 2)
        assert row["distinct"] == len(set(values))
        assert row["mean"] == pytest.approx(values.mean(), **CLOSE)
        assert row["std"] == pytest.approx(values.std(ddof=1), **CLOSE)
        assert row["skewness"] == pytest.approx(stats.skew(values), rel=1e-9)
        assert row["kurtosis"] == pytest.approx(stats.kurtosis(values), rel=1e-9)
        wanted = np.quantile(values, [0, 0.25, 0.5, 0.75, 1])
        told = [row[key] for key in ("min", "q1", "median", "q3", "max")]
        assert told == pytest.approx(wanted, **CLOSE)
    species = found.row(0, named=True)
    assert (species["top"], species["top_count"], species["distinct"]) == ("Adelie", 152, 3)
    assert (species["least"], species["greatest"]) == ("Adelie", "Gentoo")
    assert species["mean"] is None


def test_summary_of_every_type() -> None:
    table = pl.DataFrame(
        {
            "small": pl.Series([1, None, 3], dtype=pl.Int8),
            "gaps": [1.0, NAN, None],
            "flag": [True, True, None],
            "day": pl.Series(["2024-02-01", "2023-05-06", None]).str.to_date(),
            "span": pl.Series([60_000_000, 120_000_000, None], dtype=pl.Duration("us")),
            "kind": pl.Series(["b", "a", "a"], dtype=pl.Categorical),
            "list": [[1], [], None],
            "nothing": pl.Series([None, None, None], dtype=pl.Null),
            "^.*$": ["<script>", "x", "<script>"],
        }
    )
    found = drawn(statistics.summary(table=table.lazy()))["table"]
    rows = {row["column"]: row for row in found.rows(named=True)}
    assert [row["nulls"] for row in rows.values()] == [1, 2, 1, 1, 1, 0, 1, 3, 0]
    assert rows["gaps"]["mean"] == rows["gaps"]["median"] == 1.0
    assert rows["flag"]["mean"] == 1.0
    assert (rows["flag"]["top"], rows["flag"]["top_count"]) == ("true", 2)
    assert (rows["day"]["least"], rows["day"]["greatest"]) == ("2023-05-06", "2024-02-01")
    assert rows["span"]["least"] == "PT1M"
    assert rows["kind"]["top"] == "a"
    assert rows["list"]["distinct"] is None
    assert (rows["^.*$"]["top"], rows["^.*$"]["distinct"]) == ("<script>", 2)


def test_summary_of_an_empty_table() -> None:
    found = drawn(statistics.summary(table=PENGUINS.head(0).lazy()))["table"]
    assert found["count"].to_list() == [0] * 8
    assert found["mean"].null_count() == 8


def test_summary_of_more_columns_than_are_drawn() -> None:
    table = pl.DataFrame({f"c{number}": [number, 2 * number] for number in range(40)})
    result = drawn(statistics.summary(table=table.lazy()))
    assert result["table"].height == 40
    kinds = [section.kind for section in result["report"].sections]
    assert kinds.count("histogram") == 12
    assert result["report"].sections[-1].fields["text"].startswith("28 more columns")


@pytest.mark.parametrize(
    ("method", "library"), [("pearson", stats.pearsonr), ("spearman", stats.spearmanr)]
)
def test_correlation_is_that_of_scipy(method: str, library: Callable[..., Any]) -> None:
    found = drawn(statistics.correlation(table=PENGUINS.lazy(), method=method))["table"]
    assert found["column"].to_list() == [*NUMBERS, "year"]
    for first in found["column"]:
        for second in found["column"]:
            both = PENGUINS.select(pl.col(first).alias("a"), pl.col(second).alias("b")).drop_nulls()
            wanted = library(both["a"].to_numpy(), both["b"].to_numpy()).statistic
            row = found.row(by_predicate=pl.col("column") == first, named=True)
            assert row[second] == pytest.approx(wanted, **CLOSE)


def test_correlation_leaves_out_what_is_missing_in_either() -> None:
    table = pl.DataFrame({"a": [1.0, 2, None, 4, 7], "b": [2.0, 1, 3, NAN, 9], "c": [5] * 5})
    found = drawn(statistics.correlation(table=table.lazy()))["table"]
    wanted = np.corrcoef([1, 2, 7], [2, 1, 9])[0, 1]
    assert found["a"].to_list() == pytest.approx([1, wanted, None], **CLOSE)
    assert found["c"].to_list() == [None, None, None]


def test_covariance_is_that_of_numpy() -> None:
    found = drawn(statistics.covariance(table=WINE.lazy()))["table"]
    numbers = WINE.select(pl.col(pl.Float64))
    wanted = np.cov(numbers.to_numpy(), rowvar=False)
    assert found.columns == ["column", *numbers.columns]
    assert found.drop("column").to_numpy() == pytest.approx(wanted, rel=1e-10)


@pytest.mark.parametrize("bins", [1, 7, 10, 100])
def test_histogram_is_that_of_numpy(bins: int) -> None:
    result = drawn(statistics_charts.histogram(table=WINE.lazy(), bins=bins))["table"]
    for name in WINE.select(pl.col(pl.Float64)).columns:
        counts, edges = np.histogram(WINE[name].to_numpy(), bins)
        rows = result.filter(pl.col("column") == name)
        assert rows["count"].to_list() == counts.tolist()
        assert rows["low"].to_list() == edges[:-1].tolist()
        assert rows["high"].to_list() == edges[1:].tolist()
        assert rows["share"].sum() == pytest.approx(1)


def test_histogram_of_values_on_the_edges() -> None:
    values = np.random.default_rng(3).integers(0, 50, 5000) / 10
    found = statistics_charts.histogram(table=pl.LazyFrame({"x": values}), bins=49)["table"]
    assert found["count"].to_list() == np.histogram(values, 49)[0].tolist()


def test_histogram_leaves_out_what_is_no_finite_number() -> None:
    table = pl.DataFrame({"x": [1.0, NAN, float("inf"), None, 1.0], "y": [None] * 5})
    table = table.with_columns(pl.col("y").cast(pl.Float64))
    found = drawn(statistics_charts.histogram(table=table.lazy(), bins=2))["table"]
    assert found["column"].unique().to_list() == ["x"]
    assert found.select("low", "high", "count").rows() == [(0.5, 1.0, 0), (1.0, 1.5, 2)]
    with pytest.raises(StepError, match="no column holds a value"):
        statistics_charts.histogram(table=table.select("y").lazy())
    with pytest.raises(StepError, match="no 10 intervals between"):
        statistics_charts.histogram(table=pl.LazyFrame({"x": [-1.7e308, 1.7e308]}))


def test_box_plot_by_group() -> None:
    result = drawn(
        statistics_charts.box_plot(table=PENGUINS.lazy(), columns=["body_mass_g"], group="species")
    )
    assert result["table"]["group"].to_list() == ["Adelie", "Chinstrap", "Gentoo"]
    for row in result["table"].rows(named=True):
        values = column("body_mass_g", species=row["group"])
        q1, median, q3 = np.quantile(values, [0.25, 0.5, 0.75])
        inside = values[(values >= q1 - 1.5 * (q3 - q1)) & (values <= q3 + 1.5 * (q3 - q1))]
        told = [row[key] for key in ("q1", "median", "q3", "low", "high", "min", "max")]
        ends = [inside.min(), inside.max(), values.min(), values.max()]
        assert told == pytest.approx([q1, median, q3, *ends], **CLOSE)
        assert (row["count"], row["outliers"]) == (len(values), len(values) - len(inside))
    outliers = [box["outliers"] for box in result["report"].sections[0].fields["boxes"]]
    assert [len(each) for each in outliers] == result["table"]["outliers"].to_list()


def test_box_plots_tell_of_their_whiskers_once() -> None:
    columns = ["body_mass_g", "bill_length_mm", "year"]
    result = drawn(statistics_charts.box_plot(table=PENGUINS.lazy(), columns=columns))
    notes = [section.note for section in result["report"].sections]
    assert notes[0].startswith("Whiskers end at the farthest value within 1.5 box lengths")
    assert notes[1:] == ["", ""]


def test_box_plot_of_rows_without_a_group() -> None:
    result = drawn(statistics_charts.box_plot(table=PENGUINS.lazy(), columns=["year"], group="sex"))
    assert result["table"]["group"].to_list() == ["female", "male", None]
    assert result["report"].sections[0].fields["boxes"][-1]["name"] == "(missing)"
    many = pl.LazyFrame({"x": range(101), "g": range(101)})
    with pytest.raises(StepError, match="101 groups, and 100 are the most"):
        statistics_charts.box_plot(table=many, columns=["x"], group="g")


def test_scatter_plot_draws_a_sample() -> None:
    groups = [number % 20 for number in range(5000)]
    table = pl.DataFrame({"x": range(5000), "y": [None, *range(4999)], "g": groups})
    report = statistics_charts.scatter_plot(table=table.lazy(), x="x", y="y", group="g", points=300)
    drawn(report)
    assert report.sections[0].fields["values"] == {"Rows": 4999, "Drawn": 300, "Correlation": 1.0}
    series = report.sections[1].fields["series"]
    assert len(series) == 8
    assert sum(len(each["x"]) for each in series) == 300
    again = statistics_charts.scatter_plot(table=table.lazy(), x="x", y="y", group="g", points=300)
    assert again.to_json() == report.to_json()
    with pytest.raises(StepError, match="no row has a value in both"):
        statistics_charts.scatter_plot(table=table.head(1).lazy(), x="x", y="y")


def test_quantiles_are_those_of_numpy() -> None:
    found = statistics.quantiles(table=PENGUINS.lazy(), columns=NUMBERS, parts=20)
    assert found.height == 21 * len(NUMBERS)
    for name in NUMBERS:
        rows = found.filter(pl.col("column") == name)
        wanted = np.quantile(column(name), np.arange(21) / 20)
        assert rows["value"].to_list() == pytest.approx(wanted, **CLOSE)
    nothing = pl.LazyFrame({"x": pl.Series([None, NAN], dtype=pl.Float64)})
    assert statistics.quantiles(table=nothing, parts=1)["value"].to_list() == [None, None]


def test_cross_table_counts_missing_too() -> None:
    result = statistics.cross_table(table=PENGUINS.lazy(), row="species", column="sex")
    found = drawn(result)["table"]
    assert found["row"].to_list() == ["Adelie"] * 3 + ["Chinstrap"] * 3 + ["Gentoo"] * 3
    assert found["column"].to_list() == ["female", "male", None] * 3
    assert found["count"].to_list() == [73, 73, 6, 34, 34, 0, 58, 61, 5]
    assert found["row_share"][0] == 73 / 152
    assert found["column_share"][2] == 6 / 11
    assert found["share"].sum() == pytest.approx(1)
    wide = pl.LazyFrame({"a": range(400), "b": range(400)})
    with pytest.raises(StepError, match="160,000 cells"):
        statistics.cross_table(table=wide, row="a", column="b")


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
def test_t_test_of_one_sample(alternative: str) -> None:
    row = row_of(
        statistics_tests.t_test(
            table=PENGUINS.lazy(), column="body_mass_g", mean=4150, alternative=alternative
        )
    )
    wanted = stats.ttest_1samp(column("body_mass_g"), 4150, alternative=alternative)
    interval = wanted.confidence_interval(0.95)
    assert (row["statistic"], row["p_value"]) == (wanted.statistic, wanted.pvalue)
    assert (row["low"], row["high"], row["degrees_of_freedom"]) == (*interval, wanted.df)
    assert row["estimate"] == column("body_mass_g").mean()


@pytest.mark.parametrize("equal_variance", [True, False])
def test_t_test_of_two_groups(equal_variance: bool) -> None:
    result = statistics_tests.t_test(
        table=PENGUINS.lazy(), column="body_mass_g", group="sex", equal_variance=equal_variance
    )
    row = row_of(result)
    groups = column("body_mass_g", sex="female"), column("body_mass_g", sex="male")
    wanted = stats.ttest_ind(*groups, equal_var=equal_variance)
    assert (row["statistic"], row["p_value"]) == (wanted.statistic, wanted.pvalue)
    assert (row["low"], row["high"]) == tuple(wanted.confidence_interval())
    assert row["test"] == ("two_sample" if equal_variance else "welch")
    assert result["detail"]["mean"].to_list() == pytest.approx([each.mean() for each in groups])


def test_t_test_of_pairs_and_of_two_columns() -> None:
    both = PENGUINS.select("bill_length_mm", "bill_depth_mm").drop_nulls()
    first, second = both["bill_length_mm"].to_numpy(), both["bill_depth_mm"].to_numpy()
    for paired, wanted in (
        (True, stats.ttest_rel(first - 26, second)),
        (False, stats.ttest_ind(first - 26, second, equal_var=False)),
    ):
        row = row_of(
            statistics_tests.t_test(
                table=PENGUINS.lazy(),
                column="bill_length_mm",
                other="bill_depth_mm",
                mean=26,
                paired=paired,
            )
        )
        assert (row["statistic"], row["p_value"]) == (wanted.statistic, wanted.pvalue)
        assert row["low"] == wanted.confidence_interval().low + 26
        assert row["low"] < row["estimate"] < row["high"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"other": "bill_depth_mm", "group": "sex"}, "choose one of 'other' and 'group'"),
        ({"paired": True}, "a paired test needs 'other'"),
        ({"group": "species"}, "'species' makes 3 groups with values, and 2 are needed"),
        ({"other": "bill_length_mm"}, "cannot be compared with itself"),
        ({"other": "species"}, "column 'species' is String, and number is needed"),
        ({"group": "nothing"}, "there is no column 'nothing'"),
    ],
)
def test_t_test_of_what_does_not_fit(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(StepError, match=message):
        statistics_tests.t_test(table=PENGUINS.lazy(), column="bill_length_mm", **arguments)


@pytest.mark.parametrize("values", [[], [1.0], [None, None]])
def test_t_test_of_too_little(values: list[float | None]) -> None:
    table = pl.LazyFrame({"x": pl.Series(values, dtype=pl.Float64)})
    with pytest.raises(StepError, match="at least 2 are needed"):
        statistics_tests.t_test(table=table, column="x")


def test_tests_of_what_does_not_vary() -> None:
    table = pl.LazyFrame({"x": [1.0, 1.0, 1.0, 1.0], "g": ["a", "a", "b", "b"]})
    with pytest.raises(StepError, match="the values do not vary"):
        statistics_tests.t_test(table=table, column="x", mean=1)
    with pytest.raises(StepError, match="the values do not vary"):
        statistics_tests.compare_groups("anova", table=table, column="x", group="g")
    with pytest.raises(StepError, match="one value only"):
        statistics_tests.normality_test(table=table)
    infinite = pl.LazyFrame({"x": [1.0, float("inf"), 2.0]})
    with pytest.raises(StepError, match="infinite values"):
        statistics_tests.t_test(table=infinite, column="x")


@pytest.mark.parametrize(
    ("name", "library"), [("anova", stats.f_oneway), ("kruskal_wallis", stats.kruskal)]
)
def test_tests_of_several_groups(name: str, library: Callable[..., Any]) -> None:
    row = row_of(
        statistics_tests.compare_groups(
            name, table=PENGUINS.lazy(), column="body_mass_g", group="species"
        )
    )
    species = ("Adelie", "Chinstrap", "Gentoo")
    wanted = library(*(column("body_mass_g", species=each) for each in species))
    assert (row["statistic"], row["p_value"]) == (wanted.statistic, wanted.pvalue)
    assert row["degrees_of_freedom"] == 2
    assert row["residual_degrees"] == (339 if name == "anova" else None)


@pytest.mark.parametrize("alternative", ["two-sided", "less", "greater"])
@pytest.mark.parametrize(
    ("name", "library"), [("mann_whitney", stats.mannwhitneyu), ("ks_test", stats.ks_2samp)]
)
def test_tests_of_two_groups(name: str, library: Callable[..., Any], alternative: str) -> None:
    arguments = {"column": "bill_depth_mm", "group": "sex", "alternative": alternative}
    row = row_of(statistics_tests.compare_two(name, table=PENGUINS.lazy(), **arguments))
    groups = column("bill_depth_mm", sex="female"), column("bill_depth_mm", sex="male")
    wanted = library(*groups, alternative=alternative)
    assert (row["statistic"], row["p_value"]) == (wanted.statistic, wanted.pvalue)


@pytest.mark.parametrize("correction", [True, False])
def test_chi_square_test_of_independence(correction: bool) -> None:
    table = PENGUINS.filter(pl.col("species") != "Adelie").lazy()
    result = statistics_tests.chi_square_test(
        table=table, column="species", other="sex", correction=correction
    )
    row = row_of(result)
    wanted = stats.chi2_contingency([[34, 34], [58, 61]], correction=correction)
    assert (row["statistic"], row["p_value"]) == (wanted.statistic, wanted.pvalue)
    assert row["degrees_of_freedom"] == wanted.dof
    assert result["detail"]["observed"].to_list() == [34, 34, 58, 61]
    assert result["detail"]["expected"].to_list() == wanted.expected_freq.ravel().tolist()


def test_chi_square_test_of_fit() -> None:
    equal = row_of(statistics_tests.chi_square_test(table=PENGUINS.lazy(), column="species"))
    wanted = stats.chisquare([152, 68, 124])
    assert equal["p_value"] == pytest.approx(wanted.pvalue, **CLOSE)
    told = "Gentoo:30, Adelie:50,Chinstrap:20"
    row = row_of(
        statistics_tests.chi_square_test(table=PENGUINS.lazy(), column="species", expected=told)
    )
    wanted = stats.chisquare([124, 152, 68], [0.3 * 344, 0.5 * 344, 0.2 * 344])
    assert row["statistic"] == pytest.approx(wanted.statistic, **CLOSE)
    assert row["degrees_of_freedom"] == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"expected": "Adelie:1"}, "says nothing of"),
        ({"expected": "Adelie"}, "is no value with its share"),
        ({"expected": "Adelie:1,Chinstrap:0,Gentoo:1"}, "must be above 0"),
        ({"expected": "Adelie:nan,Chinstrap:1,Gentoo:1"}, "must be above 0"),
        ({"expected": "a:1", "other": "sex"}, "'expected' is for one column"),
    ],
)
def test_chi_square_test_of_what_does_not_fit(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(StepError, match=message):
        statistics_tests.chi_square_test(table=PENGUINS.lazy(), column="species", **arguments)


def test_normality_test_is_that_of_scipy() -> None:
    found = drawn(statistics_tests.normality_test(table=PENGUINS.lazy(), columns=NUMBERS))["table"]
    for name in NUMBERS:
        values = column(name)
        fitted = (values.mean(), values.std(ddof=1))
        wanted = {
            "shapiro": stats.shapiro(values),
            "anderson": stats.anderson(values, method="interpolate"),
            "ks": stats.kstest(values, "norm", fitted),
            "dagostino": stats.normaltest(values),
        }
        rows = {row["test"]: row for row in found.filter(pl.col("column") == name).rows(named=True)}
        assert list(rows) == list(wanted)
        for test, each in wanted.items():
            assert rows[test]["statistic"] == each.statistic
            assert rows[test]["p_value"] == each.pvalue
            assert rows[test]["count"] == 342


def test_normality_test_of_few_and_many() -> None:
    draw = np.random.default_rng(0).normal(size=6000)
    for size, tests in ((5, 3), (5000, 4), (5001, 3)):
        found = statistics_tests.normality_test(table=pl.LazyFrame({"x": draw[:size]}))["table"]
        assert found.height == tests
    with pytest.raises(StepError, match="at least 3 are needed"):
        statistics_tests.normality_test(table=pl.LazyFrame({"x": [1.0, 2.0]}))
