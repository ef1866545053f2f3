"""The schedule file: what is read, every fault with its place, and that it is written alike."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from millwork.base.errors import BadRequest, InvalidFile
from millwork.spec.cron import read_cron
from millwork.spec.dates.language import Clocks
from millwork.spec.reader import read_text
from millwork.spec.recurrence import LAST, Clock, Every, Recurrence, times_between
from millwork.spec.schedule import Alert, Dependency, Schedule, Trigger, read_within
from millwork.spec.schedule_file import (
    SCHEDULE,
    read_schedule,
    schedule_document,
    write_schedule,
)
from millwork.spec.schema import json_schema
from tests.spec.definitions import ANY_TEXT, ENTITIES, NAMES, VERSIONS

pytestmark = pytest.mark.quick

HEAD = "apiVersion: millwork/v1\nkind: Schedule\nname: nightly\nversion: 1.0.0\npipeline: delays\n"
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


def read(text: str) -> Schedule:
    return read_schedule(HEAD + text, "s.yaml")[0]


def faults(text: str) -> list[str]:
    """Line, column, path and message of each fault; lines count from below the head."""
    with pytest.raises(InvalidFile) as refused:
        read_schedule(HEAD + text, "s.yaml")
    return [
        f"{fault.line - HEAD.count(chr(10))}:{fault.column} {fault.path}: {fault.message}"
        for fault in refused.value.faults
    ]


def test_a_schedule_needs_no_recurrence() -> None:
    schedule = read("")
    assert schedule == Schedule("nightly", "1.0.0", "delays")
    assert write_schedule(schedule) == HEAD


@pytest.mark.parametrize(
    ("text", "recurrence"),
    [
        ("every: day", Recurrence("day", (time(0),))),
        ("every: day\nat: 02:30", Recurrence("day", (time(2, 30),))),
        ("every: day\nat: [14:30, 02:30:15]", Recurrence("day", (time(2, 30, 15), time(14, 30)))),
        ("every: week\non: [monday, Friday]", Recurrence("week", (time(0),), frozenset({1, 5}))),
        ("every: week\non: sunday", Recurrence("week", (time(0),), frozenset({7}))),
        ("every: month\non: [1, last]", Recurrence("month", (time(0),), frozenset({1, LAST}))),
        ("every: year\non: [02-29]", Recurrence("year", (time(0),), frozenset({229}))),
        ("every: hour", Recurrence("hour", tuple(time(hour) for hour in range(24)))),
        ("every: hour\nstep: 6\nfrom: 01:30\nto: 20:00",
         Recurrence("hour", (time(1, 30), time(7, 30), time(13, 30), time(19, 30)))),
        ("every: hour\nat: [01:00, 05:00]", Recurrence("hour", (time(1), time(5)))),
        ("every: minute\nstep: 30\nto: 01:00",
         Recurrence("minute", (time(0), time(0, 30), time(1)))),
        ("cron: 00 30 02 * * ?", read_cron("00 30 02 * * ?")),
        ("cron: 30 2 * * mon\nclock: dataworks",
         replace(read_cron("30 2 * * mon"), clock="dataworks")),
        ("every: day\nfirst: 2026-01-01\nlast: 2026-12-31",
         Recurrence("day", (time(0),), first=date(2026, 1, 1), last=date(2026, 12, 31))),
        ("every: day\nholidays: [2026-05-01]\nworkdays: [2026-05-02]\nclock: dataworks",
         Recurrence("day", (time(0),), off=frozenset({date(2026, 5, 1)}), clock="dataworks",
                    also=frozenset({date(2026, 5, 2)}))),
    ],
)  # fmt: skip
def test_recurrences(text: str, recurrence: Recurrence) -> None:
    assert read(text).recurrence == recurrence


def test_everything_else() -> None:
    schedule = read(
        'timezone: Europe/Berlin\nparameters: {day: "${yyyymmdd}", several: [a b, "$[hh24]"]}\n'
        'inputs: {logs: "s3://logs/day=${yyyymmdd}/"}\nscheduling_parameters: {day: $bizdate}\n'
        "depends_on:\n- other\n- self\n- {schedule: far, workspace: prod, cycle: last}\n"
        '- {file: "s3://logs/${yyyymmdd}/_SUCCESS"}\n'
        "triggers: [{file: s3://b/new, every: 5m}, {dataset: flights}]\n"
        'instances: at_once\ncatch_up: all\nmax_age: 2d\ntimeout: 1h\nretries: 2\nretry_after: 0s\n'
        "rerun: never\npriority: 9\nrun_as: robot\nalerts:\n"
        '- {on: unfinished, to: [a@b.example, "https://hook.example/x"], by: "25:30"}\n'
        '- {on: failed, to: a@b.example, silent: "22:00-07:00", every: 1h, most: 3}\n'
    )  # fmt: skip
    assert schedule.parameters == {"day": "${yyyymmdd}", "several": ("a b", "$[hh24]")}
    assert schedule.depends_on == (
        Dependency("other"), Dependency("self"), Dependency("far", "prod", "last"),
        Dependency(file="s3://logs/${yyyymmdd}/_SUCCESS"),
    )  # fmt: skip
    assert schedule.triggers == (Trigger("s3://b/new", every=300.0), Trigger(dataset="flights"))
    assert schedule.alerts == (
        Alert("unfinished", ("a@b.example", "https://hook.example/x"), by=25 * 60 + 30),
        Alert("failed", ("a@b.example",), silent=(22 * 60, 7 * 60), every=3600.0, most=3),
    )
    assert (schedule.max_age, schedule.timeout, schedule.retry_after) == (172_800, 3600, 0)
    assert schedule.is_self_dependent
    assert read_schedule(write_schedule(schedule), "x")[0] == schedule


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("every: day\ncron: 0 2 * * *", "2:1 cron: either 'every' or 'cron', not both"),
        ("every: days", "1:1 every: 'days' is not one of minute, hour"),
        ("cron: 0 25 * * *", "1:1 cron: '0 25 * * *', column 3, hour: 25 is not 0 to 23"),
        ("cron: 0 2 * * *\nat: 02:30", "2:1 at: 'cron' has no 'at'"),
        ("at: 02:30\nclock: once", "1:1 at: nothing recurs without 'every' or 'cron'"),
        ("every: day\nstep: 2", "2:1 step: 'every: day' has no 'step'"),
        ("every: day\non: monday", "2:1 on: 'every: day' has no 'on'"),
        ("every: week", "1:1 every: 'on' is missing: which days, such as monday"),
        ("every: week\non: [monday, moonday]", "2:14 on[1]: 'moonday' is no day of a week"),
        ("every: week\non: [monday, Monday]", "2:14 on[1]: 'Monday' stands twice"),
        ("every: week\non: []", "2:1 on: the list is empty"),
        ("every: month\non: [0, 32]", "2:6 on[0]: '0' is no day of a month; 1, 15, last are"),
        ("every: year\non: [02-30]", "2:6 on[0]: '02-30' is no day of a year"),
        ("every: hour\nstep: 24", "2:1 step: 24 hours are no step within a day: 1 to 23"),
        ("every: hour\nat: 02:30\nstep: 2", "3:1 step: either 'at', or a step"),
        ("every: hour\nfrom: 12:00\nto: 11:00", "3:1 to: 11:00 is before the first time, 12:00"),
        ("every: day\nat: [25:30]", "2:6 at[0]: '25:30' is no time of day such as 02:30"),
        ("every: day\nat: 2:30", "2:1 at: '2:30' is no time of day such as 02:30"),
        ("every: day\nat: [02:30, '02:30:00']", "2:13 at[1]: 02:30 stands twice"),
        ("every: day\nfirst: 2026-13-01", "2:1 first: '2026-13-01' is no date such as"),
        ("every: day\nfirst: 2026-01-02\nlast: 2026-01-01",
         "3:1 last: 2026-01-01 is before the first day, 2026-01-02"),
        ("every: day\nholidays: [2026-01-01, 2026-01-01]", "2:24 holidays[1]: 2026-01-01 stands"),
        ("every: day\nholidays: [2026-01-01]\nworkdays: [2026-01-01]",
         "3:12 workdays[0]: 2026-01-01 is a holiday too"),
        ("timezone: Europe/Berlim", "1:1 timezone: there is no zone 'Europe/Berlim'"),
        ('timezone: "a\\e[31mb"', r"1:1 timezone: there is no zone 'a\x1b[31mb'"),
        ('parameters: {day: "${yyyymmd}"}', "1:14 parameters.day: '${yyyymmd}', column 1: "),
        ('parameters: {day: [a, "$[hh25]"]}', "1:23 parameters.day[1]: '$[hh25]', column 1: "),
        ("inputs: {logs: ./logs}", "1:10 inputs.logs: ./logs: no URI of data that is known"),
        ('inputs: {logs: "./${yyyymmdd}"}', "1:10 inputs.logs: ./${yyyymmdd}: no URI of data"),
        ("scheduling_parameters: {day: a b}",
         "1:25 scheduling_parameters.day: 'a b', column 2: a value has no space"),
        ("scheduling_parameters: {1day: a}",
         "1:25 scheduling_parameters.1day: '1day' is not accepted as a name"),
        ("depends_on: [a/b]", "1:14 depends_on[0]: 'a/b' is no schedule's name"),
        ("depends_on: [nightly]", "1:14 depends_on[0]: its own last cycle is 'self'"),
        ("depends_on: [a/b, self, self]", "1:25 depends_on[2]: it stands twice"),
        ("depends_on: [{workspace: b}]", "1:14 depends_on[0]: expected either {schedule: NAME}"),
        ("depends_on: [{schedule: self, cycle: last}]",
         "1:31 depends_on[0].cycle: only another schedule has a 'cycle'"),
        ("triggers: [{every: 5m}]", "1:12 triggers[0]: expected either {file: URI} or {dataset"),
        ("triggers: [{dataset: a, every: 5m}]", "1:25 triggers[0].every: a dataset is not looked"),
        ("alerts: [{on: failed, to: b.c}]", "1:23 alerts[0].to: 'b.c' is neither a mail address"),
        ("alerts: [{on: failed, to: []}]", "1:23 alerts[0].to: nobody is told"),
        ("alerts: [{on: unfinished, to: a@b}]", "1:10 alerts[0]: 'on: unfinished' needs 'by'"),
        ("alerts: [{on: failed, to: a@b, by: '10:00'}]", "1:32 alerts[0].by: only 'on: unf"),
        ("alerts: [{on: unfinished, to: a@b, by: '48:00'}]", "1:36 alerts[0].by: '48:00' is no"),
        ("alerts: [{on: failed, to: a@b, silent: '7-8'}]", "1:32 alerts[0].silent: '7-8' is no"),
        ("alerts: [{on: x, to: a@b}, {on: timeout, to: a@b}]",
         "1:29 alerts[1].on: nothing times out: there is no 'timeout'"),
        ("retries: 101", "1:1 retries: '101' is not a whole number >= 0 and <= 100"),
        ("priority: 0", "1:1 priority: '0' is not a whole number >= 1 and <= 9"),
        ("prority: 1", "1:1 prority: unknown field; did you mean 'priority'?"),
        ("run_as: A b", "1:1 run_as: 'A b' is not accepted"),
        ("catch_up: some", "1:1 catch_up: 'some' is not one of all, latest, none"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(text: str, said: str) -> None:
    assert any(each.startswith(said) for each in faults(text)), faults(text)


def test_every_fault_is_told_at_once() -> None:
    found = faults(
        "every: week\nat: [02:30, 25:30]\non: [moonday]\nfirst: x\ntimezone: Berlin\n"
        "parameters: {a: $x}\nretries: -1\ndepends_on: [a/b]\ntriggers: [{}]\nalerts: [{}]\n"
    )
    paths = [each.split(" ", 1)[1].split(":")[0] for each in found]
    assert sorted(paths) == [
        "alerts[0].on", "alerts[0].to", "at[1]", "depends_on[0]", "first", "on[0]",
        "parameters.a", "retries", "timezone", "triggers[0]",
    ]  # fmt: skip


ODD: list[Any] = [
    None, "", "x", "$", "-", "last", 0, -1, 1.5, True, [], {}, [[]], [{}], [None], ["x", {}],
    [{"on": []}], [{"on": "failed", "to": [[]]}], [{"file": "$", "every": []}], [{"schedule": []}],
    {"a": {}}, {"a": [[], "$"]}, {"": "x"}, {"x": None}, "9" * 400, "02:30", ["02:30"], "monday",
]  # fmt: skip


def outcome(text: str) -> Schedule | InvalidFile:
    try:
        return read_schedule(text, "x.json")[0]
    except InvalidFile as refused:
        return refused


@pytest.mark.parametrize("name", SCHEDULE.rows)
@pytest.mark.parametrize(
    "beside", [{}, {"every": "hour"}, {"every": "month"}, {"cron": "0 2 * * *"}]
)
def test_odd_values_anywhere_are_read_or_refused(name: str, beside: dict[str, Any]) -> None:
    for odd in ODD:
        document = {**yaml.safe_load(HEAD), **beside, name: odd}
        found = outcome(json.dumps(document))
        if isinstance(found, InvalidFile):
            assert all(fault.line for fault in found.faults), odd
        else:
            assert read_schedule(write_schedule(found), "x")[0] == found


def test_files_of_another_kind_are_refused_for_that_alone() -> None:
    with pytest.raises(InvalidFile) as refused:
        read_schedule("kind: Pipeline\nnodes: {}\n", "p.yaml")
    assert str(refused.value) == "p.yaml:1:7: error: kind: expected 'Schedule', found 'Pipeline'"
    with pytest.raises(InvalidFile, match=r"millwork schedules create --file s\.yaml"):
        read_text(HEAD, "s.yaml")
    for text in ("", "kind: [a]", "kind: Schedule", "[]", "a: &b 1"):
        with pytest.raises(InvalidFile):
            read_schedule(text, "s.yaml")


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        (
            "00 05 00 ? * 2,5",
            "weekday 2 is Monday here, as Quartz has it, and Tuesday in DataWorks",
        ),
        ("00 05 00 ? * 1", "weekday 1 is Sunday here, as Quartz has it, and Monday in DataWorks"),
        ("00 05 00 ? * 7 2026", "weekday 7 is Saturday here, as Quartz has it, and Sunday in"),
        ("00 05 00 ? * 6L", "write FRI or SAT, which are the same everywhere"),
        ("00 05 00 ? * MON,3#1", "weekday 3 is Tuesday here"),
        ("00 05 00 ? * MON-FRI", ""),
        ("00 05 00 ? * MON#2,TUE/3", ""),
        ("00 05 00 ? * 1-7", ""),
        ("00 05 00 1 1-6 *", ""),
        ("5 0 * * 2,5", ""),
    ],
)
def test_weekdays_by_number_are_warned_of(cron: str, said: str) -> None:
    _, reading = read_schedule(f"{HEAD}cron: {cron}\n", "s.yaml")
    if not said:
        assert not reading.faults
        return
    (fault,) = reading.faults
    assert (fault.severity, fault.path, said in fault.message) == ("warning", "cron", True), fault
    assert fault.line == HEAD.count("\n") + 1


def test_text_with_expressions_in_it() -> None:
    clocks = Clocks(date(2026, 2, 28), datetime(2026, 3, 1, 6, tzinfo=ZoneInfo("UTC")))
    text = "s3://logs/day=${yyyymmdd}/a b $[hh24-1/24] for $$5 and $${x}"
    assert read_within(text).at(clocks) == "s3://logs/day=20260228/a b 05 for $5 and ${x}"
    with pytest.raises(BadRequest, match=r"column 5: '\$' begins no"):
        read_within("a = $")


# --- what is written is read again as it was ----------------------------------------------------

DAYS = st.dates(date(1970, 1, 1), date(2100, 1, 1))
TIMES = st.integers(0, 86_399).map(lambda n: time(n // 3600, n // 60 % 60, n % 60))
MINUTES = st.integers(0, 1439)
LISTS = st.lists(TIMES, min_size=1, max_size=5, unique=True).map(lambda at: tuple(sorted(at)))
SECONDS = st.integers(1, 10**12).map(lambda micros: micros / 10**6)
EXPRESSIONS = st.sampled_from(["$bizdate", "${yyyymm-1}", "part_$[hh24-1/24]", "x", "007", "on"])
URIS = st.sampled_from(["s3://b/day=${yyyymmdd}/", "nas://a/$[hh24]", "file:///x", "dataset:a@v1"])
WORDS = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)


MANY: list[Every] = ["minute", "hour"]


@st.composite
def stepped(draw: st.DrawFn) -> Recurrence:
    every = draw(st.sampled_from(MANY))
    step = draw(st.integers(1, 59 if every == "minute" else 23))
    first, last = sorted((draw(TIMES), draw(TIMES)))
    at = times_between(first, last, timedelta(**{f"{every}s": step}))
    return Recurrence(every, at)


RECURRENCES = st.one_of(
    stepped(),
    st.builds(Recurrence, st.sampled_from(["minute", "hour", "day"]), LISTS),
    st.builds(Recurrence, st.just("week"), LISTS, st.frozensets(st.integers(1, 7), min_size=1)),
    st.builds(
        Recurrence, st.just("month"), LISTS,
        st.frozensets(st.integers(1, 31) | st.just(LAST), min_size=1),
    ),
    st.builds(
        Recurrence, st.just("year"), LISTS,
        st.frozensets(DAYS.map(lambda day: day.month * 100 + day.day), min_size=1, max_size=5),
    ),
    st.sampled_from(["00 30 02 * * ?", "*/5 8-17 * * MON-FRI", "0 0 6 LW * ?"]).map(read_cron),
)  # fmt: skip


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    recurrence = draw(st.none() | RECURRENCES)
    if recurrence is not None:
        off, also = draw(st.frozensets(DAYS, max_size=3)), draw(st.frozensets(DAYS, max_size=3))
        first, last = sorted((draw(DAYS), draw(DAYS)))
        recurrence = replace(
            recurrence, off=off, also=also - off, first=draw(st.sampled_from([date.min, first])),
            last=draw(st.sampled_from([date.max, last])),
            clock=draw(st.sampled_from(get_args(Clock))),
        )  # fmt: skip
    values = ANY_TEXT.map(lambda text: text.replace("$", "$$")) | EXPRESSIONS
    others = st.builds(Dependency, ENTITIES.filter(lambda name: name not in ("self", "children")),
                       WORDS, st.sampled_from(["same", "last"]))  # fmt: skip
    windows = st.tuples(MINUTES, MINUTES).filter(lambda pair: pair[0] != pair[1])
    alerts = st.builds(Alert, st.sampled_from(["failed", "finished"]),
                       st.just(("a@b.example", "https://x.example/y")), silent=st.none() | windows,
                       every=st.none() | SECONDS, most=st.integers(1, 1000))  # fmt: skip
    late = st.builds(Alert, st.just("unfinished"), st.just(("a@b.example",)), st.integers(0, 2879))
    return Schedule(
        draw(ENTITIES.filter(lambda name: name not in ("self", "children"))), draw(VERSIONS),
        draw(ENTITIES | st.just("delays@1.0.0")), recurrence,
        draw(st.sampled_from(["UTC", "Europe/Berlin"])), draw(ANY_TEXT), draw(ANY_TEXT),
        draw(ANY_TEXT), draw(st.dictionaries(NAMES, ANY_TEXT, max_size=2)),
        draw(st.dictionaries(NAMES, values | st.lists(values, max_size=2).map(tuple), max_size=2)),
        draw(st.dictionaries(NAMES, URIS, max_size=2)),
        draw(st.dictionaries(NAMES, EXPRESSIONS, max_size=2)),
        draw(st.sampled_from(["ahead", "at_once"])),
        draw(st.sampled_from(["all", "latest", "none"])), draw(st.none() | SECONDS), draw(SECONDS),
        draw(st.integers(0, 100)), draw(SECONDS | st.just(0.0)),
        draw(st.sampled_from(["always", "after_failure", "never"])), draw(st.integers(1, 9)),
        draw(WORDS | st.just("")),
        draw(st.lists(others | st.sampled_from([Dependency("self"), Dependency("children")])
                      | st.builds(Dependency, file=URIS), max_size=3, unique=True).map(tuple)),
        draw(st.lists(st.builds(Trigger, file=URIS, every=SECONDS)
                      | st.builds(Trigger, dataset=ENTITIES), max_size=2).map(tuple)),
        draw(st.lists(alerts | late, max_size=2).map(tuple)),
    )  # fmt: skip


@given(schedules())
@settings(max_examples=60, derandomize=True, deadline=None,
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])  # fmt: skip
def test_a_schedule_is_read_again_as_it_was(schedule: Schedule) -> None:
    document = schedule_document(schedule)
    for text in (write_schedule(schedule), json.dumps(document)):
        again, reading = read_schedule(text, "x.yaml")
        assert again == schedule
        assert not reading.faults
    assert yaml.safe_load(write_schedule(schedule)) == document
    assert [error.message for error in VALIDATOR.iter_errors(document)] == []


@pytest.mark.parametrize(
    "more",
    [
        {"prority": 1},
        {"every": "days"},
        {"retries": 101},
        {"alerts": [{"on": "failed"}]},
        {"on": {}},
    ],
)
def test_what_the_reader_refuses_the_schema_refuses(more: dict[str, Any]) -> None:
    document = {**yaml.safe_load(HEAD), **more}
    assert list(VALIDATOR.iter_errors(document))
    with pytest.raises(InvalidFile):
        read_schedule(json.dumps(document), "x.json")
