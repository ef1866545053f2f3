"""Files that are sent to the server: each once, by its sha256."""

from __future__ import annotations

import os
from typing import TypedDict

from millwork.actions.call import Call
from millwork.actions.exchange import Upload
from millwork.actions.uploads import place_of
from millwork.base.errors import BadRequest

_MOST = 10_000


class Missing(TypedDict):
    """Those of the files asked about that are to be sent."""

    missing: list[str]


class Kept(TypedDict):
    """A file that was kept; `size` in bytes."""

    sha256: str
    size: int


def missing(call: Call, sha256: list[str]) -> Missing:
    """Which of these files, by their sha256, the server has not got."""
    if len(sha256) > _MOST:
        raise BadRequest(f"sha256: at most {_MOST} at once")
    places = {digest: place_of(call, digest) for digest in sha256}
    return {"missing": [digest for digest, place in places.items() if not os.path.exists(place)]}


def put(call: Call, sha256: str, body: Upload) -> Kept:
    """Keeps a file, if it is what its sha256 says."""
    place = place_of(call, sha256)
    if body.sha256 != sha256:
        raise BadRequest(f"the file has sha256 {body.sha256}, not {sha256}: send it again")
    os.makedirs(os.path.dirname(place), mode=0o700, exist_ok=True)
    os.replace(body.path, place)
    return {"sha256": sha256, "size": body.size}
