"""Files that were sent, until a bundle is made of them."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from typing import TYPE_CHECKING, TypedDict

from millwork.base.errors import BadRequest, Conflict
from millwork.base.names import is_text
from millwork.blobs import code
from millwork.blobs.folders import copy_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from millwork.actions.call import Call

_DIGEST = re.compile(r"[0-9a-f]{64}")
_MOST_FILES = 20_000
_LONGEST = 1000


class BundleFile(TypedDict, total=False):
    """A file of a bundle: its path with `/`, its sha256, whether it may be executed."""

    path: str
    sha256: str
    executable: bool


def place_of(call: Call, sha256: str) -> str:
    """Where a file that was sent lies; of each workspace its own: a digest shows nobody's files."""
    if not _DIGEST.fullmatch(sha256):
        raise BadRequest(f"'{sha256[:80]}' is no sha256: 64 of 0-9 and a-f")
    return f"{_folder(call)}/{sha256[:2]}/{sha256}"


def forget(call: Call) -> None:
    """Removes all that was sent to a workspace."""
    shutil.rmtree(_folder(call), ignore_errors=True)


def _folder(call: Call) -> str:
    return f"{call.context.home}/uploads/{call.workspace}"


def make_bundle(call: Call, files: Sequence[BundleFile]) -> code.Tree:
    """A folder of files that were sent, kept by its digest as code is.

    Raises BadRequest for paths that are none or stand twice, Conflict for files not yet sent.
    """
    checked = list(_checked(call, files))
    absent = [path for path, place, _ in checked if not os.path.exists(place)]
    if absent:
        raise Conflict(f"not sent yet: {', '.join(absent[:10])}")
    with tempfile.TemporaryDirectory(dir=f"{call.context.home}/uploads") as folder:
        for path, place, executable in checked:
            target = os.path.join(folder, path)
            os.makedirs(os.path.dirname(target), exist_ok=True)
            copy_file(place, target, 0o755 if executable else 0o644)
        return code.snapshot(folder, call.context.code_store)


def _checked(call: Call, files: Sequence[BundleFile]) -> Iterator[tuple[str, str, bool]]:
    if not files or len(files) > _MOST_FILES:
        raise BadRequest(f"files: 1 to {_MOST_FILES:,}")
    known: set[str] = set()
    for file in files:
        path = file.get("path", "")
        check_path(path)
        if path in known or any(above in known for above in _above(path)):
            raise BadRequest(f"files: '{path[:200]}' stands twice, or below a file")
        known.add(path)
        yield path, place_of(call, file.get("sha256", "")), file.get("executable", False)
    folders = {above for path in known for above in _above(path)}
    if both := folders & known:
        raise BadRequest(f"files: '{min(both)[:200]}' is a file and a folder")


def check_path(path: str) -> None:
    """Raises BadRequest for a path that is not plainly one below a folder."""
    parts = path.split("/")
    is_plain = is_text(path) and path.isprintable() and len(path) <= _LONGEST
    if not is_plain or any(part in ("", ".", "..") or len(part) > 255 for part in parts):
        raise BadRequest(f"files: {path[:200]!r} is no path below a folder")
    if ".git" in parts:
        raise BadRequest(f"files: '{path[:200]}': Git's own files are not taken")


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]
