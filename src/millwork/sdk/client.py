"""The verbs of a server from Python: `millwork.Client`."""

from __future__ import annotations

from millwork.app.doors import server_door
from millwork.base.errors import Unavailable
from millwork.client.nouns import Nouns


class Client(Nouns):
    """A server's verbs: `client.runs.list(status="failed")`. One thread at a time.

    By default it is the server at `$MILLWORK_URL`, asked with `$MILLWORK_TOKEN`, or that on this
    home with the owner's token, and the workspace `$MILLWORK_WORKSPACE` or `default`. Errors are
    those of the command; Unavailable if there is no server, or it cannot be reached.
    """

    def __init__(
        self, url: str | None = None, token: str | None = None, workspace: str | None = None
    ) -> None:
        door = server_door(workspace, url, token)
        if door is None:
            raise Unavailable("there is no server on this home: millwork up starts one")
        super().__init__(door)
        self.url, self.workspace = door.url, door.workspace
        self.close = door.close
