"""Server-sent events as a client reads them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True)
class Message:
    """One event of a stream: where it goes on after it, what it is, and its JSON."""

    id: str
    event: str
    data: Any


def messages(lines: Iterable[bytes]) -> Iterator[Message]:
    """The events in the lines of an answer; a last one that was cut off is left out."""
    name, place = "message", ""
    data: list[str] = []
    for raw in lines:
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        if not line:
            if data:
                yield Message(place, name, json.loads("\n".join(data)))
            name, data = "message", []
            continue
        word, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if word == "event":
            name = value
        elif word == "id":
            place = value
        elif word == "data":
            data.append(value)


@dataclass
class Seen:
    """How far a reader has come in each run: what comes once more is known by (run, seq)."""

    _numbers: dict[str, int] = field(default_factory=dict)

    def is_new(self, message: Message) -> bool:
        """Whether it has not been seen; what has no number always is."""
        if message.event != "change":
            return True
        run, number = message.data["run"], message.data["seq"]
        if number <= self._numbers.get(run, 0):
            return False
        self._numbers[run] = number
        return True
