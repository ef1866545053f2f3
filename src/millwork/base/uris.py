"""Where data lies: `s3://bucket/key`, `nas://NAME/path`, `dataset:NAME@VERSION`, ...

A URI that begins with a connection's name and `@` (`s3://NAME@bucket/key`) is read with that
connection. A user, a password or a step upwards has no place in one.
"""

from __future__ import annotations

import re

from millwork.base.errors import BadRequest
from millwork.base.names import is_text
from millwork.base.records import dataclass

SCHEMES = ("file", "s3", "oss", "nas", "cpfs", "http", "https", "odps", "dataset", "table")
_WITH_HOST = "|".join(SCHEMES[:8])
_URI = re.compile(rf"(?:(?:{_WITH_HOST})://|(?:dataset|table):)", re.IGNORECASE)
_ANY = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
# PAI writes the endpoint behind the bucket: oss://bucket.oss-cn-hangzhou.aliyuncs.com/key
_OSS = re.compile(r"([a-z0-9-]+)\.(oss-[a-z0-9.-]+)")
_LONGEST = 2048
_PARTS = {
    "file": "file:///path",
    "s3": "s3://BUCKET/KEY",
    "oss": "oss://BUCKET/KEY",
    "nas": "nas://NAME/PATH",
    "cpfs": "cpfs://NAME/PATH",
    "http": "http://HOST/PATH",
    "https": "https://HOST/PATH",
    "odps": "odps://PROJECT/tables/TABLE",
    "dataset": "dataset:NAME@VERSION",
    "table": "table:CONNECTION/TABLE",
}


@dataclass(frozen=True)
class Uri:
    """The parts of a URI.

    `host` is the bucket, the mount, the project, the dataset's name or the table's connection;
    `path` has no slash before it. `connection` is empty unless the URI names one; `endpoint` is
    what PAI writes behind an OSS bucket.
    """

    text: str
    scheme: str
    host: str
    path: str
    connection: str = ""
    endpoint: str = ""

    @property
    def is_folder(self) -> bool:
        """Whether it is written as a folder."""
        return not self.path or self.path.endswith("/")

    @property
    def name(self) -> str:
        """The last part of its path."""
        return self.path.rstrip("/").rpartition("/")[2]


def is_uri(text: str) -> bool:
    """Whether a text is the URI of data, and not the path of a file."""
    return _URI.match(text) is not None


def looks_like_uri(text: str) -> bool:
    """Whether a text is a URI of any kind: no path of a file holds `x://` at its beginning."""
    return is_uri(text) or _ANY.match(text) is not None


def parse_uri(text: str) -> Uri:
    """The parts of a URI; raises BadRequest, with the form that is expected."""
    if not is_uri(text):
        known = ", ".join(f"{scheme}:" for scheme in SCHEMES)
        raise BadRequest(f"{text[:200]}: no URI of data that is known; known are {known}")
    scheme, _, rest = text.partition(":")
    scheme = scheme.lower()
    uri = _split(text, scheme, rest.removeprefix("//"))
    expected = f"{text[:200]}: expected {_PARTS[scheme]}"
    if not is_text(text) or len(text) > _LONGEST:
        raise BadRequest(f"{expected}, in UTF-8 and of at most {_LONGEST} characters")
    if not uri.host and scheme != "file":
        raise BadRequest(expected)
    if ".." in uri.path.split("/") or "\\" in uri.host:
        raise BadRequest(f"{expected}, without steps upwards (..)")
    if scheme in ("odps", "table", "dataset") and not uri.path:
        raise BadRequest(expected)
    if scheme == "file" and uri.host not in ("", "localhost"):
        raise BadRequest(f"{expected}: the path is absolute, after three slashes")
    return uri


def _split(text: str, scheme: str, rest: str) -> Uri:
    if scheme == "dataset":
        name, _, version = rest.partition("@")
        return Uri(text, scheme, name, version or "latest")
    host, _, path = rest.partition("/")
    connection, at, host = host.rpartition("@")
    if at and (":" in connection or scheme in ("file", "http", "https") or not connection):
        raise BadRequest(
            f"{scheme}://...@{host[:200]}: no user or password stands in a URI; "
            "a connection holds them: docs/storage.md"
        )
    if scheme == "odps":
        word, _, table = path.partition("/")
        path = table.split("/")[0] if word == "tables" else ""
    found = _OSS.fullmatch(host) if scheme == "oss" else None
    if found:
        return Uri(text, scheme, found[1], path, connection, found[2])
    return Uri(text, scheme, host, path, connection)
