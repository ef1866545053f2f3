"""People and what they may do, in the database of the runs; and answers for who asks twice."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from millwork.base.errors import Conflict, NotFound
from millwork.base.records import dataclass, field
from millwork.store.audit import AuditStore
from millwork.store.queries import load_queries

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from millwork.access.identity import Scope
    from millwork.access.roles import Role
    from millwork.store.database import Database

_QUERIES = load_queries("people.sql")
_STUCK = 3600.0  # seconds: a request that was cut off holds its key no longer
_STALE = 86400.0  # seconds that answers are kept
_OF_WORKSPACE = (
    "delete_members", "delete_events_of_workspace", "delete_instances_of_workspace",
    "delete_backfills_of_workspace", "delete_alerts_of_workspace", "delete_tokens_of_workspace",
    "delete_workspace",
)  # fmt: skip
SESSION_IDLE = 43200.0  # seconds after its last use that a session ends


@dataclass(frozen=True)
class Answer:
    """What a key stands for: the digest of a request, and its answer, empty while it is done."""

    request: str
    body: str


@dataclass(frozen=True)
class PersonRow:
    """A person; `password` is argon2's text, empty for none."""

    name: str
    password: str
    is_admin: bool
    active: bool
    failures: int
    locked: float
    created: float


@dataclass(frozen=True)
class WorkspaceRow:
    """A workspace; `quota` limits what its runs use at a time.

    `stage` is `development`, `production` or empty; `variables` are what `${workspace.NAME}` is in
    its schedules.
    """

    name: str
    description: str
    quota: Mapping[str, Any]
    creator: str
    created: float
    stage: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MemberRow:
    """What a person is in a workspace."""

    workspace: str
    person: str
    role: Role
    created: float


@dataclass(frozen=True)
class CredentialRow:
    """A way in, known by the digest of its secret. `kind` is `session`, `token` or `link`."""

    digest: str
    id: str
    kind: str
    person: str
    created: float
    expires: float
    name: str = ""
    workspace: str = ""
    scope: Scope = "admin"
    used: float = 0.0


@dataclass(frozen=True)
class WayIn:
    """A credential, and what its person is now."""

    credential: CredentialRow
    is_admin: bool = False
    active: bool = True


class PeopleStore(AuditStore):
    """Persons, workspaces, members, ways in, the audit log, and answers that are kept."""

    def __init__(self, database: Database) -> None:
        super().__init__(database)
        database.learn(_QUERIES)
        self._tidied = 0.0

    # --- answers kept for who asks twice --------------------------------------------------

    def claim_answer(self, person: str, key: str, request: str, now: float) -> Answer | None:
        """What the key stands for already; None if it stands for this request from now on."""
        ages = {"stuck": now - _STUCK, "stale": now - _STALE}
        values = {"person": person, "key": key, "request": request, "now": now, **ages}
        with self._database.transaction():
            if now - self._tidied > _STUCK:
                self._database.query("forget_answers", ages)
                self._tidied = now
            if self._database.query("claim_answer", values).fetchone():
                return None
            row = self._database.query("kept_answer", values).fetchone()
        # Whoever held it may have dropped it just now.
        return Answer(row["request"], row["body"]) if row else Answer(request, "")

    def keep_answer(self, person: str, key: str, body: str) -> None:
        """Keeps what was answered."""
        self._write("keep_answer", person=person, key=key, body=body)

    def drop_answer(self, person: str, key: str) -> None:
        """The key stands for nothing: what it stood for failed."""
        self._write("drop_answer", person=person, key=key)

    # --- people ---------------------------------------------------------------------------

    def person(self, name: str) -> PersonRow | None:
        """A person by name."""
        return _person(self._one("person", name=name))

    def people(self, limit: int, after: str = "") -> list[PersonRow]:
        """Those whose names come after `after`."""
        values = {"after": after, "limit": limit}
        return [PersonRow(**_flags(row)) for row in self._database.query("people", values)]

    def add_person(self, name: str, password: str, now: float, *, is_admin: bool) -> bool:
        """Makes a person; False if there is one of that name."""
        values = {"name": name, "password": password, "is_admin": int(is_admin), "created": now}
        with self._database.transaction():
            return self._database.query("insert_person", values).fetchone() is not None

    def is_owner_of_things(self, name: str) -> bool:
        """Whether runs or assets are theirs, also if they are gone."""
        return self._one("has_things", name=name) is not None

    def has_password(self) -> bool:
        """Whether anybody could log in with a password."""
        return self._one("has_password") is not None

    def change_person(
        self,
        name: str,
        *,
        is_admin: bool | None = None,
        active: bool | None = None,
        password: str | None = None,
    ) -> PersonRow:
        """Changes what is not None; sessions end with the password or when they are not active.

        Raises NotFound, and Conflict for the last active administrator.
        """
        with self._locked():
            row = self._known(name)
            new_admin = row.is_admin if is_admin is None else is_admin
            new_active = row.active if active is None else active
            if row.is_admin and row.active and not (new_admin and new_active):
                self._require_other_admin(name)
            values = {"name": name, "is_admin": int(new_admin), "active": int(new_active)}
            self._database.query("change_person", values)
            if password is not None:
                self._database.query("change_password", {"name": name, "password": password})
            if password is not None or not new_active:
                self._database.query("end_sessions", {"name": name, "but": ""})
            return self._known(name)

    def delete_person(self, name: str) -> None:
        """They are gone, with memberships and ways in. Raises as `change_person`."""
        with self._locked():
            row = self._known(name)
            if row.is_admin and row.active:
                self._require_other_admin(name)
            for statement in ("leave_all", "delete_credentials", "delete_answers", "delete_person"):
                self._database.query(statement, {"name": name})

    def change_password(self, name: str, password: str, session: str) -> None:
        """Another password; every session ends but the one with this id."""
        with self._database.transaction():
            self._database.query("change_password", {"name": name, "password": password})
            self._database.query("end_sessions", {"name": name, "but": session})

    def keep_rehash(self, name: str, old: str, new: str) -> None:
        """The same password, hashed as is usual now."""
        self._write("keep_rehash", name=name, old=old, password=new)

    def take_try(self, name: str, now: float) -> PersonRow | None:
        """The person, with one failed try more; None if there is none or they are locked."""
        with self._database.transaction():
            return _person(self._one("take_try", name=name, now=now))

    def forget_tries(self, name: str) -> None:
        """They have logged in."""
        self._write("forget_tries", name=name)

    def _known(self, name: str) -> PersonRow:
        row = self.person(name)
        if row is None:
            raise NotFound(f"there is no person '{name}'")
        return row

    def _require_other_admin(self, name: str) -> None:
        if self._one("other_admins", name=name) is None:
            raise Conflict(f"'{name}' is the last active administrator: make another one first")

    # --- workspaces and their members -----------------------------------------------------

    def has_workspace(self, name: str) -> bool:
        """Whether there is a workspace of that name."""
        return self._one("has_workspace", name=name) is not None

    def workspace(self, name: str) -> WorkspaceRow | None:
        """A workspace by name."""
        row = self._one("workspace", name=name)
        return _workspace(row) if row else None

    def workspaces(self, limit: int, after: str = "", member: str = "") -> list[WorkspaceRow]:
        """Those whose names come after `after`; of one member, or all."""
        values = {"after": after, "limit": limit, "person": member}
        return [_workspace(row) for row in self._database.query("workspaces", values)]

    def add_workspace(self, row: WorkspaceRow) -> bool:
        """Makes a workspace that its creator owns; False if there is one of that name."""
        values = _of_workspace(row)
        owner = {"workspace": row.name, "person": row.creator, "role": "owner"}
        with self._database.transaction():
            if self._database.query("insert_workspace", values).fetchone() is None:
                return False
            self._database.query("set_member", {**owner, "created": row.created})
        return True

    def change_workspace(self, row: WorkspaceRow) -> None:
        """Says something else of it."""
        self._write("change_workspace", **_of_workspace(row))

    def variables(self, workspace: str) -> Mapping[str, str]:
        """What `${workspace.NAME}` is in a workspace's schedules; nothing without the workspace."""
        row = self.workspace(workspace)
        return row.variables if row else {}

    def delete_workspace(self, name: str) -> None:
        """It is gone, with its members and tokens; raises Conflict if it holds anything."""
        with self._locked():
            if self._one("workspace_is_used", name=name):
                raise Conflict(f"workspace '{name}' still holds runs or assets: delete them first")
            for statement in _OF_WORKSPACE:
                self._database.query(statement, {"name": name})

    def role_in(self, workspace: str, person: str) -> Role | None:
        """What a person is in a workspace; None for no member."""
        row = self._one("role_in", workspace=workspace, person=person)
        return row["role"] if row else None

    def members(self, workspace: str, limit: int, after: str = "") -> list[MemberRow]:
        """Those whose names come after `after`."""
        values = {"workspace": workspace, "after": after, "limit": limit}
        return [MemberRow(**dict(row)) for row in self._database.query("members", values)]

    def memberships(self, person: str) -> dict[str, Role]:
        """A person's roles by workspace."""
        rows = self._database.query("memberships", {"person": person})
        return {row["workspace"]: row["role"] for row in rows}

    def set_member(self, row: MemberRow) -> MemberRow:
        """Makes a member, or changes their role; how it is kept.

        Raises NotFound for an unknown person, Conflict if nobody would own the workspace.
        """
        with self._locked():
            self._known(row.person)
            if row.role != "owner":
                self._require_other_owner(row.workspace, row.person)
            kept = self._database.query("set_member", vars(row)).fetchone()
        return MemberRow(**dict(kept))

    def remove_member(self, workspace: str, person: str) -> None:
        """Not a member any more, with their tokens for this workspace.

        Raises Conflict if nobody would own it.
        """
        with self._locked():
            self._require_other_owner(workspace, person)
            for statement in ("remove_member", "revoke_in_workspace"):
                self._database.query(statement, {"workspace": workspace, "person": person})

    def _require_other_owner(self, workspace: str, person: str) -> None:
        is_owner = self.role_in(workspace, person) == "owner"
        if is_owner and not self._one("other_owners", workspace=workspace, person=person):
            raise Conflict(f"'{person}' is the last owner of '{workspace}': make another one first")

    # --- ways in --------------------------------------------------------------------------

    def add_credential(self, row: CredentialRow, now: float) -> None:
        """Keeps a way in, if it is not kept yet, and forgets those that are over."""
        with self._database.transaction():
            self._database.query("forget_credentials", {"now": now, "idle": now - SESSION_IDLE})
            self._database.query("insert_credential", vars(row))

    def way_in(self, digest: str, kind: str) -> WayIn | None:
        """A credential of this kind by its digest."""
        row = self._one("way_in", digest=digest, kind=kind)
        if row is None:
            return None
        values = _flags(row)
        is_admin, active = values.pop("is_admin"), values.pop("active")
        return WayIn(CredentialRow(**values), is_admin, active)

    def touch_credential(self, digest: str, now: float) -> None:
        """It was used now."""
        self._write("touch_credential", digest=digest, now=now)

    def redeem(self, digest: str, now: float) -> str:
        """Whose link this is, which is used up; empty if it is none, or over."""
        with self._database.transaction():
            row = self._one("redeem", digest=digest, now=now)
        return str(row["person"]) if row else ""

    def credential(self, person: str, credential: str) -> CredentialRow | None:
        """One of a person's ways in, by its id."""
        row = self._one("credential", person=person, id=credential)
        return CredentialRow(**dict(row)) if row else None

    def credentials(
        self, person: str, kind: str, now: float, limit: int, before: str = ""
    ) -> list[CredentialRow]:
        """A person's ways in of one kind that are not over, newest first."""
        values = {
            "person": person, "kind": kind, "now": now, "idle": now - SESSION_IDLE,
            "limit": limit, "before": before or "~",
        }  # fmt: skip
        return [CredentialRow(**dict(row)) for row in self._database.query("credentials", values)]

    def delete_credential(self, person: str, kind: str, credential: str) -> str:
        """Ends a way in, and tells its digest; empty if there is none."""
        with self._database.transaction():
            row = self._one("delete_credential", person=person, kind=kind, id=credential)
        return str(row["digest"]) if row else ""

    # --- means ----------------------------------------------------------------------------

    def _one(self, statement: str, /, **values: Any) -> Any:
        return self._database.query(statement, values).fetchone()

    def _write(self, statement: str, /, **values: Any) -> None:
        with self._database.transaction():
            self._database.query(statement, values)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """A transaction of which there is one at a time."""
        with self._database.transaction():
            self._database.query("lock_people", {})
            yield


def _person(row: Any) -> PersonRow | None:
    return PersonRow(**_flags(row)) if row else None


def _workspace(row: Any) -> WorkspaceRow:
    said = {name: json.loads(row[name]) for name in ("quota", "variables")}
    return WorkspaceRow(**{**dict(row), **said})


def _of_workspace(row: WorkspaceRow) -> dict[str, Any]:
    said = {name: json.dumps(getattr(row, name)) for name in ("quota", "variables")}
    return {**vars(row), **said}


def _flags(row: Any) -> dict[str, Any]:
    """A row whose numbers for yes and no are so again."""
    values = dict(row)
    for name in ("is_admin", "active"):
        values[name] = bool(values[name])
    return values
