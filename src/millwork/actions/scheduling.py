"""What the scheduler does outside its records: it reads versions, asks for runs, and ends them.

An instance's run is asked for as anybody's is: by the verb `runs.create`, as the person that the
schedule runs as, with all that is checked of that person then.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from millwork.access.identity import LOCAL_OWNER, OWNER, Identity
from millwork.actions.assets import found
from millwork.actions.handed_on import HandedOn
from millwork.actions.operating import end_run, keep_notices
from millwork.actions.perform import Asked, let_in
from millwork.actions.requests import RunWish, ask, fence_of
from millwork.actions.schedule_texts import version_of
from millwork.actions.storage import Storage
from millwork.base.errors import BadRequest, Forbidden, MillworkError, Missing
from millwork.base.records import dataclass
from millwork.plan.scheduling import Timing
from millwork.spec.dates.language import Clocks
from millwork.spec.schedule import read_within

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from millwork.actions.call import Call
    from millwork.actions.context import Context
    from millwork.ports.schedules import Change, InstanceRow, ScheduleRow
    from millwork.spec.schedule import Schedule

FILE, DATASET = "file", "dataset"


@dataclass
class Scheduling:
    """Implements `schedule.loop.Doors`."""

    context: Context

    def schedule(self, workspace: str, name: str, version: str) -> Schedule:
        """What a version says; raises NotFound if it is gone."""
        return version_of(self.context, workspace, name, version)

    def start(self, owner: ScheduleRow, schedule: Schedule, instance: InstanceRow) -> None:
        """Asks for the instance's run, by the id that it has; a second time is none.

        Raises Forbidden or NotFound if whoever it runs as may not do that any more, and whatever
        else is wrong with the run.
        """
        if self.context.store.run(instance.run):
            return
        call = self._call(owner, schedule)
        _check_grants(call, schedule)
        kept = found(call, "schedule", schedule.name, instance.uses)
        pin = kept.document["pin"]
        wish = _wish_of(call, schedule, instance, f"{pin['name']}@{pin['version']}")
        try:
            ask(call, wish)
        except MillworkError:
            if self.context.store.run(instance.run) is None:
                raise
            return  # another server has asked for it at the same time
        self.context.nudge()

    def stop(self, run: str) -> None:
        """Has a run end; one that is gone has ended."""
        end_run(self.context, run)

    def is_there(
        self, owner: ScheduleRow, schedule: Schedule, instance: InstanceRow, file: str
    ) -> bool:
        """Whether the file that an instance waits for is there."""
        uri = read_within(file).at(clocks_of(self.context, schedule, instance))
        return bool(self._look(self._call(owner, schedule), uri))

    def seen(self, owner: ScheduleRow, schedule: Schedule, source: str, now: float) -> str:
        """What tells the state of a trigger's source from a later one; empty: it is not there."""
        kind, _, name = source.partition(":")
        try:
            call = self._call(owner, schedule)
            if kind == DATASET:
                return found(call, "dataset", name).version
            zone = ZoneInfo(schedule.timezone)
            time = datetime.fromtimestamp(int(now), zone)
            clocks = Clocks(time.date() - timedelta(days=1), time)
            return self._look(call, read_within(name).at(clocks))
        except BadRequest:  # it, or the right to see it, is not there now
            return ""

    def told(self, schedule: Schedule, changes: Sequence[Change]) -> None:
        """Keeps what is to be told of what has happened to instances of a schedule."""
        told = [(change.after, schedule) for change in changes]
        keep_notices(self.context, told, self.context.clock.wall())

    def _call(self, owner: ScheduleRow, schedule: Schedule) -> Call:
        who = identity_of(self.context, schedule.run_as or owner.owner)
        return let_in(self.context, who, Asked("runs.create", workspace=owner.workspace))

    def _look(self, call: Call, uri: str) -> str:
        fence = fence_of(call)
        storage = Storage(call.context, call.workspace, call.who.person, fence)
        try:
            storage.find(uri, 1)
            return storage.look(uri).identity or uri
        except Missing:
            return ""


def identity_of(context: Context, person: str) -> Identity:
    """Who a schedule runs as; raises Forbidden for somebody who is not there, or not active."""
    if person == OWNER:
        return LOCAL_OWNER
    row = context.people().person(person)
    if row is None or not row.active:
        gone = "is not there any more" if row is None else "is not active any more"
        raise Forbidden(f"it runs as '{person}', who {gone}")
    return Identity(person, is_admin=row.is_admin)


def _check_grants(call: Call, schedule: Schedule) -> None:
    """Raises NotFound for a workspace that whoever it runs as may not look into any more."""
    others = {each.workspace for each in schedule.depends_on} - {"", call.workspace}
    for workspace in sorted(others):
        let_in(call.context, call.who, Asked("schedules.show", workspace=workspace))


def clocks_of(context: Context, schedule: Schedule, instance: InstanceRow) -> Clocks:
    """What the clocks of an instance show."""
    zone = ZoneInfo(schedule.timezone)
    time = datetime.fromtimestamp(instance.instant, zone)
    names = {"jobid": schedule.name, "nodeid": instance.id, "taskid": instance.run or instance.id}
    scopes: dict[str, Mapping[str, str]] = {
        "workspace": context.people().variables(instance.workspace),
        "node": HandedOn(context, schedule, instance),
    }
    return Clocks(instance.bizdate, time, names, scopes)


def parameters_of(context: Context, schedule: Schedule, instance: InstanceRow) -> Mapping[str, Any]:
    """The parameters of an instance as they are said: of its backfill, else its schedule."""
    is_backfill = instance.kind == "backfill"
    row = context.schedules().backfill(instance.origin) if is_backfill else None
    said = row.document.get("parameters", {}) if row else {}
    return {**schedule.parameters, **said.get(f"{instance.workspace}/{schedule.name}", {})}


def _wish_of(call: Call, schedule: Schedule, instance: InstanceRow, pipeline: str) -> RunWish:
    """What an instance asks for, all its expressions evaluated."""
    clocks = clocks_of(call.context, schedule, instance)
    parameters = parameters_of(call.context, schedule, instance)
    tags = {"schedule": schedule.name, "bizdate": instance.bizdate.isoformat(),
            "instance": instance.id}  # fmt: skip
    return RunWish(
        pipeline=pipeline,
        inputs={name: read_within(uri).at(clocks) for name, uri in schedule.inputs.items()},
        parameters={name: evaluated(value, clocks) for name, value in parameters.items()},
        name=f"{schedule.name} {instance.bizdate.isoformat()}",
        tags={**schedule.tags, **tags},
        priority=instance.priority,
        timing=Timing(
            clocks.bizdate, clocks.cyctime, clocks.names, clocks.scopes,
            schedule.scheduling_parameters,
        ),
        id=instance.run,
    )  # fmt: skip


def evaluated(value: Any, clocks: Clocks) -> Any:
    """A parameter's value with the expressions in its texts evaluated."""
    if isinstance(value, str):
        return read_within(value).at(clocks)
    if isinstance(value, list):
        return [evaluated(each, clocks) for each in value]
    if isinstance(value, dict):
        return {name: evaluated(each, clocks) for name, each in value.items()}
    return value
