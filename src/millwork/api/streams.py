"""Streams that end in good order when the server does."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator


async def until(closing: asyncio.Event, lines: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """The lines until there are no more, or the server is closing: who listens may come again."""
    end = asyncio.create_task(closing.wait())
    try:
        while True:
            line = asyncio.ensure_future(anext(lines))
            await asyncio.wait({line, end}, return_when=asyncio.FIRST_COMPLETED)
            if not line.done():
                line.cancel()
                with suppress(asyncio.CancelledError, StopAsyncIteration):
                    await line
                return
            try:
                yield line.result()
            except StopAsyncIteration:
                return
    finally:
        end.cancel()
        await lines.aclose()
