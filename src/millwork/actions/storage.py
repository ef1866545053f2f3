"""From a URI to the connection it is read with, and to the place it leads to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from millwork.actions.connections import leads_inside
from millwork.base.errors import BadRequest, Forbidden, MillworkError, Missing, NotFound
from millwork.base.records import dataclass
from millwork.base.uris import parse_uri
from millwork.plan.model import GivenPath, GivenUri, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from millwork.actions.context import Context
    from millwork.base.uris import Uri
    from millwork.blobs.places.model import Access, Check, Listing, Place
    from millwork.plan.model import InputSource
    from millwork.store.assets import Kept

CONNECTION = "connection"
TYPES: Mapping[str, tuple[str, ...]] = {
    "s3": ("s3",),
    "oss": ("oss",),
    "nas": ("nas",),
    "cpfs": ("nas",),
    "http": ("http",),
    "https": ("http",),
    "table": ("postgres", "duckdb"),
    "odps": ("postgres", "duckdb"),
    "file": (),
}
_NAMED = ("nas", "cpfs", "table", "odps")
_OURS = ("type", "secret", "description", "inward")
_LOOKED_AT = ("s3", "oss", "postgres")  # http looks itself, when it connects
_MOST = 200


_OF_FILES = ("file", "nas", "cpfs")


@dataclass(frozen=True)
class Look:
    """What a URI is now: what tells it from a later state, empty if nothing does; a file's name."""

    identity: str
    name: str = ""


@dataclass(frozen=True)
class Way:
    """How a URI is reached, with all that the records say of it: any thread may go it.

    `outward` is a connection that nobody has allowed to lead into the server's own network, `fence`
    what files must not be behind.
    """

    uri: Uri
    access: Access
    outward: Kept | None = None
    fence: Fence | None = None

    @property
    def server(self) -> str:
        """Who answers, or does not: an address, or the folder where a disk may be mounted."""
        named = (self.access.get(name) for name in ("endpoint", "url", "path"))
        if self.uri.scheme == "file":
            return "/".join(self.uri.path.split("/")[:2])
        return next(filter(None, named), "" if self.uri.scheme == "s3" else self.uri.host)

    def open(self) -> Place:
        """The place; raises Forbidden for one that nobody has allowed."""
        from millwork.blobs.places.opening import open_place

        self._check_fence()
        self._check_inward()
        return open_place(self.uri, self.access)

    def _check_fence(self) -> None:
        """The disk is asked where links lead: it may be one that hangs."""
        if self.fence and self.uri.scheme in _OF_FILES:
            self.fence.check(self.uri.text, *_path_of(self.uri, self.access))

    def _check_inward(self) -> None:
        """Names may lead elsewhere than when the connection was made."""
        if self.outward is None:
            return
        kind, fields = str(self.outward.document["type"]), self.access.fields
        in_host = kind in ("s3", "oss") and fields.get("addressing") != "path"
        if kind in _LOOKED_AT and leads_inside(kind, fields, self.uri.host if in_host else ""):
            raise Forbidden(
                f"{self.uri.text}: the connection '{self.outward.name}' leads into the server's "
                "network; an owner or admin of the workspace allows that by setting it anew"
            )


@dataclass(frozen=True)
class Fence:
    """A home, of which no path may be read but those in the folders that are `open`."""

    home: str
    open: Callable[[], Iterable[str]]

    def check(self, what: str, path: str, *also: str) -> None:
        """Raises Forbidden for a path in the home, by its words or by links; `also` is open too."""
        if not _lies_in(path, self.home):
            return
        if not any(_lies_in(path, each) for each in (*also, *self.open())):
            raise Forbidden(f"{what[:200]} lies in the server's own home")


class Storage:
    """The connections of a workspace, as one person may use them.

    `person` is empty for who owns the home: they may use all. Files that inputs name are read if
    the `fence`, where there is one, lets them.
    """

    def __init__(
        self,
        context: Context,
        workspace: str = "default",
        person: str = "",
        fence: Fence | None = None,
    ) -> None:
        self._context, self._workspace, self._person = context, workspace, person
        self._fence = fence

    def route(self, text: str) -> Route:
        """How a URI is reached; raises BadRequest if that needs a connection that is not there."""
        uri = parse_uri(text)
        if uri.scheme == "dataset":
            raise BadRequest(f"{text}: a dataset is read, and not written; register a version")
        if uri.scheme in ("nas", "cpfs"):
            folder = self._context.mounts().get(uri.host)
            if folder:
                return Route(text, {"path": folder})
        kept = self._connection(uri)
        if kept is None:
            return Route(text)
        fields = {name: str(value) for name, value in kept.document.items() if name not in _OURS}
        return Route(text, _of_bools(fields), str(kept.document.get("secret") or ""))

    def is_by(self, text: str, name: str) -> bool:
        """Whether a URI is reached by the connection of that name."""
        uri = parse_uri(text)
        kept = None if uri.scheme == "dataset" else self._connection(uri)
        return kept is not None and kept.name == name

    def source(self, given: GivenUri) -> tuple[InputSource, str]:
        """An input as it will be read, and the dataset it is: mounts and files become paths.

        Raises BadRequest, NotFound for a dataset that is not there, and Forbidden for a file that
        is behind the fence.
        """
        uri = parse_uri(given.uri)
        if uri.scheme == "dataset":
            return self._dataset(uri)
        if uri.scheme not in _OF_FILES:
            self.check_secret(self.route(given.uri))
            return given, ""
        path, *mount = self._path_of(uri, given.uri)
        if self._fence:
            self._fence.check(given.uri, path, *mount)
        if not os.path.exists(path):
            raise BadRequest(f"{given.uri}: there is no {path}")
        return GivenPath(path), ""

    def check_target(self, text: str) -> None:
        """Raises BadRequest for an output's URI that cannot be reached, Forbidden for the home's.

        What is open to be read in the home is not open to be written.
        """
        self.check_secret(self.route(text))
        uri = parse_uri(text)
        if not self._fence or uri.scheme not in _OF_FILES:
            return
        Fence(self._fence.home, tuple).check(text, *self._path_of(uri, text))

    def _path_of(self, uri: Uri, text: str) -> tuple[str, ...]:
        from millwork.blobs.places.model import Access

        return _path_of(uri, Access(dict(self.route(text).fields)))

    def open(self, text: str) -> tuple[Place, Uri]:
        """The place that a URI leads to, and its parts; datasets are looked up."""
        way = self.way(text)
        return way.open(), way.uri

    def way(self, text: str) -> Way:
        """How a URI is reached; datasets are looked up, and nothing is asked of any server."""
        from millwork.blobs.places.model import Access

        fence = self._fence
        if text.startswith("dataset:"):
            kept = self._kept_dataset(parse_uri(text))
            if kept.document.get("uri"):
                return self.way(str(kept.document["uri"]))
            text, fence = f"file://{self._of_run(kept).path}", None
        route, uri = self.route(text), parse_uri(text)
        by = self._connection(uri) if self._person else None
        outward = None if by is None or by.document.get("inward") else by
        return Way(uri, Access(dict(route.fields), self.check_secret(route)), outward, fence)

    def find(self, text: str, limit: int = 0) -> Listing:
        """What lies at a URI; raises StorageError."""
        place, uri = self.open(text)
        return place.find(uri, limit)

    def check(self, text: str) -> list[Check]:
        """What may be done at a URI, tried by this process."""
        place, uri = self.open(text)
        return place.check(uri)

    def look(self, text: str) -> Look:
        """What a URI is now; nothing of what cannot be seen: the attempt will tell."""
        uri = parse_uri(text)
        guessed = uri.name if "." in uri.name and uri.scheme not in ("table", "odps") else ""
        try:
            place, uri = self.open(text)
            found = place.find(uri)
        except MillworkError:
            return Look("", guessed)
        return Look(found.identity, found.entries[0].path if found.is_file else "")

    def check_secret(self, route: Route) -> str:
        """The value of a route's secret, empty if it needs none; Missing if it is not there."""
        if not route.secret:
            return ""
        value = self._context.secrets.value(route.secret)
        if value is None:
            name = route.secret
            raise Missing(
                f"{route.uri}: there is no secret '{name}', which its connection needs: "
                f"millwork secrets set {name}"
            )
        return value

    def is_file(self, text: str) -> bool:
        """Whether a URI, or the dataset that it names, is of the server's own files."""
        uri = parse_uri(text)
        if uri.scheme == "dataset":
            inner = str(self._kept_dataset(uri).document.get("uri") or "")
            return bool(inner) and self.is_file(inner)
        return uri.scheme == "file"

    # --- inside ---------------------------------------------------------------------------

    def _connection(self, uri: Uri) -> Kept | None:
        """The connection for a URI: named, or else the one that fits it best; None for none."""
        name = uri.connection or (uri.host if uri.scheme in _NAMED else "")
        types = TYPES[uri.scheme]
        if name:
            kept = self._context.assets().get(self._workspace, CONNECTION, name)
            if kept is None or not self._may_use(kept):
                raise BadRequest(
                    f"{uri.text}: there is no connection '{name}'; "
                    f"one of type {' or '.join(types)} is needed: docs/storage.md"
                )
            if kept.document.get("type") not in types:
                raise BadRequest(
                    f"{uri.text}: the connection '{name}' is of type {kept.document.get('type')}, "
                    f"and {' or '.join(types)} is needed"
                )
            return kept
        if not types:
            return None
        fits = [kept for kept in self._all() if kept.document.get("type") in types]
        return _best(uri, fits)

    def _all(self) -> Iterable[Kept]:
        from millwork.store.assets import Wanted

        wanted = Wanted(self._person, sees_all=True, limit=_MOST)
        found = self._context.assets().list(self._workspace, CONNECTION, wanted)
        return [kept for kept in found if self._may_use(kept)]

    def _may_use(self, kept: Kept) -> bool:
        return not self._person or kept.visibility == "public" or kept.creator == self._person

    def _kept_dataset(self, uri: Uri) -> Kept:
        assets, version = self._context.assets(), uri.path
        if version == "latest":
            kept = assets.usable(self._workspace, "dataset", uri.host)
        else:
            kept = assets.get(self._workspace, "dataset", uri.host, version)
        if kept is None or not self._may_use(kept):
            raise NotFound(f"there is no dataset {uri.host}@{version}")
        return kept

    def _dataset(self, uri: Uri) -> tuple[InputSource, str]:
        kept = self._kept_dataset(uri)
        name = f"{kept.name}@{kept.version}"
        if kept.document.get("uri"):
            found, _ = self.source(GivenUri(str(kept.document["uri"])))
            return (GivenUri(found.uri, name) if isinstance(found, GivenUri) else found), name
        return self._of_run(kept), name

    def _of_run(self, kept: Kept) -> GivenPath:
        """The output of a run that was registered as a dataset."""
        source: Mapping[str, Any] = kept.document.get("source") or {}
        steps = self._context.store.steps(str(source.get("run", "")))
        row = next((row for row in steps if row.name == source.get("step")), None)
        output = row.outputs.get(str(source.get("port"))) if row else None
        if not output or not os.path.exists(output["path"]):
            name = f"{kept.name}@{kept.version}"
            raise NotFound(f"the dataset {name} is the output of a run, and that is gone")
        return GivenPath(output["path"])


def _path_of(uri: Uri, access: Access) -> tuple[str, ...]:
    """Where a URI of files lies, and the folder of its mount, if it is of one."""
    from millwork.blobs.places.file import Files

    path, mount = Files(access).path_of(uri), access.get("path")
    return (path, mount) if mount else (path,)


def _lies_in(path: str, folder: str) -> bool:
    return f"{os.path.realpath(path)}/".startswith(f"{os.path.realpath(folder)}/")


def _best(uri: Uri, found: list[Kept]) -> Kept | None:
    """The connection that says it is for this; else the only one that says nothing of the kind."""
    if uri.scheme in ("http", "https"):
        fits = [kept for kept in found if _begins(uri.text, str(kept.document.get("url", "")))]
        return max(fits, key=lambda kept: len(str(kept.document["url"])), default=None)
    own = [kept for kept in found if kept.document.get("bucket") == uri.host]
    fits = own or [kept for kept in found if not kept.document.get("bucket")]
    if len(fits) > 1:
        names = ", ".join(kept.name for kept in fits)
        raise BadRequest(
            f"{uri.text}: the connections {names} all fit; name one: "
            f"{uri.scheme}://{fits[0].name}@{uri.host}/{uri.path}"
        )
    return fits[0] if fits else None


def _begins(text: str, url: str) -> bool:
    """Whether an address is the connection's, or below it: no other host, no sibling."""
    url = url.rstrip("/")
    return bool(url) and (text == url or text.startswith((f"{url}/", f"{url}?")))


def _of_bools(fields: Mapping[str, str]) -> dict[str, str]:
    return {name: value.lower() if value in ("True", "False") else value
            for name, value in fields.items() if value != "None"}  # fmt: skip
