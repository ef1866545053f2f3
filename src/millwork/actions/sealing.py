"""What a step has left at its outputs, made fast: hashed, brought to disk, checked."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from millwork.base.errors import RunFailed
from millwork.base.sizes import format_size
from millwork.blobs import artifacts
from millwork.plan.contract import LINK, VALUE_FILE

if TYPE_CHECKING:
    from millwork.spec.model import Output

_LARGEST_VALUE = 64 * 1024


def sealed(root: str, attempt: str, name: str, port: Output) -> dict[str, Any]:
    """What an attempt whose folder is `root` left at an output, hashed and brought to disk.

    RunFailed or BadRequest for what is no output of that kind.
    """
    kind = port.type
    folder = f"{root}/output/{name}"
    if port.mode == LINK:
        folder = _linked(name, f"{folder}/{name}")
    manifest = artifacts.seal(folder, f"/ml/output/{name}")
    if kind == "value":
        _check_value(name, f"{folder}/{VALUE_FILE}")
    return {
        "path": folder,
        "attempt": attempt,
        "type": kind,
        "digest": manifest.digest,
        "size": manifest.size,
        "files": len(manifest.files),
        "manifest": manifest.to_json(),
    }


def _check_value(name: str, path: str) -> None:
    if not os.path.isfile(path):
        raise RunFailed(
            f"the output '{name}' is a value, and the step wrote none to "
            f"$PAI_OUTPUT_{name.upper().replace('-', '_')}"
        )
    try:
        read_value(path)
    except ValueError as error:
        raise RunFailed(f"the output '{name}' is not a JSON value: {error}") from None


def read_value(path: str) -> Any:
    """The JSON value in a file; ValueError for what is none, or too large."""
    size = os.stat(path).st_size
    if size > _LARGEST_VALUE:
        raise ValueError(f"it has {format_size(size)}; at most {format_size(_LARGEST_VALUE)}")
    with open(path, encoding="utf-8") as file:
        try:
            return json.load(file, parse_constant=_refuse)
        except RecursionError:
            raise ValueError("it is nested too deep") from None


def _refuse(word: str) -> None:
    raise ValueError(f"{word} is no JSON")


def _linked(name: str, note: str) -> str:
    """The folder that a step has linked as its output: the path that it wrote to `note`."""
    try:
        with open(note, encoding="utf-8") as file:
            path = file.read(65536).strip()
    except (OSError, UnicodeDecodeError):
        raise RunFailed(f"the output '{name}' links data, and the step wrote no path") from None
    if not os.path.isabs(path) or not os.path.isdir(path):
        raise RunFailed(f"the output '{name}' links '{path[:200]}', which is no folder here")
    return os.path.realpath(path)
