"""One's own access tokens.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from millwork.views.people import Deleted, NewToken, Tokens

from millwork.client.noun import Noun


class TokensVerbs(Noun):
    """One's own access tokens."""

    def list(self, *, limit: int = 50, after: str = "") -> Tokens:
        """One's own tokens, newest first, without their secrets."""
        answer: Tokens = self._door.ask("tokens.list", limit=limit, after=after)
        return answer

    def create(
        self,
        *,
        name: str,
        scope: Literal["read", "run", "write", "admin"] = "read",
        workspace: str | None = None,
        days: int = 90,
    ) -> NewToken:
        """Make a token; its secret is shown once, and it reaches no farther than what made it."""
        answer: NewToken = self._door.ask(
            "tokens.create", name=name, scope=scope, workspace=workspace, days=days
        )
        return answer

    def revoke(self, token: str) -> Deleted:
        """End one of one's own tokens."""
        answer: Deleted = self._door.ask("tokens.revoke", token=token)
        return answer
