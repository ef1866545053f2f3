"""Components that change tables, against polars called directly; all results are exact."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from millwork.base.errors import BadRequest
from millwork.catalogue.index import declarations
from millwork.catalogue.rules import Given
from millwork.catalogue.shapes import Columns
from millwork.runtime.functions import (
    preprocess,
    preprocess_combine,
    preprocess_group,
    preprocess_types,
)
from millwork.runtime.functions.source_samples import sample_data
from millwork.runtime.problems import StepError

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.quick


@pytest.fixture(scope="module")
def penguins() -> pl.DataFrame:
    return sample_data(name="penguins")


def equal(left: pl.LazyFrame | pl.DataFrame, right: pl.LazyFrame | pl.DataFrame) -> None:
    assert_frame_equal(left.lazy().collect(), right.lazy().collect(), check_exact=True)


def refused(words: str, function: Callable[..., Any], **arguments: Any) -> None:
    """The function says why not, in one line."""
    with pytest.raises(StepError, match=words) as found:
        function(**arguments)
    assert "\n" not in str(found.value)


# --- columns ----------------------------------------------------------------------------------


def test_selected_columns(penguins: pl.DataFrame) -> None:
    select = preprocess.select_columns
    lazy = penguins.lazy()
    equal(select(table=lazy, columns=["year", "sex"]), penguins.select("year", "sex"))
    equal(select(table=lazy, exclude=["year"]), penguins.drop("year"))
    equal(select(table=lazy, columns=["sex", "sex"]), penguins.select("sex"))
    refused("no column 'colour'", select, table=lazy, columns=["colour"])
    refused("no column 'colour'", select, table=lazy, exclude=["colour"])


def test_renamed_columns(penguins: pl.DataFrame) -> None:
    rename = preprocess.rename_columns
    lazy = penguins.lazy()
    names = rename(table=lazy, columns=["sex", "year"], names="Geschlecht, 年")
    equal(names, penguins.rename({"sex": "Geschlecht", "year": "年"}))
    equal(rename(table=lazy, prefix="p_"), penguins.rename(lambda name: f"p_{name}"))
    swapped = rename(table=lazy, columns=["sex", "year"], names="year,sex")
    assert swapped.collect_schema().names()[-2:] == ["year", "sex"]
    refused("named 'year'", rename, table=lazy, columns=["sex"], names="year")
    refused("2 columns, and 1 new", rename, table=lazy, columns=["sex", "year"], names="a")


def test_types_are_cast(penguins: pl.DataFrame) -> None:
    found = preprocess_types.cast_types(
        table=penguins.lazy(), to_text=["year"], to_float=["body_mass_g"], to_category=["species"]
    )
    expected = penguins.with_columns(
        pl.col("year").cast(pl.String),
        pl.col("body_mass_g").cast(pl.Float64),
        pl.col("species").cast(pl.Categorical),
    )
    equal(found, expected)


def test_texts_are_parsed() -> None:
    texts = pl.LazyFrame(
        {
            "n": [" 7", "-2", None],
            "b": ["Yes", "f", "1"],
            "d": ["31.01.2024", "01.02.2024", None],
        }
    )
    found = preprocess_types.cast_types(
        table=texts, to_integer=["n"], to_boolean=["b"], to_date=["d"], format="%d.%m.%Y"
    )
    assert found.collect().rows() == [
        (7, True, date(2024, 1, 31)),
        (-2, False, date(2024, 2, 1)),
        (None, True, None),
    ]


def test_what_does_not_fit_a_type() -> None:
    cast = preprocess_types.cast_types
    table = pl.LazyFrame({"a": ["1", "many"], "f": [1.5, float("nan")], "l": [[1], [2]]})
    refused("column 'a': 'many' does not fit", cast, table=table, to_integer=["a"])
    refused("column 'f': 'nan' does not fit", cast, table=table, to_integer=["f"])
    found = cast(table=table, to_integer=["a", "f"], invalid="missing").collect()
    assert found["a"].to_list() == [1, None]
    assert found["f"].to_list() == [1, None]
    refused(r"'l' is List\(Int64\)", cast, table=table, to_text=["l"])
    refused("two types", cast, table=table, to_text=["a"], to_float=["a"])
    refused("no column is named", cast, table=table)


def test_times_become_dates_and_local_times() -> None:
    when = pl.Series("t", [datetime.fromisoformat("2024-01-31T23:30")]).dt.replace_time_zone(
        "Asia/Tokyo"
    )
    table = pl.LazyFrame({"t": when, "span": when - when})
    found = preprocess_types.cast_types(table=table, to_datetime=["t"], to_text=["span"])
    assert found.collect().row(0)[0] == datetime.fromisoformat("2024-01-31T23:30")
    refused("has no date", preprocess_types.cast_types, table=table, to_date=["span"])


def test_rows_are_numbered(penguins: pl.DataFrame) -> None:
    found = preprocess.append_id(table=penguins.lazy(), name="id", start=5)
    equal(found, penguins.select(pl.int_range(5, 349).alias("id"), pl.all()))
    refused("'year' already", preprocess.append_id, table=penguins.lazy(), name="year", start=0)


def test_values_are_clipped(penguins: pl.DataFrame) -> None:
    clip = preprocess.clip_values
    lazy, names = penguins.lazy(), ["bill_length_mm", "body_mass_g"]
    found = clip(table=lazy, columns=names, by="value", lower=40, upper=4000)
    equal(found, penguins.with_columns(pl.col(names).clip(40, 4000)))
    found = clip(table=lazy, columns=names, by="value", upper=4000, outside="missing")
    equal(found, penguins.with_columns(pl.when(pl.col(n) <= 4000).then(pl.col(n)) for n in names))
    low, high = (penguins["bill_length_mm"].quantile(share, "linear") for share in (0.05, 0.95))
    found = clip(table=lazy, columns=names[:1], by="quantile", lower=0.05, upper=0.95)
    equal(found, penguins.with_columns(pl.col(names[0]).clip(low, high)))


def test_bounds_of_whole_numbers() -> None:
    clip = preprocess.clip_values
    table = pl.LazyFrame({"a": pl.Series([-5, 0, 5], dtype=pl.Int8)})
    found = clip(table=table, by="value", lower=-1.5, upper=1000.0).collect()
    assert found["a"].to_list() == [-1, 0, 5]
    assert found.schema["a"] == pl.Int8
    refused("cannot hold", clip, table=table, by="value", lower=1000)
    refused("no whole number", clip, table=table, by="value", lower=0.2, upper=0.8)
    refused("above upper", clip, table=table, by="value", lower=3, upper=2)
    refused("nothing to clip", clip, table=table, by="value")
    refused("between 0 and 1", clip, table=table, by="quantile", lower=5)


@pytest.mark.parametrize("operation", [*preprocess.UNARY, *preprocess.BINARY])
def test_mathematics(operation: str, penguins: pl.DataFrame) -> None:
    names = ["bill_length_mm", "year"]
    found = preprocess.math_operation(
        table=penguins.lazy(), columns=names, operation=operation, value=3.0, suffix="_m"
    )
    function = preprocess.FUNCTIONS[operation]
    operands = [pl.lit(3.0)] if operation in preprocess.BINARY else []
    results = (
        function(pl.col(name).cast(pl.Float64), *operands).alias(f"{name}_m") for name in names
    )
    equal(found, penguins.with_columns(results))


def test_mathematics_with_another_column(penguins: pl.DataFrame) -> None:
    calculate = preprocess.math_operation
    lazy = penguins.lazy()
    found = calculate(
        table=lazy, columns=["bill_length_mm"], operation="divide", other="bill_depth_mm"
    )
    equal(found, penguins.with_columns(pl.col("bill_length_mm") / pl.col("bill_depth_mm")))
    refused("needs a `value`", calculate, table=lazy, columns=["year"], operation="add")
    refused("'sex' is String", calculate, table=lazy, columns=["sex"], operation="log")


# --- rows -------------------------------------------------------------------------------------


def test_filtered_rows(penguins: pl.DataFrame) -> None:
    found = preprocess.filter_rows(
        table=penguins.lazy(), condition="body_mass_g > 4000 AND species IN ('Adelie', 'Gentoo')"
    )
    kept = (pl.col("body_mass_g") > 4000) & pl.col("species").is_in(["Adelie", "Gentoo"])
    equal(found, penguins.filter(kept))


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("year >", "unable to parse"),
        ("colour = 'red'", "colour"),
        ("year", "Int64, not true or false"),
        ("NULL", "not true or false"),
        ("year = 'red'", "cannot compare"),
        ("year > 1; DROP TABLE x", "unexpected token"),
        ("year IN (SELECT year FROM other)", "it is no query"),
        ("year > (select max(column_1) from read_csv('/etc/passwd'))", "it is no query"),
        ("EXISTS(SELECT 1 FROM read_csv('/nowhere.csv'))", "it is no query"),
        ("year IN ( FROM read_csv('/nowhere.csv'))", "it is no query"),
        ("year IN (VALUES (2007))", "it is no query"),
        ("$$'$$ = 'x' OR year IN (SELECT 1) OR $$'$$ = 'x'", "it is no query"),
        ("read_csv('/etc/passwd') = 1", "unsupported function"),
        ("COLUMNS('.*') > 1", "condition"),
    ],
)
def test_conditions_that_cannot_be(condition: str, words: str, penguins: pl.DataFrame) -> None:
    refused(words, preprocess.filter_rows, table=penguins.lazy(), condition=condition)


@pytest.mark.parametrize(
    "condition",
    [
        "species != 'SELECT 1' AND species != '\"SubPlan\":'",
        "species != 'it''s (from here)'",
        "EXTRACT(YEAR FROM DATE '2024-01-31') = 2024 AND year IS DISTINCT FROM 1",
        " OR ".join(["year > 0"] * 100),
    ],
)
def test_conditions_that_look_like_queries(condition: str, penguins: pl.DataFrame) -> None:
    equal(preprocess.filter_rows(table=penguins.lazy(), condition=condition), penguins)


def test_conditions_on_other_letters_and_dates() -> None:
    table = pl.LazyFrame({"Größe, cm": [1, 2, None], "d": [date(2024, 1, n) for n in (1, 2, 3)]})
    condition = "\"Größe, cm\" > 1 AND d > DATE '2024-01-01'"
    assert preprocess.filter_rows(table=table, condition=condition).collect().height == 1


@pytest.mark.parametrize("keep", ["first", "last", "none"])
def test_duplicates_are_dropped(keep: Any, penguins: pl.DataFrame) -> None:
    found = preprocess.drop_duplicates(table=penguins.lazy(), columns=["island", "sex"], keep=keep)
    equal(found, penguins.unique(["island", "sex"], keep=keep, maintain_order=True))


def test_sorted_rows(penguins: pl.DataFrame) -> None:
    sort = preprocess.sort_rows
    found = sort(table=penguins.lazy(), by=["sex", "year"], descending=["year"], limit=20)
    expected = penguins.sort(
        "sex", "year", descending=[False, True], nulls_last=True, maintain_order=True
    )
    equal(found, expected.head(20))
    refused("not among `by`", sort, table=penguins.lazy(), by=["sex"], descending=["year"])


# --- tables together --------------------------------------------------------------------------

SPECIES = pl.DataFrame(
    {"kind": ["Adelie", "Gentoo", "King"], "year": [1, 2, 3], "weight": [1.0, None, 3.0]}
)


@pytest.mark.parametrize("how", ["inner", "left", "right", "full", "semi", "anti"])
def test_joined_tables(how: Any, penguins: pl.DataFrame) -> None:
    found = preprocess_combine.join(
        left=penguins.lazy(), right=SPECIES.lazy(), how=how, left_on=["species"], right_on=["kind"]
    )
    order: Any = {"right": "right", "full": "left_right"}.get(how, "left")
    expected = penguins.join(
        SPECIES, left_on="species", right_on="kind", how=how, coalesce=True,
        maintain_order=order,
    )  # fmt: skip
    equal(found, expected)


def test_joins_that_cannot_be(penguins: pl.DataFrame) -> None:
    tables: dict[str, Any] = {"left": penguins.lazy(), "right": SPECIES.lazy()}
    join = preprocess_combine.join
    crossed = join(**tables, how="cross")
    equal(crossed, penguins.join(SPECIES, how="cross"))
    refused("has no keys", join, **tables, how="cross", left_on=["year"])
    refused("0 keys on the left", join, **tables)
    refused("no column 'species'", join, **tables, left_on=["species"])
    refused("left 'year' is Int64, right 'kind'", join, **tables, left_on=["year"],
            right_on=["kind"])  # fmt: skip
    clash = SPECIES.with_columns(year_right=1).lazy()
    refused("choose another suffix", join, left=penguins.lazy(), right=clash,
            left_on=["species"], right_on=["kind"])  # fmt: skip


def test_a_missing_key_fits_none() -> None:
    left, right = pl.LazyFrame({"k": [1, None], "a": [1, 2]}), pl.LazyFrame({"k": [None, 1]})
    assert preprocess_combine.join(left=left, right=right, left_on=["k"]).collect().height == 1


def test_united_rows(penguins: pl.DataFrame) -> None:
    unite = preprocess_combine.union_rows
    lazy = penguins.lazy()
    equal(unite(first=lazy, second=lazy), pl.concat([penguins, penguins]))
    distinct = unite(first=lazy, second=lazy, distinct=True)
    equal(distinct, penguins.unique(maintain_order=True))
    small = penguins.select(pl.col("year").cast(pl.Int16), new=pl.lit("x"))
    filled = unite(first=lazy, second=small.lazy(), missing="fill")
    equal(filled, pl.concat([penguins, small], how="diagonal_relaxed"))
    refused("second table has no column 'species'", unite, first=lazy, second=small.lazy())
    refused("'year' is Int64 and String", unite, first=lazy,
            second=penguins.with_columns(pl.col("year").cast(pl.String)).lazy())  # fmt: skip


def test_merged_columns(penguins: pl.DataFrame) -> None:
    merge = preprocess_combine.merge_columns
    other = penguins.select("year", new=pl.lit(1))
    found = merge(left=penguins.lazy(), right=other.lazy())
    renamed = other.rename({"year": "year_right"})
    equal(found, pl.concat([penguins, renamed], how="horizontal"))
    refused("344 rows, the right one 3", merge, left=penguins.lazy(), right=other.head(3).lazy())
    refused("named 'year'", merge, left=penguins.lazy(), right=other.lazy(), suffix="")


# --- groups -----------------------------------------------------------------------------------


def test_groups_and_aggregates(penguins: pl.DataFrame) -> None:
    found = preprocess_group.group_aggregate(
        table=penguins.lazy(), by=["species", "sex"], sums=["body_mass_g"], means=["body_mass_g"],
        medians=["bill_depth_mm"], minima=["island"], maxima=["year"],
        deviations=["bill_length_mm"], variances=["bill_length_mm"], counts=["sex"],
        distinct=["island"], firsts=["year"], lasts=["year"],
    )  # fmt: skip
    mass, bill = pl.col("body_mass_g"), pl.col("bill_length_mm")
    expected = (
        penguins.group_by("species", "sex", maintain_order=True)
        .agg(
            pl.len().alias("rows"),
            mass.sum().alias("body_mass_g_sum"),
            mass.mean().alias("body_mass_g_mean"),
            pl.col("bill_depth_mm").median().alias("bill_depth_mm_median"),
            pl.col("island").min().alias("island_min"),
            pl.col("year").max().alias("year_max"),
            bill.std().alias("bill_length_mm_std"),
            bill.var().alias("bill_length_mm_variance"),
            pl.col("sex").count().alias("sex_count"),
            pl.col("island").n_unique().alias("island_distinct"),
            pl.col("year").first().alias("year_first"),
            pl.col("year").last().alias("year_last"),
        )
        .sort("species", "sex")
    )
    # The order of floats in a sum is not promised: equal to 1e-12.
    assert_frame_equal(found.collect(), expected, check_exact=False, rel_tol=1e-12)


def test_groups_of_odd_tables(penguins: pl.DataFrame) -> None:
    group = preprocess_group.group_aggregate
    empty = penguins.head(0).lazy()
    assert group(table=empty, by=["sex"], means=["year"]).collect().height == 0
    assert group(table=empty, sums=["year"], means=["year"]).collect().rows() == [(0, 0, None)]
    nulls = pl.LazyFrame({"g": [None, 1], "v": pl.Series([None, None], dtype=pl.Int64)})
    found = group(table=nulls, by=["g"], sums=["v"], counts=["v"])
    assert found.collect().rows() == [(None, 1, 0, 0), (1, 1, 0, 0)]
    refused("'sex' is String", group, table=penguins.lazy(), means=["sex"])
    refused("nothing to do", group, table=penguins.lazy(), rows=False)
    clash = penguins.lazy().rename({"sex": "rows"})
    refused("named 'rows'", group, table=clash, by=["rows"])


def test_pivoted_table(penguins: pl.DataFrame) -> None:
    pivot = preprocess_group.pivot
    found = pivot(
        table=penguins.lazy(), index=["island"], on="species", values="body_mass_g",
        aggregate="mean",
    )  # fmt: skip
    expected = penguins.pivot(
        "species", index="island", values="body_mass_g", aggregate_function="mean",
        sort_columns=True,
    ).sort("island")  # fmt: skip
    assert_frame_equal(found, expected, check_exact=False, rel_tol=1e-12)
    empty = pivot(table=penguins.head(0).lazy(), index=["island"], on="sex", values="year")
    assert empty.columns == ["island"]
    with_null = pivot(table=penguins.lazy(), index=["island"], on="sex", values="year")
    assert with_null.columns == ["island", "female", "male", "null"]
    refused("1001 values", pivot, table=pl.LazyFrame({"a": range(1001), "b": 0}), index=["b"],
            on="a", values="b")  # fmt: skip
    refused("both index and on", pivot, table=penguins.lazy(), index=["sex"], on="sex",
            values="year")  # fmt: skip


def test_unpivoted_table(penguins: pl.DataFrame) -> None:
    unpivot = preprocess_group.unpivot
    names = ["bill_length_mm", "bill_depth_mm"]
    found = unpivot(table=penguins.lazy(), columns=names, keep=["species"])
    equal(found, penguins.unpivot(names, index="species"))
    mixed = unpivot(table=penguins.lazy(), columns=["year", names[0]])
    assert mixed.collect_schema()["value"] == pl.Float64
    refused("one type first", unpivot, table=penguins.lazy(), columns=["sex", "year"])
    refused("to be kept: sex", unpivot, table=penguins.lazy(), columns=["sex"], keep=["sex"])


# --- what is foretold -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("cast_types", {"to_date": ("year",)}),
        ("group_aggregate", {"means": ("sex",)}),
        ("sort_rows", {"by": ("colour",)}),
        ("append_id", {"name": "sex"}),
        ("rename_columns", {"columns": ("sex",), "names": "year"}),
        ("unpivot", {"columns": ("sex", "year")}),
        ("math_operation", {"columns": ("sex",)}),
        ("split_rows", {"column": "colour"}),
    ],
)
def test_faults_are_found_before_the_run(
    name: str, parameters: dict[str, Any], penguins: pl.DataFrame
) -> None:
    columns = Columns({each: str(dtype) for each, dtype in penguins.schema.items()})
    with pytest.raises(BadRequest):
        declarations()[name].rule(Given({"table": columns}, parameters))
