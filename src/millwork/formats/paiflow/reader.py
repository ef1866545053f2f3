"""A manifest read: metadata, ports, and the pipelines within it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from millwork.base.errors import InvalidFile
from millwork.base.records import dataclass
from millwork.formats.paiflow.model import Argument, Artifact, Manifest, Origin, Parameter
from millwork.spec.document import Mapping, Scalar
from millwork.spec.fields import INVALID, Bool, Constant, Field, ListOf, Reading, Text
from millwork.spec.foreign import Anything, LaxRecord

if TYPE_CHECKING:
    from millwork.spec.document import Node
    from millwork.spec.model import Path

API_VERSION = "core/v1"
_ORIGIN = re.compile(
    r"\{\{\s*(?:pipelines\.([^{}]+?)\.outputs|inputs)\.(artifacts|parameters)\.([^{}]+?)\s*\}\}"
)
_SAID = Text(bool, "it is empty")


@dataclass(frozen=True)
class _Kind:
    """An artifact's type: a word, or a mapping from one to its details."""

    label: str = "type"
    blank: str = ""

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        """`table`, `model` or `any`."""
        if isinstance(node, Scalar):
            word, details = node.text, ""
        elif isinstance(node, Mapping) and node.entries:
            word, (_, inner) = next(iter(node.entries.items()))
            details = _location(inner)
        else:
            return reading.fault(path, "expected a type: DataSet, Model or Any")
        if word == "DataSet" and details in ("", "MaxComputeTable"):
            return "table"
        return "model" if word == "Model" else "any"

    def schema(self) -> dict[str, Any]:
        """A word or a mapping."""
        return {"type": ["string", "object"]}


def _location(node: Node) -> str:
    entry = node.entries.get("locationType") if isinstance(node, Mapping) else None
    return entry[1].text if entry and isinstance(entry[1], Scalar) else ""


@dataclass(frozen=True)
class _Within:
    """A manifest within a manifest."""

    label: str = "manifest"
    blank: None = None

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        """The manifest."""
        return _MANIFEST.read(node, path, reading)

    def schema(self) -> dict[str, Any]:
        """As the whole."""
        return {"type": "object"}


def _origin(given: dict[str, Any], path: Path, reading: Reading) -> Origin | None:
    """Where something comes from, by `from` or by a value that is nothing else."""
    text = given.get("from")
    if text is None:
        value = given.get("value")
        found = _ORIGIN.fullmatch(value) if isinstance(value, str) else None
        return _named(found) if found else None
    found = _ORIGIN.fullmatch(text)
    if found:
        return _named(found)
    expected = "{{pipelines.NAME.outputs.artifacts.NAME}} or {{inputs.parameters.NAME}}"
    reading.fault((*path, "from"), f"expected {expected}")
    return None


def _named(found: re.Match[str]) -> Origin:
    return Origin(found[1] or "", found[2] == "artifacts", found[3])


def _argument(given: dict[str, Any], path: Path, reading: Reading) -> Argument:
    origin = _origin(given, path, reading)
    return Argument(given["name"], None if origin else given.get("value"), origin, path)


def _artifact(given: dict[str, Any], path: Path, reading: Reading) -> Artifact:
    if given.get("repeated"):
        reading.fault((*path, "repeated"), "a port is one thing here", "warning")
    return Artifact(
        given["name"], given.get("metadata", {}).get("type", "any"), given.get("required", True),
        given.get("desc", ""), _origin(given, path, reading), path,
    )  # fmt: skip


def _parameter(given: dict[str, Any], path: Path, reading: Reading) -> Parameter:
    if given.get("feasible"):
        reading.fault((*path, "feasible"), "its limits are not carried over", "warning")
    words = (given["name"], given.get("type", ""), given.get("value"), given.get("desc", ""))
    return Parameter(*words, path)


def _manifest(given: dict[str, Any], path: Path, reading: Reading) -> Any:
    head, spec = given["metadata"], given["spec"]
    if not head or spec is None:
        return INVALID
    inputs, outputs, arguments = (
        {kind: _read(spec.get(name, {}).get(kind, ())) for kind in ("artifacts", "parameters")}
        for name in ("inputs", "outputs", "arguments")
    )
    if outputs["parameters"]:
        what = "a pipeline's outputs are data: values are read within it"
        reading.fault((*path, "spec", "outputs", "parameters"), what, "warning")
    return Manifest(
        head.get("name") or head["identifier"], head.get("displayName", ""), head["identifier"],
        head.get("provider", "pai"), spec.get("container", {}).get("image", ""),
        inputs["artifacts"], inputs["parameters"], outputs["artifacts"], arguments["artifacts"],
        arguments["parameters"], _read(spec.get("dependencies", ())),
        _read(spec.get("pipelines", ())), path,
    )  # fmt: skip


def _read(items: Any) -> tuple[Any, ...]:
    return tuple(item for item in items if item is not INVALID)


_NAME = Field("name", _SAID, "Its name", True)
_VALUE, _FROM = Field("value", Anything(), "Its value"), Field("from", Text(), "Where it is from")
_DESC = Field("desc", Text(), "For people")
_TYPED = LaxRecord("metadata", (Field("type", _Kind(), "Type"),))
_ARTIFACT = LaxRecord(
    "artifact",
    (
        _NAME,
        Field("metadata", _TYPED, "Its type"),
        Field("required", Bool(), "Whether it must be given"),
        Field("repeated", Bool(), "Whether it is several"),
        _DESC, _VALUE, _FROM,
    ),
    _artifact,
)  # fmt: skip
_PARAMETER = LaxRecord(
    "parameter",
    (_NAME, Field("type", Text(), "Type"), _VALUE, _DESC,
     Field("feasible", Anything(), "The values allowed"), _FROM),
    _parameter,
)  # fmt: skip
_ARGUMENT = LaxRecord("argument", (_NAME, _VALUE, _FROM), _argument)


def _ports(artifact: LaxRecord, parameter: LaxRecord) -> LaxRecord:
    return LaxRecord(
        "ports",
        (
            Field("artifacts", ListOf(artifact), "Data"),
            Field("parameters", ListOf(parameter), "Values"),
        ),
    )


_METADATA = LaxRecord(
    "metadata",
    (
        Field("identifier", _SAID, "PAI's name of it", True),
        Field("name", Text(), "What a graph calls it"),
        Field("displayName", Text(), "For people"),
        Field("provider", Text(), "Whose it is"),
        Field("version", Text(), "Its version"),
        Field("uuid", Text(), "PAI's number for it"),
    ),
)
_CONTAINER = LaxRecord("container", (Field("image", Text(), "Its image"),))
_SPEC = LaxRecord(
    "spec",
    (
        Field("inputs", _ports(_ARTIFACT, _PARAMETER), "What it takes"),
        Field("outputs", _ports(_ARTIFACT, _PARAMETER), "What it gives"),
        Field("arguments", _ports(_ARGUMENT, _ARGUMENT), "What it is given in a graph"),
        Field("dependencies", ListOf(Text()), "What it waits for"),
        Field("pipelines", ListOf(_Within()), "Its components"),
        Field("container", _CONTAINER, "What is run"),
    ),
)
_MANIFEST = LaxRecord(
    "manifest",
    (
        Field("apiVersion", Constant(API_VERSION), "The format"),
        Field("metadata", _METADATA, "What it is called", True),
        Field("spec", _SPEC, "What it is", True),
    ),
    _manifest,
)


def is_manifest(root: Mapping) -> bool:
    """Whether a file says that it is of PAIFlow."""
    entry = root.entries.get("apiVersion")
    return bool(entry and isinstance(entry[1], Scalar) and entry[1].text == API_VERSION)


def read_manifest(root: Mapping, file: str) -> tuple[Manifest, Reading]:
    """The manifest in `root`, and the reading with a warning for each thing that is not used.

    Raises InvalidFile with every fault of it, and for that of a component without a graph.
    """
    reading = Reading(file)
    manifest = _MANIFEST.read(root, (), reading)
    if manifest is not INVALID and not reading.faults and not manifest.pipelines:
        message = "a component's manifest: only those of pipelines are read"
        reading.fault(("spec",), message)
    if any(fault.severity == "error" for fault in reading.faults):
        raise InvalidFile(reading.faults)
    return manifest, reading
