"""Schedules: registered as pipelines are, and deployed: put in force, here or elsewhere."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from millwork.actions import assets, deployment
from millwork.actions.assets import Filter, Sort, Visibility, found, register
from millwork.actions.call import Call
from millwork.actions.publish import NEXT
from millwork.actions.schedule_checks import expressions_of, read_for
from millwork.actions.schedule_texts import schedule_of
from millwork.actions.versioned import verbs_of
from millwork.base.errors import BadRequest, Conflict, InvalidFile, NotFound
from millwork.base.ids import new_token
from millwork.ports.schedules import InstanceRow, ScheduleRow, State
from millwork.schedule.instances import begins, civil_day, instance_of, midnight, triggered
from millwork.schedule.needs import Known
from millwork.schedule.periods import Due
from millwork.schedule.words import in_words
from millwork.spec.dates.calendar import settled
from millwork.spec.recurrence_fields import parse_date, parse_time
from millwork.spec.schedule import Schedule
from millwork.store.assets import Kept
from millwork.views.assets import Deleted, DifferencesView, faults_of
from millwork.views.schedules import (
    DeploymentView,
    ScheduleList,
    SchedulePreview,
    ScheduleView,
    next_cycles,
    schedule_row,
    schedule_view,
)

_SHARED = verbs_of("schedule", "a schedule")
change = _SHARED.change
versions = _SHARED.versions
deprecate = _SHARED.deprecate
_MOST_CYCLES, _LONGEST_KEY = 1000, 255
_FIRST_YEAR, _LAST_YEAR = 1900, 9998


class InstanceAsked(TypedDict):
    """An instance that was asked for."""

    instance: str
    status: str


class Withdrawn(TypedDict):
    """A schedule that is not in force any more."""

    withdrawn: str


def list_(
    call: Call,
    text: str = "",
    label: str = "",
    creator: str = "",
    sort: Sort = "name",
    limit: int = 50,
    after: str = "",
) -> ScheduleList:
    """The schedules of the workspace: what is in force of each, and its next cycles."""
    wanted = Filter(text, label, "", creator, None, sort)
    rows, follows = assets.rows(call, "schedule", wanted, limit, after)
    now, records = call.context.clock.wall(), call.context.schedules()
    items = []
    for kept in rows:
        row = records.in_force(call.workspace, kept.name)
        shown = _version_in_force(call, kept, row)
        items.append(schedule_row(shown, schedule_of(shown.document, shown.version), row, now))
    return {"items": items, "next": follows}


def create(
    call: Call,
    text: str,
    version: str | None = None,
    visibility: Visibility | None = None,
    labels: dict[str, str] | None = None,
) -> ScheduleView:
    """Registers a version of a schedule from its file's text; `schedules.deploy` puts it in force.

    The pipeline that it names, `name@version` or `name` for the latest, is pinned. Versions are as
    those of pipelines.
    """
    read = read_for(call, text)
    schedule = read.schedule
    document = {"text": text, "pin": dict(read.pin), "labels": labels or {}}
    kept = register(
        call, "schedule", schedule.name, document,
        version=None if version == NEXT else version,
        own="" if version == NEXT else schedule.version, visibility=visibility,
        description=schedule.description, words=(schedule.display_name, schedule.pipeline),
        uses=(f"pipeline:{read.pipeline.name}@{read.pipeline.version}",),
    )  # fmt: skip
    return _view(call, kept)


def preview(call: Call, text: str, count: int = 5, bizdate: str = "") -> SchedulePreview:
    """The next cycles of a text and the values of its parameters; nothing is kept.

    With a business date, those from that day's on. What is wrong with the text is among `faults`.
    """
    if not 1 <= count <= _MOST_CYCLES:
        raise BadRequest(f"count: 1 to {_MOST_CYCLES:,}")
    try:
        read = read_for(call, text)
    except InvalidFile as error:
        return {"words": "", "cycles": [], "faults": faults_of(error.faults)}
    schedule, now = read.schedule, call.context.clock.wall()
    if bizdate:
        day = _date("bizdate", bizdate) + timedelta(days=1)
        now = midnight(ZoneInfo(schedule.timezone), day) - 1
    variables = call.context.people().variables(call.workspace)
    return {
        "words": in_words(schedule.recurrence, schedule.timezone),
        "cycles": next_cycles(schedule, read.expressions, now, count, variables),
        "faults": faults_of(read.warnings),
    }


def show(call: Call, name: str) -> ScheduleView:
    """A schedule: the version in force, or the latest of one that is not deployed."""
    kept = found(call, "schedule", name)
    row = call.context.schedules().in_force(call.workspace, name)
    return _view(call, _version_in_force(call, kept, row))


def version(call: Call, name: str, version: str) -> ScheduleView:
    """One version of a schedule."""
    return _view(call, found(call, "schedule", name, version))


def diff(call: Call, name: str, before: str, after: str) -> DifferencesView:
    """In what two versions of a schedule differ."""
    return assets.diff(call, "schedule", name, before, after, _content)


def delete(call: Call, name: str) -> Deleted:
    """Deletes a schedule that is not in force, with all its versions; its instances stay."""
    if call.context.schedules().in_force(call.workspace, name):
        found(call, "schedule", name, action="delete")
        raise Conflict(f"schedule '{name}' is in force: withdraw it first")
    return assets.delete(call, "schedule", name)


def deploy(
    call: Call, name: str, version: str = "", to: str = "", preview: bool = False
) -> DeploymentView:
    """Puts a version in force: if none is named the latest, with `to` the one in force here.

    An older one is a way back. With `to` it is put in force in that workspace, with all that it is
    made of; the latest, if none is in force here. Cycles that have begun stay with the version that
    they began with. With `preview` nothing is done.
    """
    kept = found(call, "schedule", name, version, action="read" if to else "write")
    if not version and to not in ("", call.workspace):
        row = call.context.schedules().in_force(call.workspace, name)
        kept = _version_in_force(call, kept, row)
    return deployment.deploy(call, kept, to, is_preview=preview)


def withdraw(call: Call, name: str) -> Withdrawn:
    """Takes a schedule out of force: no cycle to come begins; those that have begun go on."""
    found(call, "schedule", name, action="write")
    if not call.context.schedules().withdraw(call.workspace, name, call.context.clock.wall()):
        raise Conflict(f"schedule '{name}' is not in force")
    call.context.nudge()
    return {"withdrawn": name}


def switch(call: Call, name: str, state: State) -> ScheduleView:
    """Switches a schedule that is in force.

    `off`: no cycles are made; `frozen`: they fail at their time, and block what depends on them;
    `skipping`: they succeed without a run; `on`: they run.
    """
    kept, row = found(call, "schedule", name, action="operate"), _in_force(call, name)
    schedule = schedule_of(_version_in_force(call, kept, row).document, row.version)
    now = call.context.clock.wall()
    made = begins(schedule, now) if row.state == "off" else now if state == "off" else row.made
    call.context.schedules().set_state(row, state, made, now)
    call.context.nudge()
    return show(call, name)


def test(
    call: Call, name: str, bizdate: str = "", at: str = "", version: str = ""
) -> InstanceAsked:
    """Runs a schedule once, now, as the instance of a business date would be: yesterday's if none.

    `at` is the time of day that the instance is scheduled at, the first of that day if none. It
    waits for nothing, and nothing waits for it.
    """
    kept, row = found(call, "schedule", name, action="operate"), _in_force(call, name)
    shown = (
        found(call, "schedule", name, version) if version else _version_in_force(call, kept, row)
    )
    schedule = schedule_of(shown.document, shown.version)
    if shown.version != row.version:
        deployment.check_runs_as(call, schedule, row)
    now, zone = call.context.clock.wall(), ZoneInfo(schedule.timezone)
    day = _date("bizdate", bizdate) + timedelta(days=1) if bizdate else civil_day(zone, now)
    first = schedule.recurrence.at[0] if schedule.recurrence else time.min
    scheduled = settled(datetime.combine(day, _time(at) if at else first, zone))
    cycle = Due(day, 0, 0, int(scheduled.timestamp()), is_dry=False)
    made = instance_of(
        call.workspace, schedule, cycle, now, kind="test", origin=f"test-{new_token()}"
    )
    return _keep(call, replace(made, due=now))


def trigger(call: Call, name: str, key: str = "", bizdate: str = "") -> InstanceAsked:
    """Makes an instance now, from outside; a second time with the same `key` makes none.

    Its business date is yesterday, if none is given.
    """
    kept, row = found(call, "schedule", name, action="operate"), _in_force(call, name)
    if row.state == "off":
        raise Conflict(f"schedule '{name}' is off")
    if len(key) > _LONGEST_KEY:
        raise BadRequest(f"key: at most {_LONGEST_KEY} characters")
    shown = _version_in_force(call, kept, row)
    known = Known(row, schedule_of(shown.document, shown.version))
    occasion = f"api:{key or new_token()}"
    now = call.context.clock.wall()
    made = triggered(known, occasion, now, _date("bizdate", bizdate) if bizdate else None)
    return _keep(call, made)


def _keep(call: Call, made: InstanceRow) -> InstanceAsked:
    records = call.context.schedules()
    records.add([made])
    call.context.nudge()
    kept = records.instance(made.id)
    assert kept is not None
    return {"instance": kept.id, "status": kept.status}


def _view(call: Call, kept: Kept) -> ScheduleView:
    schedule = schedule_of(kept.document, kept.version)
    row = call.context.schedules().in_force(call.workspace, kept.name)
    pin = kept.document["pin"]
    try:
        tree, notices = assets.load_registered(call, "pipeline", pin["name"], pin["version"])
        expressions = expressions_of(schedule, tree)
    except NotFound as error:
        expressions, notices = dict(schedule.scheduling_parameters), (str(error),)
    warnings: list[Any] = [
        {"line": 0, "column": 0, "path": "pipeline", "severity": "warning", "message": notice}
        for notice in notices
    ]
    return schedule_view(kept, schedule, row, expressions, call.context.clock.wall(), warnings)


def _version_in_force(call: Call, kept: Kept, row: ScheduleRow | None) -> Kept:
    """The version that is in force, or the given one if none is."""
    if row is None or row.version == kept.version:
        return kept
    return call.context.assets().get(call.workspace, "schedule", kept.name, row.version) or kept


def _in_force(call: Call, name: str) -> ScheduleRow:
    row = call.context.schedules().in_force(call.workspace, name)
    if row is None:
        raise Conflict(f"schedule '{name}' is not in force: deploy it first")
    return row


def _content(kept: Kept) -> dict[str, Any]:
    from millwork.spec.schedule_file import schedule_document

    said: Schedule = schedule_of(kept.document, kept.version)
    document = schedule_document(said)
    del document["version"]
    return {**document, "pin": kept.document["pin"], "labels": kept.document["labels"]}


def _date(field: str, text: str) -> date:
    try:
        day = parse_date(text)
    except ValueError:
        raise BadRequest(f"{field}: '{text[:40]}' is no date such as 2026-03-01") from None
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise BadRequest(f"{field}: a date of the years {_FIRST_YEAR} to {_LAST_YEAR}")
    return day


def _time(text: str) -> time:
    try:
        return parse_time(text)
    except ValueError:
        raise BadRequest(f"at: '{text[:40]}' is no time of day such as 02:30") from None
