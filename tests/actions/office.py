"""A home with people in it, whose verbs are asked for as a server would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from millwork.access.identity import LOCAL_OWNER, Identity
from millwork.actions import login
from millwork.actions.perform import Asked, perform
from millwork.app.compose import DATABASE, open_context
from millwork.store.database import SCHEMES
from millwork.store.runs import RunStore

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from millwork.access.roles import Role
    from millwork.actions.context import Context

BOSS = LOCAL_OWNER
PASSWORD = "correct horse battery"


@dataclass
class HandClock:
    """Time passes when it is told to."""

    now: float = 1_800_000_000.0

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


@dataclass
class Office:
    """A context, and what a server does with it."""

    context: Context
    clock: HandClock

    def do(
        self, who: Identity | None, verb: str, workspace: str = "", /, *, key: str = "", **said: Any
    ) -> Any:
        """A verb, carried out."""
        return perform(self.context, who, Asked(verb, said, workspace, "request", key))

    def hire(self, name: str, role: Role | None = None, *, is_admin: bool = False) -> Identity:
        """A person, a member of `default` if they have a role, who has logged in."""
        self.do(BOSS, "people.create", person=name, password=PASSWORD, is_admin=is_admin)
        if role:
            self.do(BOSS, "members.set", "default", person=name, role=role)
        return self.enter(name)

    def enter(self, name: str) -> Identity:
        """Another session of this person."""
        who = self.session(self.log_in(name))
        assert who is not None
        return who

    def log_in(self, name: str, password: str = PASSWORD) -> str:
        """The secret of a new session."""
        secret: str = self.do(None, "sessions.login", person=name, password=password)["session"]
        return secret

    def session(self, secret: str) -> Identity | None:
        """Who has this session."""
        return login.identify(self.context, secret, "session")

    def token(self, who: Identity, **said: Any) -> Identity:
        """A token that this person makes, as a way in."""
        secret = self.do(who, "tokens.create", name="test", **said)["secret"]
        found = login.identify(self.context, secret, "token")
        assert found is not None
        return found

    def close(self) -> None:
        """Closes the records, so that all of them are in their files."""
        assert isinstance(self.context.store, RunStore)
        self.context.store.close()


def open_office(home: Path, monkeypatch: pytest.MonkeyPatch, place: str = "") -> Office:
    """An office in a home, with its records in `place` if that is a PostgreSQL."""
    monkeypatch.setenv("MILLWORK_HOME", str(home))
    if place.startswith(SCHEMES):
        monkeypatch.setenv(DATABASE, place)
    context, clock = open_context(), HandClock()
    context.clock, context.is_shared = clock, True
    return Office(context, clock)
