"""What was asked for, by whom, and whether it was allowed.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from millwork.views.people import Audit

from millwork.client.noun import Noun


class AuditVerbs(Noun):
    """What was asked for, by whom, and whether it was allowed."""

    def all(
        self,
        *,
        limit: int = 50,
        after: str = "",
        person: str = "",
        verb: str = "",
        outcome: Literal["allowed", "denied"] | None = None,
    ) -> Audit:
        """The audit log of the server, newest first."""
        answer: Audit = self._door.ask(
            "audit.all", limit=limit, after=after, person=person, verb=verb, outcome=outcome
        )
        return answer

    def list(
        self,
        *,
        limit: int = 50,
        after: str = "",
        person: str = "",
        verb: str = "",
        outcome: Literal["allowed", "denied"] | None = None,
    ) -> Audit:
        """The audit log of a workspace, newest first."""
        answer: Audit = self._door.ask(
            "audit.list", limit=limit, after=after, person=person, verb=verb, outcome=outcome
        )
        return answer
