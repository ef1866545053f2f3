"""What a step has that is a function: the program that calls it, and which module and arguments."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from millwork.base.names import variable_suffix
from millwork.formats.python.signature import VALUE
from millwork.spec.component import API_VERSION

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from millwork.formats.python.signature import Signature
    from millwork.spec.model import Definition

MAIN = "millwork_step.py"
"""The program of the step: the text of `worker/function.py`."""
CALL = "millwork_step.json"
REQUIREMENTS = "requirements.txt"


def document_of(
    function: str, module: str, signature: Signature, description: str, fields: Mapping[str, Any]
) -> dict[str, Any]:
    """The component file of a function in a module, with further `fields` of it."""
    return {
        "apiVersion": API_VERSION,
        "kind": "Component",
        "name": function,
        "version": "1.0.0",
        "command": f"python {MAIN} {module}:{function}",
        **({"description": description} if description else {}),
        **signature.document(),
        **fields,
    }


def call_of(
    function: str, module: str, file: str, definition: Definition, words: Collection[str]
) -> str:
    """The file CALL: what the step is to call, and where its arguments stand.

    `file` is the module's, `words` the function's parameters.
    """
    outputs = {name: f"PAI_OUTPUT_{variable_suffix(name)}" for name in definition.outputs}
    value = outputs.pop(VALUE, "") if VALUE not in words else ""
    inputs = {name: f"PAI_INPUT_{variable_suffix(name)}" for name in definition.inputs}
    call = {
        "module": module,
        "file": file,
        "function": function,
        "paths": inputs | outputs,
        "value": value,
    }
    return f"{json.dumps(call, indent=1, ensure_ascii=False)}\n"


def requirements_of(lines: Iterable[str]) -> str:
    """The file REQUIREMENTS."""
    return "".join(f"{line}\n" for line in lines)
