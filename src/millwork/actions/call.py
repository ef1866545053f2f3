"""Who asks for a verb, where, and what they may do there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.access.identity import LOCAL_OWNER, Identity, within_scope
from millwork.access.roles import may, reach_of
from millwork.base.errors import Forbidden, NotFound
from millwork.base.records import dataclass

if TYPE_CHECKING:
    from millwork.access.roles import Role
    from millwork.actions.context import Context

DEFAULT = "default"


@dataclass(frozen=True)
class Call:
    """One request: the person, their role in a workspace, and the means to carry it out.

    `role` is that of the person in `workspace`; outside workspaces both are empty. `request` is
    the id that answers, logs and the audit share.
    """

    context: Context
    who: Identity = LOCAL_OWNER
    workspace: str = DEFAULT
    role: Role | None = "owner"
    request: str = ""

    def may(self, noun: str, action: str, creator: str, visibility: str = "public") -> bool:
        """Whether this person may do that to what `creator` has made."""
        if self.role is None or not within_scope(self.who.scope, noun, action):
            return False
        is_own = creator == self.who.person
        return may(self.role, noun, action, is_own=is_own, visibility=visibility)

    def sees_all(self, noun: str) -> bool:
        """Whether private things of others are shown to this person, too."""
        return self.role is not None and reach_of(self.role, noun, "read") == "any"

    def require(
        self,
        noun: str,
        action: str,
        creator: str,
        visibility: str = "public",
        what: str = "such thing",
    ) -> None:
        """Raises NotFound for what the person may not see, Forbidden for what they may not do."""
        if not self.may(noun, "read", creator, visibility):
            raise NotFound(f"there is no {what}")
        if not self.may(noun, action, creator, visibility):
            raise Forbidden(f"your role, {self.role}, may not {action} this {noun}")
