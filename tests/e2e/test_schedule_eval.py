"""`millwork schedule eval` and `preview`: values, or one line and exit code 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.conftest import Millwork

AT = ("--cyctime", "2025-10-26T03:00", "--tz", "Europe/Berlin")


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (("part_${yyyymmdd-1}_$[hh24-1/24]", *AT), "part_20251024_02"),
        (("$[hh24:mi-10/24/60]", "--cyctime", "2025-10-26T02:00", "--tz", "Europe/Berlin",
          "--fold", "1"), "02:50"),
        (("$bizdate", *AT, "--bizdate", "2024-02-29"), "20240229"),
    ],
)  # fmt: skip
def test_a_value_is_printed(millwork: Millwork, words: tuple[str, ...], value: str) -> None:
    done = millwork("schedule", "eval", *words)
    assert (done.code, done.out, done.err) == (0, f"{value}\n", "")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("$[mm-1]", *AT), "add_months"),
        (("$bizdate", "--cyctime", "soon"), "--cyctime: 'soon' is no time"),
        (("$bizdate", "--cyctime", "2024-01-01T00:00+02:00"), "without an offset"),
        (("$bizdate", *AT, "--bizdate", "2024-02-30"), "is no date"),
        (("$bizdate", "--cyctime", "2024-01-01", "--tz", "../etc"), "no zone '../etc'"),
        (("$cyctime", "--cyctime", "0001-01-01", "--tz", "Asia/Tokyo"), "the years 1 to 9999"),
        (("$jobid", *AT), "has no value here"),
    ],
)
def test_what_has_no_value_is_refused(
    millwork: Millwork, words: tuple[str, ...], said: str
) -> None:
    done = millwork("schedule", "eval", *words)
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1


def test_the_next_cycles_are_shown_with_their_values(millwork: Millwork) -> None:
    done = millwork(
        "schedule", "preview", "${yyyymmdd}", "--every", "week", "--on", "sunday", "--at", "02:30",
        "--tz", "Europe/Berlin", "--first", "2026-03-28", "-n", "3", "--json",
    )  # fmt: skip
    assert [(row["cyctime"], row["is_dry"], row["values"]) for row in done.json] == [
        ("2026-03-28T02:30:00+01:00", True, ["20260327"]),
        ("2026-03-29T03:30:00+02:00", False, ["20260328"]),
        ("2026-03-30T02:30:00+02:00", True, ["20260329"]),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--every", "month"), "--on: on which days, of a month"),
        (("--on", "1"), "--on: every day is"),
        (("--every", "week", "--on", "mon"), "'mon' is no day of a week"),
        (("--every", "month", "--on", "32"), "'32' is no day of a month"),
        (("--every", "year", "--on", "02-30"), "'02-30' is no day of a year"),
        (("--every", "hour", "--at", "02:00"), "--step"),
        (("--every", "hour", "--step", "24"), "--step: 1 to 23"),
        (("--at", "24:30"), "'24:30' is no time of day"),
        (("-n", "0"), "-n: 1 to 10,000"),
        (("--first", "soon"), "'soon' is no date"),
    ],
)
def test_what_is_no_recurrence_is_refused(
    millwork: Millwork, words: tuple[str, ...], said: str
) -> None:
    done = millwork("schedule", "preview", *words)
    assert (done.code, done.out, said in done.err) == (2, "", True), done.err
    assert len(done.err.splitlines()) == 1
