"""Features against scikit-learn on real data, and what they make of odd columns."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import numpy as np
import polars as pl
import pytest
from palmerpenguins import load_penguins
from sklearn.datasets import load_wine
from sklearn.decomposition import PCA
from sklearn.feature_extraction import FeatureHasher
from sklearn.preprocessing import (
    KBinsDiscretizer,
    OneHotEncoder,
    OrdinalEncoder,
    PolynomialFeatures,
    StandardScaler,
    TargetEncoder,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from millwork.base.errors import BadRequest
from millwork.catalogue.index import declarations
from millwork.catalogue.rules import Given
from millwork.catalogue.shapes import Columns
from millwork.runtime.functions.features_derive import (
    bin_columns,
    datetime_parts,
    pca,
    polynomial_features,
)
from millwork.runtime.functions.features_encode import (
    hash_features,
    one_hot,
    ordinal_encode,
    target_encode,
)
from millwork.runtime.problems import StepError

EXACT = 1e-12
TEXTS = ["species", "island", "sex"]


def made(function: Any, table: pl.DataFrame, **given: Any) -> pl.DataFrame:
    """The table that comes out."""
    result: pl.DataFrame = function(table=table.lazy(), **given)["table"].collect()
    return result


def penguins() -> pl.DataFrame:
    """With the gaps that they have."""
    found = pl.DataFrame(load_penguins().to_dict("list"), strict=False).fill_nan(None)
    known = pl.col("sex").is_in(["male", "female"])
    return found.with_columns(sex=pl.when(known).then("sex"))


def wine() -> pl.DataFrame:
    found = load_wine()
    return pl.DataFrame(found.data, schema=list(map(str, found.feature_names)))


@pytest.mark.parametrize("drop_first", [False, True])
def test_one_hot_is_that_of_scikit_learn(drop_first: bool) -> None:
    table = penguins().drop_nulls().select(*TEXTS, "year")
    encoder = OneHotEncoder(sparse_output=False, drop="first" if drop_first else None)
    wanted = encoder.fit_transform(table.to_numpy())
    found = made(one_hot, table, columns=table.columns, drop_first=drop_first)
    assert found.to_numpy().tolist() == wanted.tolist()
    if not drop_first:
        names = encoder.get_feature_names_out(table.columns).tolist()
        assert found.columns == names
    assert set(found.dtypes) == {pl.UInt8()}


def test_rare_categories_share_a_column() -> None:
    table = pl.DataFrame({"t": ["a", "a", "b", "c", None]})
    found = made(one_hot, table, min_count=2)
    assert found.to_dict(as_series=False) == {"t_a": [1, 1, 0, 0, 0], "t_rare": [0, 0, 1, 1, 0]}
    assert made(one_hot, table, min_count=2, drop_first=True).columns == ["t_rare"]
    with pytest.raises(StepError, match="has a category 'rare' of its own"):
        made(one_hot, pl.DataFrame({"t": ["rare", "rare", "b"]}), min_count=2)


def test_categories_that_were_not_there() -> None:
    table, new = pl.DataFrame({"t": ["a", "b", None]}), pl.LazyFrame({"t": ["c", "a", None]})
    zero = one_hot(table=table.lazy())["transform"]
    assert zero.apply(new).collect().rows() == [(0, 0), (1, 0), (0, 0)]
    strict = one_hot(table=table.lazy(), unseen="error", drop_first=True)["transform"]
    with pytest.raises(StepError, match=r"categories that were not there .* fitted: c"):
        strict.apply(new)
    assert strict.apply(new.tail(2)).collect().rows() == [(0,), (0,)]
    ordinal = ordinal_encode(table=table.lazy())["transform"]
    assert ordinal.apply(new).collect().rows() == [(-1,), (0,), (None,)]
    absent = ordinal_encode(table=table.lazy(), unseen="null")["transform"]
    assert absent.apply(new).collect().rows() == [(None,), (0,), (None,)]


def test_a_number_is_the_same_category_as_a_whole_one_and_as_a_float() -> None:
    fitted = one_hot(table=pl.LazyFrame({"n": [10, 9, 2]}), columns=["n"])["transform"]
    new = fitted.apply(pl.LazyFrame({"n": [9.0, float("nan"), 9.5]})).collect()
    assert new.columns == ["n_2", "n_9", "n_10"]
    assert new.rows() == [(0, 1, 0), (0, 0, 0), (0, 0, 0)]


def test_odd_columns_of_categories() -> None:
    none = pl.DataFrame({"t": pl.Series([None, None], dtype=pl.String), "n": [1, 2]})
    assert made(one_hot, none).columns == ["n"]
    assert made(ordinal_encode, none)["t"].to_list() == [None, None]
    assert made(target_encode, none, label="n")["t"].to_list() == [1.5, 1.5]
    assert made(one_hot, none.head(0)).schema == {"n": pl.Int64()}
    with pytest.raises(StepError, match="would give 3 columns, more than the limit of 2"):
        made(one_hot, pl.DataFrame({"t": ["a", "b", "c"]}), limit=2)
    with pytest.raises(StepError, match="two columns 't_a'"):
        made(one_hot, pl.DataFrame({"t": ["a"], "t_a": [1]}))
    with pytest.raises(StepError, match="two columns 'a_b_c'"):
        made(one_hot, pl.DataFrame({"a": ["b_c"], "a_b": ["c"]}))
    for function in (one_hot, ordinal_encode, hash_features):
        with pytest.raises(StepError, match="no column holds text"):
            made(function, none.select("n"))
        with pytest.raises(StepError, match="is Date, and text or bool or number is needed"):
            made(function, pl.DataFrame({"d": [date(2024, 1, 1)]}), columns=["d"])


def test_ordinal_numbers_are_those_of_scikit_learn() -> None:
    table = penguins().drop_nulls().select(*TEXTS, "year", "body_mass_g")
    wanted = OrdinalEncoder().fit_transform(table.to_numpy())
    found = made(ordinal_encode, table, columns=table.columns)
    assert found.to_numpy().tolist() == wanted.tolist()
    counted = made(ordinal_encode, table, columns=["species"], order="frequency")["species"]
    assert counted.value_counts(sort=True)["species"].to_list() == [0, 1, 2]


@pytest.mark.parametrize("smoothing", [None, 0.0, 10.0])
@pytest.mark.parametrize("label", ["body_mass_g", "year", "sex"])
def test_target_means_are_those_of_scikit_learn(smoothing: float | None, label: str) -> None:
    table = penguins().filter(pl.col(label).is_not_null())
    table = table.with_columns(
        island=pl.when(pl.int_range(pl.len()) % 9 > 0).then("island"),
        year=pl.col("year").cast(pl.Float64) + 0.5,
    )
    names = [name for name in TEXTS if name != label]
    smooth = "auto" if smoothing is None else smoothing
    encoder = TargetEncoder(smooth=smooth, target_type="binary" if label == "sex" else "continuous")
    encoder.fit(table.select(names).to_numpy(), table[label].to_numpy())
    new = pl.DataFrame({name: ["Dream", None, "Adelie", "?"] for name in names})
    fitted = target_encode(table=table.lazy(), label=label, smoothing=smoothing)["transform"]
    for rows in (table.select(names), new):
        found = fitted.apply(rows.lazy()).collect().to_numpy()
        np.testing.assert_allclose(found, encoder.transform(rows.to_numpy()), rtol=EXACT)


def test_a_label_of_classes_needs_two_of_them() -> None:
    with pytest.raises(StepError, match="'species' has 3 classes: say which"):
        made(target_encode, penguins(), label="species", columns=["island"])
    found = made(
        target_encode,
        penguins(),
        label="species",
        columns=["island"],
        positive="Gentoo",
        smoothing=0,
    )
    gentoo = penguins().select(pl.col("species") == "Gentoo").to_series().mean()
    assert found["island"].mean() == pytest.approx(gentoo)
    with pytest.raises(StepError, match="holds no value"):
        made(target_encode, penguins().head(0), label="sex")
    with pytest.raises(StepError, match="infinite or too large"):
        made(target_encode, pl.DataFrame({"t": ["a"], "n": [float("inf")]}), label="n")


def test_hashes_are_those_of_scikit_learn() -> None:
    table = penguins().select(*TEXTS, "bill_length_mm")
    rows = [
        {name: value for name, value in row.items() if value is not None}
        for row in table.iter_rows(named=True)
    ]
    wanted = FeatureHasher(16).transform(rows).toarray()
    found = made(hash_features, table, columns=table.columns, count=16)
    assert found.to_numpy().tolist() == wanted.tolist()
    assert found.columns == [f"hash_{place}" for place in range(16)]
    fixed = made(hash_features, pl.DataFrame({"t": ["a", "größe", None]}), count=4)
    assert fixed.rows() == [tuple(row) for row in FIXED_HASHES]


FIXED_HASHES = [[0.0, 0.0, 0.0, 1.0], [-1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]
"""What every machine and every version must give."""


@pytest.mark.parametrize(("method", "strategy"), [("width", "uniform"), ("quantile", "quantile")])
def test_bins_are_those_of_scikit_learn(method: str, strategy: str) -> None:
    table = wine()
    options = {"quantile_method": "linear"} if method == "quantile" else {}
    wanted = KBinsDiscretizer(7, encode="ordinal", strategy=strategy, **options)
    found = made(bin_columns, table, method=method, bins=7)
    assert found.to_numpy().tolist() == wanted.fit_transform(table.to_numpy()).tolist()


@pytest.mark.parametrize(
    ("label", "kind"), [("sex", DecisionTreeClassifier), ("body_mass_g", DecisionTreeRegressor)]
)
def test_bins_of_a_tree_are_the_leaves_of_scikit_learns(label: str, kind: Any) -> None:
    table = penguins().drop_nulls()
    tree = kind(max_leaf_nodes=5, min_samples_leaf=0.1, random_state=0)
    values = table["flipper_length_mm"].to_numpy().reshape(-1, 1)
    leaves = tree.fit(values, table[label].to_numpy()).apply(values)
    given = {"method": "tree", "label": label, "bins": 5, "min_share": 0.1}
    found = made(bin_columns, table, columns=["flipper_length_mm"], **given)["flipper_length_mm"]
    pairs = set(zip(found.to_list(), leaves.tolist(), strict=True))
    assert len(pairs) == len({pair[0] for pair in pairs}) == len({pair[1] for pair in pairs}) == 5


def test_odd_columns_put_into_bins() -> None:
    table = pl.DataFrame(
        {
            "none": pl.Series([None] * 4, dtype=pl.Int8),
            "same": [7.0] * 4,
            "gaps": [1.0, None, float("nan"), 2.0],
        }
    )
    found = made(bin_columns, table, bins=2)
    assert found["none"].to_list() == [None] * 4
    assert found["same"].to_list() == [0] * 4
    assert found["gaps"].to_list() == [0, None, None, 1]
    assert made(bin_columns, table.head(0), method="width").height == 0
    for method in ("quantile", "width", "tree"):
        endless = pl.DataFrame({"x": [1.0, float("inf"), 2.0], "y": ["a", "b", "a"]})
        with pytest.raises(StepError, match="infinite"):
            made(bin_columns, endless, method=method, label="y")
    with pytest.raises(StepError, match="needs a label"):
        made(bin_columns, table, method="tree")
    with pytest.raises(StepError, match="'none' is List"):
        made(bin_columns, table.with_columns(none=[1]), label="none")
    with pytest.raises(StepError, match="by itself"):
        made(bin_columns, table, method="tree", label="same", columns=["same", "gaps"])
    assert made(bin_columns, table, method="tree", label="none", columns=["gaps"]).height == 4


@pytest.mark.parametrize("scale", [False, True])
def test_components_are_those_of_scikit_learn(scale: bool) -> None:
    """Within 1e-9 of the largest: sums are added in another order."""
    table = wine()
    values = StandardScaler().fit_transform(table) if scale else table.to_numpy()
    fitted = PCA(4, svd_solver="full").fit(values)
    result = pca(table=table.lazy(), components=4, scale=scale)
    found = result["table"].collect()
    wanted = fitted.transform(values)
    np.testing.assert_allclose(found.to_numpy(), wanted, atol=1e-9 * np.abs(wanted).max())
    assert found.columns == ["pc1", "pc2", "pc3", "pc4"]
    (step,) = result["transform"].steps
    for weights in step.state["components"]:
        assert max(weights, key=abs) > 0
    bars = result["report"].to_json()["sections"][0]["series"][0]["y"]
    np.testing.assert_allclose(bars, fitted.explained_variance_ratio_, rtol=1e-9)


def test_as_many_components_as_tell_a_share_of_the_variance() -> None:
    found = made(pca, wine(), scale=True, share=0.9)
    wanted = PCA(0.9, svd_solver="full").fit(StandardScaler().fit_transform(wine()))
    assert found.width == wanted.n_components_
    assert made(pca, wine(), share=1.0, keep=True).width == 26
    assert made(pca, pl.DataFrame({"a": [1, 1], "b": [2, 2]}), share=0.5).rows() == [(0, 0)] * 2


def test_what_has_no_components() -> None:
    with pytest.raises(StepError, match=r"'bill_length_mm' \(2\)"):
        made(pca, penguins())
    for table in (wine().head(0), wine().head(1), wine().select("ash")):
        with pytest.raises(StepError, match="2 components need as many columns and rows"):
            made(pca, table)
    with pytest.raises(StepError, match="'x' holds NaN or infinite"):
        made(pca, pl.DataFrame({"x": [float("nan"), 1.0], "y": [1, 2]}))
    with pytest.raises(StepError, match="too large"):
        made(pca, pl.DataFrame({"x": [1e308, 1e308], "y": [1, 2]}))
    gone = pca(table=wine().lazy())["transform"]
    new = gone.apply(wine().head(2).with_columns(ash=pl.Series([None, 1.0])).lazy()).collect()
    assert new.row(0) == (None, None)
    assert None not in new.row(1)


@pytest.mark.parametrize("interaction_only", [False, True])
@pytest.mark.parametrize("degree", [2, 3])
def test_products_are_those_of_scikit_learn(degree: int, interaction_only: bool) -> None:
    table = wine().select("ash", "hue", "alcohol")
    wanted = PolynomialFeatures(degree, interaction_only=interaction_only, include_bias=False)
    values = wanted.fit_transform(table.to_numpy())
    found = made(polynomial_features, table, degree=degree, interaction_only=interaction_only)
    np.testing.assert_allclose(found.to_numpy(), values, rtol=EXACT)
    assert found.columns == wanted.get_feature_names_out(table.columns).tolist()


def test_products_of_odd_columns() -> None:
    table = pl.DataFrame({"a": [True, None], "b": [2, 3], "t": ["x", "y"]})
    found = made(polynomial_features, table)
    assert found.row(0, named=True) == {"a": True, "b": 2, "t": "x", "a^2": 1, "a b": 2, "b^2": 4}
    assert found["a b"].to_list() == [2.0, None]
    with pytest.raises(StepError, match="two columns 'a b'"):
        made(polynomial_features, table.with_columns(pl.lit("c").alias("a b")))
    many = pl.DataFrame({f"c{place}": [1] for place in range(100)})
    with pytest.raises(StepError, match="5050 new columns, more than 5000"):
        made(polynomial_features, many)
    shape = Columns(dict.fromkeys(many.columns, "Int64"))
    with pytest.raises(BadRequest, match="5050 new columns, more than 5000"):
        declarations()["polynomial_features"].rule(Given({"table": shape}))


def test_parts_of_dates_are_those_of_python() -> None:
    moments = [datetime(2024, 2, 29, 23, 59, 7), datetime(2023, 1, 1), None, datetime(1969, 7, 20)]  # noqa: DTZ001
    table = pl.DataFrame({"m": moments}).with_columns(
        d=pl.col("m").dt.date(), t=pl.col("m").dt.time()
    )
    parts = "year,quarter,month,week,day,weekday,day_of_year,is_weekend,hour,minute,second"
    found = made(datetime_parts, table, parts=parts)
    assert found.width == 11 + 8 + 3
    for moment, row in zip(moments, found.iter_rows(named=True), strict=True):
        if moment is None:
            assert set(row.values()) == {None}
            continue
        of_date = {
            "year": moment.year,
            "quarter": (moment.month + 2) // 3,
            "month": moment.month,
            "week": moment.isocalendar().week,
            "day": moment.day,
            "weekday": moment.isoweekday(),
            "day_of_year": moment.timetuple().tm_yday,
            "is_weekend": moment.isoweekday() > 5,
        }
        of_time = {"hour": moment.hour, "minute": moment.minute, "second": moment.second}
        wanted = {f"m_{part}": value for part, value in (of_date | of_time).items()}
        wanted |= {f"d_{part}": value for part, value in of_date.items()}
        wanted |= {f"t_{part}": value for part, value in of_time.items()}
        assert row == wanted


def test_odd_columns_of_times() -> None:
    table = pl.DataFrame({"d": [date(2024, 1, 1)], "t": [time(3)], "n": [1]})
    table = table.with_columns(span=pl.duration(days=1))
    assert made(datetime_parts, table).columns == [
        *("n", "span", "d_year", "d_month", "d_day", "d_weekday", "t_hour"),
    ]
    with pytest.raises(StepError, match="there is no part 'century'; there are: year"):
        made(datetime_parts, table, parts="year,century")
    with pytest.raises(StepError, match="'d' is Date: it has no hour"):
        made(datetime_parts, table, columns=["d"], parts="hour")
    with pytest.raises(StepError, match="'n' is Int64, and time is needed"):
        made(datetime_parts, table, columns=["n"])
    with pytest.raises(StepError, match="no column holds dates or times with these parts"):
        made(datetime_parts, table.select("n", "span"))
    later = datetime_parts(table=table.lazy(), columns=["t"])["transform"]
    assert later.apply(pl.LazyFrame({"t": [datetime(2024, 1, 1, 5)]})).collect().rows() == [(5,)]  # noqa: DTZ001
    dated = datetime_parts(table=table.lazy(), columns=["d"])["transform"]
    with pytest.raises(StepError, match="'d' is Time: it has no year"):
        dated.apply(table.select(d="t").lazy())


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("one_hot", {"columns": ("no",)}, "there is no column 'no'"),
        ("target_encode", {"columns": ("s",), "label": "no"}, "there is no column 'no'"),
        ("hash_features", {"columns": ("d",)}, "column 'd' is Date"),
        ("bin_columns", {"method": "tree"}, "needs a label"),
        ("pca", {"components": 3}, "3 components need as many columns: there are 1"),
        ("datetime_parts", {"parts": "era"}, "there is no part 'era'"),
        ("datetime_parts", {"columns": ("d",), "parts": "hour"}, "it has none of those parts"),
        ("select_features", {"label": "d"}, "column 'd' is Date"),
    ],
)
def test_a_fault_that_the_columns_show_is_found_before_the_run(
    name: str, given: dict[str, Any], message: str
) -> None:
    table = Columns({"n": "Int64", "s": "String", "d": "Date"})
    with pytest.raises(BadRequest, match=message):
        declarations()[name].rule(Given({"table": table}, given))
