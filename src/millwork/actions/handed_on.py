"""What an instance is given by those it waited for: `${node.SCHEDULE.OUTPUT}` in its expressions.

Values are outputs of type `value` of the pipelines that ran; they are looked up when one is asked
for, as most instances ask for none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from millwork.actions.sealing import read_value
from millwork.base.errors import NotFound
from millwork.base.records import dataclass
from millwork.plan.contract import VALUE_FILE
from millwork.schedule.needs import Known, needs_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from millwork.actions.context import Context
    from millwork.ports.schedules import InstanceRow
    from millwork.spec.schedule import Schedule


@dataclass
class HandedOn(Mapping[str, str]):
    """The values by `SCHEDULE.OUTPUT`; of several instances of a schedule, the last one's."""

    context: Context
    schedule: Schedule
    instance: InstanceRow
    read: Callable[[str, str, str], Schedule]

    def __getitem__(self, name: str) -> str:
        schedule, _, output = name.partition(".")
        for run in self._runs(schedule):
            value = self._value(run, output)
            if value is not None:
                return value
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def _runs(self, schedule: str) -> Iterator[str]:
        """The runs of a schedule that the instance waited for, the last one first."""
        records = self.context.schedules()
        needs = needs_of(self.instance, self.schedule, self._in_force, records.children)
        origin = self.instance.origin if self.instance.kind == "backfill" else ""
        for need in needs:
            if need.schedule != schedule or not need.cycles:
                continue
            days = [cycle.day for cycle in need.cycles]
            wanted = {(cycle.day, cycle.number, cycle.fold) for cycle in need.cycles}
            for place in dict.fromkeys((origin, "")):
                rows = records.cycles(need.workspace, schedule, min(days), max(days), place)
                mine = (row for row in rows if (row.day, row.number, row.fold) in wanted)
                yield from (row.run for row in reversed(list(mine)) if row.status == "succeeded")

    def _in_force(self, workspace: str, name: str) -> Known | None:
        row = self.context.schedules().in_force(workspace, name)
        try:
            return Known(row, self.read(workspace, name, row.version)) if row else None
        except NotFound:
            return None

    def _value(self, run: str, output: str) -> str | None:
        row = self.context.store.run(run) if run else None
        step, port = row.facts.get("outputs", {}).get(output, ("", "")) if row else ("", "")
        made = self.context.store.step(run, step) if step else None
        found = made.outputs.get(port) if made else None
        if not found or found["type"] != "value":
            return None
        try:
            value = read_value(f"{found['path']}/{VALUE_FILE}")
        except (OSError, ValueError):  # the run is there, its files are not
            return None
        return value if isinstance(value, str) else json.dumps(value)
