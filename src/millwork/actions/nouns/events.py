"""The events of a workspace's runs."""

from __future__ import annotations

from millwork.actions.call import Call
from millwork.actions.exchange import EventFeed


def follow(call: Call, since: str = "") -> EventFeed:
    """What happens to the runs of a workspace, from now on (server-sent events).

    `since` or `Last-Event-ID` goes on behind the last message that was seen. After that some may
    come once more: they are told by their run and `seq`.
    """
    private_of = None if call.sees_all("run") else call.who.person
    return EventFeed(call.workspace, "", since, private_of)
