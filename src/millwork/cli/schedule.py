"""`millwork schedule eval` and `preview`."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from datetime import datetime, timedelta
from datetime import time as time_of_day
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

from millwork.actions.timing import read_date
from millwork.base.errors import BadRequest
from millwork.cli import tables
from millwork.cli.arguments import read_clocks
from millwork.schedule.periods import ahead
from millwork.schedule.words import in_words
from millwork.spec.cron import read_cron
from millwork.spec.dates.language import Clocks, read
from millwork.spec.recurrence import Recurrence, times_between
from millwork.spec.recurrence_fields import MOST_STEPS, parse_day, parse_time
from millwork.spec.schedule_file import parse_zone, read_schedule

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Mapping, Sequence

    from millwork.schedule.periods import Due
    from millwork.spec.dates.language import Expression
    from millwork.spec.recurrence import Clock, Every
    from millwork.spec.schedule import Schedule

_Value = TypeVar("_Value")
_MOST_CYCLES = 10_000
_ON = {"week": "monday,friday", "month": "1,15,last", "year": "02-29,12-31"}


def run(options: Namespace) -> int:
    """Carries out one of the actions on schedules."""
    return _eval(options) if options.action == "eval" else _preview(options)


def _eval(options: Namespace) -> int:
    """Prints the value of an expression, as an instance of that time would have it."""
    clocks = read_clocks(options, options.fold)
    bizdate, time = clocks.bizdate, clocks.cyctime
    value = read(options.expression).at(Clocks(bizdate, time))
    if options.json:
        shown = {"value": value, "bizdate": bizdate.isoformat(), "cyctime": time.isoformat()}
        sys.stdout.write(f"{json.dumps(shown)}\n")
        return 0
    sys.stdout.write(f"{value}\n")
    return 0


def _preview(options: Namespace) -> int:
    """Prints the next cycles of a recurrence or a file, with the values of expressions in each."""
    if not 1 <= options.n <= _MOST_CYCLES:
        raise BadRequest(f"-n: 1 to {_MOST_CYCLES:,}")
    words = options.expressions
    schedule = _read_file(options) if words and _is_file(words[0]) else None
    recurrence = schedule.recurrence if schedule else _recurrence(options)
    if recurrence is None:
        raise BadRequest(f"{words[0]}: nothing recurs: it has neither 'every' nor 'cron'")
    zone = ZoneInfo(
        schedule.timezone if schedule else _checked("--tz", parse_zone, options.tz or "UTC")
    )
    named = schedule.scheduling_parameters if schedule else {}
    columns = {name: read(text) for name, text in named.items()}
    expressions = [read(text) for text in (words[1:] if schedule else words)]
    first = read_date(options.first, "--first") if options.first else datetime.now(zone).date()
    rows = [
        _row(cycle, zone, columns, expressions)
        for cycle in islice(ahead(recurrence, zone, first), options.n)
    ]
    if options.json:
        sys.stdout.write(f"{json.dumps(rows)}\n")
        return 0
    sys.stdout.write(f"{in_words(recurrence, str(zone))}\n\n")
    titles = [*columns, *(expression.text for expression in expressions)]
    table = tables.table("scheduled time", "business date", "", *titles)
    for row in rows:
        time = datetime.fromisoformat(row["cyctime"])
        note = "dry run" if row["is_dry"] else "again" if row["fold"] else ""
        values = [*row["scheduling_parameters"].values(), *row["values"]]
        table.add_row(f"{time:%a %Y-%m-%d %H:%M:%S %z}", row["bizdate"], note, *values)
    tables.console().print(table)
    return 0


def _row(
    cycle: Due, zone: ZoneInfo, columns: Mapping[str, Expression], others: Sequence[Expression]
) -> dict[str, Any]:
    time = datetime.fromtimestamp(cycle.instant, zone)
    clocks = Clocks(cycle.bizdate, time)
    return {
        "cyctime": time.isoformat(), "bizdate": cycle.bizdate.isoformat(), "fold": cycle.fold,
        "is_dry": cycle.is_dry,
        "scheduling_parameters": {name: _foreseen(each, clocks) for name, each in columns.items()},
        "values": [expression.at(clocks) for expression in others],
    }  # fmt: skip


def _foreseen(expression: Expression, clocks: Clocks) -> str:
    """The value; an expression that takes one from elsewhere has none before there is an instance.

    It is then shown as it is.
    """
    try:
        return expression.at(clocks)
    except BadRequest:
        return expression.text


def _is_file(word: str) -> bool:
    return word.endswith((".yaml", ".yml", ".json")) or os.path.isfile(word)


def _read_file(options: Namespace) -> Schedule:
    from millwork.actions.load import read_file

    for name in ("every", "cron", "at", "on", "step", "clock", "tz"):
        if getattr(options, name) is not None:
            raise BadRequest(f"--{name}: the file says so itself")
    file = options.expressions[0]
    schedule, reading = read_schedule(read_file(file), file)
    sys.stderr.writelines(f"millwork: {fault}\n" for fault in reading.faults)
    return schedule


def _recurrence(options: Namespace) -> Recurrence:
    clock: Clock = options.clock or "once"
    if options.cron is not None:
        for name in ("every", "at", "on", "step"):
            if getattr(options, name) is not None:
                raise BadRequest(f"--{name}: --cron says so itself")
        return replace(read_cron(options.cron), clock=clock)
    every: Every = options.every or "day"
    is_wanted = every in ("week", "month", "year")
    if is_wanted != bool(options.on):
        raise BadRequest(
            f"--on: --every {every} needs it: {_ON[every]}"
            if is_wanted
            else "--on: only with --every week, month or year"
        )
    days = options.on.split(",") if is_wanted else ()
    on = frozenset(_checked("--on", partial(parse_day, every), text) for text in days)
    return Recurrence(every, _times(every, options), on, clock=clock)


def _times(every: Every, options: Namespace) -> tuple[time_of_day, ...]:
    if every not in MOST_STEPS:
        if options.step is not None:
            raise BadRequest("--step: of hours and minutes; a day has --at")
        texts = (options.at or "00:00").split(",")
        return tuple(sorted({_checked("--at", parse_time, text) for text in texts}))
    if options.at:
        raise BadRequest("--at: hours and minutes have --step")
    step, most = 1 if options.step is None else options.step, MOST_STEPS[every]
    if not 1 <= step <= most:
        raise BadRequest(f"--step: 1 to {most}")
    return times_between(time_of_day(0), time_of_day(23, 59), timedelta(**{f"{every}s": step}))


def _checked(option: str, parse: Callable[[str], _Value], text: str) -> _Value:
    try:
        return parse(text)
    except ValueError as error:
        raise BadRequest(f"{option}: {error}") from None
