"""Who is a member of a workspace, and in which role.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from millwork.views.people import Deleted, Member, Members

from millwork.client.noun import Noun


class MembersVerbs(Noun):
    """Who is a member of a workspace, and in which role."""

    def list(self, *, limit: int = 50, after: str = "") -> Members:
        """The members of a workspace, by name."""
        answer: Members = self._door.ask("members.list", limit=limit, after=after)
        return answer

    def set(
        self,
        person: str,
        *,
        role: Literal["owner", "admin", "developer", "operator", "labeler", "guest"],
    ) -> Member:
        """Make somebody a member, or give them another role."""
        answer: Member = self._door.ask("members.set", person=person, role=role)
        return answer

    def remove(self, person: str) -> Deleted:
        """Take somebody out of a workspace, with their tokens for it."""
        answer: Deleted = self._door.ask("members.remove", person=person)
        return answer
