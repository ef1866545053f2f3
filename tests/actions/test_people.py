"""People, workspaces, members and the audit log, asked for as a server does, in either database."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, get_type_hints

import pytest

from millwork.access.identity import OWNER
from millwork.access.verbs import VERBS
from millwork.actions.perform import function_of
from millwork.api.binding import binding_of
from millwork.base.errors import BadRequest, Conflict, Forbidden, NotFound, Unauthenticated
from tests.actions.office import BOSS, PASSWORD, Office, open_office

if TYPE_CHECKING:
    from pathlib import Path

    from millwork.access.identity import Identity

pytestmark = pytest.mark.long


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> Office:
    return open_office(tmp_path / "home", monkeypatch, place)


def noted(office: Office, **wanted: Any) -> list[tuple[str, str, str]]:
    """The newest entries: who, what, and whether they might."""
    found = office.do(BOSS, "audit.all", **wanted)
    assert found["intact"]
    return [
        (row["person"], row["verb"], row["outcome"].partition(":")[0]) for row in found["items"]
    ]


# --- people -----------------------------------------------------------------------------------


def test_people_are_for_administrators(office: Office) -> None:
    ada = office.hire("ada", "owner")
    root = office.hire("root", is_admin=True)
    for verb, said in (("people.list", {}), ("people.create", {"person": "eve"})):
        with pytest.raises(Forbidden, match="only an administrator"):
            office.do(ada, verb, **said)
        with pytest.raises(Unauthenticated):
            office.do(None, verb, **said)
    assert noted(office, person="ada", outcome="denied") == [
        ("ada", "people.create", "denied"), ("ada", "people.list", "denied"),
    ]  # fmt: skip
    listed = office.do(root, "people.list")["items"]
    assert [(row["person"], row["is_admin"]) for row in listed] == [("ada", False), ("root", True)]
    assert not any("password" in row for row in listed)


def test_a_password_is_made_and_shown_once(office: Office) -> None:
    made = office.do(BOSS, "people.create", person="ada")
    assert office.session(office.log_in("ada", made["password"]))
    given = office.do(BOSS, "people.create", person="bob", password=PASSWORD)
    assert given["password"] is None
    changed = office.do(BOSS, "people.change", person="ada", is_admin=True)
    assert changed["password"] is None
    assert changed["is_admin"]


@pytest.mark.parametrize("name", ["Ada", "1st", "-a", "a" * 64, "a_b", "a/b", "", "é", "a\n"])
def test_names_keep_to_the_rule(office: Office, name: str) -> None:
    with pytest.raises(BadRequest, match="person: expected lower-case letters"):
        office.do(BOSS, "people.create", person=name)
    with pytest.raises(BadRequest, match="name: expected lower-case letters"):
        office.do(BOSS, "workspaces.create", name=name)


def test_what_is_there_already_or_not_at_all(office: Office) -> None:
    office.hire("ada")
    with pytest.raises(Conflict, match="there is a person 'ada'"):
        office.do(BOSS, "people.create", person="ada")
    with pytest.raises(BadRequest, match="12 to 1024"):
        office.do(BOSS, "people.create", person="bob", password="short")
    for verb in ("people.change", "people.delete"):
        with pytest.raises(NotFound, match="there is no person 'eve'"):
            office.do(BOSS, verb, person="eve")


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("people.create", {}),
        ("people.delete", {}),
        ("people.change", {"active": False}),
        ("people.change", {"reset": True}),
    ],
)
def test_the_owner_of_the_home_stays_as_they_are(
    office: Office, verb: str, said: dict[str, Any]
) -> None:
    with pytest.raises(Conflict):
        office.do(BOSS, verb, person=OWNER, **said)


@pytest.mark.parametrize(
    ("verb", "said"), [("people.delete", {}), ("people.change", {"is_admin": False})]
)
def test_the_last_administrator_stays(office: Office, verb: str, said: dict[str, Any]) -> None:
    root = office.hire("root", is_admin=True)
    with pytest.raises(Conflict, match="last active administrator"):
        office.do(root, verb, person="root", **said)


def test_who_is_no_administrator_any_more_is_none_at_once(office: Office) -> None:
    office.hire("root", is_admin=True)
    office.hire("ada", is_admin=True)
    secret = office.log_in("ada")
    office.do(BOSS, "people.change", person="ada", is_admin=False)
    with pytest.raises(Forbidden):
        office.do(office.session(secret), "people.list")


def test_a_second_account_wants_trust(office: Office) -> None:
    office.context.is_shared = False
    office.hire("ada")
    with pytest.raises(Conflict, match="--shared-trust"):
        office.do(BOSS, "people.create", person="bob")
    office.context.is_shared = True
    office.do(BOSS, "people.create", person="bob")


# --- workspaces -------------------------------------------------------------------------------


def test_one_sees_the_workspaces_that_one_is_in(office: Office) -> None:
    ada = office.hire("ada")
    for name in ("lab", "shop"):
        office.do(BOSS, "workspaces.create", name=name)
    office.do(BOSS, "members.set", "lab", person="ada", role="guest")
    assert [(row["name"], row["role"]) for row in office.do(ada, "workspaces.list")["items"]] == [
        ("lab", "guest")
    ]
    listed = office.do(BOSS, "workspaces.list")["items"]
    assert [row["name"] for row in listed] == ["default", "lab", "shop"]
    for name in ("shop", "nowhere"):
        with pytest.raises(NotFound) as caught:
            office.do(ada, "workspaces.show", name)
        assert str(caught.value) == f"there is no workspace '{name}'"


def test_what_a_workspace_may_use(office: Office) -> None:
    quota = {"cpu": 1.5, "memory": 2**40, "gpu": 0, "runs": 3}
    made = office.do(BOSS, "workspaces.create", name="lab", description="ours", quota=quota)
    assert (made["quota"], made["description"], made["creator"]) == (quota, "ours", OWNER)
    changed = office.do(BOSS, "workspaces.change", "lab", description="theirs")
    assert (changed["quota"], changed["description"]) == (quota, "theirs")
    changed = office.do(BOSS, "workspaces.change", "lab", quota={"runs": 1})
    assert (changed["quota"], changed["description"]) == ({"runs": 1}, "theirs")
    assert office.do(BOSS, "workspaces.change", "lab", quota={})["quota"] == {}


@pytest.mark.parametrize(
    "quota",
    [
        {"cpu": -1}, {"cpu": float("nan")}, {"cpu": float("inf")}, {"memory": 1.5}, {"runs": True},
        {"gpu": 2**63}, {"cores": 1}, {"cpu": "2"},
    ],
)  # fmt: skip
def test_a_quota_must_be_one(office: Office, quota: Any) -> None:
    with pytest.raises(BadRequest, match=r"^quota\."):
        office.do(BOSS, "workspaces.create", name="lab", quota=quota)


@pytest.mark.parametrize("word", ["cores", "cpus"])
def test_an_unknown_word_of_a_quota_is_refused_at_the_door(office: Office, word: str) -> None:
    said = binding_of("workspaces.create").read({}, [], {"name": "lab", "quota": {word: 1}})
    with pytest.raises(BadRequest, match=f"quota.{word}: .* there are: cpu, memory, gpu, runs"):
        office.do(BOSS, "workspaces.create", **said)
    said = binding_of("workspaces.change").read({}, [], {"quota": {word: 1}})
    with pytest.raises(BadRequest, match="there are: cpu, memory, gpu, runs"):
        office.do(BOSS, "workspaces.change", "default", **said)


def test_a_workspace_goes_when_it_is_empty(office: Office) -> None:
    office.do(BOSS, "workspaces.create", name="lab")
    office.do(BOSS, "workspaces.delete", "lab")
    with pytest.raises(NotFound):
        office.do(BOSS, "workspaces.show", "lab")
    with pytest.raises(Conflict, match="cannot be removed"):
        office.do(BOSS, "workspaces.delete", "default")


# --- members ----------------------------------------------------------------------------------


def test_owners_are_made_by_owners(office: Office) -> None:
    ann, max_, ada = office.hire("ann", "admin"), office.hire("max", "owner"), office.hire("ada")
    set_ = ("members.set", "default")
    assert office.do(ann, *set_, person="ada", role="developer")["role"] == "developer"
    for person, role in (("ada", "owner"), ("max", "guest"), ("ann", "owner")):
        with pytest.raises(Forbidden, match="only an owner"):
            office.do(ann, *set_, person=person, role=role)
    with pytest.raises(Forbidden, match="only an owner"):
        office.do(ann, "members.remove", "default", person="max")
    with pytest.raises(Forbidden, match="your role, developer"):
        office.do(ada, *set_, person="ada", role="admin")
    with pytest.raises(Conflict, match="last owner"):
        office.do(max_, "members.remove", "default", person="max")
    office.do(max_, *set_, person="ann", role="owner")
    office.do(max_, "members.remove", "default", person="max")
    with pytest.raises(NotFound):
        office.do(max_, "members.list", "default")
    listed = office.do(ada, "members.list", "default")["items"]
    assert [(row["person"], row["role"]) for row in listed] == [
        ("ada", "developer"), ("ann", "owner"),
    ]  # fmt: skip


def test_members_are_people_in_a_role(office: Office) -> None:
    with pytest.raises(NotFound, match="there is no person 'eve'"):
        office.do(BOSS, "members.set", "default", person="eve", role="guest")
    with pytest.raises(NotFound, match="'eve' is not a member"):
        office.do(BOSS, "members.remove", "default", person="eve")
    office.hire("ada")
    with pytest.raises(BadRequest, match="role: expected one of owner, admin"):
        office.do(BOSS, "members.set", "default", person="ada", role="king")


# --- pages ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "workspace", "key"),
    [
        ("people.list", "", "person"), ("workspaces.list", "", "name"), ("audit.all", "", "seq"),
        ("members.list", "default", "person"), ("audit.list", "default", "seq"),
        ("tokens.list", "", "token"),
    ],
)  # fmt: skip
def test_pages_follow_one_another(office: Office, verb: str, workspace: str, key: str) -> None:
    people = office.context.people()
    for name in ("ada", "bob", "cyd"):
        people.add_person(name, "", 0.0, is_admin=False)
        office.do(BOSS, "workspaces.create", name=name)
        office.do(BOSS, "members.set", "default", person=name, role="guest")
        office.do(BOSS, "tokens.create", name=name)
    whole = [row[key] for row in office.do(BOSS, verb, workspace)["items"]]
    assert len(whole) >= 3
    after, found = "", []
    while True:
        page = office.do(BOSS, verb, workspace, limit=2, after=after)
        found += [row[key] for row in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert found == whole
    for limit in (0, 201):
        with pytest.raises(BadRequest, match="limit: expected 1 to 200"):
            office.do(BOSS, verb, workspace, limit=limit)


@pytest.mark.parametrize("after", ["x", "-1", "9" * 40, "\u0663"])
def test_a_page_of_the_audit_begins_where_another_ended(office: Office, after: str) -> None:
    with pytest.raises(BadRequest, match="after: expected `next`"):
        office.do(BOSS, "audit.all", after=after)


# --- the audit log ----------------------------------------------------------------------------


def test_what_is_asked_for_is_noted_and_what_is_denied_too(office: Office) -> None:
    ada = office.hire("ada", "guest")
    with pytest.raises(Forbidden):
        office.do(ada, "members.list", "default")
    with pytest.raises(Forbidden):
        office.do(ada, "workspaces.change", "default", description="mine")
    with pytest.raises(NotFound):
        office.do(ada, "workspaces.show", "nowhere")
    assert noted(office, person="ada") == [
        ("ada", "workspaces.show", "denied"), ("ada", "workspaces.change", "denied"),
        ("ada", "members.list", "denied"), ("ada", "sessions.login", "allowed"),
    ]  # fmt: skip
    rows = office.do(BOSS, "audit.list", "default")["items"]
    assert [(row["verb"], row["target"], row["request"]) for row in rows] == [
        ("workspaces.change", "", "request"), ("members.list", "", "request"),
        ("members.set", "ada", "request"),
    ]  # fmt: skip
    with pytest.raises(Forbidden):
        office.do(ada, "audit.list", "default")


def test_what_only_the_verb_denies_is_noted(office: Office) -> None:
    ann = office.hire("ann", "admin")
    with pytest.raises(Forbidden):
        office.do(ann, "members.set", "default", person="ann", role="owner")
    assert noted(office, person="ann")[0] == ("ann", "members.set", "denied")


def test_an_edited_log_is_not_intact(office: Office) -> None:
    for name in ("lab", "shop", "mill"):
        office.do(BOSS, "workspaces.create", name=name)
    assert office.do(BOSS, "audit.all")["intact"]
    database = office.context.store.database  # type: ignore[attr-defined]
    with database.transaction():
        database.execute("UPDATE audit SET target = 'x' WHERE target = 'shop'")
    assert not office.do(BOSS, "audit.all")["intact"]
    with database.transaction():
        database.execute("DELETE FROM audit WHERE target = 'x'")
    assert not office.do(BOSS, "audit.all")["intact"]
    assert office.context.people().verify_audit().broken_at == 3


# --- who asks twice ---------------------------------------------------------------------------


def test_a_key_does_it_once(office: Office) -> None:
    first = office.do(BOSS, "workspaces.create", key="k", name="lab")
    assert office.do(BOSS, "workspaces.create", key="k", name="lab") == first
    with pytest.raises(Conflict, match="stands for another request"):
        office.do(BOSS, "workspaces.create", key="k", name="shop")
    with pytest.raises(Conflict, match="there is a workspace"):
        office.do(BOSS, "workspaces.create", key="l", name="lab")
    office.clock.now += 24 * 3600 + 1
    assert office.do(BOSS, "workspaces.create", key="k", name="shop")["name"] == "shop"


def test_a_key_of_what_failed_stands_for_nothing(office: Office) -> None:
    with pytest.raises(BadRequest):
        office.do(BOSS, "workspaces.create", key="k", name="LAB")
    assert office.do(BOSS, "workspaces.create", key="k", name="lab")["name"] == "lab"


def test_what_is_shown_once_is_not_shown_again(office: Office) -> None:
    office.do(BOSS, "tokens.create", key="k", name="ci")
    with pytest.raises(Conflict, match="shown only once"):
        office.do(BOSS, "tokens.create", key="k", name="ci")
    assert len(office.do(BOSS, "tokens.list")["items"]) == 1


def test_who_has_a_name_anew_has_no_answers_of_before(office: Office) -> None:
    root = office.hire("root", is_admin=True)
    office.do(root, "workspaces.create", key="k", name="lab")
    office.hire("other", is_admin=True)
    office.do(BOSS, "people.delete", person="root")
    root = office.hire("root", is_admin=True)
    with pytest.raises(Conflict, match="there is a workspace"):
        office.do(root, "workspaces.create", key="k", name="lab")


def test_keys_are_of_one_person_and_not_too_long(office: Office) -> None:
    root = office.hire("root", is_admin=True)
    office.do(BOSS, "workspaces.create", key="k", name="lab")
    assert office.do(root, "workspaces.create", key="k", name="shop")["name"] == "shop"
    with pytest.raises(BadRequest, match="at most 255"):
        office.do(BOSS, "workspaces.create", key="k" * 256, name="mill")


def test_many_at_once_do_it_once(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    answers: list[Any] = []

    def ask() -> None:
        own = open_office(tmp_path / "home", monkeypatch, place)
        try:
            answers.append(own.do(BOSS, "workspaces.create", key="k", name="lab")["name"])
        except Conflict as error:
            answers.append(str(error))

    askers = [threading.Thread(target=ask) for _ in range(4)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert "lab" in answers
    assert all(answer == "lab" or "is being carried out" in answer for answer in answers)


# --- the door ---------------------------------------------------------------------------------


def _mine() -> list[str]:
    nouns = ("sessions", "tokens", "people", "workspaces", "members", "audit")
    return [name for name in VERBS if name.startswith(nouns) and name != "workspaces.usage"]


@pytest.mark.quick
@pytest.mark.parametrize("verb", _mine())
def test_each_verb_has_its_function(verb: str) -> None:
    function = function_of(VERBS[verb])
    assert (function.__doc__ or "").strip()
    assert "return" in get_type_hints(function)


def test_a_stranger_may_only_log_in(office: Office) -> None:
    for name in _mine():
        if name != "sessions.login":
            with pytest.raises(Unauthenticated):
                office.do(None, name, "default")
    assert office.do(BOSS, "audit.all")["items"] == []


def test_who_is_no_member_finds_no_workspace(office: Office) -> None:
    ada: Identity = office.hire("ada")
    for name, verb in VERBS.items():
        if verb.in_workspace:
            with pytest.raises(NotFound, match="there is no workspace 'default'"):
                office.do(ada, name, "default")
