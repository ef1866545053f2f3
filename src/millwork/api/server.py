"""The process that serves a run's batches: started by the run's master, and ends with it.

    python -m millwork.api.server RUN EPOCH DESCRIPTOR

It listens at the socket that it inherits as DESCRIPTOR, so that whoever calls while it is being
started again waits and is not refused. Lines of JSON come from the master by standard input, whose
end is its own, and go to it by standard output.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

import uvicorn

from millwork.actions.leases import LeaseService, Ports
from millwork.api.shards import ShardsApi
from millwork.app.compose import open_shards
from millwork.app.process import SystemClock
from millwork.base.errors import Fenced, MillworkError
from millwork.blobs.layout import Layout
from millwork.blobs.split import cut
from millwork.ports.leases import FENCED, Opening

if TYPE_CHECKING:
    from millwork.ports.leases import News


def main(words: list[str]) -> None:
    """Serves until the master is gone, or has been replaced."""
    run, epoch, descriptor = words
    ports = Ports(open_shards(), SystemClock(), _cut, Layout, _tell, _give_up)
    service = LeaseService(run, int(epoch), ports)
    config = uvicorn.Config(
        ShardsApi(service), http="httptools", ws="none", lifespan="off", loop="asyncio",
        log_config=None, access_log=False, server_header=False, date_header=False,
        timeout_keep_alive=3600,
    )  # fmt: skip
    asyncio.run(_serve(uvicorn.Server(config), socket.socket(fileno=int(descriptor)), service))


async def _serve(server: uvicorn.Server, listening: socket.socket, service: LeaseService) -> None:
    task = asyncio.create_task(_listen(service))
    task.add_done_callback(_check)
    await server.serve(sockets=[listening])
    task.cancel()


async def _listen(service: LeaseService) -> None:
    """Does what the master says, until there is none."""
    reader = asyncio.StreamReader(limit=1 << 26)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tasks: set[asyncio.Task[None]] = set()
    while line := await reader.readline():
        said = json.loads(line)
        if said["say"] == "close":
            service.close(said["attempt"])
            continue
        if said["say"] == "open":
            doing = service.open(Opening.of(said["opening"]))
        else:
            doing = service.gone(said["attempt"], said["worker"], is_lost=said["is_lost"])
        task = asyncio.create_task(doing)
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        task.add_done_callback(_check)
    os._exit(0)  # all that counts is kept, and who waits for an answer asks again


def _check(task: asyncio.Task[None]) -> None:
    """Ends the process for a task that failed: who waits for it would wait for ever."""
    error = None if task.cancelled() else task.exception()
    if error:
        _give_up(MillworkError(f"{type(error).__name__}: {error}"))


def _cut(opening: Opening, to: str) -> None:
    only = None
    if opening.only:
        with open(opening.only, encoding="utf-8") as file:
            only = frozenset(json.load(file))
    cut(opening.source, opening.split, to, only)


def _tell(attempt: str, news: News) -> None:
    try:
        sys.stdout.write(json.dumps({"attempt": attempt, **asdict(news)}) + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os._exit(0)


def _give_up(error: MillworkError) -> None:
    sys.stderr.write(f"millwork: the service of shards: {error}\n")
    sys.stderr.flush()
    os._exit(FENCED if isinstance(error, Fenced) else error.exit_code)


if __name__ == "__main__":
    main(sys.argv[1:])
