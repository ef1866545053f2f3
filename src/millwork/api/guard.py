"""The door itself: which hosts and origins are let in, and what every answer tells a browser."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from millwork.api.problems import Refused

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

_SAFE = ("GET", "HEAD", "OPTIONS")
_NEAR = ("same-origin", "none")

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
        "object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


def check_host(host: str, known: Collection[str]) -> None:
    """Raises Refused unless the request names this server: a page may rebind its own name to it.

    Addresses of the loopback are known always (reliability.md section 4, CSRF/CORS).
    """
    name = _name_of(host)
    if name in known or name == "localhost":
        return
    try:
        if ipaddress.ip_address(name).is_loopback:
            return
    except ValueError:
        pass
    raise Refused(421, f"this server is not called {host[:100]!r}: see millwork up --host-name")


def check_origin(method: str, headers: Mapping[str, str], *, is_stream: bool) -> None:
    """Raises Refused for what a page of another site sends, by whatever way in (datasette's rule).

    Streams are held to it too: a browser sends cookies with them.
    """
    if method in _SAFE and not is_stream:
        return
    fetched = headers.get("sec-fetch-site")
    if fetched is not None and fetched not in _NEAR:
        raise Refused(403, "this request comes from a page of another site")
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host", ""):
        raise Refused(403, "this request comes from a page of another origin")


def _name_of(host: str) -> str:
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    return name.strip("[]").lower().rstrip(".")
