"""A component of AzureML, in either flavour, read as Millwork's (seed 002; azureml-spec 1, 6).

What AzureML's own loader rejects is an error, but for the published LENIENCIES. What it accepts
and what could not run right is a warning, and one of the component's refusals.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from millwork.base import names
from millwork.base.errors import InvalidFile
from millwork.formats.azureml import old, v2
from millwork.formats.azureml.code import check_includes, read_code, read_sidecar
from millwork.formats.azureml.environment import read_environment
from millwork.formats.azureml.findings import Files, Findings
from millwork.formats.azureml.jobs import UNUSED
from millwork.formats.azureml.kinds import (
    COMMAND,
    flavour_of,
    kind_of,
    known_types,
    label_of,
    text_of,
)
from millwork.formats.azureml.parallel import with_batch
from millwork.formats.azureml.ports import build_ports
from millwork.formats.azureml.sweep import sweep_body, trial_facts
from millwork.formats.azureml.tables import TABLES
from millwork.formats.azureml.words import UNKNOWN, plain
from millwork.spec.document import Mapping, Scalar, parse
from millwork.spec.fields import INVALID, Reading
from millwork.spec.model import Code, Component, Source
from millwork.spec.template import TemplateFault
from millwork.spec.template import parse as parse_template

if TYPE_CHECKING:
    from collections.abc import Iterable

    from millwork.base.faults import Fault
    from millwork.formats.azureml.environment import Named
    from millwork.formats.azureml.ports import Ports
    from millwork.formats.azureml.shape import Shape
    from millwork.spec.document import Node
    from millwork.spec.model import Path

_UNNAMED_VERSION = "1.0.0"
_OLD_NAME = re.compile(r"[A-Za-z0-9._-]+")
_V2_NAME = re.compile(r"[a-z][a-z0-9_]{0,254}")
_RETURN_CODES = ("Zero", "ZeroOrGreater")
_LEGACY = "1-legacy"
_FILE = "file:"


def read_azureml_component(
    root: Mapping, text: str, file: str, files: Files, repeated: Iterable[Fault] = ()
) -> tuple[Component, Reading]:
    """The component in `root`, with `text` kept, and the reading with its warnings.

    `repeated` are the keys that the file has twice, as warnings. Raises InvalidFile with every
    fault.
    """
    reading = Reading(file)
    reading.faults.extend(repeated)
    component = read_component(root, (), reading, files)
    if component is INVALID or any(fault.severity == "error" for fault in reading.faults):
        raise InvalidFile(reading.faults)
    assert isinstance(component, Component)
    source = Source(file, text=text, places=reading.places)
    return replace(component, source=source), reading


def read_component(
    root: Mapping, path: Path, reading: Reading, files: Files, name: str = ""
) -> Component | Any:
    """The component that stands at `path` of a file, or INVALID; its faults are in `reading`.

    At `path` () it is a whole file; elsewhere it stands in a pipeline, and may go without a name,
    for which `name` is taken.
    """
    kind = kind_of(root)
    reading.places.setdefault(path, root.place)
    table = TABLES.get((kind.flavour, kind.table)) if kind else None
    if kind is None or table is None:
        return _refuse_type(root, path, reading)
    given = table.read(root, path, reading)
    findings = Findings(kind, files, reading, path)
    given.setdefault("inputs", {})
    given.setdefault("outputs", {})
    findings.includes = _includes(given, findings)
    if kind.table == "import":
        given["inputs"] |= given["source_inputs"]
        given["outputs"] |= {"output": given["output"]} if given["output"] else {}
    label = label_of(root)
    head = _head(given, name, label, findings)
    ports = build_ports(given["inputs"], given["outputs"], findings)
    if kind.work == "sweep":
        component = _sweep(root, given, ports, findings)
    else:
        shape = (v2 if findings.is_v2 else old).shape(given, findings)
        component = _plain_component(shape, ports, given, findings)
    body = dict(component.body)
    if label:
        body["label"] = label
    _extra(given[UNKNOWN], body, findings, keep=component.work == "external")
    return replace(component, **head, body=body, refusals=tuple(findings.refusals))


def _refuse_type(root: Mapping, path: Path, reading: Reading) -> Any:
    flavour = flavour_of(root)
    found = text_of(root, "type")
    if "type" in root.entries:
        reading.places[*path, "type"] = root.entries["type"][0].place
    message = f"'{found[:60]}' is no type of components; there are: {known_types(flavour)}"
    return reading.fault((*path, "type"), message)


def _includes(given: dict[str, Any], findings: Findings) -> tuple[str, ...]:
    """What is put beside the code: a field of v2; in the old flavour a list beside the file."""
    if findings.is_v2:
        listed = given.get("additional_includes", ())
    elif findings.root:
        return ()
    else:
        listed = read_sidecar(findings.files, findings.reading.file)
    code = given.get("code", "" if findings.is_v2 else ".")
    return check_includes(listed, code, ("additional_includes",), findings)


def _head(given: dict[str, Any], name: str, label: str, findings: Findings) -> dict[str, Any]:
    """The fields that say what it is, rather than what it does."""
    default = findings.kind.work != "sweep"
    codes = given.get("successful_return_code", _RETURN_CODES[0])
    if codes not in _RETURN_CODES:
        message = f"'{codes[:60]}' is not one of {', '.join(_RETURN_CODES)}"
        findings.refuse(("successful_return_code",), message)
    return {
        "name": _name(given, name, findings),
        "version": given.get("version", _UNNAMED_VERSION),
        "flavour": findings.kind.flavour,
        "syntax": "dollar" if findings.is_v2 else "braces",
        "display_name": given.get("display_name", ""),
        "description": given.get("description", ""),
        "tags": _tags(given.get("tags") or {}, findings),
        "is_deterministic": given.get("is_deterministic", default),
        "any_exit_code": codes == _RETURN_CODES[1] and label != _LEGACY,
    }


def _name(given: dict[str, Any], name: str, findings: Findings) -> str:
    """The name, which becomes one that Millwork takes if it breaks even its rule."""
    asked: str = given.get("name", "")
    if not asked and not findings.root and (findings.is_v2 or "version" in given):
        findings.error(("name",), "missing: the component's name")
    if not asked:
        return name or _usable(PurePath(findings.reading.file).stem)
    if "://" in asked:
        findings.refuse(("name",), "the legacy name of a module in a workspace")
    elif findings.is_v2 and not findings.root and not _V2_NAME.fullmatch(asked):
        message = "AzureML takes only lower-case letters, digits and '_', starting with a letter"
        findings.warn(("name",), message)
    elif not findings.is_v2 and not _OLD_NAME.fullmatch(asked):
        findings.warn(("name",), "a name has only letters, digits, '-', '.' and '_'")
    return asked if names.is_entity(asked) else _usable(asked)


def _usable(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip("._-")[:128] or "component"


def _tags(given: dict[str, Any], findings: Findings) -> dict[str, str]:
    tags = {}
    for name, value in given.items():
        if isinstance(value, str):
            tags[name] = value
            if not value and findings.is_v2:
                findings.warn(("tags", name), "a tag of nothing")
        else:
            message = "a tag is one text; this stays in the file only"
            if findings.is_v2:
                findings.error(("tags", name), message)
            else:
                findings.warn(("tags", name), message)
    return tags


def _plain_component(
    shape: Shape, ports: Ports, given: dict[str, Any], findings: Findings
) -> Component:
    """A component but for its head."""
    if shape.needs_environment and shape.environment is None:
        findings.error(("environment",), "missing: the image and packages it runs with")
    for path, text in shape.templates.items():
        _check_template(text, path, ports, findings)
    named = read_environment(shape.environment, shape.environment_path, findings)
    component = Component(
        "",
        "",
        shape.command,
        work=shape.work,
        body=dict(shape.body) | _reference(named),
        image=named.image,
        environment=named.packages,
        code=read_code(shape.code, shape.code_path, findings),
        env=_env(given.get("environment_variables") or {}, findings),
        timeout=shape.timeout,
        inputs=ports.inputs,
        parameters=ports.parameters,
        outputs=ports.outputs,
    )
    if shape.work != "parallel":
        return component
    appends = not findings.is_v2 or bool((given.get("task") or {}).get("append_row_to"))
    return with_batch(component, findings, appends=appends)


def _reference(named: Named) -> dict[str, str]:
    return {"environment": named.reference} if named.reference else {}


def _env(given: dict[str, Any], findings: Findings) -> dict[str, str]:
    env = {}
    for name, value in given.items():
        path = ("environment_variables", name)
        if not names.is_variable(name):
            findings.refuse(path, f"no name of a variable: {names.VARIABLE_RULE}")
        elif not isinstance(value, str):
            findings.refuse(path, "expected text, found a list or mapping")
        else:
            env[name] = value
    return env


def _check_template(text: str, path: Path, ports: Ports, findings: Findings) -> None:
    """Every placeholder has to be declared, and an optional one has to stand in a group."""
    if not text:
        return
    try:
        template = parse_template(text, "dollar" if findings.is_v2 else "braces")
    except TemplateFault as error:
        findings.refuse(path, str(error))
        return
    for message in template.warnings:
        findings.warn(path, message)
    for placeholder in template.placeholders:
        side, name = placeholder.path[0], ".".join(placeholder.path[1:])
        declared = _declared(side, ports, findings)
        if name not in declared:
            near = findings.reading.nearest(name, declared)
            message = f"{placeholder.name} is not declared; {side}: {', '.join(declared) or 'none'}"
            findings.error(path, message + near)
        elif side == "inputs" and not placeholder.in_group and _may_be_unset(name, ports):
            message = f"{name} is optional, so {placeholder.name} belongs into a group in brackets"
            findings.warn(path, message)


def _declared(side: str, ports: Ports, findings: Findings) -> tuple[str, ...]:
    if side == "inputs":
        return (*ports.inputs, *ports.parameters)
    if side == "outputs":
        return tuple(ports.outputs)
    return findings.search_space if side == "search_space" else ()


def _may_be_unset(name: str, ports: Ports) -> bool:
    parameter = ports.parameters.get(name)
    if parameter is None:
        return not ports.inputs[name].required
    return not parameter.required and parameter.default is None


def _extra(extra: dict[str, Node], body: dict[str, Any], findings: Findings, *, keep: bool) -> None:
    """Fields that no table knows: another system's own go with the body, the others are told."""
    unused = [name for name in extra if name in UNUSED]
    if unused:
        findings.warn((unused[0],), f"kept, and not used here: {', '.join(unused)}")
    for name, node in extra.items():
        if name in unused:
            continue
        if keep:
            body.setdefault(name, plain(node))
        else:
            findings.warn((name,), "this field is kept, and not used here")


def _sweep(root: Mapping, given: dict[str, Any], ports: Ports, findings: Findings) -> Component:
    """A sweep is its trial, with ports of both, and a body that says what is tried."""
    body = sweep_body(given, findings)
    findings.search_space = tuple(body["search_space"])
    entry = root.entries.get("trial")
    trial: Component | None = None
    if entry and isinstance(entry[1], Mapping):
        trial = _inline_trial(entry[1], ports, findings)
    elif entry and isinstance(entry[1], Scalar) and not entry[1].is_null:
        body["trial"] = entry[1].text.removeprefix(_FILE)
        if not body["trial"].startswith("azureml:"):
            trial = _trial_file(body["trial"], findings)
    if trial is None:
        trial = Component("", "", "", inputs=ports.inputs, parameters=ports.parameters,
                          outputs=ports.outputs)  # fmt: skip
    return replace(
        trial,
        work="sweep",
        job_type="Job",
        batch=None,
        body={**trial.body, **body, **trial_facts(trial)},
        env=dict(trial.env) | _env(given.get("environment_variables") or {}, findings),
        inputs={**ports.inputs, **trial.inputs},
        parameters={**ports.parameters, **trial.parameters},
        outputs={**ports.outputs, **trial.outputs},
    )


def _inline_trial(node: Mapping, ports: Ports, findings: Findings) -> Component:
    """A trial within the sweep's file: a command, for which the sweep's own ports are declared."""
    inner = Findings(
        COMMAND, findings.files, findings.reading, (*findings.root, "trial"),
        refusals=findings.refusals, search_space=findings.search_space,
    )  # fmt: skip
    given = TABLES[COMMAND.flavour, COMMAND.table].read(node, inner.root, inner.reading)
    inner.includes = _includes(given, inner)
    given |= {"inputs": {}, "outputs": {}}
    return _plain_component(v2.shape(given, inner), ports, given, inner)


def _trial_file(file: str, findings: Findings) -> Component | None:
    """A trial in a file of its own, whose faults are told as that file's."""
    text = findings.files.read_text(file)
    if text is None:
        findings.error(("trial",), f"there is no file {file}")
        return None
    inner = findings.elsewhere(file)
    faults = inner.reading.faults
    trial = None
    try:
        root = parse(text, inner.reading.file, faults)
    except InvalidFile as error:
        faults.extend(error.faults)
    else:
        kind = kind_of(root)
        if kind and kind.work == "sweep":
            findings.error(("trial",), "a sweep is no trial of another")
        else:
            trial = read_component(root, (), inner.reading, inner.files)
    findings.reading.faults.extend(faults)
    if not isinstance(trial, Component):
        return None
    findings.refusals.extend(trial.refusals)
    if trial.work in ("distributed", "parallel"):
        findings.refuse(("trial",), "trials of more than one replica are not run yet")
    return replace(trial, code=_moved(trial.code, posixpath.dirname(file)))


def _moved(code: Code, folder: str) -> Code:
    if not folder:
        return code
    path = code.path if code.git or not code.path else posixpath.join(folder, code.path)
    includes = tuple(posixpath.join(folder, include) for include in code.includes)
    return replace(code, path=path, includes=includes)
