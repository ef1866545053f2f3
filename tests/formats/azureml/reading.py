"""Components read from text, with the files around them given as a dict."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

import pytest

from millwork.base.errors import InvalidFile
from millwork.formats.azureml.component import read_azureml_component
from millwork.formats.azureml.findings import Files
from millwork.spec.document import parse

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from millwork.base.faults import Fault
    from millwork.formats.azureml.findings import Found
    from millwork.spec.fields import Reading
    from millwork.spec.model import Component


def files_of(
    texts: Mapping[str, str] | None = None,
    folders: Collection[str] = (),
    *,
    check_code: bool = True,
) -> Files:
    """The files that a test lets the reader see, in /here."""
    known = {posixpath.normpath(name): text for name, text in (texts or {}).items()}
    there = {posixpath.normpath(name) for name in folders} | {"."}

    def find(path: str) -> Found:
        place = posixpath.normpath(path)
        return "file" if place in known else "folder" if place in there else ""

    return Files("/here", find, lambda path: known.get(posixpath.normpath(path)), check_code)


def read(
    text: str, files: Files | None = None, file: str = "component.yaml"
) -> tuple[Component, Reading]:
    repeated: list[Fault] = []
    root = parse(text, file, repeated)
    return read_azureml_component(root, text, file, files or files_of(), repeated)


def component_of(text: str, files: Files | None = None) -> Component:
    return read(text, files)[0]


def errors_of(text: str, files: Files | None = None) -> dict[str, str]:
    """The errors of a file that is not accepted, by path."""
    with pytest.raises(InvalidFile) as caught:
        read(text, files)
    faults = [fault for fault in caught.value.faults if fault.severity == "error"]
    assert all(fault.line and fault.column for fault in faults)
    return {fault.path: fault.message for fault in faults}


def warnings_of(text: str, files: Files | None = None) -> dict[str, str]:
    """The warnings of a file that is accepted, by path."""
    _, reading = read(text, files)
    assert all(fault.line and fault.column for fault in reading.faults)
    return {fault.path: fault.message for fault in reading.faults}
