"""Outputs of steps brought here: each file is looked up in the list of the output, and checked."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from millwork.base.errors import BadRequest, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from millwork.client.noun import Asking


def save(door: Asking, to: str, *, run: str, step: str, port: str, path: str = "") -> None:
    """Writes one file of an output, the only one or that at `path`, to the file `to`.

    Raises NotFound if there is no such file, BadRequest for an output of several without `path`,
    Unavailable if what came is not what the step has left.
    """
    files = [item for item in files_of(door, run, step, port) if not item.get("link")]
    if not path and len(files) != 1:
        raise BadRequest(f"path: which of the {len(files)} files of '{port}'?")
    found = next((item for item in files if path in ("", item["path"])), None)
    if found is None:
        raise NotFound(f"there is no file '{path}' in output '{port}'")
    _save(door, to, found, run=run, step=step, port=port)


def save_all(door: Asking, folder: str, *, run: str, step: str, port: str) -> None:
    """Writes all files of an output below `folder`, links within it as links.

    Raises BadRequest for a path that leads out of the folder, and errors as `save`.
    """
    links = []
    root = Path(os.path.normpath(folder))
    root.mkdir(parents=True, exist_ok=True)
    for item in files_of(door, run, step, port):
        target = Path(os.path.normpath(root / item["path"]))
        link = Path(os.path.normpath(target.parent / item.get("link", "")))
        if not (target.is_relative_to(root) and link.is_relative_to(root)):
            raise BadRequest(f"'{item['path']}' of output '{port}' leads out of {folder}")
        target.parent.mkdir(parents=True, exist_ok=True)
        if item.get("link"):
            links.append((target, item["link"]))
        else:
            _save(door, str(target), item, run=run, step=step, port=port)
    for target, text in links:  # last, so that nothing is written through one
        target.symlink_to(text)


def files_of(door: Asking, run: str, step: str, port: str) -> Iterator[Mapping[str, Any]]:
    """The files of an output."""
    after: int | None = 0
    while after is not None:
        page = door.ask("artifacts.show", run=run, step=step, port=port, after=after)
        yield from page["items"]
        after = page["next"]


def _save(door: Asking, to: str, item: Mapping[str, Any], **named: str) -> None:
    with Path(to).open("w+b") as file:
        door.download(
            "artifacts.download", file, item["size"], item["sha256"], path=item["path"], **named
        )
