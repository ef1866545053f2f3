"""AzureML's components as Millwork's own, and what those cannot say.

Millwork's command is a shell's text, so placeholders become the variables of the run contract,
under which a step gets the same values in all flavours.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from millwork.base import names
from millwork.base.errors import BadRequest
from millwork.formats.azureml.leftovers import (
    declared_outputs,
    lost_values,
    root_of,
    unused_fields,
)
from millwork.formats.azureml.shell import Variable, shell_command
from millwork.spec.model import Code, Component
from millwork.spec.template import TemplateFault, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from millwork.spec.model import Input, Output, Parameter, Secret

_CARRIED = frozenset({
    "$schema", "type", "name", "version", "display_name", "description", "tags", "environment",
    "is_deterministic", "environment_variables", "inputs", "outputs", "code", "command", "limits",
    "additional_includes", "successful_return_code",
})  # fmt: skip
_FITTING = ("uri_file", "uri_folder", "AnyFile", "AnyDirectory", "path")
_MODES = {
    "download": "download", "eval_download": "download", "mount": "mount_or_download",
    "ro_mount": "mount_or_download", "eval_mount": "mount_or_download",
}  # fmt: skip
_LONGEST = 64
_NOT_HERE = (
    "artifacts: ./outputs and ./logs are kept, and MLflow's tracking is there, only for AzureML"
)


def to_millwork(component: Component) -> tuple[Component, list[str]]:
    """The AzureML component as Millwork's, and in words what that does not carry.

    Raises BadRequest if it is no command, or if its command has no form as a shell's text.
    """
    if component.work != "command":
        what = component.body.get("type", component.work)
        raise BadRequest(
            f"'{component.name}' is of the type {what}; Millwork's own components, and PAI's, are "
            "commands"
        )
    if not component.command.strip():
        raise BadRequest(f"'{component.name}' has no command")
    root = root_of(component)
    left = unused_fields(root, _CARRIED, "Millwork")
    left += lost_values(root, component)
    renamed = _names(component, left)
    needed = _needed(component)
    own = Component(
        name=component.name,
        version=own_version(component.version, left),
        command=_command(component, renamed),
        display_name=component.display_name,
        description=component.description,
        tags=component.tags,
        image=component.image,
        code=_code(component.code, left),
        env=_env(component.env, left),
        inputs={
            renamed["inputs", name]: own_input(name, port, needed, left)
            for name, port in component.inputs.items()
        },
        outputs={
            renamed["outputs", name]: _output(name, port, left)
            for name, port in declared_outputs(component).items()
        },
        parameters={
            renamed["parameters", name]: own_parameter(name, parameter, needed, left)
            for name, parameter in component.parameters.items()
        },
        is_deterministic=component.is_deterministic,
        timeout=component.timeout,
    )
    return own, [*left, *_surroundings(component)]


def _surroundings(component: Component) -> list[str]:
    """What is around the command in AzureML, and not here."""
    left = []
    reference = component.body.get("environment")
    if reference or component.environment is not None:
        shown = f" ({reference})" if reference else ""
        left.append(f"environment: name its packages{shown} in the code's requirements.txt")
    if component.any_exit_code:
        left.append("successful_return_code: only an exit code of 0 is success")
    return [*left, _NOT_HERE]


def own_version(text: str, left: list[str]) -> str:
    """The version with as many zeros as x.y.z lacks."""
    padded = ".".join([*text.split("."), "0", "0"][: max(3, text.count(".") + 1)])
    found = padded if names.is_version(padded) else "1.0.0"
    if found != text:
        left.append(f"version: '{text}' is not x.y.z; it becomes {found}")
    return found


def _names(component: Component, left: list[str]) -> dict[tuple[str, str], str]:
    """What each port and parameter is called here: names and their variables are unique."""
    found: dict[tuple[str, str], str] = {}
    rules: dict[str, Callable[[str], bool]] = {
        "inputs": names.is_port,
        "parameters": names.is_parameter,
        "outputs": names.is_port,
    }
    named: dict[str, Iterable[str]] = {
        "inputs": component.inputs,
        "parameters": component.parameters,
        "outputs": declared_outputs(component),
    }
    taken: set[str] = set()
    for kind, rule in rules.items():
        for name in named[kind]:
            chosen = usable(name, rule, taken)
            taken.add(names.variable_suffix(chosen))
            found[kind, name] = chosen
            if chosen != name:
                left.append(f"{kind}.{name}: it is called {chosen} here")
    return found


def usable(name: str, rule: Callable[[str], bool], taken: Iterable[str]) -> str:
    """`name` as `rule` accepts it, with a number if its variable is taken."""
    stem = name if rule(name) else re.sub(r"[^A-Za-z0-9_-]", "_", name).lstrip("_")
    # A longer name leaves room for a number.
    stem = stem[: _LONGEST - 4] if len(stem) > _LONGEST else stem or "port"
    seen = set(taken)
    return next(
        found
        for found in itertools.chain([stem], (f"{stem}_{n}" for n in itertools.count(2)))
        if names.variable_suffix(found) not in seen
    )


def _needed(component: Component) -> set[str]:
    """The inputs and parameters without whose value the command cannot be put together."""
    try:
        template = parse(component.command, component.syntax)
    except TemplateFault as fault:
        raise BadRequest(f"command, {fault}") from None
    return {part.name for part in template.placeholders if not part.in_group}


def _command(component: Component, renamed: Mapping[tuple[str, str], str]) -> str:
    needed = _needed(component)
    variables = {}
    for kind, name in renamed:
        suffix = names.variable_suffix(renamed[kind, name])
        place = f"{'outputs' if kind == 'outputs' else 'inputs'}.{name}"
        if kind == "outputs":
            variables[place] = Variable(_written(component.outputs[name], suffix, name))
        elif kind == "inputs":
            is_optional = not component.inputs[name].required and place not in needed
            variable = f"PAI_INPUT_{suffix}"
            variables[place] = Variable(f"${{{variable}}}", variable if is_optional else "")
        else:
            parameter = component.parameters[name]
            is_set = parameter.required or parameter.default is not None or place in needed
            variable = f"PAI_HPS_{suffix}"
            variables[place] = Variable(
                f"${{{variable}}}", "" if is_set else variable, parameter.type == "Int"
            )
    return shell_command(component.command, component.syntax, variables)


def _written(port: Output, suffix: str, name: str) -> str:
    """An output's path: PAI's ends in a slash, and is a folder where AzureML names a file."""
    if port.type == "value":
        return f"${{PAI_OUTPUT_{suffix}}}"
    if port.type == "file":
        return f"${{PAI_OUTPUT_{suffix}}}{name}"
    return f"${{PAI_OUTPUT_{suffix}%/}}"


def _code(code: Code, left: list[str]) -> Code:
    if code.includes:
        left.append(f"additional_includes: put {', '.join(code.includes)} into the code's folder")
    if code.uri:
        left.append(f"code: {code.uri} is not read; name a folder or a Git repository")
        return Code("")
    return replace(code, includes=())


def _env(env: Mapping[str, str | Secret], left: list[str]) -> dict[str, str | Secret]:
    own = [name for name in env if name.startswith("PAI_")]
    left += [f"environment_variables.{name}: the run contract sets it itself" for name in own]
    return {name: text for name, text in env.items() if name not in own}


def own_input(name: str, port: Input, needed: set[str], left: list[str]) -> Input:
    """The input in Millwork's words; it must be given if it is among `needed`."""
    mode = _MODES.get(port.mode, "")
    _tell_of_port("inputs", name, replace(port, mode="" if mode else port.mode), left)
    required = port.required or f"inputs.{name}" in needed
    return replace(port, native="", mode=mode, required=required)


def _output(name: str, port: Output, left: list[str]) -> Output:
    _tell_of_port("outputs", name, port, left)
    return replace(port, native="", mode="")


def _tell_of_port(kind: str, name: str, port: Input | Output, left: list[str]) -> None:
    if port.native and port.native not in _FITTING:
        left.append(f"{kind}.{name}.type: {port.native} becomes {port.type}")
    if port.mode:
        left.append(f"{kind}.{name}.mode: a port has none, and is on the disk ({port.mode})")


def own_parameter(name: str, parameter: Parameter, needed: set[str], left: list[str]) -> Parameter:
    """The parameter by Millwork's rules; it must be given if it is among `needed`."""
    if parameter.enum and parameter.type == "Bool":
        left.append(f"inputs.{name}.enum: a Bool has no enumeration")
        parameter = replace(parameter, enum=())
    required = parameter.required or f"inputs.{name}" in needed
    return replace(parameter, required=required and parameter.default is None)
