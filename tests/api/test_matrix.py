"""Who may do what: every verb of the running server's OpenAPI, by everyone, to everything.

Each cell is asked through all three doors (`tests/api/doors.py`): by request, by the client and by
the command. What is expected of them all is said by hand (`tests/api/permissions.py`).
"""

from __future__ import annotations

import json
import re
import threading
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from tests.api.doors import (
    EMPTY,
    SHAPES,
    ByClient,
    ByCommand,
    ByRequest,
    Cell,
    outcome,
)
from tests.api.permissions import (
    GOLDEN,
    ROLES,
    SCOPES,
    VISIBILITIES,
    Standing,
    Thing,
    expected,
    may,
    need,
    reach,
)
from tests.attacks.door import good, opened, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.api.doors import Way
    from tests.api.permissions import Outcome, Visibility
    from tests.attacks.door import Door

pytestmark = pytest.mark.xdist_group("matrix")

KINDS = ("component", "pipeline", "schedule", "dataset", "model", "image", "code", "connection",
         "draft", "run")  # fmt: skip
HERE = "/workspaces/default"
WAYS = ("request", "client", "command")


def pipeline(name: str) -> str:
    head = {"apiVersion": "millwork/v1", "kind": "Pipeline", "name": name, "version": "1.0.0"}
    return json.dumps({**head, "nodes": {"a": {"component": "public-inner"}}})


def schedule(name: str) -> str:
    head = {"apiVersion": "millwork/v1", "kind": "Schedule", "name": name, "version": "1.0.0"}
    return json.dumps({**head, "pipeline": "public-pipeline", "every": "day", "at": "02:30"})


def bodies(name: str) -> dict[str, Any]:
    """What the verbs that are given something are given."""
    return {
        "sessions.login": {"person": "absent", "password": "x"},
        "sessions.password": {"current": "x", "new": ""}, "tokens.create": {"name": "x", "days": 0},
        "people.create": {"person": "not a name"}, "people.change": {}, "members.set": {
            "role": "guest"},
        "workspaces.create": {"name": "not a name"}, "workspaces.change": {},
        "files.missing": {"sha256": [EMPTY]}, "files.put": b"", "bundles.create": {
            "files": [{"path": "x", "sha256": "0" * 64}]},
        "runs.create": {"component": "absent"}, "runs.change": {"note": "x"}, "runs.cancel": {},
        "runs.resume": {}, "components.create": {"text": ""}, "pipelines.create": {"text": ""},
        "conversions.create": {"text": "", "to": "json"},
        "components.check": {"text": ""}, "plans.create": {"text": ""},
        "datasets.create": {"name": "not a name"}, "models.create": {"name": "not a name"},
        "images.create": {"name": "not a name", "uri": "x"}, "codes.create": {
            "name": "not a name", "repository": "x"},
        "models.approve": {"stage": "Approved"}, "drafts.save": {"text": "", "revision": 1},
        "drafts.publish": {"revision": 1}, "connections.set": {
            "type": "http", "fields": {"url": "https://storage.invalid"}},
        "connections.check": {}, "secrets.set": {"value": "x"}, "codes.take": {"path": ""},
        **{f"{kind}s.change": {"description": name} for kind in KINDS[:7]},
        **{f"{kind}s.deprecate": {"reason": "old"} for kind in KINDS[:7]},
        "schedules.create": {"text": ""}, "schedules.preview": {"text": ""},
        "schedules.deploy": {}, "schedules.withdraw": {}, "schedules.switch": {"state": "off"},
        "schedules.test": {}, "schedules.trigger": {},
        "instances.operate": {"action": "stop", "instances": ["absent"]},
        **{f"backfills.{word}": {"schedule": "absent", "ranges": [{"first": "2026-01-01"}]}
           for word in ("create", "preview")}, "backfills.change": {"parallel": 2},
        "sessions.logout": {},
    }  # fmt: skip


@dataclass(frozen=True)
class Actor:
    """Somebody, by their way in, and what they are."""

    name: str
    door: Door
    standing: Standing


@dataclass(frozen=True)
class Stage:
    """The server, its verbs, who there is, and what there is for each of them.

    `spares` are of what may be deleted, by its name: it is deleted once by each way.
    """

    door: Door
    maker: Door
    verbs: Mapping[str, tuple[str, str]]
    actors: Mapping[str, Actor]
    things: Mapping[str, list[Thing]]
    spares: Mapping[tuple[str, str], Thing]

    def doors_of(self, actor: Actor, workspace: str = "default") -> Ways:
        return Ways(self.door.server.url, actor.door, workspace)

    @contextmanager
    def bustle(self) -> Iterator[None]:
        """Something happens in the workspace, again and again."""
        is_over = threading.Event()

        def happen() -> None:
            while not is_over.wait(0.02):
                good(self.maker.ask("POST", f"{HERE}/runs", {"component": "public-inner"}))

        thread = threading.Thread(target=happen)
        thread.start()
        try:
            yield
        finally:
            is_over.set()
            thread.join()


class Ways:
    """The three doors, for one person, in one workspace."""

    def __init__(self, url: str, door: Door, workspace: str) -> None:
        self._client = ByClient(url, door.token, workspace)
        by_command = ByCommand(url, door.token, workspace)
        self._all: tuple[Way, ...] = (ByRequest(door, workspace), self._client, by_command)

    def to(self, verb: str) -> list[Way]:
        return [way for way in self._all if way.has(verb)]

    def close(self) -> None:
        self._client.close()


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
        good(door.ask("POST", f"{HERE}/pipelines", {"text": pipeline("public-pipeline")}))
        actors = {actor.name: actor for actor in cast(door)}
        maker = door.hire("maker", "owner")
        things: dict[str, list[Thing]] = {}
        spares: dict[tuple[str, str], Thing] = {}
        for name, actor in actors.items():
            if actor.standing.is_known:
                things[name] = list(made(actor, maker))
                spares.update(spared(actor, maker, things[name], verbs))
        for role in ROLES:  # what they made as owners is theirs whatever they are now
            door.make_member(f"a-{role}", role)
        good(door.ask("DELETE", f"{HERE}/members/stranger"))
        yield Stage(door, maker, verbs, actors, things, spares)


def cast(door: Door) -> Iterator[Actor]:
    """Everybody; they are owners until what is theirs is made."""
    for role in ROLES:
        yield Actor(role, door.hire(f"a-{role}", "owner"), Standing(role))
    yield Actor("stranger", door.hire("stranger", "owner"), Standing())
    admin = door.hire("root")
    good(door.ask("PATCH", "/people/root", {"is_admin": True}))
    yield Actor("root", admin, Standing("owner", is_admin=True))
    for scope in SCOPES:
        wish = {"name": scope, "scope": scope}
        secret = good(admin.ask("POST", "/me/tokens", wish)).json["secret"]
        yield Actor(f"token of {scope}", door.as_(secret), Standing("owner", scope, is_admin=True))
    yield Actor("anonymous", door.as_(""), Standing(is_known=False))


def made(actor: Actor, maker: Door) -> Iterator[Thing]:
    """Things for one actor: of each kind an own and another's, a public and a private one."""
    for is_own in (True, False):
        if is_own and actor.standing.scope != "admin":
            continue  # a limited token cannot make all of them
        by = actor.door if is_own else maker
        for visibility in VISIBILITIES:
            for kind in KINDS:
                words = actor.name.replace(" ", "-")
                name = f"{kind}-{words}-{'own' if is_own else 'others'}-{visibility}"
                yield make(by, kind, name, is_own, visibility)


def spared(
    actor: Actor, maker: Door, things: list[Thing], verbs: Mapping[str, tuple[str, str]]
) -> Iterator[tuple[tuple[str, str], Thing]]:
    """For the second way and those after it: the like of what the first will have deleted."""
    for number, thing in enumerate(things):
        verb = f"{thing.kind}s.delete"
        if expected(actor.standing, verb, *verbs[verb], thing) != "yes":
            continue
        for way in WAYS[1:]:
            name = f"{thing.kind}-spare-{way}-{actor.name.replace(' ', '-')}-{number}"
            by = actor.door if thing.is_own else maker
            yield (way, thing.name), make(by, thing.kind, name, thing.is_own, thing.visibility)


def make(by: Door, kind: str, name: str, is_own: bool, visibility: Visibility) -> Thing:
    ways: dict[str, tuple[str, str, dict[str, Any]]] = {
        "component": ("POST", "components", {"text": text("true", name)}),
        "pipeline": ("POST", "pipelines", {"text": pipeline(name)}),
        "schedule": ("POST", "schedules", {"text": schedule(name)}),
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


# --- the cells ----------------------------------------------------------------------------

PARTS = {"step": "a", "process": "last", "port": "o", "person": "absent", "token": "absent",
         "session": "absent", "sha256": EMPTY, "instance": "absent", "backfill": "absent",
         "reference": "builtin:sample_data"}  # fmt: skip
QUERY = {"logs.search": {"words": "x"}, "data.list": {"uri": "dataset:absent@1"}}


def kind_of(verb: str, path: str) -> str:
    """The kind of thing that a verb is done to; empty for none."""
    if "/runs/{run}" in path:
        return "run"
    kind = verb.partition(".")[0].removesuffix("s")
    return kind if "{name}" in path and kind in KINDS else ""


def cell_of(verb: str, method: str, path: str, thing: Thing | None) -> Cell:
    name, version = (thing.name, thing.version) if thing else ("ABSENT", "1")
    known = {**PARTS, "name": name, "run": name, "version": version}
    parts = {part: known[part] for part in re.findall(r"\{(\w+)\}", path) if part != "workspace"}
    query = dict(QUERY.get(verb, {}))
    if verb.endswith(".diff"):
        query |= {"before": version, "after": version}
    body = bodies(name)[verb] if method not in ("get", "delete") else None
    return Cell(verb, method, path, parts, query, body)


@pytest.mark.parametrize("name", [*ROLES, "stranger", "root", "anonymous",
                                  *(f"token of {scope}" for scope in SCOPES)])  # fmt: skip
def test_every_verb_by_everyone_to_everything_by_all_doors(stage: Stage, name: str) -> None:
    actor, cells = stage.actors[name], 0
    wrong: list[tuple[str, ...]] = []
    # What takes things away comes last.
    order = sorted(stage.verbs.items(), key=lambda verb: verb[1][0] == "delete")
    with closing(stage.doors_of(actor)) as ways:
        for verb, (_, path) in order:
            if verb == "sessions.logout" and actor.door.token:
                continue  # ends a session; who has a token has none: it is tried in test_people
            kind = kind_of(verb, path)
            own = stage.things.get(name) or stage.things["guest"]
            for thing in [each for each in own if each.kind == kind] if kind else [None]:
                wrong += asked(stage, actor, ways.to(verb), verb, thing)
                cells += 1
    assert wrong == []
    assert cells >= len(stage.verbs) - 1


def asked(
    stage: Stage, actor: Actor, ways: list[Way], verb: str, thing: Thing | None
) -> Iterator[tuple[str, ...]]:
    """What is wrong with a cell: an outcome that is not the table's, or words not the API's."""
    words = ""

    def wanted(of: str) -> Outcome:
        return expected(actor.standing, of, *stage.verbs[of], thing)

    for way in ways:
        found = thing
        if thing and verb.endswith(".delete"):
            found = stage.spares.get((way.name, thing.name), thing)
        is_silent = verb == "events.follow" and wanted(verb) == "yes"
        with stage.bustle() if is_silent else nullcontext():
            said = way.ask(cell_of(verb, *stage.verbs[verb], found))
        came = outcome(said, verb, found.name if found else "")
        words = words or said.words
        first = way.first(verb)
        is_decided = first and wanted(first) != "yes"  # the verb is not even asked for
        table = wanted(first if is_decided else verb)
        if came != table:
            yield verb, way.name, str(thing), f"wanted {table}, is {came}", said.words[:200]
        elif table in ("refused", "hidden") and said.words != words and not is_decided:
            yield verb, way.name, str(thing), f"{said.words[:200]!r} is not {words[:200]!r}"


def test_lists_show_what_may_be_read(stage: Stage) -> None:
    """By the names of things that nobody has deleted: those that were made for the stranger."""
    for actor in stage.actors.values():
        if not actor.standing.role:
            continue
        for kind in KINDS:
            if kind in ("run", "draft"):
                continue
            noun = "pipeline" if kind == "draft" else kind
            page = actor.door.ask("GET", f"{HERE}/{kind}s?limit=200")
            if reach(actor.standing.role, noun, "read") == "-":
                assert page.status == 403
                continue
            shown = {item["name"] for item in good(page).json["items"]}
            there = [thing for thing in stage.things["stranger"] if thing.kind == kind]
            as_others = [Thing(kind, each.name, False, each.visibility) for each in there]
            wanted = {
                each.name for each in as_others if may(actor.standing.role, noun, "read", each)
            }
            assert shown & {each.name for each in there} == wanted, (actor.name, kind)


def test_another_workspaces_ids_are_not_there_by_any_door(stage: Stage) -> None:
    """Whoever is somebody in another workspace finds nothing of this one by way of it."""
    door = stage.door
    good(door.ask("POST", "/workspaces", {"name": "other"}))
    door.make_member("stranger", "owner", "other")
    actor = stage.actors["stranger"]
    with closing(stage.doors_of(actor, "other")) as ways:
        for verb, (method, path) in stage.verbs.items():
            if not (kind := kind_of(verb, path)) or verb in ("drafts.save", "connections.set"):
                continue
            for thing in [each for each in stage.things["guest"] if each.kind == kind]:
                for way in ways.to(verb):
                    said = way.ask(cell_of(verb, method, path, thing))
                    assert said.status == 404, (verb, way.name, said)
                    assert outcome(said, verb, thing.name) == "hidden", (verb, way.name, said)


def test_the_tables_name_all_that_there_is_and_nothing_else(stage: Stage) -> None:
    nouns = {need(verb, method)[0] for verb, (method, path) in stage.verbs.items()
             if path.startswith("/workspaces/{workspace}")}  # fmt: skip
    assert nouns == {line.split()[0] for line in GOLDEN.strip().splitlines()[1:]}
    writing = {verb for verb, (method, _) in stage.verbs.items() if method not in ("get", "delete")}
    assert writing == bodies("").keys()
    assert SHAPES.keys() <= stage.verbs.keys()
