"""What stands in `inputs` and `outputs` of AzureML's pipelines and jobs, read entry by entry.

An entry is a literal, a `${{...}}` reference, data by its path, or nothing but a declaration
(reference azureml-spec.md, 1.1; the early dialect leaves `parent.` out).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from millwork.base.records import dataclass
from millwork.formats.azureml.kinds import text_of
from millwork.formats.azureml.ports import V2_PARAMETERS, V2_PORTS
from millwork.formats.azureml.words import is_boolean, is_number
from millwork.spec.document import Mapping, Scalar
from millwork.spec.fields import INVALID, Choice
from millwork.spec.model import LocalPath

if TYPE_CHECKING:
    from collections.abc import Mapping as Named

    from millwork.spec.document import Node, Place
    from millwork.spec.fields import Reading
    from millwork.spec.model import Path

_EXPRESSION = re.compile(r"\$\{\{\s*([^{}]*?)\s*\}\}")
_REFERENCE = re.compile(r"(?:parent\.)?(?:(inputs|outputs)|jobs\.([^.\s]+)\.(outputs))\.(\S+)")
_WHOLE = re.compile(r"[-+]?(0b[01_]+|0x[0-9a-fA-F_]+|[0-9][0-9_]*)")
_DATA_FIELDS = ("type", "path", "mode", "description", "optional", "path_on_compute", "datastore")
_DECLARED_ONLY = ("default", "min", "max", "enum")
_OUTPUT_FIELDS = ("type", "path", "mode", "description", "name", "version")
_INPUT_TYPES = Choice(V2_PORTS)
_OUTPUT_TYPES = Choice((*V2_PORTS, *V2_PARAMETERS))
_INPUT_MODES = Choice(
    ("ro_mount", "rw_mount", "mount", "download", "upload", "direct", "eval_mount", "eval_download")
)
_OUTPUT_MODES = Choice(("rw_mount", "mount", "upload", "direct", "link"))
UNKNOWN = "path"
"""The type of a port that nothing in the pipeline's own file tells."""


@dataclass(frozen=True)
class Expression:
    """`${{parent.inputs.x}}`, `${{parent.outputs.x}}`, or an output of the job `job`."""

    kind: str
    name: str
    job: str = ""


@dataclass(frozen=True)
class Literal:
    """A value as text, and the type that AzureML reads it as."""

    text: str
    type: str


@dataclass(frozen=True)
class Given:
    """One entry: what is given for it, if anything, its type if it says one, and its fields."""

    value: Expression | LocalPath | Literal | None = None
    type: str = ""
    fields: Mapping | None = None


def read_inputs(root: Mapping, path: Path, reading: Reading) -> dict[str, Given]:
    """The entries of the field `inputs` of `root`, which stands at `path`."""
    return _read(root, "inputs", path, reading)


def read_outputs(root: Mapping, path: Path, reading: Reading) -> dict[str, Given]:
    """The entries of the field `outputs` of `root`, which stands at `path`."""
    return _read(root, "outputs", path, reading)


def _read(root: Mapping, kind: str, path: Path, reading: Reading) -> dict[str, Given]:
    entries = mapping_at(root, kind, path, reading)
    found = {}
    for name, (key, node) in entries.items():
        at = (*path, kind, name)
        reading.places[at] = key.place
        given = (_output if kind == "outputs" else read_input)(node, at, reading)
        if given is not INVALID:
            found[name] = given
    return found


def mapping_at(root: Mapping, name: str, path: Path, reading: Reading) -> dict[str, Any]:
    """The entries of the mapping in the field `name`; none if it is left out or no mapping."""
    if name not in root.entries:
        return {}
    key, node = root.entries[name]
    reading.places[*path, name] = key.place
    if isinstance(node, Mapping):
        return node.entries
    if not (isinstance(node, Scalar) and node.is_null):
        reading.fault((*path, name), "expected a mapping of names")
    return {}


def read_input(node: Node, path: Path, reading: Reading) -> Any:
    """What an input is given: `Given`, or INVALID with a fault noted."""
    if isinstance(node, Scalar):
        return _scalar(node, path, reading)
    if not isinstance(node, Mapping):
        return reading.fault(path, "expected a value, a ${{...}} reference or {type, path}")
    names = node.entries.keys()
    if "value" in names:
        return read_input(node.entries["value"][1], (*path, "value"), reading)
    if names & set(_DECLARED_ONLY) or ("path" not in names and "path_on_compute" not in names):
        return Given(None, text_of(node, "type"), node)
    return _data(node, path, reading)


def _scalar(node: Scalar, path: Path, reading: Reading) -> Any:
    if node.is_null:
        return reading.fault(path, "no value is given: leave it out, or give one")
    return Given(read_expression(node.text) or Literal(node.text, literal_type(node)))


def _data(node: Mapping, path: Path, reading: Reading) -> Any:
    _check_fields(node, path, _DATA_FIELDS, _INPUT_MODES, reading)
    field = "path" if "path" in node.entries else "path_on_compute"
    key, where = node.entries[field]
    reading.places[*path, field] = key.place
    if not isinstance(where, Scalar) or where.is_null or not where.text:
        return reading.fault((*path, field), "expected the path of a file or folder")
    local = LocalPath(where.text.removeprefix("file:"))
    return Given(read_expression(where.text) or local, text_of(node, "type"), node)


def _output(node: Node, path: Path, reading: Reading) -> Any:
    if isinstance(node, Scalar) and node.is_null:
        return Given()
    if isinstance(node, Scalar) and (expression := read_expression(node.text)):
        return Given(expression)
    if not isinstance(node, Mapping):
        return reading.fault(path, "expected ${{parent.outputs.NAME}}, or {type, mode, path}")
    _check_fields(node, path, _OUTPUT_FIELDS, _OUTPUT_MODES, reading)
    where = text_of(node, "path")
    value = read_expression(where) or (LocalPath(where) if where else None)
    return Given(value, text_of(node, "type"), node)


def _check_fields(
    node: Mapping, path: Path, known: tuple[str, ...], modes: Choice, reading: Reading
) -> None:
    for name, (key, value) in node.entries.items():
        at = (*path, name)
        reading.places[at] = key.place
        if name not in known:
            near = reading.nearest(name, known) or f"; known: {', '.join(known)}"
            reading.fault(at, f"unknown field{near}")
        elif name == "type":
            (_OUTPUT_TYPES if known is _OUTPUT_FIELDS else _INPUT_TYPES).read(value, at, reading)
        elif name == "mode":
            modes.read(value, at, reading)


def read_expression(text: str) -> Expression | None:
    """The reference that `text` is, if it is one and nothing else."""
    match = _EXPRESSION.fullmatch(text)
    parts = _REFERENCE.fullmatch(match[1]) if match else None
    return Expression(parts[1] or "jobs", parts[4], parts[2] or "") if parts else None


def unread(value: Expression | LocalPath | Literal | None) -> str:
    """Why a `${{...}}` within what is given is not read; empty if there is none."""
    text = value.text if isinstance(value, Literal) else getattr(value, "path", "")
    if "${{" not in text:
        return ""
    if _EXPRESSION.fullmatch(text):
        forms = "parent.inputs.NAME, parent.jobs.JOB.outputs.NAME or parent.outputs.NAME"
        return f"'{text[:60]}' is none of {forms}"
    return "a ${{...}} reference beside other text is not read"


def literal_type(node: Scalar) -> str:
    """The type that AzureML reads a value of this spelling as."""
    if is_boolean(node):
        return "boolean"
    if not is_number(node):
        return "string"
    return "integer" if _WHOLE.fullmatch(node.text) else "number"


def made(place: Place, entries: Named[str, Node | str]) -> Mapping:
    """A mapping that is not in the file, with the place of what it was made for."""
    nodes = {
        name: (Scalar(*place, name), Scalar(*place, node) if isinstance(node, str) else node)
        for name, node in entries.items()
    }
    return Mapping(*place, nodes)
