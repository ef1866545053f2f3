"""What the classes of the nouns share; `millwork.client.nouns` is written from the verbs."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.client.messages import Message


class Asking(Protocol):
    """Whatever the verbs are asked of: a server, or a home itself."""

    def ask(self, verb: str, /, **arguments: Any) -> Any:
        """What the verb answers."""

    def stream(self, verb: str, /, **arguments: Any) -> Iterator[Message]:
        """The events of a verb that is followed, each once, until it ends."""

    def upload(self, path: str, sha256: str) -> Any:
        """Sends the file at `path`, whose digest this is."""

    def download(
        self, verb: str, to: IO[bytes], size: int, sha256: str, /, **arguments: Any
    ) -> None:
        """Writes a file to `to`, of that size and digest."""


class Noun:
    """The verbs of one noun, asked of `door`."""

    def __init__(self, door: Asking) -> None:
        self._door = door
