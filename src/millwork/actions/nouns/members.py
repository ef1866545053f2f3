"""Who is a member of a workspace, and in which role."""

from __future__ import annotations

from millwork.access.roles import ROLES, Role
from millwork.actions.call import Call
from millwork.actions.pages import cut, with_one_more
from millwork.base.errors import BadRequest, Forbidden, NotFound
from millwork.store.people import MemberRow
from millwork.views import people as views
from millwork.views.people import Deleted, Member, Members


def list_(call: Call, limit: int = 50, after: str = "") -> Members:
    """The members of a workspace, by name."""
    found = call.context.people().members(call.workspace, with_one_more(limit), after)
    rows, follows = cut(found, limit, lambda row: row.person)
    return {"items": [views.member(row) for row in rows], "next": follows}


def set_(call: Call, person: str, role: Role) -> Member:
    """Make somebody a member, or give them another role."""
    if role not in ROLES:
        raise BadRequest(f"role: expected one of {', '.join(ROLES)}")
    _check_owners(call, person, role)
    row = MemberRow(call.workspace, person, role, call.context.clock.wall())
    return views.member(call.context.people().set_member(row))


def remove(call: Call, person: str) -> Deleted:
    """Take somebody out of a workspace, with their tokens for it."""
    if _check_owners(call, person, None) is None:
        raise NotFound(f"'{person}' is not a member of '{call.workspace}'")
    call.context.people().remove_member(call.workspace, person)
    return {"deleted": person}


def _check_owners(call: Call, person: str, role: Role | None) -> Role | None:
    """What the person is now; raises Forbidden where only an owner may change that."""
    now = call.context.people().role_in(call.workspace, person)
    if "owner" in (now, role) and call.role != "owner":
        raise Forbidden("only an owner of the workspace may make or remove owners")
    return now
