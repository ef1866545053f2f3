"""Cursors of lists: where a page ends, as a text that only this program reads."""

from __future__ import annotations

import base64
import json

from millwork.base.errors import BadRequest

_MOST_DIGITS = 18


def write_cursor(*place: str | float) -> str:
    """The text that stands for a place in a list."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def read_number(text: str, name: str = "after") -> int:
    """The number of a place in a list that is counted; 0 for an empty text.

    Raises BadRequest for any other text, and for more than 18 digits.
    """
    if text and not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise BadRequest(f"{name}: expected the place where an earlier answer ended")
    return int(text or 0)


def read_cursor(text: str, *kinds: type) -> tuple[str | float, ...] | None:
    """The place behind a cursor, of these types; None for an empty text.

    Raises BadRequest for a text that is no cursor of such a list.
    """
    if not text:
        return None
    try:
        found = json.loads(base64.urlsafe_b64decode(text.encode() + b"=" * (-len(text) % 4)))
    except (ValueError, RecursionError):
        found = None
    is_one = isinstance(found, list) and len(found) == len(kinds)
    if not is_one or not all(type(part) is kind for part, kind in zip(found, kinds, strict=True)):
        raise BadRequest("after: expected the `next` of an earlier page of this list")
    return tuple(found)
