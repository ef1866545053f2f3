"""What a table holds, and tests of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.catalogue.model import (
    REPORT_OUT,
    TABLE_OUT,
    TABLES,
    Declaration,
    Example,
    PaiName,
    choice,
    column,
    columns,
    flag,
    integer,
    number,
    seed,
    text,
)
from millwork.catalogue.rules import checked, chosen
from millwork.catalogue.shapes import EVERY_KIND, FLOAT, INT, TEXT, Columns
from millwork.spec.model import Output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.catalogue.rules import Given, Rule
    from millwork.catalogue.shapes import Shape

CATEGORY = "statistics"

_NUMBERS = ("number",)
_DRAWN = {"table": TABLE_OUT, "report": REPORT_OUT}
_TESTED = {**_DRAWN, "detail": TABLE_OUT, "p_value": Output("value")}
_OF_NUMBERS = columns("Columns of numbers; all of them if none is named", dtype="number")
_IN = {"inputTableName": "table"}
_OUT = {"outputTableName": "table"}
_COLUMNS = {"selectedColNames": "columns"}

_SUMMARY = {
    "column": TEXT,
    "type": TEXT,
    **dict.fromkeys(("count", "nulls", "distinct"), INT),
    **dict.fromkeys(
        ("mean", "std", "skewness", "kurtosis", "min", "q1", "median", "q3", "max"), FLOAT
    ),
    **dict.fromkeys(("least", "greatest", "top"), TEXT),
    "top_count": INT,
}
_BINS = {"column": TEXT, "bin": INT, "low": FLOAT, "high": FLOAT, "count": INT, "share": FLOAT}
_BOXES = {
    "column": TEXT,
    "group": TEXT,
    "count": INT,
    **dict.fromkeys(("min", "low", "q1", "median", "q3", "high", "max", "mean"), FLOAT),
    "outliers": INT,
}
_QUANTILES = {"column": TEXT, "quantile": FLOAT, "value": FLOAT}
_CROSS = {
    "row": TEXT,
    "column": TEXT,
    "count": INT,
    **dict.fromkeys(("row_share", "column_share", "share"), FLOAT),
}
_TEST = {
    "test": TEXT,
    **dict.fromkeys(("statistic", "p_value", "degrees_of_freedom", "residual_degrees"), FLOAT),
}
_T_TEST = {**_TEST, **dict.fromkeys(("estimate", "low", "high"), FLOAT)}
_GROUPS = {
    "group": TEXT,
    "count": INT,
    **dict.fromkeys(("mean", "std", "min", "median", "max"), FLOAT),
}
_CELLS = {"row": TEXT, "column": TEXT, "observed": INT, "expected": FLOAT, "residual": FLOAT}
_NORMALITY = {"column": TEXT, "test": TEXT, "statistic": FLOAT, "p_value": FLOAT, "count": INT}

_ALTERNATIVE = choice(
    "What the first is supposed to be if the test speaks against equality: different, less or "
    "greater than the second",
    "two-sided",
    "less",
    "greater",
)
_GROUP = column("The column whose values make the groups, in their order")


def _matrix(given: Given) -> Mapping[str, Shape]:
    names = chosen(given.table(), given.names("columns"), _NUMBERS)
    if names is None:
        return {"table": Columns({"column": TEXT}, False), "report": None}
    if "column" in names:
        raise BadRequest("a column is named 'column', as the result's first is: rename it first")
    return {"table": Columns({"column": TEXT, **dict.fromkeys(names, FLOAT)}), "report": None}


def _tested(table: Mapping[str, str], detail: Mapping[str, str], **kinds: tuple[str, ...]) -> Rule:
    return checked(kinds, table=table, detail=detail, report=None, p_value=None)


_COMPARISONS = {
    "anova": (
        "Analysis of variance",
        "Tests whether the means of two or more groups differ.",
        "One-way: the groups are supposed to be normal and of equal variance.",
    ),
    "kruskal_wallis": (
        "Kruskal-Wallis test",
        "Tests by ranks whether two or more groups differ.",
        "It supposes no distribution.",
    ),
    "mann_whitney": (
        "Mann-Whitney U test",
        "Tests by ranks whether the values of one group are greater than those of another.",
        "There must be two groups. The p-value is exact for small groups without ties.",
    ),
    "ks_test": (
        "Kolmogorov-Smirnov test",
        "Tests whether two groups have the same distribution.",
        "There must be two groups.",
    ),
}
_SIDED = ("mann_whitney", "ks_test")
_LEFT_OUT = "Missing values are left out."


def _comparison(name: str) -> Declaration:
    title, summary, note = _COMPARISONS[name]
    sided = {"alternative": _ALTERNATIVE} if name in _SIDED else {}
    group = "sex" if sided else "species"
    return Declaration(
        name,
        CATEGORY,
        title,
        summary,
        f"statistics_tests.compare_{'two' if sided else 'groups'}",
        _tested(_TEST, _GROUPS, column=_NUMBERS, group=EVERY_KIND),
        TABLES,
        _TESTED,
        {"column": column("The column of numbers", dtype="number"), "group": _GROUP, **sided},
        name,
        example=Example({"table": "penguins"}, {"column": "bill_length_mm", "group": group}),
        notes=f"{note} {_LEFT_OUT} Each group needs two values, and there are 100 groups at most.",
    )


DECLARATIONS = (
    Declaration(
        "summary",
        CATEGORY,
        "Summary",
        "Describes each column: what is missing, mean and spread, quartiles, what is commonest.",
        "statistics.summary",
        checked({"columns": ()}, table=_SUMMARY, report=None),
        TABLES,
        _DRAWN,
        {"columns": columns("The columns to describe; all if none is named")},
        pai=(PaiName("stat_summary", {**_COLUMNS, "selectColNames": "columns"}, _IN, _OUT),),
        azureml=("Summarize Data",),
        example=Example({"table": "penguins"}),
        notes="NaN counts as missing. Quartiles are interpolated; deviation is of the sample, "
        "skewness and kurtosis of the population. True and false are 1 and 0. Of lists and the "
        "like only what is missing is counted. An empty table has no values, and is no error.",
    ),
    Declaration(
        "correlation",
        CATEGORY,
        "Correlation",
        "Tells how much each two columns of numbers go together, from -1 to 1.",
        "statistics.correlation",
        _matrix,
        TABLES,
        _DRAWN,
        {
            "columns": _OF_NUMBERS,
            "method": choice("Of the values, or of their ranks", "pearson", "spearman"),
        },
        pai=(PaiName("corrcoef", _COLUMNS, _IN, _OUT),),
        example=Example({"table": "penguins"}),
        notes="Of each two columns the rows count that have values in both. A column without "
        "spread has no correlation: null.",
    ),
    Declaration(
        "covariance",
        CATEGORY,
        "Covariance",
        "Tells how much each two columns of numbers vary together, in their own units.",
        "statistics.covariance",
        _matrix,
        TABLES,
        _DRAWN,
        {"columns": _OF_NUMBERS},
        pai=(PaiName("cov", _COLUMNS, _IN, _OUT),),
        example=Example({"table": "penguins"}),
        notes="Of the sample (n - 1). Of each two columns the rows count that have values in both.",
    ),
    Declaration(
        "histogram",
        CATEGORY,
        "Histogram",
        "Counts the values of each column in equal intervals, and draws them.",
        "statistics_charts.histogram",
        checked({"columns": _NUMBERS}, table=_BINS, report=None),
        TABLES,
        _DRAWN,
        {"columns": _OF_NUMBERS, "bins": integer("How many intervals", 10, 1, 1000)},
        pai=(PaiName("histograms", {**_COLUMNS, "intervalNum": "bins"}, _IN, _OUT),),
        example=Example({"table": "penguins"}, {"columns": "body_mass_g", "bins": "20"}),
        notes="An interval holds its lower end, the last one both. Missing and infinite values are "
        "not counted; a column without a value has no rows. 24 columns are drawn.",
    ),
    Declaration(
        "box_plot",
        CATEGORY,
        "Box plot",
        "Draws each column's quartiles, how far its values reach, and what lies outside.",
        "statistics_charts.box_plot",
        checked({"columns": _NUMBERS, "group": EVERY_KIND}, table=_BOXES, report=None),
        TABLES,
        _DRAWN,
        {
            "columns": _OF_NUMBERS,
            "group": column("A box for each value of this column", required=False),
            "whiskers": number("How many interquartile ranges they reach at most", 1.5, 0),
        },
        example=Example({"table": "penguins"}, {"columns": "body_mass_g", "group": "species"}),
        notes="Quartiles are interpolated. `low` and `high` are the whiskers' ends. Rows without a "
        "group are a group; 100 groups are the most. 24 columns are drawn.",
    ),
    Declaration(
        "scatter_plot",
        CATEGORY,
        "Scatter plot",
        "Draws two columns of numbers against each other.",
        "statistics_charts.scatter_plot",
        checked({"x": _NUMBERS, "y": _NUMBERS, "group": EVERY_KIND}, report=None),
        TABLES,
        {"report": REPORT_OUT},
        {
            "x": column("To the right", dtype="number"),
            "y": column("Upwards", dtype="number"),
            "group": column("A colour for each value of this column", required=False),
            "points": integer("How many rows are drawn, by chance, of more", 1000, 1, 1000),
            "seed": seed(),
        },
        example=Example(
            {"table": "penguins"},
            {"x": "bill_length_mm", "y": "bill_depth_mm", "group": "species"},
        ),
        notes="Rows that lack one of the two are left out. The correlation is of all rows. Beyond "
        "8 groups the smaller ones have one colour.",
    ),
    Declaration(
        "quantiles",
        CATEGORY,
        "Quantiles",
        "Finds the values that divide each column's numbers into equal parts.",
        "statistics.quantiles",
        checked({"columns": _NUMBERS}, table=_QUANTILES),
        TABLES,
        {"table": TABLE_OUT},
        {"columns": _OF_NUMBERS, "parts": integer("How many equal parts", 100, 1, 10_000)},
        pai=(PaiName("quantile", {"colName": "columns", "N": "parts"}, _IN, _OUT),),
        example=Example({"table": "penguins"}, {"columns": "body_mass_g", "parts": "4"}),
        notes="Interpolated between neighbours, as numpy does. A column without values has null.",
    ),
    Declaration(
        "cross_table",
        CATEGORY,
        "Cross table",
        "Counts how often each value of one column comes with each of another.",
        "statistics.cross_table",
        checked({"row": EVERY_KIND, "column": EVERY_KIND}, table=_CROSS, report=None),
        TABLES,
        _DRAWN,
        {
            "row": column("The column whose values are the rows"),
            "column": column("The column whose values are the columns"),
        },
        example=Example({"table": "penguins"}, {"row": "species", "column": "island"}),
        notes="Missing is a value like others. 100,000 cells are the most.",
    ),
    Declaration(
        "t_test",
        CATEGORY,
        "T-test",
        "Tests a mean, or the difference of two.",
        "statistics_tests.t_test",
        _tested(_T_TEST, _GROUPS, column=_NUMBERS, other=_NUMBERS, group=EVERY_KIND),
        TABLES,
        _TESTED,
        {
            "column": column("The column of numbers", dtype="number"),
            "other": column("The second sample's column", required=False, dtype="number"),
            "group": column("Or the column whose two values make two samples", required=False),
            "mean": number("The mean that is supposed, or the difference of means", 0.0),
            "paired": flag("Whether `column` and `other` belong together, row by row"),
            "equal_variance": flag("Student's test, for equal variances; else it is Welch's"),
            "alternative": _ALTERNATIVE,
            "confidence": number("That of the interval from `low` to `high`", 0.95, 0.5, 0.9999),
        },
        pai=(
            PaiName(
                "t_test",
                {
                    "xColName": "column",
                    "yColName": "other",
                    "mu": "mean",
                    "paired": "paired",
                    "varEqual": "equal_variance",
                    "alternative": "alternative",
                    "confidenceLevel": "confidence",
                },
                {"xTableName": "table"},
                _OUT,
                {"alternative": {"two.sided": "two-sided"}},
            ),
        ),
        example=Example({"table": "penguins"}, {"column": "body_mass_g", "group": "sex"}),
        notes="With neither `other` nor `group` it is the test of one sample. `estimate` is the "
        f"mean, or the first mean less the second. {_LEFT_OUT}",
    ),
    *(_comparison(name) for name in _COMPARISONS),
    Declaration(
        "chi_square_test",
        CATEGORY,
        "Chi-square test",
        "Tests whether two columns go together, or one column's values are as often as expected.",
        "statistics_tests.chi_square_test",
        _tested(_TEST, _CELLS, column=EVERY_KIND, other=EVERY_KIND),
        TABLES,
        _TESTED,
        {
            "column": column("The column of categories"),
            "other": column(
                "The other column, for a test of independence; without it, of goodness of fit",
                required=False,
            ),
            "expected": text("Goodness of fit: shares as `a:0.3,b:0.7`; empty means equal shares"),
            "correction": flag("Independence: Yates' correction of tables of 2 x 2", default=True),
        },
        pai=(
            PaiName(
                "chisq_test",
                {
                    "xColName": "column",
                    "yColName": "other",
                    "colName": "column",
                    "probConfig": "expected",
                },
                _IN,
                {**_OUT, "outputDetailTableName": "detail"},
            ),
        ),
        example=Example({"table": "penguins"}, {"column": "species", "other": "island"}),
        notes=f"{_LEFT_OUT} Expected shares are scaled to the rows, so counts do as well. Values "
        "have no `,` where `expected` names them. 100,000 cells are the most.",
    ),
    Declaration(
        "normality_test",
        CATEGORY,
        "Normality test",
        "Tests whether columns of numbers come from a normal distribution.",
        "statistics_tests.normality_test",
        checked({"columns": _NUMBERS}, table=_NORMALITY, report=None),
        TABLES,
        _DRAWN,
        {"columns": _OF_NUMBERS},
        example=Example({"table": "penguins"}, {"columns": "body_mass_g,bill_length_mm"}),
        notes="Shapiro-Wilk (up to 5,000 values), Anderson-Darling, Kolmogorov-Smirnov with the "
        "column's own mean and deviation, D'Agostino-Pearson (from 8 values). "
        f"{_LEFT_OUT} A column with one value only, or fewer than three, is an error.",
    ),
)
