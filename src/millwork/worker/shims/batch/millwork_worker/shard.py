"""`Shard`: a part of the batch's input, as the code that works on it sees it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from .errors import LONGEST, describe
from .rows import Part, read
from .staging import Staging

if TYPE_CHECKING:
    from types import TracebackType
    from typing import IO, Any, Callable, Dict, Iterator, List, Optional, Type


class Shard:
    """A leased part of the input. `failed` may be counted up: items that could not be worked on.

    `id`, `attempt` (from 0), `files` (paths), `ranges` (of tables; else empty) and `key` (of a
    partition; else None) are as leased; `lost` is true when the lease is no longer ours: then
    nothing of it will be kept.
    """

    def __init__(self, entry: Dict[str, Any], end: Callable[[Shard, str, Dict[str, Any]], bool]):
        self.id = str(entry["id"])
        self.token = str(entry["token"])
        self.attempt = int(entry.get("attempt", 0))
        self.seconds = float(entry.get("seconds", 60))
        self.key: Optional[Dict[str, Any]] = entry.get("key")
        self.ranges = [_range(part) for part in entry.get("rows") or ()]
        self.files = _files(entry, self.ranges)
        self.failed = 0
        self.lost = False
        self.entry = entry
        self.staging = Staging(self.id, self.token)
        self._end = end
        self._rows: Optional[int] = None
        self._errors: Dict[str, str] = {}

    def __repr__(self) -> str:
        return "<shard {} attempt {}>".format(self.id, self.attempt)

    @property
    def rows(self) -> Iterator[Dict[str, Any]]:
        """The rows as dicts: of the shard's ranges, else of all its files. Each use starts anew."""
        return self._read()

    def _read(self) -> Iterator[Dict[str, Any]]:
        self._rows = 0
        for part in self.parts():
            for row in read(part):
                self._rows += 1
                yield row

    def parts(self) -> List[Part]:
        """The ranges of files that the shard consists of; each of whole files is all of one."""
        return self.ranges or [Part(file) for file in self.files]

    @property
    def error(self) -> Optional[str]:
        """Why the shard cannot be done, as far as it is known."""
        return next(iter(self._errors.values()), None)

    @contextmanager
    def output(
        self, name: str, mode: str = "w", output: Optional[str] = None, **options: Any
    ) -> Iterator[IO[Any]]:
        """A staged file to write; `mode` and `options` are those of `open`, text is UTF-8.

        It is kept only if the shard is done and accepted. An error within the block fails the
        shard, unless the same file is written anew without one.
        """
        path = self.path(name, output)
        if "b" not in mode:
            options = {"encoding": "utf-8", "newline": "\n", **options}
        try:
            with open(path, mode, **options) as file:
                yield file
        except BaseException as error:
            self._errors[path] = describe(error)
            raise
        self._errors.pop(path, None)

    def path(self, name: str, output: Optional[str] = None) -> str:
        """The path of a staged file, for code that writes by name; see `output`."""
        return self.staging.path(name, output)

    def done(self, ok: Optional[int] = None, failed: Optional[int] = None) -> None:
        """Ends the shard now: so many items went well and so many did not.

        If it is not called, the shard is done when the loop asks for the next one. Items are rows
        if rows were read, else files; a shard of neither is one.
        """
        if self.error:
            return self.fail(self.error)
        failed = self.failed if failed is None else failed
        ok = max(0, self._items() - failed) if ok is None else ok
        self._end(self, "done", {"ok": int(ok), "failed": int(failed)})
        return None

    def fail(self, error: object, retryable: bool = True) -> None:
        """Ends the shard now as failed, with a text or an exception; nothing of it is kept."""
        text = describe(error) if isinstance(error, BaseException) else str(error)
        self._end(self, "fail", {"error": text[-LONGEST:], "retryable": retryable})

    def _items(self) -> int:
        return self._rows if self._rows is not None else len(self.files) or 1

    def __enter__(self) -> Shard:
        return self

    def __exit__(
        self,
        kind: Optional[Type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> bool:
        """An exception fails the shard and goes no further, so that a loop takes the next one."""
        if error is None:
            self.done()
            return False
        text = describe(error)
        if isinstance(error, Exception):
            self.fail(text)
            return True
        self._errors.setdefault("", text)  # it is not ours to stop; the end of the loop tells it
        return False


def _range(found: Dict[str, Any]) -> Part:
    end = found.get("end")
    return Part(str(found["file"]), int(found.get("start") or 0), None if end is None else int(end))


def _files(entry: Dict[str, Any], ranges: List[Part]) -> List[str]:
    """The paths, each once where a file has several ranges."""
    if ranges:
        return list(dict.fromkeys(part.file for part in ranges))
    return [str(path) for path in entry.get("files") or ()]
