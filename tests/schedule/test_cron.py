"""Cron expressions: by a table, by what is refused, and by cronsim's own iteration."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from itertools import islice, takewhile
from random import Random
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim, CronSimError

from millwork.base.errors import BadRequest
from millwork.schedule.periods import ahead, due
from millwork.schedule.words import in_words
from millwork.spec.cron import read_cron

pytestmark = [pytest.mark.quick, pytest.mark.long]

BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")


def days(text: str, first: str, last: str) -> list[str]:
    cycles = due(read_cron(text), ZoneInfo("UTC"), *map(date.fromisoformat, (first, last)))
    return [f"{each.day:%m-%d}" for each in cycles if not each.is_dry]


@pytest.mark.parametrize(
    ("text", "every", "times", "words"),
    [
        ("00 00 00 * * ?", "day", 1, "every day at 00:00"),
        ("30 2 * * *", "day", 1, "every day at 02:30"),
        ("15 30 02 * * ? *", "day", 1, "every day at 02:30:15"),
        ("0 2,14 * * *", "day", 2, "every day at 02:00 and 14:00"),
        ("0 * * * *", "hour", 24, "every hour"),
        ("00 00 00-23/2 * * ?", "hour", 12, "every 2 hours"),
        ("00 */30 08-20 * * ?", "minute", 26, "every 30 minutes from 08:00 to 20:30"),
        ("* * * * *", "minute", 1440, "every minute"),
        ("0 0 6 ? * MON-FRI", "day", 1, "at 06:00 on Monday to Friday"),
        ("0 0 22-2 * * ?", "hour", 5, "every day at 00:00, 01:00, 02:00, 22:00 and 23:00"),
        ("0 0 6 ? * 6#3", "day", 1, "at 06:00 on the third Friday of every month"),
        ("0 0 6 15W * ?", "day", 1,
         "at 06:00 on the day of Monday to Friday nearest to day 15 of every month"),
        ("0 6 13 * FRI", "day", 1, "at 06:00 on day 13, and Friday, in every month"),
        ("0 0 6 1 JAN,JUL ? 2026-2028", "day", 1,
         "at 06:00 on day 1 in January and July of 2026 to 2028"),
    ],
)  # fmt: skip
def test_times_and_words(text: str, every: str, times: int, words: str) -> None:
    cron = read_cron(text)
    assert (cron.every, len(cron.at), cron.cron) == (every, times, text)
    assert in_words(cron, "UTC") == f"{words}, UTC"


@pytest.mark.parametrize(
    ("text", "expected"),
    [  # August 2026 begins on a Saturday and ends on a Monday
        ("0 0 6 ? * 1", ["08-02", "08-09", "08-16", "08-23", "08-30"]),
        ("0 6 * * 0", ["08-02", "08-09", "08-16", "08-23", "08-30"]),
        ("0 6 * * 7", ["08-02", "08-09", "08-16", "08-23", "08-30"]),
        ("0 0 6 ? * SUN", ["08-02", "08-09", "08-16", "08-23", "08-30"]),
        ("0 0 6 ? * 6L", ["08-28"]),
        ("0 0 6 ? * friL", ["08-28"]),
        ("0 0 6 ? * 7#1,7#5", ["08-01", "08-29"]),
        ("0 0 6 ? * L", ["08-01", "08-08", "08-15", "08-22", "08-29"]),
        ("0 6 * * SAT-SUN", [f"08-{n:02}" for n in (1, 2, 8, 9, 15, 16, 22, 23, 29, 30)]),
        ("0 0 6 ? * SAT-SUN", [f"08-{n:02}" for n in (1, 2, 8, 9, 15, 16, 22, 23, 29, 30)]),
        ("0 0 6 L * ?", ["08-31"]),
        ("0 0 6 L-3 * ?", ["08-28"]),
        ("0 0 6 LW * ?", ["08-31"]),
        ("0 0 6 L-1W * ?", ["08-31"]),
        ("0 0 6 1W * ?", ["08-03"]),
        ("0 0 6 15W * ?", ["08-14"]),
        ("0 0 6 16W * ?", ["08-17"]),
        ("0 0 6 18W * ?", ["08-18"]),
        ("0 6 13 * FRI", ["08-07", "08-13", "08-14", "08-21", "08-28"]),
        ("0 6 */10 * MON", ["08-31"]),
        ("0 0 6 1 1,7 ?", []),
        ("0 0 6 10 8 ? 2025,2026", ["08-10"]),
    ],
)
def test_days(text: str, expected: list[str]) -> None:
    assert days(text, "2026-08-01", "2026-08-31") == expected


def test_the_weekday_nearest_to_a_last_sunday_stays_in_its_month() -> None:
    assert days("0 0 6 LW * ?", "2026-05-01", "2026-05-31") == ["05-29"]
    assert days("0 0 6 31W * ?", "2026-05-01", "2026-06-30") == ["05-29"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("* * *", "is no cron: it has five fields"),
        ("", "is no cron"),
        ("0 0 6 * * ? 2026 1", "is no cron"),
        ("60 * * * *", "column 1, minute: 60 is not 0 to 59"),
        ("*/90 * * * *", "column 1, minute: 90 is not 1 to 59"),
        ("*/0 * * * *", "column 1, minute: 0 is not 1 to 59"),
        ("0 0 6,25 * * ?", "column 7, hour: 25 is not 0 to 23"),
        ("* * * * * ?", "column 1, second: one second alone"),
        ("0 0 6 ? * 8", "column 11, weekday: 8 is not 1 to 7"),
        ("0 0 6 ? * MOO", "column 11, weekday: 'MOO' is not understood"),
        ("0 6 * * L", "column 9, weekday: 'L' is not understood"),
        ("0 0 6 ? * 6#6", "column 11, weekday: 6 is not 1 to 5"),
        ("0 0 6,,7 * * ?", "column 7, hour: '' is not understood"),
        ("0 0 6 ? ? ?", "column 9, month: '?' is not understood"),
        ("0 0 6 32W * ?", "column 7, day of the month: 32 is not 1 to 31"),
        ("0 0 6 1 * MON", "column 11, weekday: a day of the month is given already"),
        ("0 0 6 30 2 ?", "column 7, day of the month: there is no such day"),
        ("0 0 6 29 2 ? 2025", "column 7, day of the month: there is no such day"),
        ("0 0 6 * * ? 1960", "column 13, year: 1960 is not 1970 to 2099"),
        ("0 0 6 * * ? 2027-2026", "column 13, year: 2027-2026 goes backwards"),
        ("0 \u0665 * * *", "column 3, hour: '\u0665' is not understood"),
        ("0 5/\u0665 * * *", "column 3, hour: '5/\u0665' is not understood"),
        (f"{'9' * 5000} * * * *", "is no cron"),
        (f"{'9' * 150} * * * *", "is not 0 to 59"),
        ("0 0 6 * * ? " + "1," * 90, "is not 1970 to 2099"),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_refused_with_field_and_column(text: str, said: str) -> None:
    with pytest.raises(BadRequest) as refused:
        read_cron(text)
    assert said in str(refused.value)


def test_changed_clocks_are_those_of_the_measured_table() -> None:
    """reference/platform.md 1.2: cronsim's column, Europe/Berlin."""
    gap, fold = date(2025, 3, 30), date(2025, 10, 26)

    def at(text: str, day: date) -> list[str]:
        cycles = due(read_cron(text), BERLIN, day, day)
        return [f"{datetime.fromtimestamp(each.instant, BERLIN):%H:%M %z}" for each in cycles]

    assert at("30 2 * * *", gap) == ["03:30 +0200"]
    assert at("30 2 * * *", fold) == ["02:30 +0200"]
    assert (len(at("0 * * * *", gap)), len(at("0 * * * *", fold))) == (23, 25)
    assert (len(at("*/15 * * * *", gap)), len(at("*/15 * * * *", fold))) == (92, 100)
    assert at("00 30 02 * * ?", gap) == ["03:30 +0200"]
    assert len(at("00 00 00-23/1 * * ?", fold)) == 25


FIELDS = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12), "weekday": (0, 7)}
WORDS = {
    "month": ["JAN", "feb", "MAR", "JUN", "SEP", "DEC"],
    "weekday": ["SUN", "mon", "WED", "FRI", "SAT"],
}


def field(random: Random, name: str) -> str:
    low, high = FIELDS[name]
    kind = random.randrange(9)
    if kind < 3:
        return "*"
    if kind == 3:
        return f"*/{random.randrange(1, high + 1)}"
    if kind == 4:
        return f"{random.randrange(low, high + 1)}/{random.randrange(1, high + 1)}"
    if kind == 5:
        return ",".join(str(random.randrange(low, high + 1)) for _ in range(random.randrange(1, 4)))
    if kind == 6:
        first, last = sorted(random.sample(range(low, high + 1), 2))  # cronsim's 5-5/2 is 5/2
        return f"{first}-{last}" + random.choice(["", f"/{random.randrange(1, high + 1)}"])
    if kind == 7 and name in WORDS:
        return random.choice(WORDS[name])
    if kind == 8 and name == "weekday":
        return random.choice(["5L", "FRI#3", "1#5", "0#1,3"])
    if kind == 8 and name == "day":
        return random.choice(["L", "LW", "1,L"])
    return str(random.randrange(low, high + 1))


def ours(text: str, zone: ZoneInfo, begin: datetime, until: datetime, most: int) -> list[datetime]:
    """The first times at which there is work, as the zone's clock shows them."""
    cycles = takewhile(
        lambda each: each.day < until.date(), ahead(read_cron(text), zone, begin.date())
    )
    return [
        datetime.fromtimestamp(each.instant, zone).replace(tzinfo=None)
        for each in islice((each for each in cycles if not each.is_dry), most)
    ]


def test_500_random_crons_are_due_when_cronsim_says() -> None:
    """In UTC always; in other zones on days on which no clock is changed."""
    random = Random(20260402)
    compared = 0
    while compared < 500:
        text = " ".join(field(random, name) for name in FIELDS)
        zone = random.choice([ZoneInfo("UTC"), BERLIN, LORD_HOWE])
        month = random.randrange(1, 13) if str(zone) == "UTC" else 5
        day = date(random.randrange(1999, 2040), month, random.randrange(1, 20))
        begin = datetime.combine(day, time.min)
        try:
            theirs = CronSim(text, begin - timedelta(seconds=1))
            expected = [next(theirs, None) for _ in range(40)]
        except CronSimError:  # a day that there never is
            expected = []
        if not any(expected):
            with pytest.raises(BadRequest, match="no such day"):
                read_cron(text)
            continue
        until = begin + timedelta(days=30)
        wanted = [each for each in expected if each and each < until]
        found = ours(text, zone, begin, until, len(expected))
        assert found == wanted, text
        compared += 1


def test_years_of_a_rare_cron() -> None:
    leap = (each for each in ahead(read_cron("0 0 29 2 *"), BERLIN, date(2025, 1, 1)))
    found = next(each for each in leap if not each.is_dry)
    assert (found.day, read_cron("0 0 29 2 *").at) == (date(2028, 2, 29), (time(0),))
