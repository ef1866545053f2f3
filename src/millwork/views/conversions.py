"""What a text becomes in another dialect, as people and programs read it."""

from __future__ import annotations

from typing import TypedDict


class Loss(TypedDict):
    """One thing of a text that the other dialect does not carry; `path` may be empty."""

    path: str
    reason: str


# `text` is the main file, `files` those that belong beside it, by path; `from` is the dialect
# that the text was in.
ConversionView = TypedDict(
    "ConversionView", {"text": str, "files": dict[str, str], "losses": list[Loss], "from": str}
)
