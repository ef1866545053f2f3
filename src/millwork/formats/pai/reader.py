"""PAI's AlgorithmSpec read as a component.

Names and types are those of PAI's API PaiStudio 2022-01-12 (reference pai-contract.md, section 3):
an AlgorithmSpec by itself, or within an object that names it (`AlgorithmName`, ...). What a value
of ResourceRequirements means is not public; the key `GPU` is this module's own reading of it.
"""

from __future__ import annotations

import re
import shlex
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from millwork.base import names
from millwork.base.errors import InvalidFile
from millwork.spec.component import PARAMETER, check_component, is_capture, is_regex
from millwork.spec.fields import (
    INVALID,
    Bool,
    ByShape,
    Choice,
    Field,
    ListOf,
    MapOf,
    Number,
    Reading,
    Text,
)
from millwork.spec.foreign import OpenRecord
from millwork.spec.model import (
    JOB_TYPES,
    Code,
    Component,
    Constraints,
    Input,
    Metric,
    Output,
    Progress,
    Range,
    Source,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from millwork.spec.document import Mapping
    from millwork.spec.model import Path

_TYPES = {
    "Int": "Int", "Float": "Float", "String": "String", "Boolean": "Bool", "Bool": "Bool",
    "Channel": "String",
}  # fmt: skip
_SOURCES = {
    "oss": "oss", "nas": "nas", "cpfs": "nas", "odps": "table", "maxcompute": "table",
    "dataset": "dataset", "http": "http", "https": "http",
}  # fmt: skip
LONGEST = 10**9
NO_GPU, ONE_GPU, SOME_GPUS = [("In", ("0",))], [("In", ("1",))], [("Gt", ("0",))]
_UNNAMED_VERSION = "1.0.0"
_GPU_FAMILY = re.compile(r"GPU|ecs\.(ebm|scc)?v?gn.*", re.IGNORECASE)


_TAILS: dict[str, tuple[str, ...]] = {
    "default": ("DefaultValue",),
    "range": ("Range",),
    "length": ("Range",),
    "enum": ("Range", "Enum"),
    "pattern": ("Range", "Pattern"),
}


class _PaiNames(Reading):
    """Notes what breaks Millwork's rules under PAI's names for the fields."""

    def __init__(self, reading: Reading, known: dict[Path, Path]) -> None:
        super().__init__(reading.file)
        self._reading = reading
        self._known = known

    def fault(self, path: Path, message: str, severity: str = "error") -> Any:
        return self._reading.fault(self._translated(path), message, severity)

    def _translated(self, path: Path) -> Path:
        head = self._known.get(path[:2], path[:2])
        if len(path) == 2:
            return (*head, "Name")
        return (*head, *_TAILS.get(str(path[2]), ()), *path[3:])


def _hyperparameter(given: dict[str, Any], path: Path, reading: Reading) -> Any:
    name, kind = given.pop("name"), given["type"]
    given["type"] = _TYPES.get(kind, "")
    if kind == "Channel":
        reading.fault((*path, "Type"), "a Channel is read as a String", "warning")
    if given.get("default") == "" and kind != "String":
        del given["default"]
    given |= given.pop("Range", {})
    known: dict[Path, Path] = {("parameters", name): path}
    parameter = PARAMETER.build(given, ("parameters", name), _PaiNames(reading, known))
    return parameter if parameter is INVALID else (name, parameter, path)


def _range(given: dict[str, Any], path: Path, reading: Reading) -> dict[str, Any]:
    limits = Range(
        given.get("low"),
        given.get("high"),
        given.get("above", False) and "low" in given,
        given.get("below", False) and "high" in given,
    )
    length = Range(given.get("shortest", 0), given.get("longest", LONGEST))
    pattern = given.get("pattern", "")
    if not is_regex(pattern):
        reading.fault((*path, "Pattern"), "not in RE2 syntax; values are not checked", "warning")
        pattern = ""
    document = {
        "range": limits if "low" in given or "high" in given else None,
        "length": length if "shortest" in given or "longest" in given else None,
        "enum": given.get("enum", ()),
        "pattern": pattern,
    }
    return {name: rule for name, rule in document.items() if rule}


def _metric(given: dict[str, Any], path: Path, reading: Reading) -> Any:
    return (_captured(given["regex"], path, reading) and Metric(**given)) or INVALID


def _progress(given: dict[str, Any], path: Path, reading: Reading) -> Any:
    usable = {
        name: regex
        for name, key in (("overall", "OverallProgress"), ("remaining", "RemainingTime"))
        if (regex := given.get(name)) and _captured(regex, (*path, key), reading)
    }
    return Progress(**usable) if usable else INVALID


def _captured(regex: str, path: Path, reading: Reading) -> bool:
    if is_capture(regex):
        return True
    message = "not RE2 syntax with exactly one group, so nothing is read from the log by it"
    reading.fault((*path, "Regex"), message, "warning")
    return False


def _sources(given: dict[str, Any], path: Path, reading: Reading) -> tuple[str, ...]:
    found = []
    for index, kind in enumerate(given.pop("channel_types", ())):
        source = _SOURCES.get(kind.lower())
        if source is None:
            at = (*path, "SupportedChannelTypes", index)
            reading.fault(at, f"'{kind[:60]}' is not known, so not used", "warning")
        elif source not in found:
            found.append(source)
    return tuple(found)


def _input(given: dict[str, Any], path: Path, reading: Reading) -> Any:
    sources = _sources(given, path, reading)
    given.setdefault("required", False)
    return given.pop("name"), Input(sources=sources, **given), path


def _output(given: dict[str, Any], path: Path, reading: Reading) -> Any:
    given.pop("required", None)
    storage = _sources(given, path, reading)
    return given.pop("name"), Output(storage=storage, **given), path


def _location(given: dict[str, Any], path: Path, reading: Reading) -> Any:
    kind, place = given["kind"].lower(), given["place"]
    host = place.get("Bucket") or place.get("FileSystemId")
    if not host:
        name = "Bucket" if kind == "oss" else "FileSystemId"
        return reading.fault((*path, "LocationValue"), f"missing: {name}")
    if kind == "oss" and place.get("Endpoint"):
        host += "." + place["Endpoint"]
    return Code("", uri=f"{kind}://{host}/{place.get('Key', place.get('Path', '')).lstrip('/')}")


def _command(words: tuple[str, ...]) -> str:
    """The text for `sh -c`; a list of one word is such a text already."""
    if len(words) == 3 and words[:2] in (("sh", "-c"), ("/bin/sh", "-c")):
        return words[2]
    return words[0] if len(words) == 1 else shlex.join(words)


class _Command(ByShape):
    """A text, or a list of words as a process gets them."""

    blank = ""  # type: ignore[assignment]

    def read(self, node: Any, path: Path, reading: Reading) -> Any:
        given = super().read(node, path, reading)
        text = _command(given) if isinstance(given, tuple) else given
        if text is INVALID or text.strip():
            return text
        return reading.fault(path, "it is empty")


_ANY_NUMBER = Number(float("-inf"), float("inf"), whole=False)
_LENGTH = Number(0, LONGEST)

RANGE = OpenRecord(
    "range",
    (
        Field("Enum", ListOf(Text()), "The values allowed", attribute="enum"),
        Field("Minimum", _ANY_NUMBER, "The least value", attribute="low"),
        Field("Maximum", _ANY_NUMBER, "The greatest value", attribute="high"),
        Field("ExclusiveMinimum", Bool(), "Above it", attribute="above"),
        Field("ExclusiveMaximum", Bool(), "Below it", attribute="below"),
        Field("MinLength", _LENGTH, "The least length", attribute="shortest"),
        Field("MaxLength", _LENGTH, "The greatest length", attribute="longest"),
        Field("Pattern", Text(), "What a text must match", attribute="pattern"),
    ),
    _range,
)

HYPERPARAMETER = OpenRecord(
    "hyperparameter",
    (
        Field("Name", Text(names.is_parameter, names.PARAMETER_RULE), "Its name", True,
              attribute="name"),
        Field("Type", Choice(tuple(_TYPES)), "Its type", True, attribute="type"),
        Field("DefaultValue", Text(), "The value where none is given", attribute="default"),
        Field("Required", Bool(), "Whether it must be given", attribute="required"),
        Field("Range", RANGE, "The values allowed"),
        Field("DisplayName", Text(), "For people", attribute="display_name"),
        Field("Description", Text(), "For people", attribute="description"),
    ),
    _hyperparameter,
)  # fmt: skip

_CHANNEL = (
    Field("Name", Text(names.is_port, names.PORT_RULE), "Its name", True, attribute="name"),
    Field("Description", Text(), "For people", attribute="description"),
    Field("Required", Bool(), "Whether it must be given", attribute="required"),
    Field("SupportedChannelTypes", ListOf(Text()), "Where it may be", attribute="channel_types"),
)

_REGEX = Field("Regex", Text(), "Its one group is the number", True, attribute="regex")
_PATTERN = OpenRecord("progress pattern", (_REGEX,), lambda given, _path, _reading: given["regex"])

SPEC = OpenRecord(
    "AlgorithmSpec",
    (
        Field("Command", _Command(Text(), ListOf(Text())), "What is run", True,
              attribute="command"),
        Field("JobType", Choice(JOB_TYPES[1:]), "How its processes find one another", True,
              attribute="job_type"),
        Field("Image", Text(), "Container image", attribute="image"),
        Field(
            "CodeDir",
            OpenRecord(
                "CodeDir",
                (
                    Field("LocationType", Choice(("OSS", "NAS", "oss", "nas")), "The storage",
                          True, attribute="kind"),
                    Field("LocationValue", MapOf(Text()), "The place in it", True,
                          attribute="place"),
                ),
                _location,
            ),
            "Where its code is",
            attribute="code",
        ),
        Field("Customization", MapOf(Bool()), "What a job may bring itself"),
        Field("HyperParameters", ListOf(HYPERPARAMETER), "Values", attribute="parameters"),
        Field("InputChannels", ListOf(OpenRecord("channel", _CHANNEL, _input)), "Data it reads",
              attribute="inputs"),
        Field("OutputChannels", ListOf(OpenRecord("channel", _CHANNEL, _output)), "Data it writes",
              attribute="outputs"),
        Field(
            "MetricDefinitions",
            ListOf(
                OpenRecord(
                    "metric",
                    (
                        Field("Name", Text(bool, "it is empty"), "Its name", True,
                              attribute="name"),
                        _REGEX,
                        Field("Description", Text(), "For people", attribute="description"),
                    ),
                    _metric,
                )
            ),
            "Numbers in the log",
            attribute="metrics",
        ),
        Field(
            "ProgressDefinitions",
            OpenRecord(
                "ProgressDefinitions",
                (
                    Field("OverallProgress", _PATTERN, "The share", attribute="overall"),
                    Field("RemainingTime", _PATTERN, "The seconds", attribute="remaining"),
                ),
                _progress,
            ),
            "Progress in the log",
            attribute="progress",
        ),
        Field(
            "ResourceRequirements",
            ListOf(
                OpenRecord(
                    "requirement",
                    (
                        Field("Key", Text(), "What is asked for", True),
                        Field("Operator", Text(), "How it compares"),
                        Field("Values", ListOf(Text()), "With what"),
                    ),
                )
            ),
            "What it needs of a machine",
        ),
        Field("SupportedInstanceTypes", ListOf(Text()), "Machines it runs on"),
        Field("SupportsDistributedTraining", Bool(), "More than one instance"),
    ),
)  # fmt: skip

ALGORITHM = OpenRecord(
    "algorithm",
    (
        Field("AlgorithmName", Text(names.is_entity, names.ENTITY_RULE), "Name",
              attribute="name"),
        Field("AlgorithmVersion", Text(names.is_version, names.VERSION_RULE), "x.y.z",
              attribute="version"),
        Field("DisplayName", Text(), "For people", attribute="display_name"),
        Field("AlgorithmDescription", Text(), "For people", attribute="description"),
        Field("AlgorithmSpec", SPEC, "The definition itself; a name alone cannot be run", True),
    ),
)  # fmt: skip


def is_pai(root: Mapping) -> bool:
    """Whether a file's top-level names are an AlgorithmSpec's, or of an object that holds one."""
    return bool(root.entries.keys() & (SPEC.rows.keys() | {"AlgorithmSpec", "AlgorithmName"}))


def read_pai(root: Mapping, text: str, file: str) -> tuple[Component, Reading]:
    """The component in `root`, with `text` kept, and the reading with its warnings.

    Without a name it is called after the file, without a version 1.0.0, and without a CodeDir its
    code is the file's folder. Raises InvalidFile with every fault, in PAI's names.
    """
    reading = Reading(file)
    has_name = "AlgorithmName" in root.entries and "Command" not in root.entries
    if has_name or "AlgorithmSpec" in root.entries:
        head = ALGORITHM.read(root, (), reading)
        spec = head.pop("AlgorithmSpec")
    else:
        head, spec = {}, SPEC.read(root, (), reading)
    if spec is None:
        raise InvalidFile(reading.faults)
    head.setdefault("name", _name_after(file))
    head.setdefault("version", _UNNAMED_VERSION)
    spec.pop("Customization", None)
    spec["constraints"] = _constraints(spec)
    known: dict[Path, Path] = {}
    for kind in ("inputs", "outputs", "parameters"):
        spec[kind] = _named(kind, spec.get(kind, ()), known, reading)
    source = Source(file, text=text, places=reading.places)
    component = Component(**head, **spec, flavour="pai", source=source)
    check_component(component, _PaiNames(reading, known))
    if any(fault.severity == "error" for fault in reading.faults):
        raise InvalidFile(reading.faults)
    return component, reading


def _name_after(file: str) -> str:
    stem = PurePath(file).stem
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("._-")[:128]
    return name or "component"


def _named(
    kind: str, found: Iterable[Any], known: dict[Path, Path], reading: Reading
) -> dict[str, Any]:
    named: dict[str, Any] = {}
    for name, item, path in found:
        if name in named:
            reading.fault((*path, "Name"), f"the name '{name}' stands twice")
        elif name:
            named[name] = item
            known[kind, name] = path
    return named


def _constraints(spec: dict[str, Any]) -> Constraints | None:
    is_distributed = spec.pop("SupportsDistributedTraining", True)
    machines = spec.pop("SupportedInstanceTypes", ())
    wishes = [
        (wish.get("Operator", "In"), wish.get("Values", ()))
        for wish in spec.pop("ResourceRequirements", ())
        if wish["Key"].upper() == "GPU"
    ]
    if is_distributed and not wishes and not machines:
        return None
    on_gpu = any(wish not in NO_GPU for wish in wishes)
    on_gpu = on_gpu or (bool(machines) and all(map(_GPU_FAMILY.fullmatch, machines)))
    return Constraints("GPU" if on_gpu else "CPU", is_distributed, on_gpu and wishes != ONE_GPU)
