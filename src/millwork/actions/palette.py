"""Faces of what can be put on a canvas: built-ins, and what the workspace has registered."""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

from millwork.actions import assets
from millwork.actions.assets import Filter
from millwork.actions.builtins import builtin_tree
from millwork.actions.pages import with_one_more
from millwork.actions.publish import Finder
from millwork.actions.published import rebuilt
from millwork.base.cursor import read_cursor, read_number, write_cursor
from millwork.base.errors import BadRequest, NotFound
from millwork.base.names import BUILTIN, is_builtin
from millwork.catalogue.index import builtin, declarations
from millwork.views.faces import About, face_of, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from millwork.actions.call import Call
    from millwork.store.assets import Kept
    from millwork.views.faces import Face, FacePage

_Part: TypeAlias = Literal["builtin", "component", "pipeline"]
_PARTS: tuple[_Part, ...] = get_args(_Part)
"""What a palette is made of, in its order."""
_MOST_NAMES = 200


def page(call: Call, search: str, limit: int, after: str) -> FacePage:
    """A page of faces in which all words of `search` occur."""
    with_one_more(limit)
    place = read_cursor(after, str, str)
    begin, inner = (str(place[0]), str(place[1])) if place else (_PARTS[0], "")
    if begin not in _PARTS:
        raise BadRequest("after: expected the `next` of an earlier page of this list")
    items: list[Face] = []
    counts = call.context.assets().counts(
        call.workspace, call.who.person, sees_all=call.sees_all("pipeline")
    )
    for part in _PARTS[_PARTS.index(begin) :]:
        if len(items) == limit:
            return {"items": items, "next": write_cursor(part, "")}
        found, follows = _some(call, part, search, limit - len(items), inner)
        items += (_counted(each, counts) for each in found)
        if follows is not None:
            return {"items": items, "next": write_cursor(part, follows)}
        inner = ""
    return {"items": items, "next": None}


def face(call: Call, reference: str) -> Face:
    """What `builtin:NAME`, `name@version` or `name` looks like; NotFound says what is near."""
    if is_builtin(reference):
        return builtin_face(reference)
    finder = Finder(call)
    try:
        kept = finder.resolved(reference)
    except NotFound as error:
        name = reference.partition("@")[0]
        known = dict(_names(call))
        near = " or ".join(known[each] for each in get_close_matches(name, known, 3, 0.7))
        raise NotFound(f"{error}; is it {near}?" if near else str(error)) from None
    return registered_face(call, kept)


def builtin_face(reference: str) -> Face:
    """The face of a built-in component; NotFound if there is none of that name."""
    return _builtin_face(builtin(reference).name)


@cache
def _builtin_face(name: str) -> Face:
    declaration = declarations()[name]
    names = (*(each.name for each in declaration.pai), *declaration.azureml)
    about = About(BUILTIN + name, tuple(dict.fromkeys(names)), declaration.notes)
    return face_of(builtin_tree(about.reference), about)


def registered_face(call: Call, kept: Kept) -> Face:
    """The face of one version; raises NotFound if what it is made of is gone."""
    return face_of(rebuilt(call.context, kept, {}).tree, about_of(kept))


def about_of(kept: Kept) -> About:
    """What the registry knows of a version."""
    return About(f"{kept.name}@{kept.version}", deprecated=kept.deprecated)


def _some(
    call: Call, part: _Part, search: str, limit: int, after: str
) -> tuple[Sequence[Face], str | None]:
    """Faces of one part, and what `after` is for the next of it."""
    if part == "builtin":
        return _builtins(search, limit, after)
    rows, follows = assets.rows(call, part, Filter(search), limit, after)
    return list(_registered(call, rows)), follows


def _counted(face: Face, counts: Mapping[str, int]) -> Face:
    """The face, with how many pipelines it is used in."""
    named = f"{face['kind']}:{face['name']}"
    reference = face["reference"] if face["source"] == "builtin" else named
    return {**face, "used": counts.get(reference.casefold(), 0)}


def _builtins(search: str, limit: int, after: str) -> tuple[Sequence[Face], str | None]:
    words, begin = search.casefold().split(), read_number(after)
    faces = map(_builtin_face, declarations())
    found = [each for each in faces if all(word in words_of(each) for word in words)]
    end = begin + limit
    return found[begin:end], str(end) if len(found) > end else None


def _registered(call: Call, rows: Sequence[Kept]) -> Iterator[Face]:
    """The faces of things at their latest versions that may be used.

    A version whose parts are gone cannot be run, and so it is not offered.
    """
    for row in rows:
        kept = call.context.assets().usable(row.workspace, row.kind, row.name)
        if kept is None:
            continue
        try:
            yield registered_face(call, kept)
        except BadRequest:
            continue


def _names(call: Call) -> Iterator[tuple[str, str]]:
    """What might have been meant, by its name alone."""
    yield from ((name, BUILTIN + name) for name in declarations())
    for kind in ("component", "pipeline"):
        rows, _ = assets.rows(call, kind, Filter(), _MOST_NAMES, "")
        yield from ((row.name, row.name) for row in rows)
