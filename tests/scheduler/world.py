"""A world for the scheduler: its records are real, its clock and its runs are the test's."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from millwork.base.errors import MillworkError, NotFound
from millwork.base.records import dataclass, field
from millwork.ports import RunRow
from millwork.ports.schedules import Link, ScheduleRow, TriggerRow
from millwork.schedule.instances import begins, begins_again
from millwork.schedule.loop import Scheduler
from millwork.spec.recurrence import Recurrence
from millwork.spec.schedule import CHILDREN, SELF, Schedule
from millwork.store.runs import RunStore
from millwork.store.schedules import ScheduleStore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from millwork.ports.schedules import Change, InstanceRow, State

DAY = 86_400.0


def at(text: str) -> float:
    """An instant, in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def daily(name: str, *times: str, **more: Any) -> Schedule:
    """A schedule of each day, at 02:00 UTC if nothing else is said."""
    clocks = tuple(time.fromisoformat(each) for each in times or ("02:00",))
    given = {"instances": "at_once", "recurrence": Recurrence("day", clocks), **more}
    return Schedule(name, "1.0.0", "pipeline", **given)


def hourly(name: str, **more: Any) -> Schedule:
    """A schedule of each hour."""
    clocks = tuple(time(hour) for hour in range(24))
    return daily(name, **{"recurrence": Recurrence("hour", clocks), **more})


@dataclass
class World:
    """Implements `schedule.loop.Doors` with schedules that the test says, and runs it ends."""

    place: str
    now: float
    schedules: dict[tuple[str, str, str], Schedule] = field(default_factory=dict)
    started: list[InstanceRow] = field(default_factory=list)
    refused: dict[str, MillworkError] = field(default_factory=dict)
    files: set[str] = field(default_factory=set)
    states: dict[str, str] = field(default_factory=dict)
    stopped: list[str] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    is_slow: bool = False

    def __post_init__(self) -> None:
        self.runs = RunStore(self.place)
        self.records = ScheduleStore(self.runs.database)
        self.scheduler = Scheduler(self.records, self)

    # --- the doors ------------------------------------------------------------------------

    def schedule(self, workspace: str, name: str, version: str) -> Schedule:
        if (workspace, name, version) not in self.schedules:
            raise NotFound(f"there is no {name}@{version}")
        return self.schedules[workspace, name, version]

    def start(self, owner: ScheduleRow, schedule: Schedule, instance: InstanceRow) -> None:
        if schedule.name in self.refused:
            raise self.refused[schedule.name]
        assert owner.name == schedule.name
        if self.runs.run(instance.run):
            return
        row = RunRow(instance.run, "", "", "", "queued", self.now)
        self.runs.create_run(row, [], {})
        self.started.append(instance)

    def stop(self, run: str) -> None:
        self.stopped.append(run)

    def is_there(
        self, _owner: ScheduleRow, _schedule: Schedule, _instance: InstanceRow, file: str
    ) -> bool | None:
        return None if self.is_slow else file in self.files

    def seen(
        self, _owner: ScheduleRow, _schedule: Schedule, trigger: TriggerRow, _now: float
    ) -> str | None:
        return None if self.is_slow else self.states.get(trigger.source, "")

    def told(self, _schedule: Schedule, changes: Sequence[Change]) -> None:
        self.changes += changes

    # --- what tests do --------------------------------------------------------------------

    def deploy(self, schedule: Schedule, workspace: str = "default", state: State = "on") -> None:
        """Puts a version in force now."""
        self.schedules[workspace, schedule.name, schedule.version] = schedule
        there = self.records.in_force(workspace, schedule.name)
        first = self.records.first_to_come(workspace, schedule.name, self.now)
        made = begins_again(schedule, self.now, first) if there else begins(schedule, self.now)
        row = ScheduleRow(
            workspace, schedule.name, schedule.version, state, "owner", self.now, made
        )
        links = [
            Link(workspace, schedule.name, each.workspace or workspace, each.schedule, each.cycle)
            for each in schedule.depends_on
            if each.schedule and each.schedule not in (SELF, CHILDREN)
        ]
        triggers = [
            TriggerRow(workspace, schedule.name, f"dataset:{each.dataset}", each.every)
            for each in schedule.triggers
        ]
        self.records.deploy(row, links, triggers, self.now)
        self.scheduler.stir()

    def look(self) -> list[str]:
        """Has the scheduler look; the schedules whose runs it has asked for."""
        before = len(self.started)
        self.scheduler.look(self.now)
        return [row.schedule for row in self.started[before:]]

    def go_to(self, text: str) -> list[str]:
        """Another time, and a look at it."""
        self.now = at(text)
        return self.look()

    def end(self, run: str, status: str = "succeeded") -> None:
        """A run is over."""
        database = self.runs.database
        with database.transaction():
            database.execute(
                f"UPDATE run SET status = '{status}', ended = {self.now} WHERE id = '{run}'"
            )

    def end_all(self, status: str = "succeeded") -> None:
        """Every run that was asked for is over."""
        for row in self.records.running():
            self.end(row.run, status)

    def instances(self, schedule: str, day: str = "", origin: str = "") -> list[InstanceRow]:
        """The instances of a schedule, of a civil day or all."""
        first = date.fromisoformat(day) if day else date.min
        last = first if day else date.max
        return self.records.cycles("default", schedule, first, last, origin)

    def only(self, schedule: str, day: str = "", origin: str = "") -> InstanceRow:
        """The one instance that there is."""
        (row,) = self.instances(schedule, day, origin)
        return row

    def statuses(self, schedule: str, origin: str = "") -> list[str]:
        """The statuses of a schedule's instances, by their time."""
        return [row.status for row in self.instances(schedule, origin=origin)]


def with_version(schedule: Schedule, version: str, **more: Any) -> Schedule:
    """Another version of a schedule."""
    return replace(schedule, version=version, **more)
