"""Streams that end when who listens may no more."""

from __future__ import annotations

import time
from contextlib import aclosing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable

LOOK = 15.0
"""Seconds after which a stream asks again whether its listener is let in."""


async def while_let_in(
    lines: AsyncGenerator[bytes, None], is_let_in: Callable[[], Awaitable[bool]]
) -> AsyncIterator[bytes]:
    """The lines, which come now and then at least, as long as their listener may have them."""
    looked = time.monotonic()
    async with aclosing(lines):
        async for line in lines:
            if time.monotonic() > looked + LOOK:
                looked = time.monotonic()
                if not await is_let_in():
                    return
            yield line
