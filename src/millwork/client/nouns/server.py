"""The server itself: whether it lives, whether it can work, what it is, and its figures.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from millwork.views.server import About, Health

from millwork.client.noun import Noun


class ServerVerbs(Noun):
    """The server itself: whether it lives, whether it can work, what it is, and its figures."""

    def health(self) -> Health:
        """Says that the process answers."""
        answer: Health = self._door.ask("server.health")
        return answer

    def ready(self) -> Health:
        """Says that the server can work, or, with status 503, why it cannot."""
        answer: Health = self._door.ask("server.ready")
        return answer

    def about(self) -> About:
        """What the server is, and what it has to do."""
        answer: About = self._door.ask("server.about")
        return answer

    def metrics(self) -> str:
        """The server's figures, as Prometheus reads them."""
        return str(self._door.ask("server.metrics"))
