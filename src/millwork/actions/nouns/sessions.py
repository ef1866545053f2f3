"""Logging in and out, and one's own sessions and password."""

from __future__ import annotations

from millwork.actions import login as ways
from millwork.actions import passwords
from millwork.actions.call import Call
from millwork.actions.pages import cut, with_one_more
from millwork.base.errors import BadRequest, Conflict, Forbidden, NotFound, Unauthenticated
from millwork.views import people as views
from millwork.views.people import Deleted, LoggedIn, Me, Sessions

_REFUSED = "name or password is wrong, or there were too many tries; try again later"
_OVER = "this link is over, or was used; `millwork login` prints another"


def login(
    call: Call, person: str | None = None, password: str | None = None, link: str | None = None
) -> LoggedIn:
    """Begin a session, by name and password or by a one-time link."""
    if link is not None and person is None and password is None:
        issued = ways.enter_by_link(call.context, link, call.request)
        if issued is None:
            raise Unauthenticated(_OVER)
    elif link is None and person is not None and password is not None:
        issued = _by_password(call, person, password)
    else:
        raise BadRequest("expected `person` and `password`, or `link`")
    return {
        "session": issued.secret, "person": issued.row.person, "expires": issued.row.expires,
    }  # fmt: skip


def logout(call: Call) -> Deleted:
    """End the session that asks."""
    return end(call, call.who.credential)


def me(call: Call) -> Me:
    """Who asks, and what they may."""
    roles = call.context.people().memberships(call.who.person)
    own = call.who.workspace
    return {
        "person": call.who.person, "is_admin": call.who.is_admin, "scope": call.who.scope,
        "workspace": own,
        "roles": {name: role for name, role in roles.items() if own in ("", name)},
    }  # fmt: skip


def password(call: Call, current: str, new: str) -> Me:
    """Change one's own password; all other sessions end."""
    passwords.check_new(new)
    if not ways.try_password(call.context, call.who.person, current):
        raise Forbidden(_REFUSED)
    kept = passwords.hashed(new)
    call.context.people().change_password(call.who.person, kept, call.who.credential)
    return me(call)


def list_(call: Call, limit: int = 50, after: str = "") -> Sessions:
    """One's own sessions, newest first."""
    now, people = call.context.clock.wall(), call.context.people()
    found = people.credentials(call.who.person, "session", now, with_one_more(limit), after)
    rows, follows = cut(found, limit, lambda row: row.id)
    return {"items": [views.session(row, call.who.credential) for row in rows], "next": follows}


def end(call: Call, session: str) -> Deleted:
    """End one of one's own sessions."""
    if not session:
        raise Conflict("there is no session to end: you came in without one")
    if not call.context.people().delete_credential(call.who.person, "session", session):
        raise NotFound("you have no such session")
    return {"deleted": session}


def _by_password(call: Call, person: str, password: str) -> ways.Issued:
    is_right = ways.try_password(call.context, person, password)
    if is_right:
        return ways.enter(call.context, person, call.request)
    if is_right is False:  # what is tried upon nobody, or upon whom is locked, would fill the log
        now, people = call.context.clock.wall(), call.context.people()
        outcome = "denied: wrong password"
        people.note(now, person, "", "sessions.login", "", outcome, call.request)
    raise Unauthenticated(_REFUSED)
