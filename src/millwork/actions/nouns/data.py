"""Data by URI, as the server sees it."""

from __future__ import annotations

from millwork.actions.call import Call
from millwork.actions.storage import Storage
from millwork.base.errors import BadRequest, Forbidden
from millwork.views import connections as views
from millwork.views.connections import DataView

_MOST = 1000


def list_(call: Call, uri: str, limit: int = 200) -> DataView:
    """What lies at a URI: one file, or the first files of a folder."""
    if not 1 <= limit <= _MOST:
        raise BadRequest(f"limit: expected 1 to {_MOST}")
    person = "" if call.who.is_admin else call.who.person
    storage = Storage(call.context, call.workspace, person)
    if person and storage.is_file(uri):
        raise Forbidden("the server's own files are shown to its administrators only")
    return views.data(uri, storage.find(uri, limit))
