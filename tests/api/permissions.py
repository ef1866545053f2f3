"""What everybody may do, said by hand: the table that `test_matrix` holds the server to.

A table that was made of the one it checks would agree with whatever that says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

if TYPE_CHECKING:
    from collections.abc import Mapping

# A letter for each of read, write, operate, approve, delete: A all that there is, P public things
# and own ones, O own ones, - none.
GOLDEN = """
            owner  admin  developer operator labeler guest
run         AAA.A  AAA.A  POO.O     POP.-    ---.-   P--.-
component   AA..A  AA..A  PO..O     P-..-    --..-   P-..-
pipeline    AA..A  AA..A  PO..O     P-..-    --..-   P-..-
schedule    AAA.A  AAA.A  POO.O     P-P.-    ---.-   P--.-
dataset     AA..A  AA..A  PO..O     PO..-    PO..O   P-..-
model       AA.AA  AA.AA  PO.-O     PO.P-    --.--   P-.--
image       AA..A  AA..A  PO..O     P-..-    P-..-   P-..-
code        AA..A  AA..A  PO..O     P-..-    --..-   P-..-
connection  AA..A  AA..A  PO..O     P-..-    P-..-   --..-
secret      AA..A  AA..A  A-..-     A-..-    --..-   --..-
workspace   AA..A  AA..-  A-..-     A-..-    A-..-   A-..-
member      AA..A  AA..A  A-..-     A-..-    A-..-   --..-
audit       A....  A....  -....     -....    -....   -....
"""
ACTIONS = ("read", "write", "operate", "approve", "delete")
# What a token of a scope is good for, besides reading; of one of `admin` nothing is said here.
SCOPES: Mapping[str, Mapping[str, str]] = {
    "read": {},
    "run": {"run": "write operate", "schedule": "operate"},
    "write": dict.fromkeys(
        (
            "run",
            "component",
            "pipeline",
            "schedule",
            "dataset",
            "model",
            "image",
            "code",
            "connection",
        ),
        "write operate approve delete",
    ),
}
BY_METHOD = {"get": "read", "post": "write", "put": "write", "patch": "write", "delete": "delete"}
OTHERS = {  # verbs whose action their method does not tell
    "runs.change": "operate", "runs.cancel": "operate", "runs.resume": "operate",
    "models.approve": "approve", "components.check": "read", "plans.create": "read",
    "schedules.preview": "read", "schedules.switch": "operate", "schedules.test": "operate",
    "schedules.trigger": "operate", "instances.operate": "operate", "backfills.create": "operate",
    "backfills.preview": "read", "backfills.change": "operate",
}  # fmt: skip
NOUNS = {  # verbs whose noun their name does not tell
    "steps": "run", "attempts": "run", "logs": "run", "artifacts": "run", "events": "run",
    "files": "run", "bundles": "run", "drafts": "pipeline", "data": "connection",
    "plans": "pipeline", "palette": "component", "instances": "schedule", "backfills": "schedule",
    "alerts": "schedule",
}  # fmt: skip
ANYONE = {"server.health", "server.ready", "sessions.login"}
ADMINS = {"server.metrics", "people.list", "people.create", "people.change", "people.delete",
          "audit.all", "workspaces.create"}  # fmt: skip
ROLES = tuple(GOLDEN.split()[:6])

Visibility = Literal["public", "private"]
VISIBILITIES: tuple[Visibility, ...] = get_args(Visibility)
# It is done, or asked for well enough to be done; or forbidden, as if it were not there, or
# nobody knows who asks.
Outcome = Literal["yes", "refused", "hidden", "unknown"]


@dataclass(frozen=True)
class Standing:
    """What somebody is: `role` in the workspace, empty for none; `scope` of their token."""

    role: str = ""
    scope: str = "admin"
    is_admin: bool = False
    is_known: bool = True


@dataclass(frozen=True)
class Thing:
    """Something in the workspace, by the words that stand for it in an address."""

    kind: str
    name: str
    is_own: bool
    visibility: Visibility
    version: str = "1.0.0"


def reach(role: str, noun: str, action: str) -> str:
    """The letter of the table."""
    header, *rows = (line.split() for line in GOLDEN.strip().splitlines())
    cells = next(row for row in rows if row[0] == noun)
    letter = cells[1 + header.index(role)][ACTIONS.index(action)]
    assert letter in "APO-", (noun, action)
    return letter


def may(role: str, noun: str, action: str, thing: Thing) -> bool:
    """Whether the table lets a role do that to a thing."""
    letter = reach(role, noun, action)
    if letter == "A" or (thing.is_own and letter != "-"):
        return True
    return letter == "P" and thing.visibility == "public"


def need(verb: str, method: str) -> tuple[str, str]:
    """The noun and the action of a verb of the workspace."""
    first = verb.partition(".")[0]
    noun = NOUNS.get(first, first.removesuffix("s"))
    return noun, OTHERS.get(verb, BY_METHOD[method])


def expected(who: Standing, verb: str, method: str, path: str, thing: Thing | None) -> Outcome:
    """What must come of a cell."""
    if not who.is_known:
        return "yes" if verb in ANYONE else "unknown"
    if not path.startswith("/workspaces/{workspace}"):
        return _outside(who, verb, method)
    if not who.role:
        return "hidden"
    noun, action = need(verb, method)
    if reach(who.role, noun, action) == "-":
        return "refused"
    is_limited = action != "read" and who.scope != "admin"
    if is_limited and action not in SCOPES[who.scope].get(noun, "").split():
        return "refused"
    if thing is None:
        return "yes"
    if not may(who.role, noun, "read", thing):
        return "hidden"
    return "yes" if may(who.role, noun, action, thing) else "refused"


def _outside(who: Standing, verb: str, method: str) -> Outcome:
    """The same of a verb that is of no workspace."""
    is_limited = who.scope != "admin"
    if verb in ANYONE:
        return "yes"
    if verb in ADMINS and (is_limited or not who.is_admin):
        return "refused"
    is_writing = method != "get" and verb != "tokens.create"
    return "refused" if is_limited and is_writing else "yes"
