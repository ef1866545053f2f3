"""One's own access tokens."""

from __future__ import annotations

from millwork.access.identity import SCOPES, Scope
from millwork.actions import login
from millwork.actions.call import Call
from millwork.actions.pages import cut, with_one_more
from millwork.base.errors import BadRequest, Forbidden, NotFound
from millwork.base.names import is_text
from millwork.views import people as views
from millwork.views.people import Deleted, NewToken, Tokens

_LONGEST_NAME = 64
_MOST_DAYS = 3650


def list_(call: Call, limit: int = 50, after: str = "") -> Tokens:
    """One's own tokens, newest first, without their secrets."""
    now, people = call.context.clock.wall(), call.context.people()
    found = people.credentials(call.who.person, "token", now, with_one_more(limit), after)
    rows, follows = cut(found, limit, lambda row: row.id)
    return {"items": [views.token(row) for row in rows], "next": follows}


def create(
    call: Call, name: str, scope: Scope = "read", workspace: str | None = None, days: int = 90
) -> NewToken:
    """Make a token; its secret is shown once, and it reaches no farther than what made it."""
    if not (1 <= len(name) <= _LONGEST_NAME and is_text(name)):
        raise BadRequest(f"name: expected 1 to {_LONGEST_NAME} characters")
    if not 1 <= days <= _MOST_DAYS:
        raise BadRequest(f"days: expected 1 to {_MOST_DAYS}, not {days}")
    if scope not in SCOPES:
        raise BadRequest(f"scope: expected one of {', '.join(SCOPES)}")
    if SCOPES.index(scope) > SCOPES.index(call.who.scope):
        raise Forbidden(f"a token of scope '{call.who.scope}' cannot make one of scope '{scope}'")
    issued = login.issue(
        call.context, "token", call.who.person, _seconds(call, days),
        name=name, workspace=_workspace(call, workspace), scope=scope,
    )  # fmt: skip
    return {**views.token(issued.row), "secret": issued.secret}


def revoke(call: Call, token: str) -> Deleted:
    """End one of one's own tokens."""
    digest = call.context.people().delete_credential(call.who.person, "token", token)
    if not digest:
        raise NotFound("you have no such token")
    login.forget_home_token(call.context, digest)
    return {"deleted": token}


def _workspace(call: Call, named: str | None) -> str:
    """The workspace that the token is of; empty for all."""
    own, people = call.who.workspace, call.context.people()
    if not named:
        return own
    is_elsewhere = own not in ("", named)
    is_known = people.has_workspace(named)
    is_member = call.who.is_admin or people.role_in(named, call.who.person) is not None
    if is_elsewhere or not is_known or not is_member:
        raise NotFound(f"there is no workspace '{named}'")
    return named


def _seconds(call: Call, days: int) -> float:
    """How long the token is good for: no longer than another token that makes it."""
    wanted = days * login.DAY
    maker = call.context.people().credential(call.who.person, call.who.credential)
    if maker is None or maker.kind != "token":
        return wanted
    return min(wanted, maker.expires - call.context.clock.wall())
