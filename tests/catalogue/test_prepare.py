"""Fitted preprocessing against scikit-learn on real data, and what it makes of odd columns."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
import pytest
from palmerpenguins import load_penguins
from polars.testing import assert_frame_equal
from sklearn.datasets import load_breast_cancer
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import MaxAbsScaler, MinMaxScaler, RobustScaler, StandardScaler

from millwork.base.errors import BadRequest
from millwork.catalogue.index import declarations
from millwork.catalogue.rules import Given
from millwork.catalogue.shapes import Columns
from millwork.runtime.functions.prepare import clean_strings, impute, normalise, standardise
from millwork.runtime.problems import StepError

EXACT = 1e-12  # relative: the last digits of a mean depend on the order of addition


def made(function: Any, table: pl.DataFrame, **given: Any) -> pl.DataFrame:
    """The table that comes out."""
    result: pl.DataFrame = function(table=table.lazy(), **given)["table"].collect()
    return result


def cancer() -> pl.DataFrame:
    found = load_breast_cancer()
    return pl.DataFrame(found.data, schema=list(map(str, found.feature_names)))


def penguins() -> pl.DataFrame:
    return pl.DataFrame(load_penguins().to_dict("list"), strict=False)


@pytest.mark.parametrize(
    ("function", "given", "scaler"),
    [
        (standardise, {}, StandardScaler()),
        (normalise, {}, MinMaxScaler()),
        (normalise, {"low": -1.0, "high": 3.0}, MinMaxScaler((-1, 3))),
        (normalise, {"method": "max_abs"}, MaxAbsScaler()),
        (normalise, {"method": "robust"}, RobustScaler()),
    ],
)
@pytest.mark.parametrize("table", [cancer(), penguins().select("bill_length_mm", "body_mass_g")])
def test_scaling_is_that_of_scikit_learn(
    function: Any, given: dict[str, Any], scaler: Any, table: pl.DataFrame
) -> None:
    found = made(function, table, **given)
    wanted = scaler.fit_transform(table.to_numpy())
    np.testing.assert_allclose(found.to_numpy(), wanted, rtol=EXACT, atol=EXACT)
    assert found.columns == table.columns


@pytest.mark.parametrize(
    ("function", "given", "wanted"),
    [
        (standardise, {}, 0.0),
        (normalise, {"low": 2.0, "high": 3.0}, 2.0),
        (normalise, {"method": "robust"}, 0.0),
    ],
)
def test_a_column_without_spread_becomes_one_value(
    function: Any, given: dict[str, Any], wanted: float
) -> None:
    """0.1 a thousand times has a deviation of 1e-17 or so, which is rounding."""
    for value in (0.1, -7.0):
        table = pl.DataFrame({"same": [value] * 1000, "other": range(1000)})
        assert made(function, table, **given)["same"].unique().to_list() == [wanted]


@pytest.mark.parametrize("function", [standardise, normalise])
def test_odd_columns_of_numbers(function: Any) -> None:
    table = pl.DataFrame(
        {
            "none": pl.Series([None] * 3, dtype=pl.Float64),
            "gaps": [1.0, None, float("nan")],
            "flag": [True, False, None],
            "money": [Decimal("1.50"), Decimal("2.50"), None],
        }
    )
    found = made(function, table)
    assert found.schema == dict.fromkeys(table.columns, pl.Float64())
    assert found["none"].to_list() == [None] * 3
    assert found["gaps"][:2].to_list() == [0.0, None]
    assert np.isnan(found["gaps"][2])
    assert found["flag"].null_count() == 1
    assert made(function, table.head(0)).height == 0
    with pytest.raises(StepError, match="infinite or too large"):
        made(function, pl.DataFrame({"x": [1.0, float("inf")]}))
    with pytest.raises(StepError, match="infinite or too large"):
        made(function, pl.DataFrame({"x": [1e308, -1e308]}))
    assert made(function, pl.DataFrame({"x": [1e200, 1e200]}))["x"].to_list() == [0.0, 0.0]
    with pytest.raises(StepError, match="no column holds numbers"):
        made(function, pl.DataFrame({"x": ["a"]}))
    with pytest.raises(StepError, match="there is a column 'flag_2' already"):
        made(function, table.with_columns(flag_2=1), columns=["flag"], suffix="_2")


def test_a_range_needs_a_low_and_a_high_end() -> None:
    with pytest.raises(StepError, match="low must be below high"):
        made(normalise, cancer(), low=1.0, high=1.0)


@pytest.mark.parametrize("strategy", ["mean", "median", "most_frequent"])
def test_filling_is_that_of_scikit_learn(strategy: str) -> None:
    names = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]
    table = penguins().select(names)
    assert table.select(pl.all().is_nan().any()).row(0) == (True,) * 4
    wanted = SimpleImputer(strategy=strategy).fit_transform(table.to_numpy())
    found = made(impute, table.fill_nan(None), strategy=strategy)
    np.testing.assert_allclose(found.to_numpy(), wanted, rtol=EXACT)
    assert_frame_equal(made(impute, table, strategy=strategy), found)
    texts = penguins().select("sex", "island").with_columns(pl.col("sex").replace("nan", None))
    if strategy == "most_frequent":
        wanted = SimpleImputer(strategy=strategy, missing_values=None).fit_transform(
            texts.to_numpy()
        )
        assert made(impute, texts, strategy=strategy).rows() == [tuple(row) for row in wanted]


@pytest.mark.parametrize(
    ("values", "dtype", "strategy", "filled"),
    [
        ([1, None, 3, 3], pl.Int8, "mean", 7 / 3),
        ([1, None, 3, 3], pl.Int8, "min", 1),
        ([2**64 - 1, None, 1, 1], pl.UInt64, "max", 2**64 - 1),
        ([3, None, 1, 1, 3], pl.Int128, "most_frequent", 1),
        ([Decimal("1.50"), None], pl.Decimal(10, 2), "min", Decimal("1.50")),
        ([Decimal("1.50"), None], pl.Decimal(10, 2), "mean", 1.5),
        (["b", None, "a"], pl.Categorical, "most_frequent", "a"),
        (["b", None, "a"], pl.Enum(["b", "a"]), "most_frequent", "a"),
        ([True, None, True], pl.Boolean, "most_frequent", True),
        ([date(2024, 2, 29), None], pl.Date, "max", date(2024, 2, 29)),
        ([None, None], pl.Float64, "mean", None),
        ([None, None], pl.String, "most_frequent", None),
    ],
)
def test_each_type_of_column_is_filled_with_its_own(
    values: list[Any], dtype: Any, strategy: str, filled: Any
) -> None:
    table = pl.DataFrame({"x": pl.Series(values, dtype=dtype)})
    found = made(impute, table, strategy=strategy, indicator=True, columns=["x"])
    assert found["x"].to_list() == [filled if each is None else each for each in values]
    assert found["x_missing"].to_list() == [each is None for each in values]


@pytest.mark.parametrize(
    ("dtype", "value", "filled"),
    [
        (pl.Int16, "7", 7),
        (pl.Int16, "7.0", 7),
        (pl.Float32, "-2.5", -2.5),
        (pl.Decimal(8, 3), "1.25", Decimal("1.250")),
        (pl.String, "7", "7"),
        (pl.Enum(["a", "b"]), "b", "b"),
        (pl.Boolean, "False", False),
        (pl.Date, "2024-02-29", date(2024, 2, 29)),
        (pl.Datetime("ns"), "2024-02-29T12:30", datetime.fromisoformat("2024-02-29T12:30")),
    ],
)
def test_a_constant_is_read_as_the_column_has_it(dtype: Any, value: str, filled: Any) -> None:
    table = pl.DataFrame({"x": pl.Series([None], dtype=dtype)})
    found = made(impute, table, columns=["x"], strategy="constant", value=value)
    assert found.rows() == [(filled,)]
    assert found.schema == table.schema


@pytest.mark.parametrize(
    ("dtype", "value"),
    [
        (pl.Int16, "7.5"),
        (pl.Int16, "70000"),
        (pl.Float64, "nan"),
        (pl.Float64, ""),
        (pl.Enum(["a"]), "b"),
        (pl.Boolean, "yes"),
        (pl.Date, "29.2.2024"),
        (pl.Datetime("us", "Europe/Berlin"), "2024-03-31T02:30"),
        (pl.Duration, "1 day"),
    ],
)
def test_a_constant_of_another_type_is_an_error(dtype: Any, value: str) -> None:
    table = pl.DataFrame({"x": pl.Series([None], dtype=dtype)})
    with pytest.raises(StepError, match="is no value for column 'x'"):
        made(impute, table, columns=["x"], strategy="constant", value=value)


def test_a_constant_without_columns_goes_where_it_fits() -> None:
    table = pl.DataFrame({"n": [None, 1], "t": [None, "a"], "b": [None, True]})
    assert made(impute, table, strategy="constant", value="5").row(0) == (5, None, None)
    assert made(impute, table, strategy="constant", value="five").row(0) == (None, "five", None)


def test_what_cannot_be_filled() -> None:
    table = pl.DataFrame({"x": [[1], None], "s": ["a", None], "f": [float("inf"), None]})
    with pytest.raises(StepError, match="column 's' is String, and number is needed"):
        made(impute, table, columns=["s"])
    with pytest.raises(StepError, match="no column is of a kind that 'median' can fill"):
        made(impute, table.select("s"), strategy="median")
    with pytest.raises(StepError, match="'f' holds infinite values"):
        made(impute, table)
    with pytest.raises(StepError, match="there is a column 's_missing' already"):
        made(
            impute,
            table.with_columns(s_missing=1),
            strategy="most_frequent",
            columns=["s"],
            indicator=True,
        )


@pytest.mark.parametrize(
    ("given", "cleaned"),
    [
        ({}, "Größe der\u00a0ÉLAN-Box!"),
        ({"case": "lower", "accents": True}, "große der elan-box!"),
        ({"case": "upper", "punctuation": True}, "GRÖSSE DER ÉLANBOX"),
        ({"case": "title"}, "Größe Der Élan-Box!"),
        ({"trim": False, "blanks": False}, "  Größe\tder\u00a0ÉLAN-Box! "),
    ],
)
def test_texts_are_cleaned(given: dict[str, Any], cleaned: str) -> None:
    table = pl.DataFrame({"t": ["  Größe\tder\u00a0ÉLAN-Box! ", None, "  "]})
    found = made(clean_strings, table, **given)["t"].to_list()
    blank = "" if given.get("trim", True) else "  "
    assert [found[0].replace("\u00a0", " "), *found[1:]] == [
        cleaned.replace("\u00a0", " "),
        None,
        blank,
    ]


def test_an_empty_text_may_be_made_a_missing_one() -> None:
    table = pl.DataFrame({"t": pl.Series(["a", " ", None], dtype=pl.Categorical), "n": [1, 2, 3]})
    found = made(clean_strings, table, empty_is_missing=True)
    assert found["t"].to_list() == ["a", None, None]
    assert found.schema == {"t": pl.String(), "n": pl.Int64()}
    with pytest.raises(StepError, match="no column holds text"):
        made(clean_strings, table.select("n"))


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("standardise", {"columns": ("no",)}, "there is no column 'no'"),
        ("standardise", {"columns": ("s",)}, "column 's' is String, and number or bool is needed"),
        ("normalise", {"columns": ("n",), "suffix": "_2"}, "there is a column 'n_2' already"),
        ("impute", {"columns": ("s",)}, "column 's' is String, and number is needed"),
        ("clean_strings", {"columns": ("n",)}, "column 'n' is Int64, and text is needed"),
    ],
)
def test_a_fault_that_the_columns_show_is_found_before_the_run(
    name: str, given: dict[str, Any], message: str
) -> None:
    table = Columns({"n": "Int64", "s": "String", "n_2": "Int64"})
    with pytest.raises(BadRequest, match=message):
        declarations()[name].rule(Given({"table": table}, given))
