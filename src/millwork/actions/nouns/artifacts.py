"""What steps have left: listed, looked into, and sent as it is."""

from __future__ import annotations

import os
from typing import NotRequired, TypedDict

from millwork.actions.builtins import peeker
from millwork.actions.call import Call
from millwork.actions.exchange import Download
from millwork.actions.kept import ensure
from millwork.actions.nouns.steps import found_step_of
from millwork.actions.pages import cut, with_one_more
from millwork.actions.runs import found
from millwork.base.cursor import read_number
from millwork.base.errors import BadRequest, Conflict, NotFound
from millwork.blobs.artifacts import Item, Manifest
from millwork.blobs.parquet import rows_in
from millwork.views.previews import CARDS, ROWS, Preview, preview_of, with_rows

_MOST_FILES = 1000
_MOST_COUNTED = 100  # files of a table: each is opened to see how many rows it has
_PARQUET = (".parquet", ".pq")


class ArtifactView(TypedDict):
    """An output that is there. `size` in bytes, of all its `files` together.

    `rows` are those of a table of Parquet; None for other outputs, and where nothing tells.
    """

    step: str
    port: str
    type: str
    attempt: str
    path: str
    digest: str
    size: int
    files: int
    rows: int | None


class ArtifactList(TypedDict):
    """The outputs of a run's steps."""

    items: list[ArtifactView]
    next: str | None


class FileView(TypedDict):
    """One file of an output; a link inside it has `link` and no sha256."""

    path: str
    size: int
    sha256: str
    link: NotRequired[str]


class ArtifactPage(ArtifactView):
    """An output with a part of its files; `next` is the number of the first that is not shown."""

    items: list[FileView]
    next: int | None


def list_(call: Call, run: str, limit: int = 50, after: str = "") -> ArtifactList:
    """The outputs of a run's steps, in the order of its file."""
    count = with_one_more(limit)
    row = found(call, run)
    names = [
        (step.name, port) for step in call.context.store.steps(row.id) for port in step.outputs
    ]
    begin = read_number(after)
    shown, follows = cut(names[begin : begin + count], limit, lambda _: str(begin + limit))
    items = [_with_rows(*_view(call, run, *name)) for name in shown]
    return {"items": items, "next": follows}


def show(
    call: Call, run: str, step: str, port: str, limit: int = 200, after: int = 0
) -> ArtifactPage:
    """An output and its files, sorted by path."""
    if not (1 <= limit <= _MOST_FILES and after >= 0):
        raise BadRequest(f"limit: 1 to {_MOST_FILES}; after: 0 or more")
    view, manifest = _view(call, run, step, port)
    shown = [_file(item) for item in manifest.files[after : after + limit]]
    end = after + limit
    counted = _with_rows(view, manifest)
    return {**counted, "items": shown, "next": end if len(manifest.files) > end else None}


def preview(call: Call, run: str, step: str, port: str, path: str = "") -> Preview:
    """The beginning of a file: text, the rows of a table, what a report or model says of itself.

    Without a `path` it is the only file, or the one that tells what the others are, or the first
    of a table's.
    """
    chosen = path or _telling(call, run, step, port)
    place, item = _place(call, run, step, port, chosen)
    known = preview_of(place, _shown(item.path), item.size)
    return _of_parquet(call, place, known) if place.endswith(".parquet") else known


def _telling(call: Call, run: str, step: str, port: str) -> str:
    """The file of several that stands for all; empty if there is none."""
    view, manifest = _view(call, run, step, port)
    paths = [_shown(item.path) for item in manifest.files if item.sha256]
    if len(paths) < 2:
        return ""
    card = next((path for path in CARDS if path in paths), "")
    return paths[0] if view["type"] == "table" and not card else card


def _of_parquet(call: Call, place: str, known: Preview) -> Preview:
    """With the rows, as a process with the built-ins' libraries tells them, if they are here."""
    with peeker(call.context.home, builds=False) as looking:
        answer = looking.ask({"path": place, "rows": ROWS + 1})
    if "rows" not in answer:
        return known
    return with_rows(known, answer["outputs"]["table"], answer["rows"], answer["total"])


def download(call: Call, run: str, step: str, port: str, path: str = "") -> Download:
    """A file as it is: the only one of an output, or the one at `path` in it."""
    place, item = _place(call, run, step, port, path)
    return Download(place, os.path.basename(_shown(item.path)), item.size)


def _view(call: Call, run: str, step: str, port: str) -> tuple[ArtifactView, Manifest]:
    _, row = found_step_of(call, run, step)
    if port not in row.outputs:
        raise NotFound(f"there is no output '{port}' of step '{step}'")
    output = row.outputs[port]
    try:
        manifest = Manifest.from_json(call.context.store.manifest(row.attempt, port))
    except KeyError:
        raise Conflict(f"the run that has left '{port}' of step '{step}' was deleted") from None
    view: ArtifactView = {
        "step": step, "port": port, "type": output["type"], "attempt": row.attempt,
        "path": output["path"], "digest": manifest.digest, "size": manifest.size,
        "files": len(manifest.files), "rows": None,
    }  # fmt: skip
    return view, manifest


def _with_rows(view: ArtifactView, manifest: Manifest) -> ArtifactView:
    """With the rows of a table, if all its files are here and say how many they have."""
    files = [item.path for item in manifest.files if item.sha256]
    if view["type"] != "table" or not files or len(files) > _MOST_COUNTED:
        return view
    if not all(path.endswith(_PARQUET) for path in files):
        return view
    counts = [rows_in(os.path.join(view["path"], path)) for path in files]
    known = [count for count in counts if count is not None]
    return {**view, "rows": sum(known) if len(known) == len(counts) else None}


def _file(item: Item) -> FileView:
    view: FileView = {"path": _shown(item.path), "size": item.size, "sha256": item.sha256}
    if item.link:
        view["link"] = _shown(item.link)
    return view


def _shown(path: str) -> str:
    """A path as text, which it need not be; it is found by that, too."""
    return os.fsencode(path).decode("utf-8", "replace")


def _place(call: Call, run: str, step: str, port: str, path: str) -> tuple[str, Item]:
    """Where a file of an output lies: looked up in the manifest, so no path leads elsewhere."""
    view, manifest = _view(call, run, step, port)
    files = [item for item in manifest.files if item.sha256]
    if not path and len(files) != 1:
        raise BadRequest(f"path: which of the {len(files)} files of '{port}'?")
    named = (item for item in files if _shown(item.path) == path)
    item = next(named, None) if path else files[0]
    if item is None:
        raise NotFound(f"there is no file '{path[:200]}' in output '{port}'")
    _, row = found_step_of(call, run, step)
    ensure(call.context, port, row.outputs[port], manifest)
    place = os.path.join(view["path"], item.path)
    is_own = os.path.realpath(place) == os.path.join(os.path.realpath(view["path"]), item.path)
    if not is_own or not os.path.isfile(place):  # a link may have come in its place, or above it
        raise Conflict(f"'{_shown(item.path)}' is no longer where the attempt has left it")
    return place, item
