"""What an instance is given by those it waited for: `${node.SCHEDULE.OUTPUT}` in its expressions.

Values are outputs of type `value` of the pipelines that ran; they are looked up when one is asked
for, as most instances ask for none.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from millwork.actions.schedule_texts import version_of
from millwork.actions.sealing import read_value
from millwork.base.records import dataclass
from millwork.plan.contract import VALUE_FILE
from millwork.schedule.needs import needs_of
from millwork.schedule.sight import Sight, origin_of

if TYPE_CHECKING:
    from millwork.actions.context import Context
    from millwork.ports.schedules import InstanceRow
    from millwork.spec.schedule import Schedule


@dataclass
class HandedOn(Mapping[str, str]):
    """The values by `SCHEDULE.OUTPUT`; of several instances of a schedule, the last one's."""

    context: Context
    schedule: Schedule
    instance: InstanceRow

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
        sight = Sight(self.context.schedules(), partial(version_of, self.context))
        for need in needs_of(self.instance, self.schedule, sight.in_force, sight.children):
            if need.schedule != schedule:
                continue
            wanted = {(cycle.day, cycle.number, cycle.fold) for cycle in need.cycles}
            for origin in dict.fromkeys((origin_of(self.instance), "")):
                rows = sight.instances(need, origin)
                mine = (row for row in rows if (row.day, row.number, row.fold) in wanted)
                yield from (row.run for row in reversed(list(mine)) if row.status == "succeeded")

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
