"""The tables of verbs and roles: complete, and as they are meant."""

from __future__ import annotations

import pytest

from millwork.access.identity import LOCAL_OWNER, SCOPES, Identity, within_scope
from millwork.access.roles import REACHES, ROLES, may, reach_of
from millwork.access.verbs import VERBS

pytestmark = pytest.mark.quick

# What each role may do to what another has made and all may see, and which of its own it may.
OTHERS = {
    "owner": "read write operate delete approve",
    "admin": "read write operate delete approve",
    "developer": "read",
    "operator": "read operate approve",
    "labeler": "read",
    "guest": "read",
}
MAKES = {
    "developer": "code component connection dataset image model pipeline run schedule",
    "operator": "dataset model run",
    "labeler": "dataset",
    "guest": "",
}
SHARED = ("workspace", "member", "audit", "secret")


def test_each_verb_of_a_workspace_is_in_the_table_of_roles() -> None:
    asked = {(verb.noun, verb.action) for verb in VERBS.values() if verb.in_workspace}
    assert asked == set(REACHES)


def test_other_verbs_need_nobody_a_person_or_an_administrator() -> None:
    needs = {verb.needs for verb in VERBS.values() if not verb.in_workspace}
    assert needs == {"anyone", "person", "admin"}
    open_doors = {verb.name for verb in VERBS.values() if verb.needs == "anyone"}
    assert open_doors == {"server.health", "server.ready", "sessions.login"}


def test_no_two_verbs_are_asked_for_alike() -> None:
    assert len({(verb.method, verb.path) for verb in VERBS.values()}) == len(VERBS)


@pytest.mark.parametrize("role", ROLES)
def test_what_a_role_may_do_to_what_others_have_made(role: str) -> None:
    may_do = {
        action
        for noun, action in REACHES
        if noun not in SHARED and may(role, noun, action, is_own=False, visibility="public")
    }
    assert may_do == set(OTHERS[role].split())


@pytest.mark.parametrize("role", MAKES)
def test_what_a_role_may_make(role: str) -> None:
    makes = {noun for noun, action in REACHES if action == "write" and _reaches_own(role, noun)}
    assert makes == set(MAKES[role].split())


def _reaches_own(role: str, noun: str) -> bool:
    return may(role, noun, "write", is_own=True, visibility="private")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize(("noun", "action"), REACHES)
def test_private_things_of_others_are_for_who_keeps_the_workspace(
    role: str, noun: str, action: str
) -> None:
    is_keeper = role in ("owner", "admin")
    may_it = may(role, noun, action, is_own=False, visibility="private")
    if noun not in SHARED:
        assert may_it == is_keeper
    if reach_of(role, noun, action) == "none":
        assert not may(role, noun, action, is_own=True, visibility="public")
    # Nobody does anything to what they cannot see.
    if may_it:
        assert may(role, noun, "read", is_own=False, visibility="private")


@pytest.mark.parametrize(
    ("noun", "action", "roles"),
    [
        ("workspace", "delete", "owner"),
        ("workspace", "write", "owner admin"),
        ("member", "write", "owner admin"),
        ("member", "read", "owner admin developer operator labeler"),
        ("audit", "read", "owner admin"),
        ("secret", "write", "owner admin"),
        ("secret", "read", "owner admin developer operator"),
    ],
)
def test_who_keeps_what_all_share(noun: str, action: str, roles: str) -> None:
    found = {role for role in ROLES if reach_of(role, noun, action) == "any"}
    assert found == set(roles.split())


@pytest.mark.parametrize(
    ("scope", "good", "bad"),
    [
        ("read", ["run read", "audit read"], ["run write", "run operate", "model write"]),
        ("run", ["run write", "run operate"], ["run delete", "component write", "member write"]),
        ("write", ["run delete", "model approve"], ["member write", "secret write", "token write"]),
        ("admin", ["member write", "workspace delete", "secret delete"], []),
    ],
)
def test_how_far_a_scope_goes(scope: str, good: list[str], bad: list[str]) -> None:
    assert all(within_scope(scope, *what.split()) for what in good)  # type: ignore[arg-type]
    assert not any(within_scope(scope, *what.split()) for what in bad)  # type: ignore[arg-type]


def test_a_wider_scope_is_good_for_all_that_a_narrower_one_is() -> None:
    for noun, action in REACHES:
        allowed = [within_scope(scope, noun, action) for scope in SCOPES]
        assert allowed == sorted(allowed)


def test_only_a_way_in_without_limits_is_good_for_the_server() -> None:
    assert LOCAL_OWNER.is_unlimited
    assert not Identity("ada", is_admin=True, workspace="default").is_unlimited
    assert not Identity("ada", is_admin=True, scope="write").is_unlimited
