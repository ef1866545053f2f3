"""A home with schedules that are deployed, and the scheduler driven by hand, with a clock."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from millwork.access.identity import LOCAL_OWNER, Identity
from millwork.actions.perform import Asked, perform
from millwork.actions.scheduling import Scheduling
from millwork.base.errors import Fenced
from millwork.ports import Master, RunRow
from millwork.ports.changes import RunChanged
from millwork.schedule.loop import Scheduler
from tests.actions.office import HandClock
from tests.actions.shelf import component, hire, pipeline

if TYPE_CHECKING:
    from collections.abc import Sequence

    from millwork.actions.context import Context
    from millwork.ports.changes import RunStatus
    from millwork.ports.schedules import Change, InstanceRow, ScheduleRow, TriggerRow
    from millwork.spec.schedule import Schedule

DAILY = "every: day\nat: '02:00'"
HOURLY = "every: hour\ncatch_up: all"
AFTER = "every: day\nat: '03:00'\ndepends_on: [{name}]"
ALIVE = Master(1, "1", "boot")
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC).timestamp()
"""A Tuesday; schedules are deployed then."""


def instant(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@dataclass
class Doors:
    """Runs that are begun when they are asked for, and end when the test says so."""

    context: Context
    runs: list[str] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    files: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._read = Scheduling(self.context)

    def schedule(self, workspace: str, name: str, version: str) -> Schedule:
        return self._read.schedule(workspace, name, version)

    def start(self, owner: ScheduleRow, schedule: Schedule, instance: InstanceRow) -> None:
        if self.context.store.run(instance.run) is None:
            now = self.context.clock.wall()
            run = RunRow(
                instance.run, schedule.name, schedule.name, "1", "running", now, master=ALIVE,
                epoch=1, workspace=owner.workspace, creator=owner.owner,
            )  # fmt: skip
            self.context.store.create_run(run, [], {})
            self.runs.append(instance.run)

    def stop(self, run: str) -> None:
        self.stopped.append(run)

    def is_there(self, _: ScheduleRow, __: Schedule, ___: InstanceRow, file: str) -> bool:
        return file in self.files

    def seen(self, _: ScheduleRow, __: Schedule, ___: TriggerRow, ____: float) -> str:
        return ""

    def told(self, schedule: Schedule, changes: Sequence[Change]) -> None:
        pass


@dataclass
class Plant:
    """A home, its people, the scheduler, and the clock that all go by."""

    context: Context
    clock: HandClock
    doors: Doors
    scheduler: Scheduler

    def ask(self, verb: str, who: str = "", workspace: str = "default", /, **said: Any) -> Any:
        """A verb, asked by the owner of the home or by somebody."""
        identity = Identity(who) if who else LOCAL_OWNER
        return perform(self.context, identity, Asked(verb, said, workspace))

    def deploy(
        self,
        name: str,
        more: str = DAILY,
        who: str = "",
        workspace: str = "default",
        **said: Any,
    ) -> None:
        """A schedule, registered and put in force."""
        text = schedule_text(name, more)
        self.ask("schedules.create", who, workspace, text=text, version="next", **said)
        self.ask("schedules.deploy", who, workspace, name=name)

    def look(self, at: float | str | None = None) -> None:
        """The scheduler does what is to be done, at another time if one is given."""
        if at is not None:
            self.clock.now = instant(at) if isinstance(at, str) else at
        self.scheduler.stir()
        self.scheduler.look(self.clock.now)

    def end(self, status: RunStatus = "succeeded", run: str = "") -> None:
        """The run ends, or all that are going."""
        for each in [run] if run else self.doors.runs:
            with suppress(Fenced):
                row = self.context.store.run(each)
                if row and row.status == "running":
                    self.context.store.commit(each, 1, self.clock.now, [RunChanged(status)])

    def pass_(self, rounds: int = 20) -> None:
        """All runs that begin end well, until none begins any more."""
        for _ in range(rounds):
            self.look()
            before = len(self.doors.runs)
            self.end()
            for _ in range(3):
                self.look()  # what has succeeded without a run lets others begin at the next look
            if len(self.doors.runs) == before:
                return

    def rows(self, workspace: str = "default", /, **said: Any) -> list[dict[str, Any]]:
        """All rows of a list, the oldest first."""
        found: list[dict[str, Any]] = []
        after = ""
        while True:
            page = self.ask("instances.list", "", workspace, sort="scheduled", limit=200,
                            after=after, **said)  # fmt: skip
            found += page["items"]
            if not page["next"]:
                return found
            after = page["next"]

    def one(self, **said: Any) -> dict[str, Any]:
        """The only row of a list."""
        (row,) = self.rows(**said)
        return row


def schedule_text(name: str, more: str = "") -> str:
    head = f"apiVersion: millwork/v1\nkind: Schedule\nname: {name}\nversion: 1.0.0\n"
    return f"{head}pipeline: work\n{more}\n"


def built(context: Context) -> Plant:
    """The plant of a context, with people, another workspace, and a pipeline."""
    clock = HandClock(NOON)
    context.clock = clock
    hire(context)
    doors = Doors(context)
    plant = Plant(context, clock, doors, Scheduler(context.schedules(), doors))
    for workspace in ("default", "other"):
        parameters = {"day": {"type": "String", "default": "x"}}
        plant.ask("components.create", "", workspace,
                  text=component("step", parameters=parameters))  # fmt: skip
        node = {"component": "step", "parameters": {"day": {"from": "parameters.day"}}}
        plant.ask("pipelines.create", "", workspace,
                  text=pipeline({"a": node}, "work", parameters=parameters))  # fmt: skip
    return plant


def chain(plant: Plant) -> None:
    """`extract`, `load` behind it, `report` behind that, and a night of them that went well."""
    plant.deploy("extract")
    plant.deploy("load", AFTER.format(name="extract"))
    plant.deploy("report", AFTER.format(name="load"))
    plant.look()
    plant.look("2026-03-11T04:00")
    plant.pass_()


def of(plant: Plant, schedule: str, day: str = "2026-03-11", **said: Any) -> dict[str, Any]:
    """The instance that a schedule has on a civil day."""
    bizdate = (date.fromisoformat(day) - timedelta(days=1)).isoformat()
    return plant.one(schedule=schedule, first=bizdate, last=bizdate, **said)


def operate(plant: Plant, action: str, *instances: str, who: str = "", **said: Any) -> Any:
    return plant.ask("instances.operate", who, action=action, instances=list(instances), **said)


def shown(plant: Plant, instance: str, who: str = "") -> Any:
    return plant.ask("instances.show", who, instance=instance)
