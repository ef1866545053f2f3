"""Inputs, parameters and outputs of both flavours (seed 002; azureml-spec 1, 1.2)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from millwork.base.records import dataclass
from millwork.formats.azureml.words import (
    UNKNOWN,
    WORDS,
    AsIs,
    Flag,
    Loose,
    is_boolean,
    is_number,
    no_build,
    plain,
)
from millwork.spec import values
from millwork.spec.document import Scalar
from millwork.spec.fields import INVALID, Choice, Field, ListOf, MapOf, Record, Text
from millwork.spec.model import Input, Output, Parameter, Range

if TYPE_CHECKING:
    from collections.abc import Mapping

    from millwork.formats.azureml.findings import Findings
    from millwork.spec.document import Node
    from millwork.spec.fields import Reading
    from millwork.spec.model import Path, Value

PARAMETER_TYPES = {
    "string": "String", "integer": "Int", "int": "Int", "float": "Float", "double": "Float",
    "number": "Float", "boolean": "Bool", "enum": "String",
}  # fmt: skip
V2_PARAMETERS = ("string", "integer", "number", "boolean")
V2_PORTS = (
    "path", "uri_file", "uri_folder", "mltable", "mlflow_model", "custom_model", "triton_model",
)  # fmt: skip
MODES = (
    "ro_mount", "rw_mount", "mount", "download", "upload", "direct", "eval_mount",
    "eval_download", "link",
)  # fmt: skip
_PORT_TYPES = {
    "uri_file": "file", "AnyFile": "file", "CsvFile": "file", "ZipFile": "file",
    "uri_folder": "folder", "AnyDirectory": "folder", "mltable": "folder",
    "mlflow_model": "model", "custom_model": "model", "triton_model": "model",
}  # fmt: skip
_OLD_MODES = frozenset({"mount", "download", "direct", "upload", "link"})
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*")
_WHOLE_PREFIXES = ("0x", "0b")
_ONLY_PARAMETERS = ("default", "min", "max", "enum")


@dataclass(frozen=True)
class Ports:
    """What a component takes and gives."""

    inputs: Mapping[str, Input]
    parameters: Mapping[str, Parameter]
    outputs: Mapping[str, Output]


class _Option(Text):
    """A text of v2's enum, in which a number or boolean is rejected unless it is quoted."""

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        if is_number(node) or is_boolean(node):
            return reading.fault(path, f"expected text: put quotes around {plain(node)}")
        return super().read(node, path, reading)


_TYPE = Field("type", Text(), "What it carries", required=True)
_DOC = Field("description", Text(), "For people, in Markdown")
_MODE = Field("mode", Choice(MODES), "How the data comes to the step")
_PARAMETER = (
    Field("optional", Flag(), "Whether it may be left out"),
    Field("default", AsIs(), "The value where none is given"),
    Field("min", Text(), "The least number"),
    Field("max", Text(), "The greatest number"),
)

_V2_INPUT = Record(
    "input",
    (_TYPE, _DOC, _MODE, *_PARAMETER, Field("enum", ListOf(_Option()), "The values allowed")),
    no_build,
)
V2_OUTPUT = Loose("output", (_TYPE, _DOC, _MODE), no_build)
_OLD_INPUT = Record(
    "input",
    (
        Field("type", WORDS, "What it carries", required=True),
        _DOC,
        _MODE,
        *_PARAMETER,
        Field("enum", ListOf(Text()), "The values allowed"),
        Field("datastore_mode", Text(), "How the data comes to the step"),
        Field("is_resource", Flag(), "Whether a Scope component takes it as a resource"),
    ),
    no_build,
)
_OLD_OUTPUT = Loose(
    "output",
    (
        _TYPE,
        _DOC,
        Field("datastore_mode", Text(), "How the data leaves the step"),
        Field("is_link_mode", Flag(), "Whether it names data that is there already"),
    ),
    no_build,
)


class _Declared(MapOf):
    """Names, each with what is declared of it; no two of them are equal but for case."""

    def read(self, node: Node, path: Path, reading: Reading) -> Any:
        given = super().read(node, path, reading)
        if given is INVALID:
            return given
        seen: dict[str, str] = {}
        for name in given:
            first = seen.setdefault(name.lower(), name)
            if first != name:
                reading.fault((*path, name), f"'{first}' and '{name}' differ only in case")
        return given


_RULE = "letters, digits and '_', not starting with a digit"
V2_INPUTS, V2_OUTPUTS, OLD_INPUTS, OLD_OUTPUTS = (
    _Declared(port, lambda name: _NAME.fullmatch(name) is not None, _RULE)
    for port in (_V2_INPUT, V2_OUTPUT, _OLD_INPUT, _OLD_OUTPUT)
)


def build_ports(inputs: dict[str, Any], outputs: dict[str, Any], findings: Findings) -> Ports:
    """What the tables read, as the model has it, with every rule on types and values judged."""
    ports: dict[str, Input] = {}
    parameters: dict[str, Parameter] = {}
    for name, given in inputs.items():
        path: Path = ("inputs", name)
        asked = given["type"] or ()
        types: tuple[str, ...] = (asked,) if isinstance(asked, str) else asked
        kind = _parameter_type(types, path, findings)
        if kind:
            parameters[name] = _parameter(kind, types[0], given, path, findings)
        else:
            ports[name] = _input(types, given, path, findings)
    left = {name: _output(given, ("outputs", name), findings) for name, given in outputs.items()}
    for name in left:
        if name in inputs:
            message = "it is also the name of an input; no PAI component could have both"
            findings.warn(("outputs", name), message)
    return Ports(ports, parameters, left)


def port_type(types: tuple[str, ...]) -> str:
    """Millwork's type for AzureML's; of several that differ, any."""
    found = {_PORT_TYPES.get(kind, "any") for kind in types}
    return found.pop() if len(found) == 1 else "any"


def _parameter_type(types: tuple[str, ...], path: Path, findings: Findings) -> str:
    """Millwork's type of a parameter; empty for a port."""
    if len(types) != 1:
        return ""
    if not findings.is_v2:
        # A dataset is handed to the command as its id, which is a value (seed 002, data types).
        is_id = types[0] == "AzureMLDataset"
        return "String" if is_id else PARAMETER_TYPES.get(types[0].lower(), "")
    if types[0] in V2_PARAMETERS:
        return PARAMETER_TYPES[types[0]]
    _check_v2_type(types[0], path, findings)
    return ""


def _check_v2_type(kind: str, path: Path, findings: Findings) -> None:
    if kind and kind not in V2_PORTS:
        known = (*V2_PARAMETERS, *V2_PORTS)
        near = findings.reading.nearest(kind, known)
        findings.error((*path, "type"), f"'{kind[:60]}' is not one of {', '.join(known)}{near}")


def _input(types: tuple[str, ...], given: dict[str, Any], path: Path, findings: Findings) -> Input:
    for name in _ONLY_PARAMETERS:
        if name in given:
            findings.error((*path, name), f"a {', '.join(types)} is data, which has no {name}")
    _check_text(types, path, findings)
    return Input(
        type=port_type(types),
        required=not given.get("optional", False),
        description=given.get("description", ""),
        native=", ".join(types),
        mode=_mode(given, path, findings),
    )


def _output(given: dict[str, Any], path: Path, findings: Findings) -> Output:
    kind = given["type"]
    primitive = kind in V2_PARAMETERS if findings.is_v2 else kind.lower() in PARAMETER_TYPES
    if findings.is_v2 and not primitive:
        _check_v2_type(kind, path, findings)
    for name in given[UNKNOWN]:
        if primitive or not findings.is_v2:
            findings.warn((*path, name), "this field is kept, and not used here")
        else:
            findings.error((*path, name), "unknown field; an output has: type, description, mode")
    _check_text((kind,), path, findings)
    mode = "link" if given.get("is_link_mode") else _mode(given, path, findings)
    return Output(
        type="value" if primitive else port_type((kind,)),
        description=given.get("description", ""),
        native=kind,
        mode=mode,
    )


def _check_text(types: tuple[str, ...], path: Path, findings: Findings) -> None:
    if any("<" in kind or ">" in kind for kind in types):
        findings.warn((*path, "type"), "the name of a type has neither < nor >")


def _mode(given: dict[str, Any], path: Path, findings: Findings) -> str:
    mode: str = given.get("datastore_mode") or given.get("mode", "")
    if "datastore_mode" in given and mode not in _OLD_MODES:
        known = ", ".join(sorted(_OLD_MODES))
        findings.warn((*path, "datastore_mode"), f"'{mode[:60]}' is not known; there are: {known}")
    return mode


def _parameter(
    kind: str, native: str, given: dict[str, Any], path: Path, findings: Findings
) -> Parameter:
    # Only for the new flavour's words does the oracle look at values.
    strict = native in V2_PARAMETERS
    _check_fields(native, given, path, findings)
    bare = Parameter(kind, required=not given.get("optional", False))
    limits = _range(bare, given, path, findings) if kind in ("Int", "Float") else None
    enum = _enum(bare, given.get("enum", ()), path, findings)
    parameter = Parameter(
        kind,
        required=bare.required,
        range=limits,
        enum=enum,
        description=given.get("description", ""),
    )
    default = _default(parameter, given.get("default"), path, findings, strict=strict)
    return parameter if default is None else Parameter(**{**parameter.__dict__, "default": default})


def _check_fields(native: str, given: dict[str, Any], path: Path, findings: Findings) -> None:
    for name in ("mode", "datastore_mode", "is_resource"):
        if name in given:
            message = f"a {native} is a value, which has no {name}"
            findings.judge((*path, name), message, is_error=findings.is_v2)
    if PARAMETER_TYPES.get(native.lower(), "String") in ("String", "Bool"):
        for name in ("min", "max"):
            if name not in given:
                continue
            message = f"only numbers have a {name}"
            if native in V2_PARAMETERS:
                findings.error((*path, name), message)
            else:
                findings.warn((*path, name), message)
    if native.lower() == "enum" and "enum" not in given:
        findings.warn(path, "an Enum lists its values as enum; without, it takes any text")


def _range(
    parameter: Parameter, given: dict[str, Any], path: Path, findings: Findings
) -> Range | None:
    bounds: dict[str, float] = {}
    for name in ("min", "max"):
        if name not in given:
            continue
        try:
            bounds[name] = float(given[name])
        except ValueError:
            findings.error((*path, name), f"expected a number, found '{given[name][:60]}'")
    if not bounds:
        return None
    low, high = bounds.get("min"), bounds.get("max")
    if low is not None and high is not None and low > high:
        findings.refuse((*path, "min"), f"no {parameter.type} is >= {low:g} and <= {high:g}")
        return None
    return Range(low, high)


def _enum(
    parameter: Parameter, options: tuple[str, ...], path: Path, findings: Findings
) -> tuple[Value, ...]:
    found = []
    for index, option in enumerate(options):
        try:
            found.append(values.convert(parameter, option))
        except ValueError as error:
            findings.refuse((*path, "enum", index), str(error))
    return tuple(found)


def _default(
    parameter: Parameter, node: Node | None, path: Path, findings: Findings, *, strict: bool
) -> Value | None:
    """The value of a default that can be used; what is wrong with any other is noted."""
    path = (*path, "default")
    if node is None:
        return None
    if not isinstance(node, Scalar):
        findings.error(path, f"expected one {parameter.type}, found a list or mapping")
        return None
    if is_number(node) and node.text[-3:].lower() in ("inf", "nan"):
        findings.warn(path, "a number that is not finite is no default in AzureML; it has none")
        return None
    text = _as_written(parameter.type, node)
    try:
        value = values.convert(parameter, text)
    except ValueError as error:
        rejected = strict and not is_boolean(node) and _is_no_number(parameter.type, text)
        findings.judge(path, str(error), is_error=rejected)
        return None
    try:
        values.check(parameter, value)
    except ValueError as error:
        findings.refuse(path, str(error))
        return None
    return value


def _as_written(kind: str, node: Scalar) -> str:
    """The default's text for `values.convert`, which knows neither 0x1f nor 2.0 nor yes."""
    text = node.text
    if kind == "Bool" and is_boolean(node):
        return "true" if text.lower() in ("true", "yes", "on") else "false"
    if kind == "Int" and is_number(node) and text.lower().lstrip("+-").startswith(_WHOLE_PREFIXES):
        return str(int(text.replace("_", ""), 0))
    if kind in ("Int", "Float") and is_number(node):
        text = text.replace("_", "")
    if kind == "Int" and (number := _number(text)) is not None and number.is_integer():
        return text if text.lstrip("+-").isdigit() else str(int(number))
    return text


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _is_no_number(kind: str, text: str) -> bool:
    """Whether the oracle finds no value of this type there: it cuts 1.5 down to an integer."""
    return kind == "Bool" or _number(text) is None
