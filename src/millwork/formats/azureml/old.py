"""The types of the old specification (seed 002): what each makes of its own section.

Its sections are seen by no other loader before a run, so what is wrong in them is a refusal.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from millwork.formats.azureml.bodies import port_names, spark_body, spark_shape
from millwork.formats.azureml.shape import Shape
from millwork.formats.azureml.words import whole

if TYPE_CHECKING:
    from collections.abc import Callable

    from millwork.formats.azureml.findings import Findings

_LAUNCHERS = ("mpi", "torch.distributed", "pytorch")
_REQUIRED = {
    "scope": ("script", "args"),
    "hemera": ("ref_id",),
    "starlite": ("ref_id",),
    "ae365exepool": ("ref_id",),
    "aether": ("module_type", "ref_id"),
}
_WITH_COMMAND = ("starlite", "aetherbridge")
_GLUED = re.compile(r"\[?\{(inputs|outputs)\.[^\s{}\[\]]+\}\]?")


def shape(given: dict[str, Any], findings: Findings) -> Shape:
    """What an old component does; `given` is what its table read."""
    build = _BUILDERS.get(findings.kind.table, _external)
    return build(given, findings)


def _command(given: dict[str, Any], findings: Findings) -> Shape:
    command = given.get("command", "")
    if not command.strip():
        findings.refuse(("command",), "there is no command to run")
    return Shape(
        "command",
        command,
        templates={("command",): command},
        code=given.get("code"),
        environment=given.get("environment"),
    )


def _distributed(given: dict[str, Any], findings: Findings) -> Shape:
    launcher = whole(given.get("launcher") or {})
    kind = launcher.get("type", "")
    if kind.lower() not in _LAUNCHERS:
        message = f"'{kind[:60]}' is no launcher; there are: mpi, torch.distributed"
        findings.refuse(("launcher", "type"), message)
    command = launcher.get("additional_arguments", "")
    if not command:
        findings.refuse(("launcher", "additional_arguments"), "there is no command to run")
    return Shape(
        "distributed",
        command,
        {"launcher": launcher},
        {("launcher", "additional_arguments"): command},
        given.get("code"),
        environment=given.get("environment"),
    )


def _parallel(given: dict[str, Any], findings: Findings) -> Shape:
    section = whole(given.get("parallel") or {})
    for name in ("input_data", "output_data", "entry"):
        if not section.get(name):
            findings.refuse(("parallel", name), f"a parallel component needs {name}")
    body = dict(section)
    body["input_data"] = port_names(
        section.get("input_data"), "inputs", ("parallel", "input_data"), given["inputs"], findings
    )
    written = port_names(
        section.get("output_data"), "outputs", ("parallel", "output_data"), given["outputs"],
        findings,
    )  # fmt: skip
    body["output_data"] = written[0] if written else ""
    if len(written) > 1:
        message = f"one output takes what run() returns, and these are {len(written)}"
        findings.refuse(("parallel", "output_data"), message)
    return Shape(
        "parallel",
        "",
        body,
        {("parallel", "args"): section.get("args", "")},
        given.get("code"),
        environment=given.get("environment"),
    )


def _hdinsight(given: dict[str, Any], findings: Findings) -> Shape:
    section = whole(given.get("hdinsight") or {})
    if not section.get("file"):
        findings.refuse(("hdinsight", "file"), "there is no file to run")
    names = {name: section[name] for name in ("file", "class_name") if section.get(name)}
    body = spark_body(section | {"entry": names})
    body |= {name: section[name] for name in ("queue", "name") if section.get(name)}
    return Shape(
        "hdinsight",
        "",
        body,
        {("hdinsight", "args"): section.get("args", "")},
        given.get("code"),
        environment=given.get("environment"),
    )


def _external(given: dict[str, Any], findings: Findings) -> Shape:
    """Another company's system: what is needed is told, all else is kept for the bridge."""
    table = findings.kind.table
    name = "aether" if table == "aetherbridge" else table
    section = whole(given.get(name) or {})
    for needed in _REQUIRED.get(name, ()):
        if not section.get(needed):
            findings.refuse((name, needed), f"a {findings.kind.name} needs {needed}")
    command = given.get("command", "")
    if table in _WITH_COMMAND and not command:
        findings.refuse(("command",), f"a {findings.kind.name} needs a command")
    args = section.get("args", "") if table == "scope" else ""
    _check_scope(args, findings)
    return Shape(
        "external",
        command,
        {"type": findings.kind.name, **section},
        {("command",): command, (name, "args"): args},
        given.get("code"),
        environment=given.get("environment"),
    )


def _check_scope(args: str, findings: Findings) -> None:
    for word in args.split():
        if re.search(r"\{(inputs|outputs)\.", word) and not _GLUED.fullmatch(word):
            message = f"'{word[:60]}': Scope takes no text before or after a placeholder"
            findings.refuse(("scope", "args"), message)


_BUILDERS: dict[str, Callable[[dict[str, Any], Findings], Shape]] = {
    "command": _command,
    "distributed": _distributed,
    "parallel": _parallel,
    "spark": spark_shape,
    "hdinsight": _hdinsight,
}
