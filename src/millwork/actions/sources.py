"""Code of a registered repository, as a run takes it: one commit, fetched once, said in the run."""

from __future__ import annotations

import os
import re
import socket
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from millwork.actions.assets import document_of, found
from millwork.actions.load import read_file
from millwork.actions.publish import checked
from millwork.actions.published import check_text
from millwork.base.addresses import is_public
from millwork.base.errors import BadRequest, Missing, Unavailable
from millwork.base.names import is_text
from millwork.base.records import dataclass
from millwork.blobs import code
from millwork.blobs.folders import within
from millwork.spec.model import Component

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from millwork.actions.call import Call
    from millwork.blobs.code import GitState

_SSH = re.compile(r"(?:ssh://)?(?:[^@/]+@)?(?P<host>[^:/]+)[:/]")


@dataclass(frozen=True)
class Source:
    """Where the code of a code source lies now, and which commit it is."""

    folder: str
    state: GitState
    name: str


def fetched(call: Call, given: str) -> Source:
    """The code source NAME or NAME@VERSION at its commit, or where its branch is now.

    Raises NotFound, Unavailable if it cannot be fetched, BadRequest for a host that is not of the
    public network unless the connection has `allow_private` (reliability.md section 4, SSRF).
    """
    name, _, version = given.partition("@")
    kept = found(call, "code", name, version)
    return at_commit(call, document_of(kept), f"{name}@{kept.version}")


def at_commit(call: Call, document: Mapping[str, Any], name: str) -> Source:
    """What a code source's document says, whether it is registered or not; raises as `fetched`."""
    url, connection = str(document["repository"]), _connection(call, str(document["connection"]))
    _check_prefix(url, connection)
    config = _pinned(url, allow_private=connection.get("allow_private") == "true")
    config |= _authorised(call, str(connection.get("secret") or ""))
    ref = str(document["commit"] or document["branch"]) or None
    folder, state = code.checkout(url, ref, None, call.context.git_cache, config)
    return Source(folder, state, name)


def taken(call: Call, source: Source, path: str, folder: str) -> tuple[str, str]:
    """The text of the file at `path` in the repository, and the digest of its code, kept here.

    The code is `folder`, or else where the file says, or the folder that it is in. Raises
    BadRequest for what is not in the repository, and for links that lead out of it.
    """
    file = _inside(source.folder, path)
    if not os.path.isfile(file):
        raise BadRequest(f"path: the repository has no file {path[:200]} at this commit")
    text = read_file(file)
    check_text(text)
    folder = folder or os.path.join(os.path.dirname(path), _said_folder(call, text))
    own = _inside(source.folder, folder)
    if not os.path.isdir(own):
        raise BadRequest(f"folder: the repository has no folder {folder[:200]} at this commit")
    return text, code.snapshot(own, call.context.code_store).digest


def _said_folder(call: Call, text: str) -> str:
    """Where a component's text says that its code is; the file's folder if it has faults."""
    tree, _ = checked(call, "component", text)
    definition = tree.definition if tree else None
    return definition.code.path if isinstance(definition, Component) else ""


def _inside(folder: str, path: str) -> str:
    """Where a path of the repository really is; empty if that is not in it."""
    root = os.path.realpath(folder)
    place = os.path.realpath(os.path.join(root, path)) if is_text(path) else ""
    return place if place and within(place, root) else ""


def _connection(call: Call, name: str) -> Mapping[str, Any]:
    """The connection's fields; BadRequest for another type: its secret is not for repositories."""
    document = document_of(found(call, "connection", name)) if name else {}
    if name and document.get("type") != "git":
        raise BadRequest(
            f"the connection '{name}' is of type {document.get('type')}, and git is needed"
        )
    return document


def _check_prefix(url: str, connection: Mapping[str, Any]) -> None:
    """Raises BadRequest for a repository that the connection, and its token, are not for."""
    start = str(connection.get("url") or "")
    if start and not (url == start or url.startswith(f"{start.rstrip('/')}/")):
        raise BadRequest(f"the connection is for {start}, and the repository is {url}")


def _authorised(call: Call, secret: str) -> dict[str, str]:
    """Git's settings for a token; they go by the environment, where `ps` does not show them."""
    if not secret:
        return {}
    token = call.context.secrets.value(secret)
    if token is None:
        raise Missing(f"there is no secret '{secret}': millwork secrets set {secret}")
    words = b64encode(f"x-access-token:{token}".encode()).decode()
    return {"http.extraHeader": f"Authorization: Basic {words}"}


def _pinned(url: str, *, allow_private: bool) -> dict[str, str]:
    """Git's settings that keep it at the addresses which were looked at, whatever the name says
    later."""
    host, port = _address(url)
    try:
        known = socket.getaddrinfo(host, port or 443, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Unavailable(f"cannot fetch {code.without_credentials(url)}: no host {host}") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in known))
    if not allow_private and not all(is_public(address) for address in addresses):
        raise BadRequest(
            f"{host} is not of the public network; a connection of type git with "
            "`allow_private: true` allows it"
        )
    config = {"http.followRedirects": "false"}
    if port:
        config["http.curloptResolve"] = f"{host}:{port}:{','.join(addresses)}"
    return config


def _address(url: str) -> tuple[str, int]:
    """The host, and the port of a URL that curl fetches."""
    parts = urlsplit(url)
    if parts.scheme in ("http", "https"):
        return parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    match = _SSH.match(url)
    return (match["host"] if match else "", 0)
