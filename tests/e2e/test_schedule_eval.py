"""`millwork schedule eval` and `preview`: values, or one line and exit code 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

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


def test_of_a_business_date_alone_the_time_is_the_midnight_that_ends_it(millwork: Millwork) -> None:
    done = millwork("schedule", "eval", "$cyctime", "--bizdate", "2024-02-28")
    assert (done.code, done.out) == (0, "20240229000000\n")


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


SCHEDULE = """\
apiVersion: millwork/v1
kind: Schedule
name: nightly
version: 1.0.0
pipeline: delays
cron: 00 30 02 ? * SUN
timezone: Europe/Berlin
scheduling_parameters: {day: "${yyyymmdd}", bucket: "${workspace.bucket}"}
"""


def test_the_next_cycles_of_a_file_are_shown(millwork: Millwork, tmp_path: Path) -> None:
    (tmp_path / "nightly.yaml").write_text(SCHEDULE)
    words = ("schedule", "preview", str(tmp_path / "nightly.yaml"))
    options = ("--first", "2026-03-28", "-n", "2")
    done = millwork(*words, "$[hh24]", *options, "--json")
    assert done.json == [
        {"cyctime": "2026-03-28T02:30:00+01:00", "bizdate": "2026-03-27", "fold": 0,
         "is_dry": True, "values": ["02"],
         "scheduling_parameters": {"day": "20260327", "bucket": "${workspace.bucket}"}},
        {"cyctime": "2026-03-29T03:30:00+02:00", "bizdate": "2026-03-28", "fold": 0,
         "is_dry": False, "values": ["03"],
         "scheduling_parameters": {"day": "20260328", "bucket": "${workspace.bucket}"}},
    ]  # fmt: skip
    first, _, titles, *rows = millwork(*words, *options).out.splitlines()
    assert first == "at 02:30 on Sunday, Europe/Berlin"
    assert titles.split()[-2:] == ["day", "bucket"]
    assert "dry run" in rows[0]


def test_a_file_that_is_wrong_is_refused(millwork: Millwork, tmp_path: Path) -> None:
    file = tmp_path / "nightly.yaml"
    for text, said in (
        (SCHEDULE.replace("SUN", "SIN"), "nightly.yaml:6:1: error: cron: '00 30 02 ? * SIN'"),
        (SCHEDULE.replace("cron: 00 30 02 ? * SUN\n", ""), "nothing recurs"),
        (SCHEDULE.replace("Schedule", "Pipeline"), "expected 'Schedule', found 'Pipeline'"),
    ):
        file.write_text(text)
        done = millwork("schedule", "preview", str(file))
        assert (done.code, done.out, said in done.err) == (2, "", True), done.err
    file.write_text(SCHEDULE)
    assert "--tz: the file says so" in millwork("schedule", "preview", str(file), "--tz", "UTC").err
    assert "cannot read" in millwork("schedule", "preview", str(tmp_path / "none.yaml")).err
    done = millwork("run", str(file))
    assert (done.code, "a schedule is deployed, not run" in done.err) == (2, True)


def test_a_file_of_a_schedule_is_validated(millwork: Millwork, tmp_path: Path) -> None:
    file = tmp_path / "nightly.yaml"
    file.write_text(SCHEDULE)
    done = millwork("validate", str(file))
    assert (done.code, done.out, done.err) == (0, "1 file in order\n", "")
    file.write_text(SCHEDULE.replace("SUN", "1"))
    done = millwork("validate", str(file))
    warning, end = done.out.splitlines()
    assert (done.code, end) == (0, "1 file in order")
    assert "nightly.yaml:6:1: warning: cron: weekday 1 is Sunday here" in warning
    assert "weekday 1 is Sunday here" in millwork("schedule", "preview", str(file)).err
    file.write_text(SCHEDULE.replace("SUN", "SIN").replace("pipeline:", "pipelin:"))
    faults = millwork("validate", str(file), "--json")
    assert (faults.code, len(faults.json)) == (2, 3)
    file.write_text(SCHEDULE)
    (tmp_path / "pipeline.yaml").write_text(
        "apiVersion: millwork/v1\nkind: Pipeline\nname: p\nversion: 1.0.0\n"
        "nodes: {a: {component: ./nightly.yaml}}\n"
    )
    done = millwork("validate", str(tmp_path / "pipeline.yaml"))
    assert (done.code, "a schedule is deployed, not run" in done.out) == (2, True)


def test_a_cron_is_previewed(millwork: Millwork) -> None:
    words = ("schedule", "preview", "--cron", "0 */12 * * *", "--first", "2026-03-29", "-n", "2")
    rows = millwork(*words, "--tz", "Europe/Berlin", "--clock", "dataworks", "--json").json
    assert [row["cyctime"][11:] for row in rows] == ["00:00:00+01:00", "12:00:00+02:00"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--every", "month"), "--on: --every month needs it: 1,15,last"),
        (("--on", "1"), "--on: only with --every week, month or year"),
        (("--every", "week", "--on", "mon"), "'mon' is no day of a week"),
        (("--every", "month", "--on", "32"), "'32' is no day of a month"),
        (("--every", "year", "--on", "02-30"), "'02-30' is no day of a year"),
        (("--every", "hour", "--at", "02:00"), "--step"),
        (("--every", "hour", "--step", "24"), "--step: 1 to 23"),
        (("--at", "24:30"), "'24:30' is no time of day"),
        (("--step", "2"), "--step: of hours and minutes"),
        (("--cron", "0 25 * * *"), "column 3, hour: 25 is not 0 to 23"),
        (("--cron", "0 2 * * *", "--at", "02:00"), "--at: --cron says so itself"),
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
