"""What processes print, as it comes: of one as it is, of several line by line with its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from millwork.cli.sources import Reading


@dataclass
class _Tail:
    process: str
    prefix: bytes
    offset: int = 0
    rest: bytes = b""


@dataclass
class Tails:
    """The logs of an attempt's processes."""

    reading: Reading
    _tails: dict[str, _Tail] = field(default_factory=dict)

    def follow(self, processes: Sequence[tuple[str, str]]) -> None:
        """Follows further processes: the name that stands before their lines, if any, and id."""
        width = max((len(name) for name, _ in processes), default=0)
        for name, process in processes:
            prefix = f"{name:<{width}} | ".encode() if name else b""
            self._tails.setdefault(process, _Tail(process, prefix))

    def read(self) -> Iterator[bytes]:
        """What is new; of several processes only whole lines."""
        for tail in self._tails.values():
            while True:
                data, tail.offset = self.reading.log(tail.process, tail.offset)
                if not data:
                    break
                yield _lines(tail, data)

    def finish(self) -> Iterator[bytes]:
        """What is new, and last lines that have no end; nothing more is followed."""
        yield from self.read()
        for tail in self._tails.values():
            if tail.rest:
                yield tail.prefix + tail.rest + b"\n"
        self._tails.clear()


def _lines(tail: _Tail, data: bytes) -> bytes:
    if not tail.prefix:
        return data
    *lines, tail.rest = (tail.rest + data).split(b"\n")
    return b"".join(tail.prefix + line + b"\n" for line in lines)
