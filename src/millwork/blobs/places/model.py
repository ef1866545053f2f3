"""What all places have in common: entries, what they can do, and how they fail."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Protocol

from millwork.base.errors import BadRequest, Unavailable
from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Callable

    from millwork.base.uris import Uri

MANIFEST = ".millwork-manifest.json"
"""The object that is written last into a folder, and names all that belongs to it."""


class StorageError(Unavailable):
    """A place could not be read or written.

    `kind` is what went wrong: `denied`, `secret`, `missing`, `clock`, `unreachable`, `checksum`,
    `changed`, `taken`, `refused`; `status` what the server said.
    """

    def __init__(self, uri: str, kind: str, says: str, status: str = "", advice: str = "") -> None:
        shown = f" ({status})" if status else ""
        super().__init__(f"{uri}: {says}{shown}{'; ' if advice else ''}{advice}")
        self.uri, self.kind, self.status, self.advice = uri, kind, status, advice


@dataclass(frozen=True)
class Entry:
    """One file: its path below what was asked for, its bytes, and what tells it from a later one.

    `version` is `version:...`, `etag:...` or `modified:...`, empty where the place has none.
    `sha256` is known where a manifest or the place says so. `key` is the place's own name for it.
    """

    path: str
    size: int = 0
    version: str = ""
    sha256: str = ""
    modified: float = 0.0
    key: str = ""


@dataclass(frozen=True)
class Listing:
    """What lies at a URI: one file, or what is in a folder, sorted by path.

    `digest` is that of the folder's manifest, if it has one. It is not `whole` if there was more
    than was asked for.
    """

    entries: tuple[Entry, ...]
    is_file: bool = False
    digest: str = ""
    whole: bool = True

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(entry.size for entry in self.entries)

    @property
    def identity(self) -> str:
        """What stays the same while the data does; empty if the place does not say.

        It is the place's word (a version, an ETag), not the content, but for a folder with a
        manifest (DESIGN decision 16).
        """
        if self.digest:
            return f"sha256:{self.digest}"
        if not all(entry.version for entry in self.entries):
            return ""
        if self.is_file:
            return self.entries[0].version
        lines = (f"{entry.path}\0{entry.version}\0{entry.size}\n" for entry in self.entries)
        return f"listing:{sha256(''.join(lines).encode()).hexdigest()}"


@dataclass(frozen=True)
class Check:
    """What was tried at a place, whether it is allowed, and how to mend it if not."""

    what: str
    allowed: bool
    says: str
    kind: str = ""


@dataclass(frozen=True)
class Access:
    """How a place is reached: the fields of a connection, and the secret that goes with it.

    `tell` is given a line about what is under way, now and then.
    """

    fields: dict[str, str] = field(default_factory=dict)
    secret: str = field(default="", repr=False)
    tell: Callable[[str], None] = lambda _line: None

    def get(self, name: str, default: str = "") -> str:
        """A field of the connection."""
        return self.fields.get(name) or default

    def allows(self, name: str) -> bool:
        """A field that is true or false."""
        return self.fields.get(name, "").lower() == "true"

    @property
    def patience(self) -> float:
        """For how many seconds a server that fails is tried again."""
        return float(self.get("patience", "60"))


class Place(Protocol):
    """A kind of storage. All raise StorageError; `BadRequest` for what it never can."""

    def find(self, uri: Uri, limit: int = 0) -> Listing:
        """What lies there; at most `limit` files, if that is not 0."""

    def get(self, uri: Uri, target: str) -> Listing:
        """Brings a file to the path `target`, or a folder's files below it; checked on the way."""

    def put(self, source: str, uri: Uri) -> Listing:
        """Brings a file or a folder there. It appears whole or not at all."""

    def check(self, uri: Uri) -> list[Check]:
        """Tries to list, to read, and to write and delete a small file."""


def safe_path(uri: str, path: str) -> str:
    """A path that stays below its folder; StorageError for any other."""
    parts = path.split("/")
    if not path or path.startswith("/") or {"", ".", ".."} & set(parts) or "\0" in path:
        raise StorageError(uri, "refused", f"{path!r} cannot be the name of a file")
    return path


def read_only(uri: Uri) -> BadRequest:
    """That nothing is written there."""
    return BadRequest(f"{uri.text}: {uri.scheme} is only read")


def missing_library(extra: str, scheme: str) -> Unavailable:
    """That a library is needed, and how to get it."""
    return Unavailable(
        f"{scheme}: needs a library that is not here: pip install 'millwork[{extra}]'"
    )
