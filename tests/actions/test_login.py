"""Ways in: passwords, sessions, links and tokens, and how each ends."""

from __future__ import annotations

import os
import stat
import time
from pathlib import Path
from typing import Any

import pytest

from millwork.access.identity import OWNER
from millwork.actions import login, passwords
from millwork.base.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    Unauthenticated,
    Unavailable,
)
from tests.actions.office import BOSS, PASSWORD, Office, open_office

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0
REFUSED = "name or password is wrong, or there were too many tries; try again later"


@pytest.fixture
def office(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
    return open_office(tmp_path / "home", monkeypatch)


# --- sessions ---------------------------------------------------------------------------------


def test_a_password_begins_a_session(office: Office) -> None:
    office.hire("ada", "developer")
    answer = office.do(None, "sessions.login", person="ada", password=PASSWORD)
    assert answer["person"] == "ada"
    assert answer["expires"] == office.clock.now + 7 * DAY
    who = office.session(answer["session"])
    assert who is not None
    assert (who.person, who.is_admin, who.scope, who.workspace) == ("ada", False, "admin", "")
    assert office.do(who, "sessions.me")["roles"] == {"default": "developer"}
    assert login.identify(office.context, answer["session"], "token") is None
    assert office.session(answer["session"] + "x") is None


def test_a_session_ends_12_hours_after_its_last_use(office: Office) -> None:
    office.hire("ada")
    secret = office.log_in("ada")
    office.clock.now += 12 * HOUR - 1
    assert office.session(secret)
    office.clock.now += 12 * HOUR - 1
    assert office.session(secret)
    office.clock.now += 12 * HOUR
    assert office.session(secret) is None


def test_a_session_ends_after_7_days_of_use(office: Office) -> None:
    office.hire("ada")
    secret = office.log_in("ada")
    for _ in range(14):
        office.clock.now += 12 * HOUR - 1
        assert office.session(secret)
    office.clock.now += 15
    assert office.session(secret) is None


def test_the_last_use_is_written_once_a_minute(office: Office) -> None:
    office.hire("ada")
    secret = office.log_in("ada")
    begun = office.clock.now
    for passed, known in ((59, 0), (60, 60), (119, 60), (121, 121)):
        office.clock.now = begun + passed
        who = office.session(secret)
        items = office.do(who, "sessions.list")["items"]
        assert [item["used"] for item in items if item["is_this"]] == [begun + known]


def test_logout_ends_the_session_that_asks(office: Office) -> None:
    office.hire("ada")
    first, second = office.log_in("ada"), office.log_in("ada")
    office.do(office.session(first), "sessions.logout")
    assert office.session(first) is None
    assert office.session(second)
    with pytest.raises(Conflict):
        office.do(BOSS, "sessions.logout")


def test_one_ends_ones_own_sessions_only(office: Office) -> None:
    ada, bob = office.hire("ada"), office.hire("bob")
    with pytest.raises(NotFound):
        office.do(bob, "sessions.end", session=ada.credential)
    other = office.enter("ada")
    listed = office.do(ada, "sessions.list")["items"]
    assert {item["session"]: item["is_this"] for item in listed} == {
        ada.credential: True, other.credential: False,
    }  # fmt: skip
    office.do(ada, "sessions.end", session=other.credential)
    assert [item["session"] for item in office.do(ada, "sessions.list")["items"]] == [
        ada.credential
    ]


def test_another_password_ends_all_other_sessions(office: Office) -> None:
    office.hire("ada")
    first, second = office.log_in("ada"), office.log_in("ada")
    token = office.do(office.session(first), "tokens.create", name="ci")["secret"]
    with pytest.raises(Forbidden, match="name or password is wrong"):
        office.do(office.session(first), "sessions.password", current="x" * 12, new="y" * 12)
    with pytest.raises(BadRequest, match="12 to 1024"):
        office.do(office.session(first), "sessions.password", current=PASSWORD, new="y" * 11)
    assert office.session(second)
    office.do(office.session(first), "sessions.password", current=PASSWORD, new="y" * 12)
    assert office.session(first)
    assert office.session(second) is None
    assert login.identify(office.context, token, "token")
    with pytest.raises(Unauthenticated):
        office.log_in("ada")
    assert office.session(office.log_in("ada", "y" * 12))


@pytest.mark.parametrize("change", [{"active": False}, {"reset": True}])
def test_who_is_kept_out_or_reset_has_no_session(office: Office, change: dict[str, Any]) -> None:
    office.hire("ada")
    secret = office.log_in("ada")
    answer = office.do(BOSS, "people.change", person="ada", **change)
    assert office.session(secret) is None
    with pytest.raises(Unauthenticated):
        office.log_in("ada")
    if answer["password"]:
        assert office.session(office.log_in("ada", answer["password"]))


def test_tokens_of_who_is_kept_out_sleep(office: Office) -> None:
    secret = office.do(office.hire("ada"), "tokens.create", name="ci")["secret"]
    office.do(BOSS, "people.change", person="ada", active=False)
    assert login.identify(office.context, secret, "token") is None
    office.do(BOSS, "people.change", person="ada", active=True)
    assert login.identify(office.context, secret, "token")


def test_who_is_removed_has_no_way_in(office: Office) -> None:
    ada = office.hire("ada", "developer")
    session = office.log_in("ada")
    token = office.do(ada, "tokens.create", name="ci")["secret"]
    office.do(BOSS, "people.delete", person="ada")
    office.do(BOSS, "people.create", person="ada", password=PASSWORD)
    assert office.session(session) is None
    assert login.identify(office.context, token, "token") is None
    assert office.do(office.enter("ada"), "sessions.me")["roles"] == {}


# --- passwords --------------------------------------------------------------------------------


def test_every_refusal_reads_alike(office: Office) -> None:
    office.hire("ada")
    office.do(BOSS, "people.create", person="bob", password=PASSWORD)
    office.do(BOSS, "people.change", person="bob", active=False)
    login.home_token(office.context)
    tries = [("nobody", PASSWORD), ("ada", "wrong" * 3), ("bob", PASSWORD), (OWNER, ""),
             ("ada", "x" * 5000), ("../x", "")]  # fmt: skip
    for person, password in tries:
        with pytest.raises(Unauthenticated) as caught:
            office.log_in(person, password)
        assert str(caught.value) == REFUSED


@pytest.mark.parametrize("text", ["\ud800", "a\0"])
def test_text_that_cannot_be_kept_is_refused(office: Office, text: str) -> None:
    for person, password in ((text, PASSWORD), ("ada", text)):
        with pytest.raises(BadRequest, match="NUL or a broken character"):
            office.log_in(person, password)
    with pytest.raises(BadRequest, match="NUL or a broken character"):
        office.do(BOSS, "workspaces.show", text)


def test_five_failures_lock_even_the_right_password_out(office: Office) -> None:
    office.hire("ada")
    for _ in range(5):
        with pytest.raises(Unauthenticated):
            office.log_in("ada", "wrong")
    with pytest.raises(Unauthenticated) as caught:
        office.log_in("ada")
    assert str(caught.value) == REFUSED
    office.clock.now += MINUTE + 1
    assert office.log_in("ada")
    with pytest.raises(Unauthenticated):  # one failure locks nobody
        office.log_in("ada", "wrong")
    assert office.log_in("ada")


def test_failures_are_in_the_audit_but_not_those_upon_nobody(office: Office) -> None:
    office.hire("ada")
    for name in ["ada"] * 8 + ["nobody"]:
        with pytest.raises(Unauthenticated):
            office.log_in(name, "wrong")
    found = office.do(BOSS, "audit.all", verb="sessions.login", outcome="denied")["items"]
    assert [item["person"] for item in found] == ["ada"] * 5


def test_a_name_that_nobody_has_costs_as_much(office: Office) -> None:
    office.hire("ada")
    spent = {}
    for name in ("ada", "nobody"):
        began = time.process_time()
        with pytest.raises(Unauthenticated):
            office.log_in(name, "wrong")
        spent[name] = time.process_time() - began
    assert 0.3 < spent["nobody"] / spent["ada"] < 3


def test_what_is_hashed_as_was_usual_once_is_hashed_anew(office: Office) -> None:
    from argon2 import PasswordHasher

    people = office.context.people()
    weak = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1).hash(PASSWORD)
    people.add_person("ada", weak, 0.0, is_admin=False)
    office.log_in("ada")
    row = people.person("ada")
    assert row is not None
    assert row.password.startswith("$argon2id$")
    assert not passwords.is_outdated(row.password)
    assert office.log_in("ada")


@pytest.mark.parametrize("said", [{}, {"person": "ada"}, {"link": "x", "person": "ada"}])
def test_half_a_login_is_refused(office: Office, said: dict[str, str]) -> None:
    with pytest.raises(BadRequest, match="expected `person` and `password`, or `link`"):
        office.do(None, "sessions.login", **said)


# --- links, and the owner of the home ---------------------------------------------------------


def test_a_link_logs_the_owner_in_once(office: Office) -> None:
    link = login.make_link(office.context)
    secret = login.redeem_link(office.context, link)
    assert secret
    who = office.session(secret)
    assert who is not None
    assert (who.person, who.is_admin) == (OWNER, True)
    assert login.redeem_link(office.context, link) is None
    with pytest.raises(Unauthenticated, match="was used"):
        office.do(None, "sessions.login", link=link)
    again = office.do(None, "sessions.login", link=login.make_link(office.context))
    assert again["person"] == OWNER
    assert login.identify(office.context, link, "token") is None


def test_a_link_is_over_after_10_minutes(office: Office) -> None:
    link = login.make_link(office.context)
    office.clock.now += 10 * MINUTE
    assert login.redeem_link(office.context, link) is None


def test_the_homes_token_is_the_owners_and_stays(office: Office) -> None:
    secret = login.home_token(office.context)
    assert login.home_token(office.context) == secret
    office.clock.now += 10 * 365 * DAY
    who = login.identify(office.context, secret, "token")
    assert who is not None
    assert (who.person, who.is_admin, who.scope, who.is_unlimited) == (OWNER, True, "admin", True)


def test_the_homes_token_is_in_a_file_of_the_owner_only(office: Office) -> None:
    secret = login.home_token(office.context)
    path = f"{office.context.home}/token"
    with open(path) as file:
        assert file.read() == f"{secret}\n"
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert [name for name in os.listdir(office.context.home) if name.startswith("token")] == [
        "token"
    ]
    os.chmod(path, 0o640)
    with pytest.raises(Unavailable, match="open to other users"):
        login.home_token(office.context)


def test_the_homes_token_is_not_read_through_a_link(office: Office, tmp_path: Path) -> None:
    (tmp_path / "other").write_text("mine")
    os.symlink(tmp_path / "other", f"{office.context.home}/token")
    with pytest.raises(Unavailable, match="cannot use"):
        login.home_token(office.context)


def test_a_homes_token_that_is_revoked_is_another_next_time(office: Office) -> None:
    secret = login.home_token(office.context)
    who = login.identify(office.context, secret, "token")
    assert who is not None
    office.do(who, "tokens.revoke", token=who.credential)
    assert login.identify(office.context, secret, "token") is None
    assert login.home_token(office.context) != secret


def test_the_first_administrator_is_made_once(office: Office) -> None:
    made = login.first_admin(office.context)
    assert made is not None
    name, password = made
    assert login.first_admin(office.context) is None
    assert office.session(office.log_in(name, password))
    assert len(password) >= 12
    row = office.context.people().person(name)
    assert row is not None
    assert row.is_admin


# --- tokens -----------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_ends(office: Office) -> None:
    ada = office.hire("ada", "developer")
    made = office.do(ada, "tokens.create", name="ci", scope="run", workspace="default", days=2)
    assert made["secret"].startswith("mw_")
    who = login.identify(office.context, made["secret"], "token")
    assert who is not None
    assert (who.person, who.scope, who.workspace) == ("ada", "run", "default")
    (listed,) = office.do(ada, "tokens.list")["items"]
    assert "secret" not in listed
    assert listed["token"] == made["token"] == who.credential
    office.clock.now += 2 * DAY
    assert login.identify(office.context, made["secret"], "token") is None


def test_a_revoked_token_is_no_way_in(office: Office) -> None:
    ada, bob = office.hire("ada"), office.hire("bob")
    made = office.do(ada, "tokens.create", name="ci")
    with pytest.raises(NotFound):
        office.do(bob, "tokens.revoke", token=made["token"])
    office.do(ada, "tokens.revoke", token=made["token"])
    assert login.identify(office.context, made["secret"], "token") is None


def test_a_token_of_one_workspace_finds_no_other(office: Office) -> None:
    office.do(BOSS, "workspaces.create", name="lab")
    limited = office.token(BOSS, scope="admin", workspace="lab")
    assert office.do(limited, "workspaces.show", "lab")["role"] == "owner"
    with pytest.raises(NotFound) as elsewhere:
        office.do(limited, "workspaces.show", "default")
    with pytest.raises(NotFound) as nowhere:
        office.do(limited, "workspaces.show", "nowhere")
    assert str(elsewhere.value).replace("default", "nowhere") == str(nowhere.value)
    assert [row["name"] for row in office.do(limited, "workspaces.list")["items"]] == ["lab"]
    for verb in ("people.list", "audit.all"):
        with pytest.raises(Forbidden):
            office.do(limited, verb)


def test_a_token_makes_none_that_reaches_farther(office: Office) -> None:
    office.do(BOSS, "workspaces.create", name="lab")
    limited = office.token(BOSS, scope="run", workspace="lab", days=3)
    for said in ({"scope": "write"}, {"scope": "admin"}):
        with pytest.raises(Forbidden):
            office.token(limited, **said)
    with pytest.raises(NotFound):
        office.token(limited, workspace="default")
    made = office.do(limited, "tokens.create", name="child", scope="read", days=90)
    assert made["workspace"] == "lab"
    assert made["expires"] == office.clock.now + 3 * DAY


@pytest.mark.parametrize(
    ("verb", "said"),
    [
        ("sessions.password", {"current": PASSWORD, "new": "y" * 12}),
        ("tokens.revoke", {"token": "x"}),
        ("sessions.end", {"session": "x"}),
    ],
)
def test_a_limited_token_changes_nothing_of_its_person(
    office: Office, verb: str, said: dict[str, str]
) -> None:
    ada = office.hire("ada", "developer")
    for limits in ({"scope": "write"}, {"scope": "admin", "workspace": "default"}):
        with pytest.raises(Forbidden, match="this token is limited"):
            office.do(office.token(ada, **limits), verb, **said)


def test_a_token_is_for_a_workspace_of_ones_own(office: Office) -> None:
    office.do(BOSS, "workspaces.create", name="lab")
    ada = office.hire("ada", "developer")
    for name in ("lab", "nowhere"):
        with pytest.raises(NotFound):
            office.token(ada, workspace=name)
    made = office.do(ada, "tokens.create", name="ci", scope="admin", workspace="default")
    office.do(BOSS, "members.remove", "default", person="ada")
    assert login.identify(office.context, made["secret"], "token") is None


@pytest.mark.parametrize(
    "said", [{"name": ""}, {"name": "x" * 65}, {"days": 0}, {"days": 10**9}, {"scope": "all"}]
)
def test_a_token_must_be_said_well(office: Office, said: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        office.do(BOSS, "tokens.create", **{"name": "ci", **said})


# --- what is kept -----------------------------------------------------------------------------


def test_no_secret_is_kept_in_clear(office: Office) -> None:
    ada = office.hire("ada", "developer")
    secrets = [
        PASSWORD, office.log_in("ada"), login.make_link(office.context),
        login.home_token(office.context),
        office.do(ada, "tokens.create", key="a", name="ci")["secret"],
        office.do(BOSS, "people.create", key="b", person="bob")["password"],
        office.do(BOSS, "people.change", key="c", person="bob", reset=True)["password"],
    ]  # fmt: skip
    new = "another horse battery"
    office.do(ada, "sessions.password", key="d", current=PASSWORD, new=new)
    office.close()
    kept = b"".join(
        path.read_bytes() for path in _files(office.context.home) if path.name != "token"
    )
    assert b"$argon2id$" in kept
    for secret in [*secrets, new]:
        assert secret.encode() not in kept


def _files(home: str) -> list[Path]:
    return [path for path in Path(home).rglob("*") if path.is_file()]
