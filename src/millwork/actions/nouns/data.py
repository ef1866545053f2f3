"""Data by URI, as the server sees it."""

from __future__ import annotations

from millwork.actions.call import Call
from millwork.actions.storage import Storage
from millwork.base.errors import BadRequest, Forbidden
from millwork.base.uris import parse_uri
from millwork.views import connections as views
from millwork.views.connections import DataView

_MOST = 1000


def list_(call: Call, uri: str, limit: int = 200) -> DataView:
    """What lies at a URI: one file, or the first files of a folder."""
    if not 1 <= limit <= _MOST:
        raise BadRequest(f"limit: expected 1 to {_MOST}")
    if parse_uri(uri).scheme == "file" and not call.who.is_admin:
        raise Forbidden("the server's own files are shown to its administrators only")
    person = "" if call.who.is_admin else call.who.person
    return views.data(uri, Storage(call.context, call.workspace, person).find(uri, limit))
