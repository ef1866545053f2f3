"""Connections and what lies behind them, as people and programs read it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

if TYPE_CHECKING:
    from millwork.blobs.places.model import Check, Entry, Listing
    from millwork.store.assets import Kept


class ConnectionView(TypedDict):
    """A connection. `secret` is the name of its secret, whose value is never shown."""

    name: str
    type: str
    fields: dict[str, str]
    secret: str
    secret_is_set: bool
    description: str
    visibility: str
    creator: str
    changed: float


class ConnectionPage(TypedDict):
    """A page of connections."""

    items: list[ConnectionView]
    next: str | None


class DeletedConnection(TypedDict):
    """That a connection is there no more."""

    deleted: str


class CheckView(TypedDict):
    """What was tried, whether it is allowed, and how to mend what is not."""

    what: str
    allowed: bool
    says: str


class CheckedConnection(TypedDict):
    """What may be done through a connection."""

    connection: str
    uri: str
    checks: list[CheckView]


class EntryView(TypedDict):
    """One file: path, bytes (of a table: rows), what tells its version, when it changed."""

    path: str
    size: int
    version: str
    modified: float


class DataView(TypedDict):
    """What lies at a URI; `identity` is empty if nothing tells whether it changes."""

    uri: str
    is_file: bool
    published: bool
    identity: str
    items: list[EntryView]
    whole: bool


def connection(kept: Kept, *, is_set: bool) -> ConnectionView:
    """A connection's row."""
    document = dict(kept.document)
    document.pop("inward", None)
    return {
        "name": kept.name,
        "type": str(document.pop("type")),
        "secret": str(document.pop("secret", "")),
        "secret_is_set": is_set,
        "fields": {name: str(value) for name, value in document.items()},
        "description": kept.description,
        "visibility": kept.visibility,
        "creator": kept.creator,
        "changed": kept.changed,
    }


def checks(found: list[Check]) -> list[CheckView]:
    """Checks, in the order they were tried."""
    return [{"what": each.what, "allowed": each.allowed, "says": each.says} for each in found]


def data(uri: str, found: Listing) -> DataView:
    """A listing."""
    return {
        "uri": uri,
        "is_file": found.is_file,
        "published": bool(found.digest),
        "identity": found.identity if found.whole else "",
        "items": [_entry(each) for each in found.entries],
        "whole": found.whole,
    }


def _entry(entry: Entry) -> EntryView:
    return {
        "path": entry.path,
        "size": entry.size,
        "version": entry.version,
        "modified": entry.modified,
    }
