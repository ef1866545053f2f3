"""The instances of a schedule's cycles: their names, and how far ahead they are made."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from millwork.base.ids import new_id
from millwork.ports.schedules import InstanceRow
from millwork.schedule.periods import Due, due

if TYPE_CHECKING:
    from collections.abc import Iterator

    from millwork.ports.schedules import Kind, ScheduleRow
    from millwork.schedule.needs import Known
    from millwork.spec.schedule import Schedule

LAG = 79_200.0
"""A schedule with instances for fewer seconds than these to come has more of them made.

It is less than the shortest day: what is made then is enough again.
"""


def instance_of(
    workspace: str,
    schedule: Schedule,
    cycle: Due,
    now: float,
    *,
    kind: Kind = "recurring",
    origin: str = "",
    place: int = 0,
) -> InstanceRow:
    """A cycle's instance; whoever makes it again makes the same one."""
    key = (workspace, schedule.name, schedule.version, cycle.day.isoformat(),
           str(cycle.number), str(cycle.fold), origin)  # fmt: skip
    return InstanceRow(
        id=sha256("\0".join(key).encode()).hexdigest()[:20],
        workspace=workspace,
        schedule=schedule.name,
        version=schedule.version,
        day=cycle.day,
        number=cycle.number,
        fold=cycle.fold,
        origin=origin,
        kind=kind,
        instant=float(cycle.instant),
        due=float(cycle.instant),
        is_dry=cycle.is_dry,
        priority=schedule.priority,
        place=place,
        uses=schedule.version,
        created=now,
    )


def triggered(known: Known, occasion: str, now: float, bizdate: date | None = None) -> InstanceRow:
    """The instance that something makes now; of one occasion there is one.

    Its business date is yesterday, unless another is given.
    """
    today = civil_day(ZoneInfo(known.schedule.timezone), now)
    day = bizdate + timedelta(days=1) if bizdate else today
    origin = f"trigger-{sha256(occasion.encode()).hexdigest()[:16]}"
    cycle = Due(day, 0, 0, int(now), is_dry=False)
    workspace = known.row.workspace
    return instance_of(workspace, known.schedule, cycle, now, kind="triggered", origin=origin)


def run_id(instance: InstanceRow, now: float) -> str:
    """The id of an instance's next run: whoever asks for it twice asks for the same."""
    said = f"{instance.id}\0{instance.tries + 1}"
    # Thousands begin in one second: so long that no two of them are ever the same.
    return new_id(now)[:6] + sha256(said.encode()).hexdigest()[:14]


def civil_day(zone: ZoneInfo, instant: float) -> date:
    """The day that a clock of the zone shows."""
    return datetime.fromtimestamp(instant, zone).date()


def midnight(zone: ZoneInfo, day: date) -> float:
    """The instant at which a civil day begins."""
    return datetime.combine(day, time.min, zone).astimezone(UTC).timestamp()


def begins(schedule: Schedule, now: float) -> float:
    """Up to which instant a schedule that is deployed now has no instances."""
    if schedule.instances == "at_once":
        return now
    zone = ZoneInfo(schedule.timezone)
    return midnight(zone, civil_day(zone, now) + timedelta(days=1)) - 1


def begins_again(schedule: Schedule, now: float, first: tuple[date, float] | None) -> float:
    """Up to which instant a version that takes another's place now has no instances.

    `first` is the first cycle to come of the version before, its civil day and its instant. What is
    not made ahead for today stays so, and a day whose work is done is not done again: work of a day
    has each day once, at the new time, even if that has passed or is of another zone.
    """
    if first is None or schedule.recurrence is None:
        return begins(schedule, now)
    zone, (day, instant) = ZoneInfo(schedule.timezone), first
    if schedule.recurrence.is_daily:
        return midnight(zone, day) - 1
    return max(now, midnight(zone, civil_day(zone, instant)) - 1)


def horizon(schedule: Schedule, now: float) -> float:
    """Up to which instant there are instances once they are made: tomorrow's end."""
    zone = ZoneInfo(schedule.timezone)
    return midnight(zone, civil_day(zone, now) + timedelta(days=2)) - 1


def made_next(row: ScheduleRow, schedule: Schedule, now: float) -> tuple[list[InstanceRow], float]:
    """The instances that are to be made now, and up to which instant there are some then."""
    until = horizon(schedule, now)
    cycles = cycles_between(schedule, row.made, until)
    return [instance_of(row.workspace, schedule, cycle, now) for cycle in cycles], until


def cycles_between(schedule: Schedule, after: float, until: float) -> Iterator[Due]:
    """The cycles behind one instant, up to another and with it."""
    if schedule.recurrence is None:
        return
    zone = ZoneInfo(schedule.timezone)
    first, last = civil_day(zone, after), civil_day(zone, until)
    for cycle in due(schedule.recurrence, zone, first - timedelta(days=1), last):
        if after < cycle.instant <= until:
            yield cycle
