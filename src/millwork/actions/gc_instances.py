"""Garbage collection of what schedules have left: instances that are over, and backfills.

A page at a time, each of them one commit, so that nobody who writes waits long. What waits is asked
for again before each page (docs/retention.md says what stays, and why that is enough).
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from millwork.actions.schedule_texts import version_of
from millwork.actions.tally import HOUR
from millwork.base.errors import MillworkError, Unavailable
from millwork.spec.schedule import CHILDREN, SELF
from millwork.store.retention_instances import Gone, Past

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from millwork.actions.context import Context
    from millwork.actions.tally import Tally
    from millwork.spec.schedule import Dependency
    from millwork.store.retention_instances import PastBackfill

_PAGE = 2000
_WEEK = timedelta(days=7)
"""What is made later is of no day that is so much older than the day up to which all is made, nor
looks at one: a version that takes another's place begins with its own zone's day, and what is made
then looks two days back."""
LOOKS_BACK = 2
"""So many civil days before its own an instance may wait for others, and none after it."""


def collect_instances(tally: Tally, days: float) -> None:
    """Removes instances and backfills that ended so many days ago, but what is still needed."""
    ended = tally.now - max(days * 24 * HOUR, tally.wish.young)
    gone: Counter[Gone] = Counter()
    for backfill in tally.retention.instances.past_backfills(ended):
        gone.update(_backfill(tally, backfill, ended))
    before = first_kept(tally.now, days, tally.retention.instances.made_to())
    needed = Needed(tally.context)
    for workspace in tally.retention.instances.workspaces():
        gone.update(_of_workspace(tally, needed, workspace, before, ended))
    for place, count in sorted(gone.items()):
        tally.note("instances", f"{place.workspace}/{place.schedule}", 0, count)


def first_kept(now: float, days: float, made_to: float | None) -> date:
    """The first civil day of which all stays; `made_to` is up to when instances are made."""
    reached = now if made_to is None else min(now, made_to)
    return min(_day(now - days * 24 * HOUR), _day(reached) - _WEEK)


def _day(instant: float) -> date:
    return datetime.fromtimestamp(instant, UTC).date()


def _of_workspace(
    tally: Tally, needed: Needed, workspace: str, before: date, ended: float
) -> Counter[Gone]:
    store, gone = tally.retention.instances, Counter[Gone]()
    place = Past("", "", "")
    while page := store.past(workspace, before, ended, _PAGE, place):
        place = page[-1]
        kept = needed.days(before)
        free = [each for each in page if (workspace, each.schedule, each.day) not in kept]
        if tally.wish.is_dry:
            gone.update(Gone(workspace, each.schedule) for each in free)
            continue
        with _letting_others_write(tally):
            gone.update(store.drop([each.id for each in free], ended))
    return gone


def _backfill(tally: Tally, backfill: PastBackfill, ended: float) -> Counter[Gone]:
    """A backfill goes when none of its instances is left; its parameters are theirs."""
    store, name = tally.retention.instances, f"{backfill.workspace}/{backfill.name}"
    if tally.wish.is_dry:
        tally.note("backfill", name, 0)
        return Counter(store.of_backfill(backfill.id))
    gone = Counter[Gone]()
    page: list[Gone] | None = None
    while page is None or page:
        with _letting_others_write(tally):
            page = store.drop_of_backfill(backfill.id, ended, _PAGE)
        gone.update(page)
    if store.drop_backfill(backfill.id, ended):
        tally.note("backfill", name, 0)
    return gone


@contextmanager
def _letting_others_write(tally: Tally) -> Iterator[None]:
    """Pauses as long as what was done has taken."""
    begun = tally.context.clock.monotonic()
    yield
    took = tally.context.clock.monotonic() - begun
    # SQLite has no queue of writers: who waits looks again each tenth of a second, and would hardly
    # ever find a gap between one page and the next.
    time.sleep(took)  # the gap


class Needed:
    """Of which schedules and civil days instances stay, as something may still wait for them."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._depends: dict[tuple[str, str, str], tuple[Dependency, ...]] = {}

    def days(self, before: date) -> set[tuple[str, str, str]]:
        """Workspaces, schedules and days before one; days as 2024-02-29.

        It is asked for by day and not by cycle: which cycles belong to one another may change with
        the next version that is put in force, how far an instance looks back does not.
        """
        found = set[tuple[str, str, str]]()
        for row in self._context.retention().instances.open(before + timedelta(days=LOOKS_BACK)):
            days = [row.day - timedelta(days=back) for back in range(LOOKS_BACK + 1)]
            for workspace, schedule in self._looked_at(row.workspace, row.schedule, row.uses):
                found.update((workspace, schedule, day.isoformat()) for day in days)
        return found

    def _looked_at(self, workspace: str, schedule: str, version: str) -> Iterable[tuple[str, str]]:
        """The schedules whose instances one of a version may wait for, its own among them."""
        yield workspace, schedule
        for each in self._said(workspace, schedule, version):
            if each.schedule == CHILDREN:
                for link in self._context.schedules().children(workspace, schedule):
                    yield link.workspace, link.schedule
            elif each.schedule and each.schedule != SELF:
                yield each.workspace or workspace, each.schedule

    def _said(self, workspace: str, schedule: str, version: str) -> tuple[Dependency, ...]:
        key = (workspace, schedule, version)
        if key not in self._depends:
            try:
                self._depends[key] = tuple(version_of(self._context, *key).depends_on)
            except Unavailable:
                raise
            except MillworkError:  # without it the instance fails, whatever has become of others
                self._depends[key] = ()
        return self._depends[key]
