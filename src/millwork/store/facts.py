"""What a database is, for those who look after it."""

from __future__ import annotations

from millwork.base.records import dataclass


@dataclass(frozen=True)
class Facts:
    """What a database is: its software, where it is (no password is told), its size in bytes.

    `schema` is the last migration that was carried out on it, `newest` the last that there is.
    """

    kind: str
    version: str
    place: str
    schema: int
    newest: int
    size: int
