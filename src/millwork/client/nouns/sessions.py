"""Logging in and out, and one's own sessions and password.

Written by `make docs` from the verbs and their functions: change those.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from millwork.views.people import Deleted, LoggedIn, Me, Sessions

from millwork.client.noun import Noun


class SessionsVerbs(Noun):
    """Logging in and out, and one's own sessions and password."""

    def login(
        self, *, person: str | None = None, password: str | None = None, link: str | None = None
    ) -> LoggedIn:
        """Begin a session, by name and password or by a one-time link."""
        answer: LoggedIn = self._door.ask(
            "sessions.login", person=person, password=password, link=link
        )
        return answer

    def logout(self) -> Deleted:
        """End the session that asks."""
        answer: Deleted = self._door.ask("sessions.logout")
        return answer

    def me(self) -> Me:
        """Who asks, and what they may."""
        answer: Me = self._door.ask("sessions.me")
        return answer

    def password(self, *, current: str, new: str) -> Me:
        """Change one's own password; all other sessions end."""
        answer: Me = self._door.ask("sessions.password", current=current, new=new)
        return answer

    def list(self, *, limit: int = 50, after: str = "") -> Sessions:
        """One's own sessions, newest first."""
        answer: Sessions = self._door.ask("sessions.list", limit=limit, after=after)
        return answer

    def end(self, session: str) -> Deleted:
        """End one of one's own sessions."""
        answer: Deleted = self._door.ask("sessions.end", session=session)
        return answer
