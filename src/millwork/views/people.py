"""People, workspaces and ways in, as programs read them; times are in Unix seconds."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, cast

from millwork.access.identity import Scope
from millwork.access.roles import Role

if TYPE_CHECKING:
    from millwork.store.audit import Entry
    from millwork.store.people import CredentialRow, MemberRow, PersonRow, WorkspaceRow


class Deleted(TypedDict):
    """What is there no more, by name or id."""

    deleted: str


class LoggedIn(TypedDict):
    """A session's secret, shown once."""

    session: str
    person: str
    expires: float


class Me(TypedDict):
    """Who asks, how far their way in reaches, and what they are in which workspace."""

    person: str
    is_admin: bool
    scope: Scope
    workspace: str
    roles: dict[str, Role]


class Session(TypedDict):
    """A browser that is logged in."""

    session: str
    created: float
    used: float
    expires: float
    is_this: bool


class Sessions(TypedDict):
    """A page of sessions, newest first."""

    items: list[Session]
    next: str | None


class Token(TypedDict):
    """A token without its secret; `workspace` is empty for all of the person's."""

    token: str
    name: str
    scope: Scope
    workspace: str
    created: float
    used: float
    expires: float


class NewToken(Token):
    """A token with its secret, shown once."""

    secret: str


class Tokens(TypedDict):
    """A page of tokens, newest first."""

    items: list[Token]
    next: str | None


class Person(TypedDict):
    """A person; `locked` until then, after too many tries to log in."""

    person: str
    is_admin: bool
    active: bool
    has_password: bool
    locked: float
    created: float


class PersonShown(Person):
    """A person, and a password if one was made: it is shown once."""

    password: str | None


class People(TypedDict):
    """A page of people, by name."""

    items: list[Person]
    next: str | None


class Quota(TypedDict, total=False):
    """What the runs of a workspace may use at a time: cores, bytes, GPUs and running runs."""

    cpu: float
    memory: int
    gpu: int
    runs: int


class Workspace(TypedDict):
    """A workspace, and what the person who asks is in it.

    `stage` is `development`, `production` or empty. `variables` are what `${workspace.NAME}` is in
    its schedules.
    """

    name: str
    description: str
    stage: str
    variables: dict[str, str]
    quota: Quota
    creator: str
    created: float
    role: Role


class Workspaces(TypedDict):
    """A page of workspaces, by name."""

    items: list[Workspace]
    next: str | None


class Member(TypedDict):
    """A person's role in a workspace."""

    person: str
    role: Role
    created: float


class Members(TypedDict):
    """A page of members, by name."""

    items: list[Member]
    next: str | None


class AuditEntry(TypedDict):
    """What was asked for, and whether that was allowed; `hash` covers every entry before it."""

    seq: int
    time: float
    person: str
    workspace: str
    verb: str
    target: str
    outcome: str
    request: str
    hash: str


class Audit(TypedDict):
    """A page of the audit log, newest first; `intact` if its entries are as they were written."""

    items: list[AuditEntry]
    next: str | None
    intact: bool


def session(row: CredentialRow, current: str) -> Session:
    """A session; `current` is the id of the one that asks."""
    return {
        "session": row.id, "created": row.created, "used": row.used, "expires": row.expires,
        "is_this": row.id == current,
    }  # fmt: skip


def token(row: CredentialRow) -> Token:
    """A token without its secret."""
    return {
        "token": row.id, "name": row.name, "scope": row.scope, "workspace": row.workspace,
        "created": row.created, "used": row.used, "expires": row.expires,
    }  # fmt: skip


def person(row: PersonRow) -> Person:
    """A person without what their password is kept as."""
    return {
        "person": row.name, "is_admin": row.is_admin, "active": row.active,
        "has_password": bool(row.password), "locked": row.locked, "created": row.created,
    }  # fmt: skip


def workspace(row: WorkspaceRow, role: Role) -> Workspace:
    """A workspace for somebody of this role."""
    quota = cast("Quota", dict(row.quota))  # as it was checked when it was kept
    return {
        "name": row.name, "description": row.description, "stage": row.stage,
        "variables": dict(row.variables), "quota": quota, "creator": row.creator,
        "created": row.created, "role": role,
    }  # fmt: skip


def member(row: MemberRow) -> Member:
    """A member of a workspace that is known."""
    return {"person": row.person, "role": row.role, "created": row.created}


def entry(row: Entry) -> AuditEntry:
    """A line of the audit log."""
    return {
        "seq": row.seq, "time": row.time, "person": row.person, "workspace": row.workspace,
        "verb": row.verb, "target": row.target, "outcome": row.outcome, "request": row.request,
        "hash": row.hash,
    }  # fmt: skip
