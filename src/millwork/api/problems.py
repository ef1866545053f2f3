"""Errors as answers: RFC 9457 problems with the words that the command prints."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from millwork.base.errors import (
    BadRequest,
    Conflict,
    Fenced,
    Forbidden,
    InvalidFile,
    MillworkError,
    Missing,
    NoSpace,
    NotFound,
    Unauthenticated,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

_log = logging.getLogger("millwork.api")

# The first that fits counts: a class stands before what it is a kind of.
STATUSES: tuple[tuple[type[MillworkError], int], ...] = (
    (InvalidFile, 422), (NotFound, 404), (Conflict, 409), (Forbidden, 403),
    (Unauthenticated, 401), (BadRequest, 400), (Fenced, 409), (Missing, 409), (NoSpace, 507),
    (Unavailable, 503), (MillworkError, 409),
)  # fmt: skip
TITLES = {
    400: "The request was wrong", 401: "Nobody knows who asks", 403: "Not allowed",
    404: "Not found", 405: "There is no such method here", 408: "Too slow",
    409: "Not in that state", 413: "Too large", 415: "Not JSON", 421: "Another host is meant",
    422: "The file has faults",
    429: "Too many at once", 500: "A defect in Millwork", 503: "Not available",
    507: "No space left",
}  # fmt: skip


class Refused(Exception):
    """An answer of that status before any verb was asked."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


def problem(status: int, detail: str, request: str, **more: Any) -> Response:
    """A problem as an answer."""
    content = {
        "type": "about:blank", "title": TITLES.get(status, "Failed"), "status": status,
        "detail": detail, "request": request, **more,
    }  # fmt: skip
    headers: Mapping[str, str] = {}
    if status == 401:
        headers = {"WWW-Authenticate": "Bearer"}
    elif status in (429, 503):
        headers = {"Retry-After": "2"}
    body = json.dumps(content, ensure_ascii=False)
    return Response(body, status, headers=headers, media_type="application/problem+json")


def problem_of(error: Exception, request: str) -> Response:
    """The answer for an error; one that no rule foresaw is told in the log, not to who asked."""
    if isinstance(error, Refused):
        return problem(error.status, str(error), request)
    if isinstance(error, InvalidFile):
        faults = [vars(fault) for fault in error.faults]
        return problem(422, str(error), request, faults=faults)
    if isinstance(error, MillworkError):
        status = next(status for kind, status in STATUSES if isinstance(error, kind))
        return problem(status, str(error), request)
    _log.error("no rule foresaw this", exc_info=error)
    return problem(500, f"a defect in Millwork; the server's log has it as {request}", request)
