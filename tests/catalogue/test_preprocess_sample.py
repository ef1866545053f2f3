"""Rows by chance: in exact numbers where they are promised, else within five deviations."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from millwork.runtime.functions.preprocess_sample import (
    sample_rows,
    sample_stratified,
    sample_weighted,
    shuffle_rows,
    split_rows,
)
from millwork.runtime.functions.source_samples import sample_data
from millwork.runtime.problems import StepError

pytestmark = pytest.mark.quick

ROWS = 200_000


@pytest.fixture(scope="module")
def penguins() -> pl.DataFrame:
    return sample_data(name="penguins").with_row_index("row")


@pytest.fixture(scope="module")
def numbers() -> pl.LazyFrame:
    return pl.LazyFrame({"n": range(ROWS)})


def split(**arguments: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    parts = split_rows(**arguments)
    return parts["first"].collect(), parts["second"].collect()


def within(found: int, share: float, rows: int = ROWS) -> bool:
    return abs(found - share * rows) <= 5 * sqrt(rows * share * (1 - share))


@pytest.mark.parametrize("fraction", [0.01, 0.5, 0.8])
@pytest.mark.parametrize("seed", [0, 1, 2**32 - 1])
def test_a_random_split_has_about_its_share(
    fraction: float, seed: int, numbers: pl.LazyFrame
) -> None:
    first, second = split(table=numbers, fraction=fraction, seed=seed)
    assert within(first.height, fraction)
    assert pl.concat([first, second]).sort("n").equals(numbers.collect())
    assert first["n"].is_sorted()
    ranks = first["n"].to_numpy() / ROWS  # no part of the table is drawn more than another
    assert abs(ranks.mean() - 0.5) < 5 * sqrt(1 / 12 / first.height)


def test_splits_of_different_seeds_are_independent(numbers: pl.LazyFrame) -> None:
    one, _ = split(table=numbers, fraction=0.5, seed=1)
    two, _ = split(table=numbers, fraction=0.5, seed=2)
    again, _ = split(table=numbers, fraction=0.5, seed=1)
    assert one.equals(again)
    assert within(one.join(two, on="n").height, 0.25)


def test_whole_and_empty_parts(numbers: pl.LazyFrame) -> None:
    assert split(table=numbers, fraction=1.0)[1].height == 0
    assert split(table=numbers, fraction=0.0)[0].height == 0


def test_rows_stay_together(penguins: pl.DataFrame) -> None:
    first, second = split(table=penguins.lazy(), fraction=0.5, together="bill_length_mm", seed=3)
    both = set(first["bill_length_mm"]) & set(second["bill_length_mm"])
    assert not both
    assert first.height + second.height == penguins.height


def test_a_stratified_split_has_the_share_of_each_stratum(penguins: pl.DataFrame) -> None:
    first, second = split(
        table=penguins.lazy(), fraction=0.25, method="stratified", column="species", seed=1
    )
    rows = dict(penguins["species"].value_counts().iter_rows())
    found = dict(first["species"].value_counts().iter_rows())
    assert found == {name: round(count * 0.25) for name, count in rows.items()}
    assert pl.concat([first, second]).sort("row").equals(penguins)


def test_a_split_in_order_or_by_a_threshold(penguins: pl.DataFrame) -> None:
    first, second = split(table=penguins.lazy(), fraction=0.8, method="order")
    assert first.equals(penguins.head(275))
    assert second.equals(penguins.tail(69))
    first, second = split(
        table=penguins.lazy(), method="threshold", column="body_mass_g", threshold=4000
    )
    assert first.equals(penguins.filter(pl.col("body_mass_g") < 4000))
    assert first.height + second.height == penguins.height


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"method": "threshold", "column": "year"}, "needs `column` and `threshold`"),
        ({"method": "threshold", "column": "sex", "threshold": 1}, "'sex' is String"),
        ({"method": "stratified"}, "needs `column`"),
        ({"method": "order", "together": "sex"}, "belongs to method random"),
        ({"together": "colour"}, "no column 'colour'"),
    ],
)
def test_splits_that_cannot_be(
    arguments: dict[str, Any], words: str, penguins: pl.DataFrame
) -> None:
    with pytest.raises(StepError, match=words):
        split_rows(table=penguins.lazy(), **arguments)


def test_shuffled_rows(numbers: pl.LazyFrame) -> None:
    one, two = (shuffle_rows(table=numbers, seed=seed).collect()["n"] for seed in (1, 2))
    assert one.sort().equals(two.sort())
    for pair in ((one, two), (one, numbers.collect()["n"])):
        assert abs(np.corrcoef(*pair)[0, 1]) < 5 / sqrt(ROWS)


def test_a_share_is_drawn(numbers: pl.LazyFrame) -> None:
    found = sample_rows(table=numbers, fraction=0.1, seed=5).collect()
    assert within(found.height, 0.1)
    assert found["n"].is_unique().all()


def test_a_number_is_drawn_as_numpy_does(penguins: pl.DataFrame) -> None:
    found = sample_rows(table=penguins.lazy(), count=50, seed=5).collect()
    chosen = np.random.default_rng(5).choice(344, 50, replace=False, shuffle=False)
    assert_frame_equal(found, penguins[np.sort(chosen)])


def test_with_replacement_rows_come_again(penguins: pl.DataFrame) -> None:
    found = sample_rows(table=penguins.lazy(), count=1000, replace=True, seed=5).collect()
    assert found.height == 1000
    assert found["row"].n_unique() < 344
    assert found["row"].is_sorted()


def test_weights_are_probabilities() -> None:
    table = pl.LazyFrame({"n": range(4), "w": [0.0, 1.0, 2.0, 7.0]})
    found = sample_weighted(table=table, weights="w", count=ROWS, replace=True).collect()
    counts = dict(found["n"].value_counts().iter_rows())
    assert 0 not in counts
    for number, share in ((1, 0.1), (2, 0.2), (3, 0.7)):
        assert within(counts[number], share)
    once = sample_weighted(table=table, weights="w", count=3).collect()
    assert once["n"].to_list() == [1, 2, 3]


@pytest.mark.parametrize("value", [-1.0, None, float("nan"), float("inf")])
def test_weights_that_cannot_be(value: float | None) -> None:
    table = pl.LazyFrame({"w": [1.0, value]})
    with pytest.raises(StepError, match="missing, negative or infinite"):
        sample_weighted(table=table, weights="w", count=1)


def test_more_rows_than_there_are(penguins: pl.DataFrame) -> None:
    with pytest.raises(StepError, match="345 rows are asked for, and there are 344"):
        sample_rows(table=penguins.lazy(), count=345)
    with pytest.raises(StepError, match="1 rows are asked for, and there are 0"):
        sample_rows(table=penguins.head(0).lazy(), count=1, replace=True)
    table = pl.LazyFrame({"w": [0.0, 0.0, 1.0]})
    with pytest.raises(StepError, match="2 rows are asked for, and 1 have a weight"):
        sample_weighted(table=table, weights="w", count=2)
    with pytest.raises(StepError, match="0 have a weight"):
        sample_weighted(table=table.head(2), weights="w", count=1, replace=True)


def test_strata(penguins: pl.DataFrame) -> None:
    def drawn(**arguments: Any) -> dict[Any, int]:
        found = sample_stratified(table=penguins.lazy(), **arguments).collect()
        assert found["row"].is_sorted()
        return dict(found[arguments["column"]].value_counts().iter_rows())

    assert drawn(column="species", fraction=0.5) == {"Adelie": 76, "Gentoo": 62, "Chinstrap": 34}
    assert drawn(column="year", count="10") == {2007: 10, 2008: 10, 2009: 10}
    assert drawn(column="sex", count="male:5,null:2") == {"male": 5, None: 2}
    for count, words in (
        ("male:500", "'male' has 168 rows"),
        ("red:5", "no stratum 'red'; there are: female, male, null"),
        ("male=5", "neither a number nor like"),
    ):
        with pytest.raises(StepError, match=words):
            drawn(column="sex", count=count)


def test_every_row_of_a_stratum_is_as_likely() -> None:
    table = pl.LazyFrame({"g": ["a"] * 10})
    numbered = table.with_row_index("n")
    drawn = [
        sample_stratified(table=numbered, column="g", count="3", seed=seed).collect()["n"]
        for seed in range(500)
    ]
    counts = pl.concat(drawn).value_counts()["count"]
    assert all(within(count, 0.3, 500) for count in counts)
