"""The people of the server, for its administrators."""

from __future__ import annotations

from millwork.access.identity import OWNER
from millwork.actions import passwords
from millwork.actions.call import Call
from millwork.actions.pages import cut, with_one_more
from millwork.base.errors import BadRequest, Conflict
from millwork.base.names import LABEL_RULE, is_label
from millwork.views import people as views
from millwork.views.people import Deleted, People, PersonShown


def list_(call: Call, limit: int = 50, after: str = "") -> People:
    """All people, by name."""
    found = call.context.people().people(with_one_more(limit), after)
    rows, follows = cut(found, limit, lambda row: row.name)
    return {"items": [views.person(row) for row in rows], "next": follows}


def create(
    call: Call, person: str, password: str | None = None, is_admin: bool = False
) -> PersonShown:
    """Make a person; without a password one is made, and shown once."""
    if not is_label(person):
        raise BadRequest(f"person: expected {LABEL_RULE}")
    if password is not None:
        passwords.check_new(password)
    _check_trust(call)
    made = None if password is not None else passwords.new_password()
    kept = passwords.hashed(password or made or "")
    people, now = call.context.people(), call.context.clock.wall()
    if people.person(person) is None and people.is_owner_of_things(person):
        raise Conflict(
            f"'{person}' was removed, and still owns runs or assets, which whoever has the name "
            "would get: choose another name, or delete them first"
        )
    if person == OWNER or not people.add_person(person, kept, now, is_admin=is_admin):
        raise Conflict(f"there is a person '{person}' already")
    return _shown(call, person, made)


def change(
    call: Call,
    person: str,
    active: bool | None = None,
    is_admin: bool | None = None,
    reset: bool = False,
) -> PersonShown:
    """Let a person in or keep them out, make them an administrator, or reset their password."""
    _refuse_owner(person)
    made = passwords.new_password() if reset else None
    call.context.people().change_person(
        person, is_admin=is_admin, active=active,
        password=passwords.hashed(made) if made else None,
    )  # fmt: skip
    return _shown(call, person, made)


def delete(call: Call, person: str) -> Deleted:
    """Remove a person, with their sessions, tokens and memberships."""
    _refuse_owner(person)
    call.context.people().delete_person(person)
    return {"deleted": person}


def _check_trust(call: Call) -> None:
    """Raises Conflict for a second account where nobody has said that people trust each other."""
    if not call.context.is_shared and call.context.people().has_password():
        raise Conflict(
            "steps run as the server's user, so whoever may run one can read all that the server "
            "holds: start it with --shared-trust if its people trust each other"
        )


def _refuse_owner(person: str) -> None:
    if person == OWNER:
        raise Conflict(f"'{OWNER}' is whoever the home belongs to, and stays as it is")


def _shown(call: Call, person: str, made: str | None) -> PersonShown:
    row = call.context.people().person(person)
    if row is None:  # another administrator was as fast
        raise Conflict(f"'{person}' was removed just now")
    return {**views.person(row), "password": made}
