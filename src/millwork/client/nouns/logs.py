"""What steps print.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.client.messages import Message

from millwork.client.noun import Noun


class LogsVerbs(Noun):
    """What steps print."""

    def list(self, run: str, step: str) -> dict[str, Any]:
        """The logs of the last attempt at a step."""
        answer: dict[str, Any] = self._door.ask("logs.list", run=run, step=step)
        return answer

    def read(
        self, run: str, step: str, process: str, *, offset: int = 0, limit: int = 65536
    ) -> dict[str, Any]:
        """A part of a log, in bytes from `offset` on; `process` is a replica, or `last`."""
        answer: dict[str, Any] = self._door.ask(
            "logs.read", run=run, step=step, process=process, offset=offset, limit=limit
        )
        return answer

    def search(
        self,
        run: str,
        step: str,
        process: str,
        *,
        words: str,
        offset: int = 0,
        limit: int = 1000,
        block: int = 0,
    ) -> dict[str, Any]:
        """The lines of a log in which words are found, whatever their case, from `offset` on."""
        answer: dict[str, Any] = self._door.ask(
            "logs.search",
            run=run,
            step=step,
            process=process,
            words=words,
            offset=offset,
            limit=limit,
            block=block,
        )
        return answer

    def follow(self, run: str, step: str, process: str) -> Iterator[Message]:
        """A log as it is written (server-sent events), from its beginning or behind an offset."""
        return self._door.stream("logs.follow", run=run, step=step, process=process)
