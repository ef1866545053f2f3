"""One verb carried out: who asks is checked, what they ask is noted, and nothing is done twice."""

from __future__ import annotations

import builtins
import hashlib
import json
from importlib import import_module
from typing import TYPE_CHECKING, Any

from millwork.access.identity import Identity, within_scope
from millwork.access.roles import ROLES, reach_of
from millwork.access.verbs import VERBS
from millwork.actions.call import Call
from millwork.actions.exchange import Upload
from millwork.base.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    MillworkError,
    NotFound,
    Unauthenticated,
    Unsure,
)
from millwork.base.names import is_text
from millwork.base.records import dataclass, field

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from millwork.access.roles import Role
    from millwork.access.verbs import Verb
    from millwork.actions.context import Context

_STRANGER = Identity("", scope="read")
# What these answer is shown once, and so it is not kept for who asks again.
_SHOWN_ONCE = frozenset({"tokens.create", "people.create", "people.change", "sessions.login"})

_LONGEST_KEY = 255


@dataclass(frozen=True)
class Asked:
    """A request for a verb. `arguments` are the function's, without the workspace.

    `key` tells a repetition from a second request (Idempotency-Key); empty for none.
    """

    verb: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    workspace: str = ""
    request: str = ""
    key: str = ""


def perform(context: Context, who: Identity | None, asked: Asked) -> Any:
    """The answer of a verb.

    Raises Unauthenticated, Forbidden or NotFound for what this person may not do or see, Conflict
    for a key that stands for another request, and what the verb raises.
    """
    verb = VERBS[asked.verb]
    _check_text(asked)
    call = let_in(context, who, asked)
    if verb.writes and verb.name != "sessions.login":  # it notes by itself who it was
        _note(context, who, asked, "allowed")
    try:
        if verb.writes and asked.key and who:
            return _once(call, verb, asked)
        return function_of(verb)(call, **asked.arguments)
    except Forbidden as error:
        _note(context, who, asked, "denied", error)
        raise


def _check_text(asked: Asked) -> None:
    """Raises BadRequest for what no record can hold; of documents, whoever reads them checks."""
    for name, value in {**asked.arguments, "workspace": asked.workspace}.items():
        if isinstance(value, str) and not is_text(value):
            raise BadRequest(f"{name}: text with NUL or a broken character cannot be kept")


def let_in(context: Context, who: Identity | None, asked: Asked) -> Call:
    """The call, as `admitted`; a denial is noted in the audit log."""
    try:
        return admitted(context, who, VERBS[asked.verb], asked)
    except MillworkError as error:
        _note(context, who, asked, "denied", error)
        raise


def function_of(verb: Verb) -> Callable[..., Any]:
    """The function that carries a verb out."""
    noun, _, action = verb.name.partition(".")
    name = f"{action}_" if hasattr(builtins, action) else action
    found: Callable[..., Any] = getattr(import_module(f"millwork.actions.nouns.{noun}"), name)
    return found


def admitted(context: Context, who: Identity | None, verb: Verb, asked: Asked) -> Call:
    """The call, if this person may ask for the verb at all; which thing it is for comes later."""
    if verb.needs == "anyone":
        return Call(context, who or _STRANGER, "", None, asked.request)
    if who is None:
        raise Unauthenticated
    if not verb.in_workspace:
        if verb.needs == "admin" and not (who.is_admin and who.is_unlimited):
            raise Forbidden("only an administrator of the server may do that")
        # A limited token may make others, which reach no farther than it does.
        if verb.writes and not who.is_unlimited and verb.name != "tokens.create":
            raise Forbidden("this token is limited: log in, or use one of scope 'admin'")
        return Call(context, who, "", None, asked.request)
    role = _role(context, who, asked.workspace)
    if reach_of(role, verb.noun, verb.action) == "none":
        raise Forbidden(f"your role, {role}, may not {verb.action} a {verb.noun}")
    if not within_scope(who.scope, verb.noun, verb.action):
        may_not = f"it may not {verb.action} a {verb.noun}"
        raise Forbidden(f"this token is good for '{who.scope}' only: {may_not}")
    own = context.in_workspace(asked.workspace)
    return Call(own, who, asked.workspace, role, asked.request)


def _role(context: Context, who: Identity, workspace: str) -> Role:
    people = context.people()
    is_elsewhere = who.workspace not in ("", workspace)
    if is_elsewhere or not people.has_workspace(workspace):
        raise NotFound(f"there is no workspace '{workspace}'")
    if who.is_admin:
        return "owner"
    role = people.role_in(workspace, who.person)
    if role not in ROLES:
        raise NotFound(f"there is no workspace '{workspace}'")
    return role


def _once(call: Call, verb: Verb, asked: Asked) -> Any:
    """Does it once for all requests with this key, and answers all of them alike."""
    people, person = call.context.people(), call.who.person
    if len(asked.key) > _LONGEST_KEY:
        raise BadRequest(f"an Idempotency-Key has at most {_LONGEST_KEY} characters")
    said = json.dumps([asked.verb, asked.workspace, asked.arguments], sort_keys=True, default=_said)
    # The key itself is not kept: without it, what was said cannot be guessed by its digest.
    key, request = _digest(asked.key), _digest(asked.key + said)
    kept = people.claim_answer(person, key, request, call.context.clock.wall())
    if kept is not None:
        if kept.request != request:
            raise Conflict("this Idempotency-Key stands for another request")
        if not kept.body:
            raise Conflict("a request with this Idempotency-Key is being carried out, or was cut")
        if verb.name in _SHOWN_ONCE:
            raise Conflict("this was done already, and what it answered is shown only once")
        return json.loads(kept.body)
    try:
        answer = function_of(verb)(call, **asked.arguments)
    except Unsure:
        raise  # it may have been done: whoever repeats it is told so, and does not do it twice
    except MillworkError:
        people.drop_answer(person, key)
        raise
    body = {} if verb.name in _SHOWN_ONCE else answer
    people.keep_answer(person, key, json.dumps(body))
    return answer


def _said(argument: object) -> str:
    """An argument that is no JSON; a file by its content, for it lies elsewhere each time."""
    return argument.sha256 if isinstance(argument, Upload) else str(argument)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def _note(
    context: Context,
    who: Identity | None,
    asked: Asked,
    outcome: str,
    error: MillworkError | None = None,
) -> None:
    """Adds to the audit log; what a stranger asks for is not worth a line of it."""
    if who is None:
        return
    names = (
        "run", "name", "version", "schedule", "instance", "backfill", "action", "to", "state",
        "person", "token", "session", "step", "sha256",
    )  # fmt: skip
    target = "/".join(str(asked.arguments[name]) for name in names if name in asked.arguments)
    reason = f": {error}" if error else ""
    context.people().note(
        context.clock.wall(), who.person, asked.workspace, asked.verb, target,
        f"{outcome}{reason}", asked.request,
    )  # fmt: skip
