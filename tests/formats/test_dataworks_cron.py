"""DataWorks' cron expressions: what they mean here, and recurrences written as them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from millwork.base.errors import BadRequest
from millwork.formats.dataworks.cron import read, write
from millwork.schedule.periods import due
from millwork.spec.recurrence import LAST, DayRule, Recurrence

pytestmark = pytest.mark.quick

lawful = settings(max_examples=150, derandomize=True, deadline=None)
HOURLY = tuple(time(hour, 15) for hour in range(24))


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("00 30 05 * * ?", Recurrence("day", (time(5, 30),))),
        ("00 15 00-23/1 * * ?", Recurrence("hour", HOURLY)),
        ("00 00/10 * * * ?", Recurrence("minute", tuple(time(n // 6, n % 6 * 10)
                                                        for n in range(144)))),
        ("00 20 00 1 * ?", Recurrence("month", (time(0, 20),), frozenset({1}))),
        ("00 00 01 1,L * ?", Recurrence("month", (time(1),), frozenset({1, LAST}))),
        ("00 10 00 1 1-12/3 ?", Recurrence("year", (time(0, 10),),
                                           frozenset({101, 401, 701, 1001}))),
        ("00 00 00 29,31 2,4 ?", Recurrence("year", (time(),), frozenset({229, 429}))),
        # Tuesday and Friday, in the words of DataWorks' CreateFile: Monday is 1, and not Sunday.
        ("00 05 00 * * 2,5", Recurrence("week", (time(0, 5),), frozenset({2, 5}))),
        ("00 00 00 ? * 1-5", Recurrence("week", (time(),), frozenset({1, 2, 3, 4, 5}))),
        ("00 00 00 ? * 0,6", Recurrence("week", (time(),), frozenset({6, 7}))),
        ("00 00 00 ? * 1/3", Recurrence("week", (time(),), frozenset({1, 4, 7}))),
        ("00 00 00 ? * mon,7", Recurrence("week", (time(),), frozenset({1, 7}))),
    ],
)  # fmt: skip
def test_what_a_cron_means(text: str, meant: Recurrence) -> None:
    assert read(text) == meant
    again = write(meant)
    assert again is not None
    assert read(again, is_daily=meant.is_daily) == meant


def test_a_list_of_hours_is_work_of_hours_where_it_is_not_daily() -> None:
    assert read("00 00 08,12,20 * * ?").every == "day"
    assert read("00 00 08,12,20 * * ?", is_daily=False).every == "hour"


@pytest.mark.parametrize(
    ("text", "rule"),
    [("00 00 00 ? * 2#1", DayRule(weekdays=frozenset({(2, 1)}))),
     ("00 00 00 ? * 5L", DayRule(weekdays=frozenset({(5, LAST)}))),
     ("00 00 00 ? 3 1", DayRule(months=frozenset({3}), weekdays=frozenset({(1, 0)})))],
)  # fmt: skip
def test_days_of_a_rule_stay_a_cron_with_weekdays_by_name(text: str, rule: DayRule) -> None:
    found = read(text)
    assert found.rule == rule
    assert found.cron
    again = write(found)
    assert again is not None
    assert read(again).rule == rule


@pytest.mark.parametrize(
    ("text", "said"),
    [("30 2 * * *", "six fields"), ("", "six fields"), ("00 00 00 ? * 6-2", "goes backwards"),
     ("00 00 00 ? * 8", "weekday"), ("00 00 00 ? * L", "'L' alone"),
     ("00 60 00 * * ?", "60 is not"), ("00 00 00 31 2 ?", "no such day"),
     ("00 00 00 * * x", "not understood"), ("00-10 00 00 * * ?", "one second alone")],
)  # fmt: skip
def test_what_is_no_cron_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadRequest, match=said):
        read(text)


@pytest.mark.parametrize(
    "recurrence",
    [
        Recurrence("day", (time(8), time(12, 30))),
        Recurrence("day", (time(8, 0, 5),)),
        Recurrence("year", (time(),), frozenset({101, 1231})),
        Recurrence("day", (time(),), rule=DayRule(years=frozenset({2027})), cron="x"),
        Recurrence("day", (time(),), rule=DayRule(near=frozenset({15})), cron="x"),
    ],
)
def test_what_no_cron_says_is_not_written(recurrence: Recurrence) -> None:
    assert write(recurrence) is None


# --- generated ------------------------------------------------------------------------------------

HOURS, MINUTES = st.integers(0, 23), st.integers(0, 59)


@st.composite
def recurrences(draw: st.DrawFn) -> Recurrence:
    """A recurrence that a cron of DataWorks says."""
    every: Any = draw(st.sampled_from(["minute", "hour", "day", "week", "month", "year"]))
    on: frozenset[int] = frozenset()
    if every in ("minute", "hour"):
        step = draw(st.integers(1, 30))
        minutes = list(range(draw(st.integers(0, 29)), 60, step)) if every == "minute" else [
            draw(MINUTES)]  # fmt: skip
        first, last = sorted((draw(HOURS), draw(HOURS)))
        hours = list(range(first, last + 1, draw(st.integers(1, 6)) if every == "hour" else 1))
    else:
        hours, minutes = [draw(HOURS)], [draw(MINUTES)]
    if every == "week":
        on = draw(st.frozensets(st.integers(1, 7), min_size=1))
    if every == "month":
        on = draw(st.frozensets(st.just(LAST) | st.integers(1, 31), min_size=1))
    if every == "year":
        months = draw(st.frozensets(st.integers(1, 12), min_size=1))
        days = draw(st.frozensets(st.integers(1, 28), min_size=1, max_size=5))
        on = frozenset(month * 100 + day for month in months for day in days)
    return Recurrence(every, tuple(time(h, m) for h in hours for m in minutes), on)


@given(recurrences())
@lawful
def test_a_recurrence_comes_back_from_its_cron(recurrence: Recurrence) -> None:
    text = write(recurrence)
    assert text is not None
    assert read(text, is_daily=recurrence.is_daily) == recurrence


TERMS = st.sampled_from(["*", "1", "2,5", "1-5", "0", "7", "*/2", "2#1", "6#4", "3L", "SUN"])


@given(MINUTES, HOURS, st.sampled_from(["*", "1,2", "3"]), TERMS)
@lawful
def test_what_is_read_is_due_as_what_is_written(
    minute: int, hour: int, months: str, weekdays: str
) -> None:
    found = read(f"00 {minute:02} {hour:02} ? {months} {weekdays}")
    text = write(found)
    assert text is not None
    again = replace(read(text), cron=found.cron)
    zone = ZoneInfo("Asia/Shanghai")
    span = (date(2026, 1, 1), date(2027, 2, 1))
    assert due(again, zone, *span) == due(found, zone, *span)


@given(st.text("0123456789*?/-,#LWMONFRI ", max_size=30) | st.text(max_size=20))
@lawful
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = read(text)
    except BadRequest:
        return
    again = write(found)
    assert again is None or read(again, is_daily=found.is_daily).at == found.at
