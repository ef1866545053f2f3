"""Who asks, by which way in."""

from __future__ import annotations

from typing import Literal, TypeAlias

from millwork.base.records import dataclass

Scope: TypeAlias = Literal["read", "run", "write", "admin"]
SCOPES: tuple[Scope, ...] = ("read", "run", "write", "admin")

OWNER = "owner"
"""The person to whom the home belongs: on this machine, known by its user id."""


@dataclass(frozen=True)
class Identity:
    """A person, and how far the way in that they took reaches.

    A token may be of one `workspace` alone. `scope` is what it may do: `read`; `run`, also begin
    and end runs, and those of schedules; `write`, also change what a workspace holds; `admin`, all
    that the person may. `credential` is the id of that way in; empty for the owner in the home
    itself.
    """

    person: str
    is_admin: bool = False
    scope: Scope = "admin"
    workspace: str = ""
    credential: str = ""

    @property
    def is_unlimited(self) -> bool:
        """Whether this way in is good for all that the person may."""
        return self.scope == "admin" and not self.workspace


LOCAL_OWNER = Identity(OWNER, is_admin=True)


def within_scope(scope: Scope, noun: str, action: str) -> bool:
    """Whether a way in of this scope is good for an action on a noun."""
    if action == "read" or scope == "admin":
        return True
    if noun in ("member", "workspace", "secret", "audit", "person", "token"):
        return False
    if scope in ("run", "write") and (noun, action) == ("schedule", "operate"):
        return True
    return scope == "write" or (scope == "run" and noun == "run" and action != "delete")
