"""The way to the verbs: a server by HTTP if there is one, else the home itself."""

from __future__ import annotations

import os
import shutil
import time
from typing import IO, TYPE_CHECKING, Any, Protocol

from millwork.base.errors import BadRequest, Unavailable
from millwork.client.noun import Asking

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.actions.context import Context
    from millwork.client.door import HttpDoor
    from millwork.client.messages import Message

URL, TOKEN, WORKSPACE = "MILLWORK_URL", "MILLWORK_TOKEN", "MILLWORK_WORKSPACE"
DEFAULT = "default"
_TICK = 0.2


class Door(Asking, Protocol):
    """All verbs of one workspace, asked by name."""

    workspace: str


def named_workspace(given: str | None = None) -> str:
    """The workspace that is meant: the one given, `$MILLWORK_WORKSPACE`, or `default`."""
    return given or os.environ.get(WORKSPACE) or DEFAULT


def server_door(
    workspace: str | None = None, url: str | None = None, token: str | None = None
) -> HttpDoor | None:
    """The server at `url`, at `$MILLWORK_URL`, or on this home; None if there is none.

    Raises Unavailable if the home's token cannot be read.
    """
    named = url or os.environ.get(URL)
    if named:
        from millwork.client.door import HttpDoor

        return HttpDoor(named, token or os.environ.get(TOKEN, ""), named_workspace(workspace))
    from millwork.app.compose import running_server

    running = running_server()
    if running is None:
        return None
    from millwork.client.door import HttpDoor

    return HttpDoor(running, token or _home_token(), named_workspace(workspace))


def open_door(workspace: str | None = None) -> Door:
    """The server's door if there is a server, else that of this home."""
    found = server_door(workspace)
    if found is not None:
        return found
    from millwork.app.compose import open_context

    return LocalDoor(open_context(), named_workspace(workspace))


def is_here(door: HttpDoor) -> bool:
    """Whether a server works over this home, and so sees the files of this machine."""
    from millwork.app.compose import running_server

    return running_server() == door.url


def _home_token() -> str:
    from millwork.app.home import find_home

    path = f"{find_home()}/token"
    try:
        with open(path, encoding="ascii") as file:
            return file.read().strip()
    except (OSError, ValueError) as error:
        raise Unavailable(f"cannot read {path}, the token of the server here: {error}") from None


class LocalDoor:
    """The verbs over a home in this process, asked by its owner."""

    def __init__(self, context: Context, workspace: str = DEFAULT) -> None:
        self._context, self.workspace = context, workspace

    def ask(self, verb: str, /, **arguments: Any) -> Any:
        """What the verb answers."""
        from millwork.access.identity import LOCAL_OWNER
        from millwork.access.verbs import VERBS
        from millwork.actions.exchange import Text
        from millwork.actions.perform import Asked, perform

        given = {name: value for name, value in arguments.items() if value is not None}
        workspace = self.workspace if VERBS[verb].in_workspace else ""
        answer = perform(self._context, LOCAL_OWNER, Asked(verb, given, workspace))
        return answer.text if isinstance(answer, Text) else answer

    def stream(self, verb: str, /, **arguments: Any) -> Iterator[Message]:
        """The events of a verb that is followed, looked for again and again."""
        from millwork.actions.exchange import LogFeed

        feed = self.ask(verb, **arguments)
        if isinstance(feed, LogFeed):
            return self._log(feed)
        return self._events(feed)

    def _log(self, feed: Any) -> Iterator[Message]:
        from millwork.client.messages import Message

        offset, is_over = feed.offset, False
        while not is_over:
            data, offset, is_over = feed.read(self._context, offset)
            if data:
                is_over = False
                said = {"offset": offset, "text": data.decode("utf-8", "replace")}
                yield Message(str(offset), "log", said)
            elif not is_over:
                time.sleep(_TICK)  # a file that grows tells nobody

    def _events(self, feed: Any) -> Iterator[Message]:
        from millwork.client.messages import Message

        if feed.since:
            raise BadRequest("since: goes on with a server's stream; here is none")
        store, place = self._context.store, dict[str, int]()
        if not feed.run:
            place = {head["run"]: head["last"] for head in self._heads(feed)}
        while True:
            for head in self._heads(feed):
                for event in store.events(head["run"], place.get(head["run"], 0)):
                    place[head["run"]] = event["seq"]
                    yield Message("", "change", dict(event))
            time.sleep(_TICK)  # whoever writes is another process, and tells nobody

    def _heads(self, feed: Any) -> list[Any]:
        store = self._context.store
        if feed.run:
            return list(store.head(feed.run))
        now = self._context.clock.wall()
        return [head for head in store.heads(now - 60) if head["workspace"] == feed.workspace]

    def upload(self, path: str, sha256: str) -> Any:
        """Keeps a copy of the file at `path`."""
        import tempfile
        from hashlib import file_digest

        from millwork.actions.exchange import Upload

        folder = f"{self._context.home}/uploads"
        os.makedirs(folder, mode=0o700, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder) as own:
            spare = f"{own}/file"
            shutil.copyfile(path, spare)
            with open(spare, "rb") as file:
                found = file_digest(file, "sha256").hexdigest()
                size = os.fstat(file.fileno()).st_size
            return self.ask("files.put", sha256=sha256, body=Upload(spare, size, found))

    def download(
        self,
        verb: str,
        to: IO[bytes],
        _size: int,
        _sha256: str,
        /,
        **arguments: Any,
    ) -> None:
        """Copies the file."""
        with open(self.ask(verb, **arguments).path, "rb") as file:
            shutil.copyfileobj(file, to)
