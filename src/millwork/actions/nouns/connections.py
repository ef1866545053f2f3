"""Connections: how storage, databases and repositories are reached; their secrets by name."""

from __future__ import annotations

from typing import Any

from millwork.actions.assets import Visibility, found, writer
from millwork.actions.call import Call
from millwork.actions.connections import check as check_fields
from millwork.actions.connections import leads_inside
from millwork.actions.pages import cut, with_one_more
from millwork.actions.storage import CONNECTION, Storage
from millwork.base.cursor import read_cursor, write_cursor
from millwork.base.errors import BadRequest, Forbidden
from millwork.base.names import ENTITY_RULE, is_entity, is_text
from millwork.store.assets import Kept, New, Wanted
from millwork.views import connections as views
from millwork.views.connections import (
    CheckedConnection,
    ConnectionPage,
    ConnectionView,
    DeletedConnection,
)

_LONGEST = 4096


def list_(call: Call, limit: int = 50, after: str = "") -> ConnectionPage:
    """The connections of a workspace, by name."""
    place = read_cursor(after, str)
    wanted = Wanted(
        call.who.person, call.sees_all(CONNECTION), limit=with_one_more(limit),
        after=(float("inf"), str(place[0])) if place else None,
    )  # fmt: skip
    listed = call.context.assets().list(call.workspace, CONNECTION, wanted)
    rows, follows = cut(listed, limit, lambda kept: write_cursor(kept.name))
    return {"items": [_view(call, kept) for kept in rows], "next": follows}


def show(call: Call, name: str) -> ConnectionView:
    """One connection, with the name of its secret, and never its value."""
    return _view(call, found(call, CONNECTION, name))


def set_(
    call: Call,
    name: str,
    type: str,  # noqa: A002 - what it is called in the file, the form and the API
    fields: dict[str, str] | None = None,
    secret: str = "",
    description: str = "",
    visibility: Visibility | None = None,
) -> ConnectionView:
    """Make a connection, or put another in its place.

    `secret` is the name of a secret, which `secrets.set` keeps. Without a `visibility` it stays
    as it is, and is public if it is new.
    """
    if not is_entity(name):
        raise BadRequest(f"name: expected {ENTITY_RULE}")
    if not is_text(description) or len(description) > _LONGEST:
        raise BadRequest(f"description: expected text of at most {_LONGEST} characters")
    check_fields(type, fields or {}, secret)
    inward = leads_inside(type, fields or {})
    if inward and call.role not in ("owner", "admin"):
        raise Forbidden(
            "a connection into this machine or its network is made by an owner or admin of the "
            "workspace: the server itself looks at what it leads to"
        )
    document: dict[str, Any] = {"type": type, **(fields or {})}
    document |= {"secret": secret} if secret else {}
    document |= {"inward": True} if inward else {}
    assets = call.context.assets()
    before = assets.get(call.workspace, CONNECTION, name)
    new = New(
        call.workspace, CONNECTION, name, document, call.who.person, call.context.clock.wall(),
        visibility=visibility or (before.visibility if before else "public"),
        description=description,
    )  # fmt: skip
    return _view(call, assets.put(new, check=writer(call, CONNECTION, name)))


def delete(call: Call, name: str) -> DeletedConnection:
    """Delete a connection; its secret stays."""
    kept = found(call, CONNECTION, name, action="delete")
    call.context.assets().delete(call.workspace, CONNECTION, kept.name)
    return {"deleted": kept.name}


def check(call: Call, name: str, uri: str = "") -> CheckedConnection:
    """Try to list, to read, and to write and delete a small file, as the server.

    `uri` is where; without one, at the top. `millwork doctor storage` tries it as a job would.
    """
    kept = found(call, CONNECTION, name, action="write")
    storage = Storage(call.context, call.workspace, call.who.person)
    place = uri or top_of(kept)
    if not storage.is_by(place, name):
        raise BadRequest(f"{place[:200]}: it is not reached by the connection '{name}'")
    return {"connection": name, "uri": place, "checks": views.checks(storage.check(place))}


def top_of(kept: Kept) -> str:
    """The URI of all that a connection leads to; BadRequest if that has to be said."""
    kind, name = str(kept.document["type"]), kept.name
    if kind == "nas":
        return f"nas://{name}/"
    if kind == "http":
        return str(kept.document["url"])
    if kind in ("s3", "oss") and kept.document.get("bucket"):
        return f"{kind}://{name}@{kept.document['bucket']}/"
    if kind == "git":
        raise BadRequest(f"'{name}' is of type git: it is tried when code is taken from it")
    example = f"{kind}://{name}@BUCKET/" if kind in ("s3", "oss") else f"table:{name}/TABLE"
    raise BadRequest(f"name what is to be tried: {example}")


def _view(call: Call, kept: Kept) -> ConnectionView:
    secret = str(kept.document.get("secret", ""))
    is_set = bool(secret) and call.context.secrets.value(secret) is not None
    return views.connection(kept, is_set=is_set)
