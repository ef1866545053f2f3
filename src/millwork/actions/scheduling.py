"""What the scheduler does outside its records: it reads versions, asks for runs, and ends them.

An instance's run is asked for as anybody's is: by the verb `runs.create`, as the person that the
schedule runs as, with all that is checked of that person then.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
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
    from collections.abc import Callable, Hashable, Mapping, Sequence
    from typing import TypeAlias

    from millwork.actions.call import Call
    from millwork.actions.context import Context
    from millwork.actions.storage import Way
    from millwork.base.uris import Uri
    from millwork.blobs.places.model import Place
    from millwork.ports.schedules import Change, InstanceRow, ScheduleRow, TriggerRow
    from millwork.spec.schedule import Schedule

    Errands: TypeAlias = Callable[[Hashable, Callable[[], "Errand"]], str | None]

FILE, DATASET = "file", "dataset"
_NOTHING = ("missing", "empty")


@dataclass(frozen=True)
class Errand:
    """A look at a server of storage for a workspace, which any thread may carry out.

    `do` tells what is there, empty for nothing; it raises MillworkError. A trigger is told
    whatever it finds, who waits for a file only what lets it begin, or fail.
    """

    workspace: str
    server: str
    do: Callable[[], str]
    is_of_trigger: bool = False


def at_once(_about: Hashable, prepare: Callable[[], Errand]) -> str:
    """Carries an errand out, however long that takes."""
    return prepare().do()


@dataclass
class Scheduling:
    """Implements `schedule.loop.Doors`.

    `errands` has a look carried out, and answers what it has found; None: that is not known yet.
    What it is about tells it from others, and from the same one at another time.
    """

    context: Context
    errands: Errands = at_once

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
    ) -> bool | None:
        """Whether the file that an instance waits for is there; None: that is being looked for."""
        about = (instance.id, instance.uses, instance.due, instance.tries, file)

        def errand() -> Errand:
            uri = read_within(file).at(clocks_of(self.context, schedule, instance))
            way = self._way(self._call(owner, schedule), uri)
            return Errand(owner.workspace, way.server, partial(_found, way))

        there = self.errands(about, errand)
        return None if there is None else bool(there)

    def seen(
        self, owner: ScheduleRow, schedule: Schedule, trigger: TriggerRow, now: float
    ) -> str | None:
        """What tells the state of a trigger's source from a later one; empty: it is not there.

        None says that it is being looked at.
        """
        kind, _, name = trigger.source.partition(":")
        about = (owner.workspace, owner.name, owner.version, trigger.source, trigger.looked)

        def errand() -> Errand:
            zone = ZoneInfo(schedule.timezone)
            time = datetime.fromtimestamp(int(now), zone)
            uri = read_within(name).at(Clocks(time.date() - timedelta(days=1), time))
            way = self._way(self._call(owner, schedule), uri)
            return Errand(owner.workspace, way.server, partial(_state, way, uri), True)

        try:
            if kind == DATASET:
                return found(self._call(owner, schedule), "dataset", name).version
            return self.errands(about, errand)
        except (BadRequest, Missing):  # it, or the right to see it, is not there now
            return ""

    def told(self, schedule: Schedule, changes: Sequence[Change]) -> None:
        """Keeps what is to be told of what has happened to instances of a schedule."""
        told = [(change.after, schedule) for change in changes]
        keep_notices(self.context, told, self.context.clock.wall())

    def _call(self, owner: ScheduleRow, schedule: Schedule) -> Call:
        who = identity_of(self.context, schedule.run_as or owner.owner)
        return let_in(self.context, who, Asked("runs.create", workspace=owner.workspace))

    def _way(self, call: Call, uri: str) -> Way:
        fence = fence_of(call)
        return Storage(call.context, call.workspace, call.who.person, fence).way(uri)


def _found(way: Way) -> str:
    """The URI, if something is there; raises StorageError if that cannot be said."""
    return way.uri.text if _holds(way.open(), way.uri) else ""


def _state(way: Way, uri: str) -> str:
    """What tells what lies there from a later state, empty for nothing; raises StorageError."""
    place = way.open()
    return (place.find(way.uri).identity or uri) if _holds(place, way.uri) else ""


def _holds(place: Place, uri: Uri) -> bool:
    from millwork.blobs.places.model import StorageError

    try:
        place.find(uri, 1)
    except StorageError as error:
        if error.kind in _NOTHING:
            return False
        raise
    return True


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


def as_said(context: Context, schedule: Schedule, instance: InstanceRow) -> Schedule:
    """The schedule as an instance goes by it: with the values that its backfill says instead."""
    is_backfill = instance.kind == "backfill"
    row = context.schedules().backfill(instance.origin) if is_backfill else None
    place = f"{instance.workspace}/{schedule.name}"
    said = dict(row.document.get("parameters", {}).get(place, {})) if row else {}
    if row is None or not said:
        return schedule
    names = row.document.get("scheduling", {}).get(place, ())
    expressions = {name: said.pop(name) for name in names}
    return replace(
        schedule,
        parameters={**schedule.parameters, **said},
        scheduling_parameters={**schedule.scheduling_parameters, **expressions},
    )


def _wish_of(call: Call, schedule: Schedule, instance: InstanceRow, pipeline: str) -> RunWish:
    """What an instance asks for, all its expressions evaluated."""
    clocks = clocks_of(call.context, schedule, instance)
    schedule = as_said(call.context, schedule, instance)
    tags = {"schedule": schedule.name, "bizdate": instance.bizdate.isoformat(),
            "instance": instance.id}  # fmt: skip
    return RunWish(
        pipeline=pipeline,
        inputs={name: read_within(uri).at(clocks) for name, uri in schedule.inputs.items()},
        parameters={name: evaluated(value, clocks) for name, value in schedule.parameters.items()},
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
