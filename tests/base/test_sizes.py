"""Sizes and durations are read exactly, and written as they are read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millwork.base.sizes import (
    format_duration,
    format_size,
    parse_duration,
    parse_size,
    write_duration,
    write_size,
)

pytestmark = pytest.mark.quick
lawful = settings(max_examples=200, derandomize=True, deadline=None)


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("0", 0),
        ("1024", 1024),
        ("1k", 1000),
        ("2Ki", 2048),
        ("2Gi", 2 * 2**30),
        ("1.5Gi", 3 * 2**29),
        ("500M", 500_000_000),
        ("0.000001M", 1),
        ("9007199254740993", 2**53 + 1),
    ],
)
def test_a_size_is_read_exactly(text: str, count: int) -> None:
    assert parse_size(text) == count


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Gi",
        "2 Gi",
        "2GB",
        "2gi",
        "-1",
        "1e9",
        "1_000",
        "٣Gi",
        "2Gi\n",
        "1K",
        "1ki",
        "9" * 40,
        "9999999Ti",
    ],
)
def test_anything_else_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match=r"a size is a number and a unit|more than any machine"):
        parse_size(text)


@given(st.integers(0, 2**60) | st.integers(0, 2**30).map(lambda count: count * 2**30))
@lawful
def test_a_written_size_is_read_again(count: int) -> None:
    assert parse_size(write_size(count)) == count


def test_a_size_is_written_with_the_largest_unit_that_fits() -> None:
    assert write_size(2 * 2**30) == "2Gi"
    assert write_size(2**30 + 2**20) == "1025Mi"
    assert write_size(1000) == "1000"


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("2h", 7200), ("1h30m", 5400), ("1d", 86400), ("0.5s", 0.5)],
)
def test_a_duration_is_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "90", "1 h", "1h 30m", "-1s", "1w", "h", "1.s", "9999999999d"]
)
def test_anything_else_is_no_duration(text: str) -> None:
    with pytest.raises(ValueError, match=r"a duration is numbers with units|hundred years"):
        parse_duration(text)


@given(st.integers(0, 3 * 10**15).map(lambda micros: micros / 10**6))
@lawful
def test_a_written_duration_is_read_again(seconds: float) -> None:
    assert parse_duration(write_duration(seconds)) == seconds


def test_a_duration_is_written_in_parts() -> None:
    assert write_duration(5400) == "1h30m"
    assert write_duration(90061.25) == "1d1h1m1.25s"
    assert write_duration(0) == "0s"


def test_for_people() -> None:
    assert [format_size(count) for count in (0, 1023, 1536, 2**30, 2**50)] == [
        "0 B",
        "1023 B",
        "1.5 KiB",
        "1.0 GiB",
        "1024.0 TiB",
    ]
    assert [format_duration(seconds) for seconds in (0.42, 125, 3780)] == [
        "0.4 s",
        "2 m 05 s",
        "1 h 03 m",
    ]
