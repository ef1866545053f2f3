"""The text of a Python function as a component: its file, and the files of its code."""

from __future__ import annotations

import json
import os
from dataclasses import replace

from millwork import worker
from millwork.actions.load import read_file
from millwork.base.errors import InvalidFile
from millwork.formats.python.shipping import (
    CALL,
    MAIN,
    REQUIREMENTS,
    call_of,
    document_of,
    requirements_of,
)
from millwork.formats.python.source import read_source
from millwork.spec.model import Component, Source
from millwork.spec.reader import read_text


def function_files(
    text: str, file: str
) -> tuple[Component, dict[str, str], tuple[tuple[str, str], ...]]:
    """The component of the function in `text`, its code by path, and what it lacks beside it.

    Raises InvalidFile with the lines of every fault.
    """
    found = read_source(text, file)
    stem = os.path.basename(file).removesuffix(".py")
    module = stem if stem.isidentifier() and stem.isascii() else found.name
    if f"{module}.py" == MAIN:
        module += "_"
    document = document_of(found.name, module, found.signature, found.description, found.fields)
    try:
        component, _ = read_text(json.dumps(document), file)
    except InvalidFile as error:
        faults = [replace(fault, line=found.line, column=1) for fault in error.faults]
        raise InvalidFile(faults) from None
    assert isinstance(component, Component)
    own = f"{module}.py"
    files = {
        own: text,
        MAIN: read_file(os.path.join(os.path.dirname(worker.__file__), "function.py")),
        CALL: call_of(found.name, module, own, component, found.words),
        REQUIREMENTS: requirements_of(found.requirements),
    }
    lacking = tuple((f"files.{name}", "put it beside: only the text was read")
                    for name in found.files)  # fmt: skip
    return replace(component, source=Source(file)), files, lacking
