"""`millwork data ls`, `get` and `put`: data by URI, with this home's connections."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import TYPE_CHECKING

from millwork.actions.storage import Storage
from millwork.app.compose import open_context
from millwork.base.errors import BadRequest
from millwork.base.sizes import format_size
from millwork.base.uris import is_uri

if TYPE_CHECKING:
    from argparse import Namespace

    from millwork.blobs.places.model import Listing


def run(options: Namespace) -> int:
    """Carries out one of the actions on data."""
    if not is_uri(options.uri):
        raise BadRequest(
            f"{options.uri}: expected a URI: s3://..., nas://..., dataset:NAME@VERSION"
        )
    storage = Storage(open_context())
    return {"ls": _list, "get": _get, "put": _put}[options.action](storage, options)


def _list(storage: Storage, options: Namespace) -> int:
    found = storage.find(options.uri, options.limit)
    if options.json:
        from millwork.views import connections as views

        return _print(views.data(options.uri, found))
    width = max((len(_size(found, entry.size)) for entry in found.entries), default=0)
    for entry in found.entries:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(entry.modified))
        shown = when if entry.modified else " " * len(when)
        sys.stdout.write(f"{_size(found, entry.size):>{width}}  {shown}  {entry.path}\n")
    if not found.whole:
        sys.stderr.write(f"millwork: the first {len(found.entries)}; --limit shows more\n")
    return 0


def _get(storage: Storage, options: Namespace) -> int:
    place, uri = storage.open(options.uri)
    found = place.find(uri)
    target = os.path.abspath(options.target or uri.name or uri.host)
    if found.is_file and (os.path.isdir(target) or str(options.target).endswith("/")):
        target = os.path.join(target, found.entries[0].path)
    if os.path.isfile(target) or (os.path.isdir(target) and os.listdir(target)):
        raise BadRequest(f"{target} is there already: name a new file or an empty folder")
    return _told(place.get(uri, target), target, options)


def _put(storage: Storage, options: Namespace) -> int:
    if not os.path.exists(options.source):
        raise BadRequest(f"there is no {options.source}")
    place, uri = storage.open(options.uri)
    return _told(place.put(os.path.abspath(options.source), uri), options.uri, options)


def _told(found: Listing, where: str, options: Namespace) -> int:
    if options.json:
        return _print({"to": where, "files": len(found.entries), "identity": found.identity})
    count = f"{len(found.entries)} file{'' if len(found.entries) == 1 else 's'}"
    sys.stdout.write(f"{where}: {count}, verified\n")
    return 0


def _size(found: Listing, size: int) -> str:
    return f"{size} rows" if not found.is_file and _is_table(found) else format_size(size)


def _is_table(found: Listing) -> bool:
    return len(found.entries) == 1 and not found.entries[0].key and found.entries[0].modified == 0


def _print(content: object) -> int:
    sys.stdout.write(json.dumps(content, ensure_ascii=False) + "\n")
    return 0
