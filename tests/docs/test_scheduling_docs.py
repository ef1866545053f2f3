"""The guide to schedules says what there is: states, words, commands, fields, hours and days."""

from __future__ import annotations

import re
from argparse import _SubParsersAction
from datetime import date, time
from typing import TYPE_CHECKING, get_args
from zoneinfo import ZoneInfo

import pytest

from millwork.cli import instances as cli
from millwork.cli import nouns
from millwork.ports.schedules import State
from millwork.schedule.needs import matched
from millwork.schedule.periods import due
from millwork.spec.recurrence import Recurrence
from millwork.spec.schedule import SELF, Dependency, Schedule
from millwork.spec.schedule_file import SCHEDULE
from tests.docs.generate import ROOT
from tests.docs.test_docs import first_column, section, text_of

if TYPE_CHECKING:
    from millwork.spec.recurrence import Every

pytestmark = pytest.mark.quick

PAGE = "scheduling.md"


def part(heading: str) -> str:
    """What stands below a heading, up to the next."""
    return section(text_of(PAGE), f"\n{heading}\n")


def table(text: str, head: str) -> str:
    """The rows of the table whose head begins so."""
    return head + text.split(head)[1].split("\n\n", maxsplit=1)[0]


def options_of(noun: str, word: str) -> set[str] | None:
    """The options of a noun's word; None if there is no such word."""
    parser = nouns.parser_of(noun, word)
    (group,) = [act for act in parser._actions if isinstance(act, _SubParsersAction)]
    own = group.choices.get(word)
    return own and {option for act in own._actions for option in act.option_strings}


def test_the_states_are_those_of_a_schedule() -> None:
    assert first_column(table(part("## How it works"), "| state |")) == list(get_args(State))


def test_the_words_of_instances_are_those_of_the_command() -> None:
    told = first_column(table(part("### When it fails"), "| `millwork instances` |"))
    looking = [word for word in told if word not in cli._ACTIONS]
    assert [word for word in told if word in cli._ACTIONS] == list(cli._ACTIONS)
    assert looking == ["show", "graph", "events"]
    assert all(options_of("instances", word) for word in told)


def test_the_words_of_waiting_are_those_that_are_told() -> None:
    sources = ("schedule/reasons.py", "ports/schedules.py")
    code = "".join((ROOT / "src/millwork" / name).read_text(encoding="utf-8") for name in sources)
    rows = table(part("### Why an instance waits"), "| `waits:` |").splitlines()[2:]
    for row in rows:
        said = row.split("|")[1].strip()
        said = re.sub(r"^(NAME|URI):? (\.\.\. )?", "", said)
        for words in re.split(r"DATE|, ", said):
            assert re.sub(r"^ ?is (?=waiting|running|failed|cancelled)", "", words) in code, words
    assert len(rows) > 7


def test_the_commands_and_options_of_the_guide_are_there() -> None:
    pattern = r"[`$] ?(?:millwork )?(schedules|instances|backfills) ([a-z]+)([^`\n|]*)"
    for noun, word, rest in re.findall(pattern, text_of(PAGE)):
        options = options_of(noun, word)
        assert options, f"{noun} {word}"
        assert set(re.findall(r"--[a-z]+", rest)) <= options, f"{noun} {word}{rest}"
    told = first_column(table(part("## Backfills"), "| | |"))
    options = options_of("backfills", "create")
    assert options
    assert {word.split()[0] for word in told if word.startswith("--")} <= options


def test_the_fields_of_the_guide_are_those_of_the_file() -> None:
    told = re.findall(r"`([a-z_]+): ", text_of(PAGE))
    known = {*SCHEDULE.rows, "cycle", "file", "dataset", "schedule", "by", "var", "cron"}
    assert set(told) - {"missed", "not"} <= known, set(told) - known


# --- hours and days ---------------------------------------------------------------------------

UTC = ZoneInfo("UTC")
DAY = date(2026, 3, 4)
HOURS = tuple(time(hour) for hour in range(0, 24, 6))


def schedule(every: Every, *, is_self: bool = False) -> Schedule:
    at = HOURS if every == "hour" else (time(8),)
    depends_on = (Dependency(SELF),) if is_self else ()
    return Schedule(every, "1.0.0", "p", Recurrence(every, at), depends_on=depends_on)


def hours(own: Schedule, at: time, other: Schedule) -> list[tuple[int, int]]:
    """Day and hour of each cycle that the one at that time waits for."""
    assert own.recurrence
    cycle = next(
        each
        for each in due(own.recurrence, UTC, DAY, DAY)
        if own.recurrence.at[each.number] == at
    )  # fmt: skip
    assert other.recurrence
    found = matched(own, cycle, other)
    return [(each.day.day, other.recurrence.at[each.number].hour) for each in found]


def test_hours_and_days_wait_as_the_table_says() -> None:
    day, hour, chain = schedule("day"), schedule("hour"), schedule("hour", is_self=True)
    assert hours(day, time(8), schedule("day")) == [(4, 8)]
    assert hours(day, time(8), hour) == [(4, 0), (4, 6), (4, 12), (4, 18)]
    assert hours(day, time(8), chain) == [(4, 6)]
    assert hours(hour, time(6), day) == [(4, 8)]
    assert hours(hour, time(6), hour) == [(4, 6)]
    assert hours(hour, time(6), chain) == [(4, 6)]
    often = Schedule("o", "1.0.0", "p", Recurrence("hour", tuple(map(time, range(24)))))
    assert hours(hour, time(6), often) == [(4, each) for each in range(1, 7)]
    rare = Schedule("r", "1.0.0", "p", Recurrence("hour", (time(1),)))
    assert hours(hour, time(12), rare) == [(4, 1)]
    rows = table(part("### What it waits for"), "| this one is of |").splitlines()[2:]
    assert len(rows) == 2
