"""Bodies of requests: JSON within limits, and files as they come."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import msgspec

from millwork.actions.exchange import Upload
from millwork.api.problems import Refused
from millwork.base.errors import BadRequest
from millwork.base.sizes import format_size

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.requests import Request

_MOST_FILE = 64 * 1024**3
_PATIENCE = 30.0
"""Seconds that a body may stand still."""
_MOST_SECONDS = 120.0
"""Seconds in which JSON must have come."""


async def read_json(request: Request, most: int) -> Any:
    """The body, of at most so many bytes, as JSON; None if there is none.

    Raises Refused or BadRequest.
    """
    try:
        async with asyncio.timeout(_MOST_SECONDS):
            body = b"".join([part async for part in _parts(request, most)])
    except TimeoutError:
        raise Refused(408, "the body comes too slowly") from None
    if not body:
        return None
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise Refused(415, "the body: Content-Type: application/json is wanted")
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise BadRequest(f"the body is not JSON: {error}") from None


@asynccontextmanager
async def received(request: Request, folder: str) -> AsyncIterator[Upload]:
    """The body in a file of its own below `folder`; removed again unless it was moved away."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    descriptor, path = tempfile.mkstemp(dir=folder)
    digest, size = hashlib.sha256(), 0
    try:
        with open(descriptor, "wb") as file:
            async for part in _parts(request, _MOST_FILE):
                size += len(part)
                digest.update(part)
                file.write(part)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        yield Upload(path, size, digest.hexdigest())
    finally:
        with suppress(FileNotFoundError):
            os.unlink(path)


async def _parts(request: Request, most: int) -> AsyncIterator[bytes]:
    too_large = Refused(413, f"the body: at most {format_size(most)}")
    said = request.headers.get("content-length", "0")
    if not said.isdigit() or int(said) > most:
        raise too_large
    size, stream = 0, request.stream()
    while True:
        try:
            part = await asyncio.wait_for(anext(stream), _PATIENCE)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise Refused(408, "the body has stood still for too long") from None
        size += len(part)
        if size > most:
            raise too_large
        yield part
