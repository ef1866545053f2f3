"""What deletion and garbage collection answer."""

from __future__ import annotations

from typing import TypedDict


class RunDeleted(TypedDict):
    """A run that is gone; of `kept`, its attempts that something else names, the outputs stay.

    `bytes` were freed.
    """

    deleted: str
    kept: list[str]
    bytes: int


class Removed(TypedDict):
    """One thing that is gone, or would go; of rows in the record so many, by what `name` says."""

    kind: str
    name: str
    count: int
    bytes: int


class Left(TypedDict):
    """One thing that should be gone and could not be removed, and why."""

    kind: str
    name: str
    why: str


class Collected(TypedDict):
    """What garbage collection has removed, or would remove if it `is_dry`; `bytes` in all."""

    is_dry: bool
    items: list[Removed]
    left: list[Left]
    bytes: int
