"""What is known of schedules and instances while something is decided: each thing is read once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from millwork.base.errors import MillworkError, Unavailable
from millwork.schedule.needs import Known, judged, needs_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from millwork.ports.schedules import InstanceRow, Link, ScheduleRecords
    from millwork.schedule.needs import Found, Need, Place
    from millwork.spec.schedule import Schedule


class Sight:
    """The records, and what versions say: `read` raises MillworkError for one that is gone."""

    def __init__(self, records: ScheduleRecords, read: Callable[[str, str, str], Schedule]) -> None:
        self._records, self._read = records, read
        self._schedules: dict[tuple[str, str, str], Schedule | None] = {}
        self._in_force: dict[Place, Known | None] = {}
        self._children: dict[Place, Sequence[Link]] = {}
        self._cycles: dict[tuple[str, str, date, date, str], Sequence[InstanceRow]] = {}

    def forget(self) -> None:
        """All is read again."""
        for kept in (self._schedules, self._in_force, self._children, self._cycles):
            kept.clear()

    def forget_cycles(self) -> None:
        """Instances have changed: they are read again."""
        self._cycles.clear()

    def schedule(self, workspace: str, name: str, version: str) -> Schedule | None:
        """What a version says; None if it is gone, or cannot be read."""
        key = (workspace, name, version)
        if key not in self._schedules:
            try:
                self._schedules[key] = self._read(*key)
            except Unavailable:
                raise
            except MillworkError:
                self._schedules[key] = None
        return self._schedules[key]

    def in_force(self, workspace: str, name: str) -> Known | None:
        """A schedule that is deployed, with what its version says."""
        place = (workspace, name)
        if place not in self._in_force:
            row = self._records.in_force(workspace, name)
            said = self.schedule(workspace, name, row.version) if row else None
            self._in_force[place] = Known(row, said) if row and said else None
        return self._in_force[place]

    def known(self, instance: InstanceRow) -> Known | None:
        """Whose instance it is, with what the version says that it uses."""
        owner = self.in_force(instance.workspace, instance.schedule)
        if owner is None or owner.row.version == instance.uses:
            return owner
        said = self.schedule(instance.workspace, instance.schedule, instance.uses)
        return Known(owner.row, said) if said else None

    def children(self, workspace: str, name: str) -> Sequence[Link]:
        """The links of the schedules that wait for this one."""
        place = (workspace, name)
        if place not in self._children:
            self._children[place] = self._records.children(workspace, name)
        return self._children[place]

    def cycles(
        self, workspace: str, schedule: str, first: date, last: date, origin: str
    ) -> Sequence[InstanceRow]:
        """The instances of a schedule from one civil day to another, of one origin."""
        key = (workspace, schedule, first, last, origin)
        if key not in self._cycles:
            self._cycles[key] = self._records.cycles(*key)
        return self._cycles[key]

    def needs(self, instance: InstanceRow) -> list[Found]:
        """What an instance waits for, and how far that is."""
        known = self.known(instance)
        if known is None or not known.schedule.depends_on:
            return []
        needs = needs_of(instance, known.schedule, self.in_force, self.children)
        return [judged(need, self.instances(need, origin_of(instance))) for need in needs]

    def instances(self, need: Need, origin: str) -> Sequence[InstanceRow]:
        """The instances of one origin on the days of a need's cycles."""
        if not need.cycles:
            return []
        days = [cycle.day for cycle in need.cycles]
        return self.cycles(need.workspace, need.schedule, min(days), max(days), origin)


def origin_of(instance: InstanceRow) -> str:
    """Of which origin the instances are that it waits for: a backfill's wait for their own."""
    return instance.origin if instance.kind == "backfill" else ""
