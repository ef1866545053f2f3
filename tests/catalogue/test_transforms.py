"""What is fitted does the same to new data: kept, read again, row by row, whatever the names."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from palmerpenguins import load_penguins
from polars.testing import assert_frame_equal

from millwork.catalogue.index import declarations
from millwork.catalogue.rules import Given
from millwork.catalogue.shapes import Columns, Effect
from millwork.runtime import dtypes
from millwork.runtime.fitted import APPLY
from millwork.runtime.problems import StepError
from millwork.runtime.step import found_function
from millwork.runtime.transforms import FILE, Fitted, Transform

if TYPE_CHECKING:
    from pathlib import Path

FITS: dict[str, list[dict[str, Any]]] = {
    "standardise": [{"columns": ["mass", "grown"]}, {"suffix": "_scaled"}],
    "normalise": [{"method": "min_max", "low": -1.0}, {"method": "max_abs"}, {"method": "robust"}],
    "impute": [
        {"strategy": "mean", "indicator": True},
        {"strategy": "median"},
        {"strategy": "min"},
        {"strategy": "most_frequent"},
        {"strategy": "constant", "value": "2024-02-29", "columns": ["day", "seen"]},
        {"strategy": "constant", "value": "none", "columns": ["sex", "kind"]},
    ],
    "clean_strings": [{"case": "upper", "accents": True, "punctuation": True}, {"suffix": "_"}],
    "one_hot": [{}, {"columns": ["year", "grown", "sex"], "drop_first": True, "keep": True}],
    "ordinal_encode": [{}, {"order": "frequency", "unseen": "null", "suffix": "_number"}],
    "target_encode": [{"label": "mass"}, {"label": "sex", "smoothing": 3.0, "suffix": "_mean"}],
    "hash_features": [{"count": 8}, {"columns": ["island", "bill", "grown"], "keep": True}],
    "bin_columns": [{}, {"method": "width", "bins": 3}, {"method": "tree", "label": "species"}],
    "pca": [{"columns": ["wing", "year"], "scale": True}, {"columns": ["year"], "components": 1}],
    "polynomial_features": [{"columns": ["bill", "wing", "grown"], "degree": 3}],
    "datetime_parts": [{}, {"parts": "week,is_weekend,minute", "keep": True}],
    "select_features": [{"columns": ["wing", "year"], "label": "species", "count": 1}],
    "tfidf": [{"column": "note", "ngrams": 2}, {"column": "kind", "norm": "none", "keep": True}],
    "topic_model": [
        {"column": "note", "topics": 2, "iterations": 5},
        {"column": "note", "topics": 2, "method": "nmf"},
    ],
}
EACH = pytest.mark.parametrize(
    ("name", "given"), [(name, given) for name, each in FITS.items() for given in each]
)


@cache
def penguins() -> pl.DataFrame:
    """The penguins, with gaps, and columns of further types."""
    found = pl.DataFrame(load_penguins().to_dict("list"), strict=False).fill_nan(None)
    start = datetime.fromisoformat("2007-11-11T06:30:00")
    seen = [None if i % 50 == 7 else start + timedelta(hours=31 * i) for i in range(found.height)]
    return found.select(
        "species",
        "island",
        "year",
        sex=pl.when(pl.col("sex").is_in(["male", "female"])).then("sex"),
        bill="bill_length_mm",
        wing=pl.col("flipper_length_mm").fill_null(0).cast(pl.Int16),
        mass=pl.col("body_mass_g").cast(pl.Int32),
        kind=pl.col("species").cast(pl.Categorical),
        grown=pl.col("year") > 2007,
        note=pl.concat_str("island", pl.lit(" saw the "), "species", pl.lit(" penguin: Größe!")),
    ).with_columns(pl.Series("seen", seen), pl.Series("day", seen).dt.date())


def fitted(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """What it makes of the penguins; each is fitted once."""
    key = f"{name}{given}"
    if key not in _FITTED:
        _FITTED[key] = fit(name, given, penguins())
    return _FITTED[key]


_FITTED: dict[str, dict[str, Any]] = {}


def fit(name: str, given: dict[str, Any], table: pl.DataFrame) -> dict[str, Any]:
    function = found_function(declarations()[name].function)
    made: dict[str, Any] = function(table=table.lazy(), **given)
    return made


def kept(transform: Transform, folder: Path) -> Transform:
    """Written and read again."""
    transform.save(folder)
    return Transform.load(folder)


def news() -> pl.DataFrame:
    """New rows: categories that were not there, values out of range, missing ones."""
    new = penguins().head(4)
    return new.with_columns(
        species=pl.Series(["Emperor", None, "", "Adelie"]),
        island=pl.Series(["Île", None, "Dream", "Dream"]),
        kind=pl.Series(["Emperor", None, "Gentoo", "Adelie"], dtype=pl.Categorical),
        note=pl.Series(["quite other words", None, "", "the penguin"]),
        bill=pl.Series([1e9, None, float("nan"), -1.0]),
        year=pl.Series([2042, None, 2007, 2008]),
        grown=pl.Series([None, True, False, True]),
    )


@EACH
def test_it_does_to_new_data_what_it_did_when_it_was_fitted(
    name: str, given: dict[str, Any], tmp_path: Path
) -> None:
    made = fitted(name, given)
    again = kept(made["transform"], tmp_path)
    assert again == made["transform"]
    first = made["table"].collect()
    assert_frame_equal(again.apply(penguins().lazy()).collect(), first, check_exact=True)
    made["table"].sink_parquet(tmp_path / "streamed.parquet")
    assert_frame_equal(pl.read_parquet(tmp_path / "streamed.parquet"), first, check_exact=True)
    assert made["table"].collect_schema() == first.schema


@EACH
def test_each_row_is_done_by_itself(name: str, given: dict[str, Any]) -> None:
    transform = fitted(name, given)["transform"]
    table = pl.concat([news(), penguins().tail(3)])
    together = transform.apply(table.lazy()).collect()
    alone = [transform.apply(table[place].lazy()).collect() for place in range(table.height)]
    assert_frame_equal(pl.concat(alone), together, check_exact=True)
    none = transform.apply(table.head(0).lazy())
    assert none.collect().schema == none.collect_schema() == together.schema


@EACH
def test_a_column_that_is_gone_is_an_error(name: str, given: dict[str, Any]) -> None:
    made = fitted(name, given)
    refusals = []
    for column in penguins().columns:
        try:
            made["transform"].apply(penguins().drop(column).lazy()).collect()
        except StepError as error:
            refusals.append((column, str(error)))
    assert refusals
    assert [each for each in refusals if f"no column '{each[0]}'" not in each[1]] == []


@EACH
def test_columns_of_nothing_but_nulls_have_the_same_result_types(
    name: str, given: dict[str, Any]
) -> None:
    transform = fitted(name, given)["transform"]
    known = transform.apply(penguins().lazy()).collect_schema()
    nothing = penguins().head(2).select(pl.lit(None).alias(name) for name in penguins().columns)
    found = transform.apply(nothing.lazy()).collect().schema
    assert found.names() == known.names()
    for column, dtype in found.items():
        is_left_alone = column in nothing.columns and dtype == pl.Null
        is_text = dtype == pl.String and known[column] == pl.Categorical
        assert is_left_alone or is_text or dtype == known[column], column


@EACH
def test_names_may_look_like_patterns(name: str, given: dict[str, Any], tmp_path: Path) -> None:
    """To polars `*` is every column and `^a.*$` is those that match."""
    old = penguins().columns
    new = dict(zip(old, [f"^{each}.*$" if i else "*" for i, each in enumerate(old)], strict=True))
    renamed = {
        key: new.get(value, value)
        if isinstance(value, str)
        else [new[each] for each in value]
        if isinstance(value, list)
        else value
        for key, value in given.items()
    }
    made = fit(name, renamed, penguins().rename(new))
    again = kept(made["transform"], tmp_path).apply(penguins().rename(new).lazy()).collect()
    plain = fitted(name, given)["table"].collect()
    assert again.width == plain.width
    if name != "hash_features":  # the names are hashed too
        assert again.rows() == plain.rows()


@EACH
def test_its_rule_foretells_what_the_transform_makes_of_other_tables(
    name: str, given: dict[str, Any]
) -> None:
    transform = fitted(name, given)["transform"]
    told = declarations()[name].rule(Given({"table": _shape(penguins())}, given))["transform"]
    assert isinstance(told, Effect)
    other = news().with_columns(more=1).select("more", *reversed(penguins().columns))
    found = _shape(transform.apply(other.lazy()).collect())
    said = told(_shape(other))
    if said.is_whole:
        assert list(said.types.items()) == list(found.types.items())
    else:
        assert list(said.types.items()) == [each for each in found.types.items() if each[0] in said]


def _shape(table: pl.DataFrame) -> Columns:
    return Columns({name: str(dtype) for name, dtype in table.schema.items()})


def test_every_kind_is_fitted_here() -> None:
    kinds = {
        step.kind
        for name, each in FITS.items()
        for given in each
        for step in fitted(name, given)["transform"].steps
    }
    assert kinds == set(APPLY)


def test_a_chain_does_all_in_its_order(tmp_path: Path) -> None:
    filled = fit("impute", {"columns": ["bill", "mass"]}, penguins())
    table, given = filled["table"].collect(), {"columns": ["bill", "mass"]}
    scaled = fit("standardise", {**given, "transform": filled["transform"]}, table)
    table = scaled["table"].collect()
    made = fit("pca", {**given, "transform": scaled["transform"]}, table)
    again = kept(made["transform"], tmp_path)
    assert [step.kind for step in again.steps] == ["impute", "scale", "pca"]
    assert_frame_equal(again.apply(penguins().lazy()).collect(), made["table"].collect())


def test_a_text_where_numbers_were_is_an_error_before_anything_is_computed() -> None:
    made = fit("standardise", {"columns": ["mass"]}, penguins())
    with pytest.raises(StepError, match="column 'mass' is String, and it was number or bool"):
        made["transform"].apply(penguins().with_columns(mass=pl.lit("many")).lazy())


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"format": "millwork/transform/1"}',
        '{"format": "millwork/transform/1", "steps": [7]}',
        '{"format": "millwork/transform/1", "steps": [{"kind": "scale"}]}',
        '{"format": "millwork/transform/1", "steps": [{"kind": "eval", "state": {}}]}',
        '{"format": "millwork/transform/9", "steps": []}',
    ],
)
def test_a_file_that_is_no_transform_is_one_clear_line(content: str, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(content)
    with pytest.raises(StepError) as caught:
        Transform.load(tmp_path)
    assert "\n" not in str(caught.value)
    with pytest.raises(StepError):
        Transform.load(tmp_path / "nowhere")


def test_what_is_kept_is_plain_json(tmp_path: Path) -> None:
    transform = Transform().then(Fitted("scale", {"columns": {"a": {"shift": float("nan")}}}))
    with pytest.raises(ValueError, match="not JSON compliant"):
        transform.save(tmp_path)
    fit("pca", {"columns": ["wing", "year"]}, penguins())["transform"].save(tmp_path)
    assert json.loads((tmp_path / FILE).read_text())["steps"][0]["kind"] == "pca"


@pytest.mark.parametrize(
    "dtype",
    [
        pl.Int8(),
        pl.UInt128(),
        pl.Float32(),
        pl.Decimal(10, 2),
        pl.Date(),
        pl.Time(),
        pl.Duration("ms"),
        pl.Datetime("ns"),
        pl.Datetime("us", "Europe/Berlin"),
        pl.Boolean(),
        pl.String(),
    ],
)
def test_a_type_is_read_as_polars_writes_it(dtype: pl.DataType) -> None:
    assert dtypes.named(str(dtype)) == dtype


NO_TYPES = [
    "read_csv",
    "read_csv(source='file:///etc/passwd')",
    "scan_parquet(source='http://127.0.0.1:9/x')",
    "DataType",
    "Object",
    "Config",
    "Int64()",
    "Int64 ",
    "",
    "__builtins__",
    "Datetime",
    "Datetime(time_unit='us', time_zone='a\\'b')",
    "Datetime(time_unit='us', time_zone=None)\n",
    "Decimal(precision=99, scale=2)",
    "Decimal(precision=1, scale=2)",
    "List(Int64)",
    7,
    None,
    ["Int64"],
]


@pytest.mark.parametrize("text", NO_TYPES)
def test_nothing_but_a_type_is_made_of_a_types_name(text: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no type"):
        dtypes.named(text)
    learned = {"value": 1, "type": text, "kind": "number"}
    step = Fitted("impute", {"columns": {"a": learned}, "indicator": False})
    Transform((step,)).save(tmp_path)
    with pytest.raises(StepError, match=r"^transform\.json is damaged: ") as refused:
        Transform.load(tmp_path)
    assert "\n" not in str(refused.value)


def test_no_library_is_imported_before_it_is_needed() -> None:
    code = (
        "import sys, millwork.runtime.transforms, millwork.runtime.functions.features_encode;"
        "from millwork.runtime.functions import features_derive, features_select, prepare, text;"
        "print([name for name in ('sklearn', 'scipy', 'pandas') if name in sys.modules])"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
