"""The language of scheduling parameters, by the table of what DataWorks' documents print."""

from __future__ import annotations

import csv
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from millwork.base.errors import BadRequest
from millwork.spec.dates.language import Clocks, read

pytestmark = pytest.mark.quick

with (Path(__file__).parent / "scheduling-params.tsv").open(newline="") as file:
    ROWS = list(csv.DictReader(file, delimiter="\t"))
FRIDAY = Clocks(date(2022, 8, 25), datetime(2022, 8, 26, 9, tzinfo=ZoneInfo("Asia/Shanghai")))


def clocks_of(row: dict[str, str]) -> Clocks:
    time = datetime.fromisoformat(row["cyctime"])
    zone = ZoneInfo(row["tz"])
    return Clocks(
        date.fromisoformat(row["bizdate"]), time.replace(tzinfo=zone, fold=int(row["fold"]))
    )


@pytest.mark.parametrize("row", ROWS, ids=[f"{row['id']} {row['expression']}" for row in ROWS])
def test_the_table(row: dict[str, str]) -> None:
    if row["expected"] == "!ERROR":
        with pytest.raises(BadRequest):
            read(row["expression"]).at(clocks_of(row))
        return
    assert read(row["expression"]).at(clocks_of(row)) == row["expected"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$[this_day(yyyy-MM-dd)]", "2022-08-26"),
        ("$[last_day(yyyyMMdd)]", "20220825"),
        ("$[year_week(yyyy-MM-dd)]", "2022-34"),
        ("$[year_week(yyyyMMdd)]", "202234"),
        ("$[year_week(yyyy-MM-dd,5)]", "2022-35"),
        ("$[year_week(yyyyMMdd,5)]", "202235"),
        ("$[month_first_day(yyyy-MM-dd,-1)]", "2022-07-01"),
        ("$[month_last_day(yyyy-mm-dd,-1)]", "2022-07-31"),
        ("$[week_first_day(yyyyMMdd,-1)]", "20220815"),
        ("$[week_last_day(yyyy-MM-dd,-1)]", "2022-08-21"),
        ("$[week_first_day(yyyymmdd,0)]", "20220822"),
    ],
)  # fmt: skip
def test_the_functions_of_dolphinscheduler(text: str, value: str) -> None:
    assert read(text).at(FRIDAY) == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a b", "column 2: a value has no space"),
        ("day=$bizdate", "column 4: a value has no space and no '='"),
        ("x$", "column 2: '$' begins no"),
        ("${}", "has none of yyyy"),
        ("$[]", "has none of yyyy"),
        ("${hh24}", "no hours, minutes or seconds: that is $[...]"),
        ("${yyyymmdd-1/24}", "no hours: that is $[...]"),
        ("$[yyyyMMdd]", "a month is mm"),
        ("$[yyyymmddHH]", "an hour is hh24"),
        ("$[yyyymm-1]", "$[add_months(...)]"),
        ("$[yyyymmdd-1/0]", "a division by 0"),
        ("$[ss-1/7]", "no whole number of seconds"),
        ("$[add_months(yyyymm,1/2)]", "no whole number"),
        ("$[add_months(yyyymm,1,2)]", "takes a format and a number"),
        ("$[next_day(yyyymm)]", "no such function"),
        ("$[year_week(yyyymmdd,8)]", "1 (Monday) to 7 (Sunday)"),
        ("$[yyyymmdd-1234567890]", "at most 8 digits"),
        ("${workflow.}", "is no format"),
        ("$jobs", "no such name"),
    ],
)
def test_what_is_not_in_the_language_is_refused_with_its_place(text: str, said: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read(text)
    assert said in str(refused.value)
    assert "column" in str(refused.value)


def test_what_leaves_the_calendar_is_refused() -> None:
    for text in ("${yyyy+9000}", "$[yyyymmdd+9999999]", "$[hh24+99999999/24]",
                 "$[add_months(yyyymm,99999999)]"):  # fmt: skip
        with pytest.raises(BadRequest, match="the years 1 to 9999"):
            read(text).at(FRIDAY)


def test_values_of_other_scopes() -> None:
    scopes = {"workflow": {"region": "north"}, "workspace": {"bucket": "prod"}}
    clocks = Clocks(FRIDAY.bizdate, FRIDAY.cyctime, {"jobid": "7"}, scopes)
    expression = read("${workspace.bucket}/${workflow.region}/$jobid/${yyyymmdd}")
    assert expression.at(clocks) == "prod/north/7/20220825"
    assert expression.scoped == {("workspace", "bucket"), ("workflow", "region")}
    for text in ("$nodeid", "${workflow.other}"):
        with pytest.raises(BadRequest, match="has no value here"):
            read(text).at(clocks)
