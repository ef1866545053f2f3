"""What is told of an instance and when, against a clock that is read minute by minute."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from millwork.ports.schedules import InstanceRow
from millwork.schedule.alerts import (
    LONGEST,
    Rule,
    admitted,
    after_silence,
    again,
    day_of,
    deadline,
    expected,
    holds,
    message,
)
from millwork.spec.schedule import Alert, Schedule

if TYPE_CHECKING:
    from collections.abc import Callable

    from millwork.ports.schedules import Status
    from millwork.schedule.alerts import Notice
    from millwork.spec.schedule import Moment

pytestmark = [pytest.mark.quick, pytest.mark.long]

BERLIN = ZoneInfo("Europe/Berlin")
ZONES = ("Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Shanghai", "UTC")
DAY = date(2026, 11, 23)
STATUSES: tuple[Status, ...] = (
    "waiting", "starting", "running", "succeeded", "failed", "cancelled",
)  # fmt: skip
TO = ("ann@example.org", "https://chat.example.org/hook")


def at(text: str, zone: ZoneInfo = BERLIN) -> float:
    """The instant of a civil time."""
    return datetime.fromisoformat(text).replace(tzinfo=zone).timestamp()


TWO = at("2026-11-23 02:00")
ROW = InstanceRow(
    "i1", "default", "nightly", "1.0.0", DAY, 0, 0, "", "recurring", TWO, uses="1.0.0",
    run="r1", tries=1, began=TWO,
)  # fmt: skip
FAILED = replace(ROW, status="failed", ended=at("2026-11-23 02:13"), reason="step train: exit 1")


def schedule_of(on: Moment = "failed", timeout: float | None = None, **alert: Any) -> Schedule:
    alerts = (Alert(on, **{"to": TO, **alert}),)
    return Schedule(
        "nightly", "1.0.0", "pipe@1.0.0", timezone="Europe/Berlin", timeout=timeout, alerts=alerts
    )


def one(row: InstanceRow, schedule: Schedule, now: float) -> Notice:
    first, second = expected(row, schedule, now)
    assert (first.address, second.address) == TO
    assert replace(second, address=TO[0]) == first
    return first


# --- moments ----------------------------------------------------------------------------------


def test_a_failure_is_told_at_once_and_each_failure_anew() -> None:
    now = TWO + 800
    notice = one(FAILED, schedule_of(), now)
    assert (notice.moment, notice.since, notice.number, notice.due) == (
        "failed", FAILED.ended, 0, now
    )  # fmt: skip
    assert holds(notice, FAILED)
    running = replace(FAILED, status="running", ended=None, tries=2)
    assert not expected(running, schedule_of(), now)
    assert not holds(notice, running)
    later = replace(FAILED, ended=now + 60, tries=2)
    assert not holds(notice, later)
    assert one(later, schedule_of(), now + 60).key != notice.key


@pytest.mark.parametrize("status", ["waiting", "starting", "running", "failed", "cancelled"])
def test_only_success_is_finished(status: Any) -> None:
    assert not expected(replace(FAILED, status=status), schedule_of("finished"), TWO)


def test_what_was_passed_over_has_not_finished() -> None:
    skipped = replace(FAILED, status="succeeded", tries=0, run="", reason="skipping")
    assert not expected(skipped, schedule_of("finished"), TWO)


def test_finished_is_told_once() -> None:
    done = replace(FAILED, status="succeeded")
    notice = one(done, schedule_of("finished", every=60.0), TWO + 800)
    assert again(notice, TWO + 800) is None


def test_unfinished_is_kept_ahead_and_judged_by_the_clock() -> None:
    made = replace(ROW, status="waiting", run="", tries=0, began=None)
    notice = one(made, schedule_of("unfinished", by=8 * 60), TWO - 86_400)
    assert notice.since == notice.due == at("2026-11-23 08:00")
    late = one(made, schedule_of("unfinished", by=47 * 60 + 59), TWO)
    assert late.due == at("2026-11-24 23:59")
    for status in STATUSES:
        is_done = status in ("succeeded", "cancelled")
        assert holds(notice, replace(FAILED, status=status)) is not is_done


def test_unfinished_is_told_of_what_is_made_too_late_but_not_when_it_is_done_again() -> None:
    late = at("2026-11-23 09:00")
    waiting = replace(ROW, status="waiting", run="", tries=0, began=None)
    assert one(waiting, schedule_of("unfinished", by=480), late).due == late
    assert not expected(ROW, schedule_of("unfinished", by=480), late)


def test_cycles_after_the_time_by_which_they_should_be_done_are_not_awaited() -> None:
    evening = replace(ROW, instant=at("2026-11-23 20:00"))
    assert not expected(evening, schedule_of("unfinished", by=480), TWO)
    assert expected(evening, schedule_of("unfinished", by=24 * 60), TWO)


def test_a_timeout_is_that_of_each_run() -> None:
    running = replace(ROW, status="running")
    schedule = schedule_of("timeout", timeout=3600.0)
    notice = one(running, schedule, TWO + 5)
    assert notice.since == notice.due == TWO + 3600
    assert holds(notice, running)
    assert holds(notice, replace(FAILED, ended=TWO + 3600))  # it was stopped for that
    assert not holds(notice, replace(FAILED, ended=TWO + 3599))
    assert not holds(notice, replace(running, began=TWO + 60))
    assert not holds(notice, replace(running, status="waiting"))  # it has failed, and is retried
    second = again(replace(notice, rule=replace(notice.rule, every=60.0)), notice.due)
    assert second is not None
    assert holds(second, running)
    assert not holds(second, replace(FAILED, ended=TWO + 3700))
    assert not expected(running, schedule_of("timeout"), TWO)


@pytest.mark.parametrize(
    "row",
    [
        replace(FAILED, kind="backfill", origin="b1"),
        replace(FAILED, kind="test", origin="t1"),
        replace(FAILED, is_dry=True),
    ],
)
def test_nothing_is_told_of_backfills_tests_and_dry_runs(row: InstanceRow) -> None:
    assert not expected(row, schedule_of(), TWO)


def test_what_is_older_than_a_week_is_no_news() -> None:
    assert FAILED.ended is not None
    assert expected(FAILED, schedule_of(), FAILED.ended + LONGEST)
    assert not expected(FAILED, schedule_of(), FAILED.ended + LONGEST + 1)
    notice = one(FAILED, schedule_of(every=600.0), TWO)
    assert again(notice, FAILED.ended + LONGEST - 600) is not None
    assert again(notice, FAILED.ended + LONGEST - 599) is None


# --- when -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("silent", "told", "then"),
    [
        ((1320, 480), "2026-11-22 21:59", "2026-11-22 21:59"),
        ((1320, 480), "2026-11-22 22:00", "2026-11-23 08:00"),
        ((1320, 480), "2026-11-23 07:59", "2026-11-23 08:00"),
        ((1320, 480), "2026-11-23 08:00", "2026-11-23 08:00"),
        ((720, 1440), "2026-11-22 12:00", "2026-11-23 00:00"),
        ((60, 150), "2026-03-29 01:30", "2026-03-29 03:00"),  # 02:30 is skipped
        ((60, 150), "2026-10-25 01:30", "2026-10-25 02:30"),  # shown twice: the first time
        ((480, 480), "2026-11-22 08:00", "2026-11-22 08:00"),
    ],
)
def test_silence(silent: tuple[int, int], told: str, then: str) -> None:
    rule = Rule("p", "Europe/Berlin", silent=silent)
    assert after_silence(at(told), rule) == at(then)


def test_silence_is_heard_again_when_the_clock_goes_back_into_it() -> None:
    rule = Rule("p", "Europe/Berlin", silent=(60, 150))
    again_two = datetime(2026, 10, 25, 2, 0, tzinfo=BERLIN, fold=1).timestamp()
    assert after_silence(again_two, rule) == again_two + 30 * 60


zones = st.sampled_from(ZONES)
minutes = st.integers(0, 1439)
# The days around changes of the clock come up as often as all others.
instants = st.one_of(
    st.integers(int(at("2026-01-01")) // 60, int(at("2028-01-01")) // 60),
    st.sampled_from(
        ["2026-03-29", "2026-10-25", "2026-03-08", "2026-11-01", "2026-04-05", "2026-10-04"]
    ).flatmap(
        lambda day: st.integers(int(at(day)) // 60 - 1440, int(at(day)) // 60 + 2880)
    ),
).map(lambda minute: int(minute) * 60.0)  # fmt: skip


def silence(zone: str, begin: int, end: int) -> Callable[[float], bool]:
    """Whether the clock of the zone shows a time of silence; by the letters that it shows."""
    first, last = (f"{each // 60:02}:{each % 60:02}" for each in (begin, end))

    def is_silent(instant: float) -> bool:
        shown = datetime.fromtimestamp(instant, ZoneInfo(zone)).strftime("%H:%M")
        if first <= last:
            return first <= shown < last
        return shown >= first or shown < last

    return is_silent


@given(zones, instants, st.integers(0, 59), minutes, minutes)
def test_silence_as_a_clock_shows_it(
    zone: str, instant: float, second: int, begin: int, end: int
) -> None:
    is_silent = silence(zone, begin, end)
    found = after_silence(instant + second, Rule("p", zone, silent=(begin, end)))
    if not is_silent(instant):
        assert found == instant + second
        return
    while is_silent(instant):
        instant += 60
    assert found == instant


@given(
    zones,
    instants.map(lambda each: datetime.fromtimestamp(each, BERLIN).date()),
    st.integers(0, 2879),
)
def test_the_deadline_as_a_clock_shows_it(zone: str, day: date, by: int) -> None:
    midnight = datetime.fromisoformat(day.isoformat())
    wanted = midnight + timedelta(minutes=by)
    first = int(midnight.replace(tzinfo=ZoneInfo("UTC")).timestamp()) - 15 * 3600

    def shown(instant: int) -> datetime:
        return datetime.fromtimestamp(instant, ZoneInfo(zone)).replace(tzinfo=None)

    within = range(first, first + 4 * 86_400, 60)
    showing = [each for each in within if abs(shown(each) - wanted) < timedelta(hours=2)]
    exactly = [each for each in showing if shown(each) == wanted]
    if not exactly:  # as long behind the gap as it was in it
        before = next(each for each in showing if shown(each + 60) > wanted)
        exactly = [before + int((wanted - shown(before)).total_seconds())]
    assert deadline(day, by, ZoneInfo(zone)) == exactly[0]


@given(
    zones, instants, minutes, minutes, st.integers(1, 600), st.integers(1, 5),
)  # fmt: skip
def test_repeats_as_somebody_would_make_them_who_looks_each_minute(
    zone: str, since: float, begin: int, end: int, every: int, most: int
) -> None:
    rule = Rule("p", zone, silent=(begin, end), every=every * 60.0, most=most)
    over = since + 2 * 86_400
    assert told_by(rule, since, over) == told_naively(rule, since, over)


def told_by(rule: Rule, since: float, over: float) -> list[float]:
    """When a sender that never sleeps tells it."""
    schedule = replace(
        schedule_of(silent=rule.silent, every=rule.every, most=rule.most, to=("a@b.c",)),
        timezone=rule.timezone,
    )
    [kept] = expected(replace(FAILED, ended=since), schedule, since)
    notice: Notice | None = kept
    told: list[float] = []
    while notice:
        now = notice.due
        due = admitted(rule, now, sum(each >= day_of(rule, now) for each in told))
        if due >= over:
            break
        if due > now:
            notice = replace(notice, due=due)
            continue
        told.append(now)
        assert notice.number == len(told) - 1
        notice = again(notice, now)
    return told


def told_naively(rule: Rule, since: float, over: float) -> list[float]:
    """When it is told by who reads the clock, and counts by the day that it shows."""
    assert rule.silent
    assert rule.every
    is_silent = silence(rule.timezone, *rule.silent)
    told: list[tuple[float, date]] = []
    for now in range(int(since), int(over), 60):
        today = datetime.fromtimestamp(now, ZoneInfo(rule.timezone)).date()
        if is_silent(now) or sum(day == today for _, day in told) >= rule.most:
            continue
        if not told or now - told[-1][0] >= rule.every:
            told.append((now, today))
    return [now for now, _ in told]


# --- words ------------------------------------------------------------------------------------


def test_the_words_of_a_failure() -> None:
    notice = one(FAILED, schedule_of(every=3600.0), TWO + 800)
    said = message(notice, FAILED, TWO + 800)
    assert said.subject == "Failed: nightly, business date 2026-11-22 (workspace default)"
    assert (
        said.text
        == """\
Failed: nightly, business date 2026-11-22 (workspace default).

schedule:       nightly
workspace:      default
business date:  2026-11-22
scheduled time: 2026-11-23 02:00 +01:00, Europe/Berlin
what happened:  it failed at 2026-11-23 02:13 +01:00
why:            step train: exit 1
run:            r1
instance:       i1

See `millwork runs show r1`; when the cause is mended, rerun the instance and what waits for it.
While it is so, you are told again each 1h, 10 times a day at most.
"""
    )
    document = said.document
    assert document["id"] == notice.key
    assert document["scheduled"] == "2026-11-23T02:00:00+01:00"
    assert (document["bizdate"], document["run"]) == ("2026-11-22", "r1")
    second = again(notice, TWO + 800)
    assert second
    assert message(second, FAILED, TWO).subject.endswith("(workspace default), told again (1)")


@pytest.mark.parametrize(
    ("on", "row", "said"),
    [
        ("finished", replace(FAILED, status="succeeded"), "it finished at 2026-11-23 02:13 +01:00"),
        ("unfinished", ROW, "it is waiting, and should be done by 2026-11-23 08:00 +01:00"),
        (
            "timeout",
            replace(ROW, status="running"),
            "its run took 1 h 30 m when this was sent, and",
        ),
    ],
)
def test_the_words_of_the_others(on: Any, row: InstanceRow, said: str) -> None:
    notice = one(row, schedule_of(on, timeout=3600.0, by=480), TWO)
    assert said in message(notice, row, TWO + 5400).text


def test_hostile_names_stay_in_their_line() -> None:
    hostile = "x\r\nBcc: all@example.org\u2028\u202e\x00" + "y" * 300
    row = replace(FAILED, schedule=hostile, reason=hostile)
    schedule = replace(schedule_of(), display_name=hostile)
    said = message(one(row, schedule, TWO), row, TWO)
    assert said.subject.isprintable()
    assert len(said.subject) < 300
    assert all(line.isprintable() for line in said.text.split("\n"))
    assert not any(line.startswith("Bcc") for line in said.text.split("\n"))
