"""Definitions and code as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.errors import BadRequest
from millwork.spec.writer import to_text

if TYPE_CHECKING:
    from pathlib import Path

    from millwork.spec.model import Definition

_MARK = "# Written by Millwork from Python"
_OURS = (_MARK, '"""The program of a step that is a Python function')


def write(path: Path, definition: Definition) -> None:
    """Writes a definition's file."""
    file = definition.source.file.rpartition("/")[2] or "code"
    path.write_text(f"{_MARK} ({file}).\n{to_text(definition)}", encoding="utf-8")


def claim(path: Path) -> None:
    """Makes the folder of a generated file; BadRequest if there is something of somebody's own."""
    folder = path.parent
    is_ours = path.is_file() and path.read_text(encoding="utf-8").startswith(_OURS)
    if folder.exists() and any(folder.iterdir()) and not is_ours:
        raise BadRequest(f"{folder} holds files that Millwork did not write; save elsewhere")
    folder.mkdir(parents=True, exist_ok=True)
