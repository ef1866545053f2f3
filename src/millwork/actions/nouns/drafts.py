"""The verbs of drafts: pipelines as they are being made, which may have faults."""

from __future__ import annotations

from millwork.actions import assets
from millwork.actions import publish as publishing
from millwork.actions.assets import Filter, Sort, Visibility
from millwork.actions.call import Call
from millwork.actions.published import check_text, code_folder
from millwork.base.errors import Conflict
from millwork.registry.kinds import thing_faults
from millwork.registry.searching import search_text
from millwork.store.assets import Kept, New
from millwork.views.assets import (
    Deleted,
    DraftPage,
    DraftView,
    PublishedView,
    draft_of,
    draft_row_of,
)


def list_(
    call: Call,
    text: str = "",
    creator: str = "",
    sort: Sort = "-changed",
    limit: int = 50,
    after: str = "",
) -> DraftPage:
    """The drafts of the workspace."""
    wanted = Filter(text, creator=creator, sort=sort)
    items, next_ = assets.rows(call, "draft", wanted, limit, after)
    return {"items": [draft_row_of(kept) for kept in items], "next": next_}


def show(call: Call, name: str) -> DraftView:
    """A draft with the faults that its text has now."""
    return _view(call, assets.found(call, "draft", name))


def save(
    call: Call,
    name: str,
    text: str,
    revision: int = 0,
    bundle: str = "",
    visibility: Visibility | None = None,
) -> DraftView:
    """Saves a draft as the revision after the one that was loaded; 0 is a new one.

    The text may have faults. Raises Conflict if somebody has saved it meanwhile.
    """
    assets.refuse(thing_faults("draft", name, "", {}, ""))
    check_text(text)
    code_folder(call.context, bundle)
    place = (call.workspace, "draft", name)
    there = call.context.assets().get(*place)
    kept = call.context.assets().put(
        New(
            *place, {"text": text, "bundle": bundle}, call.who.person, call.context.clock.wall(),
            visibility=visibility or (there.visibility if there else "public"),
            search=search_text((name,)),
        ),
        revision,
        assets.writer(call, "draft", name),
    )  # fmt: skip
    return _view(call, kept)


def publish(
    call: Call,
    name: str,
    revision: int,
    version: str | None = None,
    visibility: Visibility | None = None,
    labels: dict[str, str] | None = None,
) -> PublishedView:
    """Registers a draft's revision as a version of the pipeline that its text names."""
    kept = assets.found(call, "draft", name, action="write")
    if kept.revision != revision:
        raise Conflict(f"draft '{name}' is at revision {kept.revision}: look at it, then publish")
    text, bundle = kept.document["text"], kept.document["bundle"]
    return publishing.publish(call, "pipeline", text, bundle, version, visibility, labels)


def delete(call: Call, name: str) -> Deleted:
    """Deletes a draft."""
    return assets.delete(call, "draft", name)


def _view(call: Call, kept: Kept) -> DraftView:
    faults = publishing.faults_in(call, kept.document["text"])
    return draft_of(kept, faults)
