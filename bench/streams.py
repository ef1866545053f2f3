"""Who listens to a server: clients that read the events of a workspace, in a process of their own.

    python -m bench.streams URL TOKEN_FILE CLIENTS CUTS

Prints `open` when all of them listen, and at the end of standard input what each has been told, as
JSON: the numbers by run, in the order in which they came. With CUTS each closes its connection so
often, at any instant, and comes back with the last id that it has seen.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

_STREAM = "/api/v1/workspaces/default/events"


@dataclass
class Client:
    """One who listens. `told` are the numbers by run as they came; `cuts` how often it was cut."""

    url: str
    token: str
    cuts: int = 0
    told: dict[str, list[int]] = field(default_factory=dict)
    opened: asyncio.Event = field(default_factory=asyncio.Event)
    _since: str = ""
    _chance: random.Random = field(default_factory=lambda: random.Random(7))

    async def listen(self) -> None:
        """Reads for ever, or until it is cancelled."""
        while True:
            reading = asyncio.create_task(self._read())
            if self.cuts:
                await self.opened.wait()
                await asyncio.sleep(self._chance.uniform(0.2, 0.9))  # at any instant
                reading.cancel()
                self.cuts -= 1
                await asyncio.wait([reading])
                await asyncio.sleep(self._chance.uniform(0.0, 0.3))
            else:
                await reading

    async def _read(self) -> None:
        place = urlsplit(self.url)
        reader, writer = await asyncio.open_connection(place.hostname, place.port, limit=1 << 24)
        try:
            lines = [
                f"GET {_STREAM} HTTP/1.1",
                f"Host: {place.netloc}",
                f"Authorization: Bearer {self.token}",
            ]
            if self._since:
                lines.append(f"Last-Event-ID: {self._since}")
            writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
            head = await reader.readuntil(b"\r\n\r\n")
            assert b" 200 " in head.splitlines()[0], head
            await self._messages(reader)
        finally:
            writer.close()

    async def _messages(self, reader: asyncio.StreamReader) -> None:
        """Takes chunks apart into messages, and those into fields, as a browser does."""
        rest = b""
        while size := int((await reader.readuntil(b"\r\n")).strip(), 16):
            rest += (await reader.readexactly(size + 2))[:-2]
            *messages, rest = rest.split(b"\n\n")
            for message in messages:
                self._take(message)

    def _take(self, message: bytes) -> None:
        fields = dict(line.split(b": ", 1) for line in message.split(b"\n") if b": " in line)
        if b"id" in fields:
            self._since = fields[b"id"].decode()
        if fields.get(b"event") == b"change":
            event = json.loads(fields[b"data"])
            self.told.setdefault(event["run"], []).append(event["seq"])
        else:
            self.opened.set()


async def main(url: str, token: str, clients: int, cuts: int) -> None:
    """Listens until whoever has started this has heard enough."""
    all_of_them = [Client(url, token, cuts) for _ in range(clients)]
    tasks = [asyncio.create_task(client.listen()) for client in all_of_them]
    for client in all_of_them:
        await client.opened.wait()
    print("open", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for task in tasks:
        task.cancel()
    print(json.dumps([[client.told, client.cuts] for client in all_of_them]))


if __name__ == "__main__":
    url_, file, clients_, cuts_ = sys.argv[1:]
    asyncio.run(main(url_, Path(file).read_text().strip(), int(clients_), int(cuts_)))
