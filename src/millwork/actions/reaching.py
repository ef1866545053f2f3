"""What instances wait for, and what waits for them: as the scheduler sees it, within a request."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from millwork.access.verbs import VERBS
from millwork.actions.perform import Asked, admitted
from millwork.actions.scheduling import schedule_of
from millwork.base.errors import BadRequest, NotFound
from millwork.base.names import is_entity
from millwork.base.records import dataclass, field
from millwork.schedule.needs import Known, judged, name_of, needs_of
from millwork.spec.schedule import CHILDREN, SELF

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date
    from typing import TypeAlias

    from millwork.actions.call import Call
    from millwork.ports.schedules import InstanceRow, Link
    from millwork.schedule.needs import Found, Need
    from millwork.spec.schedule import Schedule
    from millwork.store.assets import Kept

    Place: TypeAlias = tuple[str, str]

_DAY = timedelta(days=1)
_EFFORT = 6000
"""How much is looked at to find what waits for something; work of minutes, with its many cycles,
takes more of it."""


@lru_cache(maxsize=4096)
def _read(version: str, text: str) -> Schedule:
    """What a version says: to read it takes longer than all else that a list does."""
    return schedule_of({"text": text}, version)


@dataclass
class Reach:
    """What is known of schedules and instances during one request, each thing read once."""

    call: Call
    _calls: dict[str, Call | None] = field(default_factory=dict)
    _schedules: dict[tuple[str, str, str], Schedule | None] = field(default_factory=dict)
    _in_force: dict[Place, Known | None] = field(default_factory=dict)
    _children: dict[Place, list[Link]] = field(default_factory=dict)
    _cycles: dict[tuple[str, str, date, date, str], list[InstanceRow]] = field(default_factory=dict)
    _assets: dict[Place, Kept | None] = field(default_factory=dict)
    _needs: dict[str, list[Found]] = field(default_factory=dict)
    _effort: int = _EFFORT

    # --- schedules ------------------------------------------------------------------------

    def schedule(self, workspace: str, name: str, version: str) -> Schedule | None:
        """What a version says; None if it is gone, or cannot be read."""
        key = (workspace, name, version)
        if key not in self._schedules:
            kept = self.call.context.assets().get(workspace, "schedule", name, version)
            try:
                found = _read(version, kept.document["text"]) if kept else None
            except BadRequest:
                found = None
            self._schedules[key] = found
        return self._schedules[key]

    def in_force(self, workspace: str, name: str) -> Known | None:
        """A schedule that is deployed, with what its version says."""
        place = (workspace, name)
        if place not in self._in_force:
            row = self.call.context.schedules().in_force(workspace, name)
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

    def zone(self, instance: InstanceRow) -> ZoneInfo:
        """The zone whose clock the instance's schedule goes by; UTC if its version is gone."""
        said = self.schedule(instance.workspace, instance.schedule, instance.version)
        return ZoneInfo(said.timezone if said else "UTC")

    def children(self, workspace: str, name: str) -> list[Link]:
        """The links of the schedules that wait for this one."""
        place = (workspace, name)
        if place not in self._children:
            self._children[place] = self.call.context.schedules().children(workspace, name)
        return self._children[place]

    # --- who may --------------------------------------------------------------------------

    def may(self, action: str, workspace: str, name: str) -> bool:
        """Whether the person may do that to a schedule, wherever it is."""
        call = self._call_in(workspace)
        if call is None:
            return False
        kept = self._asset(workspace, name)
        if kept is None:  # its instances are left
            return call.may("schedule", action, "", "private")
        return call.may("schedule", action, kept.creator, kept.visibility)

    def require(self, action: str, workspace: str, name: str, what: str) -> None:
        """Raises NotFound for a schedule that may not be seen, Forbidden for another action."""
        call, kept = self._call_in(workspace), self._asset(workspace, name)
        if call is None:
            raise NotFound(f"there is no {what}")
        creator, visibility = (kept.creator, kept.visibility) if kept else ("", "private")
        call.require("schedule", action, creator, visibility, what)

    def _asset(self, workspace: str, name: str) -> Kept | None:
        place = (workspace, name)
        if place not in self._assets:
            kept = None
            if is_entity(name):
                kept = self.call.context.assets().get(workspace, "schedule", name)
            self._assets[place] = kept
        return self._assets[place]

    def _call_in(self, workspace: str) -> Call | None:
        """The call in another workspace; None for who is not let in there."""
        if workspace == self.call.workspace:
            return self.call
        if workspace not in self._calls:
            verb, asked = VERBS["instances.list"], Asked("instances.list", workspace=workspace)
            try:
                self._calls[workspace] = admitted(self.call.context, self.call.who, verb, asked)
            except BadRequest:
                self._calls[workspace] = None
        return self._calls[workspace]

    # --- instances ------------------------------------------------------------------------

    def cycles(
        self, workspace: str, schedule: str, first: date, last: date, origin: str
    ) -> list[InstanceRow]:
        """The instances of a schedule from one civil day to another, of one origin."""
        key = (workspace, schedule, first, last, origin)
        if key not in self._cycles:
            self._cycles[key] = self.call.context.schedules().cycles(*key)
        return self._cycles[key]

    def needs(self, instance: InstanceRow) -> list[Found]:
        """What an instance waits for, and how far that is."""
        known = self.known(instance)
        if known is None or not known.schedule.depends_on:
            return []
        needs = needs_of(instance, known.schedule, self.in_force, self.children)
        return [judged(need, self._instances(need, _origin(instance))) for need in needs]

    def _instances(self, need: Need, origin: str) -> list[InstanceRow]:
        if not need.cycles:
            return []
        days = [cycle.day for cycle in need.cycles]
        return self.cycles(need.workspace, need.schedule, min(days), max(days), origin)

    def downstream(self, seeds: Iterable[InstanceRow]) -> list[InstanceRow]:
        """The instances that wait for the same cycle of these, and those that wait for them."""
        seen = {row.id for row in seeds}
        found: list[InstanceRow] = []
        wave = list(seeds)
        while wave:
            following = [row for group in _grouped(wave) for row in self._behind(group, seen)]
            found += following
            wave = following
        return found

    def _behind(self, group: list[InstanceRow], seen: set[str]) -> Iterator[InstanceRow]:
        """What waits for the same cycle of any of the instances of one schedule and origin."""
        up = group[0]
        keys = {_key(row) for row in group}
        first, last = min(row.day for row in group) - _DAY, max(row.day for row in group) + _DAY
        for link in self.children(up.workspace, up.schedule):
            if link.cycle != "same":
                continue
            rows = self.cycles(link.workspace, link.schedule, first, last, _origin(up))
            for row in rows:
                if row.id not in seen and self._waits_for(row, up, keys):
                    seen.add(row.id)
                    yield row

    def _waits_for(
        self, row: InstanceRow, up: InstanceRow, keys: set[tuple[date, int, int]]
    ) -> bool:
        """Whether it waits for the same cycle of a schedule, where that is one of the keys."""
        known = self.known(row)
        if known is None:
            return False
        own = known.schedule
        same = {
            name_of(each, row.workspace)
            for each in own.depends_on
            if each.cycle == "same" and each.schedule not in ("", SELF, CHILDREN)
        }
        return any(
            (cycle.day, cycle.number, cycle.fold) in keys
            for need in needs_of(row, own, self.in_force, self.children)
            if need.name in same and (need.workspace, need.schedule) == (up.workspace, up.schedule)
            for cycle in need.cycles
        )

    @property
    def is_exhausted(self) -> bool:
        """Whether there may be more that waits for something than was looked at."""
        return self._effort <= 0

    def dependents(self, up: InstanceRow) -> Iterator[tuple[InstanceRow, str]]:
        """What waits for an instance, in the same cycle or the next, each with the name of why."""
        places = {(link.workspace, link.schedule)
                  for link in self.children(up.workspace, up.schedule)}  # fmt: skip
        places.add((up.workspace, up.schedule))
        for link in self.call.context.schedules().parents(up.workspace, up.schedule):
            places.add((link.up_workspace, link.up_schedule))  # those that wait for children
        for place in sorted(places):
            yield from self._dependents_in(place, up)

    def _dependents_in(self, place: Place, up: InstanceRow) -> Iterator[tuple[InstanceRow, str]]:
        known = self.in_force(*place)
        if known is None or not known.schedule.depends_on or not known.schedule.recurrence:
            return
        rows = self.cycles(*place, up.day - _DAY, up.day + 2 * _DAY, _origin(up))
        rows = sorted(rows, key=lambda row: (abs(row.instant - up.instant), row.id))
        for row in rows:  # what is near to it is what may wait for it
            if row.id not in self._needs:
                if self.is_exhausted:
                    return
                self._effort -= 1 + len(known.schedule.recurrence.at) // 24
                self._needs[row.id] = self.needs(row)
            for need in self._needs[row.id]:
                if any(each.id == up.id for each in need.instances):
                    yield row, need.need.name

    def all_needs(self, instance: InstanceRow) -> list[tuple[Found, bool]]:
        """What an instance waits for, and what it did before somebody removed it, which is True."""
        found = self.needs(replace(instance, removed=()))
        return [(each, each.need.name in instance.removed) for each in found]


def _origin(instance: InstanceRow) -> str:
    """Of which origin the instances are that it waits for: a backfill's wait for their own."""
    return instance.origin if instance.kind == "backfill" else ""


def _key(row: InstanceRow) -> tuple[date, int, int]:
    return row.day, row.number, row.fold


def _grouped(rows: Iterable[InstanceRow]) -> Iterator[list[InstanceRow]]:
    """The instances by schedule and origin; nothing waits for tests, and what triggers make."""
    groups: dict[tuple[str, str, str], list[InstanceRow]] = {}
    for row in rows:
        if row.kind in ("recurring", "backfill"):
            groups.setdefault((row.workspace, row.schedule, row.origin), []).append(row)
    yield from groups.values()
