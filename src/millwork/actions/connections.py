"""What a connection of each type has: one table, which checks, documents and draws the forms."""

from __future__ import annotations

import os
import re
import socket
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from millwork.base.addresses import is_public
from millwork.base.errors import BadRequest
from millwork.base.names import SECRET_RULE, is_secret, is_text
from millwork.base.records import dataclass
from millwork.base.sizes import parse_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TYPES = ("s3", "oss", "nas", "http", "postgres", "duckdb", "git")
# field, the types that have it (a ! behind those that need it), its rule, what it is
_TABLE = """
endpoint      | s3 oss!                | url      | The server; of s3 Amazon's, if there is none
region        | s3 oss                 | text     | The region that requests are signed for
access_key    | s3 oss                 | text     | The public half of the credentials
bucket        | s3 oss                 | text     | The bucket it is for; none: for all others
addressing    | s3 oss                 | style    | Where the bucket stands: path, virtual or auto
anonymous     | s3 oss                 | bool     | Without credentials, for public buckets
path          | nas! duckdb!           | path     | The mounted folder, or the database's file
url           | http! postgres! git!   | address  | The beginning of addresses, or a database
user          | http postgres git      | text     | Who logs in; without one, http sends a token
allow_private | http git               | bool     | Whether it may be in this network
max_size      | http                   | size     | The largest file: 10Gi
patience      | s3 oss http            | seconds  | How long a server that fails is tried again
"""
_WITHOUT_SECRET = ("nas", "duckdb")
_LONGEST = 1024
# Of a database's address: what names another host than stands before it, or a file of this machine.
_ELSEWHERE = {"host", "hostaddr", "service", "passfile", "sslcert", "sslkey"}
_STYLES = ("path", "virtual", "auto")
_RULES = {
    "url": "the address of a server: https://HOST:PORT",
    "address": "an address without a password: https://..., postgresql://USER@HOST/NAME",
    "style": "path, virtual or auto",
    "bool": "true or false",
    "path": "an absolute path",
    "size": "a size: 500M, 10Gi",
    "seconds": "a number of seconds, at most 3600",
    "text": "text without line breaks",
}


@dataclass(frozen=True)
class ConnectionField:
    """One field: the types that have it, those that need it, its rule, and what it is."""

    name: str
    types: tuple[str, ...]
    needed: tuple[str, ...]
    rule: str
    doc: str


def _read(table: str) -> Iterator[ConnectionField]:
    for line in table.strip().splitlines():
        name, types, rule, doc = (part.strip() for part in line.split("|"))
        words = types.split()
        every = tuple(word.rstrip("!") for word in words)
        needed = tuple(word[:-1] for word in words if word.endswith("!"))
        yield ConnectionField(name, every, needed, rule, doc)


FIELDS: Mapping[str, ConnectionField] = {field.name: field for field in _read(_TABLE)}


def check(kind: str, fields: Mapping[str, str], secret: str) -> None:
    """Raises BadRequest with every fault of a connection of this type."""
    if kind not in TYPES:
        raise BadRequest(f"type: expected one of {', '.join(TYPES)}")
    faults = [
        f"{name}: a connection of type {kind} needs it: {field.doc}"
        for name, field in FIELDS.items()
        if kind in field.needed and not fields.get(name)
    ]
    for name, text in fields.items():
        field = FIELDS.get(name)
        if field is None or kind not in field.types:
            known = ", ".join(name for name, each in FIELDS.items() if kind in each.types)
            hint = "; a secret is kept by its name: `secret`" if _is_secret_word(name) else ""
            faults.append(
                f"there is no field '{name[:60]}' of type {kind}; there are: {known}{hint}"
            )
        elif not _fits(field.rule, text):
            faults.append(f"{name}: expected {_RULES[field.rule]}")
    if secret and not is_secret(secret):
        faults.append(f"secret: expected the name of a secret: {SECRET_RULE}")
    if secret and kind in _WITHOUT_SECRET:
        faults.append(f"secret: a connection of type {kind} has none")
    if faults:
        raise BadRequest("\n".join(faults))


def leads_inside(kind: str, fields: Mapping[str, str], bucket: str = "") -> bool:
    """Whether a connection leads to files of this machine, or into its own network.

    A name that nobody knows now leads nowhere; where it leads later is looked at when it is used.
    With a `bucket`, the host that has it before its name is looked at too.
    """
    if kind in ("nas", "duckdb") or fields.get("allow_private") == "true":
        return True
    parts = urlsplit(fields.get("endpoint") or fields.get("url") or "")
    places = parts.netloc.rpartition("@")[2]
    # libpq takes several hosts, sockets written as %2F..., and hosts behind the question mark.
    if kind == "postgres" and (
        "," in places
        or "%" in places
        or any(key in _ELSEWHERE for key, _ in parse_qsl(parts.query))
    ):
        return True
    host = parts.hostname or ""
    return bool(host) and (_is_inside(host) or (bool(bucket) and _is_inside(f"{bucket}.{host}")))


def _is_inside(host: str) -> bool:
    try:
        known = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return not all(is_public(str(entry[4][0])) for entry in known)


def _is_secret_word(name: str) -> bool:
    return re.search(r"secret|password|token|key", name, re.IGNORECASE) is not None


def _fits(rule: str, text: str) -> bool:
    if not is_text(text) or len(text) > _LONGEST or any(not c.isprintable() for c in text):
        return False
    if rule in ("url", "address"):
        return _is_address(text, rule)
    if rule == "size":
        return _is_size(text)
    if rule == "seconds":
        return re.fullmatch(r"[0-9]{1,4}(\.[0-9]+)?", text) is not None and float(text) <= 3600
    if rule == "path":
        return os.path.isabs(text) and ".." not in text.split("/")
    return text in {"style": _STYLES, "bool": ("true", "false")}.get(rule, (text,))


def _is_address(text: str, rule: str) -> bool:
    schemes = ("http", "https") if rule == "url" else (
        "http", "https", "postgresql", "postgres", "ssh",
    )  # fmt: skip
    try:
        parts = urlsplit(text)
        has_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    return parts.scheme in schemes and has_host and not parts.password and " " not in text


def _is_size(text: str) -> bool:
    try:
        return parse_size(text) > 0
    except ValueError:
        return False
