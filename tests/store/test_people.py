"""People, ways in, the audit log and kept answers, in either database."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest

from millwork.base.errors import Conflict, NotFound
from millwork.store.audit import Chain, broken_at
from millwork.store.people import Answer, CredentialRow, MemberRow, PeopleStore, WorkspaceRow
from millwork.store.runs import RunStore

if TYPE_CHECKING:
    from collections.abc import Iterator

HOUR = 3600.0


@pytest.fixture
def runs(place: str) -> Iterator[RunStore]:
    store = RunStore(place)
    yield store
    store.close()


@pytest.fixture
def people(runs: RunStore) -> PeopleStore:
    return PeopleStore(runs.database)


def note(people: PeopleStore, *targets: str, workspace: str = "default") -> None:
    for target in targets:
        people.note(1.5, "ada", workspace, "runs.create", target, "allowed", "request")


def execute(runs: RunStore, sql: str) -> None:
    with runs.database.transaction():
        runs.database.execute(sql)


# --- the audit log ----------------------------------------------------------------------------


def test_entries_come_back_as_they_were_noted(people: PeopleStore) -> None:
    note(people, "a", "nul \0 and \ud800", "x" * 10_000)
    third, second, first = people.entries(10)
    assert (first.seq, first.before, first.target) == (1, "", "a")
    assert second.before == first.hash
    assert len(third.target) == 500
    assert people.verify_audit() == Chain(3, third.hash, 0)


@pytest.mark.parametrize(
    ("what", "broken"),
    [
        ("UPDATE audit SET outcome = 'denied' WHERE seq = 3", 3),
        ("UPDATE audit SET time = 1.25 WHERE seq = 3", 3),
        ("DELETE FROM audit WHERE seq = 3", 4),
        ("DELETE FROM audit WHERE seq = 1", 2),
        ("DELETE FROM audit WHERE seq <= 2", 3),
        ("UPDATE audit SET hash = 'x' WHERE seq = 3", 3),
    ],
)
def test_what_was_changed_or_removed_is_found(
    people: PeopleStore, runs: RunStore, what: str, broken: int
) -> None:
    note(people, "a", "b", "c", "d", "e")
    assert people.verify_audit().broken_at == 0
    execute(runs, what)
    assert people.verify_audit().broken_at == broken
    if "seq = 3" in what:
        assert broken_at(people.entries(10)[::-1], is_all=True) == broken


def test_a_log_longer_than_what_is_read_at_once(
    people: PeopleStore, runs: RunStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("millwork.store.audit._BATCH", 2)
    note(people, *"abcde")
    assert people.verify_audit().broken_at == 0
    execute(runs, "DELETE FROM audit WHERE seq = 3")  # the first of the second batch
    assert people.verify_audit().broken_at == 4


def test_entries_are_found_by_workspace_person_verb_and_outcome(people: PeopleStore) -> None:
    note(people, "a", workspace="one")
    people.note(2.0, "bob", "two", "runs.cancel", "b", "denied: not yours", "")
    people.note(3.0, "bob", "two", "runs.cancel", "c", "allowed", "")
    assert [entry.target for entry in people.entries(10, workspace="two")] == ["c", "b"]
    assert [entry.target for entry in people.entries(10, person="ada")] == ["a"]
    assert [entry.target for entry in people.entries(10, verb="runs.cancel")] == ["c", "b"]
    assert [entry.target for entry in people.entries(10, outcome="denied")] == ["b"]
    assert [entry.target for entry in people.entries(1, before=3)] == ["b"]


def test_writers_at_the_same_time_keep_the_chain(place: str) -> None:
    def write(name: str) -> None:
        store = RunStore(place)
        note(PeopleStore(store.database), *(f"{name}{number}" for number in range(25)))
        store.close()

    RunStore(place).close()
    writers = [threading.Thread(target=write, args=[name]) for name in "abcd"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    store = RunStore(place)
    chain = PeopleStore(store.database).verify_audit()
    store.close()
    assert (chain.entries, chain.broken_at) == (100, 0)


# --- answers ----------------------------------------------------------------------------------


def test_a_key_is_claimed_once(people: PeopleStore) -> None:
    assert people.claim_answer("ada", "key", "request", 0.0) is None
    assert people.claim_answer("ada", "key", "request", 1.0) == Answer("request", "")
    assert people.claim_answer("bob", "key", "another", 1.0) is None
    people.keep_answer("ada", "key", "{}")
    assert people.claim_answer("ada", "key", "another", 2.0) == Answer("request", "{}")
    people.drop_answer("ada", "key")
    assert people.claim_answer("ada", "key", "another", 3.0) is None


def test_old_answers_are_forgotten(people: PeopleStore) -> None:
    people.claim_answer("ada", "cut off", "request", 0.0)
    people.claim_answer("ada", "done", "request", 0.0)
    people.keep_answer("ada", "done", "{}")
    assert people.claim_answer("ada", "cut off", "request", HOUR - 1) is not None
    assert people.claim_answer("ada", "cut off", "request", HOUR + 1) is None
    assert people.claim_answer("ada", "done", "request", 24 * HOUR - 1) == Answer("request", "{}")
    assert people.claim_answer("ada", "done", "request", 24 * HOUR + 1) is None


def test_of_many_who_claim_a_key_one_gets_it(place: str) -> None:
    RunStore(place).close()
    given: list[Answer | None] = []

    def claim() -> None:
        store = RunStore(place)
        given.append(PeopleStore(store.database).claim_answer("ada", "key", "request", 10.0))
        store.close()

    claimers = [threading.Thread(target=claim) for _ in range(8)]
    for claimer in claimers:
        claimer.start()
    for claimer in claimers:
        claimer.join()
    assert sorted(given, key=bool) == [None, *[Answer("request", "")] * 7]


# --- people and tries -------------------------------------------------------------------------


def test_a_person_is_made_once(people: PeopleStore) -> None:
    assert people.add_person("ada", "", 1.0, is_admin=True)
    assert not people.add_person("ada", "x", 2.0, is_admin=False)
    assert not people.has_password()
    row = people.person("ada")
    assert row is not None
    assert (row.is_admin, row.active, row.created) == (True, True, 1.0)
    assert people.person("bob") is None


def test_five_failures_lock_for_a_minute_then_longer_up_to_an_hour(people: PeopleStore) -> None:
    people.add_person("ada", "x", 0.0, is_admin=False)
    now, waits = 1000.0, []
    for _ in range(13):
        row = people.take_try("ada", now)
        assert row is not None
        waits.append(max(0.0, row.locked - now))
        assert waits[-1] == 0.0 or people.take_try("ada", now + waits[-1] - 1) is None
        now += waits[-1]
    minutes = [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert waits == [60.0 * wait for wait in minutes]
    people.forget_tries("ada")
    assert people.take_try("ada", 0.0) is not None


def test_the_last_active_administrator_stays(people: PeopleStore) -> None:
    people.add_person("ada", "", 0.0, is_admin=True)
    people.add_person("bob", "", 0.0, is_admin=True)
    people.change_person("bob", active=False)
    changes: list[dict[str, Any]] = [{"is_admin": False}, {"active": False}]
    for change in changes:
        with pytest.raises(Conflict, match="last active administrator"):
            people.change_person("ada", **change)
    with pytest.raises(Conflict, match="last active administrator"):
        people.delete_person("ada")
    people.change_person("bob", active=True)
    people.delete_person("ada")
    with pytest.raises(NotFound):
        people.delete_person("ada")


def test_of_two_administrators_who_remove_each_other_one_stays(place: str) -> None:
    store = RunStore(place)
    for name in ("ada", "bob"):
        PeopleStore(store.database).add_person(name, "", 0.0, is_admin=True)
    refused = []

    def remove(name: str) -> None:
        own = RunStore(place)
        try:
            PeopleStore(own.database).delete_person(name)
        except Conflict:
            refused.append(name)
        own.close()

    removers = [threading.Thread(target=remove, args=[name]) for name in ("ada", "bob")]
    for remover in removers:
        remover.start()
    for remover in removers:
        remover.join()
    assert [row.name for row in PeopleStore(store.database).people(10)] == refused
    store.close()


# --- workspaces and members -------------------------------------------------------------------


def test_a_workspace_belongs_to_its_maker(people: PeopleStore) -> None:
    row = WorkspaceRow("lab", "text", {"cpu": 1.5, "memory": 2**40}, "ada", 1.0)
    assert people.add_workspace(row)
    assert not people.add_workspace(row)
    assert people.workspace("lab") == row
    assert people.role_in("lab", "ada") == "owner"
    assert [found.name for found in people.workspaces(10)] == ["default", "lab"]
    assert [found.name for found in people.workspaces(10, member="ada")] == ["lab"]
    assert [found.name for found in people.workspaces(1, after="default")] == ["lab"]


def test_the_last_owner_of_a_workspace_stays(people: PeopleStore) -> None:
    for name in ("ada", "bob"):
        people.add_person(name, "", 0.0, is_admin=False)
    people.add_workspace(WorkspaceRow("lab", "", {}, "ada", 1.0))
    with pytest.raises(Conflict, match="last owner"):
        people.set_member(MemberRow("lab", "ada", "guest", 2.0))
    with pytest.raises(Conflict, match="last owner"):
        people.remove_member("lab", "ada")
    assert people.set_member(MemberRow("lab", "bob", "owner", 2.0)).created == 2.0
    assert people.set_member(MemberRow("lab", "ada", "guest", 3.0)).created == 1.0
    people.remove_member("lab", "ada")
    with pytest.raises(NotFound):
        people.set_member(MemberRow("lab", "nobody", "guest", 2.0))


def test_a_workspace_that_holds_a_run_or_an_asset_stays(
    people: PeopleStore, runs: RunStore
) -> None:
    people.add_workspace(WorkspaceRow("lab", "", {}, "ada", 1.0))
    asset = "INSERT INTO asset (workspace, kind, name, latest, creator, created, changed)"
    execute(runs, f"{asset} VALUES ('lab', 'model', 'm', '1', 'ada', 0, 0)")
    with pytest.raises(Conflict, match="still holds"):
        people.delete_workspace("lab")
    execute(runs, "DELETE FROM asset")
    people.add_credential(_credential("a", kind="token", workspace="lab"), 1.0)
    people.delete_workspace("lab")
    assert not people.has_workspace("lab")
    assert people.role_in("lab", "ada") is None
    assert people.credential("ada", "a") is None


# --- ways in ----------------------------------------------------------------------------------


def _credential(digest: str, kind: str = "session", **others: object) -> CredentialRow:
    row = {"person": "ada", "created": 1.0, "expires": 7 * 24 * HOUR, "used": 1.0, **others}
    return CredentialRow(digest, digest, kind, **row)  # type: ignore[arg-type]


def test_a_link_is_good_for_one_use(people: PeopleStore) -> None:
    people.add_credential(_credential("a", kind="link", expires=600.0), 1.0)
    assert people.redeem("a", 600.0) == ""
    assert people.redeem("a", 599.0) == "ada"
    assert people.redeem("a", 599.0) == ""


def test_ways_in_go_with_their_person(people: PeopleStore) -> None:
    people.add_person("ada", "x", 0.0, is_admin=False)
    for digest, kind in (("a", "session"), ("b", "session"), ("c", "token"), ("d", "link")):
        people.add_credential(_credential(digest, kind), 1.0)
    people.change_password("ada", "y", "b")
    assert [_is_in(people, *way) for way in (("a", "session"), ("b", "session"))] == [False, True]
    assert _is_in(people, "c", "token")
    assert not _is_in(people, "b", "token")
    people.change_person("ada", active=False)
    assert not _is_in(people, "b", "session")
    found = people.way_in("c", "token")
    assert found is not None
    assert not found.active
    people.delete_person("ada")
    assert people.credential("ada", "c") is None


def _is_in(people: PeopleStore, digest: str, kind: str) -> bool:
    return people.way_in(digest, kind) is not None


def test_what_is_over_is_forgotten(people: PeopleStore) -> None:
    people.add_credential(_credential("idle"), 1.0)
    people.add_credential(_credential("old", kind="token", expires=HOUR), 1.0)
    people.add_credential(_credential("new", used=12 * HOUR), 12 * HOUR + 2)
    assert [people.credential("ada", name) is None for name in ("idle", "old", "new")] == [
        True, True, False,
    ]  # fmt: skip
