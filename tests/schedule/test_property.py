"""10,000 random expressions, by our evaluator and by a second one that shares no code with it."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

import pytest

from millwork.spec.dates.calendar import settled
from millwork.spec.dates.language import Clocks, read
from tests.schedule import second

pytestmark = pytest.mark.quick

ZONES = [ZoneInfo(name) for name in (
    "Asia/Shanghai", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "UTC",
    "Africa/Casablanca", "Pacific/Apia", "America/Sao_Paulo",
)]  # fmt: skip
SEPARATORS = ["", "-", "/", ":", "_", "."]


def times(random: Random, zone: ZoneInfo) -> datetime:
    """Any time of 40 years, or one close to a switch of the clock."""
    day = datetime(1995, 1, 1, tzinfo=zone) + timedelta(days=random.randrange(40 * 365))
    time = day + timedelta(seconds=random.randrange(86_400))
    if random.random() < 0.3:
        near = random.choice([(3, 30), (10, 26), (3, 9), (11, 2), (4, 6), (10, 5), (12, 30)])
        time = datetime(2025, *near, tzinfo=zone) + timedelta(minutes=random.randrange(6 * 60))
    return settled(time.replace(fold=random.randrange(2)))


def form(random: Random, tokens: list[str]) -> list[str]:
    chosen = random.sample(tokens, random.randrange(1, len(tokens) + 1))
    pieces: list[str] = []
    for token in chosen:
        pieces += [token, random.choice(SEPARATORS)]
    return [piece for piece in pieces[:-1] if piece]


def case(random: Random, clocks: Clocks, zone: ZoneInfo) -> tuple[str, str]:
    kind = random.randrange(5)
    time = clocks.cyctime
    if kind == 0:
        tokens = form(random, ["yyyy", "mm", "dd"])
        amount = random.randrange(-50, 51)
        return f"${{{''.join(tokens)}{amount:+}}}", second.business(clocks.bizdate, tokens, amount)
    tokens = form(random, ["yyyy", "mm", "dd", "hh24", "mi", "ss"])
    written = "".join(tokens)
    if kind == 1:
        return f"$[{written}]", second.shown(tokens, time)
    if kind == 2:
        months = random.randrange(-40, 41)
        later = second.months_later(time, months, zone)
        return f"$[add_months({written},{months})]", second.shown(tokens, later)
    if kind == 3 and {"dd", "hh24", "mi", "ss"} & set(tokens):
        days = random.randrange(-400, 401)
        weeks = f"{days:+}*7" if random.random() < 0.2 else f"{days:+}"
        count = days * 7 if "*" in weeks else days
        return f"$[{written}{weeks}]", second.shown(tokens, second.days_later(time, count, zone))
    hours = random.randrange(-100, 101)
    is_minutes = random.random() < 0.5
    seconds = hours * (60 if is_minutes else 3600)
    shift = f"{hours:+}/24{'/60' if is_minutes else ''}"
    return f"$[{written}{shift}]", second.shown(tokens, second.elapsed(time, seconds))


def test_10000_random_cases_have_the_values_of_another_evaluator() -> None:
    random = Random(20260401)
    for _ in range(10_000):
        zone = random.choice(ZONES)
        time = times(random, zone)
        bizdate = time.date() - timedelta(days=random.randrange(3))
        clocks = Clocks(bizdate, time)
        text, value = case(random, clocks, zone)
        assert read(text).at(clocks) == value, (text, bizdate, time, time.fold, zone)
