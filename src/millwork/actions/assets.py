"""What the verbs of the registry share: to find, list, compare, deprecate and delete."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from millwork.actions.pages import with_one_more
from millwork.base.cursor import read_cursor, write_cursor
from millwork.base.errors import BadRequest, Conflict, NotFound
from millwork.base.names import is_entity, is_text
from millwork.base.records import dataclass
from millwork.registry.documents import differences
from millwork.registry.kinds import thing_faults
from millwork.registry.searching import label_words, search_text
from millwork.store.assets import Kept, New, Wanted
from millwork.views.assets import (
    AssetPage,
    AssetView,
    Deleted,
    DifferencesView,
    VersionPage,
    VersionView,
    row_of,
    version_of,
    version_row_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from millwork.actions.call import Call
    from millwork.spec.tree import Tree

Sort: TypeAlias = Literal["name", "-changed"]
Visibility: TypeAlias = Literal["public", "private"]


@dataclass(frozen=True)
class Filter:
    """What a list is asked for; see `store.assets.Wanted`."""

    text: str = ""
    label: str = ""
    stage: str = ""
    creator: str = ""
    deprecated: bool | None = None
    sort: Sort = "name"


def found(call: Call, kind: str, name: str, version: str = "", action: str = "read") -> Kept:
    """One version of a thing in the workspace of the call; without a version, the latest.

    Raises NotFound for what is not there or not to be seen, Forbidden for another action.
    """
    what = f"{kind} '{name}{version and '@'}{version}'"
    kept = None
    if is_entity(name) and (not version or is_entity(version)):
        kept = call.context.assets().get(call.workspace, kind, name, version)
    if kept is None:
        raise NotFound(f"there is no {what}")
    noun = _noun(kind)
    call.require(noun, action, kept.creator, kept.visibility, what)
    return kept


def load_registered(
    call: Call, kind: str, name: str, version: str = "", given: Collection[str] = ()
) -> tuple[Tree, tuple[str, ...]]:
    """The tree of a registered component or pipeline, with what its pins name, and notices.

    Without a version it is the latest that is not deprecated; `given` are the inputs that a run
    gives data for. Each component with a snapshot has
    `source.folder` at `<code store>/<digest>`, and `.` as its code. The notices are of what is
    deprecated. Raises NotFound.
    """
    from millwork.actions.published import Published, rebuilt

    kept = found(call, kind, name, version)
    if not version and kept.deprecated:
        usable = call.context.assets().usable(call.workspace, kind, name)
        if usable is None:
            raise NotFound(
                f"all versions of {kind} '{name}' are deprecated: name one, name@version"
            )
        kept = usable
    known: dict[str, Published] = {}
    tree = rebuilt(call.context, kept, known, given).tree
    return tree, tuple(_deprecated(call, known))


def _deprecated(call: Call, references: Iterable[str]) -> Iterator[str]:
    """What is to be said of those of the references, `component:train@1.0.0`, that are so."""
    for reference in references:
        kind, _, named = reference.partition(":")
        name, _, version = named.partition("@")
        kept = call.context.assets().get(call.workspace, kind, name, version)
        if kept and kept.deprecated:
            yield f"{kind} {named} is deprecated: {kept.deprecated}"


def page(call: Call, kind: str, wanted: Filter, limit: int, after: str) -> AssetPage:
    """A page of things, each with its latest version."""
    items, next_ = rows(call, kind, wanted, limit, after)
    return {"items": [row_of(kept) for kept in items], "next": next_}


def rows(
    call: Call, kind: str, wanted: Filter, limit: int, after: str
) -> tuple[list[Kept], str | None]:
    """A page of things, and what `after` is for the page behind it."""
    count = with_one_more(limit)
    place = read_cursor(after, float, str)
    last = (float(place[0]), str(place[1])) if place else None
    said = (wanted.text, wanted.label, wanted.stage, wanted.creator, last[1] if last else "")
    if not all(map(is_text, said)):
        raise BadRequest("a list is searched for text, and NUL is none")
    asked = Wanted(
        call.who.person, call.sees_all(_noun(kind)), **vars(wanted), limit=count, after=last
    )
    items = call.context.assets().list(call.workspace, kind, asked)
    if len(items) <= limit:
        return items, None
    end = items[limit - 1]
    return items[:limit], write_cursor(end.changed, end.name)


def show(call: Call, kind: str, name: str) -> VersionView:
    """The latest version of a thing."""
    return version_of(found(call, kind, name))


def version(call: Call, kind: str, name: str, number: str) -> VersionView:
    """One version."""
    return version_of(found(call, kind, name, number))


def versions(call: Call, kind: str, name: str, limit: int, after: str) -> VersionPage:
    """A page of a thing's versions, latest first."""
    count = with_one_more(limit)
    found(call, kind, name)
    place = read_cursor(after, int)
    skip = min(max(int(place[0]), 0), 10**9) if place else 0
    items = call.context.assets().versions(call.workspace, kind, name, count, skip)
    next_ = write_cursor(skip + limit) if len(items) > limit else None
    return {"items": [version_row_of(kept) for kept in items[:limit]], "next": next_}


def change(
    call: Call,
    kind: str,
    name: str,
    description: str | None,
    visibility: str | None,
    labels: Mapping[str, str] | None = None,
) -> AssetView:
    """Changes what is said of a thing and who sees it; its versions stay as they are."""
    kept = found(call, kind, name, action="write")
    refuse(thing_faults(kind, name, "", labels or {}, description or ""))
    now = call.context.clock.wall()
    call.context.assets().change(kept, now, description, visibility, labels)
    return row_of(found(call, kind, name))


def deprecate(call: Call, kind: str, name: str, number: str, reason: str | None) -> VersionView:
    """Says why a version is not to be used any more; None or an empty reason takes that back."""
    kept = found(call, kind, name, number, action="write")
    if reason and not reason.strip():
        raise BadRequest("reason: say why; it is shown to everyone who uses this version")
    refuse(thing_faults(kind, name, "", {}, reason or ""))
    call.context.assets().deprecate(kept, (reason or "").strip())
    return version_of(found(call, kind, name, number))


def delete(call: Call, kind: str, name: str) -> Deleted:
    """Deletes a thing with all its versions; raises Conflict if a pipeline is made of it."""
    found(call, kind, name, action="delete")
    assets = call.context.assets()
    reference = f"{kind}:{name}"
    users = {
        (user.kind, user.name)
        for user in assets.users(call.workspace, reference)
        if user.kind in ("pipeline", "schedule") and (user.kind, user.name) != (kind, name)
    }
    if users:
        kinds = {user for user, _ in users}
        what = f"{kinds.pop()}{'s' * (len(users) > 1)}" if len(kinds) == 1 else "things"
        verb = "uses" if len(users) == 1 else "use"
        raise Conflict(
            f"{len(users)} registered {what} {verb} {kind} '{name}': deprecate its versions instead"
        )
    assets.delete(call.workspace, kind, name)
    return {"deleted": reference}


def diff(
    call: Call,
    kind: str,
    name: str,
    before: str,
    after: str,
    content: Callable[[Kept], Mapping[str, Any]],
) -> DifferencesView:
    """In what the content of two versions differs."""
    kept, other = found(call, kind, name, before), found(call, kind, name, after)
    return {
        "name": name,
        "before": kept.version,
        "after": other.version,
        "differences": differences(dict(content(kept)), dict(content(other))),
    }


def document_of(kept: Kept) -> Mapping[str, Any]:
    """The content of a version whose document says all in fields."""
    return kept.document


def register(
    call: Call,
    kind: str,
    name: str,
    document: Mapping[str, Any],
    faults: Iterable[str] = (),
    *,
    version: str | None = None,
    own: str = "",
    visibility: str | None = None,
    description: str = "",
    words: Iterable[str] = (),
    uses: Iterable[str] = (),
    stage: str = "",
    run: str = "",
) -> Kept:
    """Keeps a new version. Raises BadRequest with all `faults`, Conflict, and Forbidden.

    A first version is public unless `visibility` says otherwise; a later one is as the first.
    `words` are searched besides the name, the description and the labels; `uses` are references to
    what it is made of.
    """
    labels: Mapping[str, str] = document["labels"]
    refuse([*thing_faults(kind, name, version or "", labels, description), *faults])
    said = [name, description, *words, *label_words(labels)]
    search = search_text(said, labels, uses)
    new = New(
        call.workspace, kind, name, document, call.who.person, call.context.clock.wall(),
        version or "", own, visibility or "public", description, search, stage, run,
    )  # fmt: skip
    return call.context.assets().register(new, writer(call, kind, name, visibility))


def writer(
    call: Call, kind: str, name: str, wanted: str | None = None
) -> Callable[[str, str], None]:
    """The check whether this person may add to what has that name, if it is `wanted` so."""

    def check(creator: str, visibility: str) -> None:
        noun = _noun(kind)
        if not call.may(noun, "read", creator, visibility):
            raise Conflict(f"the name '{name}' is taken in this workspace: choose another")
        call.require(noun, "write", creator, visibility, f"{kind} '{name}'")
        if wanted and wanted != visibility:
            raise Conflict(f"{kind} '{name}' is {visibility}: change that first")

    return check


def refuse(faults: Iterable[str]) -> None:
    """Raises BadRequest with all of the faults, if there are any."""
    listed = list(faults)
    if listed:
        raise BadRequest("\n".join(listed))


def _noun(kind: str) -> str:
    """What `access.roles` calls a kind; drafts are pipelines to be."""
    return "pipeline" if kind == "draft" else kind
