"""The registry's rows: what has a name in a workspace, and its versions.

Connections and drafts are kept here too, each with the one version `0`.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from millwork.base.errors import BadRequest, Conflict, NotFound
from millwork.base.records import dataclass, field
from millwork.registry.documents import canonical, digest_of
from millwork.registry.searching import (
    MOST_WORDS,
    escaped,
    label_pattern,
    relabelled,
    use_pattern,
    uses_in,
    word_patterns,
)
from millwork.registry.versions import next_version, number_of
from millwork.store.queries import load_queries

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Literal, TypeAlias

    from millwork.store.database import Database

    Check: TypeAlias = Callable[[str, str], None]
    """Told whose a thing is and its visibility; raises if this person may not write it."""

_QUERIES = load_queries("assets.sql")
ONLY = "0"
"""The one version of what is overwritten: a connection, a draft."""


@dataclass(frozen=True)
class Kept:
    """One version of a thing, with the thing itself.

    `latest`, `visibility`, `description`, `creator`, `created` and `changed` are the thing's; the
    rest, with its `author` and when it was `registered`, the version's. Times are Unix seconds.
    `comment` was said with the `stage`; `deprecated` is the reason, empty if it is not. `labels`
    are those of the version, unless they were changed since: then the latest has others.
    """

    workspace: str
    kind: str
    name: str
    latest: str
    visibility: str
    description: str
    labels: Mapping[str, str]
    creator: str
    created: float
    changed: float
    version: str
    digest: str
    document: Mapping[str, Any]
    stage: str
    comment: str
    deprecated: str
    run: str
    revision: int
    author: str
    registered: float


@dataclass(frozen=True)
class New:
    """What is to be registered; without a `version` it gets its `own`, or else the next one.

    `search` is made by `registry.searching`; `run` is what it came out of.
    """

    workspace: str
    kind: str
    name: str
    document: Mapping[str, Any]
    creator: str
    now: float
    version: str = ""
    own: str = ""
    visibility: str = "public"
    description: str = ""
    search: str = "\n"
    stage: str = ""
    run: str = ""


@dataclass(frozen=True)
class Wanted:
    """Which things a list shows: those of `person`, public ones, and all others if `sees_all`.

    Each word of `text` must be found; `label` is `key` or `key=value`. `deprecated` is that of
    the latest version; None is either.
    """

    person: str
    sees_all: bool = False
    text: str = ""
    label: str = ""
    stage: str = ""
    creator: str = ""
    deprecated: bool | None = None
    sort: Literal["name", "-changed"] = "name"
    limit: int = 50
    after: tuple[float, str] | None = field(default=None)


class AssetStore:
    """What is registered, in the database of the runs. Used by one thread at a time."""

    def __init__(self, database: Database) -> None:
        database.learn(_QUERIES)
        self._database = database

    # --- writing --------------------------------------------------------------------------

    def register(self, new: New, check: Check | None = None) -> Kept:
        """Keeps a version for good, and answers it; the same one again changes nothing.

        The document of the latest version is not registered as another one. Raises Conflict if
        that version has another document, and what `check` raises of the thing there is.
        """
        digest = digest_of(new.document)
        place = _place(new.workspace, new.kind, new.name)
        with self._database.transaction():
            latest = self._claimed(new, check)
            said = new.version or new.own
            there = self.get(**place, version=said) if said else None
            newest = self.get(**place) if latest and not new.version else None
            for kept in (newest, there):
                if kept and kept.digest == digest:
                    return kept
            if there:
                raise Conflict(_taken(new))
            version = self._insert(new, digest)
        made = self.get(**place, version=version)
        assert made is not None
        return made

    def _claimed(self, new: New, check: Check | None) -> str:
        """Holds the name until the transaction ends, and tells the latest version, if any."""
        row = self._database.query("asset_claim", _row(new)).fetchone()
        if row["latest"] and check:
            check(row["creator"], row["visibility"])
        return str(row["latest"])

    def _insert(self, new: New, digest: str) -> str:
        place = _place(new.workspace, new.kind, new.name)
        row = self._database.query("asset_highest", place).fetchone()
        highest = int(row["number"])
        version = new.version or new.own or next_version(new.kind, highest)
        # A word, such as an image's tag, stands behind what there was before it.
        number = number_of(version) or highest
        values = {**_row(new), "version": version, "number": number, "digest": digest}
        self._database.query("asset_insert_version", values)
        what = "asset_latest" if number >= highest else "asset_changed"
        self._database.query(what, values)
        return version

    def put(self, new: New, revision: int | None = None, check: Check | None = None) -> Kept:
        """Keeps a document in the place of the one there was, as its next revision.

        With a `revision`, only if that is the one there is; 0 is that there is none. Raises
        Conflict otherwise, which tells the revision there is, and what `check` raises.
        """
        place = _place(new.workspace, new.kind, new.name)
        with self._database.transaction():
            self._claimed(new, check)
            kept = self.get(**place)
            found = kept.revision if kept else 0
            if revision is not None and revision != found:
                raise Conflict(_moved_on(new, revision, found))
            values = {
                **_row(new), "version": ONLY, "number": 0, "digest": digest_of(new.document),
                "revision": found,
            }  # fmt: skip
            query = "asset_rewrite" if kept else "asset_insert_version"
            self._database.query(query, values)
            self._database.query("asset_latest", values)
            self._database.query("asset_edit", {**values, "labels": None})
        made = self.get(**place)
        assert made is not None
        return made

    def change(
        self,
        kept: Kept,
        now: float,
        description: str | None = None,
        visibility: str | None = None,
        labels: Mapping[str, str] | None = None,
    ) -> None:
        """Changes what of a thing may change; None leaves it as it is.

        Other `labels` are in force until another version is the latest, which has its own.
        """
        values = {
            "description": description, "visibility": visibility, "now": now,
            "labels": None if labels is None else canonical(labels),
        }  # fmt: skip
        with self._database.transaction():
            self._edit("asset_edit", kept, values)
            if labels is not None:
                self._relabel(kept, labels)

    def _relabel(self, kept: Kept, labels: Mapping[str, str]) -> None:
        """Lets the latest version be found by other labels."""
        named = {**_place(kept.workspace, kept.kind, kept.name), "version": kept.latest}
        row = self._database.query("asset_search_text", named).fetchone()
        search = relabelled(row["search"], kept.labels, labels)
        self._database.query("asset_find_by", {**named, "search": search})

    def deprecate(self, kept: Kept, reason: str) -> None:
        """Says why a version is not to be used any more; an empty reason takes that back."""
        self._write("asset_deprecate", kept, {"reason": reason})

    def set_stage(self, kept: Kept, stage: str, comment: str) -> None:
        """Sets a version's stage, which is one word, with what is said about it."""
        self._write("asset_stage", kept, {"stage": f"{stage} {comment}".rstrip()})

    def delete(self, workspace: str, kind: str, name: str) -> bool:
        """Deletes a thing and all its versions; says whether there was one."""
        place = _place(workspace, kind, name)
        with self._database.transaction():
            self._database.query("asset_drop_versions", place)
            return bool(self._database.query("asset_drop", place).rowcount)

    def _write(self, name: str, kept: Kept, values: Mapping[str, Any]) -> None:
        with self._database.transaction():
            self._edit(name, kept, values)

    def _edit(self, name: str, kept: Kept, values: Mapping[str, Any]) -> None:
        place = _place(kept.workspace, kept.kind, kept.name)
        if not self._database.query(name, {**place, "version": kept.version, **values}).rowcount:
            raise NotFound(f"there is no {kept.kind} '{kept.name}' any more")

    # --- reading --------------------------------------------------------------------------

    def get(self, workspace: str, kind: str, name: str, version: str = "") -> Kept | None:
        """One version of a thing; without a version, the latest."""
        values = {**_place(workspace, kind, name), "version": version}
        query = "asset_version" if version else "asset_newest"
        row = self._database.query(query, values).fetchone()
        return _kept(row) if row else None

    def usable(self, workspace: str, kind: str, name: str) -> Kept | None:
        """The latest version that is not deprecated."""
        row = self._database.query("asset_usable", _place(workspace, kind, name)).fetchone()
        return _kept(row) if row else None

    def versions(
        self, workspace: str, kind: str, name: str, limit: int = 50, skip: int = 0
    ) -> list[Kept]:
        """A thing's versions, latest first."""
        values = {**_place(workspace, kind, name), "limit": limit, "skip": skip}
        return [_kept(row) for row in self._database.query("asset_versions", values)]

    def of_run(self, workspace: str, run: str, limit: int = 1000) -> list[Kept]:
        """The datasets and models that came out of a run."""
        values = {"workspace": workspace, "run": run, "limit": limit}
        return [_kept(row) for row in self._database.query("asset_of_run", values)]

    def users(self, workspace: str, reference: str, limit: int = 1000) -> list[Kept]:
        """What names a thing, such as `component:train@1.0.0`, or any version of it."""
        values = {"workspace": workspace, "use": use_pattern(reference), "limit": limit}
        return [_kept(row) for row in self._database.query("asset_users", values)]

    def counts(self, workspace: str, person: str, *, sees_all: bool) -> Mapping[str, int]:
        """In how many pipelines, of those that this person sees, a thing is used as they are now.

        The things are named as `component:train` and `builtin:split_rows` are.
        """
        values = {"workspace": workspace, "person": person, "sees_all": int(sees_all)}
        rows = self._database.query("asset_pipeline_texts", values)
        return Counter(use for row in rows for use in uses_in(row["search"]))

    def runs(self, workspace: str, reference: str, limit: int = 200) -> list[tuple[str, str, str]]:
        """The runs that use a thing, newest first: id, creator and visibility of each.

        They are those whose fact `uses` lists the reference, such as `dataset:flights@v1`.
        """
        values = {
            "workspace": workspace, "use": f'%"{escaped(reference)}"%', "limit": limit,
        }  # fmt: skip
        rows = self._database.query("asset_runs", values)
        return [(row["id"], row["creator"], row["visibility"]) for row in rows]

    # It is the last: a method of this name hides the type from those after it.
    def list(self, workspace: str, kind: str, wanted: Wanted) -> list[Kept]:
        """A page of things, each with its latest version; raises BadRequest for too many words."""
        changed, name = wanted.after or (float("inf"), "")
        try:
            words = word_patterns(wanted.text)
        except ValueError as error:
            raise BadRequest(str(error)) from None
        words += [""] * (MOST_WORDS - len(words))
        values = {
            "workspace": workspace, "kind": kind, "person": wanted.person,
            "sees_all": int(wanted.sees_all), "creator": wanted.creator,
            "stage": f"{escaped(wanted.stage)} %" if wanted.stage else "",
            "deprecated": -1 if wanted.deprecated is None else int(wanted.deprecated),
            "label": label_pattern(wanted.label), "changed": changed, "name": name,
            "limit": wanted.limit,
            **{f"word{number}": word for number, word in enumerate(words, start=1)},
        }  # fmt: skip
        query = "asset_list_by_name" if wanted.sort == "name" else "asset_list_by_change"
        return [_kept(row) for row in self._database.query(query, values)]


def _taken(new: New) -> str:
    if new.version:
        return (
            f"{new.kind} {new.name}@{new.version} is there with other content, and a "
            "version never changes: give another version, or none to get the next"
        )
    return (
        f"{new.kind} {new.name}: {new.own} is registered with another content: raise the version "
        "in the file, or say version (`next` is the one after the latest)"
    )


def _moved_on(new: New, revision: int, found: int) -> str:
    there = f"revision {found} is there" if found else "there is none"
    return (
        f"{new.kind} '{new.name}' is not at revision {revision}, {there}: load it, put your "
        "changes into it, and save that"
    )


def _row(new: New) -> dict[str, Any]:
    """The columns of what is to be kept."""
    return {**vars(new), "document": canonical(new.document)}


def _place(workspace: str, kind: str, name: str) -> dict[str, str]:
    return {"workspace": workspace, "kind": kind, "name": name}


def _kept(row: Mapping[str, Any]) -> Kept:
    stage, _, comment = row["stage"].partition(" ")
    document = json.loads(row["document"])
    changed = row["relabelled"] if row["version"] == row["latest"] else ""
    same = ("workspace", "kind", "name", "latest", "visibility", "description", "changed",
            "version", "digest", "deprecated", "run", "revision")  # fmt: skip
    return Kept(
        **{name: row[name] for name in same},
        creator=row["owner"],
        created=row["begun"],
        document=document,
        labels=json.loads(changed) if changed else document.get("labels", {}),
        stage=stage,
        comment=comment,
        author=row["creator"],
        registered=row["created"],
    )
