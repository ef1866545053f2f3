"""Verbs are synchronous: each is carried out by a thread that has a context of its own."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from millwork.actions.context import Context

_T = TypeVar("_T")


class Threads:
    """Up to `count` threads, each with the context that `open_context` gives it once."""

    def __init__(self, open_context: Callable[[], Context], count: int) -> None:
        self._open, self._own = open_context, threading.local()
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="verb")

    async def do(self, what: Callable[[Context], _T]) -> _T:
        """What `what` returns, carried out by one of the threads."""
        loop = asyncio.get_running_loop()
        around = contextvars.copy_context()
        return await loop.run_in_executor(self._pool, partial(around.run, self._with_context, what))

    def close(self) -> None:
        """Waits for what is being done."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _with_context(self, what: Callable[[Context], _T]) -> _T:
        if not hasattr(self._own, "context"):
            self._own.context = self._open()
        return what(self._own.context)
