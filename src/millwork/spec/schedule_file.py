"""The schedule file: its field table, the rules across fields, and the way back to a file."""

from __future__ import annotations

import re
from itertools import count, takewhile
from typing import TYPE_CHECKING, Any, TypeVar, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from millwork.base import names
from millwork.base.errors import InvalidFile
from millwork.base.faults import Fault
from millwork.base.records import dataclass
from millwork.base.sizes import write_duration
from millwork.base.uris import is_uri, parse_uri
from millwork.spec.component import API_VERSION
from millwork.spec.document import Mapping, Scalar, Sequence, collector_paused, parse
from millwork.spec.fields import (
    DURATION,
    INVALID,
    PAUSE,
    ByShape,
    Choice,
    Constant,
    Field,
    ListOf,
    MapOf,
    Number,
    Parsed,
    Raw,
    Reading,
    Record,
    Text,
)
from millwork.spec.model import Source
from millwork.spec.pipeline import EXPRESSION
from millwork.spec.recurrence_fields import FIELDS, parse_time, take_recurrence, written
from millwork.spec.schedule import (
    CHILDREN,
    SELF,
    Alert,
    Cycle,
    Dependency,
    Moment,
    Schedule,
    Trigger,
    read_within,
)
from millwork.spec.scheduling import NAME_RULE, is_name
from millwork.spec.writer import to_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from millwork.spec.document import Node
    from millwork.spec.model import Path

_Item = TypeVar("_Item")
_MOST_HOURS = 48
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+|https?://[^\s/]\S*")
_PIPELINE_RULE = "NAME or NAME@x.y.z, of a pipeline in the registry"


def _is_pipeline(text: str) -> bool:
    name, at, version = text.partition("@")
    return names.is_entity(name) and (not at or names.is_version(version))


def parse_zone(text: str) -> str:
    """The name of a zone; ValueError if there is none."""
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"there is no zone '{text[:60]}'; one is Europe/Berlin") from None
    return text


def _within(text: str) -> str:
    read_within(text)
    return text


def _uri(text: str) -> str:
    """A URI in which expressions may stand; one without any is read to its end."""
    read_within(text)
    if "$" not in text or not is_uri(text):
        parse_uri(text)
    return text


def _minutes(text: str) -> int:
    found = re.fullmatch(r"([0-9]{2}):([0-5][0-9])", text)
    if not found or int(found[1]) >= _MOST_HOURS:
        raise ValueError(f"'{text[:60]}' is no time from 00:00 to 47:59")
    return int(found[1]) * 60 + int(found[2])


def _window(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    try:
        bounds = tuple(at.hour * 60 + at.minute for at in map(parse_time, (first, last)))
    except ValueError:
        bounds = (0, 0)
    if bounds[0] == bounds[1] or len(text) != len("22:00-07:00"):
        raise ValueError(f"'{text[:60]}' is no time from one to another, such as 22:00-07:00")
    return bounds[0], bounds[1]


def _address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f"'{text[:60]}' is neither a mail address nor https://...")
    return text


@dataclass(frozen=True)
class _Values(Raw):
    """A parameter's value, one or a list, in which expressions may stand."""

    label: str = "value, with expressions"

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        value = super().read(node, path, reading)
        if isinstance(value, tuple) and isinstance(node, Sequence):
            read = [_VALUE.read(each, (*path, at), reading) for at, each in enumerate(node.items)]
            return INVALID if INVALID in read else value
        return value if value is INVALID else _VALUE.read(node, path, reading)


_VALUE = Parsed(label="value", parse=_within)
_URI = Parsed(label="URI, with expressions", parse=_uri)


def _on_schedule(text: str) -> Dependency:
    if text in (SELF, CHILDREN):
        return Dependency(text)
    if not names.is_entity(text):
        raise ValueError(f"'{text[:60]}' is no schedule's name: {names.ENTITY_RULE}")
    return Dependency(text)


def _dependency(given: dict[str, Any], path: Path, reading: Reading) -> Any:
    if any(reading.is_broken((*path, name)) for name in DEPENDENCY.rows):
        return INVALID
    if ("schedule" in given) == ("file" in given):
        return reading.fault(path, "expected either {schedule: NAME} or {file: URI}")
    for name in ("workspace", "cycle"):
        if name in given and given.get("schedule", SELF) in (SELF, CHILDREN):
            return reading.fault((*path, name), f"only another schedule has a '{name}'")
    return Dependency(**given)


DEPENDENCY = Record(
    "dependency",
    (
        Field("schedule", Text(names.is_entity, names.ENTITY_RULE), "A schedule's name"),
        Field("workspace", Text(names.is_label, names.LABEL_RULE), "Where that is",
              default="its own"),
        Field("cycle", Choice(get_args(Cycle)), "Of the same day, or its last", default="same"),
        Field("file", _URI, "A URI that is there; expressions may stand in it"),
    ),
    _dependency,
)  # fmt: skip


def _trigger(given: dict[str, Any], path: Path, reading: Reading) -> Any:
    if any(reading.is_broken((*path, name)) for name in TRIGGER.rows):
        return INVALID
    if ("dataset" in given) == ("file" in given):
        return reading.fault(path, "expected either {file: URI} or {dataset: NAME}")
    if "every" in given and "dataset" in given:
        return reading.fault((*path, "every"), "a dataset is not looked at: it tells by itself")
    return Trigger(**given)


TRIGGER = Record(
    "trigger",
    (
        Field("file", _URI, "A URI: when it is new, or changes"),
        Field("every", DURATION, "How often it is looked at", default="1m"),
        Field("dataset", Text(names.is_entity, names.ENTITY_RULE),
              "A dataset: when it has a new version"),
    ),
    _trigger,
)  # fmt: skip


def _alert(given: dict[str, Any], path: Path, reading: Reading) -> Any:
    if any(reading.is_broken((*path, name)) for name in ALERT.rows):
        return INVALID
    if isinstance(given["to"], str):
        given["to"] = (given["to"],)
    if not given["to"] and (*path, "to") not in reading.faulty():
        return reading.fault((*path, "to"), "nobody is told: the list is empty")
    if (given["on"] == "unfinished") != ("by" in given):
        if "by" in given:
            return reading.fault((*path, "by"), "only 'on: unfinished' has it")
        said = "'on: unfinished' needs 'by', when it must have finished, such as \"06:30\""
        return reading.fault(path, said)
    return Alert(**given)


_TO = Parsed(label="address", parse=_address)
ALERT = Record(
    "alert",
    (
        Field("on", Choice(get_args(Moment)), "What is told", required=True),
        Field("to", ByShape(scalar=_TO, sequence=ListOf(_TO)),
              "Who is told: mail addresses, and webhooks (`https://...`)", required=True),
        Field("by", Parsed(label="hh:mm up to 47:59", parse=_minutes),
              "Of `unfinished`: after the midnight that ends the business date"),
        Field("silent", Parsed(label="hh:mm-hh:mm", parse=_window),
              "When nothing is told: `22:00-07:00`"),
        Field("every", DURATION, "Told again, as long as it holds", default="once"),
        Field("most", Number(1, 1000), "Times a day at most", default="10"),
    ),
    _alert,
)  # fmt: skip

SCHEDULE = Record(
    "schedule",
    (
        Field("apiVersion", Constant(API_VERSION, f"`{API_VERSION}`"), "The file's format", True),
        Field("kind", Constant("Schedule", "`Schedule`"), "What the file holds", True),
        Field("name", Text(names.is_entity, names.ENTITY_RULE), "The schedule's name", True),
        Field("version", Text(names.is_version, names.VERSION_RULE), "x.y.z, as written", True),
        Field("version_description", Text(), "What changed in this version"),
        Field("display_name", Text(), "For people", default="name"),
        Field("description", Text(), "For people, in Markdown"),
        Field("tags", MapOf(Text()), "Free words"),
        Field("pipeline", Text(_is_pipeline, _PIPELINE_RULE), "What runs: `NAME` or `NAME@x.y.z`",
              True),
        *FIELDS,
        Field("timezone", Parsed(label="zone", parse=parse_zone), "Whose clock it goes by",
              default="UTC"),
        Field("parameters", MapOf(_Values(), names.is_parameter, names.PARAMETER_RULE),
              "The pipeline's parameters; expressions may stand in them"),
        Field("inputs", MapOf(_URI, names.is_port, names.PORT_RULE),
              "The pipeline's inputs: URIs; expressions may stand in them"),
        Field("scheduling_parameters", MapOf(EXPRESSION, is_name, NAME_RULE),
              "Expressions by name, instead of the pipeline's own"),
        Field("depends_on", ListOf(ByShape(
            scalar=Parsed(label="a schedule's name, `self` or `children`", parse=_on_schedule),
            mapping=DEPENDENCY)), "What each instance waits for"),
        Field("triggers", ListOf(TRIGGER), "What makes instances besides"),
        Field("instances", Choice(("ahead", "at_once")), "Made a day before, or from today on",
              default="ahead"),
        Field("catch_up", Choice(("all", "latest", "none")),
              "Which cycles are made up for when no server was up", default="latest"),
        Field("max_age", DURATION, "None older than that is made up for"),
        Field("timeout", DURATION, "Longest time of one run"),
        Field("retries", Number(0, 100), "Further runs after a failure", default="0"),
        Field("retry_after", PAUSE, "How long after the failure", default="2m"),
        Field("rerun", Choice(("always", "after_failure", "never")),
              "When people may run it again", default="always"),
        Field("priority", Number(1, 9), "9 goes first", default="5"),
        Field("run_as", Text(names.is_label, names.LABEL_RULE),
              "The member or service account that it runs as", default="who deploys it"),
        Field("alerts", ListOf(ALERT), "What is told to whom"),
    ),
)  # fmt: skip


@collector_paused()
def read_schedule(text: str, file: str) -> tuple[Schedule, Reading]:
    """The schedule in a file's text, and the reading with its warnings.

    Raises InvalidFile with every fault of the file.
    """
    root = parse(text, file)
    _check_kind(root, file)
    reading = Reading(file)
    given = SCHEDULE.read(root, (), reading)
    del given["apiVersion"], given["kind"]
    recurrence = take_recurrence(given, reading)
    source = Source(file, text=text, places=reading.places)
    schedule = Schedule(**given, recurrence=recurrence, source=source)
    _check(schedule, reading)
    if any(fault.severity == "error" for fault in reading.faults):
        raise InvalidFile(sorted(reading.faults, key=lambda fault: (fault.line, fault.column)))
    return schedule, reading


def _check_kind(root: Mapping, file: str) -> None:
    """Refuses a file of another kind for that alone: its fields are not a schedule's."""
    _, kind = root.entries.get("kind", (None, None))
    if isinstance(kind, Scalar) and kind.text != "Schedule":
        message = f"expected 'Schedule', found '{kind.text[:60]}'"
        raise InvalidFile([Fault(file, *kind.place, "kind", "error", message)])


def _check(schedule: Schedule, reading: Reading) -> None:
    """Notes every breach of a rule across fields."""
    if schedule.name in (SELF, CHILDREN):
        reading.fault(("name",), f"'{schedule.name}' is a word of depends_on")
    seen: set[Dependency] = set()
    for path, each in _placed("depends_on", schedule.depends_on, reading):
        if each in seen:
            reading.fault(path, "it stands twice")
        if each.schedule == schedule.name and not each.workspace:
            reading.fault(path, f"its own last cycle is '{SELF}'")
        seen.add(each)
    for path, alert in _placed("alerts", schedule.alerts, reading):
        if alert.on == "timeout" and schedule.timeout is None:
            reading.fault((*path, "on"), "nothing times out: there is no 'timeout'")


def _placed(name: str, items: tuple[_Item, ...], reading: Reading) -> Iterator[tuple[Path, _Item]]:
    """Each item of a list that could be read, with its path: the others are left out of it."""
    faulty = reading.faulty()
    paths = takewhile(reading.places.__contains__, ((name, index) for index in count()))
    return zip((path for path in paths if path not in faulty), items, strict=False)


def write_schedule(schedule: Schedule) -> str:
    """A schedule as YAML, which `read_schedule` reads again."""
    return to_yaml(schedule_document(schedule))


def schedule_document(schedule: Schedule) -> dict[str, Any]:
    """The canonical plain document: what differs from its default, in the field table's order."""
    unsaid = Schedule(schedule.name, schedule.version, schedule.pipeline)
    document: dict[str, Any] = {"apiVersion": API_VERSION, "kind": "Schedule"}
    for row in SCHEDULE.fields[2:]:
        value = getattr(schedule, row.name, None)
        if row.name == "every" and schedule.recurrence:
            document |= written(schedule.recurrence)
        elif row.required or value != getattr(unsaid, row.name, None):
            write = _WRITERS.get(row.name)
            document[row.name] = write(value) if write else value
    return document


def _plain_parameters(given: dict[str, Any]) -> dict[str, Any]:
    return {name: list(each) if isinstance(each, tuple) else each for name, each in given.items()}


def _plain_dependency(given: Dependency) -> str | dict[str, str]:
    if given == Dependency(given.schedule):
        return given.schedule
    cycle = given.cycle if given.cycle != "same" else ""
    said = {
        "schedule": given.schedule, "workspace": given.workspace, "cycle": cycle,
        "file": given.file,
    }  # fmt: skip
    return {name: text for name, text in said.items() if text}


def _plain_trigger(given: Trigger) -> dict[str, str]:
    if given.dataset:
        return {"dataset": given.dataset}
    every = {"every": write_duration(given.every)} if given.every != Trigger().every else {}
    return {"file": given.file, **every}


def _plain_alert(given: Alert) -> dict[str, Any]:
    said: dict[str, Any] = {"on": given.on, "to": list(given.to)}
    if given.by is not None:
        said["by"] = _clock(given.by)
    if given.silent is not None:
        said["silent"] = "-".join(map(_clock, given.silent))
    if given.every is not None:
        said["every"] = write_duration(given.every)
    if given.most != Alert("failed", ()).most:
        said["most"] = given.most
    return said


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


_WRITERS: dict[str, Callable[[Any], Any]] = {
    "tags": dict,
    "parameters": _plain_parameters,
    "inputs": dict,
    "scheduling_parameters": dict,
    "max_age": write_duration,
    "timeout": write_duration,
    "retry_after": write_duration,
    "depends_on": lambda given: list(map(_plain_dependency, given)),
    "triggers": lambda given: list(map(_plain_trigger, given)),
    "alerts": lambda given: list(map(_plain_alert, given)),
}
