"""The built-in components: what there is, and how each is used."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from millwork.actions.call import Call
from millwork.base.errors import BadRequest
from millwork.base.names import BUILTIN
from millwork.catalogue.index import builtin, declarations
from millwork.spec import values
from millwork.views.catalogue import (
    BuiltinParameter,
    BuiltinPort,
    BuiltinRow,
    Builtins,
    BuiltinShown,
)

if TYPE_CHECKING:
    from millwork.catalogue.model import Declaration
    from millwork.spec.model import Input, Output, Parameter

_SAMPLES = "sample_data"


def list_(
    call: Call,  # noqa: ARG001  every verb is given it
    category: str = "",
    search: str = "",
) -> Builtins:
    """The built-in components, of one category, or in which all words of `search` occur."""
    known = dict.fromkeys(each.category for each in declarations().values())
    if category and category not in known:
        raise BadRequest(f"there is no category '{category}'; there are: {', '.join(known)}")
    words = search.casefold().split()
    found = [
        each
        for each in declarations().values()
        if category in ("", each.category) and all(word in _said(each) for word in words)
    ]
    return {"items": [_row(each) for each in found]}


def show(call: Call, name: str) -> BuiltinShown:  # noqa: ARG001  every verb is given it
    """A built-in component: its ports and parameters, other names of it, and an example."""
    found = builtin(BUILTIN + name.removeprefix(BUILTIN))
    return {
        **_row(found),
        "inputs": [_port(port, each) for port, each in found.inputs.items()],
        "outputs": [_port(port, each) for port, each in found.outputs.items()],
        "parameters": [_parameter(word, each) for word, each in found.parameters.items()],
        "notes": found.notes,
        "pai": [each.name for each in found.pai],
        "azureml": list(found.azureml),
        "example": list(_example(found)),
    }


def _said(declaration: Declaration) -> str:
    """All the words by which it may be looked for."""
    aliases = [*(each.name for each in declaration.pai), *declaration.azureml]
    return " ".join([declaration.name, declaration.title, declaration.summary, *aliases]).casefold()


def _row(declaration: Declaration) -> BuiltinRow:
    return {
        "name": declaration.name,
        "category": declaration.category,
        "title": declaration.title,
        "summary": declaration.summary,
        "version": declaration.version,
    }


def _port(name: str, port: Input | Output) -> BuiltinPort:
    required = getattr(port, "required", False)
    return {
        "name": name,
        "type": port.type,
        "required": required,
        "description": port.description,
    }


def _parameter(name: str, parameter: Parameter) -> BuiltinParameter:
    default = parameter.default
    return {
        "name": name,
        "group": parameter.group,
        "type": parameter.type,
        "required": parameter.required,
        "default": list(default) if isinstance(default, tuple) else default,
        "allowed": _allowed(parameter),
        "input": parameter.input,
        "description": parameter.description,
    }


def _allowed(parameter: Parameter) -> str:
    if parameter.enum:
        return " | ".join(values.to_text(each) for each in parameter.enum)
    return values.describe_range(parameter.range) if parameter.range else ""


def _example(declaration: Declaration, folder: str = "out") -> dict[str, None]:
    """Commands that make its input data, and run it on them into a folder; each once."""
    commands: dict[str, None] = {}
    words = ["millwork", "run", BUILTIN + declaration.name]
    for port, source in declaration.example.inputs.items():
        maker, dot, output = source.partition(".")
        if dot:
            commands |= _example(declarations()[maker], maker)
        else:
            commands[f"millwork run {BUILTIN}{_SAMPLES} -p name={source} -o {source}"] = None
        words += ["-i", f"{port}={maker}/{output or 'table'}"]
    for name, value in declaration.example.parameters.items():
        words += ["-p", f"{name}={value}"]
    commands[f"{shlex.join(words)} -o {folder}"] = None
    return commands
