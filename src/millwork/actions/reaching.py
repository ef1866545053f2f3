"""What instances wait for, and what waits for them: as the scheduler sees it, within a request."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from millwork.access.verbs import VERBS
from millwork.actions.assets import load_registered
from millwork.actions.perform import Asked, admitted
from millwork.actions.schedule_texts import version_of
from millwork.base.errors import BadRequest, NotFound
from millwork.base.names import is_entity
from millwork.schedule.needs import name_of, needs_of
from millwork.schedule.sight import Sight, origin_of
from millwork.spec.schedule import CHILDREN, SELF

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from millwork.actions.call import Call
    from millwork.ports.schedules import InstanceRow
    from millwork.schedule.needs import Found, Known, Place
    from millwork.spec.tree import Tree
    from millwork.store.assets import Kept

_DAY = timedelta(days=1)
_EFFORT = 6000
"""How much is looked at to find what waits for something; work of minutes, with its many cycles,
takes more of it."""


class Reach(Sight):
    """What is known during one request, and what of it the person may see and do."""

    def __init__(self, call: Call) -> None:
        super().__init__(call.context.schedules(), partial(version_of, call.context))
        self.call = call
        self._calls: dict[str, Call | None] = {}
        self._assets: dict[Place, Kept | None] = {}
        self._needs: dict[str, list[Found]] = {}
        self._effort = _EFFORT

    def zone(self, instance: InstanceRow) -> ZoneInfo:
        """The zone whose clock the instance's schedule goes by; UTC if its version is gone."""
        said = self.schedule(instance.workspace, instance.schedule, instance.version)
        return ZoneInfo(said.timezone if said else "UTC")

    def pipeline(self, known: Known) -> Tree:
        """The pipeline that a schedule's version runs; raises NotFound if it is not to be seen."""
        workspace, schedule = known.row.workspace, known.schedule
        call, kept = self._call_in(workspace), None
        if call:
            kept = call.context.assets().get(workspace, "schedule", schedule.name, schedule.version)
        if call is None or kept is None:
            raise NotFound(f"there is no pipeline '{schedule.pipeline}'")
        pin = kept.document["pin"]
        return load_registered(call, "pipeline", pin["name"], pin["version"])[0]

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
            rows = self.cycles(link.workspace, link.schedule, first, last, origin_of(up))
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
            if link.up_workspace == up.workspace:  # those that wait for children
                places.add((link.up_workspace, link.up_schedule))
        for place in sorted(places):
            yield from self._dependents_in(place, up)

    def _dependents_in(self, place: Place, up: InstanceRow) -> Iterator[tuple[InstanceRow, str]]:
        known = self.in_force(*place)
        if known is None or not known.schedule.depends_on or not known.schedule.recurrence:
            return
        rows = self.cycles(*place, up.day - _DAY, up.day + 2 * _DAY, origin_of(up))
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


def _key(row: InstanceRow) -> tuple[date, int, int]:
    return row.day, row.number, row.fold


def _grouped(rows: Iterable[InstanceRow]) -> Iterator[list[InstanceRow]]:
    """The instances by schedule and origin; nothing waits for tests, and what triggers make."""
    groups: dict[tuple[str, str, str], list[InstanceRow]] = {}
    for row in rows:
        if row.kind in ("recurring", "backfill"):
            groups.setdefault((row.workspace, row.schedule, row.origin), []).append(row)
    yield from groups.values()
