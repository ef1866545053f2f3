"""Who may do what: every verb of the running server's OpenAPI, by everyone, to everything.

What is expected is said here once more, and by hand: a table that was made of the one it checks
would agree with whatever that says.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, get_args

import pytest

from millwork import Client
from millwork.base.errors import BadRequest, Forbidden, NotFound, Unauthenticated
from tests.attacks.door import good, opened, text
from tests.conftest import run_command

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.attacks.door import Answer, Door

pytestmark = pytest.mark.xdist_group("matrix")

# A letter for each of read, write, operate, approve, delete: A all that there is, P public things
# and own ones, O own ones, - none.
GOLDEN = """
            owner  admin  developer operator labeler guest
run         AAA.A  AAA.A  POO.O     POP.-    ---.-   P--.-
component   AA..A  AA..A  PO..O     P-..-    --..-   P-..-
pipeline    AA..A  AA..A  PO..O     P-..-    --..-   P-..-
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
    "run": {"run": "write operate"},
    "write": dict.fromkeys(
        ("run", "component", "pipeline", "dataset", "model", "image", "code", "connection"),
        "write operate approve delete",
    ),
}
BY_METHOD = {"get": "read", "post": "write", "put": "write", "patch": "write", "delete": "delete"}
OTHERS = {  # verbs whose action their method does not tell
    "runs.change": "operate", "runs.cancel": "operate", "runs.resume": "operate",
    "models.approve": "approve",
}  # fmt: skip
NOUNS = {  # verbs whose noun their name does not tell
    "steps": "run", "attempts": "run", "logs": "run", "artifacts": "run", "events": "run",
    "files": "run", "bundles": "run", "drafts": "pipeline", "data": "connection",
}  # fmt: skip
ANYONE = {"server.health", "server.ready", "sessions.login"}
ADMINS = {"server.metrics", "people.list", "people.create", "people.change", "people.delete",
          "audit.all", "workspaces.create"}  # fmt: skip
KINDS = ("component", "pipeline", "dataset", "model", "image", "code", "connection", "draft", "run")
HERE = "/workspaces/default"
ROLES = tuple(GOLDEN.split()[:6])
EMPTY = hashlib.sha256(b"").hexdigest()

Visibility = Literal["public", "private"]
VISIBILITIES: tuple[Visibility, ...] = get_args(Visibility)


def pipeline(name: str) -> str:
    head = {"apiVersion": "millwork/v1", "kind": "Pipeline", "name": name, "version": "1.0.0"}
    return json.dumps({**head, "nodes": {"a": {"component": "public-inner"}}})


def bodies(name: str) -> dict[str, Any]:
    """What the verbs that are given something are given; what is not here is given nothing."""
    return {
        "sessions.login": {"person": "absent", "password": "x"},
        "sessions.password": {"current": "x", "new": ""}, "tokens.create": {"name": "x", "days": 0},
        "people.create": {"person": "not a name"}, "people.change": {}, "members.set": {
            "role": "guest"},
        "workspaces.create": {"name": "not a name"}, "workspaces.change": {},
        "files.missing": {"sha256": []}, "files.put": b"", "bundles.create": {"files": []},
        "runs.create": {"component": "absent"}, "runs.change": {"note": "x"}, "runs.cancel": {},
        "runs.resume": {}, "components.create": {"text": ""}, "pipelines.create": {"text": ""},
        "datasets.create": {"name": "not a name"}, "models.create": {"name": "not a name"},
        "images.create": {"name": "not a name", "uri": "x"}, "codes.create": {
            "name": "not a name", "repository": "x"},
        "models.approve": {"stage": "Approved"}, "drafts.save": {"text": "", "revision": 1},
        "drafts.publish": {"revision": 1}, "connections.set": {
            "type": "http", "fields": {"url": "https://storage.invalid"}},
        "connections.check": {}, "secrets.set": {"value": "x"},
        **{f"{kind}s.change": {"description": name} for kind in KINDS[:6]},
        **{f"{kind}s.deprecate": {"reason": "old"} for kind in KINDS[:6]},
        "sessions.logout": {},
    }  # fmt: skip


@dataclass(frozen=True)
class Actor:
    """Somebody, by their way in; `role` in the workspace, empty for none."""

    name: str
    door: Door
    role: str = ""
    scope: str = "admin"
    is_admin: bool = False


@dataclass(frozen=True)
class Thing:
    """Something in the workspace, by the words that stand for it in an address."""

    kind: str
    name: str
    is_own: bool
    visibility: Visibility
    version: str = "1.0.0"


@dataclass(frozen=True)
class Stage:
    """The server, its verbs, who there is, and what there is for each of them."""

    door: Door
    verbs: Mapping[str, tuple[str, str]]
    actors: Mapping[str, Actor]
    things: Mapping[str, list[Thing]]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with opened(tmp_path_factory.mktemp("matrix") / "home") as door:
        contract = good(door.ask("GET", "/openapi.json")).json
        verbs = {
            said["operationId"]: (method, path.removeprefix("/api/v1"))
            for path, methods in contract["paths"].items()
            for method, said in methods.items()
        }
        good(door.ask("PATCH", HERE, {"quota": {"runs": 0}}))  # runs wait, and stay as they are
        good(door.ask("POST", f"{HERE}/components", {"text": text("true", "public-inner")}))
        actors = {actor.name: actor for actor in cast(door)}
        maker = door.hire("maker", "owner")
        things = {
            name: list(made(actor, maker)) for name, actor in actors.items() if name != "anonymous"
        }
        for role in ROLES:  # what they made as owners is theirs whatever they are now
            door.make_member(f"a-{role}", role)
        good(door.ask("DELETE", f"{HERE}/members/stranger"))
        yield Stage(door, verbs, actors, things)


def cast(door: Door) -> Iterator[Actor]:
    """Everybody; they are owners until what is theirs is made."""
    for role in ROLES:
        yield Actor(role, door.hire(f"a-{role}", "owner"), role)
    yield Actor("stranger", door.hire("stranger", "owner"))
    admin = door.hire("root")
    good(door.ask("PATCH", "/people/root", {"is_admin": True}))
    yield Actor("root", admin, "owner", is_admin=True)
    for scope in SCOPES:
        wish = {"name": scope, "scope": scope}
        secret = good(admin.ask("POST", "/me/tokens", wish)).json["secret"]
        yield Actor(f"token of {scope}", door.as_(secret), "owner", scope, is_admin=True)
    yield Actor("anonymous", door.as_(""))


def made(actor: Actor, maker: Door) -> Iterator[Thing]:
    """Things for one actor: of each kind an own and another's, a public and a private one."""
    for is_own in (True, False):
        if is_own and actor.scope != "admin":
            continue  # a limited token cannot make all of them
        by = actor.door if is_own else maker
        for visibility in VISIBILITIES:
            for kind in KINDS:
                words = actor.name.replace(" ", "-")
                name = f"{kind}-{words}-{'own' if is_own else 'others'}-{visibility}"
                yield make(by, kind, name, is_own, visibility)


def make(by: Door, kind: str, name: str, is_own: bool, visibility: Visibility) -> Thing:
    ways: dict[str, tuple[str, str, dict[str, Any]]] = {
        "component": ("POST", "components", {"text": text("true", name)}),
        "pipeline": ("POST", "pipelines", {"text": pipeline(name)}),
        "dataset": ("POST", "datasets", {"name": name, "uri": "s3://b/k"}),
        "model": ("POST", "models", {"name": name, "uri": "s3://b/k"}),
        "image": ("POST", "images", {"name": name, "uri": "python:3"}),
        "code": ("POST", "codes", {"name": name, "repository": "https://example.org/x.git"}),
        "connection": ("PUT", f"connections/{name}", {
            "type": "http", "fields": {"url": "https://storage.invalid"}}),
        "draft": ("PUT", f"drafts/{name}", {"text": ""}),
        "run": ("POST", "runs", {"component": "public-inner", "name": name}),
    }  # fmt: skip
    method, path, wish = ways[kind]
    said = good(by.ask(method, f"{HERE}/{path}", {**wish, "visibility": visibility})).json
    address = said["run"] if kind == "run" else name
    return Thing(kind, address, is_own, visibility, said.get("version", ""))


# --- what is expected ---------------------------------------------------------------------


def reach(role: str, noun: str, action: str) -> str:
    header, *rows = (line.split() for line in GOLDEN.strip().splitlines())
    cells = next(row for row in rows if row[0] == noun)
    letter = cells[1 + header.index(role)][ACTIONS.index(action)]
    assert letter in "APO-", (noun, action)
    return letter


def may(role: str, noun: str, action: str, thing: Thing) -> bool:
    letter = reach(role, noun, action)
    if letter == "A" or (thing.is_own and letter != "-"):
        return True
    return letter == "P" and thing.visibility == "public"


def need(verb: str, method: str) -> tuple[str, str]:
    """The noun and the action of a verb of the workspace."""
    first = verb.partition(".")[0]
    noun = NOUNS.get(first, first.removesuffix("s"))
    return noun, OTHERS.get(verb, BY_METHOD[method])


def expected(actor: Actor, verb: str, method: str, path: str, thing: Thing | None) -> str:
    if actor.name == "anonymous":
        return "yes" if verb in ANYONE else "unknown"
    if not path.startswith("/workspaces/{workspace}"):
        is_limited = actor.scope != "admin"
        if verb in ANYONE:
            return "yes"
        if verb in ADMINS and (is_limited or not actor.is_admin):
            return "refused"
        is_writing = method != "get" and verb != "tokens.create"
        return "refused" if is_limited and is_writing else "yes"
    if not actor.role:
        return "hidden"
    noun, action = need(verb, method)
    if reach(actor.role, noun, action) == "-":
        return "refused"
    is_limited = action != "read" and actor.scope != "admin"
    if is_limited and action not in SCOPES[actor.scope].get(noun, "").split():
        return "refused"
    if thing is None:
        return "yes"
    if not may(actor.role, noun, "read", thing):
        return "hidden"
    return "yes" if may(actor.role, noun, action, thing) else "refused"


def outcome(answer: Answer, verb: str, name: str) -> str:
    """What an answer says of whether one may, and of nothing else."""
    if answer.status in (401, 403):
        is_login = verb == "sessions.login"
        return "yes" if is_login else "unknown" if answer.status == 401 else "refused"
    if answer.status >= 500 or answer.status == 405:
        return f"a fault: {answer.status} {answer.body[:300]!r}"
    detail = answer.json.get("detail", "") if answer.status in (404, 409) else ""
    if "there is no workspace 'default'" in detail or "is taken in this workspace" in detail:
        return "hidden"
    is_hidden = name and detail.startswith("there is no ") and f"'{name}" in detail
    return "hidden" if is_hidden and answer.status == 404 else "yes"


# --- the cells ----------------------------------------------------------------------------

PARTS = {"step": "a", "process": "last", "port": "o", "person": "absent", "token": "absent",
         "session": "absent", "sha256": EMPTY, "workspace": "default"}  # fmt: skip
QUERY = {"data.list": "?uri=dataset:absent@1"}


def kind_of(verb: str, path: str) -> str:
    """The kind of thing that a verb is done to; empty for none."""
    if "/runs/{run}" in path:
        return "run"
    kind = verb.partition(".")[0].removesuffix("s")
    return kind if "{name}" in path and kind in KINDS else ""


def asked(actor: Actor, verb: str, method: str, path: str, thing: Thing | None) -> Answer:
    name = thing.name if thing else "ABSENT"
    version = thing.version if thing else "1"
    address = path.format(**PARTS, name=name, run=name, version=version)
    query = f"?before={version}&after={version}" if verb.endswith(".diff") else QUERY.get(verb, "")
    body = None
    if method not in ("get", "delete"):
        body = bodies(name)[verb]
    return actor.door.ask(method.upper(), f"{address}{query}", body)


@pytest.mark.parametrize("name", [*ROLES, "stranger", "root", "anonymous",
                                  *(f"token of {scope}" for scope in SCOPES)])  # fmt: skip
def test_every_verb_by_everyone_to_everything(stage: Stage, name: str) -> None:
    actor, wrong, cells = stage.actors[name], [], 0
    # What takes things away comes last.
    order = sorted(stage.verbs.items(), key=lambda verb: verb[1][0] == "delete")
    for verb, (method, path) in order:
        if verb == "sessions.logout" and actor.door.token:
            continue  # ends the way in; who has a token has no session: it is tried in test_people
        kind = kind_of(verb, path)
        own = stage.things.get(name) or stage.things["guest"]
        for thing in [each for each in own if each.kind == kind] if kind else [None]:
            answer = asked(actor, verb, method, path, thing)
            wanted = expected(actor, verb, method, path, thing)
            found = outcome(answer, verb, thing.name if thing else "")
            if found != wanted:
                wrong.append((verb, thing, f"wanted {wanted}, is {found}", answer.body[:200]))
            cells += 1
    assert wrong == []
    assert cells >= len(stage.verbs) - 1


def test_lists_show_what_may_be_read(stage: Stage) -> None:
    """By the names of things that nobody has deleted: those that were made for the stranger."""
    for actor in stage.actors.values():
        if not actor.role:
            continue
        for kind in KINDS:
            if kind in ("run", "draft"):
                continue
            noun = "pipeline" if kind == "draft" else kind
            page = actor.door.ask("GET", f"{HERE}/{kind}s?limit=200")
            if reach(actor.role, noun, "read") == "-":
                assert page.status == 403
                continue
            shown = {item["name"] for item in good(page).json["items"]}
            there = [thing for thing in stage.things["stranger"] if thing.kind == kind]
            as_others = [Thing(kind, each.name, False, each.visibility) for each in there]
            wanted = {each.name for each in as_others if may(actor.role, noun, "read", each)}
            assert shown & {each.name for each in there} == wanted, (actor.name, kind)


def test_another_workspaces_ids_are_not_there(stage: Stage) -> None:
    """Whoever is somebody in another workspace finds nothing of this one by way of it."""
    door = stage.door
    good(door.ask("POST", "/workspaces", {"name": "other"}))
    door.make_member("stranger", "owner", "other")
    actor = Actor("stranger", stage.actors["stranger"].door, "owner")
    for verb, (method, path) in stage.verbs.items():
        if not (kind := kind_of(verb, path)) or verb in ("drafts.save", "connections.set"):
            continue
        for thing in [each for each in stage.things["guest"] if each.kind == kind]:
            there = path.replace("{workspace}", "other")
            answer = asked(actor, verb, method, there, thing)
            assert answer.status == 404, (verb, answer)
            assert outcome(answer, verb, thing.name) == "hidden", (verb, answer)


def test_the_tables_here_name_all_that_there_is(stage: Stage) -> None:
    nouns = {need(verb, method)[0] for verb, (method, path) in stage.verbs.items()
             if path.startswith("/workspaces/{workspace}")}  # fmt: skip
    assert nouns == {line.split()[0] for line in GOLDEN.strip().splitlines()[1:]}
    writing = {verb for verb, (method, _) in stage.verbs.items() if method not in ("get", "delete")}
    assert writing <= bodies("").keys()


# --- the other doors ----------------------------------------------------------------------

SAMPLE = ("show", "change", "versions")


def said_by(error: BadRequest) -> str:
    return {Forbidden: "refused", NotFound: "hidden", Unauthenticated: "unknown"}.get(
        type(error), f"a fault: {error}"
    )


@pytest.mark.parametrize("name", [*ROLES, "stranger", "root", "token of read", "token of write"])
def test_the_client_is_told_the_same(stage: Stage, name: str) -> None:
    """A sample: what was made for the stranger, which nobody here has made or deleted."""
    actor = stage.actors[name]
    client = Client(stage.door.server.url, actor.door.token)
    for thing in stage.things["stranger"]:
        if thing.kind not in KINDS[:6]:
            continue
        thing = replace(thing, is_own=name == "stranger")
        for action in SAMPLE:
            verb = f"{thing.kind}s.{action}"
            method, path = stage.verbs[verb]
            words = {"description": "x"} if action == "change" else {}
            try:
                getattr(getattr(client, f"{thing.kind}s"), action)(name=thing.name, **words)
                found = "yes"
            except BadRequest as error:
                found = said_by(error)
            assert found == expected(actor, verb, method, path, thing), (verb, thing)
    client.close()


@pytest.mark.parametrize("name", ["admin", "developer", "labeler", "stranger"])
def test_the_command_is_told_the_same(stage: Stage, name: str) -> None:
    actor, home = stage.actors[name], stage.door.server.home
    more = {"MILLWORK_URL": stage.door.server.url, "MILLWORK_TOKEN": actor.door.token}
    for thing in stage.things["stranger"]:
        if thing.kind != "model":
            continue
        thing = replace(thing, is_own=name == "stranger")
        method, path = stage.verbs["models.show"]
        result = run_command(["models", "show", thing.name, "--json"], home, env=more)
        wanted = expected(actor, "models.show", method, path, thing)
        assert result.code == (0 if wanted == "yes" else 2), result
        if wanted != "yes":
            said = {"refused": "may not read a model", "hidden": "there is no"}[wanted]
            assert said in result.err
