"""Where a component's code is, and what is put beside it (azureml-spec 1, code and includes)."""

from __future__ import annotations

import posixpath
from pathlib import PurePath
from typing import TYPE_CHECKING

from millwork.base.errors import InvalidFile
from millwork.spec.document import Scalar, Sequence, parse
from millwork.spec.model import Code

if TYPE_CHECKING:
    from millwork.formats.azureml.findings import Files, Findings
    from millwork.spec.model import Path

_GIT = "git+"
_ASSETS = ("azureml:", "aml:", "/subscriptions/")
_URLS = ("http://", "https://")
_SUFFIX = ".additional_includes"


def read_code(text: str | None, path: Path, findings: Findings) -> Code:
    """The code that `text` names; without, the old flavour takes the file's folder, v2 none."""
    includes = findings.includes
    if text is None:
        return Code("" if findings.is_v2 else ".", includes=includes)
    if text.startswith(_GIT):
        url, _, part = text.removeprefix(_GIT).partition("#")
        ref, _, folder = part.partition(":")
        return Code(folder, git=url, ref=ref, includes=includes)
    if text.startswith((*_URLS, *_ASSETS)):
        kind = "an asset of a workspace" if text.startswith(_ASSETS) else "at a URL"
        findings.refuse(path, f"the code is {kind}; only folders and Git are read")
        return Code("", uri=text, includes=includes)
    found = findings.files.find(text)
    if found == "file":
        return Code("", includes=(text, *includes))
    if not found and findings.files.check_code:
        findings.error(path, f"there is no folder {text}")
    return Code(text, includes=includes)


def read_sidecar(files: Files, file: str) -> tuple[str, ...]:
    """What the list beside an old component's file includes: a path a line, or YAML."""
    text = files.read_text(PurePath(file).stem + _SUFFIX)
    if text is None:
        return ()
    try:
        entry = parse(text, file).entries.get("additional_includes")
    except InvalidFile:
        return tuple(line.strip() for line in text.splitlines() if line.strip())
    items = entry[1].items if entry and isinstance(entry[1], Sequence) else []
    # An artifact of Azure DevOps has no path; it is told by its being no text.
    return tuple(item.text if isinstance(item, Scalar) else "" for item in items)


def check_includes(
    includes: tuple[object, ...], code: str, path: Path, findings: Findings
) -> tuple[str, ...]:
    """The includes that are paths.

    Each has to be there, a zip at least as its folder, and not in the way of what `code` holds.
    """
    found = []
    for index, include in enumerate(includes):
        at = (*path, index)
        if not isinstance(include, str) or not include:
            findings.refuse(at, "only files and folders are included here, no artifacts")
            continue
        found.append(include)
        if findings.files.check_code:
            _check_include(include, code, at, findings)
    return tuple(found)


def _check_include(include: str, code: str, path: Path, findings: Findings) -> None:
    find = findings.files.find
    name = posixpath.basename(posixpath.normpath(include))
    if not (find(include) or find(include.removesuffix(".zip"))):
        findings.error(path, f"there is no {include} to include")
    elif code and find(posixpath.join(code, name)):
        findings.error(path, f"the code has its own {name}, which {include} would replace")
