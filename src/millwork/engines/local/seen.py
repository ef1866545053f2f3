"""The columns of tables that were looked at, remembered by what the file system says of them.

As with the hashes of files (blobs/content.py): what was written less than two seconds before it
was looked at is not remembered, as a later write could leave the same times.
"""

from __future__ import annotations

import json
import os
import time
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_YOUNG = 2_000_000_000
_MOST_FILES, _MOST_TABLES = 1000, 500


class Seen:
    """A JSON file of answers, the latest last, replaced as a whole.

    `looks` stands for how was looked: the digest of the code that does it. Of two processes that
    write at the same time, what one has seen may be lost; it is looked at again.
    """

    def __init__(self, path: str, looks: str) -> None:
        self._path, self._looks = path, looks

    def key(self, table: str) -> str:
        """What stands for a table as it is now; empty if that is not to be remembered."""
        try:
            stamps = [_stamp(path) for path in _files(table)]
        except OSError:
            return ""
        if len(stamps) > _MOST_FILES:
            return ""
        newest = max((max(stamp[-2:]) for stamp in stamps), default=0)
        if time.time_ns() - newest < _YOUNG:
            return ""
        return sha256(json.dumps([self._looks, table, stamps]).encode()).hexdigest()

    def recall(self, key: str) -> dict[str, Any] | None:
        """The answer that was remembered; None for none."""
        found = self._read().get(key) if key else None
        return found if isinstance(found, dict) else None

    def remember(self, key: str, answer: Mapping[str, Any]) -> None:
        """Keeps an answer; where the file cannot be written, nothing is kept."""
        if not key:
            return
        kept = {**self._read(), key: answer}
        latest = dict(list(kept.items())[-_MOST_TABLES:])
        own = f"{self._path}.{os.getpid()}"
        try:
            with open(own, "w", encoding="utf-8") as file:
                json.dump(latest, file)
            os.replace(own, self._path)
        except OSError:
            if os.path.exists(own):
                os.unlink(own)

    def _read(self) -> dict[str, Any]:
        try:
            with open(self._path, encoding="utf-8") as file:
                kept = json.load(file)
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}


def _files(table: str) -> Iterator[str]:
    """A table's file, or all files of its folder and one more than is looked at."""
    if not os.path.isdir(table):
        yield table
        return
    count = 0
    for folder, _, names in os.walk(table, followlinks=True):
        yield folder
        for name in names:
            yield os.path.join(folder, name)
            count += 1
            if count > _MOST_FILES:
                return


def _stamp(path: str) -> tuple[str, int, int, int, int, int]:
    info = os.stat(path)
    return (path, info.st_dev, info.st_ino, info.st_size, info.st_mtime_ns, info.st_ctime_ns)
