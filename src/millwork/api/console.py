"""The console's files, as `make console` has built them; without them a page that says so."""

from __future__ import annotations

import gzip
import mimetypes
import os
from functools import cache
from html import escape

from starlette.responses import Response

_BUILT = os.path.join(os.path.dirname(__file__), "console")
_FOREVER = "public, max-age=31536000, immutable"
_TEXTS = (".js", ".css", ".html", ".svg")
_KNOWN = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}


def page(person: str, folder: str = _BUILT) -> Response:
    """The console, which draws every page by itself; `person` is who asks, if that is known."""
    try:
        with open(f"{folder}/index.html", "rb") as file:
            return Response(file.read(), media_type="text/html")
    except FileNotFoundError:
        said = f"You are {escape(person)}." if person else "Nobody is logged in."
        return Response(_WITHOUT.format(said=said), media_type="text/html")


def asset(path: str, encodings: str, folder: str = _BUILT) -> Response | None:
    """A file of the console's, packed if the browser takes that; None if there is none.

    Their names hold a digest of what is in them: a browser may keep them forever.
    """
    found = _assets(folder).get(path)
    if found is None:
        return None
    ending = os.path.splitext(path)[1]
    kind = _KNOWN.get(ending) or mimetypes.guess_type(path)[0] or "application/octet-stream"
    headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
    if ending in _TEXTS and "gzip" in encodings:
        return Response(
            _packed(found), headers={**headers, "Content-Encoding": "gzip"}, media_type=kind
        )
    with open(found, "rb") as file:
        return Response(file.read(), headers=headers, media_type=kind)


@cache
def _assets(folder: str) -> dict[str, str]:
    """Path by name; only what was there at the first question, so that no name leads elsewhere."""
    found = {"millwork.svg": f"{folder}/millwork.svg"}
    if os.path.isdir(f"{folder}/assets"):
        found |= {
            f"assets/{name}": f"{folder}/assets/{name}" for name in os.listdir(f"{folder}/assets")
        }
    return {name: path for name, path in found.items() if os.path.isfile(path)}


@cache
def _packed(path: str) -> bytes:
    with open(path, "rb") as file:
        return gzip.compress(file.read(), mtime=0)


_WITHOUT = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Millwork</title>
<h1>Millwork</h1>
<p>The server is up. {said}</p>
<p>The console is not built here. In a checkout, <code>make console</code> builds it with Node 20.19
or newer (<a href="https://nodejs.org">nodejs.org</a>); the packages of a release have it.</p>
<p>The API is described by <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.</p>
</html>
"""
