"""The process of the API: started by `millwork up`, and ends with it.

    python -m millwork.api.main DESCRIPTOR OPTIONS

It listens at the socket that it inherits, so that whoever calls while it is started again waits
and is not refused. A byte on standard output means that there is something to be started; the end
of standard input is the end of whoever has started this.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import sys
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import uvicorn

from millwork.api.app import Door
from millwork.api.feed import Feed
from millwork.api.threads import Threads
from millwork.api.wire import BoundedProtocol
from millwork.app import logs
from millwork.app.compose import open_context
from millwork.app.home import find_home
from millwork.app.server import READY

if TYPE_CHECKING:
    from millwork.actions.context import Context

_THREADS = 6
_LAST_WORDS = 3  # seconds that open streams have when it ends


def main(words: list[str]) -> None:
    """Serves until it is told to end, or its parent is gone."""
    descriptor, options = int(words[0]), json.loads(words[1])
    logs.configure(sys.stderr, "INFO", options["log_format"])
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    threads = Threads(partial(_context, is_shared=options["is_shared"]), _THREADS)
    outward = Threads(partial(_context, is_shared=options["is_shared"]), _THREADS)
    door = Door(
        threads, outward, Feed(threads), f"{find_home()}/uploads", frozenset(options["names"]),
        is_secure=options["is_secure"],
    )  # fmt: skip
    config = uvicorn.Config(
        door.app(), http=BoundedProtocol, ws="none", lifespan="off", loop="asyncio",
        log_config=None, access_log=False, server_header=False, date_header=False,
        timeout_keep_alive=30, timeout_graceful_shutdown=_LAST_WORDS, limit_concurrency=500,
        proxy_headers=False, ssl_certfile=options["certificate"] or None,
        ssl_keyfile=options["key"] or None,
    )  # fmt: skip
    asyncio.run(_serve(uvicorn.Server(config), door, socket.socket(fileno=descriptor)))
    threads.close()
    outward.close()


def _context(*, is_shared: bool) -> Context:
    context = open_context()
    context.nudge, context.is_shared = partial(_say, b"\n"), is_shared
    return context


def _say(word: bytes) -> None:
    with suppress(BlockingIOError, BrokenPipeError):
        os.write(sys.stdout.fileno(), word)


async def _serve(server: uvicorn.Server, door: Door, listening: socket.socket) -> None:
    ending = asyncio.create_task(_end_with_parent(server, door))
    tasks = [ending, asyncio.create_task(_tell(server))]
    await server.serve(sockets=[listening])
    for task in tasks:
        task.cancel()


async def _tell(server: uvicorn.Server) -> None:
    while not server.started:
        await asyncio.sleep(0.01)  # uvicorn tells nobody when it has begun
    _say(READY)


async def _end_with_parent(server: uvicorn.Server, door: Door) -> None:
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    await reader.read()
    door.closing.set()
    door.feed.close()
    server.should_exit = True


if __name__ == "__main__":
    main(sys.argv[1:])
