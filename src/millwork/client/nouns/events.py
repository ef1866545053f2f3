"""The events of a workspace's runs.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.client.messages import Message

from millwork.client.noun import Noun


class EventsVerbs(Noun):
    """The events of a workspace's runs."""

    def follow(self) -> Iterator[Message]:
        """What happens to the runs of a workspace, from now on (server-sent events)."""
        return self._door.stream("events.follow")
