"""Answers of the API to what they say: values, or the errors that the verb raised there."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from millwork.base.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    InvalidFile,
    MillworkError,
    NoSpace,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from millwork.base.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping

_KINDS: Mapping[int, type[MillworkError]] = {
    401: Unauthenticated, 403: Forbidden, 404: NotFound, 408: Unavailable, 409: Conflict,
    429: Unavailable, 507: NoSpace,
}  # fmt: skip
_PROBLEM = "application/problem+json"


def value_of(kind: str, body: bytes) -> Any:
    """What an answer of that media type holds; a text that is no JSON as it is."""
    if kind.partition(";")[0] != "application/json":
        return body.decode("utf-8", "replace")
    return json.loads(body)


def error_of(url: str, status: int, kind: str, body: bytes) -> MillworkError:
    """The error that an answer tells of, with its words: it ends as if the verb was done here."""
    if kind.partition(";")[0] != _PROBLEM:
        return Unavailable(f"{url} answered {status}: no Millwork server, or none that is ready")
    problem = json.loads(body)
    detail = str(problem.get("detail", ""))
    if status == 422 and problem.get("faults"):
        return InvalidFile([_fault(fault) for fault in problem["faults"]])
    kind_of = _KINDS.get(status, BadRequest if status < 500 else Unavailable)
    return kind_of(detail)


def _fault(said: Mapping[str, Any]) -> Fault:
    names = ("file", "line", "column", "path", "severity", "message")
    return Fault(*(said[name] for name in names))
