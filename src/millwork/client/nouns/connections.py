# ruff: noqa: A002
"""Connections: how storage, databases and repositories are reached; their secrets by name.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from millwork.views.connections import (
        CheckedConnection,
        ConnectionPage,
        ConnectionView,
        DeletedConnection,
    )

from millwork.client.noun import Noun


class ConnectionsVerbs(Noun):
    """Connections: how storage, databases and repositories are reached; their secrets by name."""

    def list(self, *, limit: int = 50, after: str = "") -> ConnectionPage:
        """The connections of a workspace, by name."""
        answer: ConnectionPage = self._door.ask("connections.list", limit=limit, after=after)
        return answer

    def show(self, name: str) -> ConnectionView:
        """One connection, with the name of its secret, and never its value."""
        answer: ConnectionView = self._door.ask("connections.show", name=name)
        return answer

    def set(
        self,
        name: str,
        *,
        type: str,
        fields: dict[str, str] | None = None,
        secret: str = "",
        description: str = "",
        visibility: Literal["public", "private"] | None = None,
    ) -> ConnectionView:
        """Make a connection, or put another in its place."""
        answer: ConnectionView = self._door.ask(
            "connections.set",
            name=name,
            type=type,
            fields=fields,
            secret=secret,
            description=description,
            visibility=visibility,
        )
        return answer

    def delete(self, name: str) -> DeletedConnection:
        """Delete a connection; its secret stays."""
        answer: DeletedConnection = self._door.ask("connections.delete", name=name)
        return answer

    def check(self, name: str, *, uri: str = "") -> CheckedConnection:
        """Try to list, to read, and to write and delete a small file, as the server."""
        answer: CheckedConnection = self._door.ask("connections.check", name=name, uri=uri)
        return answer
