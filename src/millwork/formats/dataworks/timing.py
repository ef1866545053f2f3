"""The scheduling half of a node of DataWorks as a schedule.

Its fields are FlowSpec's; the rules that they stand for are in reference/platform.md 1.3.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from millwork.base import names
from millwork.base.errors import BadRequest
from millwork.formats.dataworks import cron
from millwork.formats.dataworks.tree import bare, child, pai_nodes, text_of
from millwork.spec.document import Mapping, Sequence
from millwork.spec.fields import INVALID, Choice, Field, ListOf, Number, Text
from millwork.spec.foreign import LaxRecord
from millwork.spec.schedule import CHILDREN, SELF, Dependency, Schedule
from millwork.spec.schedule_file import parse_zone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.spec.document import Node
    from millwork.spec.fields import Reading
    from millwork.spec.model import Path
    from millwork.spec.recurrence import Recurrence

ZONE = "Asia/Shanghai"
ALWAYS = "1970-01-01 00:00:00", "9999-01-01 00:00:00"
"""From when to when what has no bounds is scheduled."""
RERUN = {"Allowed": "always", "FailureAllowed": "after_failure", "Denied": "never"}
_OLDER_RERUN = {"ALL_ALLOWED": "always", "FAILURE_ALLOWED": "after_failure", "ALL_DENIED": "never"}
INSTANCES = {"T+1": "ahead", "Immediately": "at_once"}
SAME, OWN, OTHERS, OTHER = (
    "Normal", "CrossCycleDependsOnSelf", "CrossCycleDependsOnChildren",
    "CrossCycleDependsOnOtherNode",
)  # fmt: skip
_STATES = {
    "Skip": "its instances do nothing and succeed there: a schedule says no such thing",
    "Pause": "it is frozen there: freeze the schedule when it is deployed",
    "NoneAuto": "nothing makes instances of it there: freeze the schedule when it is deployed",
}
_ROOT = "_root"
_OFFSET = re.compile(r"(?:UTC|GMT)\s*([+-])0?([0-9]{1,2})(?::?00)?", re.IGNORECASE)
_MINUTE = 60


_TRIGGER = LaxRecord(
    "trigger",
    (
        Field("type", Text(), "What makes instances"), Field("cron", Text(), "When"),
        Field("cycleType", Text(), "Of a day, or of less"),
        Field("startTime", Text(), "From when on"), Field("endTime", Text(), "Up to when"),
        Field("timezone", Text(), "Whose clock"), Field("id", Text(), "What it is called"),
        Field("delaySeconds", Number(0, 1e9), "How much later"),
    ),
)  # fmt: skip
TIMING = (
    Field("trigger", _TRIGGER, "When it runs"),
    Field("recurrence", Choice(("Normal", *_STATES)), "Whether it runs"),
    Field("instanceMode", Choice(tuple(INSTANCES)), "When instances are made"),
    Field("rerunMode", Choice((*RERUN, *_OLDER_RERUN)), "When it may be run again"),
    Field("rerunTimes", Number(0, 100), "Further runs after a failure"),
    Field("rerunInterval", Number(0, 1e9), "Milliseconds between them"),
    Field("timeout", Number(0, 1e9), "Longest time, seconds"),
    Field("priority", Number(1, 9), "The larger goes first"),
)
_DEPEND = LaxRecord(
    "dependency",
    (
        Field("type", Choice((SAME, OWN, OTHERS, OTHER)), "Which cycle of what"),
        Field("output", Text(), "What the other gives"), Field("nodeId", Text(), "The other"),
        Field("refTableName", Text(), "A name of it"),
    ),
)  # fmt: skip
_DEPENDS = ListOf(_DEPEND)


def schedule_of(
    given: dict[str, Any], root: Mapping, path: Path, reading: Reading
) -> Schedule | None:
    """The schedule that a node's fields say, with its `pipeline` empty; None for a node without.

    Faults are noted, and warnings for what no schedule says.
    """
    waits = _depends_on(given, root, path, reading)
    if not waits and not any(row.name in given for row in TIMING):
        return None
    title = given.get("name", "")
    name = schedule_name(title, "schedule")
    if title != name:
        reading.fault((*path, "name"), f"the schedule is called {name}", "warning")
    trigger = given.get("trigger", {})
    recurrence = _recurrence(trigger, (*path, "trigger"), reading)
    if state := _STATES.get(given.get("recurrence", "")):
        reading.fault((*path, "recurrence"), state, "warning")
    timeout = given.get("timeout", 0)
    if 0 < timeout < _MINUTE:
        what = f"{timeout} seconds, as FlowSpec says; older files may mean hours"
        reading.fault((*path, "timeout"), what, "warning")
    rerun: Any = (RERUN | _OLDER_RERUN)[given.get("rerunMode", "Allowed")]
    instances: Any = INSTANCES[given.get("instanceMode", "T+1")]
    schedule = Schedule(
        name, "1.0.0", "", recurrence, _zone(trigger, (*path, "trigger"), reading),
        display_name=title if title != name else "", description=given.get("description", ""),
        instances=instances, timeout=float(timeout) if timeout else None,
        retries=given.get("rerunTimes", 0), rerun=rerun, priority=given.get("priority", 5),
        depends_on=_without_itself(waits, name),
    )  # fmt: skip
    after = given.get("rerunInterval")
    return schedule if after is None else replace(schedule, retry_after=after / 1000)


def schedule_name(title: str, otherwise: str) -> str:
    """What a schedule is called after a title: the title itself, if it may be one's name."""
    if names.is_entity(title) and title not in (SELF, CHILDREN):
        return title
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", title)[:100].strip("._-")
    return plain if plain and plain not in (SELF, CHILDREN) else otherwise


# --- when -----------------------------------------------------------------------------------------


def _recurrence(trigger: dict[str, Any], path: Path, reading: Reading) -> Recurrence | None:
    kind, text = trigger.get("type", "Scheduler"), trigger.get("cron", "")
    if kind.removesuffix("Trigger") != "Scheduler":
        if kind.removesuffix("Trigger") not in ("Manual", "None"):
            what = f"'{kind[:60]}': nothing but a cron makes instances of what is converted"
            reading.fault((*path, "type"), what, "warning")
        return None
    if not text:
        return None
    try:
        found = cron.read(
            text, is_daily=trigger.get("cycleType", "") not in ("NotDaily", "NOT_DAY")
        )
    except BadRequest as error:
        reading.fault((*path, "cron"), str(error))
        return None
    if trigger.get("delaySeconds"):
        reading.fault((*path, "delaySeconds"), "no schedule is late by so much", "warning")
    first = _day(trigger, "startTime", date.min, path, reading)
    last = _day(trigger, "endTime", date.max, path, reading)
    if last < first:
        reading.fault((*path, "endTime"), f"{last} is before the first day, {first}")
    return replace(found, first=first, last=last, clock="dataworks")


def _day(trigger: dict[str, Any], name: str, unsaid: date, path: Path, reading: Reading) -> date:
    """A bound's day; one that says always is `unsaid`."""
    text = trigger.get(name, "")
    if not text:
        return unsaid
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        what = f"'{text[:60]}' is no time such as 2026-01-31 00:00:00"
        reading.fault((*path, name), what)
        return unsaid
    is_open = name == "endTime"
    if found.date() in (datetime.fromisoformat(ALWAYS[is_open]).date(), date.min, date.max):
        return unsaid
    if found.time() not in (time.min, time(23, 59, 59)):
        reading.fault((*path, name), f"the whole of {found.date()} counts", "warning")
    return found.date()


def _zone(trigger: dict[str, Any], path: Path, reading: Reading) -> str:
    text = trigger.get("timezone", "")
    if not text:
        what = f"no timezone: {ZONE}, as DataWorks has it where nothing else is set"
        if trigger.get("cron"):
            reading.fault(path, what, "warning")
        return ZONE
    offset = _OFFSET.fullmatch(text.strip())
    sign = {"+": "-", "-": "+"}[offset[1]] if offset else ""  # Etc/GMT-8 is east of Greenwich
    name = f"Etc/GMT{sign}{offset[2]}" if offset else text
    try:
        return parse_zone(name)
    except ValueError:
        reading.fault((*path, "timezone"), f"there is no zone '{text[:60]}'")
        return ZONE


# --- after what -----------------------------------------------------------------------------------


def _depends_on(
    given: dict[str, Any], root: Mapping, path: Path, reading: Reading
) -> list[Dependency]:
    called = _called(root)
    waits: dict[Dependency, None] = {}
    for at, depends in _lists(given.get("id", ""), root, path):
        read = _DEPENDS.read(depends, at, reading)
        for index, depend in enumerate(() if read is INVALID else read):
            wait = _dependency(depend, called, (*at, index), reading)
            if wait:
                waits[wait] = None
    return list(waits)


def _lists(key: str, root: Mapping, path: Path) -> Iterator[tuple[Path, Node]]:
    """Each list of what the node waits for: of the flow, and of the node itself."""
    for name in ("flow", "dependencies"):
        flows = child(root, "spec", name)
        for index, flow in enumerate(flows.items if isinstance(flows, Sequence) else ()):
            depends = child(flow, "depends")
            whose = bare(text_of(child(flow, "nodeId")))
            if depends is not None and whose in (key, ""):
                yield ("spec", name, index, "depends"), depends
    node = next(each for at, each, _ in pai_nodes(root) if at == path)
    own = child(node, "dependencies")
    for index, item in enumerate(own.items if isinstance(own, Sequence) else ()):
        depends = child(item, "depends")
        if depends is not None:
            yield (*path, "dependencies", index, "depends"), depends
    if isinstance(own, Sequence) and not any(child(item, "depends") for item in own.items):
        yield (*path, "dependencies"), own


def _called(root: Mapping) -> dict[str, str]:
    """The names of the nodes in a file, by their ids and by what they give."""
    found: dict[str, str] = {}
    for _, node, _ in pai_nodes(root):
        name = text_of(child(node, "name")) or text_of(child(node, "reference", "output"))
        outputs = child(node, "outputs", "nodeOutputs")
        given = (
            [child(each, "data") for each in outputs.items] if isinstance(outputs, Sequence) else []
        )
        for key in (child(node, "id"), *given):
            if name and text_of(key):
                found[text_of(key)] = name
    return found


def _dependency(
    given: dict[str, Any], called: dict[str, str], path: Path, reading: Reading
) -> Dependency | None:
    kind = given.get("type", SAME)
    if kind in (OWN, OTHERS):
        return Dependency(SELF if kind == OWN else CHILDREN)
    target = bare(given.get("output") or given.get("nodeId") or "")
    if not target:
        reading.fault(path, "missing: the output that it waits for")
        return None
    other = called.get(target, target)
    if kind == SAME and other.endswith(_ROOT):
        what = f"'{other[:60]}' is the root of its workspace, which has nothing to wait for"
        reading.fault(path, what, "warning")
        return None
    name = schedule_name(other, "")
    if not name:
        reading.fault(path, f"'{other[:60]}' is no schedule's name: not waited for", "warning")
        return None
    if name != target:
        what = f"it waits for a schedule called {name}, where '{target[:60]}' stands"
        reading.fault(path, what, "warning")
    return Dependency(name, cycle="same" if kind == SAME else "last")


def _without_itself(waits: list[Dependency], name: str) -> tuple[Dependency, ...]:
    """What is waited for; of the schedule itself it is the last cycle."""
    return tuple(dict.fromkeys(Dependency(SELF) if each.schedule == name else each
                               for each in waits))  # fmt: skip
