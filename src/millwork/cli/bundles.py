"""What a run or a component is made of, sent to a server: each file once, by its sha256."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from millwork.actions.builtins import is_builtin_definition
from millwork.base.errors import BadRequest
from millwork.base.records import dataclass, field
from millwork.base.sizes import format_size
from millwork.blobs import code
from millwork.blobs.folders import copy_file, hash_file
from millwork.spec.model import Component

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from millwork.app.doors import Door
    from millwork.spec.model import Definition
    from millwork.spec.tree import Tree

_AT_ONCE = 10_000
_TRIES = 3
_LARGE = 10 * 1024 * 1024
_WORD = re.compile(r"[^\s'\"\[\]{},:#]+")
_TEXTS = (".yaml", ".yml", ".txt", ".json", ".additional_includes")
_MOST_TEXT = 1 << 20


@dataclass(frozen=True)
class File:
    """A file that is sent: where it lies here, and what it is."""

    place: str
    size: int
    sha256: str
    executable: bool


@dataclass
class Bundle:
    """Files by their path in a bundle, whose root is the folder `root` of this machine."""

    root: str
    files: dict[str, File] = field(default_factory=dict)

    def add(self, place: str) -> None:
        """Puts a file into it, at its place below the root."""
        real = os.path.realpath(place)
        digest, info = hash_file(real)
        found = File(real, info.st_size, digest, bool(info.st_mode & 0o100))
        self.files[os.path.relpath(place, self.root)] = found

    def add_folder(self, folder: str) -> None:
        """Puts the code in a folder into it; a link becomes a copy of what it leads to."""
        for entry in code.scan(folder).files:
            place = os.path.join(folder, entry.path)
            if entry.link:
                self._add_linked(place)
                continue
            path = os.path.relpath(place, self.root)
            self.files[path] = File(place, entry.size, entry.sha256, entry.executable)

    def settle(self, folder: str) -> bool:
        """Puts copies below `folder` in the place of files that change; whether any did."""
        changed = 0
        for path, file in list(self.files.items()):
            with suppress(FileNotFoundError):
                if hash_file(file.place)[0] == file.sha256:
                    continue
                changed += 1
                copy = os.path.join(tempfile.mkdtemp(dir=folder), "file")
                copy_file(file.place, copy, 0o600)
                digest, info = hash_file(copy)
                self.files[path] = File(copy, info.st_size, digest, file.executable)
                continue
            changed += 1
            del self.files[path]
        return bool(changed)

    def _add_linked(self, place: str) -> None:
        if os.path.isfile(place):
            self.add(place)
        for current, _, names in os.walk(place):
            for name in names:
                if os.path.isfile(os.path.join(current, name)):
                    self.add(os.path.join(current, name))


def commits_of(tree: Tree) -> dict[str, dict[str, Any]]:
    """Which commit each component's code is of, by the component's name."""
    if not isinstance(tree.definition, Component):
        return {name: one for child in tree.children.values()
                for name, one in commits_of(child).items()}  # fmt: skip
    component = tree.definition
    folder = os.path.join(component.source.folder, component.code.path)
    is_here = bool(component.code.path) and os.path.isdir(folder)
    state = code.git_state(folder) if is_here else None
    return {component.name: asdict(state)} if state else {}


def send_code(door: Door, folder: str) -> str:
    """Sends a folder of code; the digest of its bundle."""
    if not os.path.isdir(folder):
        raise BadRequest(f"--code {folder}: there is no such folder")
    bundle = Bundle(os.path.abspath(folder))
    bundle.add_folder(bundle.root)
    return send(door, bundle)


def send(door: Door, bundle: Bundle) -> str:
    """Sends what the server has not got of a bundle, and makes it there; its digest."""
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(_TRIES):
            try:
                return _send(door, bundle)
            except BadRequest:
                if not bundle.settle(folder):
                    raise
        return _send(door, bundle)


def _send(door: Door, bundle: Bundle) -> str:
    by_digest = {file.sha256: file for file in bundle.files.values()}
    digests, missing = list(by_digest), list[str]()
    for begin in range(0, len(digests), _AT_ONCE):
        asked = digests[begin : begin + _AT_ONCE]
        missing += door.ask("files.missing", sha256=asked)["missing"]
    size, sent = sum(by_digest[digest].size for digest in missing), 0
    show = _progress(size)
    for digest in missing:
        show(sent)
        door.upload(by_digest[digest].place, digest)
        sent += by_digest[digest].size
    show(size)
    files = [
        {"path": path, "sha256": file.sha256, "executable": file.executable}
        for path, file in sorted(bundle.files.items())
    ]
    return str(door.ask("bundles.create", files=files)["bundle"])


def _progress(size: int) -> Any:
    """Shows how much of so many bytes is sent, in a terminal, if it takes its time."""
    if size < _LARGE:
        return lambda _: None
    from millwork.cli.progress import StatusLine

    line = StatusLine(sys.stderr)

    def show(sent: int) -> None:
        if sent < size:
            line.draw(f"sending {format_size(sent)} of {format_size(size)}")
        else:
            line.clear()

    return show


def bundle_of(tree: Tree, file: str) -> tuple[Bundle, str]:
    """All files that a definition is made of, and the path of its own in the bundle."""
    definitions = list(_definitions(tree))
    files = dict.fromkeys(_files(definitions))
    folders = dict.fromkeys(_folders(definitions))
    first = os.path.abspath(file)
    places = [*map(os.path.dirname, (*files, first)), *folders]
    bundle = Bundle(os.path.commonpath(places))
    if bundle.root == "/":
        raise BadRequest(f"{file}: its files have no folder in common but /: move them together")
    for folder in folders:
        bundle.add_folder(folder)
    for place in (*files, first):
        bundle.add(place)
    return bundle, os.path.relpath(first, bundle.root)


def _definitions(tree: Tree) -> Iterator[Definition]:
    if not is_builtin_definition(tree.definition):
        yield tree.definition
    for child in tree.children.values():
        yield from _definitions(child)


def _files(definitions: Iterable[Definition]) -> Iterator[str]:
    """The files of definitions, and the texts that these name: environments, further parts."""
    for definition in definitions:
        source = definition.source
        if source.file:
            yield from _with_named(os.path.abspath(source.file), set())
        component = definition if isinstance(definition, Component) else None
        for path in component.code.includes if component else ():
            place = os.path.normpath(os.path.join(source.folder, path))
            if os.path.isfile(place):
                yield place


def _with_named(file: str, seen: set[str]) -> Iterator[str]:
    """A file of text and those of its neighbours that it names, and that these name."""
    if file in seen or not os.path.isfile(file) or os.path.getsize(file) > _MOST_TEXT:
        return
    seen.add(file)
    yield file
    folder = os.path.dirname(file)
    with open(file, encoding="utf-8", errors="replace") as opened:
        words = set(_WORD.findall(opened.read()))
    beside = f"{os.path.splitext(file)[0]}.additional_includes"
    for word in sorted({*words, beside}):
        place = os.path.normpath(os.path.join(folder, word))
        if place.endswith(_TEXTS):
            yield from _with_named(place, seen)


def _folders(definitions: Iterable[Definition]) -> Iterator[str]:
    for definition in definitions:
        if not isinstance(definition, Component):
            continue
        found = definition.code
        for path in (found.path, *found.includes):
            place = os.path.normpath(os.path.join(definition.source.folder, path))
            if path and not found.git and not found.uri and os.path.isdir(place):
                yield place
