"""The scheduler: makes instances, starts them when all that they wait for is there, ends them.

What it sees is in the database, and each change is fenced by the instance's revision; so it can be
killed at any instant, and two of them on one database do nothing twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from millwork.base.errors import MillworkError, Missing, Unavailable
from millwork.base.faultpoints import reach
from millwork.base.records import dataclass
from millwork.ports.schedules import Change
from millwork.schedule import deciding
from millwork.schedule.backfills import may_start
from millwork.schedule.instances import LAG, made_next, triggered
from millwork.schedule.reasons import not_begun, say
from millwork.schedule.sight import Sight

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from millwork.ports.schedules import (
        BackfillRow,
        InstanceRow,
        ScheduleRecords,
        ScheduleRow,
        TriggerRow,
    )
    from millwork.schedule.needs import Known
    from millwork.spec.schedule import Schedule

_PAGE = 500
_TIMEOUTS = 5.0  # seconds between looks for what takes too long
_PATIENCE = 30.0  # seconds after which it looks at what waits though nothing has changed


class Doors(Protocol):
    """What the scheduler does and asks outside the records."""

    def schedule(self, workspace: str, name: str, version: str) -> Schedule:
        """What a version says; raises MillworkError if it is gone, or cannot be read."""

    def start(self, owner: ScheduleRow, schedule: Schedule, instance: InstanceRow) -> None:
        """Asks for the instance's run, by the id that it has; a second time is none.

        Raises MillworkError with why it cannot be run, Unavailable if it may be later.
        """

    def stop(self, run: str) -> None:
        """Has a run end."""

    def is_there(self, owner: ScheduleRow, schedule: Schedule, instance: InstanceRow,
                 file: str) -> bool | None:  # fmt: skip
        """Whether the file that an instance waits for is there; None: that is not known yet."""

    def seen(self, owner: ScheduleRow, schedule: Schedule, trigger: TriggerRow,
             now: float) -> str | None:  # fmt: skip
        """What tells the state of a trigger's source from a later one; empty: it is not there.

        None says that it is not known yet. Whoever finds it out has the scheduler look again.
        """

    def told(self, schedule: Schedule, changes: Sequence[Change]) -> None:
        """What has happened to instances of a schedule, for whoever is to be told."""


@dataclass
class Scheduler:
    """Looks when it is told to; `look` answers when it should be told next, in Unix seconds."""

    records: ScheduleRecords
    doors: Doors
    _looked: float = 0.0
    _timed: float = 0.0
    _is_stirred: bool = True

    def __post_init__(self) -> None:
        self._sight = Sight(self.records, self.doors.schedule)

    def stir(self) -> None:
        """Somebody has changed something: what waits is looked at again."""
        self._is_stirred = True

    def look(self, now: float) -> float:
        """Does all that is to be done now."""
        self._sight.forget()
        # The clock may have been put back: what comes from now on is new again.
        self._looked, self._timed = min(self._looked, now), min(self._timed, now)
        self._make(now)
        self._settle(now)
        self._recover(now)
        if now - self._timed >= _TIMEOUTS:
            self._timed = now
            self._time_out(now)
        self._look_at_triggers(now)
        if self._is_stirred or now - self._looked >= _PATIENCE or self._is_due(now):
            self._is_stirred, self._looked = False, now
            self._begin_due(now)
            self._begin_backfills(now)
        return min(self.records.next_due(now) or now + _PATIENCE, now + _PATIENCE)

    # --- making ---------------------------------------------------------------------------

    def _make(self, now: float) -> None:
        """Makes the instances of the days to come."""
        while rows := self.records.lagging(now + LAG, _PAGE):
            for row in rows:
                schedule = self._sight.schedule(row.workspace, row.name, row.version)
                if schedule is None or schedule.recurrence is None:
                    self.records.make(row, [], now + _MONTH)
                    continue
                made, until = made_next(row, schedule, now)
                self.records.make(row, made, until)
                reach("schedule.made")
            if len(rows) < _PAGE:
                return

    # --- ends -----------------------------------------------------------------------------

    def _settle(self, now: float) -> None:
        """Notes how runs have ended."""
        while found := self.records.ended(_PAGE):
            changes = []
            for event in found:
                known = self._sight.known(event.instance)
                changes.append(deciding.ended(event, known.schedule if known else None, now))
            self._write(now, changes)
            if len(found) < _PAGE:
                return

    def _time_out(self, now: float) -> None:
        for instance in self.records.running():
            schedule = self._said(instance)
            change = deciding.timed_out(instance, schedule, now) if schedule else None
            # Whoever noted it may have been killed before the run was told to end.
            if instance.reason or (change and self._write(now, [change])):
                self.doors.stop(instance.run)

    # --- beginnings -----------------------------------------------------------------------

    def _is_due(self, now: float) -> bool:
        """Whether the time of something has come since the last look."""
        first = self.records.next_due(self._looked)
        return first is not None and first <= now

    def _begin_due(self, now: float) -> None:
        """Begins what waits for nothing any more; all changes of a page are one commit."""
        place: tuple[float, str] = (0.0, "")
        newest: dict[tuple[str, str], InstanceRow] = {}
        waiting: list[InstanceRow] = []
        while rows := self.records.due(now, place, _PAGE):
            place = (rows[-1].due, rows[-1].id)
            waiting += self._arrived(rows, now)
        for row in waiting:
            place_of = (row.workspace, row.schedule)
            if row.kind == "recurring" and (
                place_of not in newest or newest[place_of].instant < row.instant
            ):
                newest[place_of] = row
        for start in range(0, len(waiting), _PAGE):
            self._sight.forget_cycles()
            changes = [
                change
                for row in waiting[start : start + _PAGE]
                if (change := self._decided(row, newest.get((row.workspace, row.schedule)), now))
            ]
            self._begin(changes, now)

    def _arrived(self, rows: Sequence[InstanceRow], now: float) -> list[InstanceRow]:
        """The rows, each marked as looked at when it is for the first time."""
        new = [deciding.arrived(row, now) for row in rows if row.arrived is None]
        noted = {change.after.id: change.after for change in self._write(now, new)}
        return [
            replace(noted[row.id], revision=row.revision + 1) if row.id in noted else row
            for row in rows
        ]

    def _decided(self, row: InstanceRow, newest: InstanceRow | None, now: float) -> Change | None:
        known = self._sight.known(row)
        if known is None:
            return deciding.over(row, "failed", _GONE, now)
        why = deciding.missed(row, known, newest)
        needs = self._sight.needs(row)
        change = deciding.decided(row, known, needs, now, why)
        if change and change.kind == "starting" and row.kind != "test":
            return self._with_files(row, known, change, now)
        return change

    def _with_files(
        self, row: InstanceRow, known: Known, change: Change, now: float
    ) -> Change | None:
        """The change, if the files are there that the instance waits for.

        What is wrong with one schedule's storage, or with its rights, holds up no other.
        """
        files = [each.file for each in known.schedule.depends_on if each.file]
        try:
            has_all = all(
                self.doors.is_there(known.row, known.schedule, row, file)
                for file in files
                if file not in row.removed
            )
        except Unavailable:
            return None
        except MillworkError as error:
            return deciding.over(row, "failed", str(error), now)
        return change if has_all else None

    def _begin(
        self, changes: Iterable[Change], now: float, backfill: BackfillRow | None = None
    ) -> None:
        """Writes what was decided, and asks for the runs of what begins."""
        written = self._write(now, list(changes), backfill)
        reach("schedule.claimed")
        started = [change.after for change in written if change.kind == "starting"]
        begun = [replace(each, revision=each.revision + 1) for each in started]
        self._ask(begun, now)

    def _recover(self, now: float) -> None:
        """Asks once more for runs that somebody who is gone may not have asked for."""
        self._ask(self.records.starting(), now)

    def _ask(self, rows: Iterable[InstanceRow], now: float) -> None:
        changes = []
        for row in rows:
            known = self._sight.known(row)
            try:
                if known is None:
                    raise MillworkError(_GONE)
                self.doors.start(known.row, known.schedule, row)
            except Missing as error:  # trying again does not help
                changes.append(deciding.over(row, "failed", str(error), now))
            except Unavailable:
                continue  # it stays as it is, and is asked for again at the next look
            except MillworkError as error:
                changes.append(deciding.over(row, "failed", str(error), now))
            else:
                changes.append(_running(row))
            reach("schedule.asked")
        done = {change.after.id for change in self._write(now, changes)}
        for change in changes:
            if change.kind == "running" and change.after.id not in done:
                self._drop(change.after)

    def _drop(self, row: InstanceRow) -> None:
        """Has a run end that was asked for while somebody stopped its instance."""
        now = self.records.instance(row.id)
        if now is None or now.run != row.run or now.is_over:
            self.doors.stop(row.run)

    # --- triggers -------------------------------------------------------------------------

    def _look_at_triggers(self, now: float) -> None:
        """Makes an instance for each thing that has come or changed since the last look.

        Those of which nothing is known yet, however many, keep no others waiting.
        """
        told = 0
        for trigger in self.records.triggers_due(now):
            told += self._is_told(trigger, now)
            if told == _PAGE:
                return

    def _is_told(self, trigger: TriggerRow, now: float) -> bool:
        """Looks at a trigger; whether what it sees was kept, as it is known."""
        known = self._sight.in_force(trigger.workspace, trigger.schedule)
        if known is None or known.row.state == "off":
            self.records.triggered(trigger, trigger.seen, now, [])
            return True
        try:
            seen = self.doors.seen(known.row, known.schedule, trigger, now)
        except MillworkError:  # that of one schedule holds up no other
            seen = "" if trigger.looked else _UNKNOWN
        if seen is None:
            return False
        is_new = bool(seen and seen != trigger.seen and trigger.seen != _UNKNOWN)
        is_new = is_new and bool(trigger.looked)
        row = triggered(known, f"{trigger.source}\0{seen}\0{trigger.looked}", now)
        self.records.triggered(trigger, seen or trigger.seen, now, [row] if is_new else [])
        self._is_stirred |= is_new
        return True

    # --- backfills ------------------------------------------------------------------------

    def _begin_backfills(self, now: float) -> None:
        for backfill in self.records.backfills_going():
            self._begin_backfill(backfill, now)

    def _begin_backfill(self, backfill: BackfillRow, now: float) -> None:
        counts = self.records.backfill_counts(backfill.id)
        going = counts.get("starting", 0) + counts.get("running", 0)
        if not going and not counts.get("waiting", 0):
            is_good = not counts.get("failed", 0) and not counts.get("cancelled", 0)
            self.records.end_backfill(backfill.id, "succeeded" if is_good else "failed", now)
            return
        if not may_start(backfill, going):
            return
        in_vain = 0
        for rows in self._turns(backfill, backfill.parallel - going):
            self._sight.forget_cycles()
            changes: list[Change] = []
            for row in rows:
                if not may_start(backfill, going):
                    break
                change = self._of_backfill(row, now)
                if change:
                    going += change.kind == "starting"
                    changes.append(change)
            self._begin(changes, now, backfill)
            in_vain = 0 if changes else in_vain + len(rows)
            if not may_start(backfill, going) or (going and in_vain >= _IN_VAIN):
                return

    def _turns(self, backfill: BackfillRow, first: int) -> Iterator[Sequence[InstanceRow]]:
        """What of a backfill waits: the `first` ones, mostly enough; then a page at a time."""
        place, limit = -1, first
        while rows := self.records.backfill_waiting(backfill.id, place, limit):
            place, limit = rows[-1].place, _TURN
            yield rows

    def _of_backfill(self, row: InstanceRow, now: float) -> Change | None:
        """What becomes of a backfill's instance: it waits only for others of the backfill."""
        known = self._sight.known(row)
        if known is None:
            return deciding.over(row, "failed", _GONE, now)
        needs = self._sight.needs(row)
        hopeless = [each for each in needs if each.is_hopeless]
        if hopeless and row.due <= now:
            return deciding.over(row, "failed", not_begun(hopeless[0].why), now)
        return deciding.decided(row, known, needs, now)

    # --- what is written ------------------------------------------------------------------

    def _write(
        self, now: float, changes: Sequence[Change], backfill: BackfillRow | None = None
    ) -> Sequence[Change]:
        """Writes changes, and has those told who are to be.

        What is to be told is noted before, too, so that no kill can lose it; it is judged again
        when it is told.
        """
        self._tell(changes)
        written = self.records.change(now, changes, backfill) if changes else []
        self._is_stirred |= any(change.kind not in _QUIET for change in written)
        self._tell(written)
        return written

    def _tell(self, changes: Sequence[Change]) -> None:
        for change in changes:
            schedule = self._said(change.after)
            if schedule and schedule.alerts:
                self.doors.told(schedule, [change])

    def _said(self, instance: InstanceRow) -> Schedule | None:
        """What the version says that it uses: of a schedule that was withdrawn, too."""
        return self._sight.schedule(instance.workspace, instance.schedule, instance.uses)


_GONE = say("schedule_gone")
_UNKNOWN = "?"
"""What a trigger has seen that could not be looked at yet."""
_TURN = 20
_IN_VAIN = 200
"""How many of a backfill are looked at that wait, one after the other, while others of it run: so
many thousands that wait for one another cost little at each look."""
_MONTH = 2_592_000.0
_QUIET = frozenset(("starting", "running", "arrived"))


def _running(row: InstanceRow) -> Change:
    return Change(row, replace(row, status="running"), "running", data={"run": row.run})
