"""Ways in: sessions, tokens, one-time links, and the token of the home's owner."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

from millwork.access.identity import OWNER, Identity
from millwork.actions import passwords
from millwork.base.errors import Unavailable
from millwork.base.ids import new_id, new_token
from millwork.base.records import dataclass
from millwork.store.people import SESSION_IDLE, CredentialRow

if TYPE_CHECKING:
    from millwork.access.identity import Scope
    from millwork.actions.context import Context

DAY = 86400.0
HOME_TOKEN = "token"  # noqa: S105
_SESSION = 7 * DAY
_LINK = 600.0
_FOREVER = 100 * 365 * DAY
_NOTED = 60.0  # seconds: the last use is known to the minute
_OTHERS = 0o077
_ADMIN = "admin"


@dataclass(frozen=True)
class Issued:
    """A way in that was just made; only its holder will know the secret."""

    secret: str
    row: CredentialRow


def identify(context: Context, secret: str, kind: Literal["session", "token"]) -> Identity | None:
    """Who holds this secret; None if nobody does, or no longer."""
    now, people = context.clock.wall(), context.people()
    found = people.way_in(_digest(secret), kind)
    if found is None or not found.active or _is_over(found.credential, now):
        return None
    row = found.credential
    if now - row.used >= _NOTED:
        with suppress(Unavailable):  # on a full disk one may still look
            people.touch_credential(row.digest, now)
    return Identity(row.person, found.is_admin, row.scope, row.workspace, row.id)


def issue_session(context: Context, person: str) -> Issued:
    """A new session: it ends 12 hours after its last use, and after 7 days."""
    return issue(context, "session", person, _SESSION)


def make_link(context: Context) -> str:
    """A secret with which the owner logs in once, within 10 minutes."""
    return issue(context, "link", OWNER, _LINK).secret


def redeem_link(context: Context, secret: str, request: str = "") -> str | None:
    """The secret of a session for a link's; None if the link is over, or was used."""
    issued = enter_by_link(context, secret, request)
    return issued.secret if issued else None


def enter_by_link(context: Context, secret: str, request: str) -> Issued | None:
    """A session for a link, which is used up; None if it is no link any more."""
    person = context.people().redeem(_digest(secret), context.clock.wall())
    return enter(context, person, request) if person else None


def enter(context: Context, person: str, request: str) -> Issued:
    """A session for somebody who has shown who they are; the audit log says so."""
    issued = issue_session(context, person)
    now = context.clock.wall()
    context.people().note(now, person, "", "sessions.login", "", "allowed", request)
    return issued


def try_password(context: Context, person: str, password: str) -> bool | None:
    """Whether this is the person's password; None if nobody of that name may try now."""
    people = context.people()
    row = people.take_try(person, context.clock.wall())
    is_right = passwords.matches(row.password if row and row.active else "", password)
    if row is None or not is_right:
        return None if row is None else False
    people.forget_tries(person)
    if passwords.is_outdated(row.password):
        people.keep_rehash(person, row.password, passwords.hashed(password))
    return True


def issue(
    context: Context,
    kind: Literal["session", "token", "link"],
    person: str,
    seconds: float,
    *,
    name: str = "",
    workspace: str = "",
    scope: Scope = "admin",
) -> Issued:
    """A new way in of this kind, good for so long."""
    if person == OWNER:
        _make_owner(context)
    secret, now = f"mw_{os.urandom(32).hex()}", context.clock.wall()
    row = CredentialRow(
        _digest(secret), _credential_id(now), kind, person, now, now + seconds, name, workspace,
        scope, now,
    )  # fmt: skip
    context.people().add_credential(row, now)
    return Issued(secret, row)


def first_admin(context: Context) -> tuple[str, str] | None:
    """Makes `admin` if nobody could log in with a password: the name, and what to print once."""
    people = context.people()
    if people.has_password():
        return None
    password = passwords.new_password()
    kept, now = passwords.hashed(password), context.clock.wall()
    is_made = people.add_person(_ADMIN, kept, now, is_admin=True)
    return (_ADMIN, password) if is_made else None


# --- the owner of the home --------------------------------------------------------------------


def home_token(context: Context) -> str:
    """The owner's token for this home, kept in its file `token`, which only the owner may read.

    Raises Unavailable if others may read it too, or it cannot be written.
    """
    _make_owner(context)
    path, people = f"{context.home}/{HOME_TOKEN}", context.people()
    try:
        secret = _read_private(path) or _make_private(path)
    except OSError as error:
        raise Unavailable(f"cannot use {path}: {error.strerror}") from None
    if people.way_in(_digest(secret), "token") is None:
        now = context.clock.wall()
        row = CredentialRow(
            _digest(secret), _credential_id(now), "token", OWNER, now, now + _FOREVER,
            name=f"home {context.home}", used=now,
        )  # fmt: skip
        people.add_credential(row, now)
    return secret


def forget_home_token(context: Context, digest: str) -> None:
    """Removes the file of the home's token if it is this one, so that another is made."""
    path = f"{context.home}/{HOME_TOKEN}"
    with suppress(OSError):
        if _digest(_read_private(path)) == digest:
            os.unlink(path)


def _make_owner(context: Context) -> None:
    people = context.people()
    if people.person(OWNER) is None:
        people.add_person(OWNER, "", context.clock.wall(), is_admin=True)


def _read_private(path: str) -> str:
    """What the file holds; empty if there is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except FileNotFoundError:
        return ""
    with open(descriptor, encoding="ascii", errors="replace") as file:
        mode = os.fstat(descriptor).st_mode & 0o777
        if mode & _OTHERS:
            raise Unavailable(
                f"{path} is open to other users (mode {mode:03o}): remove it, and another token "
                "is made; revoke the old one if others have been on this machine"
            )
        return file.read().strip()


def _make_private(path: str) -> str:
    """Writes a new secret, unless another process was faster; the secret that the file holds."""
    spare = f"{path}.{os.getpid()}.{new_token()}"
    descriptor = os.open(spare, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "w", encoding="ascii") as file:
            file.write(f"mw_{os.urandom(32).hex()}\n")
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(spare, path)
    finally:
        os.unlink(spare)
    return _read_private(path)


def _is_over(row: CredentialRow, now: float) -> bool:
    return row.expires <= now or (row.kind == "session" and row.used + SESSION_IDLE <= now)


def _credential_id(now: float) -> str:
    """Sorted by age, with enough chance that no two are alike."""
    return f"{new_id(now)}{new_token()[:8]}"


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "backslashreplace")).hexdigest()
