"""Alerts in either database: kept once, claimed by one sender, tried again, listed."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from millwork.ports.schedules import InstanceRow
from millwork.schedule.alerts import Notice, Rule, again
from millwork.store.alerts import AlertStore
from millwork.store.database import open_database
from millwork.store.schedules import ScheduleStore

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.store.database import Database

RULE = Rule("pipe@1.0.0", "Europe/Berlin", "Nightly", 60.5, 480, (1320, 480), 3600.0, 3)
NOTICE = Notice("default", "nightly", "i1", "failed", "a@b.c", 99.123456789, 0, 100.0, RULE)
LEASE = 180.0


@pytest.fixture
def database(place: str) -> Iterator[Database]:
    with closing(open_database(place, {})) as database:
        yield database


@pytest.fixture
def store(database: Database) -> AlertStore:
    return AlertStore(database)


def test_the_same_is_kept_once(store: AlertStore) -> None:
    others = [
        replace(NOTICE, instance="i2"), replace(NOTICE, moment="timeout"),
        replace(NOTICE, address="b@b.c"), replace(NOTICE, since=99.5), replace(NOTICE, number=1),
    ]  # fmt: skip
    store.keep([NOTICE, *others, replace(NOTICE, due=300.0)], 50.0)
    store.keep([NOTICE], 60.0)
    found = []
    while row := store.claim(1000.0, 2000.0):
        found.append(replace(row.notice, due=100.0))
    assert Counter(found) == Counter([NOTICE, *others])
    assert {each.rule for each in found} == {RULE}


def test_nothing_is_claimed_before_it_is_due_and_the_oldest_first(store: AlertStore) -> None:
    store.keep([replace(NOTICE, instance=f"i{due}", due=due) for due in (30.0, 10.0, 20.0)], 0.0)
    assert store.claim(9.9, 99.0) is None
    assert (store.due(9.9, 5), store.due(20.0, 5), store.due(30.0, 2)) == (0, 2, 2)
    found = [store.claim(25.0, 99.0), store.claim(25.0, 99.0)]
    assert [row and row.notice.instance for row in found] == ["i10.0", "i20.0"]
    assert store.claim(25.0, 99.0) is None


def test_who_claims_has_it_alone_until_the_lease_is_over(store: AlertStore) -> None:
    store.keep([NOTICE], 0.0)
    first = store.claim(100.0, 100.0 + LEASE)
    assert first
    assert (first.tries, first.tried, first.status) == (1, 100.0, "due")
    assert store.claim(100.0 + LEASE - 1, 1000.0) is None
    second = store.claim(100.0 + LEASE, 1000.0)
    assert second
    assert (second.id, second.tries) == (first.id, 2)
    assert not store.sent(first, 300.0, again(NOTICE, 300.0))  # it is another's
    assert store.sent(second, 300.0, None)
    assert not store.sent(second, 300.0, None)
    assert store.claim(9999.0, 9999.0) is None


def test_many_senders_claim_each_once(place: str, store: AlertStore) -> None:
    store.keep([replace(NOTICE, instance=f"i{number}") for number in range(60)], 0.0)

    def claim_all(_sender: int) -> list[int]:
        with closing(open_database(place, {})) as database:
            own, found = AlertStore(database), []
            while row := own.claim(200.0, 500.0):
                found.append(row.id)
                assert own.sent(row, 200.0, None)
            return found

    with ThreadPoolExecutor(4) as senders:
        claimed = [each for found in senders.map(claim_all, range(4)) for each in found]
    assert len(claimed) == len(set(claimed)) == 60


def test_what_is_sent_may_be_told_again(store: AlertStore) -> None:
    store.keep([NOTICE], 0.0)
    row = store.claim(100.0, 200.0)
    assert row
    then = replace(NOTICE, number=1, due=3700.0)
    assert store.sent(row, 101.0, then)
    assert store.told(NOTICE, 101.0) == 1
    assert store.told(NOTICE, 101.0 + 86_400) == 0
    assert store.told(replace(NOTICE, address="b@b.c"), 101.0) == 0
    second = store.claim(3700.0, 4000.0)
    assert second
    assert second.notice == replace(then, due=4000.0)


def test_a_try_that_failed_is_made_again_later_and_then_given_up(store: AlertStore) -> None:
    store.keep([NOTICE], 0.0)
    row = store.claim(100.0, 280.0)
    assert row
    store.retry(row, 130.0, "refused")
    assert store.claim(129.0, 1000.0) is None
    row = store.claim(130.0, 310.0)
    assert row
    assert (row.tries, row.fault) == (2, "refused")
    assert store.give_up(row, 140.0, "refused again", None)
    assert store.claim(9999.0, 9999.0) is None
    [kept] = store.page("default", 10)
    assert (kept.status, kept.fault, kept.tried, kept.tries) == (
        "failed",
        "refused again",
        140.0,
        2,
    )
    assert store.told(NOTICE, 140.0) == 0


def test_what_is_postponed_has_not_been_tried(store: AlertStore) -> None:
    store.keep([NOTICE], 0.0)
    row = store.claim(100.0, 280.0)
    assert row
    store.postpone(row, 500.0)
    assert store.page("default", 10) == []
    row = store.claim(500.0, 900.0)
    assert row
    assert row.tries == 1
    store.drop(row)
    assert store.due(9999.0, 1) == 0


def test_a_page_is_of_one_workspace_newest_first(store: AlertStore) -> None:
    store.keep([replace(NOTICE, instance=f"i{number}", due=number) for number in range(7)], 0.0)
    store.keep([replace(NOTICE, workspace="other", instance="o", due=0.5)], 0.0)
    store.keep([replace(NOTICE, instance="later", due=1e9)], 0.0)
    while row := store.claim(100.0, 300.0):
        assert store.sent(row, 1000.0 + row.notice.since if row.id % 2 else 1000.0, None)
    pages, after = [], None
    while page := store.page("default", 3, after):
        pages.append([(each.tried, each.id) for each in page])
        after = pages[-1][-1]
    assert [len(page) for page in pages] == [3, 3, 1]
    flat = [each for page in pages for each in page]
    assert flat == sorted(flat, reverse=True)
    assert len(store.page("other", 10)) == 1


def test_what_was_done_in_time_and_what_is_old_goes(database: Database, store: AlertStore) -> None:
    instance = InstanceRow("", "default", "nightly", "1.0.0", date(2026, 11, 23), 0, 0, "",
                           "recurring", 10.0, uses="1.0.0")  # fmt: skip
    done = replace(instance, id="done", status="succeeded")
    ScheduleStore(database).add([done, replace(instance, id="waits", number=1)])
    late = replace(NOTICE, moment="unfinished")
    store.keep([replace(late, instance="done"), replace(late, instance="waits")], 0.0)
    store.keep([replace(late, instance="done", address="b@b.c", due=900.0)], 0.0)
    store.tidy(200.0, 0.0)
    row = store.claim(200.0, 380.0)
    assert row
    assert row.notice.instance == "waits"
    assert store.claim(200.0, 380.0) is None
    assert store.sent(row, 200.0, None)
    store.tidy(300.0, 200.0)
    assert len(store.page("default", 10)) == 1
    store.tidy(300.0, 201.0)
    assert store.page("default", 10) == []
    assert store.due(900.0, 9) == 1  # not due when it was tidied
