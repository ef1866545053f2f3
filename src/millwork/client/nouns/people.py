"""The people of the server, for its administrators.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from millwork.views.people import Deleted, People, PersonShown

from millwork.client.noun import Noun


class PeopleVerbs(Noun):
    """The people of the server, for its administrators."""

    def list(self, *, limit: int = 50, after: str = "") -> People:
        """All people, by name."""
        answer: People = self._door.ask("people.list", limit=limit, after=after)
        return answer

    def create(
        self, *, person: str, password: str | None = None, is_admin: bool = False
    ) -> PersonShown:
        """Make a person; without a password one is made, and shown once."""
        answer: PersonShown = self._door.ask(
            "people.create", person=person, password=password, is_admin=is_admin
        )
        return answer

    def change(
        self,
        person: str,
        *,
        active: bool | None = None,
        is_admin: bool | None = None,
        reset: bool = False,
    ) -> PersonShown:
        """Let a person in or keep them out, make them an administrator, or reset their password."""
        answer: PersonShown = self._door.ask(
            "people.change", person=person, active=active, is_admin=is_admin, reset=reset
        )
        return answer

    def delete(self, person: str) -> Deleted:
        """Remove a person, with their sessions, tokens and memberships."""
        answer: Deleted = self._door.ask("people.delete", person=person)
        return answer
