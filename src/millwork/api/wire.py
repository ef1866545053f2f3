"""HTTP as it comes in: a request that is slow or endless is cut before anybody looks at it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    from typing import Any

MOST_HEAD = 64 * 1024
_PATIENCE = 30.0
"""Seconds in which the head of a request must be there."""
_LINGER = 2.0
"""Seconds for which a body that nobody reads is taken: who sends it is to see the answer."""


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which by itself waits for any head for ever, and keeps all of it.

    Otherwise a few hundred connections that say nothing keep everybody else out.
    """

    def __init__(self, *words: Any, **more: Any) -> None:
        super().__init__(*words, **more)
        self._size, self._is_in_head, self._is_whole = 0, False, True
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begins to wait for the first request."""
        assert isinstance(transport, asyncio.Transport)
        super().connection_made(transport)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """Waits for nothing any more."""
        self._stop_waiting()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Takes what has come, unless it is one more part of a head that is too long."""
        was_in_head = self._is_in_head
        super().data_received(data)
        if was_in_head and self._is_in_head:
            self._size += len(data)
        if self._size > MOST_HEAD and not self.transport.is_closing():
            self.send_400_response("The head of the request is too long.")

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._size, self._is_in_head, self._is_whole = 0, True, False
        self._wait()

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header is there, before the body or behind it."""
        self._size += len(name) + len(value)
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is there, and the request can be answered."""
        self._is_in_head = False
        self._stop_waiting()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of the request is there."""
        self._is_whole = True
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """The answer is sent; a body that goes on all the same is not waited for."""
        super().on_response_complete()
        if not self._is_whole:
            self._timer = self.loop.call_later(_LINGER, self._end_if_not_whole)

    def _wait(self) -> None:
        self._stop_waiting()
        self._timer = self.loop.call_later(_PATIENCE, self.transport.close)

    def _stop_waiting(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _end_if_not_whole(self) -> None:
        if not self._is_whole:
            self.transport.close()
